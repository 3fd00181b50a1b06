"""Evidently's own report, where it is installed: it takes a pandas that our tests do not have."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import demand
import pandas as pd
import pytest

from snapbook import places, verbs
from snapbook.errors import NotFound, Usage
from snapbook.watch import kept

MISSING = importlib.util.find_spec("evidently") is None or not pd.__version__.startswith("2.")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with demand:0.1.0, that was served."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    repository = places.make_repository(tmp_path)
    version = demand.version(repository)
    repository.close()
    demand.log(Path(kept.FOLDER), version.manifest, count=600)


@pytest.mark.skipif(MISSING, reason="Evidently is not installed, or not with pandas 2")
@pytest.mark.filterwarnings("ignore")
def test_its_report_is_written(project, tmp_path):
    done = verbs.monitor("demand", evidently=True, output="theirs.html")
    text = (tmp_path / "theirs.html").read_text("utf-8")
    assert done.lines[-1] == "wrote theirs.html"
    assert "drift" in text.lower()
    for name in ("category", "price", "weekday", "shelf"):
        assert name in text


@pytest.mark.skipif(not MISSING, reason="Evidently is installed")
def test_without_it_the_way_to_it_is_named(project):
    with pytest.raises(NotFound) as told:
        verbs.monitor("demand", evidently=True, output="theirs.html")
    assert told.value.hint == 'pip install evidently "pandas<3"'


def test_it_is_a_file(project):
    with pytest.raises(Usage, match="is a file"):
        verbs.monitor("demand", evidently=True)
