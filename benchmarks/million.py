"""A server asked a million times: what it weighs after the first fifty thousand, and at the end.

A forest of a hundred trees, one row a request and no two in a row alike, sixteen connections that
are kept, a log of what was asked, and somebody who reads its metrics and its window all along.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import urllib.request
from pathlib import Path

from load import counted, request
from rows import row
from served import begun, memory
from serving import made

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

import servers

PART, PARTS = 50_000, 20
MANY, KINDS = 16, 997
LIMIT = 32 * 2**20


def main() -> None:
    """Measure; each twentieth is told on standard error."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SNAPBOOK_CONFIG"] = str(folder / "config")
        _, columns = made("forest", folder)
        (port,) = servers.free_ports(1)
        words = [sys.executable, "-m", "snapbook.serve.start", str(folder / "bundle"), "--trust"]
        words += ["--port", str(port), "--log", str(folder / "log")]
        sent = [
            request("/predict", json.dumps({"rows": [_moved(columns, place)]}).encode(), port)
            for place in range(KINDS)
        ]
        weights = []
        with begun(words, port, "/v2/health/ready", folder / "server.log") as server:
            for part in range(PARTS):
                counted(port, sent, MANY, PART)
                for path in ("/metrics", "/window?seconds=60"):
                    urllib.request.urlopen(f"{server.url}{path}").read()
                weights.append(memory(server.pid, "Anonymous"))
                asked = (part + 1) * PART
                print(f"{asked:,} requests: {weights[-1] / 2**20:.1f} MB", file=sys.stderr)
    grown = max(0, weights[-1] - weights[0])
    row("a million requests with a log, growth of memory", grown, LIMIT, "a limit of 32 MB", "B")


def _moved(columns: dict[str, float], place: int) -> dict[str, float]:
    """A row near ``columns``, another for each ``place``."""
    return {name: value + place / KINDS for name, value in columns.items()}


if __name__ == "__main__":
    main()
