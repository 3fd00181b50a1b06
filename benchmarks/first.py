"""From a bundle alone to its first prediction: environment, server, answer; without the network.

uv's cache is warm: what the bundle needs was installed once, elsewhere. All the rest begins at
nothing each time: the environment is made, the server is started in it, the model is loaded, tried
and asked for one row over HTTP.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median

from rows import row
from served import begun
from serving import made

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

import servers

TIMES = 5
MAKE = """
import sys
from pathlib import Path

from snapbook.serve.environment import python_for

print(python_for(Path(sys.argv[1]), offline=sys.argv[2] == "offline"))
"""


def main() -> None:
    """Measure, after once to fill uv's cache."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SNAPBOOK_CONFIG"] = str(folder / "config")
        os.environ["UV_CACHE_DIR"] = str(folder / "uv")
        _, columns = made("forest", folder)
        body = json.dumps({"rows": [columns]}).encode()
        once(folder, body, 0, "online")
        taken = [once(folder, body, turn + 1, "offline") for turn in range(TIMES)]
    row("start to first prediction, scikit-learn", median(taken), 6.0, "a limit of 6 s")


def once(folder: Path, body: bytes, turn: int, network: str) -> float:
    """The seconds from nothing to an answer."""
    cache = folder / f"cache-{turn}"
    os.environ["XDG_CACHE_HOME"] = str(cache)
    (port,) = servers.free_ports(1)
    bundle = str(folder / "bundle")
    begin = time.perf_counter()
    words = [sys.executable, "-c", MAKE, bundle, network]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    command = [told.strip(), "-m", "snapbook.serve.start", bundle, "--trust", "--port", str(port)]
    with begun(command, port, "/v2/health/ready", folder / f"{turn}.log"):
        asking = urllib.request.Request(f"http://127.0.0.1:{port}/predict", body)
        with urllib.request.urlopen(asking) as answer:
            assert json.load(answer)["predictions"]
        seconds = time.perf_counter() - begin
    return seconds


if __name__ == "__main__":
    main()
