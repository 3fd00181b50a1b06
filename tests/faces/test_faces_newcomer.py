"""The newcomer's three minutes (ux), word for word, on real data in a real kernel."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest
from stump import MODEL, fit

needs_sklearn = pytest.mark.skipif(find_spec("sklearn") is None, reason="scikit-learn is absent")

BEFORE = [
    "from sklearn.datasets import load_breast_cancer",
    "from sklearn.ensemble import RandomForestClassifier\n"
    "from sklearn.model_selection import train_test_split",
    "X, y = load_breast_cancer(return_X_y=True, as_frame=True)",
    "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)",
]


def cell(depth):
    return (
        "%%version_model churn\n"
        f"model = RandomForestClassifier(max_depth={depth}, random_state=0).fit(X_train, y_train)\n"
        "accuracy = model.score(X_test, y_test)"
    )


@needs_sklearn
def test_three_minutes(kernel, project):
    kernel.project(project, load=False)
    for source in BEFORE:
        assert kernel.cell(source).status == "ok"
    loaded = kernel.cell("%load_ext snapbook")
    assert loaded.stdout == (
        "snapbook: write  %%version_model NAME  on top of the cell that fits your model."
        " The 4 cells run so far are remembered.\n"
    )
    assert not loaded.displays
    assert not (project / ".snapbook").exists(), "loading makes no folder"

    first = kernel.cell(cell(2))
    lines = first.card.splitlines()
    assert lines[0] == (
        "churn:0.1.0  first version  RandomForestClassifier `model`  accuracy 0.958"
    )
    assert re.fullmatch(
        r"  kept: 6 cells, X_train 426x30, y_train 426, X_test 143x30, y_test 143,"
        r" environment \(\d+ packages\) in \.snapbook/",
        lines[1],
    )
    assert lines[2] == "  next: change something, run again, then  %diff_version churn"
    assert len(lines) == 3
    assert (first.status, first.stdout, first.stderr) == ("ok", "", "")

    assert kernel.cell(cell(8)).card == (
        "churn:0.2.0  minor: max_depth 2 -> 8  accuracy 0.958 -> 0.972 (better)"
    )
    assert kernel.cell(cell(8)).card == "churn:0.2.0  unchanged"

    diff = kernel.cell("%diff_version churn").card.splitlines()
    assert re.fullmatch(r"churn:0\.1\.0 -> churn:0\.2\.0     .*apart(, same notebook)?", diff[0])
    assert diff[1:6] == [
        "code      cell 7    - model = RandomForestClassifier(max_depth=2, random_state=0)"
        ".fit(X_train, y_train)",
        "                    + model = RandomForestClassifier(max_depth=8, random_state=0)"
        ".fit(X_train, y_train)",
        "params    max_depth   2 -> 8",
        "metrics   accuracy    0.958 -> 0.972   +0.014 better",
        "model     depth       2 -> 8",
    ]
    assert diff[-1].startswith("same      4 cells, 4 frames, environment")

    restored = kernel.cell("%restore_version churn:0.1.0")
    assert restored.card == (
        "model = churn:0.1.0 (RandomForestClassifier)."
        " Replaced: model, which is kept as churn:0.2.0.\n"
        "  undo: %restore_version --undo      more: --what data | cells | all"
    )
    assert kernel.cell("model.max_depth").value == "2"
    assert kernel.cell("%restore_version --undo").card == "Undone: model as before the restore."
    assert kernel.cell("model.max_depth").value == "8"

    unfitted = kernel.cell("%%version_model churn\nclf = RandomForestClassifier()")
    assert unfitted.card == (
        "Not versioned: the cell bound no fitted model (clf is a RandomForestClassifier, not"
        " fitted). Fit it, or name another: --model VAR"
    )
    listed = kernel.cell("%versions").card.splitlines()
    assert [line.split()[0] for line in listed] == ["churn:0.2.0", "churn:0.1.0"]


def test_the_line_comes_once_a_kernel_and_only_without_versions(kernel, project):
    assert kernel.project(project).stdout == (
        "snapbook: write  %%version_model NAME  on top of the cell that fits your model.\n"
    )
    kernel.cell("%unload_ext snapbook")
    assert kernel.cell("%load_ext snapbook").stdout == "", "once a kernel"
    kernel.cell("%unload_ext snapbook")
    kernel.project(project)
    kernel.cell("class M:\n    def predict(self, X): return X\n    def fit(self, X): return self")
    assert kernel.cell("%%version_model m\nm = M().fit([1])").card.startswith("m:0.1.0")
    assert kernel.project(project).said.strip() == "", "the project has a version"


def test_one_cell_is_one_cell(kernel, project):
    kernel.project(project, load=False)
    kernel.cell("a = 1")
    assert kernel.cell("%load_ext snapbook").stdout.endswith("The cell run so far is remembered.\n")


def test_in_a_folder_that_is_gone(kernel, project):
    """One line, no traceback; and it loads once there is a folder again."""
    kernel.project(project)
    kernel.cell("%unload_ext snapbook")
    kernel.cell("import os\nos.makedirs('gone')\nos.chdir('gone')\nos.rmdir(os.getcwd())")
    told = kernel.cell("%load_ext snapbook")
    assert told.status == "error"
    assert "this kernel's folder is gone" in told.said
    assert "Traceback" not in told.said
    kernel.cell(f"os.chdir({str(project)!r})")
    assert kernel.cell("%load_ext snapbook").status == "ok"
    # A folder that goes away under a loaded snapbook: the cell is untouched, one line says why.
    kernel.cell(MODEL)
    kernel.cell("os.makedirs('gone')\nos.chdir('gone')\nos.rmdir(os.getcwd())")
    made = kernel.cell(fit(1))
    assert made.status == "ok"
    assert "Traceback" not in made.said
    kernel.cell(f"os.chdir({str(project)!r})")
