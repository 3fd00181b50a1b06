"""What a front is made of, without a process: weights, windows, comparing, merging, sockets."""

import asyncio
import json
import os
import random
import socket

import numpy as np
import pytest

from snapbook.errors import Refused, Unreachable, Usage
from snapbook.serve import frontmeters, local, tally
from snapbook.serve.alike import alike
from snapbook.serve.shadow import Shadow
from snapbook.serve.tally import Tally
from snapbook.serve.traffic import Traffic
from snapbook.serve.upstream import Answer, Request

KEYS = [f"client-{number}".encode() for number in range(4000)]


def test_a_share_of_the_keys_and_always_the_same():
    quarter = Traffic("churn:1.0.0", "churn:1.1.0", 0.25, salt="one")
    first = [quarter.pick(key) for key in KEYS]
    assert 0.22 < first.count("churn:1.1.0") / len(KEYS) < 0.28
    assert [Traffic("churn:1.0.0", "churn:1.1.0", 0.25, salt="one").pick(key) for key in KEYS] == (
        first
    )
    half = Traffic("churn:1.0.0", "churn:1.1.0", 0.5, salt="one")
    assert all(
        half.pick(key) == "churn:1.1.0"
        for key, name in zip(KEYS, first, strict=True)
        if name == "churn:1.1.0"
    )
    other = Traffic("churn:1.0.0", "churn:1.1.0", 0.25, salt="two")
    assert [other.pick(key) for key in KEYS] != first
    assert Traffic("churn:1.0.0", "churn:1.1.0").pick(b"x") == "churn:1.0.0"
    assert Traffic("churn:1.0.0", "churn:1.1.0", 1.0).pick(b"x") == "churn:1.1.0"


@pytest.mark.parametrize(
    "given",
    [
        {"stable": ""},
        {"stable": "a", "canary": "a"},
        {"stable": "a", "shadow": "a"},
        {"stable": "a", "canary": "b", "shadow": "b"},
        {"stable": "a", "canary": "b", "share": 1.1},
        {"stable": "a", "canary": "b", "share": -0.1},
        {"stable": "a", "canary": "b", "share": float("nan")},
        {"stable": "a", "share": 0.1},
    ],
)
def test_traffic_that_cannot_be(given):
    with pytest.raises(Usage):
        Traffic(**given)


def test_windows_tell_what_came_within_them(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(tally.time, "monotonic", lambda: now)
    seen = Tally()
    assert seen.window(10).requests == 0
    assert seen.window(10).p50_ms is None
    assert seen.window(10).error_rate is None
    drawn = random.Random(0)
    taken = [drawn.expovariate(100) for _ in range(2000)]
    for seconds in taken:
        seen.add(200, seconds)
    seen.add(500, 0.001)
    seen.add(599, None)
    seen.add(400, 0.001)
    found = seen.window(10)
    assert (found.requests, found.errors, found.refused) == (2003, 2, 1)
    assert found.p50_ms == pytest.approx(np.percentile(taken, 50) * 1000, rel=0.03)
    assert found.p99_ms == pytest.approx(np.percentile(taken, 99) * 1000, rel=0.03)
    now = 1020.0
    assert seen.window(10).requests == 0
    assert seen.window(30).requests == 2003
    assert seen.window(600).requests == 2003
    now = 1000.0 + 2 * tally.LONGEST_S
    seen.add(200, 0.001)
    assert seen.window(10**9).requests == 1


def test_what_is_kept_for_windows_has_a_bound(monkeypatch):
    now = 0.0
    monkeypatch.setattr(tally.time, "monotonic", lambda: now)
    seen = Tally()
    for _ in range(20_000):
        now += 1.0
        seen.add(200, 0.001)
    assert seen.window(10**9).requests == pytest.approx(tally.LONGEST_S, rel=0.01)
    assert len(seen._fine._slots) <= 240
    assert len(seen._coarse._slots) <= 720


def answer(told, status=200, rest=b""):
    head = json.dumps(told).encode()
    headers = ((b"inference-header-content-length", str(len(head)).encode()),) if rest else ()
    return Answer(status, headers, head + rest, "x")


def predicted(*values, number="1.0.0", **more):
    return answer({"model": "churn", "number": number, "predictions": list(values), **more})


def tensor(values, number="1.0.0"):
    array = np.asarray(values)
    told = {"name": "predict", "shape": [len(array)], "datatype": "FP64"}
    told["parameters"] = {"binary_data_size": array.nbytes}
    return answer({"model_version": number, "outputs": [told]}, rest=array.tobytes())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (predicted("stays"), predicted("stays", number="1.1.0"), True),
        (predicted("stays"), predicted("goes"), False),
        (predicted(1.0), predicted(1.00001), True),
        (predicted(1.0), predicted(1.001), False),
        (predicted(1.0), predicted(1), True),
        (predicted(100_000), predicted(100_001), False),
        (predicted(None), predicted(0.0), False),
        (predicted(True), predicted(1), False),
        (predicted("1"), predicted(1.0), False),
        (predicted(1, probabilities=[{"a": 0.5}]), predicted(1, probabilities=[{"a": 0.5}]), True),
        (predicted(1, probabilities=[{"a": 0.5}]), predicted(1, probabilities=[{"b": 0.5}]), False),
        (predicted(1, 2), predicted(1), False),
        (tensor([1.0, 2.0]), tensor([1.0, 2.000001], "1.1.0"), True),
        (tensor([1.0, 2.0]), tensor([1.0, 3.0]), False),
        (predicted(1), answer({"error": "no"}, 500), False),
        (answer({"error": "a"}, 400), answer({"error": "b"}, 400), True),
        (Answer(200, (), b"no JSON", "x"), Answer(200, (), b"no JSON", "y"), True),
        (Answer(200, (), b"[1]", "x"), Answer(200, (), b"[2]", "y"), False),
    ],
)
def test_answers_that_are_alike(one, other, same):
    assert alike(one, other) is same
    assert alike(other, one) is same


def test_counts_of_several_versions_are_one_text():
    from prometheus_client.parser import text_string_to_metric_families

    one = (
        "# HELP snapbook_rows_total Rows\n# TYPE snapbook_rows_total counter\n"
        "snapbook_rows_total 5.0\n"
        '# HELP snapbook_x Some\n# TYPE snapbook_x gauge\nsnapbook_x{a="b"} 1.0\n'
    )
    text = frontmeters.merged([("churn:1.0.0", one), ('a"b\\c', one)])
    assert text.count("# TYPE snapbook_rows_total counter") == 1
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["snapbook_rows_total", ("version", "churn:1.0.0")] == 5
    assert found["snapbook_x", ("a", "b"), ("version", 'a"b\\c')] == 1
    assert len(found) == 4


def test_a_socket_is_for_its_owner_alone(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    with local.listen(folder / "s") as listening, socket.socket(socket.AF_UNIX) as asking:
        assert (folder / "s").stat().st_mode & 0o777 == 0o600
        asking.connect(str(folder / "s"))
        listening.accept()[0].close()
    with pytest.raises(Unreachable, match="s cannot be listened on"):
        local.listen(folder / "s")
    with pytest.raises(Usage, match="too long"):
        local.listen(folder / ("x" * 120))
    with pytest.raises(Unreachable, match="there is no folder nowhere"):
        local.listen(tmp_path / "nowhere" / "s")
    os.chmod(folder, 0o750)
    with pytest.raises(Refused, match="others may enter own"):
        local.listen(folder / "t")


def test_copies_are_asked_in_company_and_never_wait_long_for_it():
    answer = Answer(200, (), b"{}", "a")
    asked, most = [], 0

    async def ask(name, request):
        nonlocal most
        asked.append(request.id)
        most = max(most, len(asked) - shadow.counts.compared)
        await asyncio.sleep(0.01)
        return answer

    async def run():
        for number in range(3):
            shadow.offer("b", Request(b"POST", b"/predict", b"", b"%d" % number), answer)
        await asyncio.sleep(0.02)
        assert asked == []  # the fourth may be on its way
        shadow.offer("b", Request(b"POST", b"/predict", b"", b"3"), answer)
        await asyncio.sleep(0)
        assert len(asked) == 4
        for number in range(4, 9):
            shadow.offer("b", Request(b"POST", b"/predict", b"", b"%d" % number), answer)
        await asyncio.sleep(0)
        assert len(asked) == 4  # not beside those that are asked
        while shadow.counts.compared < 9:
            await asyncio.sleep(0.01)

    shadow = Shadow(ask, lambda: True)
    asyncio.run(asyncio.wait_for(run(), 20))
    assert asked == [b"%d" % number for number in range(9)]
    assert most == 4
