"""What changed between two frames: schema, rows, cells, shift; nothing for equals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.parts import frame
from snapbook.parts.frame.brief import brief
from snapbook.store.memory import MemoryStore


@pytest.fixture
def writer():
    made = MemoryStore().writer()
    yield made
    made.close()


def _table(rows=30_000, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": random.normal(size=rows),
            "age": random.integers(0, 100, rows),
            "city": pd.Series(random.choice(["Rome", "Oslo", "Wien"], rows), dtype=object),
            "kind": pd.Categorical(random.choice(["a", "b"], rows)),
        }
    )


def _diff(old, new, writer, store=True, base=True):
    a = frame.capture(old, "df", writer, store=store).part
    b = frame.capture(new, "df", writer, store=store, bases=[a] if base else []).part
    counted = []

    def get(digest):
        counted.append(digest)
        return writer.get(digest)

    return frame.diff(a, b, get), counted


def _kinds(changes):
    return [change.facts["kind"] for change in changes]


@pytest.mark.parametrize("store", [True, False])
def test_equal_frames(writer, store):
    assert _diff(_table(), _table(), writer, store) == ([], [])


@pytest.mark.parametrize(
    ("name", "said"), [(None, "values changed"), ("sold", "values of sold changed")]
)
def test_in_a_few_words_a_series_without_a_name_has_none(writer, name, said):
    old = pd.Series([1.0, 2.0], name=name)
    a, b = (frame.capture(one, "y", writer).part for one in (old, old * 2))
    assert [change.lines for change in brief(a, b)] == [(said,)]


def test_an_edited_cell_has_its_place(writer):
    old = _table()
    new = old.copy()
    new.loc[20_001, "age"] = 999
    new.loc[5, "city"] = "Bonn"
    new.loc[6, "kind"] = None
    changes, read = _diff(old, new, writer)
    assert _kinds(changes) == ["cells"] * 3
    age, city, kind = (change.facts for change in changes)
    assert age["places"] == [[20_001, str(old.loc[20_001, "age"]), "999"]]
    assert city["places"] == [[5, repr(old.loc[5, "city"]), "'Bonn'"]]
    assert kind["places"] == [[6, repr(old.loc[6, "kind"]), "missing"]]
    assert changes[0].lines[0] == "age: 1 cell changed"
    assert len(read) <= 8


@pytest.mark.parametrize("base", [True, False])
@pytest.mark.parametrize("rows", [[0], [7, 15_000, 15_001, 29_999]])
def test_deleted_rows(writer, rows, base):
    changes, _ = _diff(
        _table(), _table().drop(index=rows).reset_index(drop=True), writer, base=base
    )
    assert changes[0].facts["removed"] == len(rows)
    assert changes[0].facts["added"] == 0
    assert changes[0].facts["removed_at"] == rows
    assert changes[0].lines == (f"-{len(rows):,} rows",)


@pytest.mark.parametrize("base", [True, False])
def test_appended_rows(writer, base):
    new = pd.concat([_table(), _table(1204, 9)], ignore_index=True)
    changes, _ = _diff(_table(), new, writer, base=base)
    assert changes[0].lines == ("+1,204 rows at the end",)
    assert (changes[0].old, changes[0].new) == (30_000, 31_204)
    assert _kinds(changes) == ["rows"]


def test_rows_in_another_order(writer):
    old = _table()
    new = old.sample(frac=1, random_state=3).reset_index(drop=True)
    changes, _ = _diff(old, new, writer, base=False)
    assert changes[0].lines == ("rows in another order",)


def test_schema_comes_first(writer):
    old = _table(500)
    new = old.drop(columns="age").rename(columns={"x": "y"})
    new["city"] = new["city"].astype("category")
    new["extra"] = 1.5
    new.loc[3, "kind"] = None
    changes, _ = _diff(old, new, writer)
    assert [change.what for change in changes] == [
        "added",
        "removed",
        "moved",
        "changed",
        "changed",
    ]
    assert changes[0].new == "extra float64"
    assert changes[1].lines == ("column age (int64) removed",)
    assert (changes[2].old, changes[2].new) == ("x", "y")
    assert (changes[3].old, changes[3].new) == ("object", "category")
    assert _kinds(changes)[4] == "cells"


@pytest.mark.parametrize("store", [True, False])
def test_shift_worst_first(writer, store):
    old = _table()
    new = old.copy()
    new["x"] += 0.5
    new["age"] += 80
    new.loc[:20_000, "city"] = "Rome"
    changes, _ = _diff(old, new, writer, store)
    shifts = [change.facts for change in changes if change.facts["kind"] == "shift"]
    assert [shift["column"] for shift in shifts] == ["age", "city", "x"]
    distances = [shift["distance"] for shift in shifts]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] == pytest.approx(0.8, abs=0.05)
    assert distances[2] == pytest.approx(0.2, abs=0.05)
    assert _kinds(changes)[0] == ("cells" if store else "values")


def test_hashes_alone_tell_columns(writer):
    old = _table()
    new = old.copy()
    new.loc[4, "age"] += 1
    changes, read = _diff(old, new, writer, store=False)
    assert [change.lines for change in changes] == [("age: values changed",)]
    assert read == []


def test_other_labels_and_types(writer):
    old = _table(100)
    changes, _ = _diff(old, old.set_axis(list(range(1, 101))[::-1]), writer)
    assert _kinds(changes) == []  # both are ranges of integers: the same kind, other numbers
    changes, _ = _diff(old, old.set_axis([f"r{n}" for n in range(100)]), writer)
    assert _kinds(changes) == ["labels"]
    changes, _ = _diff(old[["x"]], old["x"], writer)
    assert _kinds(changes)[0] == "type"


def test_subsets_of_one_frame(writer):
    made = _table()
    base = frame.capture(made, "df", writer).part
    a, b = (
        frame.capture(made.sample(9000, random_state=seed), "df", writer, bases=[base]).part
        for seed in (1, 2)
    )
    assert a.facts["layout"]["kind"] == "rows"
    (rows, *_) = frame.diff(a, b, writer.get)
    assert rows.facts["added"] == rows.facts["removed"] > 0
    assert rows.facts["added"] == 9000 - len(
        set(made.sample(9000, random_state=1).index) & set(made.sample(9000, random_state=2).index)
    )
    (back, *_) = frame.diff(a, base, writer.get)
    assert (back.facts["added"], back.facts["removed"]) == (21_000, 0)


def test_summary():
    writer = MemoryStore().writer()
    assert frame.summary(frame.capture(np.zeros((4, 3)), "X_train", writer).part) == "X_train 4x3"
    assert frame.summary(frame.capture(np.zeros(4), "y", writer).part) == "y 4"
    writer.close()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9999), st.sampled_from(["x", "age", "city"])), max_size=5),
    st.booleans(),
)
def test_random_edits_are_counted(edits, base):
    writer = MemoryStore().writer()
    old = _table(10_000)
    new = old.copy()
    for row, column in edits:
        new.loc[row, column] = "new" if column == "city" else -777
    changes, _ = _diff(old, new, writer, base=base)
    found = {
        change.facts["column"]: [place[0] for place in change.facts["places"]] for change in changes
    }
    assert found == {
        column: sorted({row for row, of in edits if of == column}) for _, column in edits
    }
    writer.close()
