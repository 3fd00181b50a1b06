"""A PostgreSQL database that keeps a chain: connections, its tables, and what it refuses.

Knows SQLAlchemy and Alembic, and waits a little for a server that is being restarted. Credentials
stand in the address or in the environment (PGPASSWORD, a password file), and in no error. Knows
nothing of events.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from snapbook.errors import BadOption, NewerFormat, ReadOnly, Unreachable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.exc import DBAPIError

_PATIENCE_S = 8.0  # PostgreSQL is back from a crash in less
_WAIT_S = 0.05
_TURN_S = 2.0
_TURN, _MIGRATION = 0x736E6170, 0x736E6171  # names of advisory locks
# In one trip; the bound is this transaction's own.
_WAIT = (
    f"SELECT set_config('lock_timeout', '{int(_TURN_S * 1000)}', true),"
    f" pg_advisory_xact_lock({_TURN})"
)
_VERSIONS = "snapbook_schema"
_FORBIDDEN = "42501"  # insufficient_privilege
_T = TypeVar("_T")


class Database:
    """The database at ``url``; threads share it. Close it in the end."""

    def __init__(self, url: str) -> None:
        # Of one statement each: connections are kept as most of them are used.
        self._asking, self.name = _engine(url)
        self._engine = self._asking.execution_options(isolation_level="READ COMMITTED")
        self._turn = threading.Lock()
        self._mine = threading.local()

    def close(self) -> None:
        """End all connections; a use after that makes new ones."""
        self._engine.dispose()

    def migrate(self) -> None:
        """Bring the tables up to this program's form. Raises NewerFormat, ReadOnly, Unreachable."""
        from alembic import command
        from alembic.config import Config
        from alembic.runtime.migration import MigrationContext
        from alembic.script import ScriptDirectory
        from sqlalchemy import text

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}

        def act(connection: Connection) -> None:
            # Several servers may be started at once.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION})
            context = MigrationContext.configure(connection, opts={"version_table": _VERSIONS})
            if not known.issuperset(context.get_current_heads()):
                raise NewerFormat(
                    "A newer snapbook keeps this database",
                    act="Nothing was changed. Update",
                    hint="pip install --upgrade snapbook",
                )
            config.attributes.update(connection=connection, version_table=_VERSIONS)
            command.upgrade(config, "head")

        self.again(act)

    def ask(self, act: Callable[[Connection], _T]) -> _T:
        """``act``, one question, without the trips that a transaction takes. Raises Unreachable."""
        return self._patiently(self._asking.connect, act)

    def again(self, act: Callable[[Connection], _T]) -> _T:
        """``act`` in one transaction; done anew while the server is away, if only for a moment.

        For what may be done twice. Raises ReadOnly, Unreachable; lets IntegrityError through.
        """
        return self._patiently(self._engine.begin, act)

    def _patiently(
        self,
        begun: Callable[[], AbstractContextManager[Connection]],
        act: Callable[[Connection], _T],
    ) -> _T:
        from sqlalchemy.exc import DBAPIError, IntegrityError
        from sqlalchemy.exc import TimeoutError as PoolTimeout

        until = time.monotonic() + _PATIENCE_S
        wait = _WAIT_S
        while True:
            try:
                with begun() as connection:
                    return act(connection)
            except IntegrityError:
                raise
            except PoolTimeout as error:
                raise self._unreachable() from error
            except DBAPIError as error:
                if not is_away(error):
                    raise self.refused(error) from error
                if time.monotonic() + wait > until:
                    raise self._unreachable() from error
            time.sleep(wait)
            wait = min(wait * 2, 1.0)

    def once(self, act: Callable[[Connection], _T]) -> _T:
        """``act``, one statement, which is never repeated. Lets SQLAlchemy's DBAPIError through."""
        with self._asking.connect() as connection:
            return act(connection)

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """One transaction, done with the block or not at all. Raises ReadOnly, Unreachable."""
        from sqlalchemy.exc import DBAPIError

        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise (self._unreachable() if is_away(error) else self.refused(error)) from error

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait a little for others who are about to append, here and in other processes."""
        from sqlalchemy.exc import SQLAlchemyError

        if getattr(self._mine, "turn", False):
            yield
            return
        # The threads of this process first: only one of them may take up a connection by waiting.
        alone = self._turn.acquire(timeout=_TURN_S)
        self._mine.turn = True
        connection = None
        try:
            if alone:
                # Held by others for too long, it is a race again; what is wrong with the server is
                # for `append` to say.
                with suppress(SQLAlchemyError):
                    connection = self._waited()
            yield
        finally:
            self._mine.turn = False
            if connection is not None:
                _give_back(connection)
            if alone:
                self._turn.release()

    def _waited(self) -> Connection:
        """A connection whose transaction has the turn. Raises SQLAlchemyError, after a while."""
        connection = self._engine.connect()
        try:
            connection.exec_driver_sql(_WAIT)
        except BaseException:
            _give_back(connection)
            raise
        return connection

    def _unreachable(self) -> Unreachable:
        return Unreachable(
            f"The database {self.name} does not answer", act="Is PostgreSQL running there?"
        )

    def refused(self, error: DBAPIError) -> Unreachable:
        """The error of ours for one that asking again does not mend."""
        if getattr(error.orig, "sqlstate", None) == _FORBIDDEN:
            return ReadOnly(f"The database {self.name} does not let this user write")
        why = type(error.orig).__name__
        return Unreachable(f"The database {self.name} does not do what it should", why)


def is_away(error: DBAPIError) -> bool:
    """Whether the server is gone, going or coming, so that asking again may help."""
    from sqlalchemy.exc import OperationalError

    state = str(getattr(error.orig, "sqlstate", None) or "")
    # 57P: shutdown, crash and start; 08: connections; 53300: too many of them; 40: serialisation.
    return (
        error.connection_invalidated
        or state.startswith(("57P", "08", "40"))
        or state == "53300"
        or (isinstance(error, OperationalError) and not state)
    )


def _give_back(connection: Connection) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    with suppress(SQLAlchemyError):  # the server is away, and the turn with it
        connection.close()


def _engine(url: str) -> tuple[Engine, str]:
    """The engine, and the database's name without a password. Raises BadOption, Unreachable."""
    try:
        import alembic  # noqa: F401 - asked for now, and not in the middle of an act
        import psycopg  # noqa: F401
        from sqlalchemy import create_engine
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError as error:
        raise Unreachable(
            "A database cannot be reached here",
            f"the package {error.name} is not installed",
            act="Install it",
            hint='pip install "snapbook[registry]"',
        ) from error
    example = "Like: postgresql://snapbook@db.example.com/registry"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Without the cause: it repeats the address, which may hold a password.
        raise BadOption("That is no address of a database", act=example) from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise BadOption("A registry's database is PostgreSQL", act=example)
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=8,
        max_overflow=16,
        pool_timeout=30,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        connect_args={"connect_timeout": 5, "application_name": "snapbook"},
    )
    return engine, parsed.database or parsed.username or "postgres"
