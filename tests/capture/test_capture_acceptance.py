"""The acceptance notebook: executed in a real kernel, in a git repository; what must be kept of it
is written out here.
"""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from snapbook import places
from snapbook.parts import cells as cells_part
from snapbook.parts import notebook as notebook_part

pytestmark = pytest.mark.slow

HELPER = "FACTOR = 2\ndef scale(frame):\n    return frame * FACTOR\n"
EDITED = "FACTOR = 3\ndef scale(frame):\n    return frame * FACTOR\n"
SCRIPT = "from sklearn.linear_model import Ridge\nALPHA = 0.5\n"
# What runs, in order: (tag, source). The tag stands for the cell below.
CELLS = [
    ("imports", "import polars as pl, pandas as pd, numpy as np, importlib\nimport early"),
    ("helper", "import sys; sys.path.insert(0, '.')\nprint('before load_ext')"),
    ("load", "%load_ext snapbook"),
    ("import helper", "import helper"),
    ("polars", "table = pl.read_csv('data/points.csv')\ndf = table.to_pandas()"),
    ("open", "with open('data/limits.txt') as file:\n    limit = float(file.read())"),
    ("first try", "df['x'] = 0.0"),
    ("fails", "df['y'] = undefined_name"),
    ("run", "%run script.py"),
    ("plot", "unrelated = pd.DataFrame({'p': [1, 2, 3]})\nunrelated.describe();"),
    ("in place", "df['x'] = helper.scale(df['a']).clip(upper=limit)"),
    ("reload", "importlib.reload(helper)"),
    ("in place", "df['x'] = helper.scale(df['a']).clip(upper=limit)"),
    ("deleted", "y = df['target']"),
    ("function", "def fit(alpha):\n    return Ridge(alpha=alpha).fit(df[['a', 'x']], y)"),
    (
        "version",
        "%%version_model points -m 'first of all'\n%%time\nmodel = fit(ALPHA)\n"
        "r2 = model.score(df[['a', 'x']], y)\nround(r2, 1)",
    ),
]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """(project, notebook after its execution): each cell is a cell of the document, but the one
    that was deleted; the edit of the helper happens outside of the notebook, before the reload.
    """
    base = tmp_path_factory.mktemp("acceptance")
    project = base / "project"
    (project / "data").mkdir(parents=True)
    (project / "data" / "points.csv").write_text(
        "a,target\n" + "".join(f"{i},{2 * i}.5\n" for i in range(30))
    )
    (project / "data" / "limits.txt").write_text("40")
    (project / "helper.py").write_text(HELPER)
    (project / "early.py").write_text("WHEN = 'before'\n")
    (project / "script.py").write_text(SCRIPT)
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "begin"]):
        subprocess.run([*git, *words], cwd=project, check=True)
    document = nbformat.v4.new_notebook()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNAPBOOK_CONFIG", str(base / "config"))
        patch.setenv("IPYTHONDIR", str(base / "ipython"))
        patch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path))
        patch.setenv("JPY_SESSION_NAME", str(project / "work.ipynb"))
        patch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        client = NotebookClient(
            document, timeout=120, kernel_name="python3", resources={"metadata": {"path": project}}
        )
        with client.setup_kernel():
            for tag, source in CELLS:
                if tag == "reload":
                    (project / "helper.py").write_text(EDITED)
                cell = nbformat.v4.new_code_cell(source)
                if tag == "version":
                    on_disk = [one for one in document.cells if one.metadata["name"] != "deleted"]
                    saved = nbformat.v4.new_notebook(cells=on_disk)
                    nbformat.write(saved, project / "work.ipynb")
                cell.metadata["tags"] = ["raises-exception"] if tag == "fails" else []
                document.cells.append(cell)
                client.execute_cell(cell, len(document.cells) - 1)
                cell.metadata["name"] = tag
    return project, document


@pytest.fixture(scope="module")
def kept(executed):
    repository = places.find_repository(executed[0])
    (row,) = repository.every_version()
    parts = {(part.kind, part.name): part for part in repository.parts(row.manifest)}
    return repository, row, parts


def test_the_cells_own_result_and_the_card(executed):
    _, document = executed
    outputs = document.cells[-1].outputs
    texts = [o.get("text") or o.get("data", {}).get("text/plain") for o in outputs]
    assert any("Wall time" in text for text in texts)
    assert "1.0" in texts
    card = next(text for text in texts if text.startswith("points:0.1.0"))
    assert card.splitlines()[0] == "points:0.1.0  first version  Ridge `model`  r2 1.000"
    assert not any(o.output_type == "stream" and o.name == "stderr" for o in outputs)


def test_the_version(kept):
    _, row, _ = kept
    assert (row.ref, row.message, row.bump) == ("points:0.1.0", "first of all", "first")


def test_cells(kept):
    """The whole log, and the cells that made the model: all that changed df in place, also the one
    that failed on its way; neither the plot nor the loading of the extension.
    """
    repository, _, parts = kept
    part = parts["cells", "cells"]
    log = cells_part.restore(part, repository.store.get)
    assert [cell.source for cell in log] == [source for _, source in CELLS]
    assert [cell.n for cell in log] == list(range(1, len(CELLS) + 1))
    outcomes = {tag: cell.outcome for (tag, _), cell in zip(CELLS, log, strict=True)}
    assert outcomes["fails"] == "error: NameError"
    assert outcomes["imports"] == "unknown"  # ran before us
    assert outcomes["version"] == "ok"
    assert {cell.kind for cell in log[:2]} == {"history"}
    made = [CELLS[index][0] for index in part.facts["made"]]
    assert made == MADE


MADE = [
    "imports",
    "helper",
    "import helper",
    "polars",
    "open",
    "first try",
    "fails",
    "run",
    "in place",
    "reload",
    "in place",
    "deleted",
    "function",
    "version",
]


def test_data(kept):
    """The frames that the function uses, with roles; the column set in place is in them."""
    _, _, parts = kept
    frames = {name: part for (kind, name), part in parts.items() if kind == "frame"}
    assert set(frames) == {"df", "y"}
    assert frames["df"].facts["shape"] == [30, 3]
    assert [c["name"] for c in frames["df"].facts["columns"]] == ["a", "target", "x"]
    assert {name: part.facts["role"] for name, part in frames.items()} == {
        "df": "train",
        "y": "train",
    }
    assert all(part.facts["stored"] and part.facts["digest"] for part in frames.values())


def test_files(kept):
    _, _, parts = kept
    read = {entry["path"]: entry for entry in parts["files", "read"].facts["files"]}
    assert set(read) == {"data/points.csv", "data/limits.txt"}
    assert all(entry["digest"] for entry in read.values())


def test_code_outside(kept):
    """The helper as it was imported last; what was imported before us as its file is."""
    repository, _, parts = kept
    files = {entry["path"]: entry for entry in parts["files", "modules"].facts["files"]}
    assert {path: (one["module"], one["source"]) for path, one in files.items()} == {
        "helper.py": ("helper", "imported"),
        "early.py": ("early", "file"),
        "script.py": ("", "imported"),
    }
    assert repository.store.get(files["helper.py"]["digest"]).decode() == EDITED
    assert repository.store.get(files["script.py"]["digest"]).decode() == SCRIPT


def test_params_and_metrics(kept):
    _, _, parts = kept
    assert parts["params", "params"].facts["values"]["alpha"] == 0.5
    assert parts["params", "params"].facts["set"] == ["alpha"]
    metrics = parts["metrics", "metrics"].facts
    assert list(metrics["values"]) == ["r2"]
    assert metrics["directions"] == {"r2": "max"}
    assert metrics["main"] == "r2"


def test_model(kept):
    _, _, parts = kept
    facts = parts["model", "model"].facts
    assert (facts["class_name"], facts["framework"]) == ("Ridge", "sklearn")
    assert facts["inputs"] == [{"name": "a", "type": "int64"}, {"name": "x", "type": "int64"}]


def test_environment(kept, executed):
    _, _, parts = kept
    facts = parts["environment", "environment"].facts
    assert facts["python"]["version"] == sys.version.split()[0]
    assert {"scikit-learn", "pandas", "polars", "numpy"} <= set(facts["imported"])
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=executed[0], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert facts["git"] == {"commit": commit, "dirty": True}


def test_document(kept):
    """The document as last saved, without the deleted cell: the log has it all the same."""
    repository, _, parts = kept
    document = notebook_part.restore(parts["notebook", "work.ipynb"], repository.store.get)
    sources = ["".join(cell["source"]) for cell in document["cells"]]
    assert "y = df['target']" not in sources
    assert len(sources) == len(CELLS) - 2
