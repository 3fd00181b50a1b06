"""Roles, names, focus and contrast, light and dark, of what the sidebar draws."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

CONTRAST = """root => {
  const parse = text => {
    const canvas = window.__canvas ??= document.createElement('canvas').getContext(
      '2d', {willReadFrequently: true});
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
  const light = ([r, g, b]) => {
    const f = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const behind = node => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const poor = [];
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim();
    const node = walk.currentNode.parentElement;
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    if (!text || !box.width || !box.height || style.visibility === 'hidden') continue;
    if (node.closest('[aria-hidden=true], [disabled], [aria-disabled=true], option')) continue;
    let solid = 1;
    for (let at = node; at; at = at.parentElement) solid *= Number(getComputedStyle(at).opacity);
    const ground = behind(node);
    const colour = parse(style.color);
    const ink = over([...colour.slice(0, 3), colour[3] * solid], ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5))
      poor.push(`${ratio.toFixed(2)} ${node.className}: ${text.slice(0, 40)}`);
  }
  return [...new Set(poor)];
}"""
NAMELESS = """root => [...root.querySelectorAll(
    'button, a[href], input, select, textarea, [role=option], [role=slider], [role=listbox],'
    + '[role=button], [role=dialog], [role=img], iframe')]
  .filter(node => node.getClientRects().length)
  .filter(node => {
    const by = node.getAttribute('aria-labelledby');
    const name = node.getAttribute('aria-label')
      || (by && document.getElementById(by)?.textContent)
      || node.closest('label')?.textContent
      || (node.id && document.querySelector(`label[for="${CSS.escape(node.id)}"]`)?.textContent)
      || node.getAttribute('title')
      || node.textContent;
    return !name?.trim();
  }).map(node => node.outerHTML.slice(0, 120))"""


def sound(of):
    """Everything in ``of`` has a name and can be read."""
    assert of.evaluate(NAMELESS) == []
    assert of.evaluate(CONTRAST) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_panel_can_be_read(reader, theme):
    panel = reader.sidebar()
    expect(reader.rows()).to_have_count(4)
    reader.theme(theme)
    sound(panel)
    reader.rows().first.focus()
    sound(panel)
    reader.page.keyboard.press("Space")
    sound(panel)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_can_be_read(reader, theme):
    reader.theme(theme)
    page = reader.open_version("churn:0.3.0")
    for name in page.get_by_role("navigation").get_by_role("button").all_inner_texts():
        page.get_by_role("navigation").get_by_role("button", name=name, exact=True).click()
    sound(page)
    reader.shot(f"page-open-{theme}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_diff_can_be_read(reader, theme):
    reader.theme(theme)
    sound(reader.open_diff("churn:0.2.0", "churn:0.3.0"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_review_can_be_read(reader, theme):
    reader.theme(theme)
    reader.command("snapbook:review", ref="churn:0.4.0")
    tab = reader.page.locator(".jp-snapbook-ReviewTab:visible")
    expect(tab.get_by_role("heading", name="What was live")).to_be_visible()
    sound(tab)


def test_the_list_is_one_stop_for_tab(reader):
    reader.sidebar()
    expect(reader.rows()).to_have_count(4)
    stops = reader.rows().evaluate_all("all => all.map(one => one.tabIndex)")
    assert sorted(stops) == [-1, -1, -1, 0]


def test_the_focus_is_seen(reader):
    panel = reader.sidebar()
    for node in (
        panel.get_by_role("searchbox", name="Search versions"),
        panel.get_by_role("button", name="Marked"),
        reader.rows().first,
    ):
        reader.page.keyboard.press("Tab")  # so that the browser counts the next focus as by keys
        reader.page.evaluate("() => document.activeElement.blur()")
        before = node.evaluate(SHADE)
        node.focus()
        assert node.evaluate(SHADE) != before, node


SHADE = """node => {
  const s = getComputedStyle(node);
  return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor,
    s.backgroundColor].join('|');
}"""
