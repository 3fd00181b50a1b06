"""Webhooks: signed, at least once, in order, to public addresses; no slow one delays others."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import standardwebhooks
from promote.parties import ADA, made, row

from snapbook import places
from snapbook.errors import BadOption, Damaged, NotFound, Refused, Unreachable
from snapbook.registry import happened, sending
from snapbook.registry.hooks import Hooks
from snapbook.registry.identity import FolderDrawer
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it


class Receiver:
    """A server that writes down what it is sent; ``answers`` are statuses to give first."""

    def __init__(self, answers=(), slow_s=0.0, location=""):
        self.got, self.answers, self.slow_s = [], list(answers), slow_s
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(receiver.slow_s)
                receiver.got.append((dict(self.headers.items()), body, time.monotonic()))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                if location:
                    self.send_header("Location", location)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?a=1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def places(self):
        return [json.loads(body)["data"]["n"] for _, body, _ in self.got]

    def wait(self, count, seconds=20):
        until = time.monotonic() + seconds
        while len(self.got) < count:
            assert time.monotonic() < until, (self.places, count)
            time.sleep(0.02)
        return self

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver():
    opened = []

    def make(*args, **named):
        opened.append(Receiver(*args, **named))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def hooks(registry):
    return Hooks(FolderDrawer(registry.folder))


def add(hooks, url, model="", since=0, private=True):
    return hooks.add(url, model, since, "2026-11-22T08:00:00.000000Z", private=private)


@pytest.fixture
def here(registry):
    with places.open_folder(registry.folder) as repository:
        yield repository


def signed(hook, headers, body):
    """Whether a receiver finds the signature right, by the words of Standard Webhooks."""
    heads = {name.lower(): value for name, value in headers.items()}
    said = f"{heads['webhook-id']}.{heads['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    right = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    return heads["webhook-signature"] == f"v1,{right}"


def test_every_event_is_sent_signed_and_in_order(registry, here, hooks, receiver):
    there = receiver()
    hook = add(hooks, there.url)
    for accuracy in (0.9, 0.91, 0.92):
        made(here, ADA, accuracy=accuracy)
    here.note(row(here, "churn"), "seen", ADA)
    there.wait(4)
    assert there.places == [1, 2, 3, 4]
    for headers, body, _ in there.got:
        assert signed(hook, headers, body)
        assert not signed(hook, headers, body + b" ")
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    first = json.loads(there.got[0][1])
    assert first["type"] == "snapbook.version"
    assert first["data"]["version"] == "churn:0.1.0"
    assert first["data"]["digest"] == here.catalog.event(1).digest
    assert "via" not in first["data"]
    assert b"token" not in there.got[0][1]
    time.sleep(0.5)
    assert hooks.place(hook).n == 4
    assert len(there.got) == 4


def test_the_library_of_standard_webhooks_takes_it(registry, here, hooks, receiver):
    there = receiver()
    hook = add(hooks, there.url)
    made(here, ADA)
    headers, body, _ = there.wait(1).got[0]
    checker = standardwebhooks.Webhook(hook.secret)
    checker.verify(body, headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        checker.verify(body.replace(b"churn", b"chorn"), headers)


def test_what_was_not_taken_is_sent_again(registry, here, hooks, receiver):
    """With the same id, and nothing behind it goes first."""
    there = receiver(answers=[500, 302], location="http://127.0.0.1:9/elsewhere")
    add(hooks, there.url)
    made(here, ADA, accuracy=0.9)
    made(here, ADA, accuracy=0.91)
    there.wait(4)
    assert there.places == [1, 1, 1, 2], "a redirect is not followed"
    assert len({headers["webhook-id"] for headers, _, _ in there.got}) == 2
    times = [at for _, _, at in there.got]
    assert times[1] - times[0] > 0.7
    assert times[2] - times[1] > 1.4, "longer and longer"


def test_one_that_is_slow_delays_no_other(registry, here, hooks, receiver):
    slow, quick = receiver(slow_s=5), receiver()
    add(hooks, slow.url)
    add(hooks, "http://127.0.0.1:9/nobody")
    add(hooks, quick.url)
    begun = time.monotonic()
    for accuracy in (0.9, 0.91, 0.92):
        made(here, ADA, accuracy=accuracy)
    quick.wait(3)
    assert time.monotonic() - begun < 5
    assert quick.places == [1, 2, 3]


def test_only_models_that_are_wanted(registry, here, hooks, receiver):
    risk, every = receiver(), receiver()
    hook = add(hooks, risk.url, "risk/*")
    add(hooks, every.url)
    for model in ("churn", "risk/price", "churn", "risk/loss"):
        made(here, ADA, model=model, accuracy=0.9 + len(model) / 100)
    here.rename("churn", "risk/churn", ADA)
    here.act(lambda: ("condemned", {"packs": []}), ADA)
    every.wait(5)
    risk.wait(3)
    until = time.monotonic() + 10
    while hooks.place(hook).n < every.places[-1] and time.monotonic() < until:
        time.sleep(0.05)
    told = [json.loads(body)["data"] for _, body, _ in risk.got]
    # What was made as churn is risk/churn by now, and was not when it was made.
    assert {"risk/price", "risk/loss"} <= {one["model"] for one in told}
    assert "condemned" in [json.loads(body)["data"]["kind"] for _, body, _ in every.got]
    assert "condemned" not in [one["kind"] for one in told]


def test_it_goes_on_where_it_was(registry, another, here, hooks, receiver):
    """After an end, and beside another server on the same folder."""
    there = receiver()
    add(hooks, there.url)
    made(here, ADA, accuracy=0.9)
    there.wait(1)
    registry.stop()
    made(here, ADA, accuracy=0.91)
    made(here, ADA, accuracy=0.92)
    code = (
        "import sys\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from registry.conftest import Standing\n"
        "one = Standing(Path(sys.argv[1]))\n"
        "print('up', flush=True)\n"
        "sys.stdin.readline()\n"
        "one.stop()\n"
    )
    tests = str(pytest.importorskip("registry.conftest").HERE.parent)
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(registry.folder), tests],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    try:
        for one in both:
            assert one.stdout.readline() == "up\n"
        there.wait(3)
        made(here, ADA, accuracy=0.93)
        there.wait(4)
        time.sleep(2.5)
        assert there.places == [1, 2, 3, 4], "two servers send each event once"
    finally:
        for one in both:
            one.stdin.write("\n")
            one.stdin.close()
            one.wait(20)
            one.stdout.close()


def test_who_wants_no_more_is_told_no_more(registry, here, hooks, receiver):
    there = receiver(answers=[410])
    add(hooks, there.url)
    made(here, ADA, accuracy=0.9)
    made(here, ADA, accuracy=0.91)
    there.wait(1)
    until = time.monotonic() + 10
    while hooks.all():
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(0.5)
    assert there.places == [1]


def test_an_end_that_cannot_be_read_is_gone_over_once(registry, here, hooks, receiver):
    there = receiver()
    made(here, ADA, accuracy=0.9)
    made(here, ADA, accuracy=0.91)
    path = next((registry.folder / "events").glob("*/0000000002"))
    path.chmod(0o600)
    path.write_bytes(b"broken")
    hook = add(hooks, there.url)
    there.wait(1)
    until = time.monotonic() + 10
    while hooks.place(hook).n < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    kept = registry.folder / f"webhook-{hook.id}.json"
    before = kept.stat().st_mtime_ns
    time.sleep(1.5)
    assert kept.stat().st_mtime_ns == before, "it waits for news, and does not turn in circles"
    assert there.places == [1]


def test_a_lease_is_for_one(registry, hooks):
    hook = add(hooks, "https://ci.example.com/hook", private=False)
    assert hooks.claim(hook, "one")
    assert hooks.claim(hook, "one")
    assert not hooks.claim(hook, "two")
    assert not hooks.reach(hook, "two", 7)
    assert hooks.reach(hook, "one", 7)
    short = Hooks(FolderDrawer(registry.folder), lease_s=0.0)
    assert short.claim(hook, "one")
    assert hooks.claim(hook, "two"), "the lease was over"
    assert not hooks.reach(hook, "one", 3), "who lost it changes nothing"
    assert hooks.place(hook).n == 7
    hooks.leave(hook, "two")
    assert hooks.claim(hook, "three")


@pytest.fixture(params=["folder", "database"])
def drawer(request, tmp_path):
    """Where servers of one registry keep what they share."""
    if request.param == "folder":
        yield FolderDrawer(tmp_path)
        return
    postgres = request.getfixturevalue("postgres")
    from snapbook.catalog.database import Database
    from snapbook.registry.identity import DatabaseDrawer

    with closing(Database(postgres.url)) as database:
        database.migrate()
        yield DatabaseDrawer(database)


def test_of_eight_who_claim_at_once_one_sends(drawer):
    hooks = Hooks(drawer)
    hook = add(hooks, "https://ci.example.com/hook", private=False)
    assert hooks.all() == [hook]
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda n: hooks.claim(hook, f"server {n}"), range(8)))
    (winner,) = [n for n in range(8) if hooks.reach(hook, f"server {n}", 5)]
    assert claimed[winner]
    assert (hooks.place(hook).n, hooks.place(hook).holder) == (5, f"server {winner}")
    assert hooks.remove(hook.id) == hook
    assert hooks.all() == []


# -- where to


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False),
        ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False),
        ("fe80::1%eth0", False), ("fd00::1", False), ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
        ("ff02::1", False), ("nonsense", False),
    ],
)  # fmt: skip
def test_public_addresses(address, public):
    assert sending.is_public(address) is public


def test_a_name_is_resolved_once_and_all_of_it_is_looked_at(monkeypatch):
    asked = []

    def answers(*addresses):
        def resolve(host, port, **_):
            asked.append(host)
            return [(2, 1, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(sending.socket, "getaddrinfo", resolve)

    answers("93.184.216.34", "127.0.0.1")
    with pytest.raises(Refused, match="an address of a private network"):
        sending.resolved("ci.example.com", 443, private=False)
    answers("93.184.216.34")
    assert sending.resolved("ci.example.com", 443, private=False) == "93.184.216.34"
    assert len(asked) == 2
    answers("127.0.0.1")
    assert sending.resolved("localhost", 80, private=True) == "127.0.0.1"


def test_what_is_sent_goes_to_the_address_that_was_looked_at(hooks, receiver, monkeypatch):
    """The name says one thing while it is checked and would say another a moment later."""
    there = receiver()
    port = int(there.url.split(":")[2].split("/")[0])
    said = iter(["127.0.0.1"])
    real = sending.socket.getaddrinfo

    def resolve(host, port, *args, **named):
        if host == "ci.example.com":
            return [(2, 1, 6, "", (next(said), port))]
        return real(host, port, *args, **named)

    monkeypatch.setattr(sending.socket, "getaddrinfo", resolve)
    hook = add(hooks, f"http://ci.example.com:{port}/hook")
    news = {"n": 1, "digest": "a" * 64, "time": "t", "kind": "note"}
    assert sending.send(hook, news, 5) == 204
    assert there.got[0][0]["host"] == f"ci.example.com:{port}"


def test_private_addresses_are_refused_unless_allowed(registry, here, hooks, receiver):
    there = receiver()
    hook = add(hooks, there.url.replace("http:", "https:"), private=False)
    with pytest.raises(Refused) as told:
        sending.send(hook, {"n": 1, "digest": "a" * 64, "time": "t", "kind": "note"}, 5)
    assert told.value.kind == "private-address"
    assert not there.got


def test_an_answer_that_never_ends_is_cut(hooks, monkeypatch):
    """Byte by byte, each just in time."""
    import socket

    monkeypatch.setattr(sending, "_LONGEST_S", 1.0)
    listening = socket.create_server(("127.0.0.1", 0))

    def drip():
        line, _ = listening.accept()
        with line:
            try:
                line.recv(65536)
                for _ in range(200):
                    line.sendall(b"x")
                    time.sleep(0.1)
            except OSError:
                pass

    threading.Thread(target=drip, daemon=True).start()
    hook = add(hooks, f"http://127.0.0.1:{listening.getsockname()[1]}/")
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        sending.send(hook, {"n": 1, "digest": "a" * 64, "time": "t", "kind": "note"}, 5)
    assert time.monotonic() - begun < 5
    listening.close()


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://ci.example.com/", False), ("ftp://ci.example.com/", True), ("", True),
        ("https://user:pw@ci.example.com/", False), ("https://", False),
        ("https://ci.example.com:0/", False), ("https://ci.example.com:99999/", False),
        ("https://ci.example.com/a b", False), ("https://ci.example.com/\nx: y", False),
        ("ci.example.com", True),
    ],
)  # fmt: skip
def test_addresses_that_are_none(hooks, url, private):
    with pytest.raises(BadOption):
        add(hooks, url, private=private)
    assert hooks.all() == []


def test_the_list_and_what_is_wrong_with_it(registry, hooks):
    one = add(hooks, "https://ci.example.com/", "churn", private=False)
    with pytest.raises(NotFound, match=f"There is no webhook x \\(there is: {one.id}\\)"):
        hooks.remove("x")
    with pytest.raises(BadOption):
        add(hooks, "https://ci.example.com/", "a b", private=False)
    FolderDrawer(registry.folder).put("webhooks.json", "[{]")
    with pytest.raises(Damaged):
        hooks.all()
    FolderDrawer(registry.folder).put(f"webhook-{one.id}.json", "{")
    assert hooks.place(one).n == 0
    mode = (registry.folder / "webhooks.json").stat().st_mode
    assert mode & 0o077 == 0


def test_the_words_on_the_command_line(registry, here, tmp_path):
    def run(*words):
        with Here(tmp_path, face="cli") as asked:
            verb = VERBS["registry"]
            return verb.run(asked, verb.parse([*words, "--folder", str(registry.folder)]))

    made(here, ADA)
    assert run("webhook").lines == ("no webhooks yet: snapbook registry webhook add URL",)
    done = run("webhook", "add", "https://ci.example.com/h", "--model", "risk/*")
    id_ = done.data["id"]
    assert done.lines[0].endswith("events about risk/* go to https://ci.example.com/h from now on")
    assert done.data["secret"].startswith("whsec_")
    (line,) = run("webhook", "list").lines
    assert line == f"{id_}  https://ci.example.com/h  risk/*  told of all"
    assert "secret" not in run("webhook").data["webhooks"][0]
    assert run("webhook", "remove", id_).lines == (
        "nothing more is sent to https://ci.example.com/h",
    )
    from snapbook.errors import Usage

    with pytest.raises(Usage, match="takes add URL, or remove ID"):
        run("webhook", "add")


# -- news


def test_news_are_what_one_may_know(registry, here):
    for model in ("churn", "risk/price", "churn"):
        made(here, ADA, model=model, accuracy=0.9 + here.catalog.head().n / 100)
    here.rename("risk/price", "risk/cost", ADA)
    here.act(lambda: ("condemned", {"packs": []}), ADA)

    def asked(*grants, **query):
        return registry.remote(*grants).http.get("/news", **query)

    assert [one["n"] for one in asked("reader")["events"]] == [1, 2, 3, 4, 5]
    mine = asked("reader:churn")
    assert ([one["n"] for one in mine["events"]], mine["after"]) == ([1, 3], 5)
    assert [one["n"] for one in asked("reader:risk/*")["events"]] == [2, 4]
    assert asked("reader:risk/price")["events"] == [], "it has another name by now"
    assert [one["n"] for one in asked("reader", model="churn", after=1)["events"]] == [3]
    few = asked("reader", limit=2)
    assert ([one["n"] for one in few["events"]], few["after"], few["head"]) == ([1, 2], 2, 5)
    with pytest.raises(NotFound):
        asked("reader:churn", model="risk/cost")
    assert asked("reader", after=99) == {"events": [], "after": 99, "head": 5}


def test_an_event_that_cannot_be_read_is_gone_over(registry, here):
    for accuracy in (0.9, 0.91):
        made(here, ADA, accuracy=accuracy)
    path = next((registry.folder / "events").glob("*/0000000002"))
    path.chmod(0o600)
    path.write_bytes(b"broken")
    found, at = happened.read(here, 0, 2, 10, "", lambda _: True)
    assert ([one["n"] for one in found], at) == ([1], 2)
