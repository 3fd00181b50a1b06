"""A folder for BentoML: BentoML serves it, and answers what the model answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import httpx
import leaving
import pytest
import servers

from snapbook import verbs
from snapbook.errors import BadOption, NotRestorable

TOP = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("SNAPBOOK_TEST_PEERS") or TOP / ".venv/peers").absolute()


def test_it_holds_the_columns_and_what_is_needed(project, tmp_path):
    rows, target = leaving.people()
    frames = {"X": (rows, "train"), "y": (target, "train")}
    leaving.save(project, leaving.duck(), frames)
    verbs.export("churn", to="bentoml", output="out", no_sample=True)
    about = json.loads((tmp_path / "out/about.json").read_text())
    told = {one["name"]: (one["kind"], one["nullable"]) for one in about["columns"]}
    assert told["age"] == ("int", False)
    assert told["plan"][0] == "category"
    assert told["city"][1] is True
    assert about["together"] is False  # nothing was tried
    needed = (tmp_path / "out/requirements.txt").read_text().split()
    assert "joblib" in needed
    assert any(one.startswith("pandas==") for one in needed)
    compile((tmp_path / "out/service.py").read_text(), "service.py", "exec")
    with pytest.raises(BadOption):
        verbs.export("churn", to="bentoml", canary="100")


@pytest.mark.slow
def test_a_model_in_a_form_of_its_own_is_refused(project):
    xgboost = pytest.importorskip("xgboost")
    rows, target = leaving.numbers()
    booster = xgboost.train({"max_depth": 2}, xgboost.DMatrix(rows, target), 2)
    leaving.save(project, booster, {"X": (rows, "train")})
    with pytest.raises(NotRestorable, match="xgboost"):
        verbs.export("churn", to="bentoml")


@pytest.mark.slow
def test_bentoml_answers_as_the_model_does(project, tmp_path):
    program = PEERS / "bentoml/bin/bentoml"
    if not program.exists():
        pytest.skip("BentoML is not installed: scripts/test does")
    rows, target = leaving.numbers()
    frames = {"X": (rows, "train"), "y": (target, "train")}
    fitted = leaving.forest(rows, target)
    leaving.save(project, fitted, frames, key=leaving.own_key())
    verbs.export("churn", to="bentoml", output="out")
    assert json.loads((tmp_path / "out/about.json").read_text())["together"] is True
    (port,) = servers.free_ports(1)
    environment = {
        **os.environ, "BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(tmp_path / "home")
    }  # fmt: skip
    words = ["serve", "service:Model", "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, *words], cwd=tmp_path / "out", env=environment, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def ready():
        try:
            return httpx.get(f"{url}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    try:
        servers.until(ready, "BentoML", process)
        told = json.loads(rows.to_json(orient="records"))
        reply = httpx.post(f"{url}/predict", json={"rows": told}, timeout=20)
        assert reply.json() == fitted.predict(rows).tolist()
        reply = httpx.post(f"{url}/predict_proba", json={"rows": told[:3]}, timeout=20)
        assert reply.json() == fitted.predict_proba(rows[:3]).tolist()
        for wrong in ({"age": 41}, {"age": "41", "income": 1.0}, {**told[0], "more": 1}):
            assert httpx.post(f"{url}/predict", json={"rows": [wrong]}).status_code == 400
        schema = httpx.get(f"{url}/docs.json").text
        assert '"income"' in schema
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
