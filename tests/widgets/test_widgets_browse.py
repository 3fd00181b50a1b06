"""`snapbook.browse()` in a real kernel, moved by the messages that a front end sends."""

import html.parser
import json
import subprocess
import sys

import kernels
import pytest
from stump import MODEL, fit

pytestmark = pytest.mark.slow

HOSTILE = "</pre><img src=x onerror=alert(1)>"


def two(notebook):
    for depth in (1, 2):
        assert notebook.cell(fit(depth)).status == "ok"


def tags(source):
    found = []

    class Seen(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append(tag)

    Seen().feed(source)
    return found


def refs(view):
    return [ref for _, ref in view.get("versions", "_options_full")]


def test_list_page_diff_and_lineage(notebook, browse):
    two(notebook)
    view = browse()
    assert refs(view) == ["churn:0.2.0", "churn:0.1.0"]
    newest = view.get("versions", "_options_full")[0][0]
    assert newest.startswith("churn:0.2.0   accuracy 0.920  +0.01 better   now")
    assert view.text().startswith("churn:0.2.0\n")
    view.choose("versions", "churn:0.1.0")
    assert view.text().startswith("churn:0.1.0\n")
    view.choose("mode", "Lineage")
    assert view.text().startswith("churn:0.1.0  came from\n")
    view.choose("mode", "Diff")
    assert view.text("trouble").startswith("churn:0.1.0 is the first version of churn")
    view.choose("versions", "churn:0.2.0")
    assert view.get("trouble") == ""
    assert view.text().startswith("churn:0.1.0 -> churn:0.2.0")
    assert "depth       1 -> 2" in view.text()
    view.put("other", value="churn:0.2.0")
    assert "no difference" in view.text()
    view.put("other", value="nothing:9")
    assert view.text("trouble").startswith("No model is called nothing")
    assert view.text() == ""


def test_against_the_live_session(notebook, browse):
    two(notebook)
    notebook.cell("model = Stump(depth=5).fit(X)\naccuracy = model.score(X)")
    view = browse("'churn'")
    view.choose("mode", "Diff")
    view.put("other", value="now")
    assert view.text().startswith("churn:0.2.0 -> now")
    assert "2 -> 5" in view.text()


def test_search_and_filter(notebook, browse):
    two(notebook)
    notebook.cell(fit(3, name="iris"))
    view = browse()
    assert refs(view) == ["iris:0.1.0", "churn:0.2.0", "churn:0.1.0"]
    view.put("search", value="accuracy > 0.915")
    assert refs(view) == ["iris:0.1.0", "churn:0.2.0"]
    view.choose("model", "churn")
    assert refs(view) == ["churn:0.2.0"]
    view.put("search", value="accuracy > 0.99")
    assert refs(view) == []
    assert view.get("note").startswith("Nothing matches accuracy > 0.99. Highest is 0.920")
    assert view.text() == ""
    view.put("search", value="accurracy > 0.9")
    assert "did you mean accuracy" in view.text("trouble")
    view.put("search", value="")
    assert refs(view) == ["churn:0.2.0", "churn:0.1.0"]
    assert view.get("trouble") == ""
    told = browse("'churn', where='accuracy < 0.915'")
    assert refs(told) == ["churn:0.1.0"]


def test_a_model_that_is_not_there(notebook, browse):
    two(notebook)
    view = browse("'chrn'")
    assert view.text("trouble").startswith("No model is called chrn (did you mean churn?)")
    assert refs(view) == ["churn:0.2.0", "churn:0.1.0"]


def test_pages(notebook, browse):
    notebook.cell("import snapbook.widgets.browser as _module\n_module._PAGE = 2")
    for depth in (1, 2, 3, 4, 5):
        notebook.cell(fit(depth))
    view = browse()
    assert refs(view) == ["churn:0.5.0", "churn:0.4.0"]
    assert (view.get("older", "disabled"), view.get("newest", "disabled")) == (False, True)
    view.click("older")
    assert refs(view) == ["churn:0.3.0", "churn:0.2.0"]
    view.click("older")
    assert refs(view) == ["churn:0.1.0"]
    assert (view.get("older", "disabled"), view.get("newest", "disabled")) == (True, False)
    notebook.cell(fit(6))
    view.click("newest")
    assert refs(view) == ["churn:0.6.0", "churn:0.5.0"]
    notebook.cell("_module._PAGE = 50")


def test_restore_looks_first_keeps_and_can_be_undone(notebook, browse):
    two(notebook)
    notebook.cell("model = Stump(depth=9).fit(X)")
    view = browse()
    view.choose("versions", "churn:0.1.0")
    view.choose("mode", "Restore")
    assert view.text("preview").splitlines()[:2] == [
        "would lose model: Stump, in no version",
        "would set model = Stump (depth 9 -> 1)",
    ]
    assert view.get("act", "description") == "Replace model"
    assert view.get("keep", "description") == "first make a version of model"
    assert (view.get("keep"), view.get("keep", "layout.display")) == (True, "")
    assert notebook.cell("model.depth").value == "9"  # looked, nothing done
    view.click("act")
    assert view.get("trouble") == ""
    assert view.text("preview").startswith("model = churn:0.1.0 (Stump). Replaced: model, which is")
    assert notebook.cell("model.depth").value == "1"
    assert refs(view)[0] == "churn:0.3.0"
    assert view.get("act", "disabled")
    view.click("undo")
    assert notebook.cell("model.depth").value == "9"
    assert view.text("preview").startswith("Undone: model as before the restore.")
    # Without keeping it first.
    notebook.cell("model = Stump(depth=8).fit(X)")
    view.choose("versions", "churn:0.2.0")
    view.put("keep", value=False)
    view.click("act")
    assert "now in no version" in view.text("preview")
    assert notebook.cell("model.depth").value == "2"
    assert refs(view)[0] == "churn:0.3.0"


def test_what_else_can_be_restored(notebook, browse, project):
    notebook.cell("import numpy as np\nA = np.arange(6.0)")
    notebook.cell("%%version_model churn\nmodel = Stump(3).fit(A)\nacc = model.score(A)")
    notebook.cell("del model")
    view = browse()
    view.choose("mode", "Restore")
    assert view.get("act", "description") == "Set model"
    assert view.get("data", "description") == "data (1 frame, 48 bytes)"
    view.put("data", value=True)
    view.put("whole", value=False)
    notebook.cell("A[0] = 99")
    view.put("params", value=True)
    assert view.get("act", "description") == "Replace params and A"
    assert view.get("keep", "layout.display") == "none"
    view.put("cells", value=True)
    assert view.get("act", "description") == "Replace params and A, write churn-0.1.0.ipynb"
    view.click("act")
    assert notebook.cell("A[0], params['depth'], 'model' in dir()").value == (
        "(np.float64(0.0), 3, False)"
    )
    assert (project / "churn-0.1.0.ipynb").exists()
    for name in ("data", "params", "cells"):
        view.put(name, value=False)
    assert view.text("preview") == "Nothing is chosen."
    assert view.get("act", "disabled")


def test_hostile_names_are_only_text(notebook, browse):
    notebook.cell(
        "import numpy as np, pandas as pd\n"
        f"frame = pd.DataFrame({{{HOSTILE!r}: [1.0], '<b>': [2.0]}})"
    )
    notebook.cell(
        f"%%version_model churn -m {json.dumps(HOSTILE)} --data frame\n"
        f"# {HOSTILE}\nmodel = Stump(1).fit(X)\naccuracy = {HOSTILE!r}"
    )
    notebook.cell(f"%%version_model churn --data frame\nmodel = Stump(2).fit(X)\n# {HOSTILE}")
    view = browse()
    for ref in refs(view):
        view.choose("versions", ref)
        for mode in ("Version", "Diff", "Lineage", "Restore"):
            view.choose("mode", mode)
            for name in ("page", "preview", "trouble"):
                assert set(tags(view.get(name))) <= {"pre", "div"}, (ref, mode, name)
    view.put("search", value=HOSTILE)
    assert tags(view.get("trouble")) == ["div"]
    view.put("search", value="")
    view.choose("versions", "churn:0.1.0")
    view.choose("mode", "Version")
    assert HOSTILE in view.text()


def test_clicks_are_no_cells_and_let_go_of_all_files(notebook, browse, project):
    two(notebook)
    notebook.cell("6 * 7")
    view = browse()
    before = notebook.cell("print(len(_b.__class__.__mro__), len(get_ipython()"
                           "._snapbook_face.kernel.session))", silent=True).stdout  # fmt: skip
    for mode in ("Diff", "Lineage", "Restore", "Version"):
        view.choose("mode", mode)
    view.click("newest")
    after = notebook.cell("print(len(_b.__class__.__mro__), len(get_ipython()"
                          "._snapbook_face.kernel.session))", silent=True).stdout  # fmt: skip
    assert after == before
    held = notebook.cell(
        "import os\n"
        "def _link(n):\n"
        "    try: return os.readlink('/proc/self/fd/' + n)\n"
        "    except OSError: return ''\n"
        "_held = map(_link, os.listdir('/proc/self/fd'))\n"
        f"_held = [n for n in _held if n.startswith({str(project)!r})]\n"
        "print([n for n in _held if '/sessions/' not in n])",
        silent=True,
    ).stdout
    assert held.strip() == "[]"


def test_before_the_first_version(notebook, browse, project):
    view = browse()
    assert refs(view) == []
    assert view.get("note").startswith("No versions yet. Write  %%version_model NAME")
    for mode in ("Diff", "Restore", "Version"):
        view.choose("mode", mode)
    assert (view.text(), view.text("trouble")) == ("", "")
    assert not (project / ".snapbook").exists()


def test_a_damaged_repository_is_one_sentence(notebook, browse, project):
    two(notebook)
    for pack in (project / ".snapbook/packs").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            pack.write_bytes(b"torn")
    view = browse()
    assert refs(view) == ["churn:0.2.0", "churn:0.1.0"]
    assert len(view.text("trouble").splitlines()) == 1
    assert view.text("trouble")


def test_in_a_notebook_that_runs_by_itself(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    cells = [
        "%load_ext snapbook",
        MODEL,
        fit(1),
        fit(2),
        "import snapbook\nview = snapbook.browse()\nview",
        "from snapbook.widgets.browser import Browser\nb = Browser('churn', '')\n"
        "b.versions.value = 'churn:0.1.0'\nb.mode.value = 'Restore'\nb.restoring.act.click()\n"
        "print(model.depth, b.trouble.value)\nb.restoring.undo.click()\nprint(model.depth)",
    ]
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    client = NotebookClient(
        document,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute(env=kernels.environment_of(tmp_path, IPYTHONDIR=str(tmp_path / "ipython")))
    shown = document.cells[4].outputs[0]["data"]
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert document.cells[5].outputs[0]["text"] == "1 \n2\n"
    nbformat.validate(document)


def test_in_a_script_there_is_nothing_to_restore_into(project):
    def script(code):
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=project,
            env=kernels.environment_of(project),
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    project.mkdir()
    script("import snapbook; snapbook.save({'a': 1}, 'churn', metrics={'accuracy': 0.5})")
    said = script(
        "from snapbook.widgets.browser import Browser\n"
        "b = Browser('', '')\n"
        "print(b.versions.value)\n"
        "b.mode.value = 'Restore'\n"
        "print(b.trouble.value)\n"
    )
    ref, trouble = said.splitlines()
    assert ref == "churn:0.1.0"
    assert "There is no kernel to restore into" in trouble


def test_what_one_part_hides_leaves_the_others(notebook, browse):
    """Each widget has a layout of its own: one that several share hides them all."""
    two(notebook)
    view = browse()
    named = ("versions", "search", "page", "mode")
    for mode in ("Diff", "Restore", "Version"):
        view.choose("mode", mode)
        assert all(view.get(name, "layout.display") != "none" for name in named)
    assert view.get("other", "layout.display") == "none"
    # One page: nothing to turn, and no list taller than what is in it.
    assert view.get("older", "layout.display") == view.get("newest", "layout.display") == "none"
    assert view.get("versions", "rows") == 4
