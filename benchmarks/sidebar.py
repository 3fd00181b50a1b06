"""What the sidebar waits for: a page of its list over HTTP, and the news of a new version.

A Jupyter server of its own answers. Targets are limits in milliseconds, so the row's "peer" is the
limit; beside them stands what Jupyter's own listing of as many files takes.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path
from typing import Any

from listing import fill_ours
from rows import race, row

VERSIONS, PAGE = 10_000, 200
PAGE_LIMIT_S, NEWS_LIMIT_S = 0.050, 0.025
SAVES = 30
STARTS_S = 60.0
TOKEN = secrets.token_hex(16)

# A process of its own saves, as a kernel does; it says when the save returned.
SAVER = """
import sys, time
from sklearn.linear_model import LogisticRegression
import snapbook
for number, _ in enumerate(sys.stdin, 1):
    model = LogisticRegression(C=float(number)).fit([[0.0], [1.0]], [0, 1])
    snapbook.save(model, "news")
    print(time.monotonic(), flush=True)
"""


@contextmanager
def served(root: Path) -> Iterator[int]:
    """The port of a server that serves ``root``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    settings = {
        "ip": "127.0.0.1",
        "port": port,
        "port_retries": 0,
        "open_browser": False,
        "allow_root": True,
        "root_dir": str(root),
        "jpserver_extensions": {"snapbook.server": True},
        "log_level": "ERROR",
    }
    config = root.parent / "server.json"
    config.write_text(json.dumps({"ServerApp": settings, "IdentityProvider": {"token": TOKEN}}))
    command = [sys.executable, "-m", "jupyter_server", f"--config={config}"]
    # Terminated when the block ends, whatever ends it.
    with subprocess.Popen(command, cwd=root) as process:
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + STARTS_S
    while True:
        try:
            get(HTTPConnection("127.0.0.1", port), "/snapbook/api/about")()
            return
        except OSError:  # it answers before its extensions are there
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def get(connection: HTTPConnection, path: str) -> Callable[[], Any]:
    """A question on an open connection; gives the whole answer, decoded."""

    def ask() -> Any:
        connection.request("GET", path, headers={"Authorization": f"token {TOKEN}"})
        with connection.getresponse() as answer:
            body = answer.read()
        if answer.status != 200:
            raise ConnectionError(f"{path}: {answer.status}")
        return json.loads(body)

    return ask


def pages(port: int) -> None:
    """Print the rows of the list: its first page, and one from the middle, oldest first."""
    connection = HTTPConnection("127.0.0.1", port)
    first = get(connection, f"/snapbook/api/versions?path=list&limit={PAGE}")
    half = f"&order=oldest&after={VERSIONS // 2}"
    middle = get(connection, f"/snapbook/api/versions?path=list&limit={PAGE}{half}")
    contents = get(connection, "/api/contents/files")
    assert len(first()["rows"]) == len(middle()["rows"]) == len(contents()["content"]) == PAGE
    newest, oldest, files = race(first, middle, contents, times=61)
    limit = f"a limit of {PAGE_LIMIT_S * 1000:.0f} ms"
    name = f"page of {PAGE} of 10,000 versions over HTTP"
    row(name, newest, PAGE_LIMIT_S, limit)
    row(f"{name}, from the middle, oldest first", oldest, PAGE_LIMIT_S, limit)
    peer = f"jupyter_server {version('jupyter_server')} contents, {PAGE} files"
    row(f"{name}, beside files", newest, files, peer)


def news(port: int, project: Path) -> None:
    """Print the row of the event: how long after the return of a save a browser hears of it."""
    import websocket

    place = get(HTTPConnection("127.0.0.1", port), "/snapbook/api/place?path=news")
    stream = f"ws://127.0.0.1:{port}/api/events/subscribe"
    with ExitStack() as stack:
        saver = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", SAVER],
                cwd=project,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        header = [f"Authorization: token {TOKEN}"]
        heard = websocket.create_connection(stream, header=header, timeout=STARTS_S)
        stack.callback(heard.close)
        late = [_late(saver, heard, place()["id"], head) for head in range(1, SAVES + 1)]
        saver.communicate()
    limit = f"a limit of {NEWS_LIMIT_S * 1000:.0f} ms"
    usual = statistics.median(late[1:])  # the first one makes the repository
    row("news of a version after its save returned", usual, NEWS_LIMIT_S, limit)


def _late(saver: subprocess.Popen[str], heard: Any, place: str, head: int) -> float:
    """Seconds from the return of a save to the news of it."""
    assert saver.stdin is not None
    assert saver.stdout is not None
    saver.stdin.write("again\n")
    saver.stdin.flush()
    while True:
        told = json.loads(heard.recv())
        if (told.get("place"), told.get("head")) == (place, head):
            break
    return time.monotonic() - float(saver.stdout.readline())


def main() -> None:
    """Print the rows."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "root"
        for room in ("list", "files", "news"):
            (root / room).mkdir(parents=True)
        rooms = {f"JUPYTER_{room}_DIR": name for room in ("CONFIG", "DATA", "RUNTIME")}
        os.environ.update(rooms, SNAPBOOK_CONFIG=f"{name}/config", IPYTHONDIR=f"{name}/ipython")
        fill_ours(root / "list", VERSIONS)
        for number in range(PAGE):
            (root / "files" / f"{number}.ipynb").write_text('{"cells": []}')
        with served(root) as port:
            pages(port)
            news(port, root / "news")


if __name__ == "__main__":
    main()
