"""The two servers that the registry's benchmarks compare, as processes of their own on loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

import servers

PEER = f"mlflow server {version('mlflow')}"
STARTS_S = 120.0


@dataclass(frozen=True, slots=True)
class Server:
    """One that answers at ``port``; ``token`` is "" for one that asks for none."""

    pid: int
    port: int
    token: str
    ready_s: float

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


def processes(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def memory(pid: int, kind: str = "Pss") -> int:
    """The proportional set size of a process and all below it, in bytes; or another ``kind`` of
    memory that the kernel counts ("Anonymous": what is nobody else's and no file's).
    """
    total = 0
    for one in processes(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith(f"{kind}:"):
                    total += int(line.split()[1]) * 1024
    return total


def cpu(pid: int) -> float:
    """The seconds of CPU that a process and all below it have used."""
    ticks = 0
    for one in processes(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def begun(words: list[str], port: int, path: str, log: Path) -> Iterator[Server]:
    """The server that ``words`` start, once ``path`` answers; its processes end with the block."""
    with log.open("wb") as out:
        start = time.monotonic()
        process = subprocess.Popen(words, stdout=out, stderr=out, start_new_session=True)
    try:
        while True:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}"):
                break
            if process.poll() is not None or time.monotonic() - start > STARTS_S:
                raise RuntimeError(log.read_text())
            time.sleep(0.01)
        ready, token = time.monotonic() - start, ""
        for line in log.read_text().splitlines():
            if "shown this once: " in line:
                token = line.rpartition(": ")[2].strip()
        yield Server(process.pid, port, token, ready)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


@contextmanager
def ours(folder: Path, *words: str) -> Iterator[Server]:
    """`snapbook registry serve` over ``folder``, or over what ``words`` name."""
    (port,) = servers.free_ports(1)
    command = [sys.executable, "-m", "snapbook", "registry", "serve", "--rate", "0"]
    command += ["--port", str(port), "--folder", str(folder), *words]
    with begun(command, port, "/readyz", folder.with_suffix(".log")) as server:
        yield server


@contextmanager
def theirs(folder: Path, database: str = "", store: str = "") -> Iterator[Server]:
    """`mlflow server` over SQLite and a folder, or a ``database`` and a ``store``."""
    folder.mkdir(exist_ok=True)
    (port,) = servers.free_ports(1)
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port)]
    command += ["--backend-store-uri", database or f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", store or str(folder / "artifacts")]
    with begun(command, port, "/health", folder.with_suffix(".log")) as server:
        yield server
