"""Other ways to run cells: nbclient, plain IPython, scripts, front ends that send cell ids."""

from __future__ import annotations

import json
import subprocess
import sys

import kernels
import pytest
from stump import MODEL, fit

pytestmark = pytest.mark.slow

EXECUTE = """
import json, sys
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

cells = json.load(open("cells.json"))
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
failed = ""
try:
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
except CellExecutionError as error:
    failed = str(error)
outputs = [
    [{k: v for k, v in o.items() if k != "execution_count"} for o in cell.outputs]
    for cell in notebook.cells
]
print("RESULT", json.dumps([failed, outputs]))
"""


def executed(project, cells, **env):
    """nbclient's own run: what failed, and the outputs as they would be stored."""
    project.mkdir(exist_ok=True)
    (project / "cells.json").write_text(json.dumps(cells))
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE],
        cwd=project,
        env=kernels.environment_of(project, PYTHONWARNINGS="ignore", **env),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.rpartition("RESULT")[2])


def test_run_all_leaves_the_notebook_as_it_was(project):
    """Two runs of everything store the same outputs once the versions are there."""
    cells = ["%load_ext snapbook", MODEL, fit(1), fit(2), "%diff_version churn --what params"]
    failed, first = executed(project, cells)
    assert failed == ""
    assert first[0][0]["text"].startswith("snapbook: write")
    assert [o["data"]["text/plain"].splitlines()[0] for o in first[2] + first[3]] == [
        "churn:0.1.0  first version  Stump `model`  accuracy 0.910",
        "churn:0.2.0  minor: depth 1 -> 2  accuracy 0.910 -> 0.920 (better)",
    ]
    assert all("transient" not in o for cell in first for o in cell)


def test_strict_stops_nbclient(project):
    cells = ["%load_ext snapbook", "%%version_model churn\nx = 1", "print('after')"]
    failed, outputs = executed(project, cells, SNAPBOOK_STRICT="1")
    assert "the cell bound no fitted model" in failed
    assert outputs[1][0]["data"]["text/plain"].startswith("Not versioned: ")
    assert outputs[2] == []


def test_plain_ipython(project):
    """At the prompt: the cell goes on until an empty line, the card is the same text on stdout."""
    project.mkdir()
    typed = [
        "%load_ext snapbook",
        "class M:",
        "    def fit(self, X): return self",
        "    def predict(self, X): return X",
        "",
        "%%version_model churn",
        "model = M().fit(1)",
        "accuracy = 0.5",
        "",
        "",
        "%versions",
        "exit",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
        input="\n".join(typed) + "\n",
        cwd=project,
        env=kernels.environment_of(project, IPYTHONDIR=str(project / "ipython"), TERM="dumb"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "churn:0.1.0  first version  M `model`  accuracy 0.500\n  kept: " in done.stdout
    assert "<div" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.count("churn:0.1.0") == 2


def test_a_script_made_from_the_notebook(project):
    """`nbconvert --to script` writes get_ipython() calls; IPython runs them as cells."""
    project.mkdir()
    (project / "train.ipy").write_text(
        "get_ipython().run_line_magic('load_ext', 'snapbook')\n"
        f"{MODEL}\n"
        "get_ipython().run_cell_magic('version_model', 'churn',"
        f" {fit(1).partition(chr(10))[2]!r})\n"
        "print('after', accuracy)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", "train.ipy"],
        cwd=project,
        env=kernels.environment_of(project, IPYTHONDIR=str(project / "ipython"), TERM="dumb"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "churn:0.1.0  first version  Stump `model`  accuracy 0.910" in done.stdout
    assert done.stdout.rstrip().endswith("after 0.91")


def test_cell_ids_of_front_ends(notebook):
    """JupyterLab and VS Code send the cell's id in the request's metadata."""
    ran = notebook.cell(fit(1), metadata={"cellId": "a1b2c3"})
    assert ran.card.startswith("churn:0.1.0")
    assert notebook.cell(fit(2), metadata={"cellId": "a1b2c3"}).card.startswith("churn:0.2.0")
    diff = notebook.cell("%diff_version churn --what code").card
    assert "- model = Stump(depth=1)" in diff
    assert "+ model = Stump(depth=2)" in diff


def test_objects_that_raise_what_nobody_catches(notebook):
    """SystemExit or an exception of its own from inside a model: one line, the kernel lives."""
    notebook.cell("class Own(BaseException): pass")
    for raised in ("SystemExit(3)", "Own()", "GeneratorExit()", "RecursionError()"):
        ran = notebook.cell(
            "class Bad(Stump):\n"
            f"    def __getstate__(self):\n        raise {raised}\n"
            f"    def __reduce_ex__(self, n):\n        raise {raised}"
        )
        ran = notebook.cell("%%version_model churn\nmodel = Bad(1).fit(X)\n'result'")
        assert (ran.status, ran.value, ran.stderr) == ("ok", "'result'", ""), raised
        assert len(ran.card.splitlines()) == 1, (raised, ran.card)
        assert not ran.card.startswith("churn:"), raised
        assert notebook.cell("1 + 1").value == "2"
    assert notebook.cell("%versions").card.startswith("No versions yet")


def test_saving_inside_a_save(notebook):
    """A model that versions another one while it is pickled: told in one line, nothing is torn."""
    notebook.cell(
        "import snapbook\n"
        "class Nested(Stump):\n"
        "    def __getstate__(self):\n"
        "        snapbook.save(Stump(3).fit(X), 'inner')\n"
        "        return self.__dict__"
    )
    ran = notebook.cell("%%version_model outer\nmodel = Nested(1).fit(X)\n'result'")
    assert (ran.status, ran.value, ran.stderr) == ("ok", "'result'", "")
    assert len(ran.card.splitlines()) == 1
    assert notebook.cell(fit(1)).card.startswith("churn:0.1.0")
    assert notebook.cell("%snapbook verify").card.startswith("all is well")
