import os
import sys
import types
import warnings

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from snapbook.errors import Damaged, NotKept, NotRestorable
from snapbook.parts import model as models
from snapbook.parts.base import Change, Part
from snapbook.store.memory import MemoryStore

X, Y = make_classification(200, 5, random_state=0)


def capture(model, store=None, name="model"):
    store = store or MemoryStore()
    writer = store.writer()
    part, notices = models.capture(model, name, writer)
    writer.commit()
    assert Part.decode(part.encode()) == Part.decode(part.encode())
    return part, notices, store


def again(part):
    """The part as a reader gets it."""
    return Part.decode(part.encode())


def test_round_trip_through_the_stored_part():
    model = RandomForestClassifier(5, random_state=0).fit(X, Y)
    part, notices, store = capture(model)
    assert notices == ()
    assert part.kind == "model"
    assert part.facts["flavor"] == "sklearn"
    assert part.facts["executes"] is True
    assert part.facts["canonical"] is True
    assert part.facts["stored_bytes"] == sum(len(store.get(blob)) for blob in part.blobs)
    found = models.restore(again(part), store.get)
    assert (found.predict_proba(X) == model.predict_proba(X)).all()
    assert set(models.imports(again(part), store.get)) == set(part.facts["imports"])
    assert capture(found)[0].facts["digest"] == part.facts["digest"]


def test_the_same_model_is_the_same_part():
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    assert capture(model)[0].encode() == capture(model)[0].encode()


def test_dicts_lists_functions_and_classes():
    pair = {"a": LogisticRegression(C=2).fit(X, Y), "b": RandomForestClassifier(3).fit(X, Y)}
    part, _, store = capture(pair)
    assert part.facts["flavor"] == "collection"
    assert part.facts["framework"] == "sklearn"
    assert part.facts["structure"]["b"]["trees"] == 3
    assert "a__C" in part.facts["set_params"]
    assert models.is_model_like(pair)
    assert models.is_fitted(pair) is True
    assert models.is_fitted([*pair.values(), LogisticRegression()]) is False
    assert models.members(pair) == tuple(pair.values())
    found = models.restore(part, store.get)
    assert (found["b"].predict(X) == pair["b"].predict(X)).all()

    def rule(x):
        return x > 3

    part, _, store = capture(rule)
    assert part.facts["class_name"] == "rule"
    assert models.restore(part, store.get)(4)
    assert not models.is_model_like(rule)


def test_diff_tells_only_what_differs():
    old = capture(RandomForestClassifier(5, max_depth=2, random_state=0).fit(X, Y))[0]
    new = capture(RandomForestClassifier(5, max_depth=3, random_state=0).fit(X, Y))[0]
    changes = models.diff(again(old), again(new))
    assert [(change.section, change.name) for change in changes] == [
        ("params", "max_depth"),
        ("model", "depth"),
        ("model", "nodes"),
    ]
    assert (changes[0].old, changes[0].new) == (2, 3)
    assert models.diff(old, old) == []


def test_diff_of_a_refit_and_of_other_classes():
    one = capture(RandomForestClassifier(3, max_depth=1, random_state=0).fit(X, Y))[0]
    two = capture(RandomForestClassifier(3, max_depth=1, random_state=0).fit(X, 1 - Y))[0]
    assert [change.name for change in models.diff(one, two)] == ["fit"]
    other = capture(LogisticRegression().fit(X[:, :3], Y))[0]
    changes = models.diff(one, other)
    assert Change("model", "class", "changed", "RandomForestClassifier", "LogisticRegression") in (
        changes
    )
    assert ("model", "input x4", "removed") in [(c.section, c.name, c.what) for c in changes]
    assert {change.what for change in changes if change.name == "C"} == {"added"}


class Warns:
    def __getstate__(self):
        warnings.warn("noise", stacklevel=1)
        os.chdir("/")
        return {"a": 1}

    def __setstate__(self, state):
        warnings.warn("noise", stacklevel=1)
        os.chdir("/")
        self.a = state["a"]


def test_objects_cannot_leave_the_folder_or_noise():
    before = os.getcwd()
    part, _, store = capture(Warns())
    assert models.restore(part, store.get).a == 1
    assert os.getcwd() == before


def test_not_kept_names_the_culprit():
    model = LogisticRegression().fit(X, Y)
    model.callback_ = (number for number in range(3))
    with pytest.raises(NotKept) as caught:
        capture(model)
    assert str(caught.value) == (
        "The LogisticRegression cannot be kept: its callback_ is a running generator."
    )


class Shy:
    """Cannot be described, but kept."""

    def get_params(self, deep=True):
        raise SystemExit

    fit = predict = get_params

    def __getattr__(self, name):
        raise RecursionError


def test_what_cannot_be_described_is_kept_all_the_same():
    part, _, store = capture(Shy())
    assert part.facts["class_name"] == "Shy"
    assert part.facts["params"] == {}
    assert type(models.restore(part, store.get)) is Shy
    assert models.is_model_like(Shy())
    assert models.is_fitted(Shy()) is None


def test_a_model_past_the_budget_says_so(monkeypatch):
    from snapbook.flavors import modeldigest

    monkeypatch.setattr(modeldigest, "SECONDS", -1.0)
    part, notices, _ = capture({str(number): [number] for number in range(1000)})
    assert part.facts["canonical"] is False
    assert [notice.kind for notice in notices] == ["not-canonical"]


def test_an_absent_framework_is_named_with_the_version(monkeypatch):
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=2).fit(X, Y)
    part, _, store = capture(model)
    version = ".".join(xgboost.__version__.split(".")[:2])
    for name in [name for name in sys.modules if name.split(".")[0] == "xgboost"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Absent("xgboost"), *sys.meta_path])
    with pytest.raises(NotRestorable) as caught:
        models.restore(part, store.get, "churn:0.1.0")
    assert str(caught.value) == (
        f"Not restored: churn:0.1.0 needs xgboost, absent here (made with {version}). "
        f'%pip install "xgboost=={version}.*", then again. Nothing was changed.'
    )


class Absent:
    """An import hook under which a package is not installed."""

    def __init__(self, name):
        self.name = name

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == self.name:
            raise ModuleNotFoundError(f"No module named {self.name!r}", name=self.name)


def test_an_absent_module_of_the_users_own(monkeypatch):
    helpers = types.ModuleType("my_helpers")
    exec("class Own:\n    pass", helpers.__dict__)
    monkeypatch.setitem(sys.modules, "my_helpers", helpers)
    part, _, store = capture(helpers.Own())
    monkeypatch.delitem(sys.modules, "my_helpers")
    with pytest.raises(NotRestorable, match="model needs the module my_helpers, absent here"):
        models.restore(part, store.get)


def test_another_version_is_said_when_loading_fails():
    model = LogisticRegression().fit(X, Y)
    part, _, store = capture(model)
    facts = {**part.facts, "framework_version": "0.1.2"}
    pieces = [store.get(blob) for blob in part.blobs]
    assert any(b"LogisticRegression" in piece for piece in pieces)
    writer = store.writer()
    blobs = [writer.add(p.replace(b"LogisticRegression", b"LogisticRegressioX")) for p in pieces]
    broken = Part("model", "model", facts, tuple(blobs))
    writer.commit()
    with pytest.raises(NotRestorable) as caught:
        models.restore(broken, store.get, "churn:0.1.0")
    assert "made with scikit-learn 0.1.2, here is" in str(caught.value)
    assert '%pip install "scikit-learn==0.1.2"' in str(caught.value)


def test_a_part_without_a_flavor_is_damaged():
    with pytest.raises(Damaged):
        models.restore(Part("model", "m", {}), lambda _: b"")


def test_searches_stay_equal_between_runs():
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}, cv=2)
    one, two = capture(search.fit(X, Y))[0], capture(search.fit(X, Y))[0]
    assert one.facts["digest"] == two.facts["digest"]
    assert one.facts["search"] == two.facts["search"]
    assert np.isfinite(one.facts["search"]["scores"]).all()
