"""push --to mlflow+http://...: into a real MLflow server, and into what is none."""

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "registry"))
import mlflows

from snapbook import places, verbs
from snapbook.errors import BadOption, NotRestorable, Refused, Unreachable


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with churn, which the verbs are called in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    with places.make_repository(tmp_path) as here:
        tags = {"team": "crm"}
        mlflows.save(here, mlflows.fitted(), "churn", message="who leaves", tags=tags)
        yield here


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real MLflow server."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [mlflows.PYTHON, "-m", "mlflow", "server", "--port", str(port), "--workers", "1",
             "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
             "--artifacts-destination", str(folder / "artifacts")],
            stdout=log, stderr=log, env={**os.environ, **mlflows.QUIET}, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + 120
        url = f"http://127.0.0.1:{port}"
        while not answers(url):
            assert process.poll() is None, "the MLflow server ended"
            assert time.monotonic() < until, "the MLflow server did not start"
            time.sleep(0.2)
        yield url
        os.killpg(process.pid, 15)
        process.wait(30)


def answers(url):
    try:
        return httpx.get(f"{url}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@mlflows.needed
@pytest.mark.slow
def test_a_version_is_pushed_once_and_loads_there(project, server, tmp_path):
    to = f"mlflow+{server}"
    host = server.partition("://")[2]
    planned = verbs.push("churn:0.1.0", to=to, dry_run=True)
    assert planned.lines == (f"would push churn:0.1.0 to MLflow at {host}",)
    done = verbs.push("churn:0.1.0", to=to)
    assert done.data["there"] == "models:/churn/1"
    assert done.lines[0].startswith(f"pushed as models:/churn/1 at {host}, ")
    again = verbs.push("churn:0.1.0", to=to)
    assert again.lines == (f"churn:0.1.0 is models:/churn/1 at {host} already",)
    mlflows.save(project, mlflows.fitted(3), "churn")
    assert verbs.push("churn", to=to).data["there"] == "models:/churn/2"
    mlflow = mlflows.Mlflow(tmp_path)
    try:
        told = mlflow.run(server, """
one = client.get_model_version("churn", 1)
run = client.get_run(one.run_id)
result = {"loaded": mlflow.pyfunc.load_model("models:/churn/1").predict(TABLE).tolist(),
          "description": one.description, "tags": one.tags, "metrics": run.data.metrics,
          "depth": run.data.params["max_depth"], "status": run.info.status,
          "versions": [m.version for m in client.search_model_versions("name = 'churn'")],
          "runs": len(client.search_runs([run.info.experiment_id]))}
""")  # fmt: skip
    finally:
        mlflow.close()
    row = project.index.page("churn").rows[-1]
    assert told["loaded"] == mlflows.fitted().predict(mlflows.table()[0]).tolist()
    assert told["tags"] == {
        "team": "crm", "snapbook.ref": "churn:0.1.0", "snapbook.digest": row.manifest,
        "snapbook.author": "ada",
    }  # fmt: skip
    assert (told["description"], told["status"]) == ("who leaves", "FINISHED")
    assert told["metrics"] == {"auc": 0.9, "loss": 0.25}
    assert told["depth"] == "2"
    assert (sorted(told["versions"]), told["runs"]) == (["1", "2"], 2)


def test_what_is_no_mlflow_server_is_said(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "s3cret")
    with pytest.raises(BadOption, match="--to cannot be"):
        verbs.push("churn", to="http://127.0.0.1:1")
    with pytest.raises(BadOption, match="--strict has no meaning with --to"):
        verbs.push("churn", to="mlflow+http://127.0.0.1:1", strict=True)
    with pytest.raises(BadOption, match="password is not kept"):
        verbs.push("churn", to="mlflow+http://me:pw@127.0.0.1:1")
    with pytest.raises(Unreachable, match="cannot be reached") as error:
        verbs.push("churn", to="mlflow+http://127.0.0.1:1")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("status", "body", "wanted", "words"),
    [
        (401, b"{}", Refused, "does not let you"),
        (403, b'{"error_code": "PERMISSION_DENIED", "message": "no"}', Refused, "no"),
        (200, b"<html>", Unreachable, "not as MLflow does"),
        (500, b"{}", Unreachable, "not as MLflow does"),
        (200, b"[" * 100_000, Unreachable, "not as MLflow does"),
        (400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "a b"}', BadOption, "a b"),
    ],
)
def test_answers_of_any_kind_are_a_sentence(project, status, body, wanted, words):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as answering:
        thread = threading.Thread(target=answering.serve_forever)
        thread.start()
        try:
            with pytest.raises(wanted, match=words):
                verbs.push("churn", to=f"mlflow+http://127.0.0.1:{answering.server_port}")
        finally:
            answering.shutdown()
            thread.join()


def test_what_no_flavor_of_mlflow_reads_is_refused(project):
    torch = pytest.importorskip("torch")
    mlflows.save(project, torch.nn.Linear(2, 1), "net")
    with pytest.raises(NotRestorable, match="Linear cannot be handed to MLflow"):
        verbs.push("net", to="mlflow+http://127.0.0.1:1")
