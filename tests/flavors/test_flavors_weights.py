"""Tensors as one file of safetensors, and the very storages out of it; of other files none."""

import json
import random
import struct
import tracemalloc

import numpy as np
import pytest

from snapbook.errors import Damaged, NotRestorable
from snapbook.flavors import bundled, weights
from snapbook.flavors import torch as torches
from snapbook.store.memory import MemoryStore

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")


def tied():
    """Tensors of every sort of which each byte is shown: shared, turned, spread, empty, tiny."""
    torch.manual_seed(0)
    base, matrix = torch.arange(3000.0), torch.randn(40, 50)
    held = {
        "whole": base,
        "left": base[:1000],
        "every other": base[::2],
        "matrix": matrix,
        "tied": matrix,
        "turned": matrix.t(),
        "large and turned": torch.randn(60, 70).t(),
        "none": torch.empty(0, 3),
        "one": torch.tensor(7, dtype=torch.int64),
        "spread": torch.tensor([1.5]).expand(4),
        "wide": torch.zeros(2, 3).as_strided((3, 2), (1, 3)),
    }
    for kind in ("float64", "float16", "bfloat16", "int32", "int16", "int8", "uint8", "bool"):
        held[f"of {kind}"] = torch.tensor([0, 1, 1]).to(getattr(torch, kind))
    return held


def kept(state):
    """The layout and the blobs of a state dict, and where these are."""
    store = MemoryStore()
    writer = store.writer()
    encoded = torches.flavor.dump(state, writer)
    writer.commit()
    writer.close()
    return encoded.layout, encoded.blobs, store


def written(state):
    """The same, with the file of a bundle and how that is read."""
    layout, blobs, store = kept(state)
    files = {}
    load = bundled.write(
        layout, blobs, store.get, lambda name, parts: files.__setitem__(name, b"".join(parts))
    )
    return layout, blobs, store, load, files


@pytest.mark.parametrize("ordered", [False, True])
def test_the_very_blobs_come_back_and_so_do_the_tensors(ordered):
    net = torch.nn.Sequential(torch.nn.Linear(40, 50), torch.nn.BatchNorm1d(50))
    state = net.state_dict() if ordered else tied()
    layout, blobs, store, load, files = written(state)
    assert list(files) == ["model.safetensors"]
    found = bundled.blobs_of(load, layout, blobs, files.__getitem__)
    assert {digest: bytes(one) for digest, one in found.items()} == {
        digest: store.get(digest) for digest in blobs
    }
    again = torches.flavor.load(layout, blobs, found.__getitem__)
    assert list(again) == list(state)
    for name, tensor in state.items():
        assert torch.equal(again[name], tensor)
        assert again[name].dtype == tensor.dtype


def test_the_library_of_others_reads_the_file(tmp_path):
    state = tied()
    *_, files = written(state)
    (tmp_path / "model.safetensors").write_bytes(files["model.safetensors"])
    found = safetensors.load_file(tmp_path / "model.safetensors")
    assert set(found) == set(state)
    assert all(torch.equal(found[name], tensor) for name, tensor in state.items())


def test_weights_that_fill_their_storages_are_not_copied():
    layout, blobs, _, load, files = written({"w": torch.randn(1000, 1000)})
    tracemalloc.start()
    found = bundled.blobs_of(load, layout, blobs, files.__getitem__)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert sum(map(len, found.values())) == 4_000_000


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (lambda: {"a": torch.ones(2), "part": torch.arange(5000.0)[:4000]}, "part"),
        (lambda: {"inner": torch.ones(60, 100)[:, 10:20]}, "inner"),
        (lambda: {"late": torch.arange(600.0)[5:]}, "late"),
        (lambda: {"none": torch.ones(5000)[:0]}, "none"),
        (lambda: {"far": torch.ones(10**6)[:: 10**5]}, "far"),
    ],
)
def test_what_no_tensor_shows_is_no_part_of_a_file_and_so_there_is_none(state, name):
    with pytest.raises(NotRestorable) as found:
        written(state())
    assert found.value.sentence == (
        f"No bundle can be made of it: {name} shows a part of its storage, and no tensor the rest."
    )
    assert found.value.act.startswith("Version clones, {name: tensor.clone() ")
    cloned = {key: tensor.clone() for key, tensor in state().items()}
    layout, blobs, _, load, files = written(cloned)
    assert set(bundled.blobs_of(load, layout, blobs, files.__getitem__)) == set(blobs)


def test_what_the_form_has_no_word_for_is_refused():
    for state, why in (
        ({"w": torch.zeros(3, dtype=torch.complex64)}, "w is of complex64"),
        ({"__metadata__": torch.zeros(3)}, "one of its tensors is called __metadata__"),
    ):
        with pytest.raises(NotRestorable, match=f"No bundle can be made of it: {why}"):
            written(state)


def head_of(data):
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def with_head(text, numbers):
    return struct.pack("<Q", len(text)) + text + numbers


def changed(**entries):
    """The head with some of the entries of "left" exchanged."""

    def spoil(data):
        told, numbers = head_of(data)
        told["left"] |= entries
        return with_head(json.dumps(told, separators=(",", ":")).encode(), numbers)

    return spoil


def twice(data):
    told, numbers = head_of(data)
    text = json.dumps(told, separators=(",", ":"))
    return with_head(f'{text[:-1]},"left":{json.dumps(told["left"])}}}'.encode(), numbers)


def spaced(data):
    (length,) = struct.unpack("<Q", data[:8])
    return with_head(data[8 : 8 + length] + b" " * 8, data[8 + length :])


BAD = {
    "empty": lambda data: b"",
    "half a length": lambda data: data[:5],
    "length alone": lambda data: data[:8],
    "cut": lambda data: data[:-1],
    "cut head": lambda data: data[:60],
    "longer": lambda data: data + b"\0",
    "huge head": lambda data: struct.pack("<Q", 2**63) + data[8:],
    "head of all": lambda data: struct.pack("<Q", len(data) - 8) + data[8:],
    "no json": lambda data: with_head(b"[" * 100_000, head_of(data)[1]),
    "deep json": lambda data: with_head(b"[" * 500_000 + b"]" * 500_000, b""),
    "another head": lambda data: with_head(b"{}", b""),
    "spaces": spaced,
    "twice": twice,
    "outside": changed(data_offsets=[2**60, 2**60 + 4000]),
    "backwards": changed(data_offsets=[4000, 0]),
    "over others": changed(data_offsets=[0, 4000]),
    "more numbers": changed(shape=[2**40]),
    "other type": changed(dtype="F64"),
    "other numbers": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_another_is_refused_and_takes_no_memory(name):
    layout, blobs, _, load, files = written(tied())
    spoilt = BAD[name](files["model.safetensors"])
    tracemalloc.start()
    try:
        with pytest.raises(Damaged) as found:
            bundled.blobs_of(load, layout, blobs, {"model.safetensors": spoilt}.get)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert found.value.sentence == (
        "The model is not the one that its author signed: its bytes are others."
    )


def test_no_byte_of_the_file_can_be_another():
    """Of a tensor that stands there twice neither may be another, though one alone is asked."""
    layout, blobs, _, load, files = written(tied())
    good = files["model.safetensors"]
    chance = random.Random(0)
    places = {*range(len(good) - 400, len(good)), *chance.sample(range(len(good)), 600)}
    for place in places:
        spoilt = bytearray(good)
        spoilt[place] ^= 1 << chance.randrange(8)
        with pytest.raises(Damaged):
            bundled.blobs_of(load, layout, blobs, {"model.safetensors": bytes(spoilt)}.get)


LINE = ["w", "float32", [4], [1], 0, 0]
HOSTILE = {
    "no list": 7,
    "no line": [7],
    "short": [["w"]],
    "negative": [["w", "float32", [4], [-1], 0, 0]],
    "texts": [["w", "float32", "4", "1", 0, 0]],
    "fraction": [["w", "float32", [4], [1], 0, 0.5]],
    "no blob": [["w", "float32", [4], [1], 7, 0]],
    "uneven": [["w", "float32", [4], [], 0, 0]],
    "endless": [["w", "float32", [2**70], [0], 0, 0]],
    "very many": [["w", "float32", [2**61, 2**61], [0, 0], 0, 0]],
    "deep": [["w", "float32", [1] * 10_000, [1] * 10_000, 0, 0]],
    "twice": [LINE, LINE],
    "no name": [["\ud800", *LINE[1:]]],
    "far": [["w", "float32", [4], [2**50], 0, 0], ["v", "float32", [2**52], [0], 0, 0]],
    "behind": [["w", "float32", [4], [1], 0, 2**55]],
    "unseen": [["w", "float32", [0], [1], 0, 0]],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_layout_that_was_made_to_harm_is_refused_both_ways(name):
    layout, blobs, store, load, files = written({"w": torch.arange(4.0)})
    hostile = {**layout, "state": HOSTILE[name]}
    with pytest.raises((Damaged, NotRestorable)):
        bundled.write(hostile, blobs, store.get, lambda _, parts: list(parts))
    with pytest.raises(Damaged):
        bundled.blobs_of(load, hostile, blobs, files.__getitem__)


def test_one_number_that_stands_for_very_many_is_laid_out_in_pieces(monkeypatch):
    monkeypatch.setattr(weights, "_AT_ONCE", 64)
    matrix = torch.randn(30, 7)
    state = {"m": matrix, "t": matrix.t(), "s": torch.tensor([2.5]).expand(9, 100)}
    layout, blobs, store = kept(state)
    found = list(weights.pieces(weights.listed(layout, len(blobs)), {}, blobs, store.get))
    assert max(map(len, found[1:])) <= 64
    told, numbers = head_of(b"".join(found))
    for name, tensor in state.items():
        start, end = told[name]["data_offsets"]
        again = np.frombuffer(numbers[start:end], "float32").reshape(tensor.shape)
        assert (again == tensor.numpy()).all()
