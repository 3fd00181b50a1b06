"""Digests: golden ones for every dtype, pairs that must be equal and pairs that must differ."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.parts import frame
from snapbook.parts.frame import tagged

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "data"))
import frame_cases

sys.path.pop(0)

DATA = pathlib.Path(__file__).parent.parent / "data"
SOURCE = pathlib.Path(frame.__file__).parents[3]
GOLDEN = json.loads((DATA / "golden_frames.json").read_text())


def _digest(made):
    return frame.digest(made).digest


def _columns(made):
    return [digest for _, digest in frame.digest(made).columns]


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_golden_digests_in_other_processes(seed):
    """SNAPBOOK_TEST_PYTHON may name a Python with another pandas; the digests are the same."""
    python = os.environ.get("SNAPBOOK_TEST_PYTHON", sys.executable)
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(SOURCE)}
    script = DATA / "frame_cases.py"
    done = subprocess.run([python, str(script)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert {name for name in GOLDEN if found.get(name) != GOLDEN[name]} == set()
    assert found.keys() == GOLDEN.keys()


def test_every_case_is_hashed_and_unlike_the_others():
    digests = [entry[0] for entry in GOLDEN.values()]
    assert None not in digests
    assert (
        len(set(digests)) == len(digests) - 1
    )  # "nan" has the payloads of "odd nan" or vice versa


def _frame(**columns):
    made = {
        name: pd.Series(values, dtype=object)
        if isinstance(values, list) and any(isinstance(v, (str, type(None))) for v in values)
        else values
        for name, values in columns.items()
    }
    return pd.DataFrame(made).rename(columns=str)


def _strided():
    wide = np.empty((4, 5))
    wide[:, 2] = [1.0, 2.0, np.nan, 4.0]
    return pd.DataFrame({"a": pd.Series(wide[:, 2], copy=False)})


def _nans(*payloads):
    return np.array([0x7FF8000000000000 + payload for payload in payloads], "<u8").view("<f8")


def _arrow_chunks(*chunks):
    import pyarrow as pa

    return pd.DataFrame({"a": pd.array(pa.chunked_array(chunks), dtype=pd.ArrowDtype(pa.string()))})


FLOATS = {"a": [1.0, 2.0, np.nan, 4.0]}
EQUAL = {
    "itself": lambda: (pd.DataFrame(FLOATS), pd.DataFrame(FLOATS)),
    "strided": lambda: (pd.DataFrame(FLOATS), _strided()),
    "fortran": lambda: (
        pd.DataFrame(np.arange(12.0).reshape(4, 3)),
        pd.DataFrame(np.asfortranarray(np.arange(12.0).reshape(4, 3))),
    ),
    "array layouts": lambda: (
        np.arange(12.0).reshape(4, 3),
        np.asfortranarray(np.arange(12.0).reshape(4, 3)),
    ),
    "byte order": lambda: (np.arange(3, dtype=">i4"), np.arange(3, dtype="<i4")),
    "blocks": lambda: (
        pd.DataFrame({"a": [1, 2], "b": [3, 4]}),
        pd.concat([pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [3, 4]})], axis=1),
    ),
    "chunks": lambda: (_arrow_chunks(["a", "b"], ["c"]), _arrow_chunks(["a"], [], ["b", "c"])),
    "NaN payloads": lambda: (
        pd.DataFrame({"a": _nans(0, 0)}),
        pd.DataFrame({"a": _nans(1, 0x8000000000000000)}),
    ),
    "bytes under nulls": lambda: (
        pd.DataFrame({"a": pd.arrays.IntegerArray(np.array([1, 7]), np.array([False, True]))}),
        pd.DataFrame({"a": pd.arrays.IntegerArray(np.array([1, 9]), np.array([False, True]))}),
    ),
    "range and integers": lambda: (
        pd.DataFrame({"a": [1.0, 2.0]}),
        pd.DataFrame({"a": [1.0, 2.0]}, index=pd.Index([0, 1], dtype="int64")),
    ),
    "sets": lambda: (_frame(a=[{"x", "y", "z"}, None]), _frame(a=[{"z", "y", "x"}, None])),
    "zone objects": lambda: (
        pd.DataFrame({"a": pd.date_range("2020", periods=2, tz="UTC")}),
        pd.DataFrame({"a": pd.date_range("2020", periods=2, tz=pd.Timestamp.now("UTC").tz)}),
    ),
    "string storage": lambda: (
        pd.DataFrame({"a": pd.array(["x", None], dtype="string[python]")}),
        pd.DataFrame({"a": pd.array(["x", None], dtype="string[pyarrow]")}),
    ),
    "slice and copy": lambda: (
        pd.DataFrame({"a": np.arange(10)})[3:6].reset_index(drop=True),
        pd.DataFrame({"a": [3, 4, 5]}),
    ),
    "column labels of text": lambda: (
        pd.DataFrame([[1]], columns=pd.Index(["a"], dtype=object)),
        pd.DataFrame([[1]], columns=pd.Index(["a"])),
    ),
}

DIFFERENT = {
    "int32 int64": lambda: (_frame(a=np.array([1], "i4")), _frame(a=np.array([1], "i8"))),
    "text number": lambda: (_frame(a=["1", None]), _frame(a=[1, None])),
    "one True": lambda: (_frame(a=["x", 1]), _frame(a=["x", True])),
    "one one": lambda: (_frame(a=["x", 1]), _frame(a=["x", 1.0])),
    "text bytes": lambda: (_frame(a=["x", "1"]), _frame(a=["x", b"1"])),
    "list tuple": lambda: (_frame(a=["x", [1]]), _frame(a=["x", (1,)])),
    "nested list": lambda: (_frame(a=["x", [1, [2]]]), _frame(a=["x", [1, 2]])),
    "dict order": lambda: (_frame(a=["x", {1: 2, 3: 4}]), _frame(a=["x", {3: 4, 1: 2}])),
    "text borders": lambda: (_frame(a=["ab", "c"]), _frame(a=["a", "bc"])),
    "NUL": lambda: (_frame(a=["a\0", "b"]), _frame(a=["a", "\0b"])),
    "renamed": lambda: (_frame(a=[1]), _frame(b=[1])),
    "name text number": lambda: (
        pd.DataFrame([[1]], columns=["1"]),
        pd.DataFrame([[1]], columns=[1]),
    ),
    "name number float": lambda: (
        pd.DataFrame([[1]], columns=[1]),
        pd.DataFrame([[1]], columns=[1.0]),
    ),
    "columns swapped": lambda: (_frame(a=[1], b=[2]), _frame(b=[2], a=[1])),
    "rows swapped": lambda: (_frame(a=[1, 2]), _frame(a=[2, 1])),
    "zones": lambda: tuple(
        pd.DataFrame({"a": pd.date_range("2020", periods=2, tz="UTC").tz_convert(zone)})
        for zone in ("UTC", "Europe/Berlin")
    ),
    "units": lambda: tuple(
        pd.DataFrame({"a": np.array([1], f"M8[{unit}]")}) for unit in ("s", "ms")
    ),
    "category order": lambda: tuple(
        pd.DataFrame({"a": pd.Categorical(["x", "y"], categories=order)})
        for order in (["x", "y"], ["y", "x"])
    ),
    "category unused": lambda: tuple(
        pd.DataFrame({"a": pd.Categorical(["x", "y"], categories=known)})
        for known in (["x", "y"], ["x", "y", "z"])
    ),
    "category ordered": lambda: tuple(
        pd.DataFrame({"a": pd.Categorical(["x"], ordered=ordered)}) for ordered in (True, False)
    ),
    "empty dtypes": lambda: tuple(
        pd.DataFrame({"a": np.array([], dtype)}) for dtype in ("i8", "f8")
    ),
    "minus zero": lambda: (_frame(a=np.array([0.0])), _frame(a=np.array([-0.0]))),
    "missing kinds": lambda: (_frame(a=["x", None]), _frame(a=["x", float("nan")])),
    "NA NaN": lambda: (
        pd.DataFrame({"a": pd.array([1.5, None], dtype="Float64")}),
        pd.DataFrame({"a": np.array([1.5, np.nan])}),
    ),
    "period frequency": lambda: tuple(
        pd.DataFrame({"a": pd.PeriodIndex.from_ordinals([1], freq=freq)}) for freq in ("M", "D")
    ),
    "interval closed": lambda: tuple(
        pd.DataFrame({"a": pd.arrays.IntervalArray.from_tuples([(0, 1)], closed=closed)})
        for closed in ("left", "right")
    ),
    "sparse fill": lambda: tuple(
        pd.DataFrame({"a": pd.arrays.SparseArray([0, 1], fill_value=fill)}) for fill in (0, 1)
    ),
    "labels": lambda: (_frame(a=[1.5]), _frame(a=[1.5]).set_axis([7])),
    "label names": lambda: (_frame(a=[1.5]), _frame(a=[1.5]).rename_axis("i")),
    "frame series": lambda: (_frame(a=[1.5]), pd.Series([1.5], name="a")),
    "shapes": lambda: (np.zeros((2, 3)), np.zeros((3, 2))),
    "deep shapes": lambda: (np.zeros((2, 3, 4)), np.zeros((2, 4, 3))),
    "multi levels": lambda: (
        pd.MultiIndex.from_tuples([(1, 2)], names=["a", "b"]),
        pd.MultiIndex.from_tuples([(1, 2)], names=["b", "a"]),
    ),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal(name):
    one, other = EQUAL[name]()
    assert _digest(one) is not None
    assert _digest(one) == _digest(other)


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name):
    one, other = DIFFERENT[name]()
    assert None not in (_digest(one), _digest(other))
    assert _digest(one) != _digest(other)


def test_values_digest_is_of_the_values_alone():
    text = _frame(a=["x", "ü", ""])
    for dtype in ("string[python]", "string[pyarrow]", frame_cases._str_dtype()):
        other = text.astype(dtype)
        assert _columns(other) == _columns(text)
        assert _digest(other) != _digest(text)
    whole = pd.DataFrame({"a": [1, 2]})
    assert _columns(whole.astype("Int64")) == _columns(whole)
    assert _columns(whole.astype("int64[pyarrow]")) == _columns(whole)
    one = pd.Categorical(["x", "y", None], categories=["x", "y"])
    other = pd.Categorical(["x", "y", None], categories=["z", "y", "x"], ordered=True)
    assert _columns(pd.DataFrame({"a": one})) == _columns(pd.DataFrame({"a": other}))


@pytest.mark.parametrize("rows", [300_000, 300_001])
@pytest.mark.parametrize("count", [3, 200, 300])
def test_order_of_categories_in_long_columns(rows, count):
    codes = np.random.default_rng(0).integers(-1, count, rows)
    words = [f"w{n:03d}" for n in range(count)]
    other = np.where(codes < 0, -1, count - 1 - codes)
    one = pd.DataFrame({"a": pd.Categorical.from_codes(codes, words)})
    two = pd.DataFrame({"a": pd.Categorical.from_codes(other, words[::-1])})
    assert _columns(one) == _columns(two)
    two.iloc[-1, 0] = words[0] if one.iloc[-1, 0] != words[0] else words[1]
    assert _columns(one) != _columns(two)


def test_polars_digests_do_not_need_pyarrow(monkeypatch):
    pytest.importorskip("polars")
    cases = frame_cases.polars_cases()
    with_arrow = {name: _digest(made) for name, made in cases.items()}
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert {name: _digest(made) for name, made in cases.items()} == with_arrow
    assert None not in with_arrow.values()


def test_nothing_is_changed():
    made = pd.DataFrame({"a": [3.0, np.nan], "b": pd.Categorical(["x", "y"])})
    odd = _nans(5, 0)
    made["c"] = odd
    bits = made["c"].to_numpy().view("u8").copy()
    before = made.copy(deep=True)
    frame.digest(made)
    pd.testing.assert_frame_equal(made, before)
    assert (made["c"].to_numpy().view("u8") == bits).all()


class _Hostile:
    def _fail(self, *args):
        raise SystemExit("hostile")

    __repr__ = __eq__ = __len__ = __bool__ = __hash__ = __iter__ = __getstate__ = _fail
    __str__ = __reduce__ = __array__ = _fail

    @property
    def __class__(self):
        raise ValueError("no class")


class _LyingText(str):
    __slots__ = ()

    def encode(self, *args):
        raise BaseException("no bytes")


def _cycle():
    one = [1]
    one.append(one)
    return one


def _doubling():
    one = [1]
    for _ in range(50):
        one = [one, one]
    return one


@pytest.mark.parametrize("make", [_Hostile, _LyingText, _cycle, _doubling, object, lambda: print])
def test_hostile_cells_cost_their_column_only(make):
    cells = np.empty(3, dtype=object)
    cells[:] = ["a", None, "b"]
    cells[1] = make()
    made = pd.DataFrame({"good": [1, 2, 3], "bad": pd.Series(cells, dtype=object)})
    found = frame.digest(made)
    assert found.digest is None
    assert [digest is None for _, digest in found.columns] == [False, True]
    assert found.notices[0][0] == "bad"


def test_is_frame_looks_at_types_only():
    assert not any(map(frame.is_frame, [1, "a", [1], {"a": 1}, None, _Hostile(), pd, pd.DataFrame]))
    assert all(map(frame.is_frame, [pd.DataFrame(), pd.Series([1]), pd.Index([1]), np.zeros(2)]))
    with pytest.raises(TypeError):
        frame.digest([1])


def test_a_subclass_that_raises_is_not_hashed():
    class Odd(pd.DataFrame):
        @property
        def index(self):
            raise RuntimeError("no labels")

    found = frame.digest(Odd.__new__(Odd))
    assert found.digest is None
    assert found.notices


def test_names_without_a_form_are_said():
    named = pd.DataFrame([[1]], columns=pd.Index([_Hostile], dtype=object))
    assert frame.digest(named).digest is None


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.lists(st.integers(0, 3), max_size=3),
)
COLUMNS = st.one_of(
    st.lists(st.floats(), min_size=4, max_size=4).map(lambda v: np.array(v)),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=4, max_size=4).map(np.array),
    st.lists(st.booleans(), min_size=4, max_size=4).map(np.array),
    st.lists(st.text(max_size=4), min_size=4, max_size=4).map(lambda v: pd.Series(v, dtype=object)),
    st.lists(SCALARS, min_size=4, max_size=4).map(lambda v: pd.Series(v, dtype=object)),
    st.lists(st.sampled_from("abc"), min_size=4, max_size=4).map(pd.Categorical),
)


def _same(one, other):
    """Equality as the digest means it: exact types, every NaN equal, 0.0 is not -0.0."""
    return tagged.encode(one) == tagged.encode(other)


@settings(max_examples=60, deadline=None)
@given(st.lists(COLUMNS, min_size=1, max_size=3), st.integers(0, 2), st.integers(0, 3), SCALARS)
def test_single_edits_show(columns, column, row, value):
    made = pd.DataFrame({f"c{place}": values for place, values in enumerate(columns)})
    again = pd.DataFrame({f"c{place}": values for place, values in enumerate(columns)})
    assert _digest(made) == _digest(again)
    assert _digest(made) == _digest(made.copy()[::-1][::-1])
    name = f"c{column % len(columns)}"
    cells = made[name].astype(object).to_list()
    new = [*cells[:row], value, *cells[row + 1 :]]
    edited = made.copy()
    edited[name] = pd.Series(new, dtype=object)
    plain = made.copy()
    plain[name] = pd.Series(cells, dtype=object)
    assert (_digest(edited) == _digest(plain)) == _same(cells[row], value)
