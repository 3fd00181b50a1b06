"""Which files a session read, by real readers, and what they cost to watch."""

import os
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest

from snapbook import canonical
from snapbook.parts import files
from snapbook.parts.base import Part
from snapbook.parts.reads import Reads, capture_reads, names_in
from snapbook.store.memory import MemoryStore


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"a": [1, 2]})
    frame.to_csv("a.csv")
    frame.to_json("j.json")
    frame.to_pickle("k.pkl")
    frame.to_parquet("p.parquet")
    np.save("x.npy", np.ones(3))
    np.savetxt("t.txt", np.ones(3))
    np.ones(3).tofile("raw.bin")
    joblib.dump([1], "d.joblib")
    with closing(sqlite3.connect("base.db")) as base:
        base.execute("create table t (a)")
    return tmp_path


@pytest.fixture
def reads(data):
    made = Reads()
    yield made
    made.stop()


def names(reads):
    return [os.path.basename(path) for path in reads.paths()]


def test_readers_that_open_in_python_are_seen(reads):
    pd.read_csv("a.csv")
    pd.read_json("j.json")
    pd.read_pickle("k.pkl")
    np.load("x.npy")
    np.loadtxt("t.txt")
    np.fromfile("raw.bin")
    joblib.load("d.joblib")
    pd.read_csv("a.csv")
    base = sqlite3.connect("base.db")
    base.close()
    with Path("raw.bin").open("rb"), open(b"t.txt"):
        pass
    os.close(os.open("raw.bin", os.O_RDONLY))
    assert names(reads) == [
        "a.csv", "j.json", "k.pkl", "x.npy", "t.txt", "raw.bin", "d.joblib", "base.db"
    ]  # fmt: skip


def test_readers_in_rust_are_known_by_the_texts_of_cells(reads, data):
    pl.read_csv("a.csv")
    pl.scan_parquet("p.parquet").collect()
    assert names(reads) == []
    reads.add(
        ["a.csv", str(data / "p.parquet"), "no-such.csv", "utf-8", "", "a\0b", "s3://x/y", "."]
    )
    assert names(reads) == ["a.csv", "p.parquet"]


def test_texts_of_cells_that_name_files(reads):
    source = """
path, out = "a.csv", 3
out = "x.npy"
df = pl.read_csv(path)
pl.scan_parquet(f"p.parquet", hive=True)
duckdb.sql("select * from 'k.pkl'")
df.write_csv("j.json"); np.save(out, df); joblib.dump(df, Path("d.joblib"))
print("see t.txt. Or not")
"""
    reads.add(names_in(source))
    assert names(reads) == ["a.csv", "p.parquet"]
    assert names_in("%matplotlib inline") == []
    assert names_in("x" * 10 + " = (") == []


def test_what_we_open_ourselves_is_no_read_of_the_user(reads, data):
    files.capture_attachments(["a.csv"], MemoryStore().writer(), data)
    capture_reads([str(data / "t.txt")], data)
    assert names(reads) == []
    open("a.csv").close()
    assert names(reads) == ["a.csv"]


def test_what_is_written_or_belongs_to_python_is_not_a_read(reads, data):
    Path("out.txt").write_text("x")
    with open("log.txt", "a"):
        pass
    Path("code.py").write_text("x = 1\n")
    sys.path.insert(0, str(data))
    try:
        __import__("code")
    finally:
        sys.path.remove(str(data))
    from sklearn.datasets import load_iris

    load_iris()
    Path(".snapbook").mkdir()
    Path(".snapbook/format").write_text("x")
    Path(".snapbook/format").read_text()
    Path("/proc/self/stat").read_text()
    with pytest.raises(FileNotFoundError):
        open("absent.csv")  # noqa: SIM115
    assert [name for name in names(reads) if name != "absent.csv"] == []
    part, _ = capture_reads(reads.paths(), data)
    assert part.facts["files"] == []


def test_the_working_directory_at_the_time_counts(reads, data, monkeypatch):
    inner = data / "inner"
    inner.mkdir()
    (inner / "a.csv").write_text("other")
    open("a.csv").close()
    monkeypatch.chdir(inner)
    open("a.csv").close()
    assert reads.paths() == [str(data / "a.csv"), str(inner / "a.csv")]


def test_threads_of_the_user_count_and_those_before_us_do_not(data):
    go, stop = threading.Event(), threading.Event()

    def kernel_thread():
        go.wait()
        open("a.csv").close()
        stop.wait()

    early = threading.Thread(target=kernel_thread)
    early.start()
    reads = Reads()
    late = threading.Thread(target=lambda: open("t.txt").close())
    late.start()
    late.join()
    go.set()
    stop.set()
    early.join()
    reads.stop()
    assert names(reads) == ["t.txt"]


def test_stopped_means_stopped_and_two_sessions_do_not_mix(data):
    one, two = Reads(), Reads()
    one.stop()
    open("a.csv").close()
    two.stop()
    assert (names(one), names(two)) == ([], ["a.csv"])


def test_facts_are_path_size_and_digest(data, tmp_path_factory):
    outside = tmp_path_factory.mktemp("shared") / "big.csv"
    outside.write_text("x")
    part, notices = capture_reads([str(data / "a.csv"), str(outside)], data)
    digest = canonical.digest((data / "a.csv").read_bytes())
    assert part.facts["files"] == [
        {"path": "a.csv", "size": (data / "a.csv").stat().st_size, "digest": digest},
        {
            "path": f"{outside.parent.name}/big.csv",
            "size": 1,
            "digest": canonical.digest(b"x"),
            "outside": True,
        },
    ]
    assert notices == ()
    assert Part.decode(part.encode()) == part
    assert str(data).encode() not in part.encode()


def test_the_second_version_reads_no_file_again(data, monkeypatch):
    paths = [str(data / "a.csv"), str(data / "x.npy")]
    first, _ = capture_reads(paths, data)
    opened = []
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda *args, **more: opened.append(args) or real(*args, **more)
    )
    assert capture_reads(paths, data)[0] == first
    assert opened == []
    (data / "a.csv").write_text("changed")
    second, _ = capture_reads(paths, data)
    assert len(opened) == 1
    (change,) = files.diff(first, second)
    assert (change.section, change.name, change.what) == ("files", "a.csv", "changed")
    assert change.facts["role"] == "read"


def test_limits_of_bytes_and_of_time_are_said(data):
    big = data / "big.bin"
    big.write_bytes(b"x" * 3_000_000)
    part, notices = capture_reads([str(big), str(data / "a.csv")], data, max_bytes=1_000_000)
    entries = {entry["path"]: entry for entry in files.entries(part)}
    assert entries["big.bin"]["digest"] is None
    assert entries["a.csv"]["digest"]
    assert [(notice.kind, notice.name) for notice in notices] == [("not-hashed", "big.bin")]
    late, notices = capture_reads([str(big)], data, deadline=time.monotonic() - 1)
    assert late.facts["files"][0]["digest"] is None
    assert len(notices) == 1


def test_pipes_devices_folders_and_dead_links_are_left_alone(data):
    os.mkfifo(data / "pipe")
    (data / "link").symlink_to(data / "nowhere")
    (data / "zero").symlink_to("/dev/zero")
    paths = [str(data / name) for name in ("pipe", "link", "zero", ".", "a\0b")]
    assert capture_reads(paths, data)[0].facts["files"] == []


def test_hostile_arguments_of_open_do_no_harm(reads):
    class Path_:
        def __fspath__(self):
            return "a.csv"

    open(Path_()).close()
    open(os.open("t.txt", os.O_RDONLY)).close()
    with pytest.raises(UnicodeEncodeError):
        open("\ud800")  # noqa: SIM115
    with pytest.raises(ValueError, match="null"):
        open("a\0b")  # noqa: SIM115
    odd = os.fsencode(os.getcwd()) + b"/\xff.csv"
    with open(odd, "wb"):
        pass
    open(odd).close()
    part, _ = capture_reads(reads.paths(), os.getcwd())
    assert [entry["path"] for entry in files.entries(part)] == ["a.csv", "t.txt", "\ufffd.csv"]
    assert Part.decode(part.encode()) == part
    assert {"a.csv", "t.txt"} <= set(names(reads))


def test_the_number_of_files_is_bounded(reads, monkeypatch):
    monkeypatch.setattr("snapbook.parts.reads.MOST_FILES", 3)
    for number in range(9):
        Path(f"f{number}.txt").write_text("x")
        open(f"f{number}.txt").close()
    assert len(reads.paths()) == 3
    assert reads.overflowed
