"""A bucket of an object store: bytes under names, created once, read in ranges.

Knows `obstore`, which speaks to S3, GCS, Azure and what speaks like them, and says what each engine
refuses in our words. Credentials come from the environment, or from where the engine's own library
looks for them, and stand in no address and in no error. Knows nothing of packs or events.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from snapbook.errors import BadOption, ReadOnly, SnapbookError, Unreachable

SCHEMES = ("s3", "gs", "az", "memory")
_PART = 8 << 20  # of an upload; S3 allows 10,000 of them
_PARTS_AT_ONCE = 4
_RETRIES = 6
_FIRST_WAIT_S, _LONGEST_WAIT_S, _PATIENCE_S = 0.1, 5, 60
_CLOSED = ("401 Unauthorized", "403 Forbidden")
_memories: dict[str, Any] = {}
_memories_lock = threading.Lock()


class Entry(NamedTuple):
    """An object in a list: its name, a text that is other once its bytes are, its size, and when it
    was made, by the engine's clock.
    """

    name: str
    stamp: str
    size: int
    made: datetime


def checked(url: str) -> str:
    """The address of a bucket in one form. Raises BadOption, repeating no password."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.netloc:
        raise BadOption("That is no address of a bucket", act="Like: s3://bucket/models")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BadOption(
            "An address with credentials or options is not kept",
            act="Leave them out: the environment has them (AWS_ACCESS_KEY_ID, ...)",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


class Bucket:
    """The objects under the address ``url``; threads may share it."""

    def __init__(self, url: str) -> None:
        self.url = checked(url)
        self._store = _opened(self.url)
        self.turn = threading.Lock()  # for who spares retries among the threads of a process

    def get(self, name: str) -> bytes | None:
        """The whole object; None where there is none."""
        import obstore

        with self._told("Not read"):
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError:
                return None

    def range(self, name: str, start: int, size: int) -> bytes | None:
        """``size`` bytes from ``start`` on, fewer at the end; None where there is no object."""
        import obstore

        if not size:
            return b""
        with self._told("Not read"):
            try:
                return bytes(obstore.get_range(self._store, name, start=start, length=size))
            except FileNotFoundError:
                return None

    def tail(self, name: str, size: int) -> tuple[bytes, int] | None:
        """The last ``size`` bytes or all, and how many there are; None where there is no object."""
        import obstore

        with self._told("Not read"):
            try:
                found = obstore.get(self._store, name, options={"range": {"suffix": size}})
                whole = int(found.meta["size"])
                return bytes(found.bytes()), whole
            except FileNotFoundError:
                return None

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        import obstore

        with self._told("Not read"):
            try:
                obstore.head(self._store, name)
            except FileNotFoundError:
                return False
        return True

    def create(self, name: str, data: bytes) -> bool:
        """Make the object; whether it is ours now. False where somebody else made it.

        The answer to a write can be lost: then what stands there says whose it is.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            with self._told("Not versioned", writing=True):
                obstore.put(self._store, name, data, mode="create")
        except (AlreadyExistsError, PreconditionError):
            return self.get(name) == data
        except ReadOnly:
            raise
        except Unreachable:
            if self.get(name) == data:
                return True
            raise
        return True

    def put(self, name: str, data: bytes) -> None:
        """Make the object, in the place of what has the name."""
        import obstore

        with self._told("Not versioned", writing=True):
            obstore.put(self._store, name, data)

    def upload(self, name: str, fd: int) -> None:
        """Make the object of the whole file ``fd``, in parts: memory stays flat."""
        import obstore

        with open(os.dup(fd), "rb", buffering=0) as file, self._told("Not versioned", writing=True):
            file.seek(0)
            obstore.put(self._store, name, file, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)

    def remove(self, names: Iterable[str]) -> None:
        """Take the objects away; one that is not there is none to take."""
        import obstore

        with self._told("Not removed", writing=True):
            for name in names:
                with suppress(FileNotFoundError):
                    obstore.delete(self._store, name)

    def entries(self, folder: str, after: str = "") -> Iterator[Entry]:
        """All objects in ``folder``, those with names behind ``after`` alone, in no order."""
        import obstore

        with self._told("Not read"):
            for found in obstore.list(self._store, folder, offset=after or None, chunk_size=1000):
                for meta in found:
                    stamp = f"{meta['size']} {meta['e_tag']}"
                    yield Entry(str(meta["path"]), stamp, meta["size"], meta["last_modified"])

    def folders(self, folder: str) -> list[str]:
        """The folders in ``folder`` with something in them."""
        import obstore

        with self._told("Not read"):
            return list(obstore.list_with_delimiter(self._store, folder)["common_prefixes"])

    @contextmanager
    def _told(self, what: str, *, writing: bool = False) -> Iterator[None]:
        """Turn what the engine says into our errors; it repeats names, and never a credential."""
        from obstore import exceptions as engine

        try:
            yield
        except SnapbookError:
            raise
        except (engine.AlreadyExistsError, engine.PreconditionError):
            raise
        except (
            engine.PermissionDeniedError,
            engine.UnauthenticatedError,
            PermissionError,
        ) as error:
            refusal = ReadOnly if writing else Unreachable
            raise refusal(
                what,
                f"{self.url} does not let you {'write' if writing else 'read'}",
                act="Look at the credentials in the environment",
            ) from error
        except FileNotFoundError as error:
            raise Unreachable(what, f"{self.url} is not there", act="Make the bucket") from error
        except (engine.BaseError, OSError) as error:
            if any(status in str(error) for status in _CLOSED):  # lists have no error of their own
                raise Unreachable(
                    what,
                    f"{self.url} does not let you read",
                    act="Look at the credentials in the environment",
                ) from error
            raise Unreachable(
                what, f"{self.url} does not answer as it should", act="Try again later"
            ) from error


def _opened(url: str) -> Any:
    """The engine's store. Raises Unreachable without the package, BadOption."""
    try:
        from obstore.exceptions import BaseError
        from obstore.store import MemoryStore, from_url
    except ImportError as error:
        raise Unreachable(
            "A bucket cannot be reached here",
            "the package obstore is not installed",
            act="Install it",
            hint='pip install "snapbook[registry]"',
        ) from error
    if url.startswith("memory:"):
        with _memories_lock:  # one for each address, for as long as the process lives
            return _memories.setdefault(url, MemoryStore())
    try:
        return from_url(
            url,
            # What is given here stands for all that the environment says of connections.
            client_options={
                "timeout": "30m",
                "connect_timeout": "5s",
                "read_timeout": "60s",
                "allow_http": any(_said(f"{engine}_ALLOW_HTTP") for engine in ("AWS", "AZURE")),
            },
            retry_config={
                "max_retries": _RETRIES,
                "retry_timeout": timedelta(seconds=_PATIENCE_S),
                "backoff": {
                    "init_backoff": timedelta(seconds=_FIRST_WAIT_S),
                    "max_backoff": timedelta(seconds=_LONGEST_WAIT_S),
                    "base": 2,
                },
            },
        )
    except (BaseError, ValueError) as error:
        raise BadOption(f"{url} cannot be opened", "the environment does not say how") from error


def _said(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true", "yes")
