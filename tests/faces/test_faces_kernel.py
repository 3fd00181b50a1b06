"""The kernel as others look at it: `status --json`, and verbs run silently from outside."""

import json
import socket

import pytest
from stump import MODEL, fit

pytestmark = pytest.mark.slow

TRACES = """
import json as _json
_seen = get_ipython()
_face = _seen._snapbook_face
_told = _json.dumps([
    sorted(n for n in _seen.user_ns if n not in ("_seen", "_face", "_told", "_json")),
    repr(_seen.user_ns.get("_")), sorted(map(str, _seen.user_ns["Out"])), len(_seen.user_ns["In"]),
    _seen.execution_count, len(_face.kernel.session), _face.kernel.reads.listening,
    _face.kernel.current is None,
])
print(_told)
del _seen, _face, _told, _json
"""


def silently(kernel, words):
    """What a verb answers to a sidebar: its JSON, nothing else on iopub."""
    ran = kernel.cell(f"%snapbook {words} --json", silent=True, store_history=False)
    assert ran.status == "ok"
    assert (ran.stdout, ran.stderr, ran.value, ran.error) == ("", "", None, "")
    assert ran.order == ["display"]
    assert list(ran.displays[0]) == ["text/plain"]
    return json.loads(ran.card)


def traces(kernel):
    """All that a silent call must leave as it was."""
    return kernel.cell(TRACES, silent=True, store_history=False).stdout


def now(kernel):
    return silently(kernel, "status")["kernel"]


def test_a_kernel_without_a_version(notebook, project):
    notebook.cell("import pandas as pd, numpy as np")
    notebook.cell("X_train = pd.DataFrame({'a': np.zeros(100), 'b': np.zeros(100)})")
    notebook.cell("raw = Stump()\nmodel = Stump(depth=2).fit(X)\nrows = np.zeros((10, 3))")
    told = now(notebook)
    assert told["candidates"] == [
        {"variable": "model", "class_name": "Stump", "fitted": True, "why": ""},
        {"variable": "raw", "class_name": "Stump", "fitted": None, "why": ""},
    ]
    assert told["frames"] == [
        {"name": "X_train", "type": "pandas.DataFrame", "shape": [100, 2], "bytes": 1600,
         "role": ""},
        {"name": "rows", "type": "numpy.ndarray", "shape": [10, 3], "bytes": 240, "role": ""},
    ]  # fmt: skip
    assert (told["name"], told["variable"], told["parent"]) == ("model", "model", "")
    assert (told["changed_cells"], told["auto"], told["undo"]) == (0, False, "")
    assert told["cells"] == 5  # that which loaded us, the class, three more
    assert told["folder"] == str(project)
    assert told["repository"] == str(project / ".snapbook")
    assert told["host"] == socket.gethostname()
    assert not (project / ".snapbook").exists()


def test_unfitted_comes_last_and_says_so(notebook):
    notebook.cell(
        "from sklearn.linear_model import LogisticRegression as L\n"
        "import numpy as np\nA = np.array([[0.], [1.]]); y = np.array([0, 1])\n"
        "first = L()\nsecond = L().fit(A, y)"
    )
    told = now(notebook)
    assert [(one["variable"], one["fitted"], one["why"]) for one in told["candidates"]] == [
        ("second", True, ""), ("first", False, "not fitted")
    ]  # fmt: skip
    assert told["variable"] == "second"
    assert {one["name"]: one["role"] for one in told["frames"]} == {"A": "train", "y": "train"}


def test_cells_that_changed_since_the_version(notebook):
    notebook.cell(fit(1))
    told = now(notebook)
    assert (told["parent"], told["changed_cells"], told["name"]) == ("churn:0.1.0", 0, "churn")
    notebook.cell(fit(1).partition("\n")[2])  # the same code again
    notebook.cell("%versions")
    notebook.cell("X")  # a look
    notebook.cell("print(X)")
    assert now(notebook)["changed_cells"] == 0
    notebook.cell("X = [4.0, 5.0]")
    notebook.cell("Z = [4.0, 5.0]", metadata={"cellId": "z"})
    notebook.cell("Z = [4.0, 6.0]", metadata={"cellId": "z"})  # the same cell, edited twice
    assert now(notebook)["changed_cells"] == 2
    notebook.cell(fit(2))
    assert (now(notebook)["parent"], now(notebook)["changed_cells"]) == ("churn:0.2.0", 0)
    notebook.cell("%restore_version churn:0.1.0 --yes")
    told = now(notebook)
    assert (told["parent"], told["changed_cells"]) == ("churn:0.1.0", 0)
    assert told["undo"] == "restore of model"
    notebook.cell("%restore_version --undo")
    assert (now(notebook)["parent"], now(notebook)["undo"]) == ("churn:0.2.0", "")


def test_a_renamed_and_a_deleted_parent(notebook):
    notebook.cell(fit(1))
    silently(notebook, "rename churn churned")
    assert now(notebook)["parent"] == "churned:0.1.0"
    silently(notebook, "delete churned:0.1.0 --yes")
    told = now(notebook)
    assert (told["parent"], told["changed_cells"]) == ("", 0)


def test_hostile_names_and_objects_do_not_stop_it(notebook):
    notebook.cell(
        "class Nasty:\n"
        "    def __getattribute__(self, name): raise SystemExit(name)\n"
        "    def fit(self): raise SystemExit\n"
        "    predict = __repr__ = __len__ = __bool__ = __eq__ = __str__ = fit\n"
        "    __hash__ = None\n"
        "nasty = Nasty(); globals()[3] = nasty; globals()['<b>'] = nasty; many = [nasty]"
    )
    assert [one["class_name"] for one in now(notebook)["candidates"]] == ["Nasty", "list"]
    assert "Nasty" in notebook.cell("%snapbook status").card


def test_the_text_says_it_in_two_lines(notebook):
    assert "holds       no model and no frame yet" in notebook.cell("%snapbook status").card
    notebook.cell(fit(1))
    notebook.cell("import numpy as np\nrows = np.zeros(131072)")
    notebook.cell("other = Stump(3)")
    lines = notebook.cell("%snapbook status").card.splitlines()
    # The cell that asks has not ended yet.
    assert "kernel      6 cells executed, 2 changed since churn:0.1.0" in lines
    assert "holds       model (Stump, fitted), other (Stump), 1 frame, 1.0 MB" in lines


def test_quick_with_ten_thousand_cells(notebook):
    notebook.cell(fit(1))
    said = notebook.cell(
        "from snapbook.kernel import running\n"
        "from snapbook.lineage.log import Cell\n"
        "import time, pandas as pd\n"
        "kernel = running()\n"
        "for n in range(10_000):\n"
        "    kernel.session.append(Cell(0, n, f'c{n}', f'value{n} = {n}\\n' * 5))\n"
        "    globals()[f'value{n}'] = n\n"
        "kernel.since['churn'] = len(kernel.session) - 40\n"
        "globals().update({f'frame{n}': pd.DataFrame({'a': range(1000)}) for n in range(100)})\n"
        "from snapbook.verbs import VERBS, here_now, run\n"
        "best = 9\n"
        "for _ in range(5):\n"
        "    begun = time.perf_counter()\n"
        "    told = run(here_now(), VERBS['status'].ask((), {})).data['kernel']\n"
        "    best = min(best, time.perf_counter() - begun)\n"
        "print(told['cells'], told['changed_cells'], len(told['frames']), best)"
    ).stdout.split()
    cells, changed, frames = map(int, said[:3])
    assert (cells, changed, frames) == (10_003, 40, 100)
    assert float(said[3]) < 1  # 10 ms by themselves; reading the log's cells would take seconds


@pytest.mark.parametrize(
    "words",
    [
        "status",
        "list",
        "show churn",
        "diff churn",
        "diff churn now",
        "save churn --dry-run",
        "restore churn:0.1.0 --dry-run",
        "gc --dry-run",
        "help",
    ],
)
def test_a_silent_look_leaves_no_trace(notebook, words):
    notebook.cell(fit(1))
    notebook.cell(fit(2))
    notebook.cell("6 * 7")
    before = traces(notebook)
    silently(notebook, words)
    assert traces(notebook) == before
    assert notebook.cell("_").value == "42"


def test_silent_acts_do_what_they_say_and_are_no_cells(notebook):
    notebook.cell(fit(1))
    notebook.cell(fit(2).partition("\n")[2])
    notebook.cell("6 * 7")
    before = traces(notebook)
    saved = silently(notebook, """save churn -m "it's deeper, 100 %" --tag team=risk""")
    assert saved["version"]["ref"] == "churn:0.2.0"
    assert saved["version"]["message"] == "it's deeper, 100 %"
    restored = silently(notebook, "restore churn:0.1.0")
    assert restored["ref"] == "churn:0.1.0"
    assert notebook.cell("print(model.depth)", silent=True).stdout == "1\n"
    silently(notebook, "restore --undo")
    assert traces(notebook) == before
    assert notebook.cell("model.depth").value == "2"


def test_a_silent_error_is_json_too(notebook):
    before = traces(notebook)
    assert silently(notebook, "show churn")["error"]["kind"] == "no-model"
    assert silently(notebook, "restore --undo")["error"]["kind"] == "no-undo"
    assert silently(notebook, "no-such-verb")["error"]["kind"] == "verb"
    assert traces(notebook) == before


def test_notebooks_of_one_name_are_told_apart_in_a_checkout(kernel, tmp_path):
    (tmp_path / ".git").mkdir()
    for name in ("a", "b"):
        kernel.project(tmp_path / name)
        path = tmp_path / name / "train.ipynb"
        path.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        kernel.cell(f"import os\nos.environ['JPY_SESSION_NAME'] = {str(path)!r}")
        kernel.cell(MODEL)
        assert now(kernel)["name"] == "train"
        assert kernel.cell(fit(1, name=f"churn-{name}")).status == "ok"
    told = silently(kernel, "list")["rows"]
    kernel.cell("del os.environ['JPY_SESSION_NAME']")
    assert {row["model"]: row["notebook"] for row in told} == {
        "churn-a": "a/train.ipynb", "churn-b": "b/train.ipynb"
    }  # fmt: skip
