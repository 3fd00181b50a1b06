import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from snapbook.flavors import modeldigest, pickler

pytestmark = pytest.mark.slow

FITS = Path(__file__).with_name("fits.py")
KINDS = [
    "forest",
    "boosting",
    "histogram boosting",
    "text",
    "counts",
    "search",
    "random search",
    "svm",
    "neighbours",
    "ball tree",
    "mlp",
    "xgboost",
    "xgboost booster",
    "lightgbm",
    "lightgbm booster",
    "torch",
    "torch sequential",
    "torch state",
    "ols",
    "logit formula",
    "function",
    "class",
    "own",
]


def of(model, most=10**8, seconds=2.0):
    return modeldigest.model_digest(model, {}, most, seconds)


@pytest.fixture(scope="module")
def two_processes():
    """Digests of the same fits in two processes with different hash seeds."""
    running = [
        subprocess.Popen(
            [sys.executable, str(FITS)],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": os.pathsep.join(sys.path),
                "OMP_NUM_THREADS": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for seed in ("1", "2")
    ]
    answers = []
    for process in running:
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err.decode()
        answers.append(json.loads(out))
    return answers


@pytest.mark.parametrize("kind", KINDS)
def test_same_fit_in_two_processes(two_processes, kind):
    one, two = two_processes
    if kind.startswith("torch"):
        pytest.importorskip("torch")
    assert one[kind][0] == two[kind][0]
    assert one[kind][1] is True


def test_every_fit_is_named(two_processes):
    expected = [kind for kind in KINDS if not kind.startswith("torch") or find_spec("torch")]
    assert sorted(two_processes[0]) == sorted(expected)


class Thing:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


PADDED = np.dtype({"names": ["a", "b"], "formats": ["u1", "f8"]}, align=True)


def padded(garbage, count):
    array = np.full(count * PADDED.itemsize, garbage, dtype="u1").view(PADDED)
    array["a"], array["b"] = 1, 2.5
    return array


long_text = "a text that is not interned"
shared = [long_text, [1.5]]
EQUAL = {
    "attribute order": (Thing(a=1, b=[2]), Thing(b=[2], a=1)),
    "sharing": (
        Thing(a=shared, b=shared),
        Thing(a=[long_text, [1.5]], b=["".join(long_text), [1.5]]),
    ),
    "set order": ({"a", "b", "c", 1, 2}, {2, 1, "c", "b", "a"}),
    "padding": (padded(0, 10), padded(255, 10)),
    "padding of a large array": (padded(0, 1000), padded(255, 1000)),
    "strides": (np.arange(10)[::2], np.arange(10)[::2].copy()),
    "under the mask": (
        np.ma.MaskedArray([1, 2, 3], [False, True, False]),
        np.ma.MaskedArray([1, 9, 3], [False, True, False]),
    ),
    "clocks of a search": (
        Thing(cv_results_={"mean_fit_time": np.array([1.0]), "params": [1]}, refit_time_=1.0),
        Thing(cv_results_={"mean_fit_time": np.array([2.0]), "params": [1]}, refit_time_=2.0),
    ),
}
DIFFERENT = {
    "int and float": (1, 1.0),
    "int and bool": (1, True),
    "text and bytes": ("a", b"a"),
    "list and tuple": ([1, "a", []], (1, "a", [])),
    "nesting": ([[1], 2], [[1, 2]]),
    "text cut elsewhere": (["ab", "c"], ["a", "bc"]),
    "dict order": ({"a": [], "b": []}, {"b": [], "a": []}),
    "flat dict order": (dict.fromkeys("abcdef"), dict.fromkeys("abcdfe")),
    "dtype": (np.zeros(3, "i4"), np.zeros(3, "f4")),
    "shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "minus zero": (np.array([0.0]), np.array([-0.0])),
    "class": (Thing(a=1), type("Thing", (), {})()),
    "one value of a large array": (np.zeros(9999), np.r_[np.zeros(9998), 1.0]),
    "a bound method's owner": (Thing(a=1).__init__, Thing(a=2).__init__),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal(name):
    one, two = EQUAL[name]
    assert of(one) == of(two) is not None


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name):
    one, two = DIFFERENT[name]
    assert of(one) != of(two)


def test_functions_by_what_they_do():
    def make(source, **names):
        space = {"__name__": "__main__", **names}
        exec(source, space)
        return space["f"]

    base = make("def f(x): return x + 1")
    assert of(base) == of(make("# moved\n\ndef f(x):\n    # commented\n    return x + 1"))
    assert of(base) != of(make("def f(x): return x + 2"))
    assert of(base) != of(make("def f(x, y=1): return x + 1"))
    reading = "def f(x): return x + offset"
    assert of(make(reading, offset=1)) != of(make(reading, offset=2))
    assert of(make(reading, offset=1, other=1)) == of(make(reading, offset=1, other=2))


def test_cycles_have_a_digest():
    def ring(size, last):
        first = node = {"value": 0}
        for number in range(1, size):
            node["next"] = {"value": number}
            node = node["next"]
        node["value"] = last
        node["next"] = first
        return first

    assert of(ring(3, "x")) == of(ring(3, "x")) is not None
    assert of(ring(3, "x")) != of(ring(3, "y"))
    assert of(ring(3, "x")) != of(ring(4, "x"))


def test_sharing_costs_nothing():
    doubled = ["end", []]
    for _ in range(200):  # 2**200 paths
        doubled = [doubled, doubled]
    assert of(doubled) is not None


def test_past_the_budget_is_none():
    big = Thing(values=[Thing(a=number) for number in range(5000)])
    assert of(big) is not None
    assert of(big, most=1000) is None
    assert of(big, seconds=0.0) is None


def test_what_cannot_be_walked_is_none():
    class Never:
        def __reduce_ex__(self, protocol):
            raise RuntimeError("no")

    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert of(Thing(a=Never())) is None
    assert of(deep) is None


def test_interrupt_is_the_users():
    class Interrupting:
        def __reduce_ex__(self, protocol):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        of(Interrupting())


def test_digests_of_stored_buffers_are_taken_over():
    large = padded(7, 5000)
    pickled = pickler.dump(Thing(a=large, b=np.arange(9999.0)))
    known = dict.fromkeys(pickled.addresses, "00" * 32)
    assert len(known) == 2
    faked = modeldigest.model_digest(Thing(a=large), known, 10**8)
    assert faked != of(Thing(a=large))
