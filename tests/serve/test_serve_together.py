"""Requests that arrive together: the same answers as one by one, whatever the neighbours do."""

import asyncio
import contextlib
import json
import signal
import socket
import threading
import time

import httpx
import numpy as np
import pytest
from plates import ROW, Plate, numbers

from snapbook.errors import Damaged
from snapbook.serve.limits import Limits
from snapbook.serve.service import Service


class Told:
    """A model that tells what it was asked, and does as the rows say."""

    def __init__(self, **attributes):
        self.sizes = []
        self.wait = threading.Event()
        self.wait.set()
        self.__dict__.update(attributes)

    def predict(self, frame):
        self.sizes.append(len(frame))
        self.wait.wait(30)
        if (frame["a"] == 666).any():
            raise ValueError("it is not for me: secret")
        if (frame["a"] == 999).any():
            raise SystemExit(3)
        if (frame["a"] == 555).any():
            return np.zeros(1 + len(frame))
        return frame["a"].to_numpy() * 2


def plate(model, independent=True):
    signature = numbers().signature | {"rows_independent": independent, "outputs": {}}
    return Plate(model, signature)


def asked(url, values):
    """The replies to one request a value, all sent at once."""

    async def all_of_them():
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client:
            posts = [client.post("/predict", json=[ROW | {"a": value}]) for value in values]
            return await asyncio.gather(*posts)

    return asyncio.run(all_of_them())


def held(model, server, values, waiting=None):
    """The same, while the model is busy with another request until all of them wait.

    Where not all of them can, ``waiting`` is how many do, with the one that the model has.
    """
    model.wait.clear()
    found = []
    first = threading.Thread(target=lambda: asked(server.url, [0.0]))
    first.start()
    until(lambda: model.sizes)
    rest = threading.Thread(target=lambda: found.extend(asked(server.url, values)))
    rest.start()
    until(lambda: server.service.together.waiting == (waiting or 1 + len(values)))
    time.sleep(0.5 if waiting else 0)
    model.wait.set()
    rest.join(30)
    first.join(30)
    return found


def until(condition):
    latest = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < latest
        time.sleep(0.005)


def test_those_who_wait_go_together_and_each_gets_its_own(lasting):
    model = Told()
    server = lasting(plate(model))
    values = [float(n) for n in range(1, 33)]
    replies = held(model, server, values)
    assert [reply.json()["predictions"] for reply in replies] == [[2 * value] for value in values]
    assert model.sizes == [1, 32]


def test_the_real_model_answers_the_same(lasting):
    plate = numbers()
    frame = [[0.1 * n + k for k in range(4)] for n in range(64)]
    url = lasting(plate).url

    async def all_of_them():
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            bodies = [
                {"rows": [dict(zip("abcd", row, strict=True))], "probabilities": True}
                for row in frame
            ]
            alone = [(await client.post("/predict", json=body)).json() for body in bodies]
            posts = [client.post("/predict", json=body) for body in bodies]
            return alone, [reply.json() for reply in await asyncio.gather(*posts)]

    alone, together = asyncio.run(all_of_them())
    assert alone == together


def test_a_bad_request_harms_itself_alone(lasting):
    model = Told()
    server = lasting(plate(model))
    replies = held(model, server, [1.0, 666.0, 2.0, 999.0, 555.0, 3.0])
    assert [reply.status_code for reply in replies] == [200, 500, 200, 500, 500, 200]
    assert replies[5].json()["predictions"] == [6.0]
    assert replies[1].json() == {
        "error": "Not predicted: the model failed on it; what it said is in the log.",
        "kind": "model",
    }
    assert sorted(model.sizes) == [1] * 7 + [6]


def test_rows_that_depend_on_each_other_are_never_mixed(lasting):
    model = Told()
    server = lasting(plate(model, independent=False))
    replies = held(model, server, [1.0, 2.0, 3.0])
    assert [reply.json()["predictions"] for reply in replies] == [[2.0], [4.0], [6.0]]
    assert model.sizes == [1, 1, 1, 1]


class Centred:
    """Answers that depend on the company."""

    def predict(self, frame):
        return (frame["a"] - frame["a"].mean()).to_numpy()


def test_what_is_said_of_independence_is_looked_at():
    sample = {"rows": [ROW | {"a": float(n)} for n in range(4)]}
    mixing = Service(Plate(None, plate(None).signature, sample), Centred())
    assert not mixing.together._together
    assert Service(Plate(None, plate(None).signature, sample), Told()).together._together
    assert Service(numbers(), numbers().model).together._together == {"predict", "predict_proba"}


def test_a_model_that_fails_on_its_own_rows_is_not_served():
    sample = {"rows": [ROW | {"a": 666.0}]}
    with pytest.raises(Damaged, match=r"churn:1\.4\.0 fails on the bundle's own rows"):
        Service(Plate(None, plate(None).signature, sample), Told())


def test_more_than_can_wait_is_told_to_come_again(lasting):
    model = Told()
    server = lasting(plate(model), waiting=4)
    replies = held(model, server, [float(n) for n in range(10)], 4)
    told = [reply.status_code for reply in replies]
    assert sorted(told) == [200] * 3 + [503] * 7
    refused = replies[told.index(503)]
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["kind"] == "busy"
    assert asked(server.url, [1.0])[0].status_code == 200


def test_bodies_that_are_held_have_a_bound(lasting):
    model = Told()
    server = lasting(plate(model), held_bytes=120)
    told = sorted(reply.status_code for reply in held(model, server, [1.0, 2.0, 3.0], 3))
    assert told == [200, 200, 503]
    assert [reply.status_code for reply in asked(server.url, [1.0, 2.0])] == [200, 200]


def test_an_answer_that_takes_too_long(lasting):
    model = Told()
    server = lasting(plate(model), answer_s=0.3)
    model.wait.clear()
    (reply,) = asked(server.url, [1.0])
    assert reply.status_code == 504
    assert reply.json()["error"] == "Not predicted: it took longer than 0.3 s."
    assert httpx.get(f"{server.url}/v2/health/ready").status_code == 503
    assert httpx.get(f"{server.url}/v2/health/live").status_code == 200
    assert asked(server.url, [2.0])[0].status_code == 504
    model.wait.set()
    assert asked(server.url, [3.0])[0].json()["predictions"] == [6.0]
    assert httpx.get(f"{server.url}/v2/health/ready").status_code == 200
    assert model.sizes == [1, 1]  # who was not waited for any more was not predicted


def test_what_runs_is_finished_and_what_is_new_is_refused(lasting):
    model = Told()
    server = lasting(plate(model))
    model.wait.clear()
    found = []
    waiting = threading.Thread(target=lambda: found.extend(asked(server.url, [4.0])))
    with httpx.Client(base_url=server.url) as kept:
        assert kept.get("/v2/health/ready").status_code == 200
        waiting.start()
        until(lambda: model.sizes)
        server.server.handle_exit(signal.SIGTERM, None)
        server.server._captured_signals.clear()
        assert not server.service.ready
        time.sleep(0.3)
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{server.url}/predict", json=[ROW])
    model.wait.set()
    waiting.join(10)
    assert found[0].json()["predictions"] == [8.0]
    server._thread.join(10)
    assert not server._thread.is_alive()


def sent(server, body, *pieces):
    """A connection over which the beginning of a request was sent."""
    host, port = server.url.removeprefix("http://").split(":")
    kept = socket.create_connection((host, int(port)), 20)
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    kept.sendall(head.encode() + b"".join(pieces))
    return kept


def answer(kept):
    found = b""
    while piece := kept.recv(1 << 16):
        found += piece
    return found


def test_who_stands_still_in_a_request_delays_no_end_and_who_goes_on_is_answered(lasting):
    server = lasting(plate(Told()))
    whole = json.dumps([ROW]).encode() + b" " * 12_000
    pieces = [whole[at : at + 2_000] for at in range(0, len(whole), 2_000)]
    with sent(server, whole, pieces[0]) as still, sent(server, whole) as silent, (
        sent(server, whole, pieces[0])
    ) as slow:  # fmt: skip
        time.sleep(0.3)
        begun = time.monotonic()
        server.server.handle_exit(signal.SIGTERM, None)
        server.server._captured_signals.clear()
        for piece in pieces[1:]:
            time.sleep(0.3)
            slow.sendall(piece)
        assert answer(slow).startswith(b"HTTP/1.1 200 ")
        for kept in (still, silent):
            told = answer(kept)
            assert told.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 1\r\n" in told
            assert b"the server is about to stop" in told
        server._thread.join(10)
        assert time.monotonic() - begun < 5, "it was waited for as long as a request may take"
    assert not server._thread.is_alive()


def test_what_was_sent_before_the_end_is_answered_though_it_was_not_read(lasting):
    """The loop is busy when the requests arrive, and when the end does."""
    server = lasting(plate(Told()))
    whole = json.dumps([ROW]).encode()
    with httpx.Client(base_url=server.url) as client:
        assert client.post("/predict", content=whole).status_code == 200
    with sent(server, b"[]", b"[]") as kept:
        assert kept.recv(1 << 16).startswith(b"HTTP/1.1 400 ")  # and it stays open
        held = threading.Event()
        server.server.servers[0].get_loop().call_soon_threadsafe(
            lambda: (held.set(), time.sleep(0.5))
        )
        assert held.wait(10)
        head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: {len(whole)}\r\n\r\n"
        kept.sendall(head.encode() + whole)
        with sent(server, whole, whole) as new:
            server.server.handle_exit(signal.SIGTERM, None)
            server.server._captured_signals.clear()
            assert answer(kept).startswith(b"HTTP/1.1 200 ")
            assert answer(new).startswith(b"HTTP/1.1 200 ")
    server._thread.join(10)
    assert not server._thread.is_alive()


def test_it_goes_on_for_a_while_so_that_others_hear_of_it(lasting):
    server = lasting(plate(Told()), linger_s=1.0)
    server.server.handle_exit(signal.SIGTERM, None)
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/v2/health/ready").status_code == 503
        assert client.post("/predict", json=[ROW]).status_code == 200
    server._thread.join(10)
    assert not server._thread.is_alive()


@pytest.mark.slow
def test_memory_is_given_back(lasting):
    model = Told()
    server = lasting(plate(model))
    with httpx.Client(base_url=server.url) as client:
        for n in range(300):
            client.post("/predict", json=[ROW | {"a": float(n)}])
            client.post("/predict", content=b"[")
    assert server.service.purse._held == 0
    assert server.service.together.waiting == 0
    assert Limits().held_bytes > 0


def test_connections_have_a_bound(lasting):
    server = lasting(plate(Told()), connections=3)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=server.url)) for _ in range(4)]
        told = [client.get("/v2/health/live") for client in clients]
        assert [reply.status_code for reply in told] == [200, 200, 200, 503]
        assert told[3].headers["retry-after"] == "1"
        assert clients[0].post("/predict", json=[ROW]).status_code == 200
