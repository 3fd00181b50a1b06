"""The ground that the other tests stand on: a notebook opens and runs, and no error is said."""

from __future__ import annotations

import pytest


def test_a_versioned_cell_in_a_real_lab(story):
    story.run_all()
    assert "churn:0.4.0" in story.page.locator(".jp-OutputArea-output").last.inner_text()
    story.shot("ground")
    assert story.kernel("print(accuracy)").startswith("0.")
    story.theme("dark")
    story.theme("light")


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_under_a_base_url(desks, far, project, place, app):
    project("story", on=far)
    desk = desks(on=far)
    (desk.open if app == "lab" else desk.open_notebook7)(f"{place}/train.ipynb")
    assert desk.kernel("print(6 * 7)") == "42\n"
    assert "/hub/user/ada/" in desk.page.url
