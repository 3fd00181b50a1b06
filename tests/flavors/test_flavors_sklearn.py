import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from snapbook import canonical
from snapbook.flavors import facts, registry

X, Y = make_classification(200, 6, random_state=0)
FRAME = pd.DataFrame(X, columns=list("abcdef"))


def told(model):
    flavor = registry.find(model)
    assert flavor.name == "sklearn"
    description = flavor.describe(model)
    canonical.encode(
        [description.params, description.structure, description.inputs, description.search]
    )
    return description


def test_forest():
    model = RandomForestClassifier(7, max_depth=3, random_state=0).fit(FRAME, Y)
    found = told(model)
    assert (found.class_name, found.framework) == ("RandomForestClassifier", "sklearn")
    assert found.framework_version
    assert found.set_params == ("max_depth", "n_estimators", "random_state")
    assert found.params["n_estimators"] == 7
    assert found.params["min_samples_leaf"] == 1
    nodes = sum(tree.tree_.node_count for tree in model.estimators_)
    assert found.structure == {
        "trees": 7,
        "nodes": nodes,
        "depth": 3,
        "features": 6,
        "classes": [0, 1],
    }
    assert [field["name"] for field in found.inputs] == list("abcdef")
    assert found.outputs == ({"name": "class", "type": "int64", "values": [0, 1], "count": 2},)


def test_boostings():
    model = GradientBoostingClassifier(n_estimators=4, max_depth=2).fit(X, Y)
    assert told(model).structure["trees"] == 4
    model = HistGradientBoostingRegressor(max_iter=5).fit(*make_regression(100, 4, random_state=0))
    found = told(model)
    assert found.structure["trees"] == 5
    assert found.outputs == ({"name": "prediction", "type": "float64"},)
    assert [field["name"] for field in found.inputs] == ["x0", "x1", "x2", "x3"]


def test_coefficients_by_feature_the_largest_first():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)), columns=list("abc"))
    model = LinearRegression().fit(frame, 5 * frame["c"] - frame["a"])
    found = told(model).structure
    assert list(found["coefficients"])[:2] == ["c", "a"]
    assert found["coefficients"]["c"] == pytest.approx(5)
    many = LinearRegression().fit(*make_regression(50, 200, random_state=0))
    assert len(told(many).structure["coefficients"]) == 20
    several = LogisticRegression().fit(X, np.arange(200) % 3)
    assert told(several).structure["coefficients"] == "3x6"


def test_networks_and_support_vectors():
    network = MLPClassifier((5, 4), max_iter=2000, tol=1, random_state=0).fit(X, Y)
    assert told(network).structure["layers"] == ["6x5", "5x4", "4x1"]
    machine = SVC().fit(X, Y)
    assert told(machine).structure["support_vectors"] == len(machine.support_)


def test_pipeline_hides_its_steps():
    columns = ColumnTransformer([("scale", StandardScaler(), ["a", "b"])])
    model = Pipeline([("columns", columns), ("fit", LogisticRegression(C=0.5))])
    flavor = registry.find(model)
    assert flavor.fitted(model) is False
    model.fit(FRAME, Y)
    assert flavor.fitted(model) is True
    members = flavor.members(model)
    assert any(one is columns for one in members)
    assert any(one is model.steps[1][1] for one in members)
    assert any(one is columns.transformers_[0][1] for one in members)
    assert not any(one is model for one in members)
    found = told(model)
    assert found.set_params == ("columns__transformers", "fit__C") or found.set_params == (
        "fit__C",
    )
    assert found.params["fit__C"] == 0.5
    assert found.params["fit"] == "LogisticRegression"
    steps = found.structure["steps"]
    assert steps["columns"]["steps"]["scale"]["class"] == "StandardScaler"
    assert steps["fit"]["features"] == 2
    assert [field["name"] for field in found.inputs] == list("abcdef")


def test_text_pipeline():
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["a cat", "a dog"], [0, 1])
    assert told(model).structure["steps"]["tfidfvectorizer"]["vocabulary"] == 2


def test_search_tells_its_points():
    model = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3).fit(X, Y)
    found = told(model)
    assert found.search["points"] == [{"C": 0.1}, {"C": 1.0}, {"C": 10.0}]
    assert found.search["scores"] == model.cv_results_["mean_test_score"].tolist()
    assert found.search["best"] == model.best_index_
    assert found.structure["best_params"] == model.best_params_
    assert found.structure["best"]["class"] == "LogisticRegression"
    assert "param_grid" in found.set_params
    assert any(one is model.best_estimator_ for one in registry.find(model).members(model))


def test_search_by_several_metrics():
    model = RandomizedSearchCV(
        LogisticRegression(),
        {"C": [0.1, 1.0]},
        n_iter=2,
        cv=3,
        scoring=["accuracy", "f1"],
        refit="f1",
        random_state=0,
    ).fit(X, Y)
    assert told(model).search["scores"] == model.cv_results_["mean_test_f1"].tolist()


def test_a_large_search_keeps_its_best_points(monkeypatch):
    monkeypatch.setattr(facts, "MOST", 2)
    model = GridSearchCV(LogisticRegression(), {"C": [1e-6, 1e-5, 1.0, 10.0]}, cv=3).fit(X, Y)
    found = told(model).search
    assert found["tried"] == 4
    assert len(found["points"]) == 2
    assert found["points"][found["best"]] == model.best_params_


def test_ensembles_of_ensembles():
    voting = VotingClassifier([("a", LogisticRegression()), ("b", SVC())]).fit(X, Y)
    stacking = StackingClassifier([("a", LogisticRegression())], voting, cv=2).fit(X, Y)
    members = registry.find(stacking).members(stacking)
    assert any(one is stacking.final_estimator_ for one in members)
    assert any(one is stacking.final_estimator_.estimators_[1] for one in members)
    multi = MultiOutputClassifier(LogisticRegression()).fit(X, np.c_[Y, 1 - Y])
    assert [field["name"] for field in told(multi).outputs] == ["class0", "class1"]


def test_fitted_is_scikit_learns_answer():
    flavor = registry.find(StandardScaler())
    assert flavor.fitted(StandardScaler()) is False
    assert flavor.fitted(StandardScaler().fit(X)) is True
    assert flavor.fitted(FunctionTransformer()) is True
    assert flavor.fitted(OneHotEncoder()) is False


class Odd(BaseEstimator):
    """Takes parameters that have no good text."""

    def __init__(self, thing=None, nan=float("nan"), many=()):
        self.thing = thing
        self.nan = nan
        self.many = many


class Loud:
    def __repr__(self):
        raise RuntimeError("no text")

    __eq__ = __bool__ = __len__ = __repr__
    __hash__ = None


def test_odd_parameters_are_told_by_their_class():
    found = told(Odd(Loud(), many=list(range(100))))
    assert found.params["thing"] == "Loud"
    assert found.params["many"][-1] == "... 80 more"
    assert found.set_params == ("many", "thing")
    assert told(Odd()).set_params == ()
    assert told(Odd(thing="\ud800")).params["thing"] == "?"
    assert told(Odd(thing=np.float64(2))).params["thing"] == 2.0
    assert told(Odd(thing=np.zeros((5, 5)))).params["thing"] == "array 5x5 float64"
    assert told(Odd(thing=np.mean)).params["thing"] == "mean"


class Hostile(BaseEstimator):
    """Raises wherever it is asked."""

    def get_params(self, deep=True):
        raise RuntimeError("no")

    @property
    def classes_(self):
        raise SystemExit

    @property
    def n_features_in_(self):
        raise ValueError

    coef_ = property(classes_.fget)


def test_a_hostile_estimator_is_told_by_its_class():
    found = told(Hostile())
    assert found.class_name == "Hostile"
    assert found.params == {}
    assert found.structure == {}
