"""Run the scripts of benchmarks/, all or those named, and write their rows into results.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BENCHMARKS = ROOT / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import results  # noqa: E402 - the folder has to be on the path first
from rows import EXPECTED  # noqa: E402

RESULTS = BENCHMARKS / "results.md"
# fmt: off
LIBRARIES = (
    "pandas", "numpy", "pyarrow", "scikit-learn", "torch", "joblib", "zstandard", "blake3",
    "ipython", "ipykernel", "mlflow", "nbdime", "jupyter_server", "uvicorn",
)
# fmt: on


def main(names: list[str]) -> int:
    """Run ``names`` (none: all scripts); 1 where a script failed or a row is absent."""
    known = list(dict.fromkeys(found.script for found in EXPECTED.values()))
    if unknown := set(names) - set(known):
        print(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return 2
    lines = results.parse(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    complete = True
    for script in names or known:
        date = datetime.now(UTC).date().isoformat()
        found, sound = measured(script)
        complete &= sound
        own = {name for name, row in EXPECTED.items() if row.script == script}
        lines = {name: line for name, line in lines.items() if name not in own}
        lines |= {row["row"]: results.line(row, date) for row in found}
        # After each script: one that fails does not take the others' rows with it.
        whys = tomllib.loads((BENCHMARKS / "misses.toml").read_text("utf-8"))
        RESULTS.write_text(results.render(lines, facts(), whys), "utf-8")
    absent = [name for name, row in EXPECTED.items() if row.target and name not in lines]
    for name in absent:
        print(f"not measured: {name}")
    return 0 if complete and not absent else 1


def measured(script: str) -> tuple[list[dict[str, Any]], bool]:
    """The rows that a script printed, shown as they come, and whether it ended well."""
    print(f"== {script}", flush=True)
    rows = []
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with subprocess.Popen(
        [sys.executable, BENCHMARKS / f"{script}.py"],
        env=os.environ | quiet,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for text in process.stdout or ():
            if text.startswith('{"row"'):
                rows.append(row := json.loads(text))
                line = results.line(row, "")
                print(f"{line.verdict:9}{line.ratio:>9}  {line.target:10}{line.row}", flush=True)
    return rows, process.returncode == 0


def facts() -> list[str]:
    """What the figures depend on, and nothing that names the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, {platform.system()},"
        f" Python {platform.python_version()}",
        ", ".join(filter(None, map(installed, LIBRARIES))),
        "Load is the average number of running processes in the minute before the row was printed:"
        " above the number of cores, others had a part of the machine.",
    ]


def installed(library: str) -> str:
    """Name and version, or nothing where it is not installed."""
    try:
        return f"{library} {version(library)}"
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
