import os

import numpy as np
import pytest

from snapbook.flavors import registry
from snapbook.store.memory import MemoryStore

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

# Keras 3.15 on torch meets numpy 2 with a deprecated call.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
X = np.random.default_rng(0).normal(size=(50, 20)).astype("float32")


def make():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((20,)),
            layers.Dense(300, activation="relu"),
            layers.Dense(300),
            layers.Dense(2),
        ]
    )
    model.compile("adam", "mse")
    model.fit(X, X[:, :2], verbose=0)
    return model


def keep(model, store):
    flavor = registry.find(model)
    assert flavor.name == "keras"
    writer = store.writer()
    encoded = flavor.dump(model, writer)
    writer.commit()
    return encoded, writer.new_bytes


def test_a_network_comes_back_compiled():
    model, store = make(), MemoryStore()
    encoded, first = keep(model, store)
    assert encoded.executes is True
    found = registry.named("keras").load(encoded.layout, encoded.blobs, store.get)
    assert np.array_equal(found.predict(X, verbose=0), model.predict(X, verbose=0))
    found.fit(X, X[:, :2], verbose=0)
    assert keep(model, store)[1] == 0
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.compile("adam", "mse")
    model.fit(X, X[:, :2], verbose=0)
    again, second = keep(model, store)
    assert again.digest != encoded.digest
    assert second < first / 4


def test_restored_is_the_same_model():
    model, store = make(), MemoryStore()
    encoded, _ = keep(model, store)
    found = registry.named("keras").load(encoded.layout, encoded.blobs, store.get)
    assert keep(found, store)[0].digest == encoded.digest


def test_describe():
    model = make()
    flavor = registry.find(model)
    told = flavor.describe(model)
    assert told.framework == "keras"
    assert told.structure["parameters"] == model.count_params()
    assert told.structure["optimizer"] == "Adam"
    assert told.inputs[0]["shape"] == [None, 20]
    assert any(one is model.layers[0] for one in flavor.members(model))
