"""The one act: what it becomes is said before, it waits its turn, it leaves the kernel alone."""

from __future__ import annotations

import re

import projects
import pytest
from playwright.sync_api import expect


@pytest.fixture
def fitted(story):
    """The story run through, with another model in the kernel than in the newest version."""
    panel = story.sidebar()
    story.run_all()
    expect(panel).not_to_contain_text("not loaded")
    story.run("model = RandomForestClassifier(n_estimators=30, max_depth=8, random_state=0)")
    story.run("model.fit(X_train, y_train)\naccuracy = model.score(X_test, y_test)")
    return story


def test_the_button_makes_a_version(fitted):
    panel = fitted.panel
    before = fitted.kernel("print(get_ipython().execution_count, len(Out), _)")
    panel.get_by_role("button", name="Snapshot", exact=True).click()
    expect(fitted.rows()).to_have_count(5)
    expect(fitted.rows().first).to_contain_text("0.5.0")
    expect(fitted.rows().first).to_contain_text("n_estimators 20 -> 30")
    assert fitted.kernel("print(get_ipython().execution_count, len(Out), _)") == before
    panel.get_by_role("button", name="Snapshot", exact=True).click()
    expect(fitted.page.locator("body")).to_contain_text("unchanged")
    expect(fitted.rows()).to_have_count(5)


def test_the_form_says_what_it_becomes(fitted):
    panel = fitted.panel
    panel.get_by_role("button", name="Snapshot with name, message and data").click()
    form = panel.get_by_role("form", name="Snapshot")
    expect(form.get_by_label("Name")).to_be_focused()
    expect(form.get_by_label("Name")).to_have_value("churn")
    expect(form.get_by_role("radio", name=re.compile("model"))).to_be_checked()
    expect(form).to_contain_text("Becomes 0.5.0")
    expect(form.get_by_label("Message")).to_have_attribute(
        "placeholder", re.compile("n_estimators 20 -> 30")
    )
    form.get_by_text(re.compile("^Data")).click()
    for frame in ("X_train", "y_train", "X_test"):
        expect(form.get_by_role("checkbox", name=re.compile(frame))).to_be_checked()
    fitted.both_themes("form", panel)
    form.get_by_label("Number").select_option("major")
    button = form.get_by_role("button", name="Snapshot churn:1.0.0")
    expect(button).to_be_visible()
    form.get_by_label("Number").select_option("")
    form.get_by_label("Message").fill("thirty 'quoted' \"trees\" $HOME %s")
    form.get_by_text("Tags, attachments").click()
    form.get_by_label("Tags").fill("exp, team=risk")
    form.get_by_label("Message").press("Enter")
    expect(fitted.rows()).to_have_count(5)
    first = fitted.rows().first
    expect(first).to_contain_text("thirty 'quoted' \"trees\" $HOME %s")
    expect(first).to_contain_text("#exp")
    expect(first).to_contain_text("#team")
    expect(form).to_be_hidden()


def test_not_this_model_opens_the_form_on_the_others(fitted):
    fitted.run("first = RandomForestClassifier(n_estimators=3, random_state=1)")
    fitted.run("first.fit(X_train, y_train)")
    fitted.page.get_by_role("button", name="Not this model?").first.click()
    form = fitted.panel.get_by_role("form", name="Snapshot")
    expect(form).to_contain_text("churn:0.4.0 kept model. Choose another:")
    other = form.get_by_role("radio", name=re.compile("^first"))
    expect(other).to_be_checked()
    expect(other).to_be_focused()
    fitted.shot("form-not-this", fitted.panel)
    form.get_by_role("button", name="Snapshot churn:0.5.0").click()
    expect(fitted.rows()).to_have_count(5)
    expect(fitted.rows().first).to_contain_text("n_estimators 20 -> 3")


def test_restoring_says_which_version_is_kept_first(fitted):
    fitted.start("snapbook:restore", ref="churn:0.1.0")
    dialog = fitted.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Snapshot it first as churn:0.5.0")
    fitted.shot("restore-next", dialog)
    dialog.get_by_role("button", name="Snapshot, then replace model").click()
    expect(fitted.row("churn:0.5.0")).to_contain_text("n_estimators 20 -> 30")


def test_data_that_is_unchecked_is_not_kept(fitted, server, place):
    panel = fitted.panel
    panel.get_by_role("button", name="Snapshot with name, message and data").click()
    form = panel.get_by_role("form", name="Snapshot")
    form.get_by_text(re.compile("^Data")).click()
    form.get_by_role("checkbox", name=re.compile("X_test")).uncheck()
    form.get_by_label("Name").fill("other")
    expect(form.get_by_role("button", name="Snapshot other:0.1.0")).to_be_visible()
    form.get_by_role("button", name="Snapshot other:0.1.0").click()
    panel.get_by_role("combobox", name="Model").select_option("other")
    expect(fitted.rows()).to_have_count(1)
    kept = server.get(f"snapbook/api/version?path={place}/train.ipynb&ref=other:0.1.0")["parts"]
    names = {part["name"] for part in kept if part["kind"] == "frame"}
    assert "X_test" not in names
    assert "X_train" in names


def test_escape_closes_the_form(fitted):
    panel = fitted.panel
    panel.get_by_role("button", name="Snapshot with name, message and data").click()
    expect(panel.get_by_role("form", name="Snapshot")).to_be_visible()
    fitted.page.keyboard.press("Escape")
    expect(panel.get_by_role("form", name="Snapshot")).to_be_hidden()
    expect(fitted.rows()).to_have_count(4)


def test_a_busy_kernel_is_waited_for(fitted):
    panel = fitted.panel
    fitted.start("snapbook:refresh")
    fitted.page.evaluate(
        """() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
          .requestExecute({code: 'import time; time.sleep(6)'}); }"""
    )
    fitted.page.wait_for_timeout(300)
    panel.get_by_role("button", name="Snapshot", exact=True).click()
    queued = panel.get_by_role("button", name=re.compile("queued"))
    expect(queued).to_be_visible()
    fitted.both_themes("queued", panel)
    queued.click()  # once more: cancel
    expect(panel.get_by_role("button", name="Snapshot", exact=True)).to_be_visible()
    panel.get_by_role("button", name="Snapshot", exact=True).click()
    expect(fitted.rows()).to_have_count(5, timeout=30_000)


def test_nothing_to_snapshot_says_so(story):
    panel = story.sidebar()
    story.kernel("%load_ext snapbook")
    story.run("x = 1")
    expect(panel.get_by_role("button", name=re.compile("^Snapshot")).first).to_be_visible()
    panel.get_by_role("button", name="Snapshot", exact=True).click()
    expect(story.page.locator("body")).to_contain_text(re.compile("Not versioned|no model", re.I))
    expect(story.rows()).to_have_count(4)


def test_first_version_of_a_project(lab, server, place):
    folder = server.root / place
    projects.write(folder / "train.ipynb", projects.document("%load_ext snapbook"))
    lab.open(f"{place}/train.ipynb")
    panel = lab.sidebar()
    lab.run("%load_ext snapbook")
    lab.run("from sklearn.tree import DecisionTreeClassifier\nimport numpy as np")
    lab.run("tree = DecisionTreeClassifier().fit(np.eye(4), [0, 1, 0, 1])")
    panel.get_by_role("button", name="Snapshot model…").click()
    form = panel.get_by_role("form", name="Snapshot")
    expect(form.get_by_label("Name")).to_have_value(re.compile("train|tree"))
    form.get_by_label("Name").fill("tree")
    expect(form).to_contain_text("Becomes 0.1.0")
    form.get_by_label("Name").press("Enter")
    expect(lab.rows()).to_have_count(1)
    expect(lab.rows().first).to_contain_text("0.1.0")


def test_a_name_that_cannot_be_is_told(fitted):
    panel = fitted.panel
    panel.get_by_role("button", name="Snapshot with name, message and data").click()
    form = panel.get_by_role("form", name="Snapshot")
    form.get_by_label("Name").fill("churn model!")
    expect(form).to_contain_text('"churn model!" cannot be a model name')
    form.get_by_label("Name").press("Enter")
    expect(fitted.page.locator("body")).to_contain_text("cannot be a model name")
    expect(fitted.rows()).to_have_count(4)
