"""A front under load: switches, kills, overload, hostile clients; nobody sees a failure."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from fronts import Asking, Fronting, crowd, made, predicted, row, wait

from snapbook.errors import Conflict, NotFound, Unreachable
from snapbook.serve.router import Router
from snapbook.serve.traffic import Traffic
from snapbook.serve.worker import Worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets with a path"),
]
ONE, TWO = "own:0.1.0", "own:0.2.0"
TOKEN = "a-token-of-24-characters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """Two versions of a model that does as its rows say."""
    with pytest.MonkeyPatch.context() as patch:
        yield made(tmp_path_factory.mktemp("fronts"), patch)


@pytest.fixture(scope="module")
def front(bundles):
    """A front over both, with the first as stable."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNAPBOOK_CONFIG", str(next(iter(bundles.values())).parent / "config"))
        found = Fronting(bundles, Traffic(ONE))
    yield found
    found.stop()


@pytest.fixture
def stable(front):
    """The same, as it was at first."""
    wait(lambda: front.router.ready(ONE) and front.router.ready(TWO))
    front.do(front.router.switch(Traffic(ONE)))
    return front


@pytest.fixture
def client(stable):
    """One connection to it."""
    with Asking(stable.port) as found:
        yield found


def test_twenty_switches_under_load(stable):
    switches = []
    with crowd(stable.port) as asking:
        for number in range(20):
            name = (TWO, ONE)[number % 2]
            begun = time.monotonic()
            taken = stable.do(stable.router.switch(Traffic(name)))
            switches.append((begun, time.monotonic(), name))
            assert taken < 1
            time.sleep(0.05)
    assert asking.failures == []
    assert {told for _, _, version, told in asking.found if version == ONE} == {2.0}
    assert {told for _, _, version, told in asking.found if version == TWO} == {3.0}
    ends = [begun for begun, _, _ in switches[1:]] + [time.monotonic()]
    for (_, acknowledged, name), next_begun in zip(switches, ends, strict=True):
        between = [
            version
            for sent, answered, version, _ in asking.found
            if sent > acknowledged and answered < next_begun
        ]
        assert set(between) <= {name}
    assert len(asking.found) > 100


def test_what_is_under_way_at_a_switch_is_answered_by_the_new_version(stable):
    found = []
    clients = [
        threading.Thread(target=lambda: found.append(predicted(stable.port, row(sleep=0.3))))
        for _ in range(4)
    ]
    for client in clients:
        client.start()
    wait(lambda: stable.router.pending == 4)
    time.sleep(0.05)
    stable.do(stable.router.switch(Traffic(TWO)))
    assert found == []
    for client in clients:
        client.join(30)
    assert found == [(200, TWO, 3.0)] * 4


def test_a_canary_that_is_killed_is_not_seen(stable):
    stable.do(stable.router.switch(Traffic(ONE, TWO, 0.5)))
    worker = stable.router.workers[TWO]
    deaths = worker.deaths
    with crowd(stable.port) as asking:
        wait(lambda: {version for _, _, version, _ in asking.found} == {ONE, TWO})
        os.kill(worker.pid, signal.SIGKILL)
        wait(lambda: worker.deaths > deaths)
        before = len(asking.found)
        wait(lambda: len(asking.found) > before + 50)
        wait(lambda: worker.ready)
        before = len(asking.found)
        wait(lambda: TWO in {version for _, _, version, _ in asking.found[before:]})
    assert asking.failures == []
    assert stable.router.window(TWO, 60).errors > 0  # for whoever decides about the rollout


RAISES, SHORT, BOTH = 500.0, 600.0, 700.0  # what the second version fails on, and what both do
AGES_S = 600.0  # a window out of which nothing falls between two looks


@pytest.mark.parametrize("a", [RAISES, SHORT])
def test_what_a_candidate_alone_fails_on_is_answered_by_stable(stable, client, a):
    stable.do(stable.router.switch(Traffic(ONE, TWO, 1.0)))
    one, two = (stable.router.window(name, AGES_S) for name in (ONE, TWO))
    again = stable.router.again["failed"]
    assert client.predict(row(a=a)) == (200, ONE, 2 * a)
    assert stable.router.window(TWO, AGES_S).requests == two.requests + 1
    assert stable.router.window(TWO, AGES_S).errors == two.errors + 1
    assert stable.router.window(ONE, AGES_S) == one, "it was not its turn"
    assert stable.router.again["failed"] == again + 1
    assert 'snapbook_front_again_total{why="failed"}' in httpx.get(f"{stable.url}/metrics").text
    # Whoever asks for that very version is not told of another.
    named = {"inputs": [{"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
                        for name, value in row(a=a).items()]}  # fmt: skip
    told = httpx.post(f"{stable.url}/v2/models/own/versions/0.2.0/infer", json=named)
    assert (told.status_code, told.headers["snapbook-version"]) == (500, TWO)
    stable.do(stable.router.switch(Traffic(TWO)))
    assert client.predict(row(a=a))[:2] == (500, TWO), "stable itself has nobody behind it"


def test_what_both_versions_fail_on_is_neither_hidden_nor_counted_twice(stable, client):
    stable.do(stable.router.switch(Traffic(ONE, TWO, 1.0)))
    one, two = (stable.router.window(name, AGES_S) for name in (ONE, TWO))
    assert client.predict(row(a=BOTH))[:2] == (500, ONE)
    assert stable.router.window(TWO, AGES_S).errors == two.errors + 1
    assert stable.router.window(ONE, AGES_S) == one
    again = stable.router.again["failed"]
    status, version, told = client.predict({"a": 1.0, "sleep": 0.0})
    assert (status, version, told["column"]) == (400, TWO, "kill")
    assert stable.router.again["failed"] == again, "what no version takes is asked of one"
    assert stable.router.window(TWO, AGES_S).refused == two.refused + 1


def labels(stable):
    """How many outcomes each version was told of, as long as the tests of this file last."""
    told = [stable.do(stable.router.ask(name, "GET", "/window?seconds=600&least=1"))
            for name in (ONE, TWO)]  # fmt: skip
    return [json.loads(one.body)["labels"] for one in told]


def test_what_stable_answers_for_another_is_nobodys_outcome(stable, client):
    before = labels(stable)
    stable.do(stable.router.switch(Traffic(ONE, TWO, 1.0)))
    assert client.predict(row(a=RAISES), **{"X-Request-Id": "in-its-place"})[:2] == (200, ONE)
    assert client.predict(row(a=4.0), **{"X-Request-Id": "its-own-turn"})[:2] == (200, TWO)
    stable.do(stable.router.switch(Traffic(ONE)))
    forged = {"X-Request-Id": "says-it-is-none", "Snapbook-Instead": "1"}
    assert client.predict(row(a=4.0), **forged)[:2] == (200, ONE)
    told = [{"id": "in-its-place", "outcome": 1000.0}]
    url = f"{stable.url}/feedback"
    assert httpx.post(url, json=told).json() == {"taken": 1, "unknown": 0}
    assert labels(stable) == before
    told = [{"id": id, "outcome": 8.0} for id in ("its-own-turn", "says-it-is-none")]
    assert httpx.post(url, json=told).json() == {"taken": 2, "unknown": 0}
    assert labels(stable) == [count + 1 for count in before]


def test_a_candidate_that_fails_on_all_lets_nobody_wait_longer_or_queue_up(bundles):
    front = Fronting(bundles, Traffic(ONE, TWO, 1.0), waiting=4, answer_s=1.5)
    try:
        found = []

        def ask(sleep):
            begun = time.monotonic()
            found.append((*predicted(front.port, row(RAISES, sleep)), time.monotonic() - begun))

        clients = [threading.Thread(target=ask, args=(0.1,)) for _ in range(4)]
        for client in clients:
            client.start()
        wait(lambda: front.router.pending == 4)
        refused = httpx.post(f"{front.url}/predict", json=[row()])
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        for client in clients:
            client.join(30)
        assert [one[:3] for one in found] == [(200, ONE, 1000.0)] * 4
        found.clear()
        ask(0.9)  # of each: together that is more than one answer may take
        assert (found[0][0], found[0][2]["kind"]) == (504, "late")
        assert found[0][3] < 1.8
    finally:
        front.stop()


def test_a_version_that_was_named_is_waited_for(stable):
    stable.do(stable.router.switch(Traffic(ONE, TWO, 0.0)))
    worker = stable.router.workers[TWO]
    os.kill(worker.pid, signal.SIGKILL)
    wait(lambda: not worker.ready)
    told = httpx.get(f"{stable.url}/v2/models/own/versions/0.2.0", timeout=60)
    assert (told.status_code, told.headers["snapbook-version"]) == (200, TWO)


def test_a_stable_that_is_killed_is_waited_for(stable):
    worker = stable.router.workers[ONE]
    with crowd(stable.port, 4) as asking:
        os.kill(worker.pid, signal.SIGKILL)
        before = len(asking.found)
        wait(lambda: len(asking.found) > before + 50)
    assert asking.failures == []


def test_a_worker_that_is_told_to_end_is_not_seen_either(stable):
    worker = stable.router.workers[ONE]
    with crowd(stable.port, 4) as asking:
        os.kill(worker.pid, signal.SIGTERM)
        deaths = worker.deaths
        wait(lambda: worker.deaths > deaths)
        before = len(asking.found)
        wait(lambda: len(asking.found) > before + 50)
    assert asking.failures == []


def test_a_request_that_ends_processes_harms_itself_alone(stable):
    stable.do(stable.router.switch(Traffic(ONE, TWO, 1.0)))
    beside = []
    neighbour = threading.Thread(target=lambda: beside.append(predicted(stable.port, row(a=5.0))))
    status, version, told = 0, "", {}

    def harm():
        nonlocal status, version, told
        status, version, told = predicted(stable.port, row(kill=1.0))

    harming = threading.Thread(target=harm)
    harming.start()
    neighbour.start()
    harming.join(60)
    neighbour.join(60)
    assert (status, version) == (500, "")
    assert told["error"] == "Not predicted: the model's process ended on it, twice."
    assert beside[0][0] == 200
    assert beside[0][2] in (10.0, 15.0)
    assert stable.router.window(TWO, 60).errors >= 1


def test_a_shadow_is_asked_compared_and_never_heard(stable, client):
    stable.do(stable.router.switch(Traffic(ONE, shadow=TWO)))
    before = stable.router.shadowed()
    for a in (0.0, 0.0, 1.0, 2.0):
        assert client.predict(row(a=a))[:2] == (200, ONE)
    wait(lambda: stable.router.shadowed().compared - before.compared == 4)
    assert stable.router.shadowed().differ - before.differ == 2
    worker = stable.router.workers[TWO]
    deaths = worker.deaths
    os.kill(worker.pid, signal.SIGKILL)
    for _ in range(5):
        assert client.predict(row())[:2] == (200, ONE)
    wait(lambda: worker.deaths > deaths)
    wait(lambda: worker.ready)


def test_copies_are_dropped_before_anybody_waits_for_them(stable, client):
    dropped = stable.router.shadowed().dropped
    stable.do(stable.router.switch(Traffic(ONE, shadow=TWO)))
    with crowd(stable.port) as asking:
        wait(lambda: stable.router.shadowed().dropped > dropped)
    assert {version for _, _, version, _ in asking.found} == {ONE}
    assert asking.failures == []
    assert client.predict(row())[:2] == (200, ONE)


def test_a_path_that_names_a_number_is_answered_by_it(stable):
    stable.do(stable.router.switch(Traffic(ONE, TWO, 0.0)))
    inputs = [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
        for name, value in row().items()
    ]
    for number, outcome in (("0.1.0", 2.0), ("0.2.0", 3.0)):
        url = f"{stable.url}/v2/models/own/versions/{number}"
        told = httpx.post(f"{url}/infer", json={"inputs": inputs})
        assert told.json()["outputs"][0]["data"] == [outcome]
        assert told.headers["snapbook-version"] == f"own:{number}"
        assert httpx.get(url).json()["versions"] == [number]
    assert httpx.get(f"{stable.url}/v2/models/own/versions/9.9.9").status_code == 404
    stable.do(stable.router.switch(Traffic(ONE)))
    assert httpx.get(f"{stable.url}/v2/models/own/versions/0.2.0").status_code == 404


def test_tensors_as_bytes_pass_both_ways(stable):
    rest = b"".join(np.array([value], "<f8").tobytes() for value in row(a=4.0).values())
    inputs = [
        {"name": name, "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": 8}}
        for name in row()
    ]
    wanted = [{"name": "predict", "parameters": {"binary_data": True}}]
    head = json.dumps({"inputs": inputs, "outputs": wanted}).encode()
    sent = {"inference-header-content-length": str(len(head))}
    reply = httpx.post(f"{stable.url}/v2/models/own/infer", content=head + rest, headers=sent)
    assert reply.status_code == 200
    length = int(reply.headers["inference-header-content-length"])
    assert json.loads(reply.content[:length])["model_version"] == "0.1.0"
    assert np.frombuffer(reply.content[length:], "<f8").tolist() == [8.0]


def test_clients_keep_their_version_by_their_key(stable, client):
    stable.do(stable.router.switch(Traffic(ONE, TWO, 0.5, sticky=True, salt="x")))
    keys = [f"client-{number}" for number in range(20)]
    first = [client.predict(row(), **{"Snapbook-Key": key})[1] for key in keys]
    assert set(first) == {ONE, TWO}
    assert [client.predict(row(), **{"Snapbook-Key": key})[1] for key in keys] == first


def test_what_is_told_by_the_front(stable, client):
    stable.do(stable.router.switch(Traffic(ONE, TWO, 0.5)))
    for _ in range(20):
        client.predict(row())
    text = httpx.get(f"{stable.url}/metrics").text
    for name in (ONE, TWO):
        assert f'snapbook_requests_total{{version="{name}",route="predict",status="200"}}' in text
        assert (
            f'snapbook_front_requests_total{{route="predict",status="200",version="{name}"}}'
            in (text)
        )
        assert f'snapbook_served{{version="{name}",' in text
    assert f'snapbook_traffic_share{{role="canary",version="{TWO}"}} 0.5' in text
    assert httpx.get(f"{stable.url}/v2/health/ready").json() == {"ready": True}
    assert httpx.get(f"{stable.url}/v2/health/live").json() == {"live": True}
    assert httpx.get(f"{stable.url}/openapi.json").json()["info"]["version"] == "0.1.0"
    assert httpx.head(f"{stable.url}/openapi.json").status_code == 200
    assert "<html" in httpx.get(f"{stable.url}/").text
    assert httpx.get(f"{stable.url}/nowhere").status_code == 404
    assert httpx.get(f"{stable.url}/predict").status_code == 405
    reply = httpx.post(f"{stable.url}/predict", json=[row()], headers={"x-request-id": "mine-1234"})
    assert reply.headers["x-request-id"] == "mine-1234"
    window = stable.router.window(ONE, 60)
    assert window.requests > 0
    assert window.p50_ms <= window.p99_ms


def test_what_came_of_predictions_is_told_to_whoever_made_them(stable, client):
    before = labels(stable)
    for name, id in ((ONE, "asked-of-one"), (TWO, "asked-of-two")):
        stable.do(stable.router.switch(Traffic(name)))
        assert client.predict(row(), **{"X-Request-Id": id})[:2] == (200, name)
    known = [{"id": id, "outcome": 2.0} for id in ("asked-of-one", "asked-of-two")]
    url = f"{stable.url}/feedback"
    assert httpx.post(url, json=known).json() == {"taken": 2, "unknown": 0}
    reply = httpx.post(url, json=known[0] | {"id": "asked-of-nobody"})
    assert (reply.status_code, reply.json()["kind"]) == (404, "unknown-request")
    for one in known:
        reply = httpx.post(url, json=one | {"row": 1})
        assert (reply.status_code, "the request had 1 row" in reply.text) == (400, True)
    assert httpx.post(url, json={"id": 3}).status_code == 400
    assert labels(stable) == [count + 1 for count in before]


def test_a_way_back_is_rehearsed(stable):
    stable.do(stable.router.switch(Traffic(TWO)))
    with crowd(stable.port, 2) as asking:
        found = stable.do(stable.router.drill(ONE, 0.4))
    assert {version for _, _, version, _ in asking.found} == {TWO}
    assert asking.failures == []
    assert found.good, found
    assert (found.now, found.to) == (TWO, ONE)
    assert found.copies > 0
    assert found.answered > 0
    assert 0 < found.switch_s < 1
    assert found.p50_ms > 0
    with pytest.raises(Conflict):
        stable.do(stable.router.drill(TWO))
    with pytest.raises(NotFound):
        stable.do(stable.router.drill("own:9.9.9"))


def raw(port, data, patience_s=20):
    """What comes back for bytes that are no request."""
    with socket.create_connection(("127.0.0.1", port), patience_s) as kept:
        kept.sendall(data)
        found = b""
        while piece := kept.recv(1 << 16):
            found += piece
            if b"\r\n\r\n" in found:
                break
    return found


@pytest.fixture(scope="module")
def narrow(bundles):
    """A front that asks for a token, and takes on little."""
    small = {"body_s": 0.5, "body_bytes": 200_000, "waiting": 4}
    found = Fronting({ONE: bundles[ONE]}, Traffic(ONE), (TOKEN,), **small)
    yield found
    found.stop()
    assert found.router.workers == {}


def test_hostile_requests_are_refused_and_hurt_nobody(narrow):
    front, bearer = narrow, BEARER
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n".encode()
    assert raw(front.port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc").startswith(b"HTTP/1.1 400")
    assert raw(front.port, b"GET / HTTP/1.1\r\nx: " + b"a" * 90_000).startswith(b"HTTP/1.1 400")
    huge = head + b"content-length: 999999999999\r\n\r\n"
    assert raw(front.port, huge).startswith(b"HTTP/1.1 413")
    both = head + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    assert raw(front.port, both).startswith(b"HTTP/1.1 400")
    slow = head + b"content-length: 50\r\n\r\n[{"
    assert raw(front.port, slow).startswith(b"HTTP/1.1 408")
    packed = head + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n[]"
    assert raw(front.port, packed).startswith(b"HTTP/1.1 415")
    grown = (
        head + b"transfer-encoding: chunked\r\n\r\n" + (b"ffff\r\n" + b"a" * 65535 + b"\r\n") * 4
    )
    assert raw(front.port, grown).startswith(b"HTTP/1.1 413")
    status, _, told = predicted(front.port, row())
    assert (status, told["kind"]) == (401, "unauthenticated")
    assert httpx.get(f"{front.url}/metrics").status_code == 401
    assert httpx.get(f"{front.url}/nowhere").status_code == 401
    assert httpx.get(f"{front.url}/").status_code == 200
    assert "security" in httpx.get(f"{front.url}/openapi.json", headers=bearer).json()
    status, version, told = predicted(front.port, {"a": 1.0, "sleep": 0.0}, **bearer)
    assert (status, version, told["column"]) == (400, ONE, "kill")
    assert predicted(front.port, row(), **bearer) == (200, ONE, 2.0)


def test_overload_is_refused_at_once(narrow):
    front = narrow
    found = []
    clients = [
        threading.Thread(
            target=lambda sleep=sleep: found.append(
                predicted(front.port, row(sleep=sleep), **BEARER)
            )
        )
        for sleep in (1.0, 0.0, 0.0, 0.0)
    ]
    clients[0].start()
    wait(lambda: front.router.pending == 1)
    time.sleep(0.05)  # it is being predicted now, and all others wait for it
    for client in clients[1:]:
        client.start()
    with httpx.Client(base_url=front.url, headers=BEARER) as beyond:
        wait(lambda: front.router.pending == 4)
        for _ in range(5):
            refused = beyond.post("/predict", json=[row()])
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert found == []  # it was refused before anybody was answered
    for client in clients:
        client.join(30)
    assert found == [(200, ONE, 2.0)] * 4


def test_a_worker_that_does_not_start_says_why(bundles, tmp_path):
    from snapbook.serve import public

    async def begun():
        router = Router()
        try:
            await router.add(Worker(ONE, bundles[ONE]))
        finally:
            await router.close()

    with pytest.raises(Unreachable, match=r"own:0\.1\.0: Not loaded: own:0\.1\.0 is a pickle by"):
        public.loop(begun())
    with pytest.raises(Unreachable, match="Not started"):
        Fronting({ONE: tmp_path / "nowhere"}, Traffic(ONE))


def test_a_worker_whose_python_is_gone_says_so(bundles, tmp_path):
    from snapbook.serve import public

    async def begun():
        router = Router()
        try:
            await router.add(Worker(ONE, bundles[ONE], python=[str(tmp_path / "python")]))
        finally:
            await router.close()

    why = r"own:0\.1\.0: its process cannot be begun \(No such file or directory\)"
    with pytest.raises(Unreachable, match=why):
        public.loop(begun())


def test_switches_and_ends_that_are_refused(stable):
    with pytest.raises(NotFound, match=r"there is no worker own:9\.9\.9"):
        stable.do(stable.router.switch(Traffic("own:9.9.9")))
    with pytest.raises(Conflict, match=r"requests go to own:0\.1\.0"):
        stable.do(stable.router.remove(ONE))
    with pytest.raises(Conflict, match="already"):
        stable.do(stable.router.add(Worker(ONE, Path("x"))))
    assert stable.router.traffic == Traffic(ONE)


LEAVES = """
import asyncio, sys
from pathlib import Path
from snapbook.serve import public
from snapbook.serve.router import Router
from snapbook.serve.worker import Worker

async def main():
    router = Router()
    worker = Worker("own:0.1.0", Path(sys.argv[1]), trust=True)
    await router.add(worker)
    print(worker.pid, worker.upstream.path, flush=True)
    await asyncio.sleep(60)

public.loop(main())
"""


def test_a_worker_ends_when_its_front_is_killed(bundles):
    command = [sys.executable, "-c", LEAVES, str(bundles[ONE])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as front:
        pid, path = front.stdout.readline().split()
        front.kill()
    wait(lambda: not alive(int(pid)))
    assert not Path(path).parent.exists()


def alive(pid):
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_worker_that_hangs_is_replaced_and_what_had_begun_is_answered_at_the_end(bundles):
    front = Fronting({ONE: bundles[ONE]}, Traffic(ONE), answer_s=1.0)
    try:
        status, _, told = predicted(front.port, row(sleep=3600.0))
        assert (status, told["kind"]) == (504, "late")
        worker = front.router.workers[ONE]
        wait(lambda: worker.deaths == 1)
        wait(lambda: worker.ready)
        assert predicted(front.port, row()) == (200, ONE, 2.0)
        found = []
        begun = threading.Thread(target=lambda: found.append(predicted(front.port, row(sleep=0.3))))
        begun.start()
        wait(lambda: front.router.pending == 1)
    finally:
        front.stop()
    begun.join(30)
    assert found == [(200, ONE, 2.0)]  # what had begun was answered


def test_memory_of_a_front_does_not_follow_the_requests(stable, client):
    for _ in range(50):
        client.predict(row())
    assert stable.router.pending == 0
    assert sum(map(len, stable.router._lane._flying.values())) == 0
    assert json.loads(httpx.get(f"{stable.url}/v2").text)["name"] == "snapbook"
