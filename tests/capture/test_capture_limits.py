"""What a kernel may throw at a capture: interrupts, threads, long logs, broken documents, lost
folders.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.slow

FIT = """\
%%version_model churn
model = LogisticRegression(C=1.0).fit(X_train, y_train)
accuracy = model.score(X_test, y_test)
"""
SLOW = """\
import os, signal, threading, time
class Slow(LogisticRegression):
    def __getstate__(self):
        if self.seconds:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(self.seconds)
        return LogisticRegression.__getstate__(self)
"""


def test_an_interrupt_cancels_the_version_alone(fitted):
    fitted.run(SLOW)
    begun = time.monotonic()
    text = fitted.run(
        "%%version_model churn\nmodel = Slow().fit(X_train, y_train); model.seconds = 20\n"
        "value = 5\nvalue"
    )
    assert time.monotonic() - begun < 10
    assert fitted.error is None
    assert fitted.value == 5
    assert text.splitlines()[-1] == (
        "Not versioned: interrupted. The cell's result is intact; %version_model churn tries again."
    )
    assert [row.ref for row in fitted.rows()] == ["churn:0.1.0"]
    fitted.run("model.seconds = 0")
    assert fitted.run("%version_model churn").startswith("churn:0.2.0  minor: class Log")


@pytest.mark.parametrize(
    "where",
    [
        "capture", "save", "commit", "append", "row", "remember", "persist", "report", "show",
    ],
)  # fmt: skip
def test_an_interrupt_at_each_step_leaves_old_or_new(fitted, monkeypatch, where):
    """KeyboardInterrupt raised inside each step of a save, once before and once after it: what is
    said is true, and the version that is there can be taken back.
    """
    from snapbook.catalog.files import FileCatalog
    from snapbook.display import notebook as shown
    from snapbook.lineage.log import Session
    from snapbook.repository import Repository
    from snapbook.repository.making import Making
    from snapbook.verbs import make

    owner, name = {
        "capture": (make, "capture"),
        "save": (Repository, "save"),
        "commit": (Making, "_commit"),
        "append": (FileCatalog, "append"),
        "row": (Making, "_row_of"),
        "remember": (make, "_remember"),
        "persist": (Session, "persist"),
        "report": (make, "report"),
        "show": (shown, "show"),
    }[where]
    real = getattr(owner, name)
    for number, after in enumerate((False, True), 2):
        rings = iter([True])

        def stop(*words, rings=rings, after=after, **named):
            rung = next(rings, False)
            done = real(*words, **named) if after or not rung else None
            if rung:
                raise KeyboardInterrupt
            return done

        before = len(fitted.rows())
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, stop)
            text = fitted.run(FIT.replace("C=1.0", f"C={number}.0"))
        assert fitted.error is None
        newest = fitted.rows()[0]
        if len(fitted.rows()) == before:
            assert text.splitlines() == [
                "Not versioned: interrupted. The cell's result is intact;"
                " %version_model churn tries again."
            ]
        else:
            assert text.splitlines()[-1] == (
                f"{newest.ref} was made before the interrupt."
                " To take it back: %version_model --undo"
            )
            assert fitted.card("%version_model --undo")[0].startswith(f"{newest.ref} is taken back")
        before = len(fitted.rows())
        again = fitted.card(FIT.replace("C=1.0", f"C={number}.0"))[0]
        assert "failed" not in again
        assert len(fitted.rows()) in (before, before + 1)
        newest = fitted.rows()[0]
        parts = fitted.repository().parts(newest.manifest)
        values = next(part for part in parts if part.kind == "params").facts["values"]
        assert values["C"] == number


def test_saves_from_threads(fitted):
    """Each thread's save is made; none waits for ever and none is lost."""
    fitted.run(
        "import threading, snapbook\nfailed = []\n"
        "def keep(n):\n"
        "    try:\n"
        "        snapbook.save(LogisticRegression(C=n).fit(X_train, y_train), f'thread{n}')\n"
        "    except BaseException as error:\n        failed.append(repr(error))\n"
        "threads = [threading.Thread(target=keep, args=(n,)) for n in (1, 2, 3, 4)]\n"
        "for one in threads:\n    one.start()\nfor one in threads:\n    one.join()"
    )
    assert fitted.error is None
    assert fitted.names["failed"] == []
    assert {row.model for row in fitted.rows()} == {
        "churn",
        "thread1",
        "thread2",
        "thread3",
        "thread4",
    }


def test_ten_thousand_cells(fitted):
    kernel = fitted.kernel
    for number in range(10_000):
        kernel.ran(
            f"step_{number % 50} = {number}\nprint(step_{number % 50})",
            cell_id=f"c{number}",
            number=number + 10,
            started=datetime.now(UTC),
            duration_s=0.001,
            error=None,
        )
    begun = time.perf_counter()
    assert fitted.card(FIT.replace("C=1.0", "C=2.0"))[0].startswith(
        "churn:0.2.0  minor: C 1.0 -> 2.0"
    )
    first = time.perf_counter() - begun
    begun = time.perf_counter()
    assert fitted.card(FIT.replace("C=1.0", "C=3.0"))[0].startswith("churn:0.3.0")
    again = time.perf_counter() - begun
    assert fitted.parts()["cells", "cells"].facts["count"] == 10_005
    assert first < 10
    assert again < 2


def test_a_long_chain_of_cells(fitted):
    for number in range(2_000):
        source = f"v{number} = v{number - 1} + 1" if number else "v0 = 0"
        fitted.kernel.ran(
            source, cell_id="", number=number, started=datetime.now(UTC), duration_s=0, error=None
        )
    fitted.names["v1999"] = 1.0
    lines = fitted.card(FIT.replace("C=1.0", "C=v1999"))
    assert lines[0].startswith("churn:0.2.0  minor: "), lines
    assert fitted.parts()["cells", "cells"].facts["made_count"] > 2_000


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"\xff\xfe\x00", b'{"cells": 3}', b'{"cells": [1, null, {"source": 5}]}',
        b'{"cells": [{"cell_type": "code", "source": "x", "outputs": "no"}]}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_document_that_is_none(fitted, monkeypatch, content):
    (fitted.project / "work.ipynb").write_bytes(content)
    monkeypatch.setenv("JPY_SESSION_NAME", str(fitted.project / "work.ipynb"))
    assert fitted.card(FIT.replace("C=1.0", "C=2.0"))[0].startswith(
        "churn:0.2.0  minor: C 1.0 -> 2.0"
    )


def test_an_output_of_50_megabytes(fitted, monkeypatch):
    import nbformat

    output = nbformat.v4.new_output("stream", text="x" * 50_000_000)
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    nbformat.write(document, fitted.project / "work.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", str(fitted.project / "work.ipynb"))
    begun = time.perf_counter()
    assert fitted.card(FIT.replace("C=1.0", "C=2.0"))[0].startswith(
        "churn:0.2.0  minor: C 1.0 -> 2.0"
    )
    assert time.perf_counter() - begun < 10
    size = sum(
        file.stat().st_size for file in (fitted.project / ".snapbook").rglob("*") if file.is_file()
    )
    assert size < 5_000_000


def test_the_working_folder_is_gone(fitted, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    fitted.run(f"import os; os.chdir({str(gone)!r})")
    shutil.rmtree(gone)
    lines = fitted.card(FIT.replace("C=1.0", "C=2.0"))
    assert lines[0].startswith("churn:0.2.0  minor: C 1.0 -> 2.0"), lines
    os.chdir(fitted.project)


def test_the_project_itself_is_gone(fitted):
    shutil.rmtree(fitted.project)
    text = fitted.run(FIT.replace("C=1.0", "C=2.0"))
    assert fitted.error is None
    assert "failed inside" not in text, text
    assert len(text.splitlines()) <= 3


def test_a_project_that_cannot_be_written(notebook, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    if subprocess.run(["chattr", "+i", str(notebook.project)], check=False).returncode:
        pytest.skip("no chattr here")
    try:
        notebook.run(
            "import numpy as np\nfrom sklearn.linear_model import LinearRegression\n"
            "X = np.arange(8.0).reshape(4, 2); y = X[:, 0]"
        )
        text = notebook.run("%%version_model line\nmodel = LinearRegression().fit(X, y)")
        assert notebook.error is None
        assert text.splitlines()[0].startswith(("line:0.1.0  first version", "Not versioned: ")), (
            text
        )
    finally:
        subprocess.run(["chattr", "-i", str(notebook.project)], check=True)


def test_a_cell_that_was_interrupted_or_failed_makes_no_version(fitted):
    text = fitted.run(FIT.replace("accuracy =", "nowhere\naccuracy ="))
    assert isinstance(fitted.error, NameError)
    assert text.splitlines()[-1].startswith("not versioned: cell stopped at line 3 (NameError).")
    text = fitted.run("%%version_model churn\nraise KeyboardInterrupt")
    assert isinstance(fitted.error, KeyboardInterrupt)
    assert len(fitted.rows()) == 1
    assert threading.active_count() < 20


def test_an_interrupt_at_any_moment_of_a_save(fitted):
    """Stopped after 1, 9, 17, ... ms: old or new, whole, and the next save works."""
    from snapbook.verbs import VERBS, make
    from snapbook.verbs.here import Here

    here = Here(fitted.project, kernel=fitted.kernel)
    asked = VERBS["save"].parse(["churn"])

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    stopped = 0
    try:
        for number in range(12):
            fitted.run(f"model = LogisticRegression(C={number + 2}.0).fit(X_train, y_train)")
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.008 * number)
                make.save(here, asked)
            except KeyboardInterrupt:
                stopped += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            for row in fitted.rows():
                assert fitted.repository().parts(row.manifest)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert stopped
    fitted.run("model = LogisticRegression(C=99.0).fit(X_train, y_train)")
    assert "C " in fitted.card("%version_model churn")[0]
