"""One kernel for all tests of a worker process; each test moves it into a project of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import kernels
import pytest
from stump import MODEL


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernel")
    os.environ.pop("SNAPBOOK_STRICT", None)
    running = kernels.Kernel(folder, IPYTHONDIR=str(folder / "ipython"))
    yield running
    running.stop()


@pytest.fixture
def project(tmp_path):
    return tmp_path / "churn-project"


@pytest.fixture
def notebook(kernel, project):
    """The kernel in a fresh project, snapbook loaded, a small model class defined."""
    kernel.project(project)
    assert kernel.cell(MODEL).status == "ok"
    return kernel


@pytest.fixture
def shell(project):
    """The command line in the project: `shell("list", "churn")` gives the finished process."""

    def run(*words: str, **options):
        project.mkdir(parents=True, exist_ok=True)
        environment = kernels.environment_of(project, **options.pop("env", {}))
        return subprocess.run(
            [sys.executable, "-m", "snapbook", *words],
            cwd=options.pop("cwd", project),
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )

    return run


BATCH = """
import contextlib, io, json, sys
from snapbook.cli import main
done = []
for words in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    done.append((code, out.getvalue(), err.getvalue()))
json.dump(done, sys.stdout)
"""


@pytest.fixture
def commands(project):
    """Many commands one after the other in one process, which starts only once."""

    def run(lines):
        project.mkdir(parents=True, exist_ok=True)
        whole = subprocess.run(
            [sys.executable, "-c", BATCH],
            input=json.dumps(lines),
            cwd=project,
            env=kernels.environment_of(project),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return [
            subprocess.CompletedProcess(words, *done)
            for words, done in zip(lines, json.loads(whole.stdout), strict=True)
        ]

    return run
