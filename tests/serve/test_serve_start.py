"""A bundle that is served by processes of its own: options, trust, SIGTERM, and the verb."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

import snapbook
from snapbook.errors import BadOption, NotFound, Refused, Untrusted, Usage
from snapbook.serve import start
from snapbook.serve.load import open_bundle
from snapbook.serve.options import KEY, OPTIONS, SOCKET
from snapbook.verbs import VERBS, Here, opening

pytestmark = pytest.mark.slow  # it waits for what runs beside it


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a forest that anybody may load, and a model whose loading runs code."""
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    folder = tmp_path_factory.mktemp("serve")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SNAPBOOK_CONFIG", str(folder / "config"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        x, y = load_iris(return_X_y=True, as_frame=True)
        x.columns = ["a", "b", "c", "d"]
        model = RandomForestClassifier(5, random_state=0).fit(x, y)
        snapbook.save(model, "churn", data={"X_train": x, "y_train": y}, store=True)
        (folder / "mine.py").write_text(
            "from sklearn.base import BaseEstimator\n\n"
            "class Mine(BaseEstimator):\n"
            "    def fit(self, frame):\n"
            "        self.feature_names_in_ = list(frame.columns)\n"
            "        return self\n\n"
            "    def predict(self, frame):\n"
            "        return frame['a'] * 2\n"
        )
        patch.syspath_prepend(folder)
        import mine

        snapbook.save(mine.Mine().fit(x), "own", data={"X_train": x}, store=True)
        for name in ("churn", "own"):
            place = str(folder / f"{name}.bundle")
            snapbook.verbs.export(name, to="bundle", output=place, no_sample=name == "own")
        yield folder
    sys.modules.pop("mine", None)


def options(**given):
    known = {
        one.word.removeprefix("--").replace("-", "_"): None if one.value else False
        for one in (*OPTIONS, KEY, SOCKET)
    }
    return SimpleNamespace(**known | given)


class Process:
    """A server of its own; ``url`` once it said that it serves."""

    def __init__(self, *words, command=(), **environment):
        command = command or [sys.executable, "-m", *words]
        more = {"PYTHONUNBUFFERED": "1", **environment}
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | more,
        )
        self.line = self.process.stdout.readline()
        while self.line and "serving" not in self.line:
            self.line = self.process.stdout.readline()
        assert self.line, self.process.stderr.read()
        self.url = next(word for word in self.line.split() if word.startswith("http")).rstrip(".")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


ROW = {"a": 5.1, "b": 3.5, "c": 1.4, "d": 0.2}


def ready(url):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/v2/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError("it is not ready")


def test_a_bundle_is_served_without_the_rest_until_it_is_told_to_end(project, tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(project / "churn.bundle", bundle)
    one = Process("snapbook.serve.start", str(bundle), "--port", "0", HOME=str(tmp_path))
    ready(one.url)
    reply = httpx.post(f"{one.url}/predict", json=[ROW])
    assert reply.json()["predictions"] == [0]
    assert httpx.get(f"{one.url}/openapi.json").json()["info"]["title"] == "churn"
    host, port = one.url.removeprefix("http://").split(":")
    body = json.dumps([ROW] * 10_000).encode()
    with socket.create_connection((host, int(port)), 20) as kept:
        head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
        kept.sendall(head.encode() + body)
        found = []
        ended = threading.Thread(target=lambda: found.append(one.end()))
        time.sleep(0.05)
        ended.start()
        answer = b""
        while piece := kept.recv(1 << 16):
            answer += piece
    ended.join(30)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert len(json.loads(answer.partition(b"\r\n\r\n")[2])["predictions"]) == 10_000
    ((code, _, err),) = found
    assert code in (0, -signal.SIGTERM)
    assert {json.loads(line)["what"] for line in err.splitlines()} == {"request"}


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.usefixtures("hangups")
def test_a_terminal_that_is_closed_ends_it_as_it_would_unless_it_is_ignored(project, ignored):
    words = ("-m", "snapbook.serve.start", str(project / "churn.bundle"), "--port", "0")
    command = [sys.executable, *words]
    if ignored:
        command = ["nohup", *command]
    one = Process(command=command)
    ready(one.url)
    body = json.dumps([ROW] * 10_000).encode()
    host, port = one.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 20) as kept:
        head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
        kept.sendall(head.encode() + body)
        one.process.send_signal(signal.SIGHUP)
        answer = b""
        while not answer.endswith(b"]}"):
            piece = kept.recv(1 << 16)
            assert piece, "it was cut"
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 ")
    if ignored:
        assert httpx.post(f"{one.url}/predict", json=[ROW]).status_code == 200
        one.end()
    else:
        one.process.communicate(timeout=30)
        assert one.process.returncode in (0, -signal.SIGHUP)


def test_a_model_that_can_execute_needs_trust(project):
    bundle = open_bundle(project / "own.bundle")
    with pytest.raises(
        Untrusted, match=r"own:0\.1\.0 is a pickle by .* that imports mine.* say --trust"
    ):
        start.model_of(bundle, trusted=False)
    with pytest.raises(Refused, match="was not signed with that key"):
        start.check_signed(bundle, "ab" * 32)
    start.check_signed(bundle, bundle.author.key)
    run = [sys.executable, "-m", "snapbook.serve.start", str(project / "own.bundle")]
    refused = subprocess.run([*run, "--port", "0"], capture_output=True, text=True)
    assert refused.returncode == Untrusted.exit_code
    assert refused.stderr.startswith("Not loaded: own:0.1.0 is a pickle by ")
    assert "Traceback" not in refused.stderr
    hooks = list(sys.meta_path)
    try:
        model = start.model_of(bundle, trusted=True)
    finally:
        sys.meta_path[:] = hooks
    assert model.predict({"a": 5.1}) == 10.2


def test_bytes_that_were_changed_are_not_loaded(project, tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(project / "churn.bundle", bundle)
    (bundle / "card.md").write_text("another")
    run = [sys.executable, "-m", "snapbook.serve.start", str(bundle), "--trust"]
    refused = subprocess.run(run, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "card.md" in refused.stderr


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"host": "0.0.0.0"}, Refused, "whoever reaches 0.0.0.0 could ask"),
        ({"host": "example.com"}, Refused, "whoever reaches example.com could ask"),
        ({"port": "70000"}, BadOption, "--port cannot be 70000"),
        ({"rows": "0"}, BadOption, "--rows cannot be 0"),
        ({"queue": "many"}, BadOption, "--queue cannot be many"),
        ({"timeout": "-1"}, BadOption, "--timeout cannot be -1"),
        ({"linger": "nan"}, BadOption, "--linger cannot be nan"),
        ({"socket": "s", "port": "0"}, BadOption, "--socket goes without --host, --port and"),
        ({"tokens": "/nowhere/tokens"}, NotFound, "there is no file tokens"),
    ],
)
def test_options_that_are_refused(given, error, words):
    with pytest.raises(error, match=words):
        start.serving(options(**given))


def test_options_that_are_taken():
    asked = start.serving(options(host="::1", port="0", rows="7", queue="3", timeout="1.5"))
    assert (asked.host, asked.port) == ("::1", 0)
    assert (asked.limits.rows, asked.limits.waiting, asked.limits.answer_s) == (7, 3, 1.5)
    assert start.serving(options(host="0.0.0.0", open=True)).host == "0.0.0.0"
    assert start.serving(options(socket="run/s")).socket == Path("run/s")


def test_tokens_from_a_private_file_and_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "tokens"
    file.write_text("# ours\na-token-of-the-first-one\n\n  a-token-of-the-second-one\n")
    file.chmod(0o644)
    with pytest.raises(Refused, match="others may read tokens"):
        start.serving(options(tokens=str(file)))
    file.chmod(0o600)
    monkeypatch.setenv("SNAPBOOK_SERVE_TOKEN", "a-token-of-the-job-itself")
    found = start.serving(options(tokens=str(file), host="0.0.0.0")).tokens
    whos = [
        found.who(f"Bearer {token}".encode())
        for token in ("a-token-of-the-first-one", "a-token-of-the-second-one",
                      "a-token-of-the-job-itself")
    ]  # fmt: skip
    assert len(set(whos)) == 3
    assert None not in whos
    assert found.who(b"Bearer # ours") is None
    assert found.who(b"") is None
    file.write_text("short\n")
    with pytest.raises(Usage, match="a token is too short"):
        start.serving(options(tokens=str(file)))
    file.write_text("# none\n")
    monkeypatch.delenv("SNAPBOOK_SERVE_TOKEN")
    with pytest.raises(Usage, match="tokens has no token in it"):
        start.serving(options(tokens=str(file)))


def served(folder, *words):
    with Here(folder, face="cli") as here:
        return VERBS["serve"].run(here, VERBS["serve"].parse(words))


def test_the_verb_serves_a_version_out_of_the_cache(project, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # other tests open versions as well
    one = Process("snapbook", "serve", "churn", "--port", "0")
    ready(one.url)
    assert httpx.post(f"{one.url}/predict", json=[ROW]).json()["number"] == "0.1.0"
    one.end()
    (kept,) = (tmp_path / "snapbook" / "bundles").iterdir()
    assert kept.name.startswith("churn-0.1.0-")
    assert open_bundle(kept).sample is not None


def test_another_release_makes_its_own_bundle_of_a_version(project, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with Here(project, face="cli") as here:
        made = []
        for release in ("1.0", "1.1", "1.0"):
            monkeypatch.setattr(opening, "release", lambda release=release: release)
            made.append(opening.opened(here, "churn:0.1.0", "serve").path)
    assert made[0] == made[2] != made[1]
    assert len(list((tmp_path / "snapbook" / "bundles").iterdir())) == 2


def test_the_verb_refuses_in_a_sentence(project, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(project / "another"))
    with pytest.raises(Untrusted, match=r"own:0\.1\.0 is a pickle") as caught:
        served(project, "own.bundle", "--port", "0")
    assert caught.value.hint.args == ("own.bundle", "--trust")
    with pytest.raises(Untrusted) as caught:
        served(project, "own", "--port", "0")
    assert caught.value.hint.verb == "trust"
    with pytest.raises(NotFound):
        served(project, "nothing", "--port", "0")
    with pytest.raises(Usage, match="served from a shell"):
        snapbook.verbs.serve("churn")


def test_a_version_of_a_registry_needs_no_project(project, tmp_path, monkeypatch):
    snapbook.verbs.registry("add", "team", (tmp_path / "shared").as_uri())
    snapbook.verbs.push("churn", yes=True, rows=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    said = []
    with Here(empty, face="cli", say=said.append) as here:
        found = opening.opened(here, "team::churn", "serve")
        assert opening.opened(here, "team::churn:0.1.0", "serve").path == found.path
    assert said == ["team::churn -> team::churn:0.1.0"]
    assert found.bundle.ref == "churn:0.1.0"
    assert found.model(trust=False).n_estimators == 5
    assert list(empty.iterdir()) == []
