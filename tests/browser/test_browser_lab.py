"""The ground that the other tests stand on: Lab opens a notebook, runs it, and says no error."""

from __future__ import annotations


def test_a_versioned_cell_in_a_real_lab(story, server, place):
    story.run_all()
    assert "churn:0.4.0" in story.page.locator(".jp-OutputArea-output").last.inner_text()
    story.shot("ground")
    assert story.kernel("print(accuracy)").startswith("0.")
    story.theme("dark")
    story.theme("light")
