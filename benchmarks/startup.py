"""CPU time of `%load_ext snapbook` against `import mlflow`, of `snapbook list` against
`mlflow --version`: fresh processes, the fastest of several, bytecode cached for both.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from rows import row

SRC = Path(__file__).resolve().parent.parent / "src"
TIMES = 5

# What the shell itself costs is taken off on the same run: the clock runs around the line alone.
LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
begun = time.process_time()
shell.run_cell("%load_ext snapbook", store_history=True)
print("CPU", time.process_time() - begun)
"""
IMPORT = """
import time
begun = time.process_time()
import mlflow
print("CPU", time.process_time() - begun)
"""
MODEL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext snapbook", store_history=True)
shell.run_cell("class M:\\n    def fit(self, X): return self\\n    def predict(self, X): return X")
for n in range(5):
    done = shell.run_cell(f"%%version_model m\\nm = M().fit([{n}])\\nm.n_ = {n}")
    done.raise_error()
"""


def main() -> None:
    """Print both rows."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment |= {
            "PYTHONPATH": str(SRC),
            "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
            "SNAPBOOK_CONFIG": f"{folder}/config",
            "IPYTHONDIR": f"{folder}/ipython",
        }
        plain = {k: v for k, v in environment.items() if k != "PYTHONPYCACHEPREFIX"}
        project = Path(folder) / "project"
        project.mkdir()

        def told(source: str, env: dict[str, str]) -> float:
            done = subprocess.run(
                [sys.executable, "-c", source],
                cwd=folder,
                env=env,
                capture_output=True,
                text=True,
                check=True,
            )
            return float(done.stdout.rpartition("CPU")[2])

        def spent(words: list[str], env: dict[str, str]) -> float:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(words, cwd=project, env=env, stdout=subprocess.DEVNULL, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        subprocess.run(
            [sys.executable, "-c", MODEL],
            cwd=project,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        # Ours and theirs in turn, so that a slow minute of the machine falls on both.
        pairs = [(told(LOAD, environment), told(IMPORT, plain)) for _ in range(TIMES)]
        ours, theirs = (min(column) for column in zip(*pairs, strict=True))
        row("%load_ext snapbook, CPU", ours, theirs, f"import mlflow {mlflow()}")
        listing = [sys.executable, "-m", "snapbook", "list"]
        version = [sys.executable, "-m", "mlflow", "--version"]
        pairs = [(spent(listing, environment), spent(version, plain)) for _ in range(TIMES)]
        ours, theirs = (min(column) for column in zip(*pairs, strict=True))
        row("snapbook list, CPU", ours, theirs, f"mlflow {mlflow()} --version")


def mlflow() -> str:
    """The peer's version."""
    from importlib.metadata import version

    return version("mlflow")


if __name__ == "__main__":
    main()
