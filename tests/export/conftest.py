"""What several tests of exports begin with."""

import os
import shutil
from pathlib import Path

import leaving
import pytest


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository that the verbs find, with a key of the user's own."""
    with leaving.project(tmp_path, monkeypatch) as here:
        yield here


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder in which uv and pip look for packages, and nowhere else."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for name in ("UV", "PIP"):
        monkeypatch.setenv(f"{name}_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")  # of no index it would take the usual one
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    import ensurepip

    bundled = Path(ensurepip.__file__).parent / "_bundled"
    for path in bundled.glob("*.whl"):
        shutil.copy(path, folder)
    return folder
