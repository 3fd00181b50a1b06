"""What a kernel's names hold: found by type, told by metadata, whatever the objects do."""

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from snapbook.namespace import holdings
from snapbook.parts import frame
from snapbook.parts.frame.size import bytes_of, bytes_told, shape_of
from snapbook.parts.frame.table import frame_type
from snapbook.store.memory import MemoryStore

X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1, 0, 1, 0]})
Y = pd.Series([0, 1, 0, 1], name="y")


def test_what_can_be_kept_comes_first():
    held = holdings(
        {
            "raw": RandomForestClassifier(),
            "scaler": StandardScaler().fit(X),
            "model": LogisticRegression().fit(X, Y),
            "_hidden": LogisticRegression(),
            "In": ["model"],
            "Out": {1: 2},
            "RandomForestClassifier": RandomForestClassifier,
            "number": 3,
        }
    )
    assert [(one.variable, one.fitted) for one in held.models] == [
        ("model", True), ("scaler", True), ("raw", False)
    ]  # fmt: skip


def test_models_in_a_dict_are_one_candidate_and_data_are_none():
    held = holdings(
        {
            "models": {"a": LogisticRegression().fit(X, Y), "b": LogisticRegression().fit(X, Y)},
            "numbers": [1, 2, 3],
            "mixed": [LogisticRegression(), 1],
            "empty": {},
            "long": list(range(100_000)),
        }
    )
    assert [one.variable for one in held.models] == ["models"]


def test_an_object_under_two_names_counts_once():
    model = LogisticRegression().fit(X, Y)
    held = holdings({"model": model, "clf": model, "X": X, "features": X})
    assert [one.variable for one in held.models] == ["model"]
    assert [one.name for one in held.frames] == ["X"]


def test_frames_of_every_library_with_shape_and_bytes():
    import polars as pl
    import pyarrow as pa
    import scipy.sparse as sp

    frames = {
        "table": X,
        "column": Y,
        "index": pd.Index([1, 2, 3]),
        "array": np.zeros((5, 2), np.float32),
        "polars": pl.DataFrame({"a": [1, 2, 3]}),
        "series": pl.Series([1, 2, 3]),
        "arrow": pa.table({"a": [1, 2, 3], "b": [1, 2, 3]}),
        "chunked": pa.chunked_array([[1, 2, 3]]),
        "sparse": sp.csr_matrix(np.eye(4)),
    }
    told = {one.name: one for one in holdings(frames).frames}
    assert [told[name].shape for name in frames] == [
        (4, 2), (4,), (3,), (5, 2), (3, 1), (3,), (3, 2), (3,), (4, 4)
    ]  # fmt: skip
    assert told["table"].bytes == 4 * 8 * 2
    assert told["array"].bytes == 5 * 2 * 4
    assert all(one.bytes and one.bytes > 0 for one in told.values())
    assert told["polars"].type == "polars.DataFrame"


def test_the_values_of_a_column_of_objects_are_not_looked_at():
    class Heavy:
        def __sizeof__(self):
            raise AssertionError("looked at")

        __repr__ = __len__ = __eq__ = __hash__ = __sizeof__

    frame = pd.DataFrame({"a": pd.Series([Heavy() for _ in range(100)], dtype=object)})
    kind = frame_type(frame)
    assert shape_of(frame, kind) == (100, 1)
    assert bytes_of(frame, kind) == 800


def test_hostile_objects_neither_raise_nor_lie_their_way_in():
    class Meta(type):
        def __hash__(cls):
            raise ZeroDivisionError

        def __eq__(cls, other):
            raise ZeroDivisionError

        @property
        def __name__(cls):
            raise ZeroDivisionError

    class Nasty(metaclass=Meta):
        def __getattribute__(self, name):
            raise SystemExit(name)

        def fit(self):
            raise SystemExit

        predict = __repr__ = __len__ = __bool__ = __eq__ = fit
        __hash__ = None

    class Frame(pd.DataFrame):
        @property
        def shape(self):
            raise SystemExit

    class Pretender:
        __class__ = pd.DataFrame

    held = holdings(
        {
            "nasty": Nasty(),
            "frame": Frame({"a": [1]}),
            "pretender": Pretender(),
            3: LogisticRegression(),
            "list": [Nasty()],
            "kind": Nasty,
        }
    )
    assert [(one.name, one.shape, one.bytes) for one in held.frames] == [("frame", (), 8)]
    assert [one.variable for one in held.models] == ["nasty", "list"]
    assert held.models[0].fitted is None


def test_an_interrupt_gets_through():
    class Slow(LogisticRegression):
        def __sklearn_is_fitted__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        holdings({"slow": Slow()})


def test_quick_with_many_names_and_slow_models():
    class Slow(LogisticRegression):
        def __sklearn_is_fitted__(self):
            time.sleep(0.004)
            return True

    space = {f"number{n}": n for n in range(10_000)} | {f"text{n}": str(n) for n in range(10_000)}
    space |= {f"frame{n}": X.copy() for n in range(50)} | {f"slow{n}": Slow() for n in range(50)}
    held = holdings(space)
    assert len(held.models) == len(held.frames) == 50
    # Some were asked; the rest would have taken too long.
    assert {one.fitted for one in held.models} == {True, None}


@pytest.mark.parametrize(
    ("kept", "live"),
    [
        (X, 64),
        (Y, 32),
        (np.zeros((5, 3), np.float32), 60),
        (np.zeros(7, bool), 7),
        (pd.DataFrame({"t": pd.to_datetime(["2026-01-01"] * 3), "s": ["a", "b", "c"]}), 48),
    ],
)
def test_the_bytes_of_a_kept_frame_as_it_would_be_in_memory(kept, live):
    store = MemoryStore()
    writer = store.writer()
    part = frame.capture(kept, "kept", writer).part
    writer.close()
    assert bytes_told(part) == live
