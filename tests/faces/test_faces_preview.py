"""What a restore would change: told before anything does, what can be lost first."""

import json
from datetime import datetime

import pytest
from stump import fit

pytestmark = pytest.mark.slow

DATA = """
import pandas as pd, numpy as np
frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1, 2, 3]})
def total(X): return sum(X) / 10
"""
VERSIONED = """%%version_model churn --data frame
model = Stump(depth=1).fit(X)
accuracy = model.score(X)"""


def preview(kernel, words="churn:0.1.0"):
    ran = kernel.cell(f"%snapbook restore {words} --dry-run --json", silent=True)
    return json.loads(ran.card)


def test_a_model_that_no_version_has(notebook):
    notebook.cell(fit(1))
    notebook.cell("model = Stump(depth=9).fit(X)\nother = 1")
    told = preview(notebook)
    (lost,) = told["lost"]
    assert (lost["name"], lost["what"], lost["why"]) == ("model", "Stump", "in no version")
    ago = datetime.now().astimezone() - datetime.fromisoformat(lost["time"])
    assert -1 < ago.total_seconds() < 60
    assert told["swaps"] == [
        {"name": "model", "old": "Stump", "new": "Stump", "changes": ["depth 9 -> 1"],
         "same": False}
    ]  # fmt: skip
    assert told["untouched"] == 4  # Stump, X, accuracy, other
    assert told["replaced"] == [["model", ""]]
    notebook.cell("import os, sys\n_hidden = 1")
    assert preview(notebook)["untouched"] == 4
    lines = notebook.cell("%restore_version churn:0.1.0 --dry-run").card.splitlines()
    assert lines[:2] == [
        "would lose model: Stump, in no version",
        "would set model = Stump (depth 9 -> 1)",
    ]
    assert lines[2] == "not touched: 4 other variables"
    assert lines[3].startswith("more: --what params | cells")


def test_a_model_that_a_version_has_is_not_lost(notebook):
    notebook.cell(fit(1))
    notebook.cell(fit(2))
    told = preview(notebook)
    assert (told["lost"], told["replaced"]) == ([], [["model", "churn:0.2.0"]])
    assert told["swaps"][0]["changes"] == ["depth 2 -> 1"]
    card = notebook.cell("%restore_version churn:0.1.0 --dry-run").card
    assert card.splitlines()[0] == (
        "would set model = Stump (depth 2 -> 1, the present one is churn:0.2.0)"
    )
    same = preview(notebook, "churn:0.2.0")
    assert same["swaps"][0]["same"]
    assert same["lost"] == []
    card = notebook.cell("%restore_version churn:0.2.0 --dry-run").card
    assert card.splitlines()[0] == "model is that already (Stump)"


def test_data_are_offered_with_their_size_and_compared(notebook):
    notebook.cell(DATA)
    notebook.cell(VERSIONED)
    told = preview(notebook)
    offer = next(one for one in told["more"] if one["what"] == "data")
    assert offer == {"what": "data", "count": 1, "bytes": 48, "names": ["frame"]}
    assert [one["what"] for one in told["more"]] == ["data", "params", "cells"]
    same = preview(notebook, "churn:0.1.0 --what data")
    assert (same["lost"], same["swaps"][0]["same"]) == ([], True)
    notebook.cell("frame.loc[0, 'a'] = 7.0")
    changed = preview(notebook, "churn:0.1.0 --what data")
    assert changed["lost"][0]["what"] == "DataFrame 3x2"
    assert changed["lost"][0]["why"] == "in no version; its cell makes it again"
    # The cell makes them again: nothing is refused.
    assert notebook.cell("%restore_version churn:0.1.0 --what data").card.startswith("frame = ")


def test_nothing_is_there_yet(notebook):
    notebook.cell(fit(1))
    notebook.cell("del model")
    told = preview(notebook, "churn:0.1.0 --what all")
    assert (told["lost"], told["replaced"], told["more"]) == ([], [], [])
    assert [(one["name"], one["old"]) for one in told["swaps"]] == [("model", ""), ("params", "")]
    assert told["files"] == ["churn-0.1.0.ipynb"]


def test_a_model_that_cannot_be_kept_says_why(notebook):
    notebook.cell(fit(1))
    notebook.cell("import socket\nmodel = Stump(3).fit(X)\nmodel.line = socket.socket()")
    (lost,) = preview(notebook)["lost"]
    assert lost["why"].startswith("in no version and cannot be kept (")
    notebook.cell("model.line.close()")


def test_another_name_or_another_kind_of_thing(notebook):
    notebook.cell(fit(1))
    notebook.cell("rf = 3\ndef f(): pass")
    told = preview(notebook, "churn:0.1.0 --as rf")
    assert told["lost"] == []
    assert told["swaps"][0]["old"] == "int"
    assert preview(notebook, "churn:0.1.0 --as f")["swaps"][0]["old"]
    notebook.cell(
        "class Nasty:\n"
        "    def __getattribute__(self, name): raise SystemExit(name)\n"
        "    fit = predict = None\n"
        "nasty = Nasty()"
    )
    assert preview(notebook, "churn:0.1.0 --as nasty")["swaps"][0]["old"] == "Nasty"


def test_a_preview_changes_nothing(notebook, project):
    notebook.cell(fit(1))
    notebook.cell("model = Stump(depth=9).fit(X)\nkept = model")
    before = sorted(path for path in project.rglob("*") if "index.sqlite" not in path.name)
    preview(notebook, "churn:0.1.0 --what all")
    assert sorted(path for path in project.rglob("*") if "index.sqlite" not in path.name) == before
    assert notebook.cell("model is kept").value == "True"
