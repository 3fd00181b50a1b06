"""The example notebooks run from top to bottom, each in a project of its own."""

from __future__ import annotations

import json
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import kernels
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.kernel,
    pytest.mark.skipif(find_spec("sklearn") is None, reason="scikit-learn is absent"),
]

RUN = """
import json, sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
outputs = [
    [o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs]
    for cell in notebook.cells
    if cell.cell_type == "code"
]
json.dump(outputs, open(sys.argv[2], "w"))
"""


def executed(name, tmp_path, seconds=300):
    """Every code cell's outputs, as texts."""
    import subprocess

    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(EXAMPLES / name, project)
    subprocess.run(
        [sys.executable, "-c", RUN, name, str(tmp_path / "outputs.json")],
        cwd=project,
        env=kernels.environment_of(project, PYTHONWARNINGS="ignore"),
        check=True,
        timeout=seconds,
    )
    return ["\n".join(texts) for texts in json.loads((tmp_path / "outputs.json").read_text())]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_committed_without_outputs(path):
    for cell in json.loads(path.read_text())["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_version_a_model(tmp_path):
    said = executed("01_version_a_model.ipynb", tmp_path)
    assert said[3].startswith("churn:0.1.0  first version  RandomForestClassifier `model`")
    assert said[4].startswith("churn:0.2.0  minor: max_depth 2 -> 8  accuracy")
    assert "which is kept as churn:0.2.0" in said[7]
    assert said[8].startswith("2 [")


def test_diff_and_restore(tmp_path):
    said = executed("02_diff_and_restore.ipynb", tmp_path)
    whole = "\n".join(said)
    assert "wine:0.3.0  minor: input ash is gone, callers must change" in whole
    assert "column ash (float64) removed" in whole
    assert "alcohol[0]  13.64 -> 14.14" in whole
    assert "would lose model: RandomForestClassifier" in whole
    assert "is in no version and would be replaced" in whole
    assert "which is kept as wine:0.4.0" in whole
    assert [text.strip() for text in said if text.strip() in ("1", "4")] == ["1", "4"]
    assert "(133, 13)" in whole
    assert said[-1] == "wrote wine-0.2.0.ipynb"
    written = json.loads((tmp_path / "project" / "wine-0.2.0.ipynb").read_text())
    assert "max_depth=4" in json.dumps(written)


def test_a_week_of_versions(tmp_path):
    said = executed("03_a_week_of_versions.ipynb", tmp_path)
    assert said[4:9] == [""] * 5, "auto mode says nothing"
    assert [line.split()[0] for line in said[10].splitlines()] == [
        f"sugar:0.{n}.0" for n in (4, 3, 2, 1)
    ]
    whole = "\n".join(said)
    assert "Nothing matches r2 > 0.99. Highest is 0.369 (0.3.0)." in whole
    assert "sugar:0.3.0: team=research, @candidate" in whole
    assert "sugar:0.5.0 is taken back. `sugar` in the kernel" in whole
    assert "sugar:0.1.0 is deleted; 0.1.0 is not used again" in whole
    assert re.search(r"all is well: 3 versions, \d+ packs, \d+ events", whole)


def test_sidebar_tour(tmp_path):
    said = executed("04_sidebar_tour.ipynb", tmp_path)
    whole = "\n".join(said)
    assert "tumour:0.1.0  first version" in whole
    assert "tumour:0.2.0  minor: max_depth 2 -> 8" in whole
    assert "would lose model: RandomForestClassifier, in no version" in whole
    assert "Replaced: model, which is kept as tumour:0.3.0." in whole
    assert "Undone: model as before the restore." in whole
    assert "30" in [text.strip() for text in said]
    assert said[-1].strip(), "browse() is something as text, too"


def test_share_and_promote(tmp_path):
    said = "\n".join(executed("05_share_and_promote.ipynb", tmp_path))
    for words in (
        "Not pushed: nothing has gone to team yet: with wine:0.1.0 would go RandomForestClassifier",
        "pushed as team::wine:0.1.0, ",
        "production of wine is wine:1.0.0",
        "wine:1.1.0  minor: max_depth 2 -> 8",
        "pushed as team::wine:1.1.0, ",
        "production of wine is wine:1.1.0 (was 1.0.0",
        "production of wine is wine:1.0.0 again (was 1.1.0",
        "rolled back, complaints from two customers",
        "team: 5 events, each of them whole and in its place",
        "team is forgotten here",
    ):
        assert words in said, words


@pytest.mark.skipif(
    any(find_spec(name) is None for name in ("uvicorn", "httptools", "pyarrow")),
    reason="snapbook[serve,monitor] is not installed",
)
def test_to_production(tmp_path):
    # It waits for four processes that load a model, and for what a canary is shown.
    said = "\n".join(executed("06_to_production.ipynb", tmp_path, seconds=600))
    for words in (
        "self-test: 20 rows of later, independent of each other",
        "production of demand is demand:1.0.0",
        "demand:1.0.0 [",
        "demand:1.1.0 answers 30 % beside demand:1.0.0, then 60, 100 % every 30s",
        "1 of 1 servers switched",
        "Production is demand:1.0.0; demand:1.1.0 was taken back by itself: segments 1 > 0",
        "demand:1.2.0  minor: sold_recent values changed",
        "production of demand is demand:1.2.0 (was 1.0.0",
        "the way back to demand:1.0.0 holds: 1 server",
        "drift: price",
        "prediction\n",
    ):
        assert words in said, words
    # A fifth, as well as those rows tell it that came before the canary was out: few if it is slow.
    wrong = r"^wrong: category = fruit: (\d+)% too high(?: since [^,]+)?, in \d+ rows"
    (high,) = re.findall(wrong, said, re.M)
    assert 15 <= int(high) <= 25
