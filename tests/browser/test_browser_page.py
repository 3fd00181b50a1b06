"""The version page: which, how good, what changed, made by what, on what."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(reader):
    return reader.open_version("churn:0.4.0")


def region(page, name):
    return page.get_by_role("region", name=name)


def test_which_and_how_good(reader, page):
    expect(page.get_by_role("heading", level=1)).to_have_text("churn:0.4.0")
    expect(page.get_by_role("list", name="Aliases and tags")).to_contain_text("#exp")
    expect(page).to_contain_text("deeper trees")
    expect(page).to_contain_text("signed by")
    results = region(page, "Metrics and parameters")
    expect(results).to_contain_text("accuracy")
    expect(results).to_contain_text("0.880")
    expect(results).to_contain_text("worse")
    expect(results).to_contain_text("max_depth")
    expect(region(page, "Changed since churn:0.3.0")).to_contain_text("max_depth")
    reader.both_themes("page")


def test_cells_that_made_the_model_are_open_and_the_rest_folded(page):
    cells = region(page, "Cells")
    expect(cells).to_contain_text("of")
    expect(cells).to_contain_text("pd.read_csv")
    expect(cells).to_contain_text("RandomForestClassifier(n_estimators=20, max_depth=8")
    expect(cells.get_by_text("df.describe()")).to_be_hidden()


def test_data_with_pictures_and_words(reader, page):
    data = region(page, "Data")
    for word in ("X_train", "450×4", "train", "rows stored"):
        expect(data).to_contain_text(word)
    data.get_by_role("button", name="Columns of X_train").click()
    table = data.get_by_role("table").first
    expect(table).to_contain_text("price")
    expect(table).to_contain_text("float64")
    reader.both_themes("page-data")


def test_lineage_leads_to_its_places(reader, page):
    lineage = region(page, "Lineage")
    for word in ("churn.csv", "X_train", "model"):
        expect(lineage).to_contain_text(word)
    lineage.scroll_into_view_if_needed()
    reader.both_themes("lineage")
    lineage.get_by_role("link", name=re.compile("X_train")).first.click()
    expect(region(page, "Data")).to_be_in_viewport()


def test_lineage_is_seen_whole_or_from_the_model(desk, project, place):
    project("story")
    desk.open(f"{place}/train.ipynb", kernel=False)
    lineage = desk.open_version("churn:0.4.0").locator(".jp-snapbook-Lineage")
    lineage.scroll_into_view_if_needed()
    for name in ("churn.csv", "X_train", "model"):
        expect(lineage.get_by_role("link", name=re.compile(name)).first).to_be_in_viewport(ratio=1)
    assert lineage.evaluate("node => node.scrollWidth - node.clientWidth") == 0
    # As wide as their text needs: no label runs out of its box.
    narrowest = lineage.evaluate(
        """node => Math.min(...[...node.querySelectorAll('.jp-snapbook-Node')].map(box =>
          box.querySelector('rect').getBoundingClientRect().width
            - box.querySelector('text').getBoundingClientRect().width))"""
    )
    assert narrowest >= 8
    desk.command("application:close")
    desk.page.set_viewport_size({"width": 760, "height": 700})
    lineage = desk.open_version("churn:0.4.0").locator(".jp-snapbook-Lineage")
    lineage.scroll_into_view_if_needed()
    model = lineage.get_by_role("link", name=re.compile("^model"))
    expect(model).to_be_in_viewport(ratio=1)
    assert lineage.evaluate("node => node.scrollLeft") > 0
    desk.shot("lineage-narrow")
    # The keyboard walks to what is out of sight, which comes into view.
    model.focus()
    for _ in range(6):
        desk.page.keyboard.press("ArrowLeft")
    # Frame by frame, where the page scrolls smoothly.
    desk.page.wait_for_function("node => node.scrollLeft === 0", arg=lineage.element_handle())


def test_environment_structure_files_and_events(reader, page):
    for section, words in (
        ("Environment", ("scikit-learn", "3.11")),
        ("Model structure", ("RandomForestClassifier", "trees")),
        ("Files", ("churn.csv",)),
        ("Events", ("made",)),
    ):
        title = page.get_by_role("button", name=section, exact=True).last
        if title.get_attribute("aria-expanded") == "false":
            title.click()
        for word in words:
            expect(region(page, section)).to_contain_text(word)
    reader.open_version("churn:0.2.0")
    second = reader.page.locator(".jp-snapbook-Page:visible")
    expect(region(second, "Events")).to_contain_text("checked with the team")
    expect(region(second, "Events")).to_contain_text("production")


def test_folds_are_remembered(reader, page):
    title = page.get_by_role("button", name="Lineage", exact=True).last
    title.click()
    expect(title).to_have_attribute("aria-expanded", "false")
    second = reader.open_version("churn:0.1.0")
    expect(second.get_by_role("button", name="Lineage", exact=True).last).to_have_attribute(
        "aria-expanded", "false"
    )


def test_older_newer_and_back(reader, page):
    reader.page.keyboard.press("[")
    reader.page.get_by_role("heading", name="churn:0.3.0", exact=True).wait_for()
    reader.page.keyboard.press("]")
    reader.page.get_by_role("heading", name="churn:0.4.0", exact=True).wait_for()
    reader.page.keyboard.press("Escape")
    expect(reader.row("churn:0.4.0")).to_be_focused()


def test_the_diff_menu_names_the_baselines(reader, page):
    page.get_by_role("button", name=re.compile("^Diff")).click()
    menu = reader.page.get_by_role("menu")
    for name in ("With the one before (churn:0.3.0)", "With production (churn:0.2.0)"):
        expect(menu.get_by_role("menuitem", name=name)).to_be_visible()
    menu.get_by_role("menuitem", name="With production (churn:0.2.0)").click()
    expect(reader.page.locator(".jp-snapbook-Diff:visible")).to_contain_text("price")
