"""The log on a disk: what is written comes back, after kills and on full disks as well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

pytest.importorskip("pyarrow")

from snapbook.errors import Unreachable
from snapbook.watch import kept, stored
from snapbook.watch.answers import Answers, Outcomes, Refused, matched, texts
from snapbook.watch.kept import Bounds, Keeping


def answers(rows, first=0, **columns):
    """Rows of one request each, a second apart."""
    rng = np.random.default_rng(first)
    return Answers(
        first + np.arange(rows, dtype=float),
        texts([f"request-{first + n}" for n in range(rows)]),
        np.zeros(rows, dtype=np.int32),
        rng.random(rows).astype(np.float32),
        rng.random(rows),
        columns or {"price": rng.random(rows), "city": texts(["Bern", None] * (rows // 2))},
    )


@pytest.fixture
def keep(tmp_path):
    """Writers that are closed at the end."""
    made = []

    def make(folder, *args, **named):
        made.append(Keeping(folder, *args, **named))
        return made[-1]

    yield make
    for one in made:
        one.close()


def same(one, other):
    for name in ("time", "request", "row", "ms", "predicted"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert set(one.columns) == set(other.columns)
    for name, values in one.columns.items():
        np.testing.assert_array_equal(values, other.columns[name])


def test_what_was_written_comes_back(tmp_path, keep):
    keeping = keep(tmp_path / "log", {"model": "churn", "number": "1.4.0", "manifest": "m"})
    keeping.add("answers", answers(10))
    keeping.add("answers", answers(10, first=10))
    refused = Refused(np.array([3.0]), texts(["unfit"]), texts(["price"]))
    keeping.add("refused", refused)
    log = kept.read(tmp_path / "log", "m")  # while it grows
    same(log.answers.part(slice(0, 10)), answers(10))
    same(log.answers.part(slice(10, 20)), answers(10, first=10))
    assert log.refused.column.tolist() == ["price"]
    assert log.outcomes is None
    assert kept.read(tmp_path / "log", "m", since=15).answers.time.tolist() == [15, 16, 17, 18, 19]
    assert kept.read(tmp_path / "log", "another").answers is None
    (told,) = kept.versions(tmp_path / "log").values()
    assert told[:2] == ("churn", "1.4.0")


def test_columns_that_come_or_go_begin_another_file(tmp_path, keep):
    keeping = keep(tmp_path, {"manifest": "m"})
    keeping.add("answers", answers(4))
    keeping.add("answers", answers(4, first=4, price=np.zeros(4)))
    log = kept.read(tmp_path, "m")
    assert len(log.answers) == 8
    assert set(log.answers.columns) == {"price"}


def test_a_file_that_was_cut_anywhere_gives_all_whole_batches(tmp_path):
    path = tmp_path / "one.arrows"
    batch = stored.batch("answers", answers(50))
    sheet = stored.Sheet(path, {"manifest": "m"}, batch)
    ends = []
    for n in range(4):
        sheet.add(stored.batch("answers", answers(50, first=50 * n)))
        ends.append(sheet.size)
    sheet.close()
    data = path.read_bytes()
    for cut in [*range(0, len(data), 97), *(end + d for end in ends for d in (-1, 0))]:
        path.write_bytes(data[:cut])
        _, found = stored.read(path)
        assert len(found) == sum(end <= cut for end in ends), cut


def test_what_is_no_log_is_passed_over(tmp_path):
    (tmp_path / "answers-20260101T000000-x.arrows").write_bytes(os.urandom(5000))
    (tmp_path / "answers-20260102T000000-x.arrows").mkdir()
    assert kept.versions(tmp_path) == {}
    assert kept.read(tmp_path, "m").answers is None
    assert kept.versions(tmp_path / "absent") == {}


def spoilt(name, values):
    """A batch of answers in which the column ``name`` holds ``values``."""
    import pyarrow as pa

    batch = stored.batch("answers", answers(4))
    arrays = [pa.array(values) if one == name else batch.column(one) for one in batch.schema.names]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("time", [1.0, None, 2.0, 3.0]),
        ("time", [1.0, 1e300, 2.0, 3.0]),
        ("time", ["1", "2", "3", "4"]),
        ("request", ["a", None, "b", "c"]),
        ("request", [1, 2, 3, 4]),
        ("ms", [1.0, float("inf"), 2.0, 3.0]),
        ("predicted", [[1.0]] * 4),
        ("x:price", [[1.0]] * 4),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rows_that_are_none_are_left_out_and_counted(tmp_path, name, values):
    """Damaged, or written by another: the other files are read, and it is said."""
    for number, batch in enumerate((stored.batch("answers", answers(50)), spoilt(name, values))):
        sheet = stored.Sheet(tmp_path / f"answers-{number}.arrows", {"manifest": "m"}, batch)
        sheet.add(batch)
        sheet.close()
    log = kept.read(tmp_path, "m")
    assert (len(log.answers), log.unread) == (50, 1)


def test_a_log_with_any_byte_changed_is_read_or_said(tmp_path):
    batch = stored.batch("answers", answers(50))
    sheet = stored.Sheet(tmp_path / "answers-1.arrows", {"manifest": "m"}, batch)
    sheet.add(batch)
    sheet.close()
    data = sheet.path.read_bytes()
    for at in range(0, len(data), 41):
        changed = bytearray(data)
        changed[at] ^= 0xFF
        sheet.path.write_bytes(bytes(changed))
        log = kept.read(tmp_path, "m")
        assert log.answers is None or len(log.answers) == 50
        kept.versions(tmp_path)
        list(kept.requests(tmp_path, "m", 100))


def test_a_writer_that_is_killed_leaves_what_it_wrote(tmp_path):
    script = """
        import sys, time
        sys.path.insert(0, {tests!r})
        from test_watch_kept import answers
        from pathlib import Path
        from snapbook.watch.kept import Keeping
        keeping = Keeping(Path({folder!r}), {{"manifest": "m"}})
        n = 0
        while True:
            keeping.add("answers", answers(100, first=100 * n))
            n += 1
            print(n, flush=True)
    """
    script = script.format(tests=os.path.dirname(__file__), folder=str(tmp_path))
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    try:
        while int(worker.stdout.readline()) < 40:
            pass
    finally:
        worker.send_signal(signal.SIGKILL)
        told = worker.stdout.read().split()
        worker.wait(10)
        worker.stdout.close()
    wrote = int(told[-1]) if told else 40
    log = kept.read(tmp_path, "m")
    assert len(log.answers) >= 100 * wrote
    assert (np.diff(log.answers.time) == 1).all()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_a_full_disk_is_counted_and_tried_again(tmp_path, keep):
    now = [1000.0]
    keeping = keep(tmp_path, {"manifest": "m"}, clock=lambda: now[0])
    keeping.add("answers", answers(10))
    sheet, _ = keeping._sheets["answers"]
    real, size = os.dup(sheet._file.fileno()), sheet.size
    with open("/dev/full", "wb") as full:
        os.dup2(full.fileno(), sheet._file.fileno())
        keeping.add("answers", answers(10, first=10))
    os.close(real)
    assert (keeping.lost, keeping.fails) == (10, "No space left on device")
    assert sheet.path.stat().st_size == size
    keeping.add("answers", answers(10, first=20))  # too early
    assert keeping.lost == 20
    now[0] += 11
    keeping.add("answers", answers(10, first=30))
    assert (keeping.lost, keeping.fails) == (20, "")
    assert kept.read(tmp_path, "m").answers.time.tolist() == [*range(10), *range(30, 40)]


def test_what_is_too_old_goes(tmp_path, keep):
    keeping = keep(tmp_path, {"manifest": "m"}, Bounds(age_s=3600))
    keeping.add("answers", answers(10))
    keeping.close()
    (old,) = tmp_path.iterdir()
    os.utime(old, (time.time() - 7200,) * 2)
    keeping.add("answers", answers(10, first=10))
    assert old not in set(tmp_path.iterdir())
    assert len(kept.read(tmp_path, "m").answers) == 10


def test_a_folder_has_its_bounds(tmp_path, keep):
    """The oldest go, whoever wrote them; what is left can be read."""
    keeping = keep(tmp_path, {"manifest": "m"}, Bounds(bytes=600_000))
    for n in range(60):
        keeping.add("answers", answers(2000, first=2000 * n))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 600_000
    log = kept.read(tmp_path, "m")
    assert log.answers.time[-1] == 2000 * 60 - 1
    assert 0 < len(log.answers) < 2000 * 60
    assert (np.diff(log.answers.time) == 1).all()


def test_outcomes_find_their_rows():
    rows = answers(6)
    told = Outcomes(
        np.array([10.0, 11.0, 12.0]),
        texts(["request-4", "request-1", "request-4"]),
        np.array([0, 0, 0], dtype=np.int32),
        np.array([1.0, 2.0, 3.0]),
    )
    found = matched(rows, told)
    assert found.answers.request.tolist() == ["request-1", "request-4"]
    assert found.outcome.tolist() == [2.0, 3.0]  # the later of two
    assert found.came.tolist() == [11.0, 12.0]


def test_of_a_long_log_the_newest_files_are_read(tmp_path, keep, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 100)
    for n in range(5):
        writer = keep(tmp_path, {"manifest": "m"})
        writer.add("answers", answers(60, first=60 * n))
        (path,) = [sheet.path for sheet, _ in writer._sheets.values()]
        os.utime(path, (time.time() - 100 + n,) * 2)
    assert kept.read(tmp_path, "m").answers.time.tolist() == list(range(180, 300))
    ids = [one for part in kept.requests(tmp_path, "m", 100) for one in part]
    assert ids == [f"request-{n}" for part in (240, 180) for n in range(part, part + 60)]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="No log can be kept in log"):
        Keeping(tmp_path / "file" / "log", {})
