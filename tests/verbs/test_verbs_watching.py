"""watch: what happens in a project and in a registry, for people and for jobs that wait."""

import json
import os
import re
import subprocess
import sys
import threading
import time

import pytest
from promote.parties import ADA, BOB, made

from snapbook import places
from snapbook.errors import BadOption, NotFound
from snapbook.promote import moving
from snapbook.verbs import VERBS, Here, watching

pytestmark = pytest.mark.slow  # it waits for what runs beside it


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_AUTHOR", "bob")
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)
    monkeypatch.setattr(watching, "_EVERY_S", 0.05)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    with places.make_repository(folder) as repository:
        made(repository, ADA, accuracy=0.9)
    return folder


def run(folder, *words, face="cli", said=None, lines=None):
    with Here(folder, face=face, say=(said if said is not None else []).append,
              line=(lines if lines is not None else []).append) as here:  # fmt: skip
        return VERBS["watch"].run(here, VERBS["watch"].parse(list(words)))


def later(act):
    """``act`` a moment from now, while the watch runs."""
    thread = threading.Timer(0.4, act)
    thread.start()
    return thread


def test_events_as_they_come(project):
    def act():
        with places.open_folder(places.place(project).folder) as there:
            version = made(there, ADA, accuracy=0.95)
            there.note(version, "seen", BOB)
            moving.promote(there, version, "production", BOB)

    lines = []
    thread = later(act)
    done = run(project, "churn", "--until", "production", "--timeout", "20", lines=lines)
    thread.join()
    plain = [re.sub(r"^\S+ \S+  ", "", line) for line in lines]
    assert plain[0] == "#2  churn:0.2.0 was made (by ada)"
    # By the number that it has when that is told.
    assert re.fullmatch(r"#3  churn:(0\.2|1\.0)\.0 was noted \(by bob\)", plain[1])
    assert plain[2:] == ["#4  production is churn:1.0.0 (by bob, promote)"]
    assert (done.exit_code, done.data["found"], done.data["after"]) == (0, True, 4)


def test_what_does_not_come(project):
    begun = time.monotonic()
    done = run(project, "--until", "reject", "--timeout", "0.3")
    assert time.monotonic() - begun < 5
    assert done.exit_code == 1
    assert done.lines == ("no reject came; go on with --since 1",)
    quiet = run(project, "--timeout", "0")
    assert (quiet.exit_code, quiet.lines) == (0, ("nothing happened",))


def test_it_goes_on_where_it_was(project):
    with places.open_folder(places.place(project).folder) as there:
        made(there, ADA, accuracy=0.95)
        made(there, ADA, accuracy=0.96, model="other")
    lines = []
    done = run(project, "--since", "1", "--timeout", "0", "--json", lines=lines)
    told = [json.loads(line) for line in lines]
    assert [(one["n"], one["model"], one["version"]) for one in told] == [
        (2, "churn", "churn:0.2.0"), (3, "other", "other:0.1.0"),
    ]  # fmt: skip
    assert done.data["after"] == 3
    run(project, "other", "--since", "0", "--timeout", "0", lines=(mine := []))
    assert len(mine) == 1
    # A face that shows nothing before the end.
    done = run(project, "--since", "1", "--timeout", "0", face="magic")
    assert len(done.lines) == 2
    assert [one["n"] for one in done.data["events"]] == [2, 3]


def test_words_that_do_not_fit(project):
    for words in (("--since", "x"), ("--timeout", "soon"), ("--timeout", "-1")):
        with pytest.raises(BadOption):
            run(project, *words)
    with pytest.raises(NotFound, match="churm"):
        run(project, "churm", "--timeout", "0")


def test_kinds_have_words():
    body = {"word": "approve", "alias": "production"}
    one = {"kind": "approval", "n": 1, "author": "bob", "time": "2026-11-22T08:00:00.000000Z",
           "version": "churn:1.0.0", "model": "churn", "body": body}  # fmt: skip
    assert watching.kinds(one) == ("approval", "approve")
    assert watching.told(one).endswith("#1  churn:1.0.0 for production: approve (by bob)")
    odd = {**one, "kind": "of the future", "body": {}}
    assert watching.told(odd).endswith("#1  of the future (by bob)")


@pytest.fixture
def registry(tmp_path):
    pytest.importorskip("uvicorn")
    from registry.conftest import Standing

    standing = Standing(tmp_path / "registry")
    yield standing
    standing.stop()


def test_a_registry_that_goes_and_comes_back(registry, project, tmp_path, monkeypatch):
    """What happened while the line was cut is told; of a model one may not read, nothing."""
    monkeypatch.setenv("SNAPBOOK_TOKEN", registry.tokens.make("rita", ("reader:churn",)))
    with Here(project) as here:
        VERBS["registry"].run(here, VERBS["registry"].parse(["add", "team", registry.url]))
    with places.open_folder(registry.folder) as there:
        made(there, ADA, accuracy=0.8)
    port = int(registry.url.rpartition(":")[2])
    back = []

    def act():
        registry.stop()
        with places.open_folder(registry.folder) as there:
            made(there, ADA, accuracy=0.9)
            made(there, ADA, accuracy=0.9, model="secret")
        time.sleep(4)  # longer than a request is tried again by itself
        back.append(Again(registry, port))

    thread = later(act)
    said, lines = [], []
    done = run(project, "team::churn", "--until", "version", "--timeout", "40", said=said,
               lines=lines)  # fmt: skip
    thread.join()
    assert done.data["found"]
    assert [line.partition("  ")[2] for line in lines] == ["#2  churn:0.2.0 was made (by ada)"]
    assert any("looking again until it does" in line for line in said)
    assert "it answers again" in said
    back[0].stop()


class Again:
    """The registry ``before`` once more, with its tokens, at the same address."""

    def __init__(self, before, port):
        from snapbook.listening import listen
        from snapbook.registry import serve
        from snapbook.registry.service import Service

        service = Service(
            before.folder, lambda: places.open_folder(before.folder), before.tokens, "test"
        )
        self._listening = listen("127.0.0.1", port)
        self._server = serve.server(service)
        self._thread = threading.Thread(
            target=lambda: self._server.run(sockets=[self._listening]), daemon=True
        )
        self._thread.start()

    def stop(self):
        self._server.should_exit = True
        self._thread.join(30)
        self._listening.close()


@pytest.mark.slow
def test_in_a_shell_lines_come_at_once(project):
    """A pipe gets each event when it happens, as JSON, and Ctrl+C ends it."""
    import signal

    process = subprocess.Popen(
        [sys.executable, "-m", "snapbook", "watch", "--json", "--since", "0"],
        cwd=project, stdout=subprocess.PIPE, text=True, env=os.environ,
        # Whoever runs the tests in the background may have it ignore Ctrl+C, and so its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        assert json.loads(process.stdout.readline())["n"] == 1
        with places.open_folder(places.place(project).folder) as there:
            made(there, ADA, accuracy=0.95)
        begun = time.monotonic()
        assert json.loads(process.stdout.readline())["version"] == "churn:0.2.0"
        assert time.monotonic() - begun < 5
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        process.stdout.close()
