"""A PyTorch network that became ONNX: served, predicted and checked where there is no PyTorch."""

import json
import os
import subprocess
import sys

import httpx
import numpy as np
import pandas as pd
import pytest
from export import leaving
from test_serve_start import Process, ready

from snapbook.serve import recipe
from snapbook.serve.load import open_bundle
from snapbook.verbs import VERBS, Here, opening

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
COLUMNS = ["x", "age", "y", "debt"]  # two are called as the input and the output would be
ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 4)), columns=COLUMNS)
# What serving it has to do without, wherever it is served.
WITHOUT = """
import sys

for name in ("torch", "sklearn", "scipy", "joblib", "pandas", "onnx", "skl2onnx", "pyarrow"):
    sys.modules[name] = None
from snapbook.serve.start import main

sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def net():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    layers = torch.nn
    return layers.Sequential(
        layers.Linear(4, 8), layers.BatchNorm1d(8), layers.ReLU(), layers.Dropout(0.5),
        layers.Linear(8, 3), layers.Softmax(dim=1),
    ).eval()  # fmt: skip


@pytest.fixture(scope="module")
def wanted(net):
    import torch

    with torch.no_grad():
        return net(torch.from_numpy(ROWS.to_numpy("float32"))).numpy()


@pytest.fixture(scope="module")
def project(tmp_path_factory, net):
    """The network kept as ONNX, of a version that knows what it takes and of one that does not."""
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("network")
    target = pd.Series(np.zeros(len(ROWS)), name="target")
    with pytest.MonkeyPatch.context() as patch, Here(folder, face="cli") as here:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        with leaving.project(folder, patch) as repository:
            key, told = leaving.own_key(), {"X": (ROWS, "train"), "y": (target, "train")}
            leaving.save(repository, net, told, key=key, name="net")
            # What its first layer is says nothing of what it takes.
            first = type(net[1])(len(COLUMNS), eps=0.0)
            bare = type(net)(first, *net).eval()
            leaving.save(repository, bare, {"X": (ROWS, "train")}, key=key, name="bare")
        for name in ("net", "bare"):
            run(here, "export", name, "--to", "onnx")
            run(here, "export", f"{name}.onnx", "--to", "bundle", "-o", f"{name}-bundle")
        (folder / "start.py").write_text(WITHOUT)
        yield here


def run(here, verb, *words):
    return VERBS[verb].run(here, VERBS[verb].parse([*words]))


@pytest.mark.parametrize("name", ["net", "bare"])
def test_it_answers_where_there_is_no_pytorch(project, wanted, name):
    bundle = open_bundle(project.folder / f"{name}-bundle")
    names = [field["name"] for field in bundle.signature["inputs"]]
    assert names == (COLUMNS if name == "net" else ["x0", "x1", "x2", "x3"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project.folder), prepend=os.pathsep)
        one = Process("start", str(project.folder / f"{name}-bundle"), "--port", "0")
    ready(one.url)
    for count in (1, 2, len(ROWS)):
        rows = ROWS[:count].set_axis(names, axis=1).to_dict("records")
        told = httpx.post(f"{one.url}/predict", json={"rows": rows}, timeout=30).json()
        assert told["model"] == f"{name}.onnx"
        assert np.allclose(told["predictions"], wanted[:count], atol=1e-6)
    one.end()


def test_it_needs_no_trust_and_the_engine_alone(project, wanted, monkeypatch, tmp_path):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "stranger"))
    found = opening.opened(project, "net-bundle", "serve")
    assert not found.trusted
    assert not found.bundle.executes
    assert np.allclose(found.model(False).predict(ROWS), wanted, atol=1e-6)
    needed = recipe.recipe(found.bundle, recipe.SERVING).needed
    assert {"numpy", "onnxruntime"} <= set(needed)
    assert not {"torch", "pandas", "onnx"} & set(needed)


def test_a_check_asks_it_what_it_was_asked_at_export(project, tmp_path):
    done = run(project, "bundle", "check", "net-bundle", "--here")
    assert done.lines[-1] == "self-test: 20 rows are answered as at export"
    script = WITHOUT.replace("serve.start", "serve.trying").replace("main(sys", "main(*sys")
    rows, said = tmp_path / "rows.json", tmp_path / "said.json"
    rows.write_text(json.dumps(ROWS.iloc[:3].to_dict("records")))
    words = [sys.executable, "-c", script, project.folder / "net-bundle", rows, said]
    subprocess.run(words, check=True)
    assert np.shape(json.loads(said.read_text())["answers"]) == (3, 3)


def test_files_of_rows_are_predicted(project, wanted, tmp_path):
    pytest.importorskip("pyarrow")
    ROWS.to_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    run(project, "predict", "net.onnx", str(tmp_path / "in.parquet"), "-o", str(out))
    found = pd.read_parquet(out)[["prediction_0", "prediction_1", "prediction_2"]]
    assert np.allclose(found.to_numpy(), wanted, atol=1e-6)
