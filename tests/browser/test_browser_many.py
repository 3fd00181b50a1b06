"""10,000 versions: how soon they are seen, and that scrolling through them never stutters.

Times are taken in the page itself; a machine with other work makes them larger, never smaller, so
each limit holds for the best of three.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.measured

PAINT = """() => new Promise((done, fail) => {
  performance.clearResourceTimings();
  const begun = performance.now();
  const look = () => {
    const row = document.querySelector('[role=listbox] [role=option]');
    const now = performance.now();
    if (row?.getBoundingClientRect().height) {
      const asked = performance.getEntriesByType('resource')
        .filter(entry => entry.name.includes('snapbook/api/versions'));
      done(now - asked[0].responseEnd);
    } else if (now - begun > 30000) fail(new Error('no row is drawn'));
    else requestAnimationFrame(look);
  };
  look();
  void window.jupyterapp.commands.execute('snapbook:open-panel');
})"""


@pytest.fixture
def long_list(desk, many):
    desk.open(f"{many}/train.ipynb")
    return desk


def test_first_paint_within_300_ms_of_the_data(desk, many):
    taken = []
    for _ in range(3):
        desk.open(f"{many}/train.ipynb")
        taken.append(desk.page.evaluate(PAINT))
    print(f"first paint after the data: {sorted(taken)} ms")
    assert min(taken) < 300


def test_scrolling_has_no_long_tasks(long_list):
    panel = long_list.sidebar()
    expect(panel).to_contain_text("10,000 versions")
    scroller = panel.locator("[role=listbox]").locator("xpath=..")
    worst = []
    for _ in range(3):
        long_list.long_tasks()
        scroller.evaluate(
            """async node => {
              node.scrollTop = 0;
              for (let n = 0; n < 200; n++) {
                node.scrollTop += 400;
                await new Promise(requestAnimationFrame);
              }
            }"""
        )
        worst.append(long_list.longest_task())
    print(f"longest task while scrolling: {worst} ms")
    assert min(worst) <= 100
    assert long_list.rows().count() < 80  # only what is in sight is in the page
    long_list.shot("many", panel)


def test_end_goes_to_the_oldest(long_list):
    long_list.sidebar()
    long_list.rows().first.focus()
    long_list.page.keyboard.press("End")
    oldest = long_list.row("churn:0.1.0")
    expect(oldest).to_be_focused(timeout=30_000)
    expect(oldest).to_have_attribute("aria-posinset", "10000")
    long_list.page.keyboard.press("Home")
    expect(long_list.row("churn:0.10000.0")).to_be_focused()


def test_search_runs_on_the_server(long_list):
    panel = long_list.sidebar()
    panel.get_by_role("searchbox", name="Search versions").fill("accuracy > 0.99")
    expect(panel).to_contain_text("100 match")
    first = long_list.rows().first
    assert "0.99" in (first.text_content() or "")
