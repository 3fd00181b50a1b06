import pickle
import pickletools
from struct import pack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.flavors import pickler

LARGE = 70_000
LIKE_A_FRAME = b"\x95" + pack("<Q", LARGE) + bytes(LARGE)


def back(pickled):
    return pickler.load(pickled.stream, [bytes(buffer) for buffer in pickled.buffers])


@pytest.mark.parametrize(
    "value",
    [
        LIKE_A_FRAME,
        bytearray(LIKE_A_FRAME),
        "x" * LARGE,
        [LIKE_A_FRAME, b"B" + pack("<I", LARGE), LIKE_A_FRAME, "\x95" * LARGE],
        list(range(50_000)),
        [str(number) * 9 for number in range(20_000)],
        [],
        None,
    ],
)
def test_streams_have_no_frames_and_load(value):
    pickled = pickler.dump(value)
    assert back(pickled) == value
    assert "FRAME" not in {code.name for code, _, _ in pickletools.genops(pickled.stream)}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=20) | st.integers(0, 2**40), max_size=20), st.integers(1, 9000))
def test_any_mixture_loads(small, times):
    value = small * times
    assert back(pickler.dump(value)) == value
    assert pickle.loads(pickler.dump(value).stream) == value


def test_streams_of_grown_lists_differ_at_the_end_only():
    one = pickler.dump([str(number) for number in range(40_000)]).stream
    two = pickler.dump([str(number) for number in range(40_001)]).stream
    same = next(place for place, (a, b) in enumerate(zip(one, two, strict=False)) if a != b)
    assert same > len(one) - 20


def test_what_buffers_go_out_of_band():
    arrays = [np.zeros(511), np.zeros(512), np.zeros((100, 100)).T, np.zeros(9999)[::2]]
    pickled = pickler.dump(arrays)
    assert [buffer.nbytes for buffer in pickled.buffers] == [4096, 80_000, 40_000]
    assert pickled.addresses[0] == (arrays[1].ctypes.data, 4096)


def test_cloudpickle_is_only_used_where_needed():
    assert pickler.dump(np.zeros(3)).by_value is False
    assert pickler.dump(lambda: 3).by_value is True
    assert pickler.dump(pickle.dumps).by_value is False
