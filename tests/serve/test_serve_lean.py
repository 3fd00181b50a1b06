"""Shorter ways to a forest's answers: the same bits as its own, or its own."""

import numpy as np
import pandas as pd
import pytest
import sklearn.ensemble._forest as own
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shorter import both, check, learnt, never, numbers, table, told
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from snapbook.serve import laid, lean
from snapbook.serve.predictor import Predictor
from snapbook.serve.table import Table

LABELS = (np.array([0, 1, 2]), np.array(["a", "b", "c"]), np.array(["a", 7, None], dtype=object),
          np.array([False, True, True]))  # fmt: skip
FORESTS = (RandomForestClassifier, ExtraTreesClassifier, RandomForestRegressor, ExtraTreesRegressor)


@st.composite
def fitted(draw):
    """A forest, what it was fitted on, and what that is for the model: a table or an array."""
    drawn = np.random.default_rng(draw(st.integers(0, 99)))
    frame = numbers(seed=draw(st.integers(0, 99)))
    frame = frame[draw(st.sampled_from((["a"], ["b", "a"], ["c"], ["a", "b", "c"], list("dcba"))))]
    if draw(st.booleans()):
        frame = frame.mask(drawn.random(frame.shape) < 0.2) if set(frame) <= {"a", "b"} else frame
    kind = draw(st.sampled_from(FORESTS))
    words = {"n_estimators": draw(st.integers(1, 9)), "max_depth": draw(st.sampled_from((1, 4, 9))),
             "bootstrap": draw(st.booleans()), "random_state": 0}  # fmt: skip
    if kind in FORESTS[:2]:
        words["class_weight"] = draw(st.sampled_from((None, "balanced")))
        words["criterion"] = draw(st.sampled_from(("gini", "entropy")))
        labels = draw(st.sampled_from([one for one in LABELS if one.dtype != object]))
        target = labels[drawn.integers(draw(st.integers(1, 3)), size=len(frame))]
    else:
        target = drawn.normal(size=len(frame)) * draw(st.sampled_from((0.0, -0.0, 1.0, 1e9)))
    container = draw(st.sampled_from(("table", "array")))
    given = frame if container == "table" else frame.to_numpy(dtype=float)
    model = kind(**words).fit(given, target)
    return model, frame if container == "table" else pd.DataFrame(given), container


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    fitted(),
    st.integers(0, 99),
    st.sampled_from((1, 2, 7, 64)),
    st.sampled_from((0, np.nan, 1e39, np.inf)),
    st.sampled_from((0, 1 << 20)),
)
def test_answers_are_the_models_own_bit_for_bit(found, seed, rows, odd, at_once):
    model, frame, container = found
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(laid, "_MOST_NUMBERS", at_once)
        check(model, frame, container, seed, rows, odd)


@pytest.mark.parametrize("kind", FORESTS)
def test_a_forest_is_asked_in_the_shorter_way(kind, monkeypatch):
    frame = numbers()
    model = kind(5, random_state=0).fit(frame, frame["a"] > 0)
    slow, fast = both(model, frame)
    expected = {method: told(slow, method, table(slow, frame)) for method in slow.methods}
    monkeypatch.setattr(own, "Parallel", never)
    for method, one in expected.items():
        assert told(fast, method, table(fast, frame)) == one


def test_many_rows_are_asked_tree_by_tree():
    frame = numbers()
    model = RandomForestRegressor(50, random_state=0).fit(frame, frame["a"])
    slow, fast = both(model, frame)
    many = pd.concat([frame] * 50)
    assert not lean.forest(model).whole.takes(len(many))
    assert told(fast, "predict", table(fast, many)) == told(slow, "predict", table(slow, many))


def test_a_forest_that_is_large_is_not_held_twice(monkeypatch):
    frame = numbers()
    model = RandomForestRegressor(5, random_state=0).fit(frame, frame["a"])
    monkeypatch.setattr(laid, "_MOST_NODES", 20)
    assert lean.forest(model).whole is None
    slow, fast = both(model, frame)
    assert told(fast, "predict", table(fast, frame)) == told(slow, "predict", table(slow, frame))


def test_a_forest_behind_a_pipeline_too(monkeypatch):
    frame = numbers()[["a", "b"]]
    model = make_pipeline(StandardScaler(), "passthrough", RandomForestClassifier(5))
    model.fit(frame, frame["a"] > 0)
    slow, fast = both(model, frame)
    expected = told(slow, "predict_proba", table(slow, frame))
    monkeypatch.setattr(own, "Parallel", never)
    assert told(fast, "predict_proba", table(fast, frame)) == expected


def test_rows_that_a_pipeline_makes_sparse_go_the_models_own_way():
    frame = pd.DataFrame({"city": ["Bern", "Graz", "Linz", "Wien"] * 10, "a": np.arange(40.0)})
    encoder = make_column_transformer((OneHotEncoder(), ["city"]), sparse_threshold=1)
    model = make_pipeline(encoder, RandomForestRegressor(5, random_state=0)).fit(frame, frame["a"])
    slow, fast = both(model, frame)
    assert told(fast, "predict", table(fast, frame)) == told(slow, "predict", table(slow, frame))
    frame.loc[3, "city"] = "Rom"
    error, _ = told(fast, "predict", table(fast, frame))
    assert error is ValueError


def test_whole_numbers_that_32_bits_round_are_rounded_as_the_model_does():
    frame = pd.DataFrame({"a": [2**24 - 1, 2**24, 2**24 + 1, 2**60] * 5, "b": np.arange(20.0)})
    model = RandomForestRegressor(5, random_state=0).fit(frame, frame["b"])
    slow, fast = both(model, frame.astype({"a": "int64"}))
    for value in (2**24 + 1, -(2**24) - 1, 2**53 + 1, 2**62 + 1, 2**63 - 1):
        asked = frame.assign(a=np.int64(value))
        assert told(fast, "predict", table(fast, asked)) == told(
            slow, "predict", table(slow, asked)
        )


def test_a_model_that_takes_no_missing_numbers_says_so_itself():
    frame = numbers()[["a", "b"]]
    model = ExtraTreesRegressor(3).fit(frame, frame["a"])
    refused = []
    for splitter in ("best", "random"):  # which of them takes none depends on the version
        for tree in model.estimators_:
            tree.set_params(splitter=splitter)
        slow, fast = both(model, frame)
        rows = frame.assign(a=np.nan)
        found = told(fast, "predict", table(fast, rows))
        assert found == told(slow, "predict", table(slow, rows))
        refused += [found[0] is ValueError and "NaN" in found[1]]
    assert sorted(refused) == [False, True]


class Own(RandomForestClassifier):
    """A user's own forest."""

    def predict(self, X):
        return super().predict(X)[::-1]


def patched(model):
    before = model.predict
    model.predict = lambda rows: before(rows)[::-1]
    return model


def mixed_up(model):
    model.predict_proba = model.predict_log_proba
    return model


def other_tree(model):
    model.estimators_[2] = RandomForestClassifier(1).fit(numbers(), numbers()["a"] > 0)
    return model


ODD = {
    "subclass": lambda x, y: Own(5).fit(x, y),
    "patched": lambda x, y: patched(RandomForestClassifier(5).fit(x, y)),
    "another method": lambda x, y: mixed_up(RandomForestClassifier(5).fit(x, y)),
    "several jobs": lambda x, y: RandomForestClassifier(5, n_jobs=2).fit(x, y),
    "several outputs": lambda x, y: RandomForestRegressor(5).fit(x, np.c_[y, y]),
    "talks": lambda x, y: RandomForestClassifier(5, verbose=0).fit(x, y).set_params(verbose=1),
    "not fitted": lambda x, y: RandomForestClassifier(5),
    "fitted on an array": lambda x, y: RandomForestClassifier(5).fit(x.to_numpy(dtype=float), y),
    "other columns": lambda x, y: RandomForestClassifier(5).fit(x[["b", "a", "c", "d"]], y),
    "no tree": lambda x, y: other_tree(RandomForestClassifier(5).fit(x, y)),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_not_exactly_known_goes_its_own_way(name):
    frame = numbers()
    model = ODD[name](frame, frame["a"] > 0)
    fast = Predictor(model, learnt(frame))
    assert not lean.ways(model, fast.schema, fast.layout, fast._given)


def test_methods_that_somebody_put_into_the_class_are_called(monkeypatch):
    frame = numbers()
    model = RandomForestClassifier(5).fit(frame, frame["a"] > 0)
    monkeypatch.setattr(own.ForestClassifier, "predict", lambda self, X: np.full(len(X), "ours"))
    _, fast = both(model, frame)
    assert set(fast.answer("predict", table(fast, frame))) == {"ours"}


def test_a_way_that_gives_other_answers_is_forgotten(monkeypatch):
    # What no look at the model tells: the rows are changed on their way to the trees.
    frame = numbers()[["a", "b"]]
    model = RandomForestClassifier(5, random_state=0).fit(frame, frame["a"] > 0)
    before = own.BaseForest._validate_X_predict
    monkeypatch.setattr(own.BaseForest, "_validate_X_predict", lambda self, X: -before(self, X))
    slow, fast = both(model, frame)
    for method in slow.methods:
        assert told(fast, method, table(fast, frame)) == told(slow, method, table(slow, frame))


def test_what_is_tried_leaves_the_rows_alone():
    frame = numbers()
    model = RandomForestClassifier(5).fit(frame, frame["a"] > 0)
    fast = Predictor(model, learnt(frame))
    rows = table(fast, frame)
    before = Table(rows.rows, tuple(array.copy() for array in rows.arrays))
    fast.shorten(rows)
    for one, other in zip(rows.arrays, before.arrays, strict=True):
        assert one.tobytes() == other.tobytes()
