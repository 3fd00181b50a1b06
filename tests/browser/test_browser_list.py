"""The panel's list: what a row says, how it is searched and narrowed, what the plot selects."""

from __future__ import annotations

import re

import projects
from playwright.sync_api import expect


def test_a_row_says_what_changed_and_how_good_it_is(story):
    panel = story.sidebar()
    rows = story.rows()
    expect(rows).to_have_count(4)
    for row, words in zip(
        rows.all(),
        (
            ("0.4.0", "0.880", "\u2212.013 ▼", "deeper trees", "#exp"),
            ("0.3.0", "0.893", "+.113 ▲", "with the price"),
            ("0.2.0", "0.780", "production", "max_depth 2 -> 4"),
            ("0.1.0", "0.780", "first version"),
        ),
        strict=True,
    ):
        for word in words:
            expect(row).to_contain_text(word)
    spoken = rows.first.get_attribute("aria-label") or ""
    assert spoken.startswith("churn:0.4.0, accuracy 0.880, 0.013 worse than 0.3.0, deeper trees")
    title = rows.first.get_attribute("title") or ""
    assert "train.ipynb (this notebook)" in title
    assert re.search(r"^signed$", title, re.MULTILINE)
    assert [rows.nth(n).get_attribute("aria-posinset") for n in (0, 3)] == ["1", "4"]
    assert rows.first.get_attribute("aria-setsize") == "4"
    expect(panel.get_by_role("list", name="Pinned versions")).to_contain_text("production0.2.0")
    expect(panel).to_contain_text("5 versions")
    story.both_themes("list", panel)


def test_all_models_and_versions_of_another_notebook(story):
    panel = story.sidebar()
    panel.get_by_role("combobox", name="Model").select_option(label="All models")
    expect(story.rows()).to_have_count(5)
    price = story.row("price:0.1.0")
    expect(price).to_contain_text("price:0.1.0")
    assert "explore.ipynb" in (price.get_attribute("title") or "")
    assert "this notebook" not in (price.get_attribute("title") or "")
    expect(price.get_by_title("of explore.ipynb")).to_be_visible()
    assert "of explore.ipynb" in (price.get_attribute("aria-label") or "")
    expect(story.rows().get_by_title(re.compile("^of "))).to_have_count(1)
    panel.get_by_role("combobox", name="Model").select_option("price")
    expect(story.rows()).to_have_count(1)


# The texts of a row that reach out of their boxes or of the row.
CUT = """row => {
  const whole = row.getBoundingClientRect();
  const parts = ['number', 'value', 'age', 'few'].map(name => `.jp-snapbook-${name}`).join();
  return [...row.querySelectorAll(parts)].filter(node => {
    const box = node.getBoundingClientRect();
    return node.scrollWidth > node.clientWidth + 1 || box.right > whole.right - 5
      || box.left < whole.left;
  }).map(node => node.textContent);
}"""


def test_a_narrow_row_cuts_neither_number_nor_age(lab, server, place):
    from datetime import UTC, datetime, timedelta

    folder = server.root / place
    bulk = projects.Bulk(folder)
    long = "an-unusually-long-name-of-a-model"
    tags = {f"a-long-tag-{n}": "" for n in range(5)}
    for n, model in enumerate(("churn", "churn", long, long)):
        bulk.version(
            model,
            f"0.{n + 1}0000.0",
            datetime.now(UTC) - timedelta(minutes=40 - n),
            metrics={"accuracy": 0.5 + n / 100},
            tags=tags if n % 2 else {},
            message="a message that is longer than the row is wide, by far",
        )
    bulk.close()
    projects.write(folder / "train.ipynb", projects.tutorial())
    lab.open(f"{place}/train.ipynb")
    panel = lab.sidebar()
    panel.get_by_role("combobox", name="Model").select_option(label="All models")
    expect(lab.rows()).to_have_count(4)
    box = panel.bounding_box()
    assert box
    assert box["width"] <= 252
    for row in lab.rows().all():
        assert row.evaluate(CUT) == []
    # Two tags, and how many more; the whole name is still there for who reads it aloud.
    expect(lab.row(f"{long}:0.40000.0")).to_contain_text("+3")
    expect(lab.row(f"{long}:0.40000.0")).to_contain_text(f"{long}:0.40000.0")
    lab.both_themes("narrow", panel)


def test_search_takes_expressions_and_words(story):
    panel = story.sidebar()
    search = panel.get_by_role("searchbox", name="Search versions")
    search.fill("accuracy > 0.85")
    expect(story.rows()).to_have_count(2)
    search.fill("tag.exp")
    expect(story.rows()).to_have_count(1)
    search.fill("checked with the team")
    expect(story.rows()).to_have_count(1)
    expect(story.rows().first).to_contain_text("0.2.0")
    search.fill("accuracy > 0.99")
    expect(panel).to_contain_text("Nothing matches accuracy > 0.99. Highest is 0.893 (0.3.0).")
    story.both_themes("no-match", panel)
    panel.get_by_role("button", name="Clear", exact=True).click()
    expect(story.rows()).to_have_count(4)
    expect(search).to_have_value("")


def test_an_expression_with_a_mistake_says_where(story):
    panel = story.sidebar()
    expect(story.rows()).to_have_count(4)
    with story.expected_error("400"):
        panel.get_by_role("searchbox", name="Search versions").fill("accuracy >")
        expect(panel.get_by_role("alert")).to_be_visible()
    expect(story.rows()).to_have_count(4)  # old rows stay in sight


def test_filters_by_tag_alias_and_author(story):
    panel = story.sidebar()
    panel.get_by_role("button", name="Marked").click()
    expect(story.rows()).to_have_count(3)  # a message, a message and a tag, an alias
    panel.get_by_role("button", name="Marked").click()
    panel.get_by_role("button", name="Filter").click()
    panel.get_by_role("combobox", name="Tag").select_option("exp")
    expect(story.rows()).to_have_count(1)
    panel.get_by_role("combobox", name="Tag").select_option("")
    panel.get_by_role("combobox", name="Alias").select_option("production")
    expect(story.rows()).to_have_count(1)
    expect(story.rows().first).to_contain_text("0.2.0")
    panel.get_by_role("combobox", name="Alias").select_option("")
    author = panel.get_by_role("combobox", name="Author")
    author.select_option(index=1)
    expect(story.rows()).to_have_count(4)


def test_points_of_the_plot_select_rows(story):
    panel = story.sidebar()
    plot = panel.get_by_role("slider", name="accuracy over versions")
    expect(plot).to_have_attribute("aria-valuemax", "4")
    plot.focus()
    story.page.keyboard.press("Home")
    expect(story.row("churn:0.1.0")).to_have_attribute("tabindex", "0")
    story.page.keyboard.press("ArrowRight")
    expect(story.row("churn:0.2.0")).to_have_attribute("tabindex", "0")
    box = plot.bounding_box()
    assert box
    story.page.mouse.click(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
    expect(story.row("churn:0.4.0")).to_have_attribute("tabindex", "0")
    assert "0.4.0: 0.880" in (plot.get_attribute("aria-valuetext") or "")
    panel.get_by_role("button", name="accuracy", exact=True).click()
    panel.get_by_role("combobox", name="Metric of the plot").select_option("auc")
    expect(panel.get_by_role("slider", name="auc over versions")).to_be_visible()


def test_the_panel_follows_the_active_notebook(story, project, place):
    panel = story.sidebar()
    expect(story.rows()).to_have_count(4)
    project("story", f"{place}-2")
    story.command("docmanager:open", path=f"{place}/explore.ipynb")
    expect(panel.get_by_text("explore.ipynb")).to_be_visible()
    expect(panel.get_by_role("combobox", name="Model")).to_have_value("price")
    story.command("docmanager:open", path=f"{place}/train.ipynb")
    expect(panel.get_by_text("train.ipynb")).to_be_visible()
    expect(panel.get_by_role("combobox", name="Model")).to_have_value("churn")


def test_the_panel_remembers_its_state(desk, project, place):
    project("story")
    desk.open(f"{place}/train.ipynb", workspace=place)
    desk.sidebar()
    search = desk.panel.get_by_role("searchbox", name="Search versions")
    search.fill("accuracy > 0.85")
    expect(desk.rows()).to_have_count(2)
    desk.page.wait_for_timeout(1500)  # Lab saves a workspace a second after the last change
    desk.page.reload()
    desk.ready()
    expect(desk.panel).to_be_visible()
    expect(desk.panel.get_by_role("searchbox", name="Search versions")).to_have_value(
        "accuracy > 0.85"
    )
    expect(desk.rows()).to_have_count(2)


def test_automatic_versions_fold_into_one_line(lab, server, place):
    folder = server.root / place
    bulk = projects.Bulk(folder)
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC) - timedelta(hours=1)
    for n in range(16):
        bulk.version(
            "churn",
            f"0.{n + 1}.0",
            now + timedelta(minutes=n),
            metrics={"accuracy": n / 20},
            reason="cell 4 changed",
            auto=1 <= n <= 14,
        )
    bulk.close()
    projects.write(folder / "train.ipynb", projects.tutorial())
    lab.open(f"{place}/train.ipynb")
    lab.sidebar()
    expect(lab.rows()).to_have_count(3)
    fold = lab.rows().filter(has_text="14 auto versions")
    fold.click()
    expect(lab.rows()).to_have_count(17)
