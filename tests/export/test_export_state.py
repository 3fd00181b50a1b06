"""export --to state_dict: tensors by name, read again by the library that made the form."""

from __future__ import annotations

import leaving
import pytest

from snapbook import verbs
from snapbook.errors import Damaged, NotRestorable
from snapbook.export import state
from snapbook.parts import model as models
from snapbook.parts.base import Part
from snapbook.store.memory import MemoryStore

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")


def tensors():
    """Tensors of every sort: strided, shared, empty, scalar, of many types."""
    base = torch.arange(600, dtype=torch.float32)
    held = {
        "turned": base[:12].view(3, 4).t(),
        "every other": base[::2],
        "whole": base,
        "wide": torch.arange(3000.0).view(30, 100)[:, 10:20],
        "none": torch.empty(0, 3),
        "one": torch.tensor(7, dtype=torch.int64),
        "spread": torch.tensor([1.5]).expand(4),
    }
    for kind in ("float64", "float16", "bfloat16", "int32", "int16", "int8", "uint8", "bool"):
        held[f"of {kind}"] = torch.tensor([0, 1, 1]).to(getattr(torch, kind))
    return held


def test_a_state_dict_is_read_again_as_it_was(project, tmp_path):
    held = tensors()
    leaving.save(project, held, {})
    done = verbs.export("churn", to="state_dict")
    assert done.lines[-1].startswith(f"wrote churn-0.1.0.safetensors: {len(held)} tensors, ")
    path = tmp_path / "churn-0.1.0.safetensors"
    found = safetensors.load_file(path)
    assert set(found) == set(held)
    for name, tensor in held.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        assert torch.equal(found[name], tensor), name
    with safetensors.safe_open(path, "pt") as opened:
        assert opened.metadata()["snapbook.ref"] == "churn:0.1.0"
    verbs.export("churn", to="state_dict", output="again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_a_module_gets_its_weights_back_and_is_not_loaded_for_it(project, tmp_path, monkeypatch):
    def made():
        return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))

    torch.manual_seed(0)
    one = made()
    leaving.save(project, one, {})
    monkeypatch.setattr(torch.nn.Linear, "__setstate__", None)  # whoever unpickles one fails
    verbs.export("churn", to="state_dict", output="weights.safetensors")
    monkeypatch.undo()
    two = made()
    two.load_state_dict(safetensors.load_file(tmp_path / "weights.safetensors"))
    rows = torch.randn(5, 8)
    assert torch.equal(one(rows), two(rows))


def test_what_has_no_tensors_or_strange_ones_is_refused(project):
    rows, target = leaving.numbers()
    leaving.save(project, leaving.logistic(rows, target), {"X": (rows, "train")})
    with pytest.raises(NotRestorable, match="it is of sklearn and holds no tensors by name"):
        verbs.export("churn", to="state_dict")
    leaving.save(project, {"w": torch.zeros(3, dtype=torch.complex64)}, {}, name="waves")
    with pytest.raises(NotRestorable, match="w is of complex64"):
        verbs.export("waves", to="state_dict")


def test_a_layout_that_reaches_out_of_its_bytes_is_refused():
    writer = MemoryStore().writer()
    part, _ = models.capture({"w": torch.zeros(4)}, "model", writer)
    layout = part.facts["layout"]
    for wrong in (
        ["w", "float32", [5], [1], 0, 0],
        ["w", "float32", [4], [1], 0, 4],
        ["w", "float32", [4], [-1], 0, 0],
        ["w", "float32", [4], [1], 7, 0],
        ["w"],
    ):
        facts = {**part.facts, "layout": {**layout, "state": [wrong]}}
        hostile = Part(part.kind, part.name, facts, part.blobs)
        with pytest.raises(Damaged):
            list(state.pieces(state.tensors("churn", hostile), {}, hostile, writer.get))
