"""A project with versions to roll out, and servers that follow its aliases: real processes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec

import httpx
import pytest

import snapbook
from snapbook.verbs import VERBS, Here

MISSING = [name for name in ("uvicorn", "prometheus_client", "sklearn") if find_spec(name) is None]
# Fails for what is beyond 90 in column a, and for nothing else.
FRAGILE = """
from sklearn.linear_model import LogisticRegression

class Fragile(LogisticRegression):
    def predict(self, frame):
        if (frame["a"] > 90).any():
            raise ValueError("too much")
        return super().predict(frame)
"""
ROW = {"a": 5.1, "b": 3.5, "c": 1.4, "d": 0.2}
BAD = {**ROW, "a": 99.0}
SOON_S = 30.0


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """See `made`."""
    with pytest.MonkeyPatch.context() as patch:
        yield made(tmp_path_factory.mktemp("deploy"), patch)


def made(folder, patch, cache=None):
    """churn:1.0.0 in production; 1.1.0 is another, and 1.2.0 fails for some rows."""
    if MISSING:
        pytest.skip(f"{', '.join(MISSING)} not installed")
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    patch.chdir(folder)
    patch.setenv("SNAPBOOK_CONFIG", str(folder / "config"))
    patch.setenv("XDG_CACHE_HOME", str(cache or folder / "cache"))
    x, y = load_iris(return_X_y=True, as_frame=True)
    x.columns = ["a", "b", "c", "d"]
    (folder / "fragile.py").write_text(FRAGILE)
    patch.syspath_prepend(folder)
    sys.modules.pop("fragile", None)
    import fragile

    keep = {"data": {"X_train": x, "y_train": y}, "store": True}
    snapbook.save(LogisticRegression(C=1.0, max_iter=300).fit(x, y), "churn", **keep)
    snapbook.verbs.promote("churn:0.1.0", "production")
    snapbook.save(LogisticRegression(C=0.5, max_iter=300).fit(x, y), "churn", **keep)
    snapbook.save(fragile.Fragile(max_iter=300).fit(x, y), "churn", **keep)
    sys.modules.pop("fragile", None)
    return folder


@pytest.fixture(scope="module")
def _standing():
    """The server that tests share, once one of them has asked for it."""
    found = []
    yield found
    for one in found:
        one.end()


@pytest.fixture
def server(_standing, project):
    """A server that follows production; in the end it is as it was."""
    if not _standing:
        _standing.append(Server(project))
    (found,) = _standing
    # What a test with servers of its own left behind reaches this one a moment later.
    until(lambda: found.by() == "churn:1.0.0")
    yield found
    calm(project)


@pytest.fixture
def nobody(_standing):
    """No server follows anything, whichever tests came before."""
    while _standing:
        _standing.pop().end()


@pytest.fixture
def start(project):
    """Called, it starts another one; all of them end with the test."""
    running = []

    def make(*words):
        running.append(Server(project, *words))
        return running[-1]

    yield make
    for found in running:
        found.end()
    calm(project)


def calm(folder):
    """churn:1.0.0 stands in production, and nothing is under way."""
    if (status(folder)["rollout"] or {}).get("state") in ("running", "paused"):
        run(folder, "rollback churn")
    run(folder, "promote churn:1.0.0 production")


def run(folder, words):
    """What a verb says, asked in this process."""
    name, *rest = shlex.split(words)
    with Here(folder, face="cli") as here:
        return VERBS[name].run(here, VERBS[name].parse(rest))


def status(folder):
    return run(folder, "deploy churn --status").data


def until(holds, seconds=SOON_S, what="it"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {seconds} s")


class Server:
    """`snapbook serve ALIAS --follow` as a process; ``url`` once it serves."""

    def __init__(self, folder, *words, ref="churn@production"):
        command = [sys.executable, "-m", "snapbook", "serve", ref, "--follow"]
        self.log = (folder / f"server-{time.monotonic_ns()}.log").open("w+")
        self.process = subprocess.Popen(
            [*command, "--port", "0", *words], cwd=folder, stdout=subprocess.PIPE, text=True,
            stderr=self.log, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        self.line = self.process.stdout.readline()
        self.log.seek(0)
        assert "serving" in self.line, self.log.read()
        self.url = next(word for word in self.line.split() if word.startswith("http")).rstrip(".")
        self.client = httpx.Client(base_url=self.url, timeout=30, verify=False)

    def ask(self, row=ROW, **headers):
        return self.client.post("/predict", json=[row], headers=headers)

    def by(self, row=ROW, **headers):
        """The version that answers."""
        return self.ask(row, **headers).headers["snapbook-version"]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        self.client.close()
        self.process.stdout.close()
        self.log.close()


class Load:
    """Clients that ask without a pause; counts what was answered by whom, and what failed."""

    def __init__(self, url, row=ROW, clients=4):
        self.row = row
        self.answered = []  # (moment, status, version)
        self._url = url
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask(self):
        with httpx.Client(base_url=self._url, timeout=30, verify=False) as client:
            while not self._ended.is_set():
                answer = client.post("/predict", content=json.dumps([self.row]))
                by = answer.headers.get("snapbook-version", "")
                self.answered.append((time.monotonic(), answer.status_code, by))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def since(self, moment):
        return [one for one in list(self.answered) if one[0] > moment]
