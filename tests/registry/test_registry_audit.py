"""Who did what, when and from where stands in each event; and no event can be changed unseen."""

import json
from dataclasses import replace

import pytest
from faults import driver

from snapbook import canonical, places
from snapbook.catalog.files import FileCatalog
from snapbook.errors import Damaged, NotFound, Usage
from snapbook.events import Event, new_salt, seal, unseal
from snapbook.registry.wire import EVENTS, FORM, PATH
from snapbook.repository import Author
from snapbook.transfer import Local, transfer
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

TIME = "2026-11-21T14:02:00.000000Z"


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


def run(folder, *words):
    with Here(folder, face="cli") as here:
        return VERBS[words[0]].run(here, VERBS[words[0]].parse(list(words[1:])))


def push(tmp_path, remote, *seeds):
    with places.make_repository(tmp_path / "here") as here:
        for seed in seeds:
            version = driver.save(here, "churn", seed).version
            transfer(Local(here), remote, version, Author("x"))


# --- who, when, from where ------------------------------------------------------------------------


def test_each_event_says_which_request_made_it(registry, tmp_path):
    remote = registry.remote("writer:churn", model="churn")
    ids = []
    remote.http._client.event_hooks["response"].append(
        lambda answer: ids.append(answer.headers["x-request-id"])
    )
    push(tmp_path, remote, 1)
    with places.open_folder(registry.folder) as there:
        (event,) = there.catalog.read()
    (token,) = [found for found in registry.tokens.all() if found.name == "someone"]
    assert event.rest == {
        "via": {"request": ids[-1], "address": "127.0.0.1", "who": "someone", "token": token.id}
    }
    assert event.author == "someone"
    # It is part of what is hashed.
    assert unseal(seal(event)).digest == event.digest
    assert replace(event, rest={}).digest != event.digest


def test_the_request_s_own_id_is_taken_and_what_it_says_of_itself_is_not(registry):
    remote = registry.remote()
    remote.http._client.headers["X-Request-ID"] = "deploy-2026.11"
    remote.http._client.headers["X-Forwarded-For"] = "10.1.2.3"
    made = remote.catalog.append(
        "note", {}, "ada", TIME, remote.catalog.head(), {"via": {"who": "eve"}, "more": 1}
    )
    assert made.rest["more"] == 1
    assert made.rest["via"] | {"token": ""} == {
        "request": "deploy-2026.11", "address": "127.0.0.1", "who": "root", "token": "",
    }  # fmt: skip
    assert made.author == "ada"


@pytest.mark.parametrize("rest", [{"n": 7}, {"body": {}}, {"digest": ""}, [1], "via"])
def test_an_event_s_own_members_are_not_said_beside_them(registry, rest):
    http = registry.remote().http
    answer = http._client.post(
        "/events",
        json={"type": "note", "body": {}, "author": "x", "time": TIME,
              "expected": {"n": 0, "digest": "0" * 64}, "rest": rest},
    )  # fmt: skip
    assert answer.status_code == 400


def test_where_a_proxy_s_word_counts(registry, tmp_path):
    """The address is the client's, where the proxy was named as one."""
    import threading

    import httpx

    from snapbook.listening import listen
    from snapbook.registry import serve

    listening = listen("127.0.0.1", 0)
    server = serve.server(registry.service, "127.0.0.1")
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}{PATH}/events"
        told = httpx.post(
            url,
            headers={"Authorization": f"Bearer {registry.token}", "X-Forwarded-For": "10.1.2.3",
                     FORM: str(EVENTS)},
            json={"type": "note", "body": {}, "author": "x", "time": TIME,
                  "expected": {"n": 0, "digest": "0" * 64}},
        )  # fmt: skip
        assert unseal(told.content).rest["via"]["address"] == "10.1.2.3"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


def test_readers_of_older_chains_and_older_readers(registry, tmp_path):
    """A chain goes on that has events without it, and the index takes in both."""
    with places.open_folder(registry.folder) as there:
        driver.save(there, "churn", 9)
    push(tmp_path, registry.remote(), 1)
    with places.open_folder(registry.folder) as there:
        assert ["via" in event.rest for event in there.catalog.read()] == [False, True]
        assert [row.ref for row in there.every_version()] == ["churn:0.2.0", "churn:0.1.0"]
        assert list(there.catalog.verify()) == []


# --- verify ---------------------------------------------------------------------------------------


def files(folder):
    return FileCatalog(folder / "events")


def write(catalog, n, data):
    path = catalog.path(n)
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def by_eve(n, prev):
    return Event(n, prev, "note", TIME, "eve", {}, salt=new_salt())


def edit(chain, n):
    """One byte."""
    data = bytearray(chain.sealed(n))
    data[30] ^= 1
    write(chain, n, bytes(data))


def edit_sealed(chain, n):
    """Another content, with a digest that is right."""
    write(chain, n, seal(replace(chain.event(n), author="eve")))


def delete(chain, n):
    chain.path(n).unlink()


def delete_and_close(chain, n):
    """One is taken out and those after it move up, numbers and digests made right."""
    rewrite(chain, n, list(chain.read(n + 1)))


def insert(chain, n):
    """One more, and those after it move down, as they are."""
    later = [chain.sealed(at) for at in range(n, chain.head().n + 1)]
    write(chain, n, seal(by_eve(n, chain.event(n).prev)))
    for at, data in enumerate(later, n + 1):
        write(chain, at, data)


def insert_and_close(chain, n):
    later = [by_eve(n, ""), *chain.read(n)]
    rewrite(chain, n, later)


def swap(chain, n):
    one, other = chain.sealed(n), chain.sealed(n + 1)
    write(chain, n, other)
    write(chain, n + 1, one)


def swap_and_close(chain, n):
    one, other, *later = chain.read(n)
    rewrite(chain, n, [other, one, *later])


def cut(chain, n):
    for at in range(n, chain.head().n + 1):
        chain.path(at).unlink()


def rewrite(chain, n, later):
    """``later`` as events n, n+1, ...: a whole chain, which nothing in itself shows."""
    last, prev = chain.head().n, chain.event(n - 1).digest
    for at in range(n, last + 1):
        chain.path(at).unlink()
    for at, event in enumerate(later, n):
        made = replace(event, n=at, prev=prev)
        write(chain, at, seal(made))
        prev = made.digest


@pytest.fixture(params=["project", "folder", "server"])
def chain(request, tmp_path):
    """Seven events, and the words that name the chain: here, of a folder, of a server."""
    project = tmp_path / "project"
    project.mkdir()
    if request.param == "server":
        registry = request.getfixturevalue("registry")
        folder, url = registry.folder, registry.url
        request.getfixturevalue("monkeypatch").setenv("SNAPBOOK_TOKEN", registry.token)
    else:
        folder = project / ".snapbook" if request.param == "project" else tmp_path / "shared"
        places.create(folder)
        url = folder.as_uri()
    with places.open_folder(folder) as repository:
        for seed in range(7):
            driver.save(repository, "churn", seed)
    if request.param == "project":
        return project, files(folder), ()
    run(project, "registry", "add", "team", url)
    return project, files(folder), ("--registry", "team")


def test_a_whole_chain(chain):
    project, _, where = chain
    first = run(project, "audit", "verify", *where)
    assert first.exit_code == 0
    assert "7 events, each of them whole and in its place" in first.lines[0]
    again = run(project, "audit", *where)
    assert ", and event 7 is the one of 20" in again.lines[0]
    assert again.data["since"] == 7


# What was done to event 4: the first bad row by the chain alone, by the head that was remembered,
# and by an export. None: nothing shows it.
DONE = {
    edit: (4, 4, 4),
    edit_sealed: (5, 5, 4),
    delete: (4, 4, 4),
    insert: (5, 5, 4),
    swap: (4, 4, 4),
    cut: (None, 4, 4),
    delete_and_close: (None, 7, 4),
    insert_and_close: (None, 7, 4),
    swap_and_close: (None, 7, 4),
}


@pytest.mark.parametrize("done", DONE, ids=lambda done: done.__name__)
def test_the_first_bad_row_is_named(chain, done, tmp_path):
    project, catalog, where = chain
    alone, seen, exported = DONE[done]
    run(project, "audit", "export", *where, "-o", "before.jsonl")
    run(project, "audit", "verify", *where)
    done(catalog, 4)
    for words, first in (((), seen), (("--against", "before.jsonl"), exported)):
        told = run(project, "audit", "verify", *where, *words)
        assert told.exit_code == 1
        assert told.lines[0].startswith(f"event {first} is the first bad one: "), told.lines
        assert told.data["bad"][0]["n"] == first
        assert len(told.lines) == len(told.data["bad"])
    # Whoever never looked before sees what the chain shows of itself.
    (tmp_path / "config" / "heads.json").unlink()
    told = run(project, "audit", "verify", *where)
    assert [bad["n"] for bad in told.data["bad"]][:1] == ([] if alone is None else [alone])


def test_what_was_found_bad_is_not_taken_for_good(chain):
    project, catalog, where = chain
    run(project, "audit", *where)
    cut(catalog, 5)
    for _ in range(2):
        assert run(project, "audit", *where).exit_code == 1


# --- export ---------------------------------------------------------------------------------------


def test_an_export_is_a_row_for_each_event(chain):
    project, catalog, where = chain
    rows = [json.loads(line) for line in run(project, "audit", "export", *where).lines]
    assert [row["n"] for row in rows] == list(range(1, 8))
    assert [row["digest"] for row in rows] == [event.digest for event in catalog.read()]
    assert rows[0] | {"digest": "", "body": {}} == {
        "n": 1, "digest": "", "prev": "0" * 64, "type": "version", "author": "tester",
        "time": catalog.event(1).time, "body": {}, "salt": catalog.event(1).salt,
    }  # fmt: skip
    whole = run(project, "audit", "export", *where)
    assert whole.data == {"events": rows}
    # Each row is enough to make the event's digest anew.
    for row in rows:
        happened = {k: v for k, v in row.items() if k not in ("n", "prev", "digest")}
        closed = canonical.digest(canonical.encode(happened))
        link = {"closed": closed, "n": row["n"], "prev": row["prev"]}
        assert canonical.digest(canonical.encode(link)) == row["digest"]


def test_an_export_says_what_cannot_be_read(chain):
    project, catalog, where = chain
    edit(catalog, 2)
    delete(catalog, 5)
    swap(catalog, 6)
    rows = run(project, "audit", "export", *where).data["events"]
    assert [row["n"] for row in rows] == list(range(1, 8))
    assert [row["n"] for row in rows if "broken" in row] == [2, 3, 5, 6, 7]
    assert rows[4] == {"n": 5, "broken": "it is missing"}


def test_an_export_as_one_value_serves_as_well(chain):
    project, catalog, where = chain
    data = run(project, "audit", "export", *where).data
    (project / "before.json").write_text(json.dumps(data))
    swap_and_close(catalog, 3)
    told = run(project, "audit", *where, "--against", "before.json")
    assert told.data["bad"][0]["n"] == 3


@pytest.mark.parametrize("text", ["[1]", "nonsense", '{"events": [1]}', "\x00"])
def test_a_file_that_is_no_export(tmp_path, text):
    (tmp_path / "file").write_text(text)
    with pytest.raises(Usage, match="file is no export"):
        run(tmp_path, "audit", "--against", "file")
    with pytest.raises(NotFound, match="no file gone"):
        run(tmp_path, "audit", "--against", "gone")


def test_nothing_yet(tmp_path):
    assert run(tmp_path, "audit", "export").lines == ("no events yet",)
    assert "0 events" in run(tmp_path, "audit").lines[0]


def test_a_memory_of_heads_that_cannot_be_read(tmp_path):
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "heads.json").write_text("[1")
    with pytest.raises(Damaged, match=r"Move heads\.json away"):
        run(tmp_path, "audit")
