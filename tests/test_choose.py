"""Which model a cell made: the order of preference as a table, with real models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from snapbook import choose
from snapbook.errors import NotFound, SnapbookError, Unclear

X = pd.DataFrame({"a": np.arange(12.0), "b": np.tile([0.0, 1.0], 6)})
Y = pd.Series(np.tile([0, 1], 6))
SPACE = {
    "X": X,
    "y": Y,
    "LogisticRegression": LogisticRegression,
    "RandomForestClassifier": RandomForestClassifier,
    "GradientBoostingClassifier": GradientBoostingClassifier,
    "GridSearchCV": GridSearchCV,
    "make_pipeline": make_pipeline,
    "StandardScaler": StandardScaler,
}
ONE = "m = LogisticRegression().fit(X, y)"
TWO = (
    "rf = RandomForestClassifier(2).fit(X, y)\n"
    "gb = GradientBoostingClassifier(n_estimators=2).fit(X, y)"
)


def chosen(source, *, name="churn", space=None, last=None, **options):
    names = {**SPACE, **(space or {})}
    exec(source, names)
    value = eval(last, names) if last else None
    return choose.choose_model(source, names, model=name, last_value=value, **options)


@pytest.mark.parametrize(
    ("source", "options", "variable"),
    [
        (ONE, {}, "m"),
        ("m = LogisticRegression()\nm.fit(X, y)", {}, "m"),
        (TWO, {"variable": "gb"}, "gb"),
        (TWO, {"name": "rf"}, "rf"),
        (TWO, {"name": "team/gb"}, "gb"),
        (TWO.replace("gb", "my_model"), {"name": "my-model"}, "my_model"),
        (TWO, {"last_variable": "gb"}, "gb"),
        (TWO, {"name": "rf", "last_variable": "gb"}, "rf"),
        (
            "a = StandardScaler()\nb = LogisticRegression()\np = make_pipeline(a, b).fit(X, y)",
            {},
            "p",
        ),
        ("s = StandardScaler().fit(X)\nm = LogisticRegression().fit(s.transform(X), y)", {}, "m"),
        ("s = StandardScaler().fit(X)", {}, "s"),
        (
            "e = LogisticRegression()\ng = GridSearchCV(e, {'C': [1, 2]}, cv=2).fit(X, y)\n"
            "best = g.best_estimator_",
            {},
            "g",
        ),
        ("m = LogisticRegression().fit(X, y)\nn = RandomForestClassifier()", {}, "m"),
        ("a = b = LogisticRegression().fit(X, y)", {}, "a"),
        ("_hidden = LogisticRegression().fit(X, y)\nm = LogisticRegression().fit(X, y)", {}, "m"),
        ("models = {n: LogisticRegression(C=n).fit(X, y) for n in (1, 2)}", {}, "models"),
        ("parts = [LogisticRegression().fit(X, y)]\nm = parts[0]", {}, "parts"),
        ("if len(X):\n    m = LogisticRegression().fit(X, y)", {}, "m"),
    ],
)
def test_the_model_of_a_cell(source, options, variable):
    assert chosen(source, **options).variable == variable


def test_the_last_value_counts_where_nothing_was_bound():
    space = {"old": LogisticRegression().fit(X, Y)}
    assert chosen("old", space=space, last="old").variable == "old"
    assert (
        chosen("LogisticRegression().fit(X, y)", last="LogisticRegression().fit(X, y)").variable
        == "churn"
    )


def test_functions_and_classes_when_they_are_named():
    found = chosen("def rule(x):\n    return x > 1", variable="rule")
    assert (found.variable, found.value(2)) == ("rule", True)
    assert chosen("class Rule:\n    pass", variable="Rule").variable == "Rule"


def test_frameworks():
    torch = pytest.importorskip("torch")
    statsmodels = pytest.importorskip("statsmodels.api")
    net = "net = torch.nn.Linear(2, 1)"
    assert chosen(net, space={"torch": torch}).variable == "net"
    assert chosen("r = sm.OLS(y, X).fit()", space={"sm": statsmodels}).variable == "r"
    bound = "mod = sm.OLS(y, X)\nr = mod.fit()"
    assert chosen(bound, space={"sm": statsmodels}).variable == "r"


@pytest.mark.parametrize(
    ("source", "options", "kind", "said"),
    [
        (
            TWO,
            {},
            "two-models",
            "Not versioned: the cell made two models, rf and gb. Keep one without running again: ",
        ),
        (
            "m = LogisticRegression()",
            {},
            "no-model",
            "Not versioned: the cell bound no fitted model "
            "(m is a LogisticRegression, not fitted). Fit it, or name another: --model VAR",
        ),
        (
            "n = 1",
            {},
            "no-model",
            "Not versioned: the cell bound no fitted model. Name one: --model VAR",
        ),
        (
            ONE,
            {"variable": "mm"},
            "no-variable",
            "Not versioned: nothing is called mm (did you mean m or X or y?)",
        ),
        ("raise_ = 1\nm = LogisticRegression", {}, "no-model", None),
    ],
)
def test_where_it_cannot_be_told(source, options, kind, said):
    with pytest.raises(SnapbookError) as caught:
        chosen(source, **options)
    assert isinstance(caught.value, (Unclear, NotFound))
    assert caught.value.kind == kind
    if said:
        assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("source", "asked", "expected"),
    [
        ("m.fit(A, b)\nm.score(C, d)", (), {"A": "train", "b": "train", "C": "test", "d": "test"}),
        ("m.fit(A, b)", ("C",), {"A": "train", "b": "train", "C": ""}),
        ("m.fit(A, b)", ("none",), {}),
        ("m.fit(A, b)", ("none", "C"), {"C": ""}),
        ("total = A.sum()", (), {"A": ""}),
        ("E = A[1:]\nm.fit(E, b)", (), {"E": "train", "b": "train", "A": ""}),
        ("n = [A, 1]", (), {"A": ""}),
    ],
)
def test_the_data_of_a_cell(source, asked, expected):
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    space = {
        "A": frame,
        "b": frame["x"],
        "C": frame + 1,
        "d": np.array([1, 2]),
        "E": frame[1:],
        "n": 3,
    }
    found = choose.choose_data(source, [], space, asked)
    assert {one.name: one.role for one in found} == expected


def test_data_that_is_not_there_or_no_frame():
    with pytest.raises(NotFound, match="nothing is called frame"):
        choose.choose_data("1", [], {"frame_": X}, ("frame",))
    with pytest.raises(Unclear, match="n is a int, not a table"):
        choose.choose_data("1", [], {"n": 1}, ("n",))
