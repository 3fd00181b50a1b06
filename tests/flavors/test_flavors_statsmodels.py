import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from snapbook.flavors import registry
from snapbook.store.memory import MemoryStore

RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(RANDOM.normal(size=(100, 2)), columns=["a", "b"])
FRAME["y"] = 3 * FRAME["a"] - FRAME["b"] + RANDOM.normal(size=100) / 10


def through(model):
    flavor = registry.find(model)
    assert flavor.name == "statsmodels"
    store = MemoryStore()
    writer = store.writer()
    encoded = flavor.dump(model, writer)
    writer.commit()
    assert encoded.canonical is True
    return flavor.load(encoded.layout, encoded.blobs, store.get)


def test_formula():
    results = smf.ols("y ~ a + b", FRAME).fit()
    found = through(results)
    assert (found.predict(FRAME) == results.predict(FRAME)).all()
    flavor = registry.find(results)
    told = flavor.describe(results)
    assert told.class_name == "OLSResults"
    assert told.params == {"formula": "y ~ a + b"}
    assert list(told.structure["coefficients"]) == ["a", "b", "Intercept"]
    assert told.structure["nobs"] == 100
    assert told.structure["model"] == "OLS"
    assert [field["name"] for field in told.inputs] == ["Intercept", "a", "b"]
    assert [field["name"] for field in told.outputs] == ["y"]
    assert flavor.fitted(results) is True


def test_results_hide_their_model():
    model = sm.OLS(FRAME["y"], sm.add_constant(FRAME[["a", "b"]]))
    results = model.fit()
    flavor = registry.find(model)
    assert flavor.fitted(model) is False
    assert any(one is model for one in flavor.members(results))


def test_time_series():
    series = FRAME["y"].cumsum().to_numpy()
    smooth = SimpleExpSmoothing(series, initialization_method="estimated")
    for results in (ARIMA(series, order=(1, 0, 0)).fit(), smooth.fit()):
        found = through(results)
        assert np.array_equal(found.forecast(3), results.forecast(3))
        assert registry.find(results).describe(results).class_name
