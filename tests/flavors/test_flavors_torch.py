import copy
import os
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest

from snapbook.errors import Damaged, NotKept
from snapbook.flavors import registry
from snapbook.flavors import torch as torch_flavor
from snapbook.store.memory import MemoryStore

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch")

X = torch.linspace(-1, 1, 160).reshape(8, 20)


class Net(torch.nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.first = torch.nn.Linear(20, width)
        self.norm = torch.nn.BatchNorm1d(width)
        self.last = torch.nn.Linear(width, 20)
        self.tied = torch.nn.Linear(20, width)
        self.tied.weight = self.first.weight

    def forward(self, x):
        return self.tied(self.last(torch.relu(self.norm(self.first(x)))))


def keep(model, store):
    flavor = registry.find(model)
    assert flavor.name == "torch"
    writer = store.writer()
    encoded = flavor.dump(model, writer)
    writer.commit()
    return encoded, writer.new_bytes


def through(model):
    store = MemoryStore()
    encoded, _ = keep(model, store)
    return registry.find(model).load(encoded.layout, encoded.blobs, store.get), encoded, store


def test_inputs_are_told_where_a_linear_layer_comes_first():
    def names(model):
        return [one["name"] for one in registry.find(model).describe(model).inputs]

    assert names(Net()) == [f"x{place}" for place in range(20)]
    assert names(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 1))) == ["x0", "x1"]
    assert names(torch.nn.Sequential(torch.nn.Conv1d(1, 2, 3), torch.nn.Linear(2, 1))) == []
    assert names(torch.nn.Sequential(torch.nn.Embedding(9, 2), torch.nn.Linear(2, 1))) == []
    assert names(torch.nn.LSTM(3, 4)) == []
    assert names(torch.nn.Linear(501, 1)) == []
    assert names(torch.nn.ReLU()) == []
    assert names(Net().state_dict()) == []


def test_a_module_comes_back_tied_and_trainable():
    model = Net().eval()
    found, encoded, _ = through(model)
    assert torch.equal(found(X), model(X))
    assert found.tied.weight is found.first.weight
    assert not found.training
    assert encoded.canonical is True
    assert through(found)[1].digest == encoded.digest
    found.train()
    steps = torch.optim.SGD(found.parameters(), 0.1)
    found(X).sum().backward()
    steps.step()
    assert not torch.equal(found.first.weight, model.first.weight)


def test_weights_of_a_module_are_read_without_loading_it():
    model = Net()
    _, encoded, store = through(model)
    assert encoded.executes is True
    found = torch_flavor.state(encoded.layout, encoded.blobs, store.get)
    held = model.state_dict()
    assert list(found) == list(held)
    assert all(torch.equal(found[name], held[name]) for name in held)


def test_tuning_the_last_layer_costs_the_last_layer():
    model = Net(4000)
    store = MemoryStore()
    _, first = keep(model, store)
    with torch.no_grad():
        model.last.weight += 1
    _, second = keep(model, store)
    assert second < model.last.weight.nbytes + 30_000
    assert first > 3 * second / 2


def test_state_dict_needs_no_trust():
    model = Net()
    found, encoded, store = through(model.state_dict())
    assert encoded.executes is False
    assert encoded.canonical is True
    assert type(found) is OrderedDict
    other = Net()
    other.load_state_dict(found)
    assert torch.equal(other.eval()(X), model.eval()(X))
    assert found._metadata == model.state_dict()._metadata
    again, new = keep(found, store)
    assert again.digest == encoded.digest
    assert new == 0
    assert type(through(dict(model.state_dict()))[0]) is dict


TENSORS = {
    "bfloat16": torch.arange(4, dtype=torch.bfloat16),
    "half": torch.arange(3000, dtype=torch.float16),
    "complex": torch.tensor([1 + 2j, 3j]).conj(),
    "bool": torch.tensor([True, False]),
    "scalar": torch.tensor(7),
    "empty": torch.empty(0, 3),
    "transposed": torch.arange(6000.0).reshape(60, 100).T,
    "slice": torch.arange(6000.0)[10:20:3],
    "expanded": torch.ones(1, 5).expand(4, 5),
    "int64": torch.arange(2000),
}


@pytest.mark.parametrize("name", TENSORS)
def test_every_kind_of_tensor(name):
    value = TENSORS[name]
    found, _, _ = through({"value": value})
    assert found["value"].dtype == value.dtype
    assert torch.equal(found["value"], value)

    class Holder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("value", value)

    module, _, _ = through(Holder())
    assert torch.equal(module.value, value)
    assert module.value.stride() == value.stride() or value.is_conj()


def test_views_of_one_storage_share_it_again():
    base = torch.zeros(3000)
    found, _, _ = through({"all": base, "part": base[10:20]})
    found["all"][12] = 5
    assert found["part"][2] == 5


def test_tensors_within_other_models():
    from snapbook.flavors import pickled

    model = {"model": Net().state_dict(), "epoch": 3, "parameter": torch.nn.Parameter(X)}
    store = MemoryStore()
    writer = store.writer()
    encoded = registry.find(model).dump(model, writer)
    writer.commit()
    found = pickled.fetch(encoded.layout, encoded.blobs, store.get)
    assert type(found["parameter"]) is torch.nn.Parameter
    assert torch.equal(found["model"]["first.weight"], model["model"]["first.weight"])


def test_of_a_graph_the_values_are_kept():
    weight = torch.nn.Parameter(X)

    class Holder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.kept = weight * 2

    found, _, _ = through(Holder())
    assert torch.equal(found.kept, X * 2)
    assert found.kept.is_leaf


def test_what_torch_cannot_pickle_is_named():
    class Holder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.values = (number for number in range(3))

    with pytest.raises(NotKept, match="its values is a running generator"):
        keep(Holder(), MemoryStore())


def test_describe():
    model = Net()
    for parameter in model.first.parameters():
        parameter.requires_grad = False
    flavor = registry.find(model)
    told = flavor.describe(model)
    assert told.framework == "torch"
    assert told.framework_version == str(torch.__version__)
    assert told.structure["layers"]["last.weight"] == "20x100 float32"
    assert told.structure["parameters"] - told.structure["trainable"] == 20 * 100 + 100
    assert flavor.fitted(model) is None
    assert any(one is model.norm for one in flavor.members(model))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_modules():
    model = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(20, 3), torch.nn.ReLU()))
    found, encoded, _ = through(model)
    assert encoded.executes is True
    assert torch.equal(found(X), model(X))


BAD = {
    "no list": {"state": 3},
    "no blob": {"state": [["a", "float32", [2], [1], 7, 0]]},
    "beyond the bytes": {"state": [["a", "float32", [3], [1], 0, 0]]},
    "negative": {"state": [["a", "float32", [2], [-1], 0, 0]]},
    "no dtype": {"state": [["a", "load", [2], [1], 0, 0]]},
    "unaligned": {"state": [["a", "float32", [1], [1], 0, 1]]},
}


@pytest.mark.parametrize("name", BAD)
def test_layouts_that_do_not_fit_are_damaged(name):
    with pytest.raises(Damaged):
        torch_flavor.state(BAD[name], ("00",), lambda _: b"12345678")


def test_modules_of_the_notebook_come_back_in_another_kernel(tmp_path):
    script = """
import pickle, sys, torch
from snapbook.flavors import registry
from snapbook.store.memory import MemoryStore
class Own(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one = torch.nn.Linear(2, 2)
    def forward(self, x):
        return torch.relu(self.one(x))
model = Own()
store = MemoryStore()
writer = store.writer()
encoded = registry.find(model).dump(model, writer)
writer.commit()
seen = model(torch.ones(1, 2)).tolist()
pickle.dump((dict(encoded.layout), encoded.blobs, store.blobs, seen), open(sys.argv[1], "wb"))
"""
    import pickle

    path = tmp_path / "kept"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script, str(path)], env=env, check=True)
    layout, blobs, held, seen = pickle.loads(path.read_bytes())
    found = registry.named("torch").load(layout, blobs, held.__getitem__)
    assert found(torch.ones(1, 2)).tolist() == seen
    assert np.array_equal(copy.deepcopy(found)(torch.ones(1, 2)).tolist(), seen)
