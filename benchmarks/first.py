"""From a bundle alone to its first prediction: environment, server, answer; without the network.

uv's cache is warm: what the bundle needs was installed once, elsewhere. All the rest begins at
nothing each time: the environment is made, the server is started in it, the model is loaded, tried
and asked for one row over HTTP. No other environment was made before; what Python compiled is taken
from the one that this script runs in, in which the model was trained.
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
ONNX = """
from snapbook import verbs

verbs.export("churn", to="onnx")
verbs.export("churn.onnx", to="bundle", output="onnx")
"""
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
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # few people have it
        _, columns = made("forest", folder)
        words = [sys.executable, "-c", ONNX]
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        body = json.dumps({"rows": [columns]}).encode()
        first = "start to first prediction"
        row(f"{first}, scikit-learn", anew(folder / "bundle", body), 6.0, "a limit of 6 s")
        row(f"{first}, ONNX", anew(folder / "onnx", body), 2.0, "a limit of 2 s")


def anew(bundle: Path, body: bytes) -> float:
    """The seconds from nothing to an answer, where nothing but uv's cache is there."""
    once(bundle, body, bundle.with_name("first"), "online")
    caches = [bundle.with_name(f"{bundle.name}-{turn}") for turn in range(TIMES)]
    return median(once(bundle, body, cache, "offline") for cache in caches)


def once(bundle: Path, body: bytes, cache: Path, network: str) -> float:
    """The seconds from nothing in ``cache`` to an answer."""
    os.environ["XDG_CACHE_HOME"] = str(cache)
    (port,) = servers.free_ports(1)
    begin = time.perf_counter()
    words = [sys.executable, "-c", MAKE, str(bundle), network]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    command = [told.strip(), "-m", "snapbook.serve.start", str(bundle), "--port", str(port)]
    command += ["--trust"]
    with begun(command, port, "/v2/health/ready", bundle.with_suffix(".log")):
        asking = urllib.request.Request(f"http://127.0.0.1:{port}/predict", body)
        with urllib.request.urlopen(asking) as answer:
            assert json.load(answer)["predictions"]
        seconds = time.perf_counter() - begin
    return seconds


if __name__ == "__main__":
    main()
