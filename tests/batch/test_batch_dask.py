"""Dask's frames: hashed and profiled where their partitions are; what comes home is small."""

import os
import time
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from trays import frame

import snapbook
from snapbook.choose import choose_data
from snapbook.errors import NotFound
from snapbook.inputs import with_inputs
from snapbook.parts import frame as frames
from snapbook.parts.base import Part
from snapbook.parts.frame import portions
from snapbook.store.memory import MemoryStore

dd = pytest.importorskip("dask.dataframe")


def taken(value, **more):
    return frames.capture(value, "df", MemoryStore().writer(), **more)


def digests(captured):
    return {column["name"]: column["digest"] for column in captured.part.facts["columns"]}


def test_the_same_rows_have_the_same_digests_however_they_are_cut():
    one = taken(dd.from_pandas(frame(900), npartitions=7))
    two = taken(dd.from_pandas(frame(900), npartitions=2))
    turned = frame(900).iloc[::-1].reset_index(drop=True)
    three = taken(dd.from_pandas(turned, npartitions=4))
    assert one.part.facts["digest"] == two.part.facts["digest"] == three.part.facts["digest"]
    assert digests(one) == digests(two) == digests(three)
    assert None not in digests(one).values()
    assert one.part.facts["shape"] == [900, 7]
    assert one.new_bytes == 0
    again = taken(dd.from_pandas(frame(900), npartitions=7))
    assert one.part == again.part


CHANGES = {
    "a value": lambda f: f.assign(pay=f["pay"].where(f.index != 5, 99.0)),
    "a null": lambda f: f.assign(pay=f["pay"].where(f.index != 5)),
    "a text": lambda f: f.assign(pay=f["pay"], id=f["id"].where(f.index != 5, "x")),
    "a category": lambda f: f.assign(kind=f["kind"].where(f.index != 5, "x")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen_in_its_column(what):
    old, new = frame(300), CHANGES[what](frame(300))
    one = taken(dd.from_pandas(old, npartitions=3))
    two = taken(dd.from_pandas(new, npartitions=3))
    changed = [name for name in old if digests(one)[name] != digests(two)[name]]
    assert changed == [{"a text": "id", "a category": "kind"}.get(what, "pay")]
    assert one.part.facts["digest"] != two.part.facts["digest"]


def test_which_values_stand_in_one_row_counts():
    old = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})
    new = pd.DataFrame({"a": [1, 2, 3], "b": [4, 6, 5]})
    one, two = (taken(dd.from_pandas(each, npartitions=1)) for each in (old, new))
    assert digests(one) == digests(two)
    assert one.part.facts["digest"] != two.part.facts["digest"]
    renamed = taken(dd.from_pandas(old.rename(columns={"b": "c"}), npartitions=1))
    assert renamed.part.facts["digest"] != one.part.facts["digest"]
    labelled = taken(dd.from_pandas(old.set_index("a"), npartitions=2)).part
    assert [level["name"] for level in labelled.facts["index"]] == ["a"]
    assert labelled.facts["shape"] == [3, 1]


def test_the_profile_is_that_of_all_rows():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"x": rng.normal(10, 2, 60_000), "few": rng.choice(["a", "b"], 60_000)})
    rows.loc[::4, "x"] = None
    rows["x"] += np.where(rows.index < 30_000, 0.0, 40.0)  # partitions that differ
    (x, few) = taken(dd.from_pandas(rows, npartitions=9)).part.facts["columns"]
    assert x["profile"]["nulls"] == 0.25
    wanted = np.nanquantile(rows["x"], [0.1, 0.3, 0.7, 0.9])
    found = np.array(x["profile"]["quantiles"])[[1, 3, 7, 9]]
    assert found == pytest.approx(wanted, abs=0.8)
    assert dict(few["profile"]["top"])["a"] == pytest.approx(0.5, abs=0.04)


def test_no_partition_comes_home(monkeypatch):
    """What reaches this process is one portion, and nobody asks for a frame's rows."""
    from snapbook.parts.frame import from_dask

    whole = dd.from_pandas(
        pd.DataFrame({f"c{n}": np.arange(200_000) * 0.5 for n in range(8)}), npartitions=16
    )
    sizes = []

    def noted(data):
        sizes.append(len(data))
        return portions.decoded(data)

    monkeypatch.setattr(from_dask, "decoded", noted)
    monkeypatch.setattr(dd.DataFrame, "compute", None)
    captured = taken(whole)
    assert captured.part.facts["rows"] == 200_000
    assert captured.part.facts["digest"]
    # Threads merge in this process, and what they merge is bounded as well: of 12.8 MB in all.
    assert max(sizes) < 250_000
    (notice,) = captured.notices
    assert notice.why == "its rows stay with Dask, hash and profile kept"


def _far(place, kernel):
    """A partition that exists in other processes only."""
    assert os.getpid() != kernel, "a partition was made in the kernel"
    return pd.DataFrame({"a": np.arange(1000) + place})


@pytest.mark.slow
def test_partitions_stay_in_the_processes_that_have_them():
    import dask

    rows = dd.from_map(_far, range(6), kernel=os.getpid(), meta=pd.DataFrame({"a": [1]}))
    with dask.config.set(scheduler="processes", num_workers=2):
        captured = taken(rows)
    assert captured.part.facts["shape"] == [6000, 1]
    near = pd.concat([pd.DataFrame({"a": np.arange(1000) + at}) for at in range(6)])
    same = taken(dd.from_pandas(near, npartitions=1)).part
    assert captured.part.facts["digest"] == same.facts["digest"]


def test_it_is_asked_once_and_never_for_its_shape(monkeypatch):
    from snapbook.parts.frame.size import shape_of
    from snapbook.parts.frame.table import frame_type

    runs = []

    def load(part):
        runs.append(len(part))
        return part

    rows = dd.from_pandas(frame(300), npartitions=3).map_partitions(load, meta=frame(1)[:0])
    assert frame_type(rows) == "dask.DataFrame"
    assert shape_of(rows, "dask.DataFrame") == ()
    runs.clear()
    taken(rows)
    assert sum(runs) == 300
    series = taken(dd.from_pandas(frame(300), npartitions=3)["age"])
    assert (series.part.facts["type"], series.part.facts["shape"]) == ("dask.Series", [300])


def test_what_cannot_be_hashed_is_said():
    def odd(part):
        return part.assign(age=["x"] * len(part))

    rows = dd.from_pandas(frame(30), npartitions=2)
    failing = taken(rows.map_partitions(odd, meta=frame(1)[:0]))
    assert failing.part.facts["digest"] is None
    assert failing.notices[0].kind == "not-hashed"
    late = taken(rows, deadline=time.monotonic() - 1)
    assert late.notices[0].why == "its engine needed more time than there is"
    assert [column["name"] for column in late.part.facts["columns"]] == list(frame(1))
    empty = taken(dd.from_pandas(frame(30)[:0], npartitions=1))
    assert empty.part.facts["shape"] == [0, 7]


def test_two_versions_of_it_are_compared_by_what_was_told():
    old = taken(dd.from_pandas(frame(300), npartitions=3)).part
    new = taken(dd.from_pandas(frame(330).assign(pay=1.0), npartitions=3)).part
    changes = frames.diff(old, new, {}.__getitem__)
    assert changes
    assert frames.diff(old, old, {}.__getitem__) == []


def test_no_type_depends_on_the_cut():
    some = {
        "decimal": pa.array([Decimal("1.50"), None, None, Decimal("2")]),
        "list": pa.array([[1, None], None, None, []]),
        "struct": pa.array([{"x": 1}, None, None, {"x": None}]),
        "time": pa.array([0, None, None, 5], pa.timestamp("us", tz="UTC")),
        "text": pa.array(["a", None, None, "b"]).dictionary_encode(),
        "float": pa.array([1.5, None, float("nan"), -0.0]),
        "nothing": pa.nulls(4),
    }
    table = pa.table(some)
    whole = portions.portion([table], 0, table.schema)
    assert [one.nulls for one in whole.columns] == [2] * 6 + [4]
    cuts = [table.slice(3), table.slice(1, 2), table.slice(0, 1)]
    parts = [portions.portion([cut], at, table.schema) for at, cut in enumerate(cuts)]
    again = portions.together([portions.decoded(part.encoded()) for part in parts])
    assert (again.rows, again.columns, again.whole) == (4, whole.columns, whole.whole)


def test_a_portion_survives_its_bytes():
    schema = pa.Schema.from_pandas(frame(1), preserve_index=False)
    tables = [pa.Table.from_pandas(frame(50), schema=schema, preserve_index=False)] * 3
    made = portions.portion(tables, 4, schema)
    again = portions.decoded(made.encoded())
    assert (again.rows, again.columns, again.whole, again.keys) == (
        made.rows, made.columns, made.whole, made.keys,
    )  # fmt: skip
    assert again.sample.equals(made.sample)
    assert portions.merged(made, portions.empty(schema)).columns == made.columns


def test_a_model_trained_on_it_takes_its_types():
    model = Part("model", "m", {"inputs": [{"name": "age"}, {"name": "pay"}]})
    train = taken(dd.from_pandas(frame(30), npartitions=2), role="train").part
    told = with_inputs(model, [train]).facts["inputs"]
    assert told == [{"name": "age", "type": "int8"}, {"name": "pay", "type": "float64"}]


def test_a_version_has_it_without_rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    rows = dd.from_pandas(frame(300), npartitions=3)
    (chosen,) = choose_data("model.fit(rows[['age']].compute())", [], {"rows": rows}, [])
    assert (chosen.name, chosen.value) == ("rows", rows)
    first = snapbook.save({"rule": 1}, "rule", data={"rows": rows})
    assert "rows 300x7: its rows stay with Dask, hash and profile kept" in first.unusual
    again = snapbook.save({"rule": 1}, "rule", data={"rows": rows.repartition(npartitions=2)})
    assert again.unchanged
    more = dd.from_pandas(frame(330), npartitions=3)
    assert not snapbook.save({"rule": 1}, "rule", data={"rows": more}).unchanged
    changes = snapbook.diff("rule:0.1.0", "rule").changes
    assert any("rows" in " ".join(change.lines) for change in changes if change.section == "data")
    with pytest.raises(NotFound, match="nothing of that kind in it: data"):
        snapbook.restore("rule:0.1.0", what="data", yes=True)
