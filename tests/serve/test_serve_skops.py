"""A version in the form of skops served: without a pickle, without trust, without skops."""

import json
import sys

import httpx
import pandas as pd
import pytest
from export import leaving
from export.leaving import run
from test_serve_start import Process, ready
from trial.fitted import people

from snapbook.serve import recipe
from snapbook.serve.load import open_bundle
from snapbook.verbs import opening

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ROWS, TARGET, _ = people(200)
# What serving it has to do without: skops, and whatever would unpickle.
WITHOUT = """
import pickle, sys

sys.modules["skops"] = None

def no(*_args, **_more):
    raise SystemExit("a pickle was read")

pickle.load = pickle.loads = pickle.Unpickler = no
from snapbook.serve.start import main

sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A forest, kept as skops, and its bundle as a folder and as an archive."""
    pytest.importorskip("skops")
    folder = tmp_path_factory.mktemp("skops")
    (folder / "start.py").write_text(WITHOUT)
    with leaving.served_as("skops", folder, TARGET, ROWS) as here:
        yield here


def test_it_is_served_without_a_pickle_and_answers_as_the_model_does(project):
    fit = leaving.forest(ROWS, TARGET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project.folder), prepend=":")
        server = Process("start", str(project.folder / "bundle"), "--port", "0")
    ready(server.url)
    body = json.dumps({"rows": json.loads(ROWS.to_json(orient="records")), "probabilities": True})
    told = httpx.post(f"{server.url}/predict", content=body, timeout=30).json()
    server.end()
    assert (told["model"], told["predictions"]) == ("churn.skops", fit.predict(ROWS).tolist())
    shares = [[one["0"], one["1"]] for one in told["probabilities"]]
    assert shares == fit.predict_proba(ROWS).tolist()


def test_the_bundle_holds_the_file_and_no_pickle(project):
    folder = project.folder / "bundle"
    assert [path.name for path in (folder / "model").iterdir()] == ["model.skops"]
    bundle = open_bundle(folder)
    assert bundle.facts["load"]["form"] == "skops-file"
    assert bundle.signature["rows_independent"] is True
    named = run(project, "export", "churn.skops", "--to", "skops", "-o", "again.skops")
    assert named.lines[-1] == "wrote again.skops: the file that churn.skops:0.1.0 is"
    held = (folder / "model" / "model.skops").read_bytes()
    assert (project.folder / "again.skops").read_bytes() == held
    assert not [path for path in folder.rglob("*") if path.suffix in (".joblib", ".pkl")]


def test_nobody_is_trusted_for_it(project, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(project.folder / "stranger"))
    monkeypatch.setitem(sys.modules, "skops", None)
    for text in ("bundle", "bundle.zip", "churn.skops"):
        found = opening.opened(project, text, "serve")
        assert (found.trusted, found.bundle.executes) == (False, False)
        assert type(found.model(False)).__name__ == "RandomForestClassifier"


def test_its_environment_is_scikit_learns(project):
    needed = recipe.recipe(open_bundle(project.folder / "bundle"), recipe.SERVING).needed
    assert {"scikit-learn", "numpy", "pandas"} <= set(needed)
    assert not {"skops", "joblib"} & set(needed)


def test_a_check_from_outside_runs_the_self_test(project, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(project.folder / "stranger"))
    done = run(project, "bundle", "check", "bundle")
    assert done.lines[-1] == "self-test: 20 rows are answered as at export"


def test_files_of_rows_are_predicted(project):
    ROWS.to_csv(project.folder / "in.csv", index=False)
    run(project, "predict", "churn.skops", "in.csv", "-o", "out.csv")
    found = pd.read_csv(project.folder / "out.csv")["prediction"].tolist()
    assert found == leaving.forest(ROWS, TARGET).predict(ROWS).tolist()
