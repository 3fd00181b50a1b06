"""A trial in its own process: what it loads, what it is given, and how it ends."""

import importlib
import sys
import time

import pandas as pd
import pytest
from trial.fitted import logistic, people

from snapbook.gates import known
from snapbook.parts import frame, model
from snapbook.store.memory import MemoryStore
from snapbook.trial import own, running
from snapbook.trial.job import Folder, Job, Question

pytestmark = pytest.mark.slow  # it waits for what runs beside it

ROWS, TARGET, GROUP = people(200)
FITTED = logistic(ROWS, TARGET)


# A module of the project: its classes are pickled by name, and found again in its folder.
ODD = """
import os, sys, time

class Sleeper:
    def predict(self, rows):
        time.sleep(60)

class Hungry:
    def predict(self, rows):
        return len(bytearray(3 << 30))

class Dying:
    def predict(self, rows):
        os.abort()

class Leaving:
    def predict(self, rows):
        print("no more of this")
        sys.exit(3)

class Nosy:
    "Says what it sees of the one who started it."

    def predict(self, rows):
        raise ValueError(os.environ.get("SNAPBOOK_TOKEN", "no token"), sys.stdin.read())
"""


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """The module `oddities` of the project."""
    (tmp_path / "oddities.py").write_text(ODD)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("oddities")
    del sys.modules["oddities"]


@pytest.fixture
def bench(tmp_path):
    """Lays a model and rows down; gives the verdicts of ``questions``."""

    def tried(fitted, *questions, seconds=60, most_bytes=4 << 30, functions=()):
        path = tmp_path / f"trial-{len(list(tmp_path.iterdir()))}"
        path.mkdir()
        folder = Folder(path)
        writer = MemoryStore().writer()
        part, _ = model.capture(fitted, "model", writer)
        told = folder.add_part(part, writer.get)
        frames = {}
        for name, rows in (("X_test", ROWS), ("y_test", TARGET), ("group", GROUP)):
            captured = frame.capture(rows, name, writer, role="test").part
            frames[name] = folder.add_part(captured, writer.get)
        asked = []
        for gate, settings in questions:
            import cloudpickle

            mine = dict(functions).get(gate)
            asked.append(
                Question(
                    gate, settings, frames["X_test"], frames["y_test"], "", (),
                    {**{name: frames[name] for name in ("group", "y_test")}, "X": frames["group"]},
                    {"count": len(ROWS), "rows": "X_test"}, known.compares(gate, settings),
                    folder.add(cloudpickle.dumps(mine)) if mine else "",
                )
            )  # fmt: skip
        job = Job(told, told, "1.4.0", asked, most_bytes)
        return running.tried(path, job, tmp_path, seconds)

    return tried


def test_every_gate_in_one_process(bench):
    found = bench(
        FITTED,
        ("score", {}),
        ("robustness", {}),
        ("latency", {"repeat": 5, "times": 1000}),
        ("bias", {"column": "group", "ratio": {"selection_rate": 0.01}}),
    )
    assert {name: one.passed for name, one in found.items()} == dict.fromkeys(
        ("score", "robustness", "latency", "bias"), True
    )
    assert found["score"].reason == "accuracy 1 vs 1 on 200 rows"
    assert "1.4.0" in found["latency"].reason


def test_a_gate_that_hangs_costs_no_other_its_word(bench, odd):
    begun = time.monotonic()
    found = bench(odd.Sleeper(), ("bias", {"column": "nose"}), ("latency", {}), ("score", {}),
                  seconds=8)  # fmt: skip
    assert time.monotonic() - begun < 40
    assert "no frame at hand has a column nose" in found["bias"].reason
    assert found["latency"].reason == found["score"].reason == "it did not answer within 8 s"
    assert not found["latency"].passed


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
def test_a_model_that_wants_too_much(bench, odd):
    found = bench(odd.Hungry(), ("robustness", {}), most_bytes=1 << 30)
    assert found["robustness"].reason == (
        "it needs more than the 1.0 GB of memory that it may take"
    )


@pytest.mark.parametrize(
    ("fitted", "said"),
    [("Dying", "its process was ended by SIGABRT"), ("Leaving", "no more of this")],
)
def test_a_model_that_takes_its_process_down(bench, odd, fitted, said):
    found = bench(getattr(odd, fitted)(), ("robustness", {}))
    assert said in found["robustness"].reason
    assert not found["robustness"].passed


def test_it_is_given_nothing_that_it_needs_not(bench, odd, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_TOKEN", "very secret")
    found = bench(odd.Nosy(), ("robustness", {}))
    assert found["robustness"].reason == ("the gate itself failed (ValueError: ('no token', ''))")


def test_functions_of_a_notebook(bench):
    limit = 0.2

    def brier(model, X, y, settings):
        value = float(((model.predict_proba(X)[:, 1] - y) ** 2).mean())
        return value < settings["most"], f"Brier {value:.2f}", {"brier": value}

    def plain(model, X):
        return (model.predict(X) >= 0).all()

    def grouped(model, group, y_test):
        return bool(isinstance(group, pd.Series) and len(y_test) and limit)

    def asks(model, weather):
        return True

    def odd(model):
        return 0.7

    def raising(model, X, y):
        raise RuntimeError("no\ndata")

    mine = {"brier": brier, "plain": plain, "grouped": grouped, "asks": asks, "odd": odd,
            "raising": raising}  # fmt: skip
    settings = {"own": True, "most": 0.25}
    found = bench(FITTED, *((name, settings) for name in mine), functions=mine)
    assert found["brier"].passed
    assert found["brier"].reason.startswith("Brier 0.0")
    assert found["brier"].facts["brier"] < 0.25
    assert found["brier"].facts["count"] == 200
    assert (found["plain"].passed, found["plain"].reason) == (True, "passed")
    assert found["grouped"].passed
    assert "nothing here is called weather" in found["asks"].reason
    assert "it gave a float, not True or False" in found["odd"].reason
    assert found["raising"].reason == "the gate itself failed (RuntimeError: no data)"
    assert "def brier(model, X, y, settings):" in own.source(brier)
    assert own.source(len) == ""
