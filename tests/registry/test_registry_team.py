"""Two servers over one database and one bucket, as a team has them: processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from faults import driver

from snapbook import places
from snapbook.catalog.base import Head
from snapbook.errors import BadOption, Conflict, Refused
from snapbook.parts.base import Part
from snapbook.registry import pinned, statement
from snapbook.registry.remote import Remote
from snapbook.registry.rollouts import HttpAnnounced, HttpRollouts
from snapbook.repository import Author, Wish
from snapbook.store.bucket import Bucket
from snapbook.transfer import Local, transfer
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

PUSHER = Author("push")
SERVE = ("snapbook", "registry", "serve", "--port", "0")


@contextmanager
def serving(folder, *words):
    """A server in a process of its own: (its address, the administrator's token or "", process)."""
    with open(f"{folder}.log", "ab") as log:  # a pipe that nobody empties stops the server
        process = subprocess.Popen(
            [sys.executable, "-m", *SERVE, "--folder", folder, *words],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    token, said = "", []
    try:
        for line in process.stdout:
            said.append(line)
            if "shown this once: " in line:
                token = line.rpartition(": ")[2].strip()
            if line.startswith("serving "):
                yield line.partition(" at ")[2].partition(". ")[0], token, process
                return
        raise AssertionError("".join(said) + Path(f"{folder}.log").read_text())
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


@pytest.fixture
def team(tmp_path, postgres, s3):
    """Two servers, by (address, token); what they share is the database and the bucket."""
    where = ["--database", postgres.url, "--store", s3.url]
    with ExitStack() as begun:
        one, token, _ = begun.enter_context(serving(tmp_path / "one", *where))
        two, other, _ = begun.enter_context(serving(tmp_path / "two", *where))
        assert other == ""  # the tokens are in the database
        yield Remote(one, token), Remote(two, token)


@pytest.fixture
def sides(team):
    yield team
    for side in team:
        side.close()


def project(folder, *seeds):
    with places.make_repository(folder) as repository:
        for seed in seeds:
            driver.save(repository, "churn", seed)
        return places.place(folder).folder


def rows(side):
    return {row.ref: row.manifest for row in side.versions()}


def test_what_one_takes_the_other_gives(sides, tmp_path):
    one, two = sides
    with places.open_folder(project(tmp_path / "ada", 1, 2)) as here:
        for row in reversed(list(here.every_version())):
            assert transfer(Local(here), one, row, PUSHER).accepted.new
            assert not transfer(Local(here), two, row, PUSHER).accepted.new
        assert rows(one) == rows(two) == {r.ref: r.manifest for r in here.every_version()}
    with places.make_repository(tmp_path / "bob") as there:
        for side, ref in ((two, "churn:0.1.0"), (one, "churn:0.2.0")):
            moved = transfer(side, Local(there), side.resolve(ref), PUSHER)
            assert moved.accepted.version.ref == ref
        assert {driver.seed_of(there, row.manifest) for row in there.every_version()} == {1, 2}
    assert one.catalog.head() == two.catalog.head()
    assert [e.n for e in two.catalog.read()] == [1, 2]
    assert list(two.catalog.verify()) == []
    # A server that follows an alias told one of itself.
    server, there = HttpAnnounced(one.http), HttpRollouts(two.http)
    server.say({"model": "churn", "alias": "production", "answers": "churn:0.1.0", "at": 2})
    (told,) = there.fronts("churn", "production")
    assert (told["id"], told["answers"]) == (server.id, "churn:0.1.0")
    server.close()
    assert there.fronts("churn", "production") == []


def test_a_pack_sent_to_one_makes_a_version_of_the_other(sides, tmp_path):
    """A load balancer sends each request where it likes."""
    one, two = sides

    class Balanced:
        store, lacking, doubt = one.store, one.lacking, one.doubt
        resolve, accept = two.resolve, two.accept

    with places.open_folder(project(tmp_path / "ada", 1)) as here:
        (row,) = here.every_version()
        assert transfer(Local(here), Balanced(), row, PUSHER).accepted.new
    assert rows(one) == rows(two)


def test_many_writers_through_both_race_on_one_number(sides, tmp_path):
    """Each has other content under 0.1.0: one gets the number, the others are told so."""
    one, two = sides
    won, lost, failures = [], [], []
    folders = [project(tmp_path / f"p{number}", number) for number in range(8)]
    start = threading.Barrier(len(folders))

    def push(number, folder):
        try:
            with places.open_folder(folder) as here:
                (row,) = here.every_version()
                side = Remote((one, two)[number % 2].http.name, token)
                start.wait()
                try:
                    transfer(Local(here), side, row, PUSHER, strict=True)
                    won.append(row.manifest)
                except Conflict:
                    lost.append(number)
                finally:
                    side.close()
        except BaseException as error:
            failures.append(error)

    token = one.http._client.headers["authorization"].partition(" ")[2]
    threads = [
        threading.Thread(target=push, args=(number, folder))
        for number, folder in enumerate(folders)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (len(won), len(lost)) == (1, 7)
    assert rows(one) == rows(two) == {"churn:0.1.0": won[0]}
    assert list(one.catalog.verify()) == []


@pytest.mark.slow
def test_a_token_made_or_revoked_anywhere_counts_everywhere(tmp_path, postgres, s3):
    database = postgres.url
    where = ["--database", database, "--store", s3.url]

    def run(*words):
        with Here(tmp_path, face="cli") as here:
            verb = VERBS["registry"]
            return verb.run(here, verb.parse([*words, "--database", database])).data

    with ExitStack() as begun:
        one, _, _ = begun.enter_context(serving(tmp_path / "one", *where))
        two, _, _ = begun.enter_context(serving(tmp_path / "two", *where))
        made = run("token", "bob", "reader")
        time.sleep(1)
        assert {token["name"] for token in run("tokens")["tokens"]} == {"admin", "bob"}
        bobs = [Remote(one, made["token"]), Remote(two, made["token"])]
        assert [bob.about()["you"] for bob in bobs] == ["bob", "bob"]
        (id_,) = [token["id"] for token in run("tokens")["tokens"] if token["name"] == "bob"]
        run("revoke", id_)
        time.sleep(1)
        for bob in bobs:
            with pytest.raises(Refused):
                bob.about()
            bob.close()


@pytest.mark.slow
def test_both_have_one_key_and_know_of_one_restoration(tmp_path, postgres, s3):
    database, store = postgres.url, s3.url
    where = ["--database", database, "--store", store]

    def run(*words):
        with Here(tmp_path, face="cli") as here:
            verb = VERBS["registry"]
            return verb.run(here, verb.parse([*words, "--database", database])).data

    with ExitStack() as begun:
        one, token, _ = begun.enter_context(serving(tmp_path / "one", *where))
        two, _, _ = begun.enter_context(serving(tmp_path / "two", *where))
        key = run("key")["key"]
        assert [pinned.shown(url).key for url in (one, two)] == [key, key]
        done = run("restored", "--reason", "a test", "--store", store, "--folder", "mine")
        assert done == {"event": 1, "restored": 0}
        for url in (one, two):
            asking = statement.asking(Head(7, "a" * 64))  # what somebody saw before
            answer = httpx.get(
                f"{url}/api/v1/head",
                headers={"Authorization": f"Bearer {token}", statement.ASKED: str(asking)},
            )
            told = statement.signed_of(answer.headers[statement.SAID])
            assert told.is_sound
            assert (told.key, told.said.n, told.said.seen) == (key, 1, "")
            assert told.restored.is_by(key)
            assert told.restored.reason == "a test"


@pytest.mark.slow
def test_a_server_killed_while_others_write_loses_nothing(tmp_path, postgres, s3):
    where = ["--database", postgres.url, "--store", s3.url]
    folder = project(tmp_path / "ada", *range(6))
    with ExitStack() as begun:
        one, token, first = begun.enter_context(serving(tmp_path / "one", *where))
        two, _, _ = begun.enter_context(serving(tmp_path / "two", *where))
        here = begun.enter_context(places.open_folder(folder))
        versions = list(reversed(list(here.every_version())))
        side = Remote(one, token)
        acknowledged = [
            transfer(Local(here), side, row, PUSHER).accepted.version for row in versions[:3]
        ]
        first.kill()
        first.wait()
        side.close()
        side = Remote(two, token)
        for row in versions:
            transfer(Local(here), side, row, PUSHER)
        assert rows(side) == {row.ref: row.manifest for row in versions}
        assert {row.n for row in acknowledged} == {1, 2, 3}
        side.close()


@pytest.mark.slow
def test_the_database_away_for_a_moment_stops_nobody(tmp_path, postgres, s3):
    """Killed and started again while versions are pushed; every push is acknowledged."""
    import servers

    server = servers.Postgres(postgres.folder.parent / "away")
    folder = project(tmp_path / "ada", *range(8))
    try:
        with serving(tmp_path / "one", "--database", server.url, "--store", s3.url) as (
            one,
            token,
            _,
        ):
            side, done = Remote(one, token), []

            def push():
                with places.open_folder(folder) as here:
                    for row in reversed(list(here.every_version())):
                        done.append(transfer(Local(here), side, row, PUSHER).accepted)

            pushing = threading.Thread(target=push)
            pushing.start()
            while len(done) < 2:
                time.sleep(0.01)
            server.kill()
            begun = time.monotonic()
            server.start()
            pushing.join(30)
            assert not pushing.is_alive()
            assert time.monotonic() - begun < 15
            assert [accepted.new for accepted in done].count(True) >= 7
            assert len(rows(side)) == 8
            assert list(side.catalog.verify()) == []
            side.close()
    finally:
        server.stop()


def test_a_chain_in_the_bucket_itself(tmp_path, s3):
    url = s3.url
    with serving(tmp_path / "one", "--store", url) as (one, token, _):
        side = Remote(one, token)
        with places.open_folder(project(tmp_path / "ada", 1)) as here:
            (row,) = here.every_version()
            assert transfer(Local(here), side, row, PUSHER).accepted.new
        side.close()
    bucket = Bucket(url)
    assert bucket.has("events/0000000/0000000001")
    assert os.listdir(tmp_path / "one" / "packs") == []


def test_a_database_needs_a_bucket(tmp_path):
    with pytest.raises(BadOption, match="--database needs --store"):
        places.served(tmp_path / "one", "postgresql://localhost/x")
    assert not (tmp_path / "one").exists()


def test_rows_words_holds_and_searches_are_alike_at_both(sides, tmp_path):
    one, two = sides
    (tmp_path / "here").mkdir()
    with places.make_repository(tmp_path / "here") as here:
        writer = here.store.writer()
        draft = driver.draft("churn", 1, writer)
        rows = writer.add(b"the rows of X" * 1000)
        frame = Part("frame", "X", {"stored": True, "columns": [{"name": "age"}]}, (rows,))
        parts, digests = (*draft.parts, frame), (*draft.digests, writer.add(frame.encode()))
        row = here.save(
            replace(draft, parts=parts, digests=digests), writer, Wish(), PUSHER
        ).version
        writer.close()
        transfer(Local(here, rows=False), one, row, PUSHER)
        there = two.resolve("churn")
        assert two.offer(there).body["withheld"] == [digests[-1]]
        assert rows not in two.offer(there).needed
        here.note(row, "said later", PUSHER)
        row = next(here.every_version())
        transfer(Local(here), two, row, PUSHER)
        (tmp_path / "other").mkdir()
        with places.make_repository(tmp_path / "other") as other:
            got = transfer(one, Local(other), one.resolve("churn"), PUSHER).accepted.version
            assert other.whole(got)
            assert other.store.get(rows) == b"the rows of X" * 1000
            assert [note.text for note in other.index.notes(got.manifest)] == ["said later"]
    one.hold(one.resolve("churn"), "audit", PUSHER, holding=True)
    assert two.resolve("churn").held == "audit"
    for side in sides:
        assert [row.ref for row in side.search("", "column = age and text ~ later", 10).rows] == [
            "churn:0.1.0"
        ]
