"""Objects that break while a version is made of them: the cell's result stands, a line says it."""

from __future__ import annotations

import os
import random
import sys
import warnings

import numpy as np
import pytest

pytestmark = pytest.mark.slow

# No parameters: Python 3.13.0 forgets its recursion limit for calls that need their arguments
# sorted out, and eats all memory without us as well.
HEAD = """\
import os, sys, threading, socket, warnings, random, math
import numpy as np, pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.base import BaseEstimator
X = pd.DataFrame({"a": [0.0, 1, 2, 3], "b": [1.0, 0, 1, 0]}); y = X["a"]
class Stop(BaseException): pass
def deep():
    return deep()
"""
ACTS = {
    "raises": "raise ValueError('no')",
    "stops": "raise Stop('no')",
    "recurses": "return deep()",
    "lies": "return object()",
    "moves": "os.chdir('/'); raise ValueError('moved')",
    "saves": "import snapbook; snapbook.save(self, 'inner'); raise ValueError('saved')",
}
METHODS = {
    "repr": "def __repr__(self):",
    "str": "def __str__(self):",
    "eq": "def __eq__(self, other):",
    "bool": "def __bool__(self):",
    "len": "def __len__(self):",
    "hash": "def __hash__(self):",
    "class": "@property\n    def __class__(self):",
    "dict": "@property\n    def shape(self):",
    "getattr": "def __getattr__(self, name):",
    "columns": "@property\n    def coef_(self):",
}


@pytest.fixture
def ready(notebook):
    notebook.run(HEAD)
    assert notebook.error is None
    return notebook


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("method", METHODS)
def test_a_model_with_a_hostile_method_is_kept(ready, method, act):
    text = ready.run(
        f"%%version_model odd\nclass Odd(LinearRegression):\n"
        f"    {METHODS[method]}\n        {ACTS[act]}\n"
        "model = Odd.__new__(Odd); LinearRegression.__init__(model)\n"
        "model.__dict__.update(coef_x=np.array([1.0]), fitted_=True)\nvalue = 7\nvalue"
    )
    assert ready.error is None, text
    assert ready.value == 7
    lines = [line for line in text.splitlines() if not line.startswith("Out[")]
    assert len(lines) in (1, 2, 3), text
    assert lines[0].startswith(("odd:0.1.0  first version", "The Odd cannot be kept: ")), text
    assert "failed inside" not in text
    assert os.getcwd() == str(ready.project)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("method", ["__getstate__", "__reduce__", "__reduce_ex__"])
def test_a_model_that_cannot_be_pickled_is_said_in_one_line(ready, method, act):
    argument = ", protocol" if method == "__reduce_ex__" else ""
    text = ready.run(
        f"%%version_model odd\nclass Odd(LinearRegression):\n"
        f"    def {method}(self{argument}):\n        {ACTS[act]}\n"
        "model = Odd().fit(X, y)"
    )
    assert ready.error is None, text
    assert os.getcwd() == str(ready.project)
    lines = text.splitlines()
    if act == "lies" and lines[0].startswith("odd:"):
        return  # a state of any kind is one
    assert len(lines) == 1, text
    assert lines[0].startswith("The Odd cannot be kept: "), text
    assert "failed inside" not in text
    assert ready.rows() == []
    assert ready.card("%%version_model odd\nmodel = LinearRegression().fit(X, y)")[0].startswith(
        "odd:0.1.0"
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("open('log.txt', 'w')", "an open file"),
        ("threading.Lock()", "a lock"),
        ("socket.socket()", "an open socket"),
        ("(i for i in range(3))", "a running generator"),
    ],
)
def test_an_attribute_that_does_not_pickle_is_named(ready, value, words):
    cell = f"%%version_model odd\nmodel = LinearRegression().fit(X, y); model.log = thing = {value}"
    assert ready.run(cell) == f"The LinearRegression cannot be kept: its log is {words}.\n"
    assert ready.error is None
    assert ready.rows() == []
    ready.run("getattr(thing, 'close', int)()")


def test_odd_neighbours_cost_nothing(ready):
    """Hostile things in the namespace, as metrics, frames and last value: the model is kept."""
    ready.run(
        "class Odd:\n"
        "    def __getattribute__(self, name):\n        raise Stop(name)\n"
        "    def __eq__(self, other):\n        raise Stop()\n"
        "    def __bool__(self):\n        raise Stop()\n"
        "class Frame(pd.DataFrame):\n"
        "    @property\n    def columns(self):\n        raise Stop()\n"
        "    @property\n    def shape(self):\n        raise Stop()\n"
        "class Number(float):\n    def __float__(self):\n        raise Stop()\n"
        "odd, module, frame = Odd(), math, Frame({'a': [1]})\n"
        # From a list, older pandas asks each value what it is.
        "cells = np.array([None, 1, None], dtype=object); cells[0] = Odd()\n"
        "cells = pd.Series(cells, dtype=object)"
    )
    text = ready.run(
        "%%version_model odd\nodd, module, frame, cells\n"
        "accuracy = Odd(); f1 = Number(0.5); loss = float('nan')\n"
        "model = LinearRegression().fit(X, y)\nNone"
    )
    assert ready.error is None, text
    assert text.startswith("odd:0.1.0  first version  LinearRegression `model`  f1 0.500"), text
    kept = ready.parts()
    assert kept["frame", "X"].facts["digest"]
    assert kept["frame", "cells"].facts["digest"] is None
    assert kept["metrics", "metrics"].facts["values"]["f1"] == 0.5


def test_a_metric_that_breaks_is_said_and_the_rest_is_kept(ready):
    lines = ready.card(
        "%%version_model odd --metric 'a=deep()' --metric 'b=sys.exit()'"
        " --metric nope --metric c=3\n"
        "model = LinearRegression().fit(X, y)"
    )
    assert lines[0].startswith("odd:0.1.0  first version  LinearRegression `model`  c 3")
    kept = ready.parts()
    assert kept["metrics", "metrics"].facts["values"] == {"c": 3}


def test_a_capture_leaves_no_trace_in_the_process(ready):
    """Nor does a model whose pickling draws numbers, warns and changes settings."""
    torch = pytest.importorskip("torch")
    ready.run(
        "import torch\nclass Odd(LinearRegression):\n    def __getstate__(self):\n"
        "        warnings.warn('noise'); warnings.simplefilter('ignore')\n"
        "        random.random(); np.random.rand(); torch.rand(1)\n"
        "        np.seterr(all='ignore'); sys.path.append('x'); os.chdir('/')\n"
        "        return LinearRegression.__getstate__(self)\n"
        "net = torch.nn.Linear(2, 1)"
    )

    def state():
        return (
            os.getcwd(),
            list(sys.path),
            list(warnings.filters),
            np.geterr(),
            random.getstate(),
            str(np.random.get_state()),
            torch.get_rng_state().tolist(),
        )

    for cell in (
        "# snapbook: version_model odd\nmodel = Odd().fit(X, y)",
        "# snapbook: version_model odd --model net\nnet.weight",
    ):
        ready.run(cell.partition("\n")[2])
        before = state()
        name = "net" if "net" in cell else "model"
        text = ready.run(f"%version_model odd --model {name}")
        assert text.startswith("odd:0."), text
        assert state() == before
    newest = ready.rows()[1]
    cells = [p for p in ready.repository().parts(newest.manifest) if p.kind == "cells"]
    assert cells[0].facts["warnings"] >= 1
