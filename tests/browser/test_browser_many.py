"""10,000 versions: how soon they are seen, and that scrolling through them never stutters.

Times are taken in the page itself; a machine with other work makes them larger, never smaller, so
each limit holds for the best of three.
"""

from __future__ import annotations

import projects
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


# Scrolls up by 300 pixels 40 times; rows in sight that did not move with it.
UPWARD = """async node => {
  const odd = [];
  for (let n = 0; n < 40; n++) {
    const edge = node.getBoundingClientRect().top + 350;
    const row = [...node.querySelectorAll('[data-ref]')]
      .find(each => each.getBoundingClientRect().top > edge);
    const before = row.getBoundingClientRect().top;
    node.scrollTop -= 300;
    await new Promise(done => setTimeout(done, 60));
    const again = node.querySelector(`[data-ref="${row.dataset.ref}"]`);
    if (!again || Math.abs(again.getBoundingClientRect().top - before - 300) > 1)
      odd.push(row.dataset.ref);
  }
  return odd;
}"""


def test_end_goes_to_the_oldest_at_once(long_list):
    panel = long_list.sidebar()
    expect(panel).to_contain_text("10,000 versions")
    asked = []
    long_list.page.on(
        "request", lambda request: "api/versions" in request.url and asked.append(request.url)
    )
    long_list.rows().first.focus()
    long_list.long_tasks()
    long_list.page.keyboard.press("End")
    oldest = long_list.row("churn:0.1.0")
    expect(oldest).to_be_focused()
    expect(oldest).to_have_attribute("aria-posinset", "10000")
    assert len(asked) <= 2
    longest = long_list.longest_task()
    print(f"longest task of End: {longest} ms")
    assert longest <= 100
    long_list.shot("many-end", panel)
    # Upwards from there older rows give way to newer ones, page by page, without a jump.
    scroller = panel.locator("[role=listbox]").locator("xpath=..")
    assert scroller.evaluate(UPWARD) == []
    assert any("after=200&" in url for url in asked)
    long_list.rows().last.focus()
    long_list.page.keyboard.press("Home")
    expect(long_list.row("churn:0.10000.0")).to_be_focused()


def test_rows_beyond_the_first_page_follow_what_is_done_to_them(long_list, many, server):
    panel = long_list.sidebar()
    expect(panel).to_contain_text("10,000 versions")
    long_list.rows().first.focus()
    long_list.page.keyboard.press("End")
    fifth = long_list.row("churn:0.5.0")
    expect(fifth).to_be_visible()
    folder = server.root / many
    projects.shell(folder, server.environment, "tag", "churn:0.5.0", "seen")
    expect(fifth).to_contain_text("#seen")
    projects.shell(folder, server.environment, "tag", "churn:0.5.0", "--remove", "seen")
    expect(fifth).not_to_contain_text("#seen")


def test_search_runs_on_the_server(long_list):
    panel = long_list.sidebar()
    panel.get_by_role("searchbox", name="Search versions").fill("accuracy > 0.99")
    expect(panel).to_contain_text("100 match")
    first = long_list.rows().first
    assert "0.99" in (first.text_content() or "")
