"""The real MLflow in an environment of its own, and versions of real models for it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from snapbook.capture import Draft
from snapbook.parts import environment, model, params
from snapbook.repository import Author, Wish
from snapbook.transfer import Local, transfer

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = Path(os.environ.get("SNAPBOOK_TEST_MLFLOW") or ROOT / ".venv" / "mlflow")
PYTHON = HOME / "bin" / "python"
needed = pytest.mark.skipif(
    not (HOME / ".installed").exists(), reason="no environment with MLflow (scripts/test makes it)"
)
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "PYTHONWARNINGS": "ignore",
         "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "GIT_PYTHON_REFRESH": "quiet",
         "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
         # A server would begin eight processes more, for jobs that nobody here gives it.
         "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # fmt: skip
LOGIN = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")

_LOOP = """
import json, os, sys
told, sys.stdout = sys.stdout, sys.stderr
import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
TABLE = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0] * 10, "visits": [3.0, 0.0, 2.0, 1.0] * 10})
LABELS = [0, 0, 1, 1] * 10
names = dict(globals())
for line in sys.stdin:
    asked = json.loads(line)
    os.environ.update(asked["login"])
    mlflow.set_tracking_uri(asked["url"])
    mlflow.set_registry_uri(asked["url"])
    here = {**names, "client": MlflowClient(), **asked["names"]}
    try:
        exec(asked["code"], here)
        answer = {"result": here.get("result")}
    except MlflowException as error:
        answer = {"code": error.error_code, "message": str(error)}
    except Exception as error:
        answer = {"code": type(error).__name__, "message": str(error)}
    print(json.dumps(answer, default=str), file=told, flush=True)
"""


class MlflowError(Exception):
    """What MLflow's client raised: its code, and the words."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class Mlflow:
    """MLflow's own client in a process of its environment, asked line by line."""

    def __init__(self, folder):
        self._log = (folder / "mlflow-client.log").open("wb")
        self._process = subprocess.Popen(
            [PYTHON, "-c", _LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, env={**os.environ, **QUIET}, text=True, cwd=folder,
        )  # fmt: skip

    def run(self, server, code, token="", user="", **names):
        """What ``result`` is after ``code`` ran against ``server`` (its url, or a registry).

        With ``user`` the token goes as a password.
        """
        url = server if isinstance(server, str) else server.url
        token = token or getattr(server, "token", "")
        said = (token, "", "") if not user else ("", user, token)
        login = dict(zip(LOGIN, said, strict=True))
        asked = {"url": url, "login": login, "code": code, "names": names}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "code" in answer:
            raise MlflowError(answer["code"], answer["message"])
        return answer["result"]

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._log.close()


def table():
    """The data that both sides know."""
    import pandas as pd

    frame = {"age": [20.0, 30.0, 40.0, 50.0] * 10, "visits": [3.0, 0.0, 2.0, 1.0] * 10}
    return pd.DataFrame(frame), [0, 0, 1, 1] * 10


def fitted(depth=2, trees=10):
    """A forest, the same each time."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(trees, max_depth=depth, random_state=0).fit(*table())


def save(repository, fit, name, more=lambda writer: (), **wish):
    """A version of a fitted model, with the parts that ``more`` gives: its row."""
    writer = repository.store.writer()
    try:
        kept, _ = model.capture(fit, "model", writer)
        around, _ = environment.capture(writer, "python3", str(repository.folder))
        parts = (
            kept,
            params.capture_params(kept.facts["params"], kept.facts["set_params"]),
            params.capture_metrics({"auc": 0.9, "loss": 0.25}),
            around,
            *more(writer),
        )
        digests = tuple(writer.add(part.encode()) for part in parts)
        draft = Draft(name, parts, digests, "")
        return repository.save(draft, writer, Wish(**wish), Author("ada")).version
    finally:
        writer.close()


def push(repository, version, registry):
    """Copy a version into a registry: its row there."""
    with registry.remote() as side:
        return transfer(Local(repository), side, version, Author("push")).accepted.version
