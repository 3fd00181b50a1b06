"""Rows kept and given back: every dtype, shared columns, subsets, budgets, deadlines, damage."""

from __future__ import annotations

import pathlib
import sys
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.errors import Damaged, NotRestorable
from snapbook.parts import frame
from snapbook.parts.base import Part
from snapbook.parts.frame import codings, segments, shuffle
from snapbook.parts.frame.grid import AVERAGE
from snapbook.parts.frame.values import Fixed, Text, text_from
from snapbook.store.memory import MemoryStore

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "data"))
import frame_cases

sys.path.pop(0)

CASES = {**frame_cases.cases(), **frame_cases.polars_cases()}


@pytest.fixture
def writer():
    made = MemoryStore().writer()
    yield made
    made.close()


def _part(made, writer, name="df", **options):
    return frame.capture(made, name, writer, **options).part


def _assert_same(found, made):
    assert type(found) is type(made)
    if isinstance(made, pd.DataFrame):
        pd.testing.assert_frame_equal(found, made, check_freq=True)
        assert type(found.columns) is type(made.columns)
        assert type(found.index) is type(made.index)
    elif isinstance(made, pd.Series):
        pd.testing.assert_series_equal(found, made)
    elif isinstance(made, pd.Index):
        pd.testing.assert_index_equal(found, made, exact=True)
    elif isinstance(made, np.ndarray):
        np.testing.assert_array_equal(found, made)
        assert found.dtype == made.dtype
        assert found.shape == made.shape
    else:
        assert found.equals(made)


@pytest.mark.parametrize("name", CASES)
def test_round_trip(name, writer):
    made = CASES[name]
    part = Part.decode(_part(made, writer).encode())
    found = frame.restore(part, writer.get)
    _assert_same(found, made)
    assert frame.digest(found).digest == part.facts["digest"] == frame.digest(made).digest
    assert part.facts["stored"] is True


def test_bits_of_odd_nans_come_back(writer):
    made = CASES["odd nan"]
    again = frame.restore(_part(made, writer), writer.get)
    assert again["x"].to_numpy().tobytes() == made["x"].to_numpy().tobytes()
    usual = pd.DataFrame({"x": np.array([np.nan, np.nan, 1.0])})
    usual.columns = made.columns
    base = _part(usual, writer)
    second = frame.restore(_part(made, writer, bases=[base]), writer.get)
    assert second["x"].to_numpy().tobytes() == made["x"].to_numpy().tobytes()


def test_restored_arrays_are_the_users_own(writer):
    made = np.arange(10.0)
    found = frame.restore(_part(made, writer), writer.get)
    found[0] = 5
    assert frame.restore(_part(made, writer), writer.get)[0] == 0


def test_attrs_and_frequencies_come_back(writer):
    made = pd.DataFrame({"a": [1.0, 2.0]}, index=pd.date_range("2020", periods=2, freq="D"))
    made.attrs = {"source": "survey", "parts": [1, 2]}
    found = frame.restore(_part(made, writer), writer.get)
    assert found.attrs == made.attrs
    assert found.index.freq == made.index.freq


def _table(rows=20_000, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": random.normal(size=rows),
            "price": np.round(random.lognormal(3, 1, rows), 2),
            "n": random.integers(0, 100, rows),
            "city": pd.Series(random.choice(["Rome", "Oslo", "Wien"], rows), dtype=object),
            "note": pd.Series([f"note {n * 7919 % rows}" for n in range(rows)], dtype=object),
            "kind": pd.Categorical(random.choice(["a", "b"], rows)),
        }
    )


def test_an_unchanged_frame_costs_nothing(writer):
    base = frame.capture(_table(), "df", writer)
    again = frame.capture(_table(), "df", writer, bases=[base.part])
    assert base.new_bytes > 100_000
    assert again.new_bytes == 0
    assert again.part == base.part


@pytest.mark.slow
@pytest.mark.parametrize("with_base", [True, False])
def test_small_changes_cost_little(writer, with_base):
    made = _table(40_000)
    base = frame.capture(made, "df", writer)
    edited = made.copy()
    edited.loc[777, "n"] = -5
    changes = {
        "column added": (made.assign(new=made["x"] * 2), 40_000 * 8 * 1.1),
        "cell edited": (edited, base.new_bytes / 20),
        "rows appended": (pd.concat([made, _table(600, 1)], ignore_index=True), base.new_bytes / 6),
        "rows deleted": (made.drop(index=[5, 30_000]), base.new_bytes / 2 + 40_000 * 8),
        "column dropped": (made.drop(columns="price"), 0),
        "row labels reset": (made.drop(index=[9]).reset_index(drop=True), base.new_bytes / 4),
    }
    for name, (changed, most) in changes.items():
        captured = frame.capture(changed, "df", writer, bases=[base.part] if with_base else [])
        assert captured.new_bytes <= most, name
        changed["kind"] = changed["kind"].astype(made["kind"].dtype)
        _assert_same(frame.restore(captured.part, writer.get), changed)


@pytest.mark.slow
@pytest.mark.parametrize("state", [42, 100_003, None])
def test_splits_are_row_numbers(writer, state):
    model_selection = pytest.importorskip("sklearn.model_selection")
    made = _table()
    base = _part(made, writer)
    if state is None:  # rows in their order
        train, test = made.iloc[:15_000], made.iloc[15_000:]
    else:
        train, test = model_selection.train_test_split(made, random_state=state)
    for subset in (train, test, train.drop(columns="n"), test["price"]):
        captured = frame.capture(subset, "part", writer, bases=[base])
        assert captured.part.facts["layout"]["kind"] == "rows"
        assert captured.new_bytes < 4 * len(subset) + len(base.encode()) + 1000
        assert set(base.blobs) <= set(captured.part.blobs)
        _assert_same(frame.restore(captured.part, writer.get), subset)
        if state == 42:
            assert captured.part.facts["layout"]["shuffle"]["seed"] == 42


def test_subsets_without_labels(writer):
    made = _table()
    base = _part(made, writer)
    rows = np.random.default_rng(5).permutation(20_000)[:5000]
    subset = made.iloc[rows].reset_index(drop=True)
    part = _part(subset, writer, bases=[base])
    assert part.facts["layout"]["kind"] == "rows"
    _assert_same(frame.restore(part, writer.get), subset)
    array = np.random.default_rng(6).normal(size=(20_000, 4))
    array_part = _part(array, writer, bases=[base])
    half = _part(array[rows], writer, bases=[base, array_part])
    assert half.facts["layout"]["kind"] == "rows"
    _assert_same(frame.restore(half, writer.get), array[rows])


def test_nearly_a_subset_is_none(writer):
    made = _table()
    base = _part(made, writer)
    subset = made.iloc[::2].copy()
    subset.iloc[123, 2] = -1
    part = _part(subset, writer, bases=[base])
    assert part.facts["layout"]["kind"] == "segments"
    _assert_same(frame.restore(part, writer.get), subset)


def test_cheap_columns_are_not_row_numbers(writer):
    made = pd.DataFrame({"y": np.random.default_rng(0).integers(0, 2, 50_000)})
    base = _part(made, writer)
    shuffled = made.iloc[np.random.default_rng(1).permutation(50_000)[:40_000]]["y"]
    part = _part(shuffled.reset_index(drop=True), writer, bases=[base])
    assert part.facts["layout"]["kind"] == "segments"


def test_past_the_budget_hashes_stay(writer):
    made = _table()
    kept = frame.capture(made, "df", writer)
    other = MemoryStore().writer()
    captured = frame.capture(made, "df", other, budget_bytes=10_000)
    assert captured.new_bytes == other.new_bytes == 0
    assert captured.part.facts["digest"] == kept.part.facts["digest"]
    assert captured.part.facts["stored"] is False
    assert [notice.kind for notice in captured.notices] == ["hash-only"]
    with pytest.raises(NotRestorable, match="only their hashes"):
        frame.restore(captured.part, other.get)
    whole = frame.capture(made, "df", other, budget_bytes=kept.new_bytes)
    assert whole.part.facts["stored"] is True
    again = frame.capture(made, "df", other, budget_bytes=0, bases=[whole.part])
    assert again.part.facts["stored"] is True
    other.close()


def test_not_stored_when_not_asked(writer):
    captured = frame.capture(_table(), "df", writer, store=False)
    assert (captured.new_bytes, captured.part.blobs, captured.notices) == (0, (), ())


def test_past_the_deadline_schema_and_profile(writer):
    captured = frame.capture(_table(), "df", writer, deadline=time.monotonic() - 1)
    facts = captured.part.facts
    assert facts["digest"] is None
    assert facts["shape"] == [20_000, 6]
    assert [column["dtype"] for column in facts["columns"]][:3] == ["float64", "float64", "int64"]
    assert facts["columns"][0]["profile"]["kind"] == "numeric"
    assert [notice.kind for notice in captured.notices] == ["not-hashed"]
    for made in (np.zeros((10, 3)), pd.Series([1]), pd.Index(["a"]), CASES["arrow table"]):
        assert frame.capture(made, "x", writer, deadline=0.0).part.facts["digest"] is None


def test_an_unhashed_column_is_said(writer):
    made = pd.DataFrame({"a": [1, 2], "b": pd.Series([object(), "x"], dtype=object)})
    captured = frame.capture(made, "df", writer)
    assert captured.part.facts["stored"] is False
    assert [(notice.kind, notice.name) for notice in captured.notices] == [("not-hashed", "df[b]")]
    Part.decode(captured.part.encode())


def test_capture_is_silent(writer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = pd.DataFrame({"a": [np.inf, -np.inf, np.nan], "b": [1e308, -1e308, 0.0]})
        frame.capture(made, "df", writer)
        frame.capture(pd.DataFrame({"a": np.array([np.nan] * 3)}), "df", writer)


def test_absent_libraries_are_named(writer, monkeypatch):
    part = _part(CASES["polars"], writer)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(NotRestorable, match="polars"):
        frame.restore(part, writer.get)


def test_damaged_blobs_are_damaged(writer):
    part = _part(_table(100), writer)
    for change in (lambda b: b[:-1], lambda b: b"\x09" + b[1:], lambda b: b[:5], lambda b: b""):
        with pytest.raises(Damaged):
            frame.restore(part, lambda digest, change=change: change(writer.get(digest)))
    with pytest.raises(Damaged):
        frame.restore(Part(part.kind, part.name, part.facts, part.blobs[:-1]), writer.get)


VALUES = st.one_of(
    st.lists(st.floats(width=64), max_size=40).map(lambda v: np.array(v, "f8")),
    st.lists(st.floats(width=32), max_size=40).map(lambda v: np.array(v, "f4")),
    st.lists(st.integers(-999, 999), max_size=300).map(lambda v: np.array(v, "f8") / 100),
    st.lists(st.integers(-999, 999), max_size=300).map(lambda v: np.array(v, "f4") / np.float32(8)),
    st.lists(st.sampled_from([0.0, -0.0, 1.5]), max_size=300).map(lambda v: np.array(v, "f8")),
    st.lists(st.integers(0, 3), max_size=300).map(lambda v: np.array(v, "i8")),
    st.lists(st.booleans(), max_size=40).map(lambda v: np.array(v, bool)),
)


@settings(max_examples=80, deadline=None)
@given(VALUES, st.integers(0, 6), st.booleans())
def test_codings_are_exact(values, places, dictionary):
    leaf = Fixed(f"{values.dtype.kind}{values.dtype.itemsize}", values)
    blob = segments.encode(leaf, codings.Plan(places, dictionary))
    found = segments.decode(leaf.tag, blob)
    assert found.data.dtype == values.dtype
    assert found.data.tobytes() == values.tobytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.binary(max_size=30)), max_size=60), st.integers(1, 9))
def test_texts_are_exact(items, times):
    leaf = text_from("bytes", items * times)
    for dictionary in (False, True):
        blob = segments.encode(leaf, codings.Plan(None, dictionary))
        found = segments.decode("bytes", blob)
        assert isinstance(found, Text)
        assert segments.take(found, np.arange(len(items) * times)).data.tobytes() == (
            leaf.data.tobytes()
        )
        assert (found.lengths == leaf.lengths).all()
        assert (found.nulls is None) == (leaf.nulls is None)


def test_decimals_are_small():
    prices = np.round(np.random.default_rng(0).uniform(0, 100, AVERAGE), 2)
    plan = segments.plan_of(Fixed("f8", prices))
    assert plan.places == 2
    assert len(segments.encode(Fixed("f8", prices), plan)) < 4.1 * AVERAGE


def test_seeds_are_found_at_both_ends():
    rows = 5000
    order = np.random.RandomState(7).permutation(rows)
    assert shuffle.find(order[1250:], rows) == shuffle.Shuffle(7, rows, 1250)
    assert shuffle.find(order[:1250], rows, [7]) == shuffle.Shuffle(7, rows, 0)
    assert shuffle.find(order[:1250], rows) is None
    assert shuffle.find(order[1250:][::-1], rows) is None
    swapped = order.copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    assert shuffle.find(swapped, rows) is None
