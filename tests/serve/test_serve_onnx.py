"""A version of ONNX served: from its name, a folder, an archive; without what made it."""

import json
import subprocess
import sys

import httpx
import numpy as np
import pandas as pd
import pytest
from export import leaving
from export.leaving import run
from test_serve_start import Process, ready
from trial.fitted import people

import snapbook
from snapbook.serve import recipe
from snapbook.serve.load import open_bundle
from snapbook.verbs import opening

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ROWS, TARGET, _ = people(200)
ROWS = ROWS.assign(age=ROWS.age.astype("float64"))
LABELS = TARGET.map({0: "stays", 1: "goes"}).astype(object)
# What serving ONNX has to do without, wherever it is served.
WITHOUT = """
import sys

for name in ("sklearn", "scipy", "joblib", "pandas", "onnx", "skl2onnx", "pyarrow"):
    sys.modules[name] = None
from snapbook.serve.start import main

sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A forest of text labels, kept as ONNX, and its bundle as a folder and as an archive."""
    for package in ("onnx", "onnxruntime", "skl2onnx"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("onnx")
    (folder / "start.py").write_text(WITHOUT)
    with leaving.served_as("onnx", folder, LABELS, ROWS) as here:
        yield here


@pytest.fixture(scope="module")
def wanted():
    fit = leaving.forest(ROWS, LABELS)
    return fit.predict(ROWS).tolist(), fit.predict_proba(ROWS)


@pytest.fixture(scope="module")
def served(project):
    """A server of the folder, in a process that has nothing but numpy and the engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project.folder), prepend=":")
        one = Process("start", str(project.folder / "bundle"), "--port", "0")
    ready(one.url)
    yield one.url
    one.end()


def test_its_answers_are_the_models(served, wanted):
    body = json.dumps({"rows": ROWS.to_dict("records"), "probabilities": True})
    told = httpx.post(f"{served}/predict", content=body, timeout=30).json()
    assert (told["model"], told["predictions"]) == ("churn.onnx", wanted[0])
    shares = [[one["goes"], one["stays"]] for one in told["probabilities"]]
    assert np.abs(np.array(shares) - wanted[1]).max() < 1e-4


@pytest.mark.parametrize("binary", [True, False])
def test_by_the_v2_protocol_and_a_client_of_others(served, wanted, binary):
    triton = pytest.importorskip("tritonclient.http")
    client = triton.InferenceServerClient(served.removeprefix("http://"))
    about = client.get_model_metadata("churn.onnx")
    assert {(one["name"], one["datatype"]) for one in about["inputs"]} == {
        ("age", "FP64"), ("income", "FP64"), ("debt", "FP64"),
    }  # fmt: skip
    inputs = []
    for name in ROWS:
        inputs.append(triton.InferInput(name, [len(ROWS), 1], "FP64"))
        inputs[-1].set_data_from_numpy(ROWS[[name]].to_numpy(), binary_data=binary)
    asked = [triton.InferRequestedOutput(name, binary_data=binary)
             for name in ("predict", "predict_proba")]  # fmt: skip
    found = client.infer("churn.onnx", inputs, outputs=asked)
    said = found.as_numpy("predict").tolist()
    assert [one.decode() if binary else one for one in said] == wanted[0]
    assert np.abs(found.as_numpy("predict_proba") - wanted[1]).max() < 1e-4
    client.close()


def test_what_does_not_fit_is_refused_before_it_is_asked(served):
    row = ROWS.iloc[0].to_dict()
    reply = httpx.post(f"{served}/predict", json=[row | {"age": "old"}])
    assert (reply.status_code, reply.json()["column"]) == (400, "age")
    assert httpx.post(f"{served}/predict", json=[{"age": 1.0}]).status_code == 400
    told = httpx.get(f"{served}/openapi.json").json()["components"]["schemas"]["Row"]
    assert told["required"] == list(ROWS)


def test_requests_go_together_where_rows_are_independent(project):
    from snapbook.serve.service import Service

    bundle = open_bundle(project.folder / "bundle")
    assert bundle.signature["rows_independent"] is True
    service = Service(bundle, bundle.model())
    table = service.rows.table(ROWS.iloc[:8].to_dict("records"))
    assert "predict" in service._alike(table)


def test_a_version_and_an_archive_are_opened_without_trust(project, monkeypatch):
    for text in ("churn.onnx", "bundle", "bundle.zip"):
        found = opening.opened(project, text, "serve")
        assert found.bundle.executes is False
        assert type(found.model(False)).__name__ == "Telling"
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(project.folder / "stranger"))
    found = opening.opened(project, "bundle.zip", "serve")
    assert not found.trusted
    assert type(found.model(False)).__name__ == "Telling"


def test_its_environment_has_the_engine_and_nothing_that_made_it(project):
    found = recipe.recipe(open_bundle(project.folder / "bundle"), recipe.SERVING)
    assert {"numpy", "onnxruntime", "uvicorn"} <= set(found.needed)
    made = {"pandas", "scikit-learn", "scipy", "joblib", "onnx", "skl2onnx"}
    assert not made & set(found.needed)


def test_a_check_from_outside_runs_the_self_test(project):
    done = run(project, "bundle", "check", "bundle", "--here")
    assert done.lines[-1] == "self-test: 20 rows are answered as at export"
    # And without what made it, as in its own environment.
    script = WITHOUT.replace("serve.start", "serve.trying").replace("main(sys", "main(*sys")
    rows, said = project.folder / "rows.json", project.folder / "said.json"
    rows.write_text(json.dumps(ROWS.iloc[:3].to_dict("records")))
    words = [sys.executable, "-c", script, project.folder / "bundle", rows, said]
    subprocess.run(words, check=True)
    told = json.loads(said.read_text())
    assert len(told["answers"]) == 3
    assert told["independent"]["answers"] is True


def test_files_of_rows_are_predicted(project, wanted):
    pytest.importorskip("pyarrow")
    ROWS.to_csv(project.folder / "in.csv", index=False)
    run(project, "predict", "churn.onnx", "in.csv", "-o", "out.csv", "--probabilities")
    found = pd.read_csv(project.folder / "out.csv")
    assert found["prediction"].tolist() == wanted[0]
    assert np.abs(found["probability_goes"] - wanted[1][:, 0]).max() < 1e-4


def test_a_graph_that_a_user_saved_is_served_like_one(project):
    import onnx

    (data,) = (project.folder / "bundle" / "model").glob("*.onnx")
    graph = onnx.load(data)
    frames = {"X_train": (ROWS, "train")}
    leaving.save(project.repository(), graph, frames, key=leaving.own_key(), name="graph")
    assert snapbook.load("graph") == graph
    done = run(project, "export", "graph", "--to", "bundle", "-o", "graph")
    assert done.lines[-1] == "self-test: 20 rows of X_train, independent of each other"
    bundle = open_bundle(project.folder / "graph")
    model = bundle.model()
    assert model.predict(ROWS).tolist() == leaving.forest(ROWS, LABELS).predict(ROWS).tolist()
    assert [one["name"] for one in bundle.signature["inputs"]] == list(ROWS)
    assert "onnxruntime" in recipe.recipe(bundle, recipe.SERVING).needed
