"""The other front ends from the same wheel: Notebook 7, the card in an output, browse()."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from test_browser_look import sound


def test_notebook_7(desk, project, place):
    project("story")
    desk.open_notebook7(f"{place}/train.ipynb")
    desk.sidebar()
    expect(desk.rows()).to_have_count(4)
    desk.run_all()
    desk.run(
        "model = RandomForestClassifier(n_estimators=30, random_state=0).fit(X_train, y_train)"
    )
    desk.panel.get_by_role("button", name="Snapshot", exact=True).click()
    expect(desk.rows()).to_have_count(5)
    desk.both_themes("notebook7")
    tab = desk.open_diff("churn:0.3.0", "churn:0.4.0")
    expect(tab).to_contain_text("max_depth")
    page = desk.open_version("churn:0.3.0")
    expect(page).to_contain_text("with the price")
    desk.shot("notebook7-page")


@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_the_card(request, project, place, front):
    folder = project("story")
    desk = request.getfixturevalue("lab" if front == "lab" else "desk")
    (desk.open if front == "lab" else desk.open_notebook7)(f"{place}/train.ipynb")
    desk.run_all()
    desk.run("%%version_model churn\nmodel = RandomForestClassifier(random_state=1)\n"
             "model.fit(X_train, y_train)\naccuracy = model.score(X_test, y_test)")  # fmt: skip
    card = desk.page.locator(".jp-OutputArea-output").last
    card.scroll_into_view_if_needed()
    expect(card).to_contain_text("churn:0.5.0")
    for name in ("Diff", "Restore", "Note"):
        expect(card.get_by_role("button", name=re.compile(name)).first).to_be_visible()
    desk.both_themes(f"card-{front}", card)
    # What travels beside the card is in no file.
    desk.command("docmanager:save")
    kept = (folder / "train.ipynb").read_text()
    assert "application/vnd.snapbook.card+json" in kept
    assert "transient" not in kept
    assert '"previous"' not in kept
    card.get_by_role("button", name=re.compile("Diff")).first.click()
    expect(desk.page.locator(".jp-snapbook-Diff:visible")).to_contain_text("RandomForest")


def test_an_old_card_shows_present_aliases_or_that_it_is_gone(story, server, place):
    import projects

    story.run_all()
    card = story.page.locator(".jp-snapbook-CardOutput").last
    card.scroll_into_view_if_needed()
    expect(card).to_contain_text("churn:0.4.0")
    projects.alias(server.root / place, "churn:0.4.0", "staging")
    story.command("docmanager:save")
    story.page.reload()
    story.ready()
    card = story.page.locator(".jp-snapbook-CardOutput").last
    card.scroll_into_view_if_needed()
    expect(card).to_contain_text("staging")
    projects.shell(server.root / place, server.environment, "delete", "churn:0.4.0", "--yes")
    with story.expected_error("404"):
        story.page.reload()
        story.ready()
        card = story.page.locator(".jp-snapbook-CardOutput").last
        card.scroll_into_view_if_needed()
        expect(card).to_contain_text(re.compile("deleted|not on this machine"))


def test_browse_in_an_output(story):
    story.kernel("%load_ext snapbook")
    story.run("import snapbook\nsnapbook.browse()")
    view = story.page.locator(".jp-OutputArea-output:visible").last
    expect(view).to_contain_text("0.4.0")
    view.scroll_into_view_if_needed()
    story.both_themes("browse", view)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_browse_from_the_list_to_a_restore(story, theme):
    story.theme(theme)
    story.run_all()
    story.run(
        "model = RandomForestClassifier(n_estimators=7, random_state=0).fit(X_train, y_train)"
    )
    story.run("import snapbook\nsnapbook.browse('churn')")
    view = story.page.locator(".jp-OutputArea-output:visible").last
    versions = view.get_by_role("listbox")
    expect(versions).to_be_visible()
    expect(versions.get_by_role("option")).to_have_count(4)
    versions.select_option(index=1)
    expect(view).to_contain_text("with the price - ada")
    sound(view)
    view.get_by_role("button", name="Diff", exact=True).click()
    expect(view).to_contain_text("churn:0.2.0 -> churn:0.3.0")
    expect(versions).to_be_visible()
    against = view.get_by_role("combobox", name="Against")
    against.fill("churn:0.1.0")
    against.press("Enter")
    expect(view).to_contain_text("churn:0.1.0 -> churn:0.3.0")
    expect(view).to_contain_text('X = df[["age", "calls", "price", "tenure"]]')
    sound(view)
    view.get_by_role("button", name="Restore", exact=True).click()
    expect(against).to_be_hidden()
    expect(view).to_contain_text("would lose model: RandomForestClassifier, in no version")
    expect(view.get_by_role("checkbox", name="first make a version of model")).to_be_checked()
    sound(view)
    story.shot(f"browse-restore-{theme}", view)
    view.get_by_role("button", name="Replace model").click()
    expect(view).to_contain_text("model = churn:0.3.0")
    expect(versions.get_by_role("option")).to_have_count(5)
    assert story.kernel("print(model.n_estimators, model.max_depth)") == "20 4\n"
    view.get_by_role("button", name="Undo").click()
    expect(view).to_contain_text("Undone")
    assert story.kernel("print(model.n_estimators, model.max_depth)") == "7 None\n"


def test_mutations_from_outside_are_refused(reader, server):
    """A page elsewhere cannot post with the user's cookie: the server wants its token."""
    path = "standing/train.ipynb"
    post = """async path => (await fetch('/snapbook/api/verbs/tag', {
      method: 'POST', credentials: 'include',
      body: JSON.stringify({path, args: ['churn:0.1.0', 'evil'], options: {}})})).status"""
    with reader.expected_error("403"):
        assert reader.page.evaluate(post, path) == 403
    answer = server.get(f"snapbook/api/version?path={path}&ref=churn:0.1.0")
    assert answer["row"]["tags"] == {}
