"""The log of executed cells: what is kept, what a bad disk does, what it costs."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snapbook.lineage.log import SOURCE_LIMIT, Cell, Session, read_log


def cell(source: str, n: int = 1, **more: object) -> Cell:
    return Cell(0, n, "", source, **more)  # type: ignore[arg-type]


def test_cells_are_numbered_in_the_order_they_ran() -> None:
    session = Session()
    session.seed_from_history([(1, "import a"), (2, "x = 1")])
    assert session.append(cell("y = x", 3, outcome="ok")) == 2
    assert [(c.index, c.n, c.source, c.kind) for c in session.cells] == [
        (0, 1, "import a", "history"),
        (1, 2, "x = 1", "history"),
        (2, 3, "y = x", "cell"),
    ]


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    session = Session()
    session.append(
        Cell(9, 7, "ab", "x = 'é\u2028\r\n'", "2026-01-01T00:00:00Z", 0.25, "error: NameError", 3)
    )
    session.persist(tmp_path / "sessions")
    session.append(cell("y = 1"))
    path = tmp_path / "sessions" / f"{session.id}.jsonl"
    assert read_log(path) == list(session.cells)
    assert path.stat().st_mode & 0o777 == 0o600
    session.close()


def test_nothing_is_written_before_it_is_asked_for(tmp_path: Path) -> None:
    session = Session()
    session.append(cell("x = 1"))
    assert list(tmp_path.iterdir()) == []


def test_asked_twice_it_writes_once(tmp_path: Path) -> None:
    session = Session()
    session.append(cell("x = 1"))
    session.persist(tmp_path)
    session.persist(tmp_path)
    assert len(read_log(tmp_path / f"{session.id}.jsonl")) == 1
    session.close()


def test_secrets_are_neither_kept_nor_written(tmp_path: Path) -> None:
    session = Session(lambda text: text.replace("hunter2", "{{secret:1}}"))
    session.append(cell("p = 'hunter2'"))
    session.persist(tmp_path)
    session.append(cell("q = 'hunter2'"))
    session.append(cell("# " + "z" * (SOURCE_LIMIT - 100) + "\n'hunter2'\n" + "z" * 200_000))
    assert "hunter2" not in "".join(c.source for c in session.cells)
    assert b"hunter2" not in (tmp_path / f"{session.id}.jsonl").read_bytes()
    session.close()


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    session = Session()
    session.persist(tmp_path)
    for n in range(5):
        session.append(cell(f"x = {n}", n))
    path = tmp_path / f"{session.id}.jsonl"
    whole = path.read_bytes()
    for cut in range(len(whole) - 40, len(whole)):
        path.write_bytes(whole[:cut])
        assert read_log(path)[:4] == list(session.cells)[:4]
    path.write_bytes(whole + b"\xff\xfe not JSON\n[]\n{}\n3")
    assert read_log(path) == list(session.cells)
    session.close()


def test_a_folder_that_cannot_be_made_is_trouble_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    session = Session()
    session.append(cell("x = 1"))
    session.persist(tmp_path / "file" / "sessions")
    assert session.trouble
    session.append(cell("y = 1"))
    session.persist(tmp_path / "sessions")
    assert not session.trouble
    assert len(read_log(tmp_path / "sessions" / f"{session.id}.jsonl")) == 2
    session.close()


FULL = """
import resource, signal, sys
from pathlib import Path
from snapbook.lineage.log import Cell, Session, read_log
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
session = Session()
session.persist(Path(sys.argv[1]))
session.append(Cell(0, 1, "", "first"))
resource.setrlimit(resource.RLIMIT_FSIZE, (150, resource.RLIM_INFINITY))
session.append(Cell(0, 2, "", "second" * 100))
assert session.trouble, "no trouble told"
session.append(Cell(0, 3, "", "third"))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
session.persist(Path(sys.argv[1]))
assert not session.trouble
got = read_log(Path(sys.argv[1]) / (session.id + ".jsonl"))
assert got == list(session.cells), got
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs POSIX limits")
def test_a_full_disk_tears_one_line_and_the_log_goes_on_after(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], check=True, timeout=60)


def test_a_huge_source_is_cut_with_the_digest_of_the_whole() -> None:
    session = Session()
    session.append(cell("x = 1\n" * 1_000_000))
    source = session.cells[0].source
    assert len(source) < SOURCE_LIMIT + 200
    assert "# cut: 6,000,000 characters, digest " in source


def test_hostile_text_is_storable(tmp_path: Path) -> None:
    session = Session()
    session.persist(tmp_path)
    session.append(Cell(0, 1, "i\ud800", "x = '\ud800\x00'", outcome="error: \udfff"))
    assert not session.trouble
    assert read_log(tmp_path / f"{session.id}.jsonl") == list(session.cells)
    session.close()


def test_its_file_is_closed_with_it(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    session = Session()
    session.persist(tmp_path)
    del session
    after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    assert after == before


def test_the_thousandth_cell_costs_what_the_first_did() -> None:
    """By ratio, so that a slow machine does not matter: 10,000 cells against 1,000."""

    def cost(count: int) -> float:
        session = Session()
        start = time.perf_counter()
        for n in range(count):
            session.append(cell("x = 1", n))
        return time.perf_counter() - start

    cost(1_000)
    assert min(cost(10_000) for _ in range(3)) < 30 * max(cost(1_000) for _ in range(3))
