"""A version before it is promoted, in a tab beside the notebook: in this project, in a registry."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path

import projects
import pytest
from playwright.sync_api import expect

from snapbook.registry.known import Book

MISSING = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
# Whoever sits at this server has the key that signed the versions: by it Bob would be their maker.
POLICY = """
[production]
approvals = 1
author_may_approve = true
[production.gates.signature]
fails = "warn"
"""


@pytest.fixture
def team(server, project, place, tmp_path):
    """A registry that whoever sits at the server knows as "team": Ada pushed two versions there,
    and the server asks it as Bob, who may approve.
    """
    if MISSING:
        pytest.skip(f"{', '.join(MISSING)} not installed")
    from standing import Standing

    folder = project("story")
    standing = Standing(tmp_path / "registry")
    book = Book(Path(server.environment["SNAPBOOK_CONFIG"]))
    known = book.add("team", standing.url)
    ada = server.environment | {"SNAPBOOK_TOKEN": standing.tokens.make("Ada", ("writer",))}
    root = server.environment | {"SNAPBOOK_TOKEN": standing.token}
    for ref in ("churn:0.3.0", "churn:0.4.0"):
        projects.shell(folder, ada, "push", ref, "--registry", "team", "--yes")
    (folder / "policy.toml").write_text(POLICY)
    projects.shell(folder, root, "policy", "churn", "policy.toml", "--registry", "team")
    book.keep_token(known, standing.tokens.make("Bob", ("approver:churn", "reader")))
    yield standing
    book.remove("team")
    standing.stop()


def review(desk, ref):
    """The tab of a version's review, its first answer taken in."""
    desk.command("snapbook:review", ref=ref)
    tab = desk.page.locator(".jp-snapbook-ReviewTab:visible")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    return tab


def press(tab, name):
    tab.get_by_role("button", name=name, exact=True).click()


def told(folder, server, *words):
    """What a verb says as data, from the command line."""
    return json.loads(projects.shell(folder, server.environment, *words, "--json"))


def test_an_approver_goes_all_the_way_in_a_registry(team, lab, server, place):
    lab.open(f"{place}/train.ipynb")
    lab.open_version("churn:0.4.0").get_by_role("button", name="Review…").click()
    tab = lab.page.locator(".jp-snapbook-ReviewTab:visible")
    # In the project first: what is live there is another matter.
    expect(tab.get_by_text("The default policy decides")).to_be_visible()
    press(tab, "team")
    expect(tab.get_by_text("Policy 1 of the model decides.")).to_be_visible()
    heading = tab.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile(r"^Promote churn:0\.\d\.0 to production$"))
    ref = heading.inner_text().split()[1]
    expect(tab.get_by_text("Not yet: 1 of 1 approval is missing")).to_be_visible()
    promote = f"Promote {ref} to production"
    assert not tab.get_by_role("button", name=promote).count()
    lab.both_themes("review", tab)
    press(tab, f"Reject {ref} for production")
    expect(tab.get_by_role("alert")).to_have_text("A rejection needs a reason.")
    tab.get_by_label("Reason").fill("checked drift")
    press(tab, f"Approve {ref} for production")
    expect(tab.get_by_text(f"Approved {ref} for production.")).to_be_visible()
    expect(tab.get_by_role("region", name="Approvals")).to_contain_text("Bob approves")
    press(tab, promote)
    # The first in production is 1.0.0.
    expect(tab.get_by_text("production of churn is 1.0.0.")).to_be_visible()
    expect(tab.get_by_role("region", name="What was live")).to_contain_text("Bob")
    live = told(server.root / place, server, "review", "churn", "--registry", "team")["live"]
    assert live["ref"] == "churn:1.0.0"
    # What was decided there moved nothing here.
    press(tab, "this project")
    expect(tab.get_by_text("now live:")).to_contain_text("churn:0.2.0")


def test_in_a_project_alone_by_the_keyboard(story, server, place):
    tab = review(story, "churn:0.4.0")
    expect(tab.get_by_text("No registry is known here")).to_be_visible()
    # Who made it asks somebody else, where the policy wants an approval.
    expect(tab.get_by_text("You made 0.4.0: someone else approves.")).to_be_visible()
    assert not tab.get_by_role("button", name=re.compile("^Approve")).count()
    press(tab, "staging")
    promote = tab.get_by_role("button", name="Promote churn:0.4.0 to staging", exact=True)
    tab.get_by_label("Reason").fill("a week of it")
    promote.focus()
    story.page.keyboard.press("Enter")
    expect(tab.get_by_text("staging of churn is 0.4.0.")).to_be_visible()
    story.sidebar()
    expect(story.row("churn:0.4.0")).to_contain_text("staging")
    tab.get_by_role("button", name="staging", exact=True).focus()
    story.page.keyboard.press("Escape")
    expect(story.row("churn:0.4.0")).to_be_focused()


def test_a_registry_that_is_gone_says_so(team, lab, place):
    lab.open(f"{place}/train.ipynb")
    tab = review(lab, "churn:0.4.0")
    team.stop()
    with lab.expected_error("503"):
        press(tab, "team")
        expect(tab.get_by_role("alert")).to_contain_text("cannot be reached")
        expect(tab.get_by_role("button", name="Try again")).to_be_visible()
    press(tab, "this project")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    expect(tab.get_by_role("alert")).to_have_count(0)


def test_who_may_only_look_is_told_so(desks, far, project, place):
    from people import READER
    from test_browser_people import as_person

    project("story", on=far)
    desk = as_person(desks(far), READER)
    desk.open(f"{place}/train.ipynb", token=READER, kernel=False)
    with desk.expected_error("403"):
        with desk.page.expect_response("**/verbs/registry*"):
            desk.command("snapbook:review", ref="churn:0.4.0")
        tab = desk.page.locator(".jp-snapbook-ReviewTab:visible")
        expect(tab.get_by_role("alert")).to_be_visible()
    assert not tab.get_by_role("button", name=re.compile("Approve|Promote|Reject")).count()
    desk.shot("review-refused", tab)
