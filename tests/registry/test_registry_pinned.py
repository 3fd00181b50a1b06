"""The registry's key and what it signs: pinned, fresh, never gone back, restored with a word."""

import json
import shutil
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from faults import driver

from snapbook import events, places, signing
from snapbook.errors import BadOption, Refused, Unreachable
from snapbook.registry import pinned, statement
from snapbook.registry.heads import Heads
from snapbook.registry.identity import FolderDrawer, Identity
from snapbook.registry.known import Book
from snapbook.registry.statement import SAID, fingerprint
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)
    return tmp_path / "config"


@pytest.fixture
def ada(tmp_path):
    (tmp_path / "ada").mkdir()
    with places.make_repository(tmp_path / "ada") as repository:
        for seed in (1, 2, 3):
            driver.save(repository, "churn", seed)
    return tmp_path / "ada"


def run(folder, verb, *words, said=None):
    told = [] if said is None else said
    if any("--yes" in argument.names for argument in VERBS[verb].all):
        words = (*words, "--yes")
    with Here(folder, face="cli", say=told.append) as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


def added(folder, registry, user, url="", name="team"):
    run(folder, "registry", "add", name, url or registry.url)
    Book(user).keep_token(Book(user).get(name), registry.token)


def key_of(registry):
    return registry.service.identity.key.public


def test_a_key_is_made_once_and_kept_from_others(registry):
    key = key_of(registry)
    path = registry.folder / "registry.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert Identity(FolderDrawer(registry.folder)).key.public == key
    assert httpx.get(f"{registry.url}/healthz").headers["snapbook-key"] == key
    for answer in (httpx.get(f"{registry.url}/readyz"), httpx.get(f"{registry.url}/api/v1/head")):
        assert "snapbook-key" not in answer.headers
        assert SAID not in answer.headers


def test_servers_that_start_at_once_have_one_key(tmp_path):
    gate, found = threading.Barrier(8), []

    def start():
        identity = Identity(FolderDrawer(tmp_path))
        gate.wait()
        found.append(identity.key.public)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_add_pins_the_key_and_shows_it(registry, ada, user):
    done = run(ada, "registry", "add", "team", registry.url)
    assert f"its key is {fingerprint(key_of(registry))}" in done.lines[1]
    assert Book(user).get("team").key == key_of(registry)
    again = run(ada, "registry", "add", "team", registry.url)
    assert again.data == done.data
    kept = run(ada.parent, "registry", "key", "--folder", "registry")
    assert fingerprint(key_of(registry)) in kept.lines[0]


def test_a_key_may_be_demanded(registry, ada, user):
    mark = fingerprint(key_of(registry))
    with pytest.raises(Refused, match=r"Not added: .* answers with the key"):
        run(ada, "registry", "add", "team", registry.url, "--key", "0" * 32)
    assert Book(user).all() == []
    grouped = ":".join(mark[at : at + 4] for at in range(0, 32, 4)).upper()
    run(ada, "registry", "add", "team", registry.url, "--key", grouped)
    assert Book(user).get("team").key == key_of(registry)
    with pytest.raises(BadOption, match="--key cannot be"):
        run(ada, "registry", "add", "other", registry.url, "--key", "3fa9")
    with pytest.raises(BadOption, match="no key of its own"):
        run(ada, "registry", "add", "other", (ada / "x").as_uri(), "--key", mark)
    with pytest.raises(Unreachable):
        run(ada, "registry", "add", "other", "http://127.0.0.1:9", "--key", mark)


def test_who_was_away_is_held_to_the_key_of_the_first_answer(registry, ada, user, monkeypatch):
    with monkeypatch.context() as away:
        away.setattr(pinned, "shown", lambda url: (_ for _ in ()).throw(Unreachable(url)))
        done = run(ada, "registry", "add", "team", registry.url)
    assert "it has not answered yet" in done.lines[1]
    Book(user).keep_token(Book(user).get("team"), registry.token)
    run(ada, "push", "churn")
    assert Book(user).get("team").key == key_of(registry)


def test_another_key_is_refused_and_the_hint_pins_it(registry, ada, user):
    added(ada, registry, user)
    run(ada, "push", "churn:0.1.0")
    other = signing.new()
    (registry.folder / "registry.pem").write_bytes(other.pem())
    registry.service.identity._key = None
    with places.open_folder(registry.folder) as there:
        before = there.catalog.head(), sorted(there.store.digests())
    for verb, words in (("push", ("churn",)), ("pull", ("team::churn",)), ("sync", ())):
        with pytest.raises(Refused, match=f"answers with the key {fingerprint(other.public)}"):
            run(ada, verb, *words)
    with places.open_folder(registry.folder) as there:  # nothing was sent to whoever that is
        assert before == (there.catalog.head(), sorted(there.store.digests()))
    with pytest.raises(Refused, match="answers with the key") as told:
        run(ada, "registry", "add", "team", registry.url)
    run(ada, told.value.hint.verb, *told.value.hint.args)
    assert run(ada, "push", "churn").lines[-1].startswith("pushed as team::")
    assert Book(user).get("team").key == other.public


def aged(user, **members):
    """What was remembered, as it would be had it been seen a while ago."""
    path = user / "heads.json"
    book = json.loads(path.read_text())
    for entry in book.values():
        entry.update(members)
    path.write_text(json.dumps(book))


def backed_up(registry, tmp_path):
    shutil.copytree(registry.folder / "events", tmp_path / "backup")


def brought_back(registry, tmp_path):
    shutil.rmtree(registry.folder / "events")
    shutil.copytree(tmp_path / "backup", registry.folder / "events")


def test_a_registry_that_went_back_is_refused(registry, ada, user, tmp_path):
    added(ada, registry, user)
    run(ada, "push", "churn:0.1.0")
    backed_up(registry, tmp_path)
    run(ada, "push", "churn:0.2.0")
    brought_back(registry, tmp_path)
    for verb, words in (
        ("push", ("churn",)),
        ("pull", ("team::churn",)),
        ("review", ("team::churn",)),
    ):
        with pytest.raises(Refused, match=r"team is not where it was: .* had 2 events, and 1 now"):
            run(ada, verb, *words)
    bad = run(ada, "audit", "verify", "--registry", "team")
    assert bad.exit_code == 1
    assert bad.lines[0].startswith("event 2 is the first bad one: it is gone")


def test_a_registry_with_another_past_is_refused(registry, ada, user, tmp_path):
    added(ada, registry, user)
    run(ada, "push", "churn:0.1.0")
    backed_up(registry, tmp_path)
    run(ada, "push", "churn:0.2.0")
    brought_back(registry, tmp_path)
    # As many events as before, and then more; others.
    with registry.remote() as root, places.make_repository(tmp_path / "eve") as eve:
        from snapbook.repository import Author
        from snapbook.transfer import Local, transfer

        for seed, events_ in ((7, 2), (8, 3)):
            made = driver.save(eve, "price", seed).version
            transfer(Local(eve), root, made, Author("eve"))
            assert root.catalog.head().n == events_
            with pytest.raises(Refused, match="had 2 events, and others in their place now"):
                run(ada, "push", "churn")


def test_a_restored_registry_says_so_once(registry, ada, user, tmp_path):
    added(ada, registry, user)
    run(ada, "push", "churn:0.1.0")
    backed_up(registry, tmp_path)
    run(ada, "push", "churn:0.2.0")
    brought_back(registry, tmp_path)
    with pytest.raises(Refused, match="is not where it was") as told:
        run(ada, "push", "churn")
    verb, (act, option, _) = told.value.hint.verb, told.value.hint.args
    run(tmp_path, verb, act, option, "the disk  died", "--folder", "registry")
    said = []
    done = run(ada, "push", "churn:0.2.0", said=said)
    assert done.lines[-1].startswith("pushed as team::churn:0.2.0")
    assert said == [
        f"team was restored from a backup on {datetime.now(UTC):%Y-%m-%d} (the disk died): of the"
        " 2 events seen there, those after event 1 are gone. Push again what is missing"
    ]
    said.clear()
    run(ada, "push", "churn:0.3.0", said=said)
    assert said == []
    assert run(ada, "audit", "verify", "--registry", "team").exit_code == 0
    with places.open_folder(registry.folder) as there:
        event = there.catalog.event(2)
    assert (event.type, event.body["reason"], event.body["n"]) == ("restored", "the disk died", 1)
    # Going back once more is not covered by that word.
    backed = tmp_path / "again"
    shutil.copytree(registry.folder / "events", backed)
    run(ada, "tag", "churn", "x")
    with places.make_repository(tmp_path / "bob") as bob:
        driver.save(bob, "churn", 9)
    run(tmp_path / "bob", "push", "churn")
    shutil.rmtree(registry.folder / "events")
    shutil.copytree(tmp_path / "backup", registry.folder / "events")
    with pytest.raises(Refused, match="is not where it was"):
        run(ada, "push", "churn")


def test_a_word_of_restoration_that_is_not_by_the_key_counts_for_nothing(
    registry, ada, user, tmp_path
):
    added(ada, registry, user)
    run(ada, "push", "churn:0.1.0")
    run(ada, "push", "churn:0.2.0")
    (registry.folder / "events/0000000/0000000002").unlink()
    late = events.time_text(datetime.now(UTC) + timedelta(days=1))
    word = statement.Restored(1, "0" * 64, late, "no reason").signed(signing.new())
    registry.service.identity.declare(word)
    with pytest.raises(Refused, match="is not where it was"):
        run(ada, "push", "churn")


def test_a_registry_needs_a_reason_to_be_restored(registry, tmp_path):
    from snapbook.errors import Usage

    for reason in ((), ("--reason", " "), ("--reason", "x" * 201)):
        with pytest.raises(Usage, match="needs --reason"):
            run(tmp_path, "registry", "restored", "--folder", "registry", *reason)


@contextmanager
def between(registry, change):
    """A listener before the registry that hands answers on as ``change`` leaves them."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
            got = httpx.request(
                self.command, registry.url + self.path, content=body, headers=headers
            )
            status, kept, data = change(self, got.status_code, dict(got.headers), got.content)
            self.send_response(status)
            for name, value in kept.items():
                if name not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_HEAD = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def as_it_is(_asked, *answer):
    return answer


def test_what_is_changed_on_its_way_is_refused(registry, ada, user, tmp_path):
    change = [as_it_is]
    with between(registry, lambda *given: change[0](*given)) as url:
        added(ada, registry, user, url)
        added(ada, registry, user, name="direct")
        for number in ("0.1.0", "0.2.0"):
            run(ada, "push", f"churn:{number}", "--registry", "direct")
        old = {}

        def remember(asked, status, headers, data):
            old[asked.path] = (status, headers, data)
            return status, headers, data

        def replay(asked, *now):
            return old.get(asked.path, now)

        def forge(_asked, status, headers, data):
            return status, headers, data.replace(b'"0.2.0"', b'"0.1.0"') + b" "

        def strip(_asked, status, headers, data):
            return status, {k: v for k, v in headers.items() if k != SAID.lower()}, data

        def other_question(asked, status, headers, data):
            got = httpx.get(
                f"{registry.url}/api/v1/version?ref=churn:0.1.0",
                headers={k: v for k, v in asked.headers.items() if k.lower() != "host"},
            )
            return got.status_code, dict(got.headers), got.content

        def nonsense(_asked, status, headers, data):
            return status, {**headers, SAID.lower(): '{"n":1}'}, data

        assert run(ada, "pull", "team::churn").lines[-1].endswith("here already")
        change[0] = remember
        run(ada, "pull", "team::churn")
        for lie, why in (
            (replay, "old one, or was changed"),
            (forge, "old one, or was changed"),
            (strip, "does not sign what it says"),
            (other_question, "old one, or was changed"),
            (nonsense, "what it signs cannot be read"),
        ):
            change[0] = lie
            with pytest.raises(Refused, match=why):
                run(ada, "pull", "team::churn")
        change[0] = as_it_is
        assert run(ada, "pull", "team::churn").lines[-1].endswith("here already")


def test_a_forged_signature_is_refused(registry, ada, user):
    def forge(_asked, status, headers, data):
        if SAID.lower() in headers:
            told = json.loads(headers[SAID.lower()])
            headers = {**headers, SAID.lower(): json.dumps({**told, "n": told["n"] + 1})}
        return status, headers, data

    change = [as_it_is]
    with between(registry, lambda *given: change[0](*given)) as url:
        added(ada, registry, user, url)
        added(ada, registry, user, name="direct")
        run(ada, "push", "churn:0.1.0", "--registry", "direct")
        change[0] = forge
        with pytest.raises(Refused, match="a signature in its answer is not by its key"):
            run(ada, "pull", "team::churn")


@pytest.mark.parametrize(
    ("hours", "words"),
    [(-3, "3 hours behind this machine's"), (50, "2 days ahead of this machine's")],
)
def test_a_wrong_clock_is_told_and_locks_nobody_out(registry, ada, user, monkeypatch, hours, words):
    from snapbook.registry import vouching

    class Off(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) + timedelta(hours=hours)

    added(ada, registry, user)
    run(ada, "push", "churn:0.1.0")
    monkeypatch.setattr(vouching, "datetime", Off)
    said = []
    run(ada, "push", "churn:0.2.0", said=said)
    assert len(said) == 1
    assert said[0].startswith(f"the clock of team is {words}")
    assert ("the registry's went back" in said[0]) == (hours < 0)
    monkeypatch.undo()
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(user))
    said.clear()
    run(ada, "push", "churn:0.3.0", said=said)
    assert said == []


def test_a_clock_of_ours_that_went_back_is_told(registry, ada, user):
    added(ada, registry, user)
    run(ada, "push", "churn:0.1.0")
    later = events.time_text(datetime.now(UTC) + timedelta(days=2))
    aged(user, time=later)
    run(ada, "push", "churn:0.2.0")
    run(ada, "push", "churn:0.3.0")
    assert Heads(user).remembered(registry.url).head.n == 3


def test_processes_that_push_at_once_do_not_take_each_other_for_a_rollback(
    registry, user, tmp_path
):
    for name in range(6):
        with places.make_repository(tmp_path / f"p{name}") as repository:
            for seed in (1, 2, 3):
                driver.save(repository, f"m{name}", seed)
    added(tmp_path / "p0", registry, user)
    failed = []

    def push(name):
        try:
            for number in ("0.1.0", "0.2.0", "0.3.0"):
                run(tmp_path / f"p{name}", "push", f"m{name}:{number}")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=push, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert Heads(user).remembered(registry.url).head.n == 18


def test_two_requests_up_and_two_down_with_a_pinned_key(registry, ada, user, monkeypatch):
    added(ada, registry, user)
    run(ada, "push", "churn:0.1.0")
    seen = []
    plain = httpx.Client.send

    def counted(self, request, **named):
        seen.append(request.url.path.rpartition("/")[2])
        return plain(self, request, **named)

    monkeypatch.setattr(httpx.Client, "send", counted)
    run(ada, "push", "churn:0.2.0")
    assert seen == ["missing", "versions"]  # so small that its pack comes along
    seen.clear()
    (ada.parent / "eve").mkdir()
    run(ada.parent / "eve", "pull", "team::churn:0.2.0")
    assert seen == ["version", "blobs"]


@pytest.mark.parametrize(
    "member",
    [
        {"time": "yesterday"}, {"n": "1"}, {"n": True}, {"nonce": None}, {"restored": {}},
        {"restored": {"n": 1, "digest": "", "time": "", "reason": "", "signature": ""}},
        {"restored": {"n": 1, "digest": "", "time": "2026-11-22T08:00:00.000000Z",
                      "reason": "\x1b[2J", "signature": ""}},
    ],
)  # fmt: skip
def test_statements_that_are_none(member):
    key = signing.new()
    now = "2026-11-22T08:00:00.000000Z"
    said = statement.Said(1, "0" * 64, now, "1" * 32, "GET /api/v1/head", "", "")
    text = json.dumps({**json.loads(str(statement.signed(said, key, None))), **member})
    with pytest.raises(ValueError, match=r"."):
        statement.signed_of(text)


def test_a_registry_that_is_removed_is_forgotten_with_what_was_seen(registry, ada, user):
    added(ada, registry, user)
    run(ada, "push", "churn:0.1.0")
    assert Heads(user).remembered(registry.url).head.n == 1
    run(ada, "registry", "remove", "team")
    assert Heads(user).remembered(registry.url) is None
