"""One frame for every dtype that digests must know, built alike under pandas 2.2 and 3.

``python tests/data/frame_cases.py`` prints their digests as JSON; with ``--write`` they become
``golden_frames.json``. Tests run it in processes of their own, with either pandas.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
import pathlib
import struct
import sys
import uuid

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent


def _str_dtype():
    """The dtype that pandas 3 calls ``str``, under its name of 2.2."""
    if pd.__version__.startswith("2."):
        return pd.StringDtype("pyarrow_numpy")
    return pd.StringDtype("pyarrow", na_value=np.nan)


def _objects(*items):
    made = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        made[place] = item
    return made


def _one(values):
    """A frame of one column of exactly the dtype of ``values``: pandas 3 would infer ``str``."""
    return pd.DataFrame({"x": pd.Series(values, dtype=values.dtype)}).set_axis(
        pd.Index(["x"], dtype=object), axis=1
    )


def _axis(frame, labels):
    frame.columns = labels
    return frame


def cases():
    """Name -> frame."""
    import pyarrow as pa

    odd_nan = np.frombuffer(struct.pack("<2Q", 0x7FF8000000000001, 0xFFF8000000000000), "<f8")
    frames = {}
    for kind in [
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
    ]:
        frames[kind] = _one(np.array([0, 1, 2, 127], dtype=kind))
    frames["float16"] = _one(np.array([0.5, -1, np.nan], dtype="float16"))
    frames["bool"] = _one(np.array([True, False, True]))
    frames["complex128"] = _one(np.array([1 + 2j, complex(math.nan, 1), -0.0j]))
    frames["complex64"] = _one(np.array([1 + 2j, 3], dtype="complex64"))
    frames["nan"] = _one(np.array([1.0, math.nan, -math.inf]))
    frames["odd nan"] = _one(np.concatenate([odd_nan, [1.0]]))
    frames["minus zero"] = _one(np.array([-0.0, 0.0]))
    frames["object str"] = _one(_objects("a", "b", "", "ü\0ö", "\ud800"))
    frames["object str none"] = _one(_objects("a", None, "b"))
    frames["object str nan"] = _one(_objects("a", math.nan, "b"))
    frames["object str na"] = _one(_objects("a", pd.NA, "b"))
    frames["str"] = _one(pd.array(["a", "b", "ü"], dtype=_str_dtype()))
    frames["str nan"] = _one(pd.array(["a", None, "ü"], dtype=_str_dtype()))
    frames["string"] = _one(pd.array(["a", None, "ü"], dtype="string[python]"))
    frames["string arrow"] = _one(pd.array(["a", None, "ü"], dtype="string[pyarrow]"))
    frames["object mixed"] = _one(_objects("1", 1, 1.0, True, None, b"1", math.nan, 2**70, -3))
    frames["object nested"] = _one(
        _objects([1, [2, (3,)]], {"b": 1, "a": [None]}, {3, 1, 2}, frozenset({"x", "y"}), ())
    )
    frames["object times"] = _one(
        _objects(
            datetime.date(2020, 2, 29),
            datetime.datetime(2020, 1, 1, 12, 30, 1, 5),
            datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
            datetime.time(1, 2, 3, 4),
            datetime.timedelta(days=-1, microseconds=5),
            pd.Timestamp("2020-01-01", tz="Europe/Berlin").as_unit("ns"),
            pd.Timedelta(5, unit="s").as_unit("ms"),
            pd.Period("2020-01", freq="M"),
            pd.Interval(1, 2, closed="left"),
            pd.NaT,
        )
    )
    frames["object numbers"] = _one(
        _objects(
            decimal.Decimal("1.10"),
            decimal.Decimal("NaN"),
            uuid.UUID(int=5),
            1j,
            np.float32(1.5),
            np.int64(3),
            np.array([[1, 2], [3, 4]]),
            np.array(["a", None], dtype=object),
            range(3),
            bytearray(b"x"),
        )
    )
    moments = np.array(["2020-01-01", "NaT", "1969-07-20T20:17:40"], dtype="M8[s]")
    for unit in ("s", "ms", "us", "ns"):
        frames[f"datetime {unit}"] = _one(moments.astype(f"M8[{unit}]"))
        frames[f"timedelta {unit}"] = _one((moments - moments[0]).astype(f"m8[{unit}]"))
    zoned = pd.DatetimeIndex(moments.astype("M8[ns]")).tz_localize("UTC")
    frames["zone utc"] = _one(zoned)
    frames["zone berlin"] = _one(zoned.tz_convert("Europe/Berlin"))
    offset = datetime.timezone(datetime.timedelta(hours=1))
    frames["zone offset"] = _one(zoned.tz_convert(offset))
    frames["period month"] = _one(pd.PeriodIndex(["2020-01", "NaT", "1969-01"], freq="M"))
    frames["period day"] = _one(pd.PeriodIndex(["2020-01-01", "1969-01-01"], freq="D"))
    frames["interval"] = _one(pd.arrays.IntervalArray.from_tuples([(0, 1), (1.5, 3)]))
    frames["interval left"] = _one(
        pd.arrays.IntervalArray.from_tuples([(0.0, 1.0), (1.5, 3.0)], closed="left")
    )
    ends = pd.DatetimeIndex(np.array(["2020-01-01", "2020-02-01", "2020-03-01"], dtype="M8[ns]"))
    frames["interval times"] = _one(pd.arrays.IntervalArray.from_breaks(ends))
    words = pd.Index(["lo", "mid", "hi", "none"], dtype=object)
    frames["category"] = _one(pd.Categorical.from_codes([0, 2, -1, 1], categories=words))
    frames["category ordered"] = _one(
        pd.Categorical.from_codes([0, 2, -1, 1], categories=words, ordered=True)
    )
    frames["category ints"] = _one(
        pd.Categorical.from_codes([1, 0, 1], categories=pd.Index([10, -20], dtype="int64"))
    )
    frames["category intervals"] = _one(
        pd.Categorical.from_codes([1, 0, 1], categories=pd.IntervalIndex.from_breaks([0, 1, 2]))
    )
    frames["category empty"] = _one(
        pd.Categorical.from_codes([-1], categories=pd.Index([], dtype=object))
    )
    for kind in [
        "Int8",
        "Int16",
        "Int32",
        "Int64",
        "UInt8",
        "UInt16",
        "UInt32",
        "UInt64",
        "Float32",
        "Float64",
    ]:
        frames[kind] = _one(pd.array([1, None, 3], dtype=kind))
    frames["boolean"] = _one(pd.array([True, None, False], dtype="boolean"))
    frames["sparse float"] = _one(pd.arrays.SparseArray([0.0, 0.0, 1.5, math.nan]))
    frames["sparse int"] = _one(pd.arrays.SparseArray([0, 0, 7], fill_value=0))

    def arrow(values, kind):
        return _one(pd.array(values, dtype=pd.ArrowDtype(kind)))

    frames["arrow int32"] = arrow([1, None, 3], pa.int32())
    frames["arrow double"] = arrow([1.0, None, -0.0], pa.float64())
    frames["arrow bool"] = arrow([True, None, False], pa.bool_())
    frames["arrow string"] = arrow(["a", None, "ü"], pa.string())
    frames["arrow large string"] = arrow(["a", None, "ü"], pa.large_string())
    frames["arrow binary"] = arrow([b"a", None, b"\xff"], pa.binary())
    frames["arrow date"] = arrow([datetime.date(2020, 1, 1), None], pa.date32())
    frames["arrow time"] = arrow([datetime.time(1, 2, 3), None], pa.time64("us"))
    frames["arrow timestamp"] = arrow(
        [datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), None],
        pa.timestamp("us", tz="Europe/Berlin"),
    )
    frames["arrow duration"] = arrow([datetime.timedelta(seconds=1), None], pa.duration("ms"))
    frames["arrow decimal"] = arrow([decimal.Decimal("1.10"), None], pa.decimal128(10, 2))
    frames["arrow list"] = arrow([[1, 2], None, []], pa.list_(pa.int64()))
    frames["arrow struct"] = arrow(
        [{"a": 1, "b": "x"}, None], pa.struct({"a": pa.int8(), "b": pa.string()})
    )
    frames["arrow map"] = arrow([[("a", 1)], None], pa.map_(pa.string(), pa.int64()))
    frames["arrow null"] = arrow([None, None], pa.null())
    frames["arrow dictionary"] = arrow(
        pa.array(["a", "b", None, "a"]).dictionary_encode(), pa.dictionary(pa.int32(), pa.string())
    )

    base = pd.DataFrame({"a": np.arange(3), "b": np.array([0.5, 1.5, 2.5])})
    frames["empty"] = pd.DataFrame(index=pd.RangeIndex(0), columns=pd.Index([], dtype=object))
    frames["no rows"] = base.iloc[:0]
    frames["no columns"] = base[[]]
    frames["duplicate names"] = _axis(base.copy(), pd.Index(["a", "a"], dtype=object))
    frames["odd names"] = _axis(
        base.copy(),
        pd.Index(
            [("t", 1), pd.Timestamp("2020-01-01").as_unit("ns")], dtype=object, tupleize_cols=False
        ),
    )
    frames["int names"] = _axis(base.copy(), pd.Index([1, 0], dtype="int64"))
    frames["range names"] = _axis(base.copy(), pd.RangeIndex(2))
    frames["none name"] = _axis(base.copy(), pd.Index([None, math.nan], dtype=object))
    frames["time names"] = _axis(base.copy(), ends[:2].rename("when"))
    frames["category names"] = _axis(
        base.copy(), pd.CategoricalIndex(["x", "y"], categories=pd.Index(["y", "x"], dtype=object))
    )
    frames["multi names"] = _axis(
        base.copy(), pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["l", None])
    )
    frames["labels"] = base.set_axis(pd.Index(["x", "y", "z"], dtype=object, name="id"))
    frames["labels odd ints"] = base.set_axis(pd.Index([5, 3, 9], dtype="int64"))
    frames["labels floats"] = base.set_axis(pd.Index([0.5, 3, math.nan]))
    frames["labels times"] = base.set_axis(
        pd.date_range("2020-01-01", periods=3, freq="D", unit="ns")
    )
    frames["labels zoned"] = base.set_axis(zoned.tz_convert("Europe/Berlin"))
    frames["labels periods"] = base.set_axis(pd.period_range("2020-01", periods=3, freq="M"))
    frames["labels intervals"] = base.set_axis(pd.IntervalIndex.from_breaks([0, 1, 2, 3]))
    frames["labels categories"] = base.set_axis(
        pd.CategoricalIndex(["x", "y", "x"], categories=pd.Index(["y", "x"], dtype=object))
    )
    frames["labels multi"] = base.set_axis(
        pd.MultiIndex.from_arrays(
            [pd.Index(["x", "x", "y"], dtype=object), [1, 2, 1]], names=["k", "n"]
        )
    )
    frames["labels range"] = base.set_axis(pd.RangeIndex(10, 16, 2))
    frames["series"] = pd.Series(np.array([1, 2, 3]), name="y")
    frames["series unnamed"] = pd.Series(np.array([1.5, math.nan]))
    frames["index"] = pd.Index(["a", "b"], dtype=object, name="i")
    frames["index multi"] = pd.MultiIndex.from_tuples([(1, 2.5), (3, 4.5)])
    frames["array 1"] = np.array([1.5, 2.5])
    frames["array 2"] = np.arange(6.0).reshape(3, 2)
    frames["array 3"] = np.arange(24).reshape(2, 3, 4)
    frames["array 0"] = np.array(5)
    frames["array wide"] = np.arange(4000.0).reshape(2, 2000)
    frames["array text"] = np.array(["a", "büro"])
    frames["array bytes"] = np.array([b"a", b"bcd"])
    frames["array objects"] = _objects("a", 1, None)
    frames["array fields"] = np.array([(1, 2.5), (3, 4.5)], dtype=[("n", "i4"), ("v", "f8")])
    frames["array masked"] = np.ma.MaskedArray([1, 2, 3], mask=[0, 1, 0])
    frames["array empty"] = np.empty((0, 3))
    frames["arrow table"] = pa.table({"a": [1, None], "b": ["x", "y"]})
    frames["arrow chunked"] = pa.chunked_array([[1.5], [2.5, None]])
    return frames


def polars_cases():
    """The same for polars, where it is installed."""
    import polars as pl

    return {
        "polars": pl.DataFrame(
            {
                "i": pl.Series([1, None, 3], dtype=pl.Int32),
                "f": [0.5, math.nan, -0.0],
                "s": ["a", None, "ü"],
                "b": [True, None, False],
                "c": pl.Series(["x", "y", None], dtype=pl.Categorical),
                "e": pl.Series(["x", "y", None], dtype=pl.Enum(["y", "x"])),
                "t": pl.Series(
                    [datetime.datetime(2020, 1, 1), None, None], dtype=pl.Datetime("us", "UTC")
                ),
                "d": pl.Series([datetime.date(2020, 1, 1), None, None]),
                "m": pl.Series([datetime.time(1, 2, 3), None, None]),
                "u": pl.Series(
                    [datetime.timedelta(seconds=1), None, None], dtype=pl.Duration("ms")
                ),
                "l": pl.Series([[1, 2], None, []], dtype=pl.List(pl.Int64)),
                "r": pl.Series([{"a": 1}, None, {"a": None}], dtype=pl.Struct({"a": pl.Int8})),
                "p": pl.Series([decimal.Decimal("1.10"), None, None], dtype=pl.Decimal(10, 2)),
                "y": pl.Series([b"a", None, b"\xff"], dtype=pl.Binary),
                "n": pl.Series([None, None, None], dtype=pl.Null),
            }
        ),
        "polars series": pl.Series("s", [1.5, None, 2.5]),
    }


def digests():
    """Name -> [frame's digest, columns' digests]."""
    from snapbook.parts import frame

    found = {}
    for name, made in cases().items():
        one = frame.digest(made)
        found[name] = [one.digest, [digest for _, digest in one.columns]]
        if one.notices:
            found[name].append(one.notices)
    return found


if __name__ == "__main__":
    text = json.dumps(digests(), indent=0, sort_keys=True)
    if "--write" in sys.argv:
        (HERE / "golden_frames.json").write_text(text + "\n")
    else:
        print(text)
