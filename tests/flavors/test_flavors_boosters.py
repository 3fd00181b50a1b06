import lightgbm
import pandas as pd
import pytest
import xgboost
from sklearn.datasets import make_classification

from snapbook.flavors import registry
from snapbook.store.memory import MemoryStore

X, Y = make_classification(300, 5, random_state=0)
FRAME = pd.DataFrame(X, columns=list("abcde"))


def through(model):
    """The model back, and what it was kept as."""
    flavor = registry.find(model)
    store = MemoryStore()
    writer = store.writer()
    encoded = flavor.dump(model, writer)
    writer.commit()
    return flavor.load(encoded.layout, encoded.blobs, store.get), encoded


def test_xgboost_booster_needs_no_trust():
    matrix = xgboost.DMatrix(FRAME, Y)
    model = xgboost.train({"max_depth": 2, "objective": "binary:logistic"}, matrix, 6)
    found, encoded = through(model)
    assert encoded.executes is False
    assert encoded.canonical is True
    assert (found.predict(matrix) == model.predict(matrix)).all()
    assert found.feature_names == list("abcde")
    assert through(found)[1].digest == encoded.digest
    told = registry.find(model).describe(model)
    assert told.structure["rounds"] == 6
    assert told.structure["objective"] == "binary:logistic"
    assert told.params["max_depth"] == "2"
    assert [field["name"] for field in told.inputs] == list("abcde")


@pytest.mark.parametrize("kind", [xgboost.XGBClassifier, xgboost.XGBRegressor])
def test_xgboost_for_sklearn(kind):
    model = kind(n_estimators=4, max_depth=2)
    flavor = registry.find(model)
    assert flavor.name == "xgboost"
    assert flavor.fitted(model) is False
    model.fit(FRAME, Y)
    assert flavor.fitted(model) is True
    assert flavor.members(model) == (model.get_booster(),)
    found, encoded = through(model)
    assert encoded.executes is True
    assert (found.predict(FRAME) == model.predict(FRAME)).all()
    told = flavor.describe(model)
    assert told.framework == "xgboost"
    assert {"n_estimators", "max_depth"} <= set(told.set_params)
    assert told.structure["rounds"] == 4


def test_lightgbm_booster_needs_no_trust():
    params = {"verbose": -1, "objective": "binary", "metric": "auc", "weights": [0.5, 1.0]}
    train, test = lightgbm.Dataset(FRAME[:200], Y[:200]), lightgbm.Dataset(FRAME[200:], Y[200:])
    model = lightgbm.train(
        params, train, 30, [test], callbacks=[lightgbm.early_stopping(2, verbose=False)]
    )
    found, encoded = through(model)
    assert encoded.executes is False
    assert (found.predict(FRAME) == model.predict(FRAME)).all()
    assert found.best_iteration == model.best_iteration
    assert found.best_score == model.best_score
    assert found.params == model.params
    assert through(found)[1].digest == encoded.digest
    told = registry.find(model).describe(model)
    assert told.structure["trees"] == model.num_trees()
    assert told.params["objective"] == "binary"
    assert [field["name"] for field in told.inputs] == list("abcde")


@pytest.mark.parametrize("kind", [lightgbm.LGBMClassifier, lightgbm.LGBMRegressor])
def test_lightgbm_for_sklearn(kind):
    model = kind(n_estimators=4, verbose=-1)
    flavor = registry.find(model)
    assert flavor.name == "lightgbm"
    assert flavor.fitted(model) is False
    model.fit(FRAME, Y)
    assert flavor.fitted(model) is True
    found, encoded = through(model)
    assert (found.predict(FRAME) == model.predict(FRAME)).all()
    assert encoded.canonical is True
    assert flavor.describe(model).structure["trees"] == 4


def test_one_more_round_costs_little():
    store = MemoryStore()
    writer = store.writer()
    matrix = xgboost.DMatrix(X, Y)
    model = xgboost.train({"max_depth": 4, "nthread": 1}, matrix, 200)
    registry.find(model).dump(model, writer)
    writer.commit()
    before = sum(map(len, store.blobs.values()))
    more = xgboost.train({"max_depth": 4, "nthread": 1}, matrix, 1, xgb_model=model)
    registry.find(more).dump(more, writer)
    writer.commit()
    assert sum(map(len, store.blobs.values())) - before < before / 2
