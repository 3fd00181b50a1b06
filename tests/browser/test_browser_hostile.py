"""Names, tags, columns, cells and outputs that try to run or to break out: they are text.

Each text of `projects.HOSTILE` sets window.__pwned or opens a dialog if anything of it runs.
"""

from __future__ import annotations

import projects
import pytest
from playwright.sync_api import expect

OUTSIDE = """root => {
  const whole = root.getBoundingClientRect();
  return [...root.querySelectorAll('*')].filter(node => {
    const box = node.getBoundingClientRect();
    if (!box.width || !box.height) return false;
    if (box.right <= whole.right + 1 && box.left >= whole.left - 1) return false;
    // Clipped or scrolled by a box in between is in order.
    for (let at = node.parentElement; at && at !== root.parentElement; at = at.parentElement) {
      const clip = getComputedStyle(at).overflowX;
      const edge = at.getBoundingClientRect();
      if (clip !== 'visible' && edge.right <= whole.right + 1 && edge.left >= whole.left - 1)
        return false;
    }
    return true;
  }).map(node => `${node.className}: ${node.textContent.slice(0, 40)}`);
}"""


def nothing_ran(desk):
    frames = desk.page.frames
    for frame in frames:
        try:
            assert frame.evaluate("() => window.__pwned") is None
        except Exception as error:
            if "sandbox" not in str(error) and "context" not in str(error):
                raise
    assert desk.dialogs == []
    assert desk.page.evaluate("() => document.querySelectorAll('.jp-snapbook script').length") == 0


def within(of):
    assert of.evaluate(OUTSIDE) == []


@pytest.fixture
def evil(lab, project, place):
    project("hostile")
    # JupyterLab itself shows the notebook's outputs, an image among them that is not there.
    with lab.expected_error("/files/"):
        lab.open(f"{place}/train.ipynb")
        yield lab


def test_the_list_shows_text(evil):
    panel = evil.sidebar()
    panel.get_by_role("combobox", name="Model").select_option(label="All models")
    expect(evil.rows()).to_have_count(3)
    expect(evil.row("evil:0.1.0")).to_contain_text(projects.HOSTILE[0])
    within(panel)
    nothing_ran(evil)
    evil.both_themes("hostile-list", panel)
    evil.rows().first.click(button="right")
    expect(evil.page.get_by_role("menu").first).to_be_visible()
    evil.page.keyboard.press("Escape")
    nothing_ran(evil)


@pytest.mark.parametrize("ref", ["evil:0.1.0", "evil:0.2.0", "M" + "w" * 127 + ":0.1.0"])
def test_the_page_shows_text(evil, ref):
    page = evil.open_version(ref)
    for button in page.get_by_role("navigation").get_by_role("button").all():
        button.click()
    for name in ("Columns of frame",):
        page.get_by_role("button", name=name).first.click()
    expect(page).to_contain_text(projects.HOSTILE[0])
    for label in ("show", "outputs", "others"):
        for button in page.get_by_role("button", name=label).all()[:10]:
            button.click()
    evil.page.wait_for_timeout(500)
    within(page)
    nothing_ran(evil)
    for frame in evil.page.locator("iframe").all():
        sandbox = frame.get_attribute("sandbox")
        if sandbox is not None or "jp-snapbook" in (frame.get_attribute("class") or ""):
            assert sandbox is not None
            assert "allow-scripts" not in sandbox
            assert "allow-same-origin" not in sandbox
    evil.both_themes("hostile-page")


def test_the_diff_shows_text(evil):
    tab = evil.open_diff("evil:0.1.0", "evil:0.2.0")
    within(tab)
    nothing_ran(evil)
    evil.both_themes("hostile-diff")


def test_the_restore_preview_shows_text(evil):
    evil.kernel("%load_ext snapbook\nmodel = {'mine': 1}")
    evil.start("snapbook:restore", ref="evil:0.1.0")
    dialog = evil.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    within(dialog)
    nothing_ran(evil)
    evil.both_themes("hostile-restore")
    evil.page.keyboard.press("Escape")


def test_a_hostile_folder_and_notebook(lab, project, server):
    name = "<img src=x onerror=window.__pwned=1>"
    folder = project("story", name)
    (folder / "train.ipynb").rename(folder / f"{name}.ipynb")
    lab.open(f"{name}/{name}.ipynb")
    panel = lab.sidebar()
    expect(panel).to_contain_text(name)
    panel.get_by_role("combobox", name="Model").select_option("churn")
    expect(lab.rows()).to_have_count(4)
    within(panel)
    nothing_ran(lab)
    lab.open_version("churn:0.4.0")
    nothing_ran(lab)
