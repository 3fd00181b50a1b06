"""Two servers over one folder, sixteen writers, requests that come twice or in another order."""

import itertools
import threading

import httpx
import pytest
from faults import driver
from wires import Served

from snapbook import places
from snapbook.errors import Conflict
from snapbook.registry.desk import HttpDesk
from snapbook.registry.remote import Remote
from snapbook.registry.tokens import Tokens
from snapbook.registry.wire import PATH
from snapbook.repository import Author
from snapbook.transfer import Local, transfer
from snapbook.verify import verify

pytestmark = pytest.mark.slow  # it waits for what runs beside it

WRITERS = 16


@pytest.fixture
def pair(tmp_path):
    """Two processes that serve one folder, and a token."""
    folder = tmp_path / "registry"
    places.create(folder)
    first, second = Served(folder), Served(folder)
    yield folder, (first.url, second.url), Tokens(folder).make("root", ("admin",))
    first.kill()
    second.kill()


def at_once(count, work):
    """Run ``work(n)`` in as many threads; gives what each gave or raised."""
    told = [None] * count
    ready = threading.Barrier(count)

    def run(n):
        try:
            ready.wait(30)
            told[n] = work(n)
        except Exception as error:
            told[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return told


def made(tmp_path, seeds):
    """A repository for each writer with churn:0.1.0 of its own."""
    found = []
    for n, seed in enumerate(seeds):
        repository = places.make_repository(tmp_path / f"writer-{n}")
        found.append((repository, driver.save(repository, "churn", seed).version))
    return found


def push(urls, token, sources, n, **named):
    repository, version = sources[n]
    with Remote(urls[n % len(urls)], token, "churn") as remote:
        return transfer(Local(repository), remote, version, Author("x"), **named).accepted


def rows_of(folder):
    with places.open_folder(folder) as repository:
        found = verify(repository, None, lambda *_: None)
        assert (found.problems, found.broken) == ((), ())
        events = list(repository.catalog.read())
        assert [event.n for event in events] == list(range(1, len(events) + 1))
        rows = list(repository.every_version())
        for row in rows:
            driver.seed_of(repository, row.manifest)
        return rows


def test_sixteen_writers_race_on_one_number(pair, tmp_path):
    folder, urls, token = pair
    sources = made(tmp_path, range(WRITERS))
    told = at_once(WRITERS, lambda n: push(urls, token, sources, n))
    assert [error for error in told if isinstance(error, Exception)] == []
    rows = rows_of(folder)
    numbers = sorted(row.number for row in rows)
    # No gap, and no number twice.
    assert numbers == [(0, n, 0) for n in range(1, WRITERS + 1)]
    assert {row.manifest for row in rows} == {version.manifest for _, version in sources}
    # What each was told is what is there.
    by_manifest = {row.manifest: row.number for row in rows}
    for accepted in told:
        assert by_manifest[accepted.version.manifest] == accepted.version.number
    assert sum(accepted.taken is None for accepted in told) == 1


def test_sixteen_strict_writers_and_one_number_exactly_one_wins(pair, tmp_path):
    folder, urls, token = pair
    sources = made(tmp_path, range(WRITERS))
    told = at_once(WRITERS, lambda n: push(urls, token, sources, n, strict=True))
    lost = [error for error in told if isinstance(error, Exception)]
    assert len(lost) == WRITERS - 1
    assert all(isinstance(error, Conflict) and "is taken there" in str(error) for error in lost)
    (row,) = rows_of(folder)
    assert row.ref == "churn:0.1.0"


def test_sixteen_who_move_one_alias_exactly_one_wins(pair, tmp_path):
    """Each saw the alias where it was, and asks one of two servers."""
    folder, urls, token = pair
    sources = made(tmp_path, range(3))
    for n in range(3):
        push(urls, token, sources, n)

    def move(n, seen):
        with Remote(urls[n % 2], token) as remote:
            desk = HttpDesk(remote.http, Author(f"mover {n}"))
            return desk.promote(f"churn:0.{n % 2 + 2}.0", "staging", seen, "", False)

    with Remote(urls[0], token) as remote:
        HttpDesk(remote.http, Author("first")).promote("churn:0.1.0", "staging", None, "", False)
        seen = remote.resolve("churn@staging").manifest
    told = at_once(WRITERS, lambda n: move(n, seen))
    lost = [error for error in told if isinstance(error, Exception)]
    assert len(lost) == WRITERS - 1, told
    assert all(isinstance(error, Conflict) for error in lost), lost
    with places.open_folder(folder) as repository:
        moves = [event for event in repository.catalog.read() if event.type == "alias"]
        assert [event.body["old"] for event in moves] == ["", seen]
        assert all(event.rest["via"]["who"] == "root" for event in moves)
    rows_of(folder)


def test_sixteen_times_the_same_is_one_version(pair, tmp_path):
    folder, urls, token = pair
    ((repository, version),) = made(tmp_path, [3])
    told = at_once(WRITERS, lambda n: push(urls, token, [(repository, version)] * WRITERS, n))
    assert [error for error in told if isinstance(error, Exception)] == []
    assert sum(accepted.new for accepted in told) == 1
    (row,) = rows_of(folder)
    assert row.manifest == version.manifest


# --- requests twice, and in another order ---------------------------------------------------------


@pytest.fixture
def recorded(registry, tmp_path):
    """The three requests of a push as a client of ours makes them, and the version pushed."""
    requests = []
    scratch = places.make_repository(tmp_path / "here")
    version = driver.save(scratch, "churn", 5).version
    with Remote(registry.url, registry.token, "churn") as remote:

        def record(request):
            request.read()
            requests.append(
                (request.method, request.url.path, dict(request.headers), request.content)
            )

        remote.http._client.event_hooks["request"].append(record)
        remote.store.missing(())  # the connection is made
        requests.clear()
        transfer(Local(scratch), remote, version, Author("x"))
    with places.open_folder(registry.folder) as there:
        assert there.catalog.head().n == 1
    return requests, version


def replay(url, token, requests):
    with httpx.Client(base_url=url) as client:
        statuses = []
        for method, path, headers, content in requests:
            kept = {
                name: value for name, value in headers.items()
                if name.startswith("upload-") or name == "content-type"
            }  # fmt: skip
            kept["authorization"] = f"Bearer {token}"
            answer = client.request(method, path, headers=kept, content=content)
            assert answer.status_code < 500, answer.text
            statuses.append(answer.status_code)
        return statuses


def test_every_order_and_each_twice_ends_as_one_version(recorded, another):
    requests, version = recorded
    assert [request[1].split("/")[3] for request in requests] == ["missing", "packs", "versions"]
    for order in itertools.permutations(range(3)):
        standing = another()
        statuses = replay(standing.url, standing.token, [requests[n] for n in order])
        early = order.index(2) < order.index(1)
        # Nothing is bound before its bytes are there.
        assert statuses[order.index(2)] == (404 if early else 201)
        assert len(rows_of(standing.folder)) == (0 if early else 1)
        twice = [requests[n] for n in order for _ in range(2)]
        assert set(replay(standing.url, standing.token, twice)) <= {200, 201, 409}
        (row,) = rows_of(standing.folder)
        assert (row.manifest, row.ref) == (version.manifest, "churn:0.1.0")


def test_the_same_upload_many_times_at_once(recorded, pair):
    """One of them has the pack; the others are told so, and none writes into what was taken."""
    requests, _ = recorded
    folder, urls, token = pair
    told = at_once(12, lambda n: replay(urls[n % 2], token, [requests[1]])[0])
    assert set(told) <= {201, 409}
    assert 201 in told
    assert replay(urls[0], token, [requests[2]]) == [201]
    assert len(rows_of(folder)) == 1


def test_pieces_out_of_order_are_told_where_to_go_on(recorded, registry):
    content = recorded[0][1][-1]
    name = "f" * 64
    client = httpx.Client(base_url=registry.url)
    client.headers["Authorization"] = f"Bearer {registry.token}"

    def send(start, end):
        return client.put(
            f"{PATH}/packs/{name}",
            content=content[start:end],
            headers={"Upload-Offset": str(start), "Upload-Length": str(len(content))},
        )

    assert (send(100, 200).status_code, send(100, 200).headers["Upload-Offset"]) == (409, "0")
    assert (send(0, 100).status_code, send(0, 100).status_code) == (202, 409)
    assert send(300, 400).headers["Upload-Offset"] == "100"
    assert send(100, 300).status_code == 202
    state = client.head(f"{PATH}/packs/{name}")
    assert (state.status_code, state.headers["Upload-Offset"]) == (204, "300")
    # All of it, but under a name that is not its own.
    assert send(300, len(content)).status_code == 422
    assert client.head(f"{PATH}/packs/{name}").headers["Upload-Offset"] == "0"
    client.close()
