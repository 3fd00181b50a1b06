"""The chain in PostgreSQL keeps the contract; killed and started again it loses nothing."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from contracts.catalog_contract import TIME, CatalogContract

from snapbook.catalog import database as schema
from snapbook.catalog.base import Head
from snapbook.catalog.database import Database
from snapbook.catalog.postgres import PostgresCatalog
from snapbook.errors import BadOption, Conflict, NewerFormat, ReadOnly, Unreachable
from snapbook.events import seal

pytestmark = pytest.mark.slow  # it waits for what runs beside it

_STEPS = Path(schema.__file__).with_name("migrations") / "versions"
NEWEST = max(path.name[:4] for path in _STEPS.glob("[0-9]*.py"))

for needed in ("sqlalchemy", "psycopg", "alembic"):
    pytest.importorskip(needed)


@pytest.fixture
def open_database():
    """Opens databases, and closes them in the end."""
    opened = []

    def database(url):
        opened.append(Database(url))
        opened[-1].migrate()
        return opened[-1]

    yield database
    for found in opened:
        found.close()


@pytest.fixture
def url(postgres):
    return postgres.url


class TestPostgresCatalog(CatalogContract):
    @pytest.fixture
    def catalog(self, postgres, url, open_database):
        self.postgres, self.url, self.open = postgres, url, open_database
        return PostgresCatalog(open_database(url))

    def again(self, catalog):
        return PostgresCatalog(self.open(self.url))

    def sql(self, statement):
        return self.postgres.sql(statement, self.url.rpartition("/")[2])

    def rewrite(self, catalog, n, change):
        data = change(catalog.sealed(n))
        self.sql(f"UPDATE snapbook_events SET sealed = '\\x{data.hex()}' WHERE n = {n}")

    def remove(self, catalog, n):
        self.sql(f"DELETE FROM snapbook_events WHERE n = {n}")


def append(catalog, count=1, name="ada"):
    head = catalog.head()
    for _ in range(count):
        event = catalog.append("note", {}, name, TIME, head)
        head = Head(event.n, event.digest)
    return head


def test_rows_hold_what_the_format_says(postgres, url, open_database):
    catalog = PostgresCatalog(open_database(url))
    append(catalog, 2)
    (event, _) = catalog.read()
    database = url.rpartition("/")[2]
    assert postgres.sql("SELECT sealed FROM snapbook_events WHERE n = 1", database) == [
        (seal(event),)
    ]
    assert postgres.sql("SELECT version_num FROM snapbook_schema", database) == [(NEWEST,)]


def test_long_chains_are_read_in_batches(url, open_database, monkeypatch):
    monkeypatch.setattr("snapbook.catalog.postgres._BATCH", 10)
    catalog = PostgresCatalog(open_database(url))
    append(catalog, 43)
    assert [event.n for event in catalog.read()] == list(range(1, 44))
    assert [event.n for event in catalog.read(20)] == list(range(20, 44))
    assert list(catalog.verify()) == []


def test_behind_an_event_that_was_seen_the_next_is_made_in_one_statement(url, open_database):
    from sqlalchemy import event as happens

    database = open_database(url)
    catalog = PostgresCatalog(database)
    head, said = append(catalog, 2), []

    @happens.listens_for(database._asking, "before_cursor_execute")
    def note(connection, cursor, statement, *rest):
        said.append(statement.split()[0])

    made = catalog.append("note", {}, "ada", TIME, head)
    assert said == ["INSERT"]
    append(PostgresCatalog(database))
    with pytest.raises(Conflict):
        catalog.append("note", {}, "ada", TIME, Head(made.n, made.digest))
    assert catalog.head().n == 4


def test_nothing_is_made_behind_a_row_that_is_another_by_now(postgres, url, open_database):
    catalog = PostgresCatalog(open_database(url))
    head = append(catalog, 2)
    other = PostgresCatalog(open_database(url))
    postgres.sql("DELETE FROM snapbook_events WHERE n = 2", url.rpartition("/")[2])
    other.append("note", {"of": "another chain"}, "bob", TIME, other.head())
    with pytest.raises(Conflict):
        catalog.append("note", {}, "ada", TIME, head)
    assert catalog.head() == other.head()


def test_servers_that_begin_at_once_make_the_tables_once(url):
    failures = []

    def begin():
        database = Database(url)
        try:
            database.migrate()
        except BaseException as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_database_of_a_newer_snapbook_is_refused(postgres, url, open_database):
    open_database(url)
    postgres.sql("UPDATE snapbook_schema SET version_num = '9999'", url.rpartition("/")[2])
    with pytest.raises(NewerFormat):
        open_database(url)


def test_who_may_only_read_is_told(postgres, url, open_database):
    append(PostgresCatalog(open_database(url)))
    database = url.rpartition("/")[2]
    postgres.sql("CREATE ROLE looker LOGIN", database)
    postgres.sql("GRANT SELECT ON snapbook_events TO looker", database)
    other = Database(url.replace("snapbook@", "looker@"))
    try:
        catalog = PostgresCatalog(other)
        assert catalog.head().n == 1
        with pytest.raises(ReadOnly):
            append(catalog)
    finally:
        other.close()


@pytest.mark.parametrize("url", ["mysql://a:secret@host/x", "no address secret", "secret"])
def test_addresses_that_are_none_are_refused_without_repeating_them(url):
    with pytest.raises(BadOption) as refused:
        Database(url)
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_said_without_the_password(monkeypatch):
    import servers

    monkeypatch.setattr("snapbook.catalog.database._PATIENCE_S", 0.3)
    (port,) = servers.free_ports(1)
    database = Database(f"postgresql://ada:hunter2@127.0.0.1:{port}/registry")
    with pytest.raises(Unreachable, match="registry does not answer") as refused:
        PostgresCatalog(database).head()
    assert "hunter2" not in str(refused.value)


def test_many_writers_race_on_each_number_and_one_gets_it(url, open_database):
    open_database(url)
    made, failures, start = [], [], threading.Barrier(8)

    def work(name):
        database = Database(url)
        catalog = PostgresCatalog(database)
        try:
            start.wait()
            for n in range(1, 11):
                while (head := catalog.head()).n < n:
                    try:
                        catalog.append("note", {"by": name}, name, TIME, head)
                        made.append((head.n + 1, name))
                    except Conflict:
                        continue
        except BaseException as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    catalog = PostgresCatalog(open_database(url))
    assert sorted(made) == [(event.n, event.author) for event in catalog.read()]
    assert list(catalog.verify()) == []


def test_turns_are_taken_one_after_another(url, open_database):
    databases = [open_database(url), open_database(url)]
    inside, most = [], []

    def work(number):
        for _ in range(5):
            with databases[number % 2].turn():
                inside.append(number)
                most.append(len(inside))
                time.sleep(0.005)
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1


@pytest.mark.slow
def test_killed_and_started_again_it_loses_nothing_and_clients_go_on(tmp_path, postgres):
    """Four writers that never stop; each remembers what was acknowledged to it."""
    import servers

    server = servers.Postgres(postgres.folder.parent / "killed")
    stop, failures, acknowledged = threading.Event(), [], []
    databases = [Database(server.url)]
    url = f"postgresql://snapbook@127.0.0.1:{server.port}/registry1"
    databases += [Database(url) for _ in range(3)]

    def work(database, name):
        catalog = PostgresCatalog(database)
        try:
            while not stop.is_set():
                try:
                    with catalog.turn():
                        event = catalog.append("note", {}, name, TIME, catalog.head())
                    acknowledged.append((event.n, event.digest))
                except Conflict:
                    continue
        except BaseException as error:
            failures.append(error)

    try:
        databases[0].migrate()
        threads = [
            threading.Thread(target=work, args=(database, f"w{number}"))
            for number, database in enumerate(databases)
        ]
        for thread in threads:
            thread.start()
        for _ in range(2):
            time.sleep(0.4)
            server.kill()
            begun = time.monotonic()
            server.start()
            before = len(acknowledged)
            while len(acknowledged) == before and not failures:
                assert time.monotonic() - begun < 5, "no event within 5 s"
                time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        catalog = PostgresCatalog(databases[0])
        assert dict(acknowledged).items() <= {e.n: e.digest for e in catalog.read()}.items()
        assert len(dict(acknowledged)) == len(acknowledged)
        assert list(catalog.verify()) == []
    finally:
        stop.set()
        for database in databases:
            database.close()
        server.stop()
