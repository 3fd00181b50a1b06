"""push --to mlflow+http://...: into a real MLflow server, and into what is none."""

import http.server
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest
from servers import free_ports

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "registry"))
import mlflows

from snapbook import places, settings, verbs
from snapbook.errors import BadOption, Conflict, NotRestorable, Refused, Unreachable
from snapbook.export.mlflow import folder
from snapbook.parts import frame as frames
from snapbook.parts.base import Part
from snapbook.refs import parse
from snapbook.trust import Trust


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
    (port,) = free_ports(1)
    words = ["server", "--port", str(port), "--workers", "1",
             "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
             "--artifacts-destination", str(folder / "artifacts")]  # fmt: skip
    with running(words, f"http://127.0.0.1:{port}", folder) as url:
        yield url


@contextmanager
def running(words, url, folder):
    """MLflow's program with these words, once it answers at ``url``."""
    # It starts programs by their names.
    path = f"{mlflows.PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    with (folder / "mlflow.log").open("wb") as log:
        process = subprocess.Popen(
            [mlflows.PYTHON, "-m", "mlflow", *words],
            stdout=log, stderr=log, env={**os.environ, **mlflows.QUIET, "PATH": path}, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
        try:
            until = time.monotonic() + 120
            while not answers(url):
                assert process.poll() is None, "MLflow ended"
                assert time.monotonic() < until, "MLflow did not start"
                time.sleep(0.2)
            yield url
        finally:
            with suppress(ProcessLookupError):
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
OURS = "tags.`snapbook.ref` LIKE 'churn:%'"
one = client.get_model_version("churn", 1)
run = client.get_run(one.run_id)
result = {"loaded": mlflow.pyfunc.load_model("models:/churn/1").predict(TABLE).tolist(),
          "description": one.description, "tags": one.tags, "metrics": run.data.metrics,
          "depth": run.data.params["max_depth"], "status": run.info.status,
          "versions": [m.version for m in client.search_model_versions("name = 'churn'")],
          "runs": len(client.search_runs([run.info.experiment_id], OURS))}
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


# --- networks -------------------------------------------------------------------------------------

PREDICT = """
import sys, warnings
sys.path += [path for path in sites if path not in sys.path]
warnings.simplefilter("ignore")
result = {}
for name in names:
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
    result[name] = [round(float(row), 5) for row in loaded.predict(TABLE).to_numpy().ravel()]
assert "snapbook" not in sys.modules
"""


def sites(*modules):
    """Where the tests' own frameworks are: behind those of MLflow's environment, which has none."""
    return [str(Path(module.__file__).parent.parent) for module in modules]


def answered(model):
    """What a module of torch says to the table."""
    import torch

    table = torch.tensor(mlflows.table()[0].to_numpy("float32"))
    with torch.no_grad():
        return [round(float(row), 5) for row in model.eval()(table).ravel()]


def local_module(folder, writer):
    """The part that tells of nets.py in ``folder``, as a session would have seen it."""
    data = (folder / "nets.py").read_bytes()
    digest = writer.add(data)
    entry = {"path": "nets.py", "module": "nets", "digest": digest, "size": len(data),
             "blobs": [digest], "source": "imported"}  # fmt: skip
    return (Part("files", "modules", {"files": [entry]}, (digest,)),)


@mlflows.needed
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_modules_of_torch_load_there(project, server, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)

    class Scaled(torch.nn.Module):  # of the notebook: goes by value
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Linear(2, 600)
            self.outer = torch.nn.Linear(600, 1)
            self.norm = torch.nn.BatchNorm1d(600)
            self.tied = self.outer.weight

        def forward(self, rows):
            return self.outer(self.norm(self.inner(rows)).relu()) / 100

    source = "import torch\n\nclass Own(torch.nn.Linear):\n    pass\n"
    (tmp_path / "nets.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    nets = __import__("nets")
    models = {
        "plain": torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Dropout()),
        "notebook": Scaled(),
        "local": nets.Own(2, 1),
        "scripted": torch.jit.script(torch.nn.Sequential(torch.nn.Linear(2, 1))),
    }
    for name, model in models.items():
        more = partial(local_module, tmp_path) if name == "local" else lambda _: ()
        mlflows.save(project, model, name, more)
        assert verbs.push(name, to=f"mlflow+{server}").data["new"]
    monkeypatch.delitem(sys.modules, "nets")
    # Elsewhere: what lies beside the notebook is not there.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    mlflow = mlflows.Mlflow(elsewhere)
    try:
        told = mlflow.run(server, PREDICT, names=list(models), sites=sites(torch))
    finally:
        mlflow.close()
    assert told == {name: answered(model) for name, model in models.items()}


@mlflows.needed
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_network_of_keras_loads_there(project, server, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([keras.Input((2,)), layers.Dense(40, activation="relu"),
                              layers.BatchNormalization(), layers.Dense(1)])  # fmt: skip
    model.compile("adam", "mse")
    mlflows.save(project, model, "net")
    assert verbs.push("net", to=f"mlflow+{server}").data["new"]
    mlflow = mlflows.Mlflow(tmp_path)
    try:
        told = mlflow.run(server, PREDICT, names=["net"], sites=sites(keras, torch))
    finally:
        mlflow.close()
    wanted = model.predict(mlflows.table()[0].to_numpy("float32"), verbose=0).ravel()
    assert told["net"] == pytest.approx(wanted.tolist(), abs=1e-4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_layers_of_ones_own_are_refused(project, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")

    class Half(keras.layers.Layer):
        def call(self, rows):
            return rows / 2

    for layer, named in ((Half(), "Half"), (keras.layers.Lambda(lambda rows: rows), "a lambda")):
        mlflows.save(project, keras.Sequential([keras.Input((2,)), layer]), "net")
        with pytest.raises(NotRestorable, match=f"has {named} in it, which Keras alone does not"):
            verbs.push("net", to="mlflow+http://127.0.0.1:1")


def test_tensors_without_their_module_are_refused(project):
    torch = pytest.importorskip("torch")
    mlflows.save(project, torch.nn.Linear(2, 1).state_dict(), "net")
    with pytest.raises(NotRestorable, match="it is a state_dict") as error:
        verbs.push("net", to="mlflow+http://127.0.0.1:1")
    assert error.value.act == "Version the module itself: MLflow loads nothing less"


@pytest.mark.slow
def test_what_no_flavor_of_mlflow_reads_is_refused(project, monkeypatch):
    mlflows.save(project, mlflows.fitted(), "net")
    row = project.resolve(parse("net"))
    manifest = project.manifest(row.manifest)
    parts = [part for part in manifest.load(project.store.get) if part.kind == "model"]
    strange = replace(parts[0], facts={**parts[0].facts, "layout": {"format": "strange"}})
    with pytest.raises(NotRestorable, match="no flavor of MLflow reads"):
        folder(row.manifest, manifest.time, [strange], project.store.get)


@mlflows.needed
@pytest.mark.slow
def test_a_version_is_exported_as_a_folder_that_mlflow_loads_and_serves(project, tmp_path):
    done = verbs.export("churn", to="mlflow")
    place = tmp_path / "churn-0.1.0-mlflow"
    assert done.data["files"] == [str(place)]
    assert done.lines[-2].startswith("wrote churn-0.1.0-mlflow: 5 files, ")
    rows, _ = mlflows.table()
    told = mlflows.fitted().predict(rows).tolist()
    client = mlflows.Mlflow(tmp_path)
    try:
        code = "result = mlflow.pyfunc.load_model(folder).predict(TABLE).tolist()"
        assert client.run("http://127.0.0.1:9", code, folder=str(place)) == told
    finally:
        client.close()
    port = free_ports(1)[0]
    words = ["models", "serve", "--env-manager", "local", "--model-uri", str(place), "--port"]
    with running([*words, str(port)], f"http://127.0.0.1:{port}", tmp_path) as url:
        body = {"dataframe_split": rows.to_dict("split")}
        answer = httpx.post(f"{url}/invocations", json=body, timeout=60)
    assert answer.json() == {"predictions": told}


@mlflows.needed
@pytest.mark.slow
def test_a_version_of_skops_is_loaded_by_mlflow_without_a_pickle(project, tmp_path):
    pytest.importorskip("skops")
    rows, _ = mlflows.table()

    def frame(writer):
        return (frames.capture(rows, "rows", writer, role="test").part,)

    mlflows.save(project, mlflows.fitted(), "kept", more=frame)
    Trust(settings.folder()).trust_version("kept", project.resolve(parse("kept")).manifest)
    verbs.export("kept", to="skops")
    done = verbs.export("kept.skops", to="mlflow", output="folder")
    assert done.lines[-1] == 'mlflow.pyfunc.load_model("folder") loads it'
    needed = (tmp_path / "folder" / "requirements.txt").read_text()
    assert "\nskops==" in needed
    client = mlflows.Mlflow(tmp_path)
    code = """
import pickle
read, pickle.load, pickle.loads = (pickle.load, pickle.loads), None, None
try:
    result = mlflow.pyfunc.load_model(folder).predict(TABLE).tolist()
finally:
    pickle.load, pickle.loads = read
"""
    try:
        found = client.run("http://127.0.0.1:9", code, folder=str(tmp_path / "folder"))
    finally:
        client.close()
    assert found == mlflows.fitted().predict(rows).tolist()


def test_onnx_is_refused_with_what_to_export_instead(project):
    onnx = pytest.importorskip("onnx")
    out = onnx.helper.make_empty_tensor_value_info("y")
    graph = onnx.helper.make_graph([], "empty", [], [out])
    mlflows.save(project, onnx.helper.make_model(graph), "graph")
    with pytest.raises(NotRestorable, match="in another shape"):
        verbs.export("graph", to="mlflow")


def test_the_same_version_is_the_same_folder_and_nothing_is_written_over(project, tmp_path):
    done = verbs.export("churn", to="mlflow", output="in/one")
    # What is told to be typed names the folder as it was named.
    assert done.lines[-1].startswith('mlflow.pyfunc.load_model("in/one") loads it')
    (tmp_path / "in" / "one").rename(tmp_path / "one")
    verbs.export("churn", to="mlflow", output="two")
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert set(one) == {
        "MLmodel", "conda.yaml", "model.pkl", "python_env.yaml", "requirements.txt",
    }  # fmt: skip
    with pytest.raises(Conflict, match="one is there already"):
        verbs.export("churn", to="mlflow", output="one")


def test_what_mlflow_does_not_load_leaves_no_folder(project, tmp_path):
    mlflows.save(project, {"w": pytest.importorskip("torch").zeros(2)}, "weights")
    with pytest.raises(NotRestorable, match="tensors"):
        verbs.export("weights", to="mlflow")
    assert not list(tmp_path.glob("*weights*"))
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_bundle_goes_to_an_archive_that_is_named_as_what_it_goes_to(project, tmp_path):
    verbs.export("churn", to="churn.zip", no_sample=True)
    verbs.export("churn", to="bundle", output="again.zip", no_sample=True)
    assert (tmp_path / "churn.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
    with pytest.raises(BadOption, match="Name the archive once"):
        verbs.export("churn", to="churn.zip", output="other.zip")
    with pytest.raises(BadOption, match=r"cannot be churn\.rar"):
        verbs.export("churn", to="churn.rar")
