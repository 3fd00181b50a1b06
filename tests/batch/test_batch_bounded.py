"""The command on a file that is larger than the memory it may take; killed, and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from faults import disks
from trays import frame, written

import snapbook
from snapbook.batch import files
from snapbook.batch.wanted import Wanted
from snapbook.errors import DiskFull
from snapbook.verbs import Here, run_words

pytestmark = pytest.mark.slow

COLUMNS = ["a", "b", "c", "d", "e", "f"]
LARGE, GROUP = 2_000_000, 200_000  # rows: 96 MB that cannot be packed


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a linear model, and a small file."""
    from sklearn.linear_model import LinearRegression

    folder = tmp_path_factory.mktemp("bounded")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SNAPBOOK_CONFIG", str(folder / "config"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        some = numbers(200, 0).to_pandas()
        snapbook.save(LinearRegression().fit(some, some.sum(axis=1)), "line",
                      data={"X_train": some}, store=True)  # fmt: skip
        pq.write_table(numbers(GROUP, 0), folder / "small.parquet")
        yield folder


def numbers(rows, seed):
    drawn = np.random.default_rng(seed).normal(size=(6, rows))
    return pa.table(dict(zip(COLUMNS, drawn, strict=True)))


def begin(*words):
    command = [sys.executable, "-m", "snapbook", "predict", "line", *words, "--keep", "", "--json"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


def ended(process):
    """What it said, and the most memory that it had, in MB."""
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    return json.loads(said), used.ru_maxrss / 1024


def test_memory_does_not_grow_with_the_file_and_a_kill_costs_a_piece(project):
    with pq.ParquetWriter(project / "large.parquet", numbers(1, 0).schema) as writer:
        for seed in range(LARGE // GROUP):
            writer.write_table(numbers(GROUP, seed))
    told, least = ended(begin("small.parquet", "-o", "small-out.parquet"))
    assert told["rows"] == GROUP
    told, most = ended(begin("large.parquet", "-o", "whole.parquet"))
    assert (told["rows"], told["resumed"]) == (LARGE, 0)
    assert most - least < 40, f"{least:.0f} MB for a tenth, {most:.0f} MB for all"
    process = begin("large.parquet", "-o", "killed.parquet")
    partial, until = project / "killed.parquet.partial", time.monotonic() + 60
    while len(list(partial.glob("*.arrow"))) < 10:
        assert time.monotonic() < until, process.stderr.read()
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (project / "killed.parquet").exists()
    told, _ = ended(begin("large.parquet", "-o", "killed.parquet"))
    assert told["resumed"] >= 10 * files.ROWS
    assert (project / "killed.parquet").read_bytes() == (project / "whole.parquet").read_bytes()
    assert not partial.exists()


def test_the_command_says_what_it_did(project):
    process = begin("small.parquet")
    told, _ = ended(process)
    assert told == {
        "files": [str(project / "small-predicted.parquet")],
        "ref": "line:0.1.0",
        "manifest": told["manifest"],
        "rows": GROUP,
        "resumed": 0,
        "errors": 0,
        "independent": False,  # sums of numbers differ in the last bit
    }
    assert pq.read_table(project / "small-predicted.parquet").column_names == ["prediction"]


def test_whoever_stops_it_hears_that_it_goes_on_and_nothing_else(project):
    def stop(_what, done, _of):
        if done:
            raise KeyboardInterrupt

    words = ["line", "small.parquet", "-o", "stopped.parquet", "--rows", "1000", "--keep", ""]
    with pytest.raises(KeyboardInterrupt, match="the same command goes on from there"):
        run_words(Here(project, face="cli", progress=stop), "predict", words)
    said = run_words(Here(project, face="cli"), "predict", words)
    assert said.lines[1] == "1,000 of them were done before"


@pytest.mark.faults
def test_a_full_disk_leaves_no_result_and_keeps_what_is_done(tmp_path, mixed):
    if why := disks.why_not(tmp_path):
        pytest.skip(why)
    source = written(tmp_path, "parquet", frame(6000))
    with disks.small(tmp_path / "disk", 3000) as disk:
        (disk / "others").write_bytes(b"x" * 2_800_000)
        asked = files.Asked(source, disk / "out.csv", "parquet", "csv", 500)

        def predicted():
            return files.predict(mixed, mixed.model, asked, Wanted(), lambda *_: None)

        with pytest.raises(DiskFull):
            predicted()
        assert sorted(path.name for path in disk.iterdir()) == ["others", "out.csv.partial"]
        (disk / "others").unlink()
        made = predicted()
        assert made.rows == 6000
        assert made.resumed >= 500
        assert [path.name for path in disk.iterdir()] == ["out.csv"]
