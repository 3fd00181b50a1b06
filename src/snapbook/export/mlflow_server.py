"""A version written into somebody else's MLflow server: a run with its files, and a version of it.

Speaks MLflow's REST API and needs none of its packages. What marks a version there is the digest of
its Manifest, a tag: a version that has it is there already. What an interruption left is a run
without a version, and says so. Rows of frames never travel.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from snapbook.catalog.rows import VersionRow
from snapbook.errors import BadOption, Conflict, NotFound, Refused, SnapbookError, Unreachable
from snapbook.export.files import File
from snapbook.export.mlflow import DIGEST, REF, named
from snapbook.parts import params
from snapbook.parts.base import Part

if TYPE_CHECKING:
    import httpx

_API = "/api/2.0/mlflow"
_FILES = "/api/2.0/mlflow-artifacts/artifacts"
_PROXY = "mlflow-artifacts:/"
_EXPERIMENT = "snapbook"
_FOLDER = "model"
_BATCH = 100
_LONGEST_PARAM, _LONGEST_TAG = 6000, 5000
_SPOOL_BYTES = 8 << 20
_PIECE_BYTES = 1 << 20
_ABSENT, _THERE = "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a version is there: a name and MLflow's number; ``new`` unless it was there before."""

    name: str
    version: str
    new: bool
    sent_bytes: int = 0


def push(
    url: str,
    row: VersionRow,
    parts: Sequence[Part],
    files: Sequence[File],
    progress: Callable[[int, int], None],
) -> Pushed:
    """Write the version ``row`` of ``parts``, whose folder is ``files``, to the server at ``url``.

    Whose it is there is told by MLflow's own variables: MLFLOW_TRACKING_TOKEN, or
    MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. Raises Unreachable, Refused, BadOption.
    """
    with _connected(url) as server:
        name = named(row.model)
        if (there := _found(server, name, row)) is not None:
            return Pushed(name, there, new=False)
        run = _begun(server, row)
        try:
            _log(server, run["run_id"], parts)
            sent = _send(server, _path(str(run.get("artifact_uri") or "")), files, progress)
            version = _made(server, name, run, row)
        except BaseException:
            with suppress(SnapbookError):
                _end(server, run["run_id"], "FAILED")
            raise
        _end(server, run["run_id"], "FINISHED")
        return Pushed(name, version, new=True, sent_bytes=sent)


class _Server:
    """One MLflow server: requests, and its refusals as ours."""

    def __init__(self, client: httpx.Client, host: str) -> None:
        self._client = client
        self._host = host

    def get(self, path: str, **query: object) -> Any:
        """The answer to a question."""
        return self._ask("GET", _API + path, params=query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to an act."""
        return self._ask("POST", _API + path, json=body)

    def put(self, path: str, pieces: Iterator[bytes], size: int) -> None:
        """Send a file."""
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        self._ask("PUT", f"{_FILES}/{path}", content=pieces, headers=headers)

    def _ask(self, method: str, path: str, **named: Any) -> Any:
        import httpx

        try:
            answer = self._client.request(method, path, **named)
            value = answer.json() if answer.content else {}
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self._host} cannot be reached", act="Try again later") from error
        except (ValueError, RecursionError) as error:
            raise _strange(self._host) from error
        if answer.is_success and isinstance(value, Mapping):
            return value
        raise _refusal(self._host, answer.status_code, value)


@contextmanager
def _connected(url: str) -> Iterator[_Server]:
    import httpx

    token = os.environ.get("MLFLOW_TRACKING_TOKEN", "")
    user = os.environ.get("MLFLOW_TRACKING_USERNAME", "")
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
    with httpx.Client(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        auth=(user, password) if user and not token else None,
        timeout=httpx.Timeout(300, connect=10),
        follow_redirects=False,
    ) as client:
        yield _Server(client, url.partition("://")[2])


def _found(server: _Server, name: str, row: VersionRow) -> str | None:
    """MLflow's number of the version, if it is there."""
    wanted = f"name = '{name}' and tags.`{DIGEST}` = '{row.manifest}'"
    answer = server.get("/model-versions/search", filter=wanted, max_results=1)
    versions = answer.get("model_versions") or ()
    return str(versions[0]["version"]) if versions else None


def _begun(server: _Server, row: VersionRow) -> Mapping[str, Any]:
    """A run for it; gives what the server says of the run."""
    try:
        answer = server.get("/experiments/get-by-name", experiment_name=_EXPERIMENT)
        experiment = answer["experiment"]["experiment_id"]
    except NotFound:
        experiment = server.post("/experiments/create", {"name": _EXPERIMENT})["experiment_id"]
    asked = {
        "experiment_id": experiment,
        "run_name": row.ref,
        "start_time": int(time.time() * 1000),
        "tags": _tags(row),
    }
    info: Mapping[str, Any] = server.post("/runs/create", asked)["run"]["info"]
    return info


def _log(server: _Server, run: str, parts: Sequence[Part]) -> None:
    """Parameters and metrics, in batches that MLflow takes."""
    values: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    for part in parts:
        if part.kind == "params":
            values |= params.restore(part)
        elif part.kind == "metrics":
            metrics |= params.restore(part)
    now = int(time.time() * 1000)
    told = [
        {"key": name, "value": float(value), "timestamp": now, "step": 0}
        for name, value in metrics.items()
        if isinstance(value, int | float) and math.isfinite(value)
    ]
    said = [{"key": name, "value": str(value)[:_LONGEST_PARAM]} for name, value in values.items()]
    for at in range(0, max(len(told), len(said)), _BATCH):
        batch = slice(at, at + _BATCH)
        body = {"run_id": run, "metrics": told[batch], "params": said[batch]}
        server.post("/runs/log-batch", body)


def _path(uri: str) -> str:
    """Where files of the run are sent. Raises BadOption where that is not the server itself."""
    if uri.startswith(_PROXY) and not uri.startswith(f"{_PROXY}/"):
        return uri.removeprefix(_PROXY).strip("/")
    raise BadOption(
        "Not pushed: this MLflow server does not take files itself",
        f"it sends them to {uri.partition(':')[0] or 'nowhere'}",
        act="Its administrator starts it with --serve-artifacts",
    )


def _send(
    server: _Server, path: str, files: Sequence[File], progress: Callable[[int, int], None]
) -> int:
    sent = 0
    for done, file in enumerate(files):
        progress(done, len(files))
        # Not every server takes a body of unknown length, and a pickle's is known when it is made.
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            spool.writelines(file.read())
            size = spool.tell()
            spool.seek(0)
            pieces = iter(partial(spool.read, _PIECE_BYTES), b"")
            server.put(f"{path}/{_FOLDER}/{file.path}", pieces, size)
            sent += size
    progress(len(files), len(files))
    return sent


def _made(server: _Server, name: str, run: Mapping[str, Any], row: VersionRow) -> str:
    """The version, of a model that is made where it is not there; gives MLflow's number."""
    with suppress(Conflict):  # it is a model there already
        server.post("/registered-models/create", {"name": name})
    body = {
        "name": name,
        "source": f"{str(run['artifact_uri']).rstrip('/')}/{_FOLDER}",
        "run_id": run["run_id"],
        "description": row.message or row.reason,
        "tags": _tags(row),
    }
    return str(server.post("/model-versions/create", body)["model_version"]["version"])


def _tags(row: VersionRow) -> list[dict[str, str]]:
    tags = {**row.tags, REF: row.ref, DIGEST: row.manifest, "snapbook.author": row.author}
    return [{"key": name, "value": text[:_LONGEST_TAG]} for name, text in tags.items()]


def _end(server: _Server, run: str, status: str) -> None:
    server.post(
        "/runs/update", {"run_id": run, "status": status, "end_time": int(time.time() * 1000)}
    )


def _refusal(host: str, status: int, value: object) -> SnapbookError:
    said: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    code, why = str(said.get("error_code") or ""), " ".join(str(said.get("message") or "").split())
    if status in (401, 403):
        return Refused(
            f"Not pushed: {host} does not let you",
            why[:300],
            act="Set MLFLOW_TRACKING_TOKEN to a token of it",
            kind="role",
        )
    if code == _THERE:
        return Conflict(f"Not pushed: {host} has it already", why[:300])
    if code == _ABSENT:
        return NotFound(f"Not pushed: {host} does not have it", why[:300])
    if status >= 500 or not code:
        return _strange(host)
    return BadOption(f"Not pushed: {host} refuses it", why[:300])


def _strange(host: str) -> Unreachable:
    return Unreachable(
        f"{host} answers, and not as MLflow does", act="Look at the address once more"
    )
