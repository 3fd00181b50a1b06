"""Shorter ways to a linear model's answers: the same bits as its own, or its own."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from shorter import both, check, learnt, never, numbers, table, told
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import validation

from snapbook.serve import lean
from snapbook.serve.predictor import Predictor

CLASSIFIERS = (LogisticRegression, LogisticRegressionCV, LinearSVC, Perceptron, SGDClassifier)
REGRESSORS = (LinearRegression, Ridge, Lasso, ElasticNet)
LABELS = (np.array([0, 1, 2]), np.array(["a", "b", "c"]), np.array([False, True, True]))
COLUMNS = (["a"], ["a", "b"], ["b"], ["c"], ["c", "a"], list("abc"), list("dcba"), ["d"])


def classes(labels, frame, count):
    """A target of ``count`` classes that the columns say something of."""
    places = pd.qcut(frame.iloc[:, 0].rank(method="first"), count, labels=False)
    return labels[places.to_numpy()]


@st.composite
def fitted(draw):
    """A linear model, and what it was fitted on: a table or an array."""
    drawn = np.random.default_rng(draw(st.integers(0, 99)))
    frame = numbers(seed=draw(st.integers(0, 99)))[draw(st.sampled_from(COLUMNS))]
    kind = draw(st.sampled_from(CLASSIFIERS + REGRESSORS))
    if kind in CLASSIFIERS:
        labels = draw(st.sampled_from(LABELS))
        count = draw(st.integers(2, len(np.unique(labels))))
        target = classes(labels, frame, count)
        words = {"fit_intercept": draw(st.booleans())}
        words |= {"random_state": 0, "max_iter": 7}
        words |= {"cv": 2, "Cs": [1.0]} if kind is LogisticRegressionCV else {}
    else:
        target = drawn.normal(size=len(frame)) * draw(st.sampled_from((0.0, 1.0, 1e9)))
        if draw(st.booleans()):
            target = np.c_[target, -target]
        words = {"fit_intercept": draw(st.booleans())}
        words |= {"alpha": 0.01} if kind is not LinearRegression else {}
    container = draw(st.sampled_from(("table", "array")))
    given = frame if container == "table" else frame.to_numpy(dtype=float)
    model = kind(**words)
    scales = draw(st.sampled_from((None, StandardScaler(), StandardScaler(with_mean=False),
                                   StandardScaler(with_std=False), MinMaxScaler())))  # fmt: skip
    if scales is not None:
        model = make_pipeline(scales, model)
    model.fit(given, target)
    return model, frame if container == "table" else pd.DataFrame(given), container


@pytest.mark.filterwarnings("ignore")  # what training says of seven steps, and of constant columns
@settings(max_examples=60, deadline=None)
@given(
    fitted(),
    st.integers(0, 99),
    st.sampled_from((1, 2, 7, 64, 300)),
    st.sampled_from((0, np.nan, 1e39, 1e308, -np.inf)),
)
def test_answers_are_the_models_own_bit_for_bit(found, seed, rows, odd):
    check(*found, seed, rows, odd)


def shortly(model, frame, monkeypatch, container="table"):
    """What was answered in shorter ways to all methods, where the model's own look is forbidden."""
    slow, fast = both(model, frame, container)
    expected = {method: told(slow, method, table(slow, frame)) for method in slow.methods}
    monkeypatch.setattr(validation, "_check_feature_names", never)
    monkeypatch.setattr(validation, "check_array", never)
    return {method: told(fast, method, table(fast, frame)) for method in fast._ways}, expected


@pytest.mark.parametrize("kind", CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize("container", ["table", "array"])
@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::FutureWarning"
)
def test_a_linear_model_is_asked_in_the_shorter_way(kind, container, monkeypatch):
    frame = numbers()[["a", "c"]]
    given = frame if container == "table" else frame.to_numpy()
    target = classes(LABELS[1], frame, 3) if kind in CLASSIFIERS else frame["a"].to_numpy()
    words = {"cv": 2, "Cs": 2} if kind is LogisticRegressionCV else {}
    found, expected = shortly(kind(**words).fit(given, target), frame, monkeypatch, container)
    assert "predict" in found
    assert ("predict_proba" in found) == issubclass(kind, LogisticRegression)
    for method, one in found.items():
        assert one == expected[method]


def test_a_scaler_before_it_too(monkeypatch):
    frame = numbers()[["a", "c"]]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, frame["a"] > 0)
    found, expected = shortly(model, frame, monkeypatch)
    assert found == expected
    assert list(found) == ["predict", "predict_proba"]


def test_what_the_model_would_say_of_missing_numbers_it_says():
    frame = numbers()[["a", "c"]]
    for model in (LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())):
        _, fast = both(model.fit(frame, frame["a"] > 0), frame)
        error, text = told(fast, "predict", table(fast, frame.assign(a=np.nan)))
        assert error is ValueError
        assert "NaN" in text


class Own(LogisticRegression):
    """A user's own model."""

    def decision_function(self, X):
        return -super().decision_function(X)


def patched(model, name, other):
    setattr(model, name, other)
    return model


ODD = {
    "subclass": lambda x, y: Own().fit(x, y),
    "patched": lambda x, y: patched(LogisticRegression().fit(x, y), "predict", lambda X: X),
    "another score": lambda x, y: patched(
        LogisticRegression().fit(x, y), "decision_function", lambda X: -np.ones(len(X))
    ),
    "sparse weights": lambda x, y: LogisticRegression().fit(x, y).sparsify(),
    "weights of 32 bits": lambda x, y: patched(
        LogisticRegression().fit(x, y), "coef_", np.ones((1, 2), dtype="float32")
    ),
    "other weights": lambda x, y: patched(LogisticRegression().fit(x, y), "coef_", np.ones((3, 2))),
    "several labels a row": lambda x, y: RidgeClassifier().fit(x, np.c_[y, ~y]),
    "not fitted": lambda x, y: LogisticRegression(),
    "fitted on an array": lambda x, y: LogisticRegression().fit(x.to_numpy(), y),
    "other columns": lambda x, y: LogisticRegression().fit(x[["c", "a"]], y),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_not_exactly_known_goes_its_own_way(name):
    frame = numbers()[["a", "c"]]
    model = ODD[name](frame, frame["a"] > 0)
    fast = Predictor(model, learnt(frame))
    assert not lean.ways(model, fast.schema, fast.layout, fast._given)


def test_a_scaler_that_is_not_exactly_known_is_asked_itself():
    frame = numbers()[["a", "c"]]

    class Doubled(StandardScaler):
        def transform(self, X, copy=None):
            return 2 * super().transform(X, copy)

    for scales in (Doubled(), StandardScaler().set_output(transform="pandas")):
        model = make_pipeline(scales, LogisticRegression()).fit(frame, frame["a"] > 0)
        slow, fast = both(model, frame)
        for method in slow.methods:
            assert told(fast, method, table(fast, frame)) == told(slow, method, table(slow, frame))


def test_a_way_that_gives_other_answers_is_forgotten(monkeypatch):
    # What no look at the model tells: the rows are changed on their way to the weights.
    frame = numbers()[["a", "c"]]
    model = LogisticRegression().fit(frame, frame["a"] > 0)
    before = sklearn.linear_model._base.validate_data
    changed = lambda *words, **more: -before(*words, **more)  # noqa: E731 - put in its place below
    monkeypatch.setattr(sklearn.linear_model._base, "validate_data", changed)
    slow, fast = both(model, frame)
    assert not fast._ways
    for method in slow.methods:
        assert told(fast, method, table(fast, frame)) == told(slow, method, table(slow, frame))
