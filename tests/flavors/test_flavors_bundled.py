"""A model's own files, and the very blobs that they were made of."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.errors import Damaged
from snapbook.flavors import bundled, opcodes, pickled
from snapbook.store.memory import MemoryStore


class Held:
    """Buffers that are pickled out of band, constant ones and others."""

    def __init__(self, parts):
        self.parts = parts

    def __reduce__(self):
        return list, (tuple(pickle.PickleBuffer(part) for part in self.parts),)


blocks = st.binary(max_size=300).flatmap(lambda b: st.sampled_from([b, bytearray(b)]))


@given(st.lists(blocks, max_size=5), st.integers(0, 200_000), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_whole_pickle_gives_back_its_stream_and_buffers(parts, size, twice):
    buffers = []
    value = ["x" * size, Held(parts), {"y" * (size // 3): Held(parts[:1] if twice else [])}]
    stream = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    held = [buffer.raw().tobytes() for buffer in buffers]
    edits = []
    whole = b"".join(opcodes.pieces(stream, held, edits))
    again, found = opcodes.parted(memoryview(whole), edits)
    assert again == stream
    assert [bytes(one) for one in found] == held
    assert pickle.loads(whole) == pickle.loads(stream, buffers=held)


@pytest.mark.parametrize(
    "edits",
    [[[0, 0x97, 1 << 62]], [[9, 0x95, 1], [3, 0x95, 1]], [[-1, 0x95, 0]], [[0, 0x97, -40]],
     [[1 << 70, 0x95, 1]], [[0, 0x95, 1 << 63]]],
)  # fmt: skip
def test_edits_that_lie_outside_are_refused(edits):
    with pytest.raises(Damaged, match="its edits lie outside of it"):
        opcodes.parted(memoryview(b"0123456789"), edits)


def kept(value):
    store = MemoryStore()
    writer = store.writer()
    encoded = pickled.keep(value, writer)
    writer.commit()
    writer.close()
    files = {}
    load = bundled.write(
        encoded.layout, encoded.blobs, store.get,
        lambda name, pieces: files.__setitem__(name, b"".join(pieces)),
    )  # fmt: skip
    return encoded, load, files


def test_a_changed_file_is_not_what_was_signed():
    import numpy

    encoded, load, files = kept({"a": numpy.arange(5000.0), "b": ["text"] * 3})
    found = bundled.blobs_of(load, encoded.layout, encoded.blobs, files.__getitem__)
    assert set(found) == set(encoded.blobs)
    data = files["model.joblib"]
    assert bundled.same_pickle(data, encoded.layout, encoded.blobs, found.__getitem__)
    assert not bundled.same_pickle(data + b".", encoded.layout, encoded.blobs, found.__getitem__)
    for place in (3, len(data) // 2, len(data) - 2):
        other = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(Damaged, match="not the one that its author signed"):
            bundled.blobs_of(load, encoded.layout, encoded.blobs, {"model.joblib": other}.get)


@pytest.mark.parametrize(
    "change",
    [{"edits": 7}, {"edits": [[1, 2]]}, {"edits": [["a", 0x95, 1]]}, {"pieces": None},
     {"pieces": [1, 2]}, {"pieces": [True]}, {"pieces": [-1]}],
)  # fmt: skip
def test_a_list_that_is_none_is_refused(change):
    encoded, load, files = kept(["plain", 1.5])
    with pytest.raises(Damaged, match="not the one that its author signed"):
        bundled.blobs_of({**load, **change}, encoded.layout, encoded.blobs, files.__getitem__)
