"""Restoring: what changes is listed first, what would be lost is said, undo outlives the toast."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def working(story):
    """The story run through, then a model fitted that is in no version."""
    story.sidebar()
    story.run_all()
    story.run("model = RandomForestClassifier(n_estimators=33, max_depth=3, random_state=0)")
    story.run("model.fit(X_train, y_train)")
    return story


def preview(desk, ref):
    desk.row(ref).focus()
    desk.page.keyboard.press("r")
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Restore {ref}")
    return dialog


def test_the_preview_says_what_would_be_lost(working):
    dialog = preview(working, "churn:0.1.0")
    expect(dialog).to_contain_text(re.compile("model.*RandomForestClassifier.*in no version"))
    expect(dialog).to_contain_text("RandomForestClassifier")
    expect(dialog).to_contain_text(re.compile("other variable"))
    working.both_themes("restore", dialog)
    expect(dialog.get_by_role("checkbox", name=re.compile("Snapshot it first"))).to_be_checked()
    # Something would be lost: the focus is on the harmless button.
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    working.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert working.kernel("print(model.n_estimators)") == "33\n"


def test_restored_with_a_snapshot_first_and_undone(working):
    dialog = preview(working, "churn:0.1.0")
    dialog.get_by_role("button", name=re.compile("replace|restore", re.I)).last.click()
    expect(working.row("churn:0.5.0")).to_be_visible()  # what would have been lost
    assert working.kernel("print(model.max_depth)") == "2\n"
    undo = working.panel.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    working.page.wait_for_timeout(7000)  # toasts vanish, undo must not
    working.shot("undo", working.panel)
    expect(undo).to_be_visible()
    undo.click()
    expect(undo).to_be_hidden()
    assert working.kernel("print(model.n_estimators)") == "33\n"


def test_data_come_along_when_asked(working):
    working.run("X_train = None")
    dialog = preview(working, "churn:0.1.0")
    dialog.get_by_role("checkbox", name=re.compile("^data", re.I)).check()
    dialog.get_by_role("button", name=re.compile("replace|restore", re.I)).last.click()
    expect(working.panel.get_by_role("button", name="Undo")).to_be_visible()
    assert working.kernel("print(list(X_train.columns))") == "['age', 'calls', 'tenure']\n"


def test_cells_as_a_new_notebook_beside(working, server, place):
    before = (server.root / place / "train.ipynb").read_bytes()
    dialog = preview(working, "churn:0.1.0")
    dialog.get_by_role("checkbox", name=re.compile("cells$")).check()
    dialog.get_by_role("button", name=re.compile("replace|restore", re.I)).last.click()
    expect(
        working.page.get_by_role("tab", name=re.compile("churn-0.1.0|train-0.1.0"))
    ).to_be_visible()
    made = [p.name for p in (server.root / place).glob("*0.1.0*.ipynb")]
    assert len(made) == 1
    cells = json.loads((server.root / place / made[0]).read_text())["cells"]
    assert "max_depth=2" in json.dumps(cells)
    assert (server.root / place / "train.ipynb").read_bytes() == before


def test_unsaved_edits_are_never_lost(working, server, place):
    """Replacing the cells here takes an explicit second choice and keeps what is there."""
    working.page.evaluate(
        """() => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.widgets[4].model.sharedModel.setSource('unsaved = "precious"');
        }"""
    )
    dialog = preview(working, "churn:0.1.0")
    dialog.get_by_role("checkbox", name=re.compile("cells$")).check()
    dialog.get_by_role("radio", name=re.compile("replace", re.I)).check()
    dialog.get_by_role("button", name=re.compile("replace|restore", re.I)).last.click()
    second = working.page.get_by_role("dialog")
    expect(second).to_contain_text(re.compile("cells", re.I))
    working.both_themes("replace-cells", second)
    second.get_by_role("button", name=re.compile("Replace")).click()
    working.page.wait_for_timeout(1500)
    text = working.page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
          .map(cell => cell.model.sharedModel.getSource()).join('\\n')"""
    )
    kept = [json.dumps(json.loads(p.read_text())) for p in (server.root / place).glob("*.ipynb")]
    versions = server.get(f"snapbook/api/versions?path={place}/train.ipynb")["rows"]
    stored = [
        server.get(f"snapbook/api/cells?path={place}/train.ipynb&ref={row['ref']}")
        for row in versions
    ]
    assert "precious" in text or any("precious" in each for each in [*kept, json.dumps(stored)])


@pytest.mark.parametrize("where", ["new", "replace"])
def test_no_file_that_is_there_is_written_over(working, server, place, where):
    """Names that are taken stay as they are; the copy beside it holds the unsaved edits."""
    folder = server.root / place
    taken = ("train-Copy1.ipynb", "churn-0.1.0.ipynb")
    for name in taken:
        (folder / name).write_text(f"{name} of somebody")
    edited = 'unsaved = "precious"'
    working.page.evaluate(
        """source => window.jupyterapp.shell.currentWidget.content.widgets[4]
          .model.sharedModel.setSource(source)""",
        edited,
    )
    dialog = preview(working, "churn:0.1.0")
    expect(dialog).to_contain_text("(another name if that is taken)")
    expect(dialog).to_contain_text("(first it is saved, and copied to a file beside it)")
    dialog.get_by_role("checkbox", name=re.compile("cells$")).check()
    if where == "replace":
        dialog.get_by_role("radio", name=re.compile("replace")).check()
        act = dialog.get_by_role("button", name="Snapshot, then replace model and cells…")
        act.click()
        second = working.page.get_by_role("dialog").filter(has_text="Replace all cells of")
        expect(second).to_contain_text(
            "train.ipynb is saved with your unsaved edits, and a copy of it is put beside it first."
        )
        expect(second.get_by_role("button", name="Back")).to_be_focused()
        second.get_by_role("button", name="Back").click()
        # What was chosen is still chosen.
        expect(dialog.get_by_role("radio", name=re.compile("replace"))).to_be_checked()
        act.click()
        second.get_by_role("button", name="Replace cells of train.ipynb").click()
        told, made = "As they were: train-Copy2.ipynb", folder / "train-Copy2.ipynb"
    else:
        dialog.get_by_role("button", name="Snapshot, then replace model", exact=True).click()
        made = folder / "churn-0.1.0-2.ipynb"
        told = f"are in {made.name}"
    expect(working.page.locator(".Toastify__toast").filter(has_text=told)).to_be_visible()
    for name in taken:
        assert (folder / name).read_text() == f"{name} of somebody"
    cells = [cell["source"] for cell in json.loads(made.read_text())["cells"]]
    here = json.loads((folder / "train.ipynb").read_text())["cells"]
    shown = working.page.evaluate(
        """() => [...window.jupyterapp.shell.widgets('main')]
          .find(widget => widget.title.label === 'train.ipynb').content.widgets
          .map(cell => cell.model.sharedModel.getSource())"""
    )
    if where == "replace":
        assert edited in "".join(map("".join, cells))
        assert edited in json.dumps(here).replace('\\"', '"')
        assert edited not in "".join(shown)
        assert "max_depth=2" in "".join(shown)
        assert not (folder / "churn-0.1.0-2.ipynb").exists()
    else:
        assert "max_depth=2" in "".join(map("".join, cells))
        assert edited in "".join(shown)


def test_from_the_page_and_by_keys(working):
    page = working.open_version("churn:0.2.0")
    page.get_by_role("button", name="Restore…").click()
    expect(working.page.get_by_role("dialog")).to_contain_text("Restore churn:0.2.0")
    working.page.keyboard.press("Escape")
