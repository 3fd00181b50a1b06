"""Predictions over HTTP: bare ASGI, and the servers that people use, on the same model and rows.

One row a request. One connection tells the median time of an answer, sixteen tell how many answers
there are; servers and client are processes of their own on the same two cores, and take turns. Ours
serves an exported bundle; the peers load the same model with joblib, as their documentation shows.
Peers have environments of their own, beside the one of this script: see scripts/bench.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from load import asked, request
from rows import row
from served import begun

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

import servers

PEERS = Path(__file__).parent / "peers"
TURNS, SECONDS = 3, 4.0
MANY = 16
TREES, ROWS, COLUMNS = 100, 5_000, 20
BATCH = 16


@dataclass(frozen=True, slots=True)
class Peer:
    """A server: how it is called, with its version and in rows; its start; what asks for a row."""

    name: str
    label: str
    start: Callable[[Path, int], AbstractContextManager[Any]]
    path: str
    body: bytes


def main() -> None:
    """Measure all that is installed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SNAPBOOK_CONFIG"] = str(folder / "config")
        for kind in ("forest", "linear"):
            place = folder / kind
            place.mkdir()
            model, columns = made(kind, place)
            measure(kind, place, model, columns)


def measure(kind: str, folder: Path, model: Path, columns: Mapping[str, float]) -> None:
    """The rows of one model."""
    mine, bare, *others = peers(folder, model, columns)
    if kind == "forest":
        one, two = latencies(folder, mine, bare)
        row("one connection, forest of 100 trees, p50", one, two, bare.name)
        each = throughput(folder, mine)
        for other in others:
            name = f"16 connections, forest of 100 trees, {other.label}"
            row(name, each, throughput(folder, other), other.name)
        return
    one, two = latencies(folder, mine, bare)
    row("one connection, logistic regression, p50", one, two, bare.name)


def latencies(folder: Path, *peers: Peer) -> list[float]:
    """The median seconds of an answer on one connection; the servers run beside each other."""
    found: list[list[float]] = [[] for _ in peers]
    ports = servers.free_ports(len(peers))
    with _all(folder, peers, ports):
        for _ in range(TURNS):
            for place, (peer, port) in enumerate(zip(peers, ports, strict=True)):
                sent = request(peer.path, peer.body, port)
                found[place].append(asked(port, sent, 1, SECONDS)[0])
    return [median(taken) for taken in found]


def throughput(folder: Path, peer: Peer) -> float:
    """The seconds from one answer to the next with many connections."""
    (port,) = servers.free_ports(1)
    with _all(folder, [peer], [port]):
        sent = request(peer.path, peer.body, port)
        return median(asked(port, sent, MANY, SECONDS)[1] for _ in range(TURNS))


@contextmanager
def _all(folder: Path, peers: Any, ports: list[int]) -> Iterator[None]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        for peer, port in zip(peers, ports, strict=True):
            stack.enter_context(peer.start(folder, port))
        yield


TRAINED = """
import joblib
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import snapbook

x, y_train = make_classification({rows}, {columns}, random_state=0)
X_train = pd.DataFrame(x, columns=[f"c{{n}}" for n in range({columns})])
churn = {model}
churn.fit(X_train, y_train)
snapbook.save(churn, "churn", data={{"X_train": X_train}}, store=True)
snapbook.verbs.export("churn", to="bundle", output="bundle")
joblib.dump(churn, "model.joblib")
X_train.head(1).to_json("row.json", orient="records", double_precision=15)
"""
KEPT = """
import sys

import joblib
import mlflow.sklearn

model = joblib.load(sys.argv[1])
mlflow.sklearn.save_model(model, sys.argv[2], skops_trusted_types=["sklearn.tree._tree.Tree"])
"""
MODELS = {
    "forest": f"RandomForestClassifier({TREES}, random_state=0)",
    "linear": "LogisticRegression()",
}


def made(kind: str, folder: Path) -> tuple[Path, Mapping[str, float]]:
    """A model with joblib, its bundle beside it, and one row; by a script, as people have them."""
    text = TRAINED.format(rows=ROWS, columns=COLUMNS, model=MODELS[kind])
    (folder / "train.py").write_text(text)
    subprocess.run([sys.executable, "train.py"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (columns,) = json.loads((folder / "row.json").read_text())
    return folder / "model.joblib", columns


def peers(folder: Path, model: Path, columns: Mapping[str, float]) -> list[Peer]:
    """Ours, bare ASGI, and those that are installed."""
    rows = json.dumps({"rows": [columns]}).encode()
    tensor = {"name": "x", "shape": [1, len(columns)], "datatype": "FP64"}
    v2 = json.dumps({"inputs": [tensor | {"data": list(columns.values())}]}).encode()
    ours = [sys.executable, "-m", "snapbook.serve.start", str(folder / "bundle"), "--trust"]
    bare = [sys.executable, "-m", "uvicorn", "bare:app", "--app-dir", str(PEERS),
            "--no-access-log", "--log-level", "warning"]  # fmt: skip
    found = [
        Peer("snapbook", "", _starter([*ours], "/v2/health/ready"), "/predict", rows),
        Peer(f"bare ASGI, uvicorn {version('uvicorn')}", "bare ASGI",
             _starter(bare, "/", MODEL=str(model)), "/predict", rows),
    ]  # fmt: skip
    if python := _python("mlserver"):
        mlserver_folder(folder, model)
        start = [str(python.parent / "mlserver"), "start", str(folder / "mlserver")]
        found.append(
            Peer(f"MLServer {_version(python, 'mlserver')}, adaptive batching", "MLServer",
                 _mlserver(folder, start), "/v2/models/churn/infer", v2)
        )  # fmt: skip
    if python := _python("kserve"):
        words = [str(python), str(PEERS / "ks.py"), "--http_port"]
        start = _starter(words, "/v1/models/churn", last=True, MODEL=str(model))
        instances = json.dumps({"instances": [list(columns.values())]}).encode()
        named = f"KServe SDK {_version(python, 'kserve')}"
        found.append(Peer(named, "KServe SDK", start, "/v1/models/churn:predict", instances))
    if python := _python("litserve"):
        words = [str(python), str(PEERS / "lit.py")]
        named = f"LitServe {_version(python, 'litserve')}"
        for batch, more in ((1, ""), (BATCH, " with its batching")):
            start = _starter(words, "/health", last=True, MODEL=str(model), BATCH=str(batch))
            found.append(Peer(named + more, f"LitServe{more}", start, "/predict", rows))
    if python := _python("bentoml"):
        words = [str(python.parent / "bentoml"), "serve", "bento:Served",
                 "--working-dir", str(PEERS)]  # fmt: skip
        named = f"BentoML {_version(python, 'bentoml')}"
        for batch, more in ((1, ""), (BATCH, " with its batching")):
            start = _starter(words, "/readyz", MODEL=str(model), BATCH=str(batch))
            found.append(Peer(named + more, f"BentoML{more}", start, "/predict", rows))
    if find_spec("mlflow"):
        words = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local",
                 "--workers", "1", "--model-uri", str(mlflow_folder(folder, model))]  # fmt: skip
        named = f"mlflow models serve {version('mlflow')}"
        records = json.dumps({"dataframe_records": [columns]}).encode()
        beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        start = _starter(words, "/ping", PATH=beside)  # it calls uvicorn by its name
        found.append(Peer(named, "mlflow models serve", start, "/invocations", records))
    return found


def mlflow_folder(folder: Path, model: Path) -> Path:
    """The model as MLflow keeps it; by a process of its own, since MLflow brings a lot."""
    place = folder / "mlflow"
    words = [sys.executable, "-W", "ignore", "-c", KEPT, str(model), str(place)]
    subprocess.run(words, check=True, capture_output=True)
    return place


def mlserver_folder(folder: Path, model: Path) -> None:
    """The settings of MLServer, with its adaptive batching, one worker."""
    place = folder / "mlserver"
    place.mkdir()
    told = {
        "name": "churn",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "max_batch_size": BATCH,
        "max_batch_time": 0.02,
        "parameters": {"uri": str(model)},
    }
    (place / "model-settings.json").write_text(json.dumps(told))


def _mlserver(folder: Path, words: list[str]) -> Callable[[Path, int], Any]:
    def start(place: Path, port: int) -> Any:
        more = servers.free_ports(2)
        ports = {"http_port": port, "grpc_port": more[0], "metrics_port": more[1]}
        told = {"host": "127.0.0.1", **ports}
        (folder / "mlserver" / "settings.json").write_text(json.dumps(told))
        return begun(words, port, "/v2/models/churn/ready", place / "mlserver.log")

    return start


def _starter(
    words: list[str], ready: str, *, last: bool = False, **environment: str
) -> Callable[[Path, int], Any]:
    """What starts a server on a port; ``last`` if the port is its last word, without an option."""

    @contextmanager
    def start(folder: Path, port: int) -> Iterator[None]:
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            named = [str(port)] if last else ["--port", str(port)]
            running = begun([*words, *named], port, ready, folder / f"{port}.log")
            with running:
                yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    return start


def _python(peer: str) -> Path | None:
    """The interpreter of a peer's environment; None where it is not there."""
    base = os.environ.get("SNAPBOOK_BENCH_PEERS")
    found = Path(base) / peer / "bin" / "python" if base else None
    return found if found is not None and found.exists() else None


def _version(python: Path, name: str) -> str:
    ask = f"from importlib.metadata import version; print(version('{name}'))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
