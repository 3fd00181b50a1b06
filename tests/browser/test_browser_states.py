"""Each state of the surroundings: one calm sentence, one step that helps, and the list stays."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys

import projects
import pytest
from playwright.sync_api import expect

from snapbook import places, refs


def says(panel, text):
    expect(panel).to_contain_text(re.compile(text, re.DOTALL))


def press(panel, name):
    panel.get_by_role("button", name=name, exact=True).click()


def test_no_notebook(desk, project, place):
    project("story")
    desk.open(place, wait=False)
    desk.page.wait_for_function(
        "() => window.jupyterapp?.commands.hasCommand('snapbook:open-panel')"
    )
    panel = desk.sidebar()
    says(panel, "Open a notebook to see its versions")
    press(panel, "All models in this folder")
    expect(desk.rows()).to_have_count(5)
    desk.both_themes("no-notebook", panel)


def test_no_versions_yet(lab, server, place):
    projects.write(server.root / place / "train.ipynb", projects.tutorial())
    lab.open(f"{place}/train.ipynb")
    panel = lab.sidebar()
    says(panel, f"No versions yet in {place}/")
    says(panel, "%%version_model")
    lab.kernel("%load_ext snapbook")
    lab.run("from sklearn.tree import DecisionTreeClassifier\nimport numpy as np")
    lab.run("tree = DecisionTreeClassifier().fit(np.eye(4), [0, 1, 0, 1])")
    says(panel, "tree.*DecisionTreeClassifier")
    lab.both_themes("first-run", panel)
    assert not (server.root / place / ".snapbook").exists()  # looking makes nothing


def test_no_kernel(lab, project, place):
    folder = project("story")
    bare = json.loads((folder / "train.ipynb").read_text())
    bare["metadata"] = {}
    (folder / "train.ipynb").write_text(json.dumps(bare))
    lab.open(f"{place}/train.ipynb", kernel=False)
    lab.page.get_by_role("dialog").get_by_role("combobox").select_option(label="No Kernel")
    lab.page.get_by_role("dialog").get_by_role("button", name=re.compile("select", re.I)).click()
    panel = lab.sidebar()
    says(panel, "Kernel not started. Versions can be read; Snapshot and Restore need a kernel")
    expect(lab.rows()).to_have_count(4)
    lab.both_themes("no-kernel", panel)
    press(panel, "Start kernel")
    dialog = lab.page.get_by_role("dialog")
    dialog.get_by_role("combobox").select_option(label="Python 3 (ipykernel)")
    dialog.get_by_role("button", name=re.compile("select", re.I)).click()
    says(panel, "snapbook is not loaded in this kernel")


def test_not_loaded_and_load(story):
    panel = story.sidebar()
    says(panel, "snapbook is not loaded in this kernel")
    expect(story.rows()).to_have_count(4)
    story.both_themes("not-loaded", panel)
    press(panel, "Load")
    expect(panel).not_to_contain_text("not loaded")
    assert "True" in story.kernel("import sys; print('snapbook.kernel' in sys.modules)")


def test_a_forgotten_load_ext(story):
    panel = story.sidebar()
    story.kernel("%unload_ext snapbook")
    story.run("%%version_model churn\nx = 1")
    says(panel, "A cell wants %%version_model")
    press(panel, "Load snapbook in this kernel and run the cell")
    expect(panel).not_to_contain_text("A cell wants")
    expect(story.page.locator(".jp-OutputArea-output").last).to_contain_text("Not versioned")


@pytest.fixture
def kernel_without(server, tmp_path):
    """A kernel spec whose Python does not find snapbook."""
    folder = server.environment["JUPYTER_DATA_DIR"] + "/kernels/without"
    os.makedirs(folder)
    hide = (
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'snapbook':\n"
        "            raise ModuleNotFoundError(name)\n"
        "import importlib.util as u\n"
        "real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'snapbook' else real(name, *a)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "from ipykernel.kernelapp import launch_new_instance\n"
        "launch_new_instance()\n"
    )
    script = tmp_path / "without.py"
    script.write_text(hide)
    spec = {
        "argv": [sys.executable, str(script), "-f", "{connection_file}"],
        "display_name": "Without",
        "language": "python",
    }
    with open(f"{folder}/kernel.json", "w") as file:
        json.dump(spec, file)
    yield "without"
    shutil.rmtree(folder)


def test_not_installed_there(desk, project, place, kernel_without):
    folder = project("story")
    notebook = json.loads((folder / "train.ipynb").read_text())
    notebook["metadata"]["kernelspec"] = {"name": kernel_without, "display_name": "Without"}
    (folder / "train.ipynb").write_text(json.dumps(notebook))
    desk.open(f"{place}/train.ipynb")
    panel = desk.sidebar()
    says(panel, r"This kernel \(.+\) has no snapbook.*%pip install snapbook")
    expect(desk.rows()).to_have_count(4)
    desk.both_themes("not-installed", panel)
    press(panel, "Copy")
    assert desk.page.evaluate("() => navigator.clipboard.readText()") == "%pip install snapbook"


def test_kernel_restarted(story):
    panel = story.sidebar()
    story.run_all()
    expect(story.rows().first).to_contain_text("0.4.0")
    story.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    says(panel, "is gone from memory; newest version 0.4.0 is safe")
    story.both_themes("restarted", panel)
    press(panel, "Restore model")


def test_damaged_versions(lab, project, place):
    folder = project("story")
    repository = places.open_folder(folder / places.NAME)
    manifest = repository.resolve(refs.parse("churn:0.1.0")).manifest
    store = repository.store
    pack = store.lookup.path(store.holder(bytes.fromhex(manifest)))
    repository.close()
    data = bytearray(pack.read_bytes())
    for at in range(64, len(data) // 2):  # blobs stand before the index
        data[at] ^= 0x55
    pack.chmod(0o600)
    pack.write_bytes(data)
    for cache in (folder / places.NAME).glob("index.sqlite*"):
        cache.unlink()
    lab.open(f"{place}/train.ipynb")
    panel = lab.sidebar()
    says(panel, r"\d of 5 versions cannot be read; \d are fine")
    lab.both_themes("damaged", panel)
    press(panel, "Show which")


def test_a_repository_of_a_newer_snapbook(lab, project, place):
    folder = project("story")
    (folder / ".snapbook" / "format").write_text('{"snapbook":99}\n')
    with lab.expected_error("snapbook/api"):
        lab.open(f"{place}/train.ipynb")
        panel = lab.sidebar()
        says(panel, "newer snapbook")
        expect(panel.get_by_role("alert").first).to_be_visible()
        lab.both_themes("newer", panel)


def test_a_cloned_notebook_without_its_versions(lab, project, server, place):
    folder = project("story")
    notebook = json.loads((folder / "train.ipynb").read_text())
    for ref, cell in zip(("churn:0.1.0", "churn:0.3.1"), notebook["cells"][-2:], strict=True):
        cell["outputs"] = [
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {
                    "application/vnd.snapbook.card+json": {"ref": ref, "digest": "0" * 64},
                    "text/plain": f"{ref}  first version",
                },
            }
        ]
    (folder / "train.ipynb").write_text(json.dumps(notebook))
    shutil.rmtree(folder / ".snapbook")
    with lab.expected_error("404"):  # the cards ask for their versions
        lab.open(f"{place}/train.ipynb")
        panel = lab.sidebar()
        says(panel, "mentions churn:0.1.0.*0.3.1, which are not on this machine")
        lab.both_themes("cloned", panel)


# Milliseconds from the panel to its bones, each taken when it is to be seen: what is in the page
# and hidden does not count.
BONES = """() => new Promise((done, fail) => {
  let panel = 0;
  const begun = performance.now();
  const seen = name => Boolean(document.querySelector(name)?.offsetHeight);
  const look = () => {
    const now = performance.now();
    if (!panel && seen('.jp-snapbook-panel')) panel = now;
    if (panel && seen('.jp-snapbook-skeleton')) done(now - panel);
    else if (now - begun > 20000) fail(new Error('no bones'));
    else requestAnimationFrame(look);
  };
  look();
  void window.jupyterapp.commands.execute('snapbook:open-panel');
})"""


@pytest.mark.measured
def test_loading_shows_bones_only_after_a_while(desk, project, place):
    project("story")
    desk.open(f"{place}/train.ipynb")
    desk.page.route("**/snapbook/api/versions*", lambda route: None)
    late = desk.page.evaluate(BONES)
    print(f"bones after {late:.0f} ms")
    assert 250 < late < 1500  # 300 ms, and what a busy machine adds to a timer
    assert desk.panel.locator(".jp-snapbook-skeleton > *").count() <= 12
    desk.both_themes("loading", desk.panel)
    desk.page.unroute("**/snapbook/api/versions*")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A server whose own environment has the bundle and not the server part."""
    from labserver import Server

    running = Server(tmp_path_factory.mktemp("bare"), extension=False)
    yield running
    running.stop()


def test_server_part_missing(desks, bare, project, place):
    project("story", on=bare)
    desk = desks(on=bare)
    with desk.expected_error("404"):
        desk.open(f"{place}/train.ipynb")
        panel = desk.sidebar()
        says(panel, "started before snapbook was installed.*%load_ext snapbook")
        desk.both_themes("server-missing", panel)
        press(panel, "Copy command")
        copied = desk.page.evaluate("() => navigator.clipboard.readText()")
        assert copied.startswith("jupyter server extension enable snapbook")


def about(desk, **changes):
    """Let the server part say something else about itself."""

    def answer(route):
        told = route.fetch().json()
        route.fulfill(json={**told, **changes})

    desk.page.route("**/snapbook/api/about*", answer)


def test_older_server_part(desk, project, place):
    project("story")
    about(desk, version="0.0.9")
    desk.open(f"{place}/train.ipynb")
    panel = desk.sidebar()
    says(panel, "Panel 0.1, server 0.0: works")
    expect(desk.rows()).to_have_count(4)
    press(panel, "Dismiss")
    expect(panel).not_to_contain_text("server 0.0")


def test_a_kernel_on_another_host(desk, project, place):
    project("story")
    about(desk, host="gpu-7")
    desk.open(f"{place}/train.ipynb")
    panel = desk.sidebar()
    desk.kernel("%load_ext snapbook")
    says(panel, "Kernel runs on .*; its repository is not visible here")
    press(panel, "Show what the kernel sees")
    says(panel, "5 versions that the kernel sees")
    expect(desk.rows()).to_have_count(5)
    desk.both_themes("other-host", panel)


def test_a_folder_of_somebody_else(lab, project, place):
    project("story")

    def answer(route):
        told = route.fetch().json()
        route.fulfill(json={**told, "yours": False, "why": "x", "display": "~/…/churn-project"})

    lab.page.route("**/snapbook/api/place*", answer)
    lab.open(f"{place}/train.ipynb")
    panel = lab.sidebar()
    says(panel, "Versions in this folder belong to its owner. Yours go to ~/…/churn-project")


def test_the_server_goes_away_and_comes_back(story):
    panel = story.sidebar()
    expect(story.rows()).to_have_count(4)
    with story.expected_error(""):
        story.page.route("**/snapbook/api/**", lambda route: route.abort())
        story.command("snapbook:refresh")
        says(panel, "does not answer")
        expect(story.rows()).to_have_count(4)  # never a blank list over old rows
        story.page.unroute("**/snapbook/api/**")
    press(panel, "Look again")
    expect(panel).not_to_contain_text("does not answer")
