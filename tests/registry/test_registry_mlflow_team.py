"""MLflow's client and two servers over one database and one bucket; each call goes to the next."""

import itertools
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import httpx
import pytest
from mlflows import Mlflow, needed, table
from wires import Served

from snapbook.catalog.database import Database
from snapbook.registry.shared import SharedTokens

pytestmark = pytest.mark.slow
API = "/api/2.0/mlflow"
_OF_THE_LINE = ("content-length", "content-encoding", "transfer-encoding", "connection")


class Balanced:
    """A load balancer that sends each request to the next server; ``taken`` counts them."""

    def __init__(self, servers):
        import uvicorn
        from starlette.requests import Request
        from starlette.responses import Response

        self.taken = dict.fromkeys(servers, 0)
        turns = itertools.cycle(servers)

        async def forward(scope, receive, send):
            if scope["type"] == "lifespan":
                async with httpx.AsyncClient(timeout=60) as self._client:
                    await receive()
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
                await send({"type": "lifespan.shutdown.complete"})
                return
            request = Request(scope, receive)
            server = next(turns)
            self.taken[server] += 1
            url = f"{server}{request.url.path}?{request.url.query}"
            headers = [pair for pair in request.headers.raw if pair[0] != b"transfer-encoding"]
            answer = await self._client.request(
                request.method, url, headers=headers, content=await request.body()
            )
            kept = {k: v for k, v in answer.headers.items() if k not in _OF_THE_LINE}
            await Response(answer.content, answer.status_code, kept)(scope, receive, send)

        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(forward, loop="asyncio", lifespan="on", log_config=None)
        )
        self._thread = threading.Thread(
            target=lambda: self._server.run(sockets=[self._listening]), daemon=True
        )
        self._thread.start()
        until = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < until, "the balancer did not start"
            time.sleep(0.01)

    def close(self):
        self._server.should_exit = True
        self._thread.join(30)
        self._listening.close()


@pytest.fixture(scope="module")
def team(tmp_path_factory, postgres, s3_server):
    """A balancer before two servers; ``token`` is its administrator's."""
    folder = tmp_path_factory.mktemp("team")
    where = ["--database", postgres.url, "--store", s3_server.url]
    with ExitStack() as begun:
        patch = begun.enter_context(pytest.MonkeyPatch.context())
        for name, value in s3_server.environment.items():
            patch.setenv(name, value)
        served = []
        for name in ("one", "two"):
            served.append(Served(folder / name, 0, *where))
            begun.callback(served[-1].stop)
        database = begun.enter_context(closing(Database(where[1])))
        balanced = begun.enter_context(closing(Balanced([each.url for each in served])))
        balanced.token = SharedTokens(database).make("ada", ("admin",))
        time.sleep(0.6)  # servers know new tokens within half a second
        yield balanced


@needed
def test_its_whole_way_with_two_servers(team, tmp_path):
    code = """
from sklearn.linear_model import LogisticRegression
def log(c):
    fit = LogisticRegression(C=c).fit(TABLE, LABELS)
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_params({"C": c})
        for step in range(3):
            mlflow.log_metric("auc", step / 2, step=step)
        info = mlflow.sklearn.log_model(fit, name="model", registered_model_name="tree",
                                        pip_requirements=["scikit-learn"])
        mlflow.log_metric("latency", 12.5)
    return run, info
def predicted(uri):
    return mlflow.pyfunc.load_model(uri).predict(TABLE).tolist()
run, info = log(2.0)
log(0.5)
client.set_registered_model_alias("tree", "champion", "1")
result = {"loaded": [predicted(uri) for uri in
          ("models:/tree/1", "models:/tree/2", "models:/tree@champion", info.model_uri)]}
result["history"] = [m.value for m in client.get_metric_history(run.info.run_id, "auc")]
mlflow.sklearn.save_model(LogisticRegression(C=9.0).fit(TABLE, LABELS), "saved",
                          pip_requirements=["scikit-learn"])
with mlflow.start_run() as plain:
    mlflow.log_artifacts("saved", "deep/model")
    mlflow.log_text("", "nothing.txt")
    mlflow.log_text("x" * 9_000_000, "large.txt")
result["files"] = [sorted(f.path for f in client.list_artifacts(plain.info.run_id)),
    *(len(mlflow.artifacts.load_text(f"runs:/{plain.info.run_id}/{name}.txt"))
      for name in ("nothing", "large"))]
mlflow.register_model(f"runs:/{plain.info.run_id}/deep/model", "plain")
result["of a run"] = predicted("models:/plain/1")
client.copy_model_version("models:/tree/1", "copied")
for n in range(4):
    client.create_registered_model(f"empty{n}")
client.rename_registered_model("empty0", "renamed")
client.update_registered_model("renamed", "nothing yet")
client.set_registered_model_tag("renamed", "team", "crm")
client.set_model_version_tag("tree", 2, "seen by", "ada")
pages, token = [], None
while token != "":
    page = client.search_registered_models(max_results=3, page_token=token)
    pages.append([m.name for m in page]); token = page.token or ""
result["pages"] = pages
found = client.search_model_versions("name = 'tree'", 1)
rest = client.search_model_versions("name = 'tree'", 1, page_token=found.token)
result["versions"] = [found[0].version, rest[0].version, rest[0].tags.get("seen by")]
client.delete_registered_model_alias("tree", "champion")
client.delete_model_version("tree", 1)
client.delete_registered_model("empty3")
result["left"] = [[m.version for m in client.search_model_versions("name = 'tree'")],
                  client.get_registered_model("renamed").description,
                  predicted("models:/copied/1"), len(client.search_registered_models())]
"""
    mlflow = Mlflow(tmp_path)
    try:
        told = mlflow.run(team, code)
    finally:
        mlflow.close()
    labels = table()[1]
    assert told["loaded"] == [labels] * 4
    assert told["history"] == [0.0, 0.5, 1.0]
    assert told["files"] == [["deep", "large.txt", "nothing.txt"], 0, 9_000_000]
    assert told["of a run"] == labels
    assert told["pages"] == [
        ["copied", "empty1", "empty2"], ["empty3", "plain", "renamed"], ["tree"],
    ]  # fmt: skip
    assert told["versions"] == ["2", "1", None]
    assert told["left"] == [["2"], "nothing yet", labels, 6]
    first, second = team.taken.values()
    assert abs(first - second) <= 1
    assert first > 50


def test_two_that_register_at_once_at_two_servers_make_one(team):
    with httpx.Client(
        base_url=team.url, headers={"Authorization": f"Bearer {team.token}"}, timeout=60
    ) as http:

        def ask(method, path, **sent):
            answer = http.request(method, path, **sent)
            assert answer.status_code == 200, answer.text
            return answer.json()

        ask("POST", f"{API}/registered-models/create", json={"name": "churn"})
        info = ask("POST", f"{API}/logged-models", json={"experiment_id": "0"})["model"]["info"]
        where = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
        for name, data in (("MLmodel", b"flavors: {sklearn: {}}"), ("model.pkl", bytes(3_000_000))):
            ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{where}/{name}", content=data)
        made = {"name": "churn", "source": f"models:/{info['model_id']}"}
        with ThreadPoolExecutor(4) as pool:
            asks = [
                pool.submit(ask, "POST", f"{API}/model-versions/create", json=made)
                for _ in range(4)
            ]
            assert {one.result()["model_version"]["version"] for one in asks} == {"1"}
        found = ask("GET", f"{API}/model-versions/search", params={"filter": "name = 'churn'"})[
            "model_versions"
        ]
        assert len(found) == 1
        ask("DELETE", f"{API}/registered-models/delete", json={"name": "churn"})
