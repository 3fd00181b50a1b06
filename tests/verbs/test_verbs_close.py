"""Every verb lets go of the files that it opened, whether it ends well or not."""

import os
import sys
from pathlib import Path

import pytest

import snapbook
from snapbook import verbs
from snapbook.errors import SnapbookError
from snapbook.verbs.here import Here

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

WORDS = {
    "list": ["--where", "accuracy > 0"],
    "": [],
    "show": ["churn"],
    "diff": ["churn:0.1.0", "churn"],
    "tag": ["churn", "team=risk"],
    "note": ["churn", "a word"],
    "rename": ["churn", "leaving"],
    "delete": ["churn:0.1.0", "--yes"],
    "verify": [],
    "gc": [],
    "status": [],
    "export": ["churn", "--to", "notebook"],
    "trust": ["churn"],
}


def held(folder: Path) -> list[str]:
    """The files under ``folder`` that this process has open."""
    names = []
    for number in os.listdir("/proc/self/fd"):
        try:
            names.append(os.readlink(f"/proc/self/fd/{number}"))
        except FileNotFoundError:
            continue
    # The log of the session is open as long as the session.
    mine = (name for name in names if name.startswith(str(folder)))
    return [name for name in mine if "/sessions/" not in name]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    snapbook.save({"a": 1}, "churn", metrics={"accuracy": 0.5})
    snapbook.save({"a": 2}, "churn", metrics={"accuracy": 0.6})
    assert not held(tmp_path)
    return tmp_path


@pytest.mark.parametrize("verb", WORDS)
def test_a_verb_lets_go(project, verb):
    verbs.run_words(Here(project, face="cli"), verb, WORDS[verb])
    assert not held(project)


def test_a_verb_that_fails_lets_go(project):
    with pytest.raises(SnapbookError):
        verbs.run_words(Here(project), "show", ["churn:9.9.9"])
    assert not held(project)


def test_the_names_at_the_root_let_go(project):
    assert snapbook.load("churn") == {"a": 2}
    snapbook.versions("churn")
    snapbook.diff("churn")
    assert not held(project)
    with snapbook.open() as repository:
        assert repository.index.models() == ["churn"]
        assert held(project)
    assert not held(project)
    assert repository.index.models() == ["churn"], "a closed one opens again"
    repository.close()
