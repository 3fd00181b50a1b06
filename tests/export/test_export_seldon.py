"""The folders that MLServer loads: it loads them, and answers what the models answer."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import leaving
import numpy as np
import pandas as pd
import pytest
import servers

from snapbook import verbs
from snapbook.errors import BadOption, NotRestorable

TOP = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("SNAPBOOK_TEST_PEERS") or TOP / ".venv/peers").absolute()
SOURCE = """
import numpy as np

class Rates:
    def predict(self, rows):
        return rows["age"].to_numpy() * 2
"""


@pytest.fixture
def three(project, tmp_path, monkeypatch):
    """A forest, and two versions of a model with a module of its own that changed in between."""
    monkeypatch.syspath_prepend(tmp_path)
    rows, target = leaving.numbers()
    frames = {"X": (rows, "train"), "y": (target, "train")}
    fitted = leaving.forest(rows, target)
    leaving.save(project, fitted, frames)
    for times in (2, 3):
        source = SOURCE.replace("2", str(times))
        sys.modules.pop("ratesofanother", None)
        (tmp_path / "ratesofanother.py").write_text(source)
        importlib.invalidate_caches()
        made = importlib.import_module("ratesofanother").Rates()
        leaving.save(project, made, frames, local={"ratesofanother": source})
    words = {"to": "seldon", "storage": "s3://models"}
    verbs.export("churn:0.3.0", ab="50", stable="churn:0.2.0", output="out", **words)
    verbs.export("churn:0.1.0", output="more", **words)
    (tmp_path / "more/churn-0-1-0").rename(tmp_path / "out/churn-0-1-0")
    (tmp_path / "ratesofanother.py").unlink()
    yield rows, fitted
    sys.modules.pop("ratesofanother", None)


def test_each_version_is_a_folder_with_its_settings(three, tmp_path):
    settings = json.loads((tmp_path / "out/churn-0-1-0/model-settings.json").read_text())
    assert [one["name"] for one in settings["inputs"]] == ["age", "income"]
    assert settings["implementation"] == "mlserver_sklearn.SKLearnModel"
    own = json.loads((tmp_path / "out/churn-0-2-0/model-settings.json").read_text())
    assert own["implementation"] == "runtime.Model"
    assert (tmp_path / "out/churn-0-2-0/code/ratesofanother.py").read_text() == SOURCE
    assert "scikit-learn==" in (tmp_path / "out/churn-0-1-0/requirements.txt").read_text()


def test_times_come_to_the_model_as_times(project, tmp_path):
    rows, target = leaving.numbers()
    rows = rows.assign(joined=pd.Timestamp("2022-01-01"))
    fit = leaving.forest(rows.drop(columns="joined"), target)
    fit.feature_names_in_ = np.array(["age", "income", "joined"], dtype=object)
    leaving.save(project, fit, {"X": (rows, "train")})
    verbs.export("churn", to="seldon", storage="s3://models", output="timed", no_sample=True)
    (path,) = (tmp_path / "timed").rglob("model-settings.json")
    told = json.loads(path.read_text())["inputs"]
    assert [one["parameters"]["content_type"] for one in told] == ["np", "np", "datetime"]


def test_what_mlserver_does_not_load_is_refused(project):
    xgboost = pytest.importorskip("xgboost")
    rows, target = leaving.numbers()
    booster = xgboost.train({"max_depth": 2}, xgboost.DMatrix(rows, target), 2)
    leaving.save(project, booster, {"X": (rows, "train")})
    with pytest.raises(NotRestorable, match="xgboost"):
        verbs.export("churn", to="seldon", storage="s3://models")
    for words in ({}, {"storage": "models"}):
        with pytest.raises(BadOption, match=r"storage|Seldon"):
            verbs.export("churn", to="seldon", **words)


@pytest.mark.slow
def test_mlserver_answers_as_the_models_do(three, tmp_path):
    program = PEERS / "mlserver/bin/mlserver"
    if not program.exists():
        pytest.skip("MLServer is not installed: scripts/test does")
    rows, fitted = three
    http, grpc, metrics = servers.free_ports(3)
    ports = {"http_port": http, "grpc_port": grpc, "metrics_port": metrics}
    told = {"host": "127.0.0.1", "parallel_workers": 0, **ports}
    (tmp_path / "out/settings.json").write_text(json.dumps(told))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "start", "out"], stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{http}/v2/models"

    def ready():
        try:
            return all(
                httpx.get(f"{url}/churn-0-{n}-0/ready", timeout=5).is_success for n in (1, 2, 3)
            )
        except httpx.TransportError:
            return False

    try:
        servers.until(ready, "MLServer", process)
        inputs = [
            {"name": name, "shape": [len(rows), 1], "datatype": kind,
             "data": rows[name].tolist()}
            for name, kind in (("age", "INT64"), ("income", "FP64"))
        ]  # fmt: skip
        answers = []
        for number in (1, 2, 3):
            reply = httpx.post(f"{url}/churn-0-{number}-0/infer", json={"inputs": inputs})
            assert reply.is_success, reply.text
            answers.append(np.array(reply.json()["outputs"][0]["data"]))
        assert (answers[0] == fitted.predict(rows)).all()
        assert (answers[1] == rows.age * 2).all()
        assert (answers[2] == rows.age * 3).all()
        about = httpx.get(f"{url}/churn-0-1-0").json()
        assert about["versions"] == [] or about["versions"] == ["0.1.0"]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
