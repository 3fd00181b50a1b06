"""Keys and commands: everything by the keyboard alone, every act in the palette and the menus."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

COMMANDS = {
    *("snapshot", "open-panel", "open-version", "diff", "diff-now", "diff-production", "restore"),
    *("undo", "mark", "note", "tag", "rename", "delete", "verify", "gc", "export", "copy-ref"),
    *("load", "containing", "comment-form"),
}
FOREST = "model = RandomForestClassifier(n_estimators={}, random_state=0).fit(X_train, y_train)"


def focused(desk):
    return desk.page.evaluate(
        "() => document.activeElement?.dataset?.ref || document.activeElement?.className || ''"
    )


def test_a_whole_day_with_keys_alone(story):
    """Snapshot, list, page, diff, restore, undo: the mouse is not touched."""
    keys = story.page.keyboard
    story.run_all()
    story.run(
        "model = RandomForestClassifier(n_estimators=40, random_state=0).fit(X_train, y_train)"
    )
    story.page.locator(".jp-Notebook:visible").first.press("Escape")  # command mode
    keys.press(";")
    keys.press("v")
    expect(story.panel).to_be_visible()
    expect(story.rows()).to_have_count(4)
    story.command("notebook:enter-command-mode")
    story.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.node.focus()")
    keys.press(";")
    keys.press("s")
    expect(story.rows()).to_have_count(5)
    # Into the list.
    story.command("snapbook:open-panel")
    expect(story.row("churn:0.5.0")).to_be_focused()
    keys.press("ArrowDown")
    expect(story.row("churn:0.4.0")).to_be_focused()
    keys.press("End")
    expect(story.row("churn:0.1.0")).to_be_focused()
    keys.press("Home")
    expect(story.row("churn:0.5.0")).to_be_focused()
    # A page and back.
    keys.press("Enter")
    expect(story.page.get_by_role("heading", name="churn:0.5.0", exact=True)).to_be_visible()
    keys.press("Escape")
    expect(story.row("churn:0.5.0")).to_be_focused()
    # Mark two, compare, back.
    keys.press("Space")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Space")
    expect(story.row("churn:0.3.0")).to_have_attribute("aria-selected", "true")
    keys.press("d")
    expect(story.page.locator(".jp-snapbook-Diff:visible")).to_be_visible()
    # A moment later it is there, and has the focus.
    expect(story.page.get_by_role("button", name="Copy as text")).to_be_enabled()
    keys.press("n")
    keys.press("Escape")
    expect(story.rows().and_(story.page.locator(":focus"))).to_have_count(1)
    keys.press("Escape")  # takes the marks away or goes back to the notebook
    # Search and back into the list.
    story.command("snapbook:open-panel")
    expect(story.rows().and_(story.page.locator(":focus"))).to_have_count(1)
    keys.press("/")
    expect(story.panel.get_by_role("searchbox", name="Search versions")).to_be_focused()
    keys.type("max_depth")
    keys.press("Escape")
    expect(story.rows()).to_have_count(5)
    story.command("snapbook:open-panel")
    expect(story.rows().and_(story.page.locator(":focus"))).to_have_count(1)
    # Tag, note.
    keys.press("Home")
    keys.press("t")
    keys.type("keyed")
    keys.press("Enter")
    expect(story.row("churn:0.5.0")).to_contain_text("#keyed")
    # Restore and take it back.
    story.row("churn:0.1.0").focus()
    keys.press("r")
    dialog = story.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Restore churn:0.1.0")
    for _ in range(12):
        if re.search("replace", story.page.evaluate("document.activeElement.textContent"), re.I):
            break
        keys.press("Tab")
    keys.press("Enter")
    expect(story.panel.get_by_role("button", name="Undo")).to_be_visible()
    story.command("snapbook:undo")
    expect(story.panel.get_by_role("button", name="Undo")).to_be_hidden()


def test_tab_goes_through_the_panel_in_order(reader):
    panel = reader.sidebar()
    expect(reader.rows()).to_have_count(4)
    panel.get_by_role("button", name="More acts").focus()
    seen = []
    for _ in range(16):
        reader.page.keyboard.press("Tab")
        inside = panel.evaluate("node => node.contains(document.activeElement)")
        if not inside:
            break
        seen.append(
            reader.page.evaluate(
                "() => { const a = document.activeElement; return a.dataset.ref"
                " || a.getAttribute('aria-label') || a.textContent.slice(0, 30) }"
            )
        )
    place = {name: n for n, name in enumerate(seen)}
    assert {"Model", "Search versions", "Marked", "churn:0.4.0"} <= set(seen), seen
    assert place["Model"] < place["Search versions"] < place["Marked"] < place["churn:0.4.0"], seen
    assert not any(name.startswith("churn:0.3") for name in seen), "one stop for the whole list"


def test_the_dialog_keeps_tab_inside(reader):
    reader.kernel("%load_ext snapbook")
    reader.start("snapbook:restore", ref="churn:0.1.0")
    dialog = reader.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(12):
        reader.page.keyboard.press("Tab")
        assert dialog.evaluate("node => node.contains(document.activeElement)")
    reader.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_every_act_is_a_command_in_the_palette(reader):
    reader.sidebar()
    found = reader.page.evaluate(
        """() => window.jupyterapp.commands.listCommands()
          .filter(id => id.startsWith('snapbook:'))
          .map(id => [id, window.jupyterapp.commands.label(id)])"""
    )
    ids = {name for name, _ in found}
    assert {f"snapbook:{name}" for name in COMMANDS} <= ids
    assert [name for name, label in found if not label] == []
    reader.command("apputils:activate-command-palette")
    reader.page.keyboard.type("snapbook")
    palette = reader.page.locator(".lm-CommandPalette")
    for label in ("Show Versions", "Verify", "Free Space"):
        expect(palette.get_by_role("menuitem").or_(palette.locator(".lm-CommandPalette-item"))
               .filter(has_text=re.compile(label)).first).to_be_visible()  # fmt: skip
    reader.shot("palette")
    reader.page.keyboard.press("Escape")


def test_verbs_come_from_the_servers_table(desk, project, place):
    project("story")

    def answer(route):
        told = route.fetch().json()
        told["verbs"].append(
            {
                "name": "teleport",
                "label": "Teleport",
                "help": "Send a version somewhere.",
                "place": "anywhere",
                "on": "version",
                "changes": True,
                "button": "Teleport it now",
                "arguments": [],
            }
        )
        route.fulfill(json=told)

    desk.page.route("**/snapbook/api/about*", answer)
    desk.open(f"{place}/train.ipynb")
    desk.sidebar()
    desk.page.wait_for_function(
        "() => window.jupyterapp.commands.hasCommand('snapbook:verb-teleport')"
    )
    desk.start("snapbook:verb-teleport", ref="churn:0.1.0")
    dialog = desk.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Teleport it now")).to_be_visible()
    expect(dialog).to_contain_text("Teleport: churn:0.1.0")
    expect(dialog).to_contain_text("Send a version somewhere.")
    desk.shot("verb", dialog)
    desk.page.keyboard.press("Escape")


def test_what_leads_to_production_says_so_on_its_button(lab, project, place):
    project("story")
    lab.open(f"{place}/train.ipynb")
    lab.sidebar()
    lab.start("snapbook:verb-promote", ref="churn:0.1.0")
    dialog = lab.page.get_by_role("dialog")
    dialog.get_by_label("alias").fill("production")
    dialog.get_by_role("button", name="Promote", exact=True).click()
    named = dialog.get_by_role("button", name="Promote churn:0.1.0 to production", exact=True)
    expect(named).to_be_visible()
    lab.shot("promote", dialog)
    named.click()
    expect(lab.row("churn:0.1.0")).to_contain_text("production")


def test_the_leader_is_free(reader):
    """Nobody else binds `;`, alone or as a first key; ours hang on the notebook's command mode."""
    bindings = reader.page.evaluate(
        """() => window.jupyterapp.commands.keyBindings.map(
          ({keys, command, selector}) => ({keys: [...keys], command, selector}))"""
    )
    ours = [each for each in bindings if each["command"].startswith("snapbook:")]
    leading = [each for each in bindings if each["keys"][0] == ";"]
    assert [each for each in leading if not each["command"].startswith("snapbook:")] == []
    assert {each["keys"][1] for each in leading} == set("SVDRU")
    assert all("Ctrl Alt" not in key for each in ours for key in each["keys"])
    # Single letters act only where the list, a page or a diff has the focus.
    for each in ours:
        if len(each["keys"]) == 1 and len(each["keys"][0]) == 1:
            assert "jp-snapbook" in each["selector"], each


def test_the_leader_does_nothing_while_typing(story):
    story.run("x = 1")
    story.command("notebook:enter-edit-mode")
    editor = story.page.locator(".jp-Notebook-cell.jp-mod-active .cm-content")
    editor.click()
    story.page.keyboard.type("y = 2; s = 3")
    expect(editor).to_contain_text("y = 2; s = 3")


def test_the_menu_of_a_row(reader):
    reader.sidebar()
    reader.row("churn:0.2.0").focus()
    reader.page.keyboard.press("Shift+F10")
    menu = reader.page.get_by_role("menu").first
    for label in ("Restore", "Tag", "Copy", "Delete"):
        expect(menu.get_by_role("menuitem").filter(has_text=label).first).to_be_visible()
    reader.shot("row-menu")
    reader.page.keyboard.press("Escape")


def test_which_versions_contain_this_cell(reader):
    reader.sidebar()
    cell = reader.page.locator(".jp-Notebook-cell").nth(5)
    cell.click(button="right")
    item = reader.page.get_by_role("menuitem").filter(
        has_text=re.compile("contain this cell", re.I)
    )
    expect(item).to_be_visible()
    item.click()
    expect(reader.page.locator("body")).to_contain_text(re.compile("churn:0.4.0|0\\.4\\.0"))
    reader.shot("containing")
    # The other tests find the list as they know it, and "Show all" leads back.
    expect(reader.rows()).to_have_count(3)
    reader.panel.get_by_role("button", name="Show all").click()
    expect(reader.rows()).to_have_count(4)


def test_keys_of_a_diff_after_a_click_on_a_checkbox(reader):
    tab = reader.open_diff("churn:0.1.0", "churn:0.3.0")
    box = tab.get_by_role("checkbox", name="side by side")
    box.click()
    expect(box).to_be_focused()
    was = box.is_checked()
    reader.page.keyboard.press("s")
    expect(box).to_be_checked(checked=not was)
    reader.page.keyboard.press("x")
    expect(tab.get_by_label("A", exact=True)).to_have_value("churn:0.3.0")
    # In a field of text a letter is a letter.
    tab.get_by_label("A", exact=True).press("x")
    expect(tab.get_by_label("B", exact=True)).to_have_value("churn:0.1.0")


def test_the_comment_form_of_a_magic(story):
    cell = story.page.locator(".jp-Notebook-cell").nth(6)
    cell.click()
    story.command("snapbook:comment-form")
    expect(cell).to_contain_text("# snapbook: version_model churn")
    expect(cell).not_to_contain_text("%%version_model")


def test_the_settings_page(reader):
    reader.command("settingeditor:open", query="snapbook")
    expect(reader.page.locator(".jp-SettingsPanel, .jp-PluginList").first).to_contain_text(
        re.compile("snapbook", re.I)
    )
    reader.page.wait_for_timeout(500)
    reader.shot("settings")


def test_the_status_bar(story):
    story.run_all()
    item = story.page.locator("#jp-bottom-panel, #jp-main-statusbar").get_by_text(
        re.compile(r"churn:0\.4\.0")
    )
    expect(item.first).to_be_visible()
    story.run(
        "model = RandomForestClassifier(n_estimators=30, random_state=0).fit(X_train, y_train)"
    )
    expect(story.page.locator("#jp-main-statusbar")).to_contain_text(
        re.compile(r"churn:0\.4\.0, \d+ cells? changed since")
    )
    story.shot("status-bar")
    assert (item.first.get_attribute("title") or "").startswith("churn:0.4.0, 1 cell changed since")
    item.first.click()
    expect(story.page.locator(".jp-snapbook-Diff:visible")).to_contain_text("n_estimators")


@pytest.mark.parametrize("verb", ["note", "tag", "rename", "delete"])
def test_changing_a_version(story, server, place, verb):
    story.sidebar()
    expect(story.rows()).to_have_count(4)
    story.start(f"snapbook:{verb}", ref="churn:0.1.0")
    dialog = story.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    story.shot(f"dialog-{verb}", dialog)
    field = dialog.get_by_role("textbox")
    if verb != "delete":
        field.first.fill({"note": "seen", "tag": "team=risk", "rename": "churn2"}[verb])
    else:
        expect(dialog).to_contain_text("churn:0.1.0")
    dialog.get_by_role("button").last.click()
    if verb == "tag":
        expect(story.row("churn:0.1.0")).to_contain_text("#team")
    elif verb == "delete":
        expect(story.rows()).to_have_count(3)
    elif verb == "note":
        page = story.open_version("churn:0.1.0")
        events = page.get_by_role("button", name="Events", exact=True).last
        if events.get_attribute("aria-expanded") == "false":
            events.click()
        expect(page.get_by_role("region", name="Events")).to_contain_text("seen")
    else:
        expect(story.panel.get_by_role("combobox", name="Model")).to_contain_text("churn2")


def test_freeing_nothing_asks_nothing(story):
    story.sidebar()
    story.start("snapbook:gc")
    dialog = story.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing to free.")
    expect(dialog.get_by_role("button")).to_have_text(["Close"])
    story.shot("dialog-gc", dialog)
    story.page.keyboard.press("Escape")


def test_verify_says_that_all_is_well(story):
    story.sidebar()
    story.start("snapbook:verify")
    expect(story.page.locator("body")).to_contain_text(re.compile("all is well"))


def export(desk, label):
    """Ask for churn:0.4.0 in the form that `label` says; the dialog is left by the keyboard."""
    desk.start("snapbook:export", ref="churn:0.4.0")
    asked = desk.page.get_by_role("dialog").filter(has_text="Export churn:0.4.0")
    asked.get_by_role("combobox").select_option(label=label)
    desk.page.keyboard.press("Enter")
    return asked


def test_export_the_environment(story, server, place):
    story.sidebar()
    asked = export(story, "env: its packages, as lock files")
    expect(story.page.locator("body")).to_contain_text("wrote churn-0.4.0-env/pylock.toml")
    expect(asked).to_have_count(0)
    assert (server.root / place / "churn-0.4.0-env" / "requirements.txt").is_file()


def test_export_what_serves_a_version(story, server, place):
    story.sidebar()
    story.start("snapbook:export", ref="churn:0.4.0")
    asked = story.page.get_by_role("dialog")
    expect(asked.get_by_role("combobox")).to_be_focused()
    expect(asked.get_by_role("combobox")).to_have_value("bundle: a folder that serves it")
    story.both_themes("export", asked)
    story.page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    export(story, "bundle: a folder that serves it")
    written = story.page.get_by_role("dialog")
    expect(written).to_contain_text("wrote churn-0.4.0-bundle", timeout=60_000)
    assert (server.root / place / "churn-0.4.0-bundle" / "bundle.json").is_file()
    written.get_by_role("button", name="Close").click()
    export(story, "churn-0.4.0.zip: the bundle as one archive")
    expect(written).to_contain_text("wrote churn-0.4.0.zip", timeout=60_000)
    assert (server.root / place / "churn-0.4.0.zip").is_file()
    written.get_by_role("button", name="Close").click()
    # What more has to be told has fields of its own.
    export(story, "with options…")
    expect(written.get_by_role("textbox", name=re.compile("^canary"))).to_have_value("")
    expect(written.get_by_role("textbox", name=re.compile("^ref"))).to_have_value("churn:0.4.0")
    story.page.keyboard.press("Escape")
