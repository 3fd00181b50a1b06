"""Frames against their peers, in one run: digests, ten versions, subsets, differences.

``python benchmarks/frames.py [PART ...]`` prints the rows of these parts, or all. Bytes are those
of all files.
"""

from __future__ import annotations

import importlib.metadata
import pathlib
import sys
import tempfile
import time
from statistics import median
from typing import NamedTuple

import numpy as np
import pandas as pd
from rows import race, row, weight

from snapbook.parts import frame
from snapbook.store.local import LocalStore

VERSIONS = 10
ROWS = 500_000
ROUNDS = 3


def named(package, what):
    return f"{package} {importlib.metadata.version(package)} {what}"


def digest_row(what, made, runs=3):
    import joblib

    ours, peer, other = race(
        lambda: frame.digest(made),
        lambda: pd.util.hash_pandas_object(made),
        lambda: joblib.hash(made),
        times=runs,
    )
    row(f"{what}, pandas", ours, peer, named("pandas", "hash_pandas_object"))
    row(f"{what}, joblib", ours, other, named("joblib", "hash"))


def strings(rows, columns, seed=0):
    random = np.random.default_rng(seed)
    return {
        f"s{place}": np.array(
            [f"user-{number:08d}" for number in random.integers(0, 10**8, rows)], dtype=object
        )
        for place in range(columns)
    }


def digests():
    random = np.random.default_rng(0)
    made = pd.DataFrame({f"c{n}": random.normal(size=5_000_000) for n in range(10)})
    digest_row("digest 5M x 10 float64", made)
    columns = strings(1_000_000, 6)
    objects = pd.DataFrame({n: pd.Series(v, dtype=object) for n, v in columns.items()})
    digest_row("digest 1M x 6 object strings", objects, runs=2)
    del objects
    digest_row("digest 1M x 6 str", pd.DataFrame(columns).astype("str"))
    del columns
    words = [f"category {n:02d}" for n in range(50)]
    for name, order in (("", words), (" in an order of their own", words[::-1])):
        made = pd.DataFrame(
            {
                f"k{n}": pd.Categorical.from_codes(random.integers(0, 50, 5_000_000), order)
                for n in range(6)
            }
        )
        digest_row(f"digest 5M x 6 categoricals{name}", made)
    start = np.datetime64("2020-01-01", "us")
    made = pd.DataFrame(
        {f"t{n}": start + random.integers(0, 10**14, 5_000_000).astype("m8[us]") for n in range(6)}
    )
    digest_row("digest 5M x 6 datetimes", made)


def table(rows=ROWS, seed=0):
    """Eleven columns as they come: measures, prices, shares, counts, ids, times, flags, words."""
    random = np.random.default_rng(seed)
    start = np.datetime64("2020-01-01", "us")
    times = start + np.sort(random.integers(0, 10**8, rows)).astype("m8[s]")
    return pd.DataFrame(
        {
            **{f"measure{n}": random.normal(size=rows) for n in range(4)},
            "price": np.round(random.lognormal(3, 1, rows), 2),
            "share": np.round(random.uniform(0, 1, rows), 3),
            "age": random.integers(18, 90, rows),
            "id": np.arange(rows) + 10_000_000,
            "time": times.astype("M8[us]"),
            "flag": random.random(rows) < 0.3,
            "city": np.array(["Berlin", "Paris", "Rome", "Oslo", "Wien"])[
                random.integers(0, 5, rows)
            ],
        }
    )


def _columns_added(made):
    for number in range(1, VERSIONS):
        made = made.assign(**{f"new{number}": np.random.default_rng(number).normal(size=len(made))})
        yield made


def _rows_appended(made):
    for number in range(1, VERSIONS):
        made = pd.concat([made, table(len(made) // 100, number)], ignore_index=True)
        yield made


def _cells_edited(made):
    for number in range(1, VERSIONS):
        made = made.copy()
        made.loc[number * 50_001, "price"] = -1.0
        yield made


def _rows_deleted(made):
    for number in range(1, VERSIONS):
        gone = np.random.default_rng(number).choice(len(made), 10, replace=False)
        made = made.drop(index=gone).reset_index(drop=True)
        yield made


def save(store, made, bases):
    """One version of a frame, as a save keeps it: rows, part, commit."""
    writer = store.writer()
    try:
        part = frame.capture(made, "df", writer, bases=bases).part
        writer.add(part.encode())
        writer.commit()
    finally:
        writer.close()
    return part


def versions():
    first = table()
    name = named("pyarrow", "Parquet, zstd")
    for what, change in (
        ("column added", _columns_added),
        ("1 % rows appended", _rows_appended),
        ("a cell edited", _cells_edited),
        ("ten rows deleted", _rows_deleted),
    ):
        runs = [ten([first, *change(first)]) for _ in range(ROUNDS)]
        ours, peer = runs[0][0].bytes, runs[0][1].bytes
        row(f"ten versions of 500k x 11, {what}, bytes", ours, peer, name, "B")
        # The median of each of the ten, then their sum.
        seconds = [
            sum(median(times) for times in zip(*(run[side].seconds for run in runs), strict=True))
            for side in (0, 1)
        ]
        row(f"ten versions of 500k x 11, {what}, write time", *seconds, name)


class Written(NamedTuple):
    """What writing ten versions took."""

    bytes: int
    seconds: list[float]


def ten(tables):
    """Write each of ``tables`` in both ways, taking turns."""
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        ours, peer = pathlib.Path(folder) / "ours", pathlib.Path(folder) / "peer"
        peer.mkdir()
        store = LocalStore(ours)
        bases = []
        for number, made in enumerate(tables):
            start = time.perf_counter()
            bases = [save(store, made, bases)]
            mine.append(time.perf_counter() - start)
            start = time.perf_counter()
            made.to_parquet(peer / f"{number}.parquet", compression="zstd")
            theirs.append(time.perf_counter() - start)
        return Written(weight(ours), mine), Written(weight(peer), theirs)


def subsets():
    from sklearn.model_selection import train_test_split

    made = table()
    with tempfile.TemporaryDirectory() as folder:
        ours, peer = pathlib.Path(folder) / "ours", pathlib.Path(folder) / "peer"
        peer.mkdir()
        store = LocalStore(ours)
        base = save(store, made, [])
        name = named("pyarrow", "Parquet, zstd")
        for state in (42, 100_003):
            before = weight(ours)
            for place, one in enumerate(train_test_split(made, random_state=state)):
                save(store, one, [base])
                one.to_parquet(peer / f"{place}.parquet", compression="zstd")
            what = f"X_train, X_test as subsets, random_state={state}"
            row(what, weight(ours) - before, weight(peer), name, "B")


def differences():
    random = np.random.default_rng(0)
    old = pd.DataFrame({f"c{n}": random.normal(size=1_000_000) for n in range(20)})
    new = old.copy()
    new.loc[765_432, "c7"] = 0.0
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(pathlib.Path(folder))
        a = save(store, old, [])
        b = save(store, new, [a])
        (change,) = frame.diff(a, b, store.get)
        assert change.facts["places"][0][0] == 765_432
        ours, peer = race(lambda: frame.diff(a, b, store.get), lambda: old.compare(new))
        name = named("pandas", "DataFrame.compare")
        row("diff of two versions of 1M x 20, one cell edited", ours, peer, name)


ALL = {
    "digests": digests,
    "versions": versions,
    "subsets": subsets,
    "differences": differences,
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or ALL:
        ALL[wanted]()
