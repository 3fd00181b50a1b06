"""A server in a process of its own that keeps a log: killed under load, begun again, watched."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import httpx
import pytest

import snapbook
from snapbook.errors import BadOption
from snapbook.serve.noting import Noting, noting
from snapbook.serve.options import OPTIONS
from snapbook.watch import kept


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """The bundle of a small forest."""
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    x, y = load_iris(return_X_y=True, as_frame=True)
    x.columns = ["a", "b", "c", "d"]
    model = RandomForestClassifier(5, random_state=0).fit(x, y)
    snapbook.save(model, "churn", data={"X_train": x, "y_train": y}, store=True)
    snapbook.verbs.export("churn", to="bundle", output="served", no_sample=True)
    return tmp_path / "served"


def begun(bundle, log):
    """A process that serves it, and where."""
    words = [sys.executable, "-m", "snapbook.serve.start", str(bundle), "--port", "0"]
    process = subprocess.Popen(
        [*words, "--log", str(log)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=bundle.parent,
    )  # fmt: skip
    line = process.stdout.readline()
    assert " at http" in line, line
    return process, line.split(" at ")[1].split(". ")[0]


def ended(process, how):
    process.send_signal(how)
    process.wait(20)
    process.stdout.close()


@pytest.mark.slow
def test_a_server_that_is_killed_under_load_leaves_a_log_that_can_be_read(bundle, tmp_path):
    log = tmp_path / kept.FOLDER
    process, url = begun(bundle, log)
    row = {"a": 5.1, "b": 3.5, "c": 1.4, "d": 0.2}
    answered, stop = [], threading.Event()

    def ask():
        with httpx.Client() as client:
            while not stop.is_set():
                id = f"load-{len(answered):07}"
                try:
                    client.post(f"{url}/predict", json=[row], headers={"X-Request-Id": id})
                except httpx.HTTPError:
                    return
                answered.append((id, time.time()))

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(6)
    ended(process, signal.SIGKILL)
    killed = time.time()
    stop.set()
    asking.join(10)
    (manifest,) = kept.versions(log)
    found = kept.read(log, manifest)
    ids = set(found.answers.request.tolist())
    wanted = {id for id, when in answered if when < killed - 4}  # written every two seconds
    assert len(wanted) > 50
    assert wanted <= ids
    # Begun again it knows whom it answered, and the log goes on.
    process, url = begun(bundle, log)
    try:
        told = {"id": answered[0][0], "outcome": 0}
        assert httpx.post(f"{url}/feedback", json=told).json() == {"taken": 1, "unknown": 0}
        httpx.post(f"{url}/predict", json=[row], headers={"X-Request-Id": "after-it"})
    finally:
        ended(process, signal.SIGTERM)
    again = kept.read(log, manifest)
    assert "after-it" in again.answers.request.tolist()
    assert again.outcomes.value.tolist() == ["0"]
    done = snapbook.verbs.monitor("churn")
    assert done.data["rows"] == len(again.answers) == len(found.answers) + 1
    assert done.data["errors"] == 0


def asked(**named):
    words = dict.fromkeys(one.word.lstrip("-").replace("-", "_") for one in OPTIONS)
    return noting(SimpleNamespace(**words | named))


def test_options_of_a_log(tmp_path):
    assert asked() == Noting()
    found = asked(log=str(tmp_path), log_share="0.1", log_hide="name, mail", log_size="1")
    assert (found.folder, found.share, found.bounds.bytes) == (tmp_path, 0.1, 1 << 20)
    assert found.hidden == {"name", "mail"}
    assert asked(log_hide="name").hidden == {"name"}  # from memory as well


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"log": "x", "log_share": "2"}, "--log-share cannot be 2"),
        ({"log": "x", "log_share": "nan"}, "--log-share cannot be nan"),
        ({"log": "x", "log_size": "0"}, "--log-size cannot be 0"),
        ({"log": "x", "log_days": "many"}, "--log-days cannot be many"),
        ({"log_share": "0.5"}, "--log-share says nothing without --log"),
    ],
)
def test_options_that_are_none(named, said):
    with pytest.raises(BadOption, match=said):
        asked(**named)


@pytest.mark.slow
def test_a_hidden_column_that_is_none_is_told_before_anything_is_kept(bundle, tmp_path):
    """By itself a server ends; before a front, whose versions differ, it does not."""
    words = [sys.executable, "-m", "snapbook.serve.start", str(bundle), "--log-hide", "name"]
    done = subprocess.run([*words, "--port", "0"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--log-hide: there is no column name" in done.stderr
