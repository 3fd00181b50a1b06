"""Under a base URL, in Lab and Notebook 7; and people who may only look, or not even that."""

from __future__ import annotations

import pytest
from labserver import OWNER
from people import READER, STRANGER
from playwright.sync_api import expect


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_all_of_it_under_a_base_url(desks, far, project, place, app):
    project("story", on=far)
    desk = desks(on=far)
    (desk.open if app == "lab" else desk.open_notebook7)(f"{place}/train.ipynb")
    desk.sidebar()
    expect(desk.rows()).to_have_count(4)
    assert "/hub/user/ada/" in desk.page.url
    desk.run_all()
    desk.run("%%version_model churn\nmodel = model\naccuracy = 0.99")
    expect(desk.rows()).to_have_count(5)
    page = desk.open_version("churn:0.3.0")
    expect(page).to_contain_text("with the price")
    tab = desk.open_diff("churn:0.2.0", "churn:0.3.0")
    expect(tab).to_contain_text("price")
    desk.shot(f"base-url-{app}")


def as_person(desk, token):
    """Give the page this person's token: JupyterLab writes the owner's into every page, where a
    hub has one server for each.
    """

    def own(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace(OWNER, token))

    desk.context.route("**/lab/workspaces/**", own)
    return desk


def test_one_who_may_only_look(desks, far, project, place):
    project("story", on=far)
    desk = as_person(desks(on=far), READER)
    desk.open(f"{place}/train.ipynb", token=READER, kernel=False)
    desk.sidebar()
    expect(desk.rows()).to_have_count(4)
    with desk.expected_error("403"):
        desk.start("snapbook:tag", ref="churn:0.1.0")
        desk.page.get_by_role("dialog").get_by_role("textbox").first.fill("mine")
        desk.page.keyboard.press("Enter")
        toast = desk.page.get_by_role("alert").or_(desk.page.locator(".Toastify__toast"))
        expect(toast.first).to_be_visible()
        desk.shot("refused")
    assert far.get(f"snapbook/api/version?path={place}/train.ipynb&ref=churn:0.1.0")["row"][
        "tags"
    ] == {}  # fmt: skip


def test_one_who_may_nothing(desks, far, project, place):
    project("story", on=far)
    desk = as_person(desks(on=far), STRANGER)
    with desk.expected_error("403"):
        desk.open(f"{place}/train.ipynb", token=STRANGER, kernel=False)
        desk.command("snapbook:open-panel")
        expect(desk.panel).to_contain_text("not")
        expect(desk.panel.get_by_role("alert").first).to_be_visible()
        desk.both_themes("forbidden", desk.panel)
        desk.page.wait_for_timeout(500)
    expect(desk.rows()).to_have_count(0)
