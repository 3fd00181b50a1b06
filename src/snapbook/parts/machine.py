"""What the kernel runs on: Python, platform, processor, accelerator. Never its user, host or paths.

Each fact is found once in a process. No framework is imported to ask for a GPU.
"""

from __future__ import annotations

import functools
import glob
import os
import platform
import re
import shutil
import subprocess
import sys

from snapbook.canonical import Json

_PATIENCE_S = 1.5


def describe() -> dict[str, Json]:
    """Stable facts of this machine; "gpu" is absent where none is known."""
    facts: dict[str, Json] = dict(_base())
    gpus = [*_gpus()] or _torch_gpus()
    if gpus:
        facts["gpu"] = gpus
    return facts


@functools.cache
def _base() -> dict[str, Json]:
    libc = " ".join(part for part in platform.libc_ver() if part)
    system = {"system": platform.system(), "release": platform.release()}
    if libc:
        system["libc"] = libc
    return {
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
        },
        "platform": {**system, "machine": platform.machine()},
        "cpu": {"model": _processor(), "count": os.cpu_count() or 0},
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            named = re.search(r"(?m)^(?:model name|Model|Hardware)\s*:\s*(.+)$", file.read(65536))
        if named:
            return named[1].strip()
    except OSError:
        pass
    if sys.platform == "darwin":
        said = _run(["sysctl", "-n", "machdep.cpu.brand_string"])
        if said:
            return said.strip()
    return platform.processor() or platform.machine()


@functools.cache
def _gpus() -> tuple[dict[str, Json], ...]:
    """NVIDIA's cards by its tool, else by its driver's files."""
    said = ""
    if shutil.which("nvidia-smi"):
        query = "--query-gpu=name,memory.total,driver_version"
        said = _run(["nvidia-smi", query, "--format=csv,noheader,nounits"])
    found: list[dict[str, Json]] = []
    for line in said.splitlines()[:64]:
        name, _, rest = line.partition(",")
        memory, _, driver = rest.partition(",")
        if memory.strip().isdigit():
            size = int(memory)
            found.append({"name": name.strip(), "memory_mib": size, "driver": driver.strip()})
    for place in [] if found else sorted(glob.glob("/proc/driver/nvidia/gpus/*/information"))[:64]:
        with open(place, encoding="utf-8", errors="replace") as file:
            model = re.search(r"(?m)^Model:\s*(.+)$", file.read(4096))
        if model:
            found.append({"name": model[1].strip()})
    return tuple(found)


def _torch_gpus() -> list[dict[str, Json]]:
    """What torch has already initialised: asking earlier would wake the driver."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    try:
        if cuda is None or not cuda.is_initialized():
            return []
        return [{"name": str(cuda.get_device_name(place))} for place in range(cuda.device_count())]
    except Exception:  # noqa: BLE001 - a driver's own errors are of any type
        return []


def _run(command: list[str]) -> str:
    """The output of a short command, "" where it fails or is slow."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
