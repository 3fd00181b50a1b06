"""A notebook in this process: IPython's own shell with the extension loaded, in a new project."""

from __future__ import annotations

import atexit
import io
import os
import random
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from snapbook import places
from snapbook.catalog.rows import VersionRow
from snapbook.parts.base import Part
from snapbook.repository import Repository


class Notebook:
    """Runs cells and gives what they print."""

    def __init__(self, project: Path) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        InteractiveShell.clear_instance()
        self.project = project
        self.shell = InteractiveShell.instance(config=config)
        self.value: object = None
        self.error: BaseException | None = None
        self.run("%load_ext snapbook")

    def run(self, source: str) -> str:
        """Execute one cell; what it printed. `value` and `error` are its outcome."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            result = self.shell.run_cell(source, store_history=True)
        assert err.getvalue() == "", err.getvalue()
        self.value = result.result
        self.error = result.error_before_exec or result.error_in_exec
        return out.getvalue()

    def card(self, source: str) -> list[str]:
        """The lines that a cell which succeeds prints."""
        text = self.run(source)
        assert self.error is None, text
        return text.splitlines()

    @property
    def names(self) -> dict[str, object]:
        return self.shell.user_ns

    @property
    def kernel(self):
        return self.shell._snapbook_face.kernel

    def repository(self) -> Repository:
        return places.find_repository(self.project)

    def rows(self) -> list[VersionRow]:
        return list(self.repository().every_version())

    def parts(self) -> dict[tuple[str, str], Part]:
        """The parts of the newest version by kind and name."""
        newest = self.rows()[0]
        return {(part.kind, part.name): part for part in self.repository().parts(newest.manifest)}

    def close(self) -> None:
        self.shell.run_line_magic("unload_ext", "snapbook")
        # At exit every shell would empty itself and collect garbage: minutes for hundreds of them.
        atexit.unregister(self.shell.atexit_operations)
        InteractiveShell.clear_instance()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder of its own as working directory, and a user without settings."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_AUTHOR", "Ada")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("SNAPBOOK_HOME", raising=False)
    monkeypatch.chdir(folder)
    path, modules = list(sys.path), set(sys.modules)
    sys.path.insert(0, str(folder))
    random.seed(0)
    yield folder
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        origin = getattr(sys.modules[name], "__file__", None) or ""
        if origin.startswith(str(tmp_path)):
            del sys.modules[name]
    os.chdir(Path(__file__).parent)


@pytest.fixture
def notebook(project):
    one = Notebook(project)
    yield one
    one.close()


DATA = """\
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["age", "price", "size"])
y = (X["age"] + X["price"] > 0).astype(int)
X_train, X_test, y_train, y_test = X[:40], X[40:], y[:40], y[40:]
"""
FIT = """\
%%version_model churn
model = LogisticRegression(C=1.0).fit(X_train, y_train)
accuracy = model.score(X_test, y_test)
"""


@pytest.fixture
def fitted(notebook):
    """A notebook with data, and with churn:0.1.0."""
    notebook.run(DATA)
    assert notebook.card(FIT)[0].startswith("churn:0.1.0  first version")
    return notebook
