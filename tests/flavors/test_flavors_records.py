import numpy as np
import pytest

from snapbook.flavors import records

NESTED = np.dtype([("a", "u1"), ("b", [("c", "u2"), ("d", "f8")], (2,))], align=True)
DTYPES = {
    "tree": np.dtype([("left", "i8"), ("threshold", "f8"), ("missing", "u1")], align=True),
    "odd size": np.dtype({"names": ["a"], "formats": ["u2"], "offsets": [3], "itemsize": 7}),
    "nested": np.dtype([("x", NESTED, (3,)), ("y", "u1")], align=True),
    "overlapping": np.dtype({"names": ["a", "b"], "formats": ["u4", "u2"], "offsets": [0, 2]}),
}


def values_of(array):
    """The bytes of each field, without what lies between."""
    if array.dtype.names is None:
        return array.tobytes()
    return [values_of(np.ascontiguousarray(array[name])) for name in array.dtype.names]


@pytest.mark.parametrize("name", DTYPES)
def test_values_stay_and_padding_goes(name):
    dtype = DTYPES[name]
    octets = np.random.default_rng(0).integers(0, 255, 20 * dtype.itemsize, dtype="u1")
    array = octets.copy().view(dtype)
    found = records.clean(array)
    assert values_of(found) == values_of(octets.view(dtype))
    assert (array.view("u1") == octets).all()
    other = np.full(20 * dtype.itemsize, 255, dtype="u1").view(dtype)
    copy_values(array, other)
    assert records.clean(other).tobytes() == found.tobytes()


def copy_values(source, target):
    """Field by field, so that what lies between stays."""
    for name in source.dtype.names:
        if source.dtype[name].base.names is None:
            target[name] = source[name]
        else:
            copy_values(source[name], target[name])


def test_what_is_clean_is_not_copied():
    array = np.zeros(10, DTYPES["tree"])
    assert records.clean(array) is array
    plain = np.arange(3)
    assert records.clean(plain) is plain
    packed = np.zeros(3, [("a", "u1"), ("b", "f8")])
    assert records.clean(packed) is packed


def test_every_order_of_memory():
    array = np.full((4, 6), 0, DTYPES["tree"])
    array.view("u1")[...] = 255
    array["left"], array["threshold"], array["missing"] = 1, 2, 3
    expected = records.clean(array).tobytes()
    for one in (array[::2], array.T, np.asfortranarray(array), array[:, 1]):
        assert records.clean(one).tolist() == one.tolist()
    assert records.clean(np.asfortranarray(array)).tobytes() == expected


def test_addresses():
    array = np.arange(10)
    assert records.address(array) == records.address(array.data.cast("B"))
    assert records.address(array) != records.address(array.copy())
    assert records.address(array)[1] == 80
