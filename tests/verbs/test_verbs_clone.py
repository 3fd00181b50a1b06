"""clone: all of a registry or some models, from folders and servers; cut off and asked again."""

import os
import signal
import subprocess
import sys
import time

import pytest
from faults import driver

from snapbook import places
from snapbook.errors import Conflict, NotFound
from snapbook.refs import parse
from snapbook.verbs import VERBS, Here
from snapbook.verify import verify


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


@pytest.fixture
def shared(tmp_path):
    """A folder that is a registry: three versions of churn, one of risk."""
    (tmp_path / "team-models").mkdir()
    with places.make_repository(tmp_path / "team-models") as repository:
        for seed in (1, 2, 3):
            driver.save(repository, "churn", seed)
        driver.save(repository, "risk", 9)
        return repository.folder.as_uri()


def run(folder, verb, *words):
    with Here(folder, face="cli") as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


def refs(folder):
    with places.open_folder(folder / places.NAME) as repository:
        return sorted(row.ref for row in repository.every_version())


def sound(folder):
    with places.open_folder(folder / places.NAME) as repository:
        found = verify(repository, None, lambda *_: None)
    return not (found.problems or found.broken)


def test_all_of_a_registry_comes_and_asked_again_nothing_does(tmp_path, shared):
    said = run(tmp_path, "clone", shared, "--registry", "team")
    assert said.lines[0].startswith("team is a folder")
    assert said.lines[-1].startswith("cloned 4 versions of 2 models of team into team: 4 new, ")
    assert refs(tmp_path / "team") == ["churn:0.1.0", "churn:0.2.0", "churn:0.3.0", "risk:0.1.0"]
    assert sound(tmp_path / "team")
    again = run(tmp_path, "clone", "team")
    assert again.lines == ("cloned 4 versions of 2 models of team into team: 0 new, 0 bytes",)
    with places.find_repository(tmp_path / "team") as repository:
        row = repository.resolve(parse("team::churn:0.3.0"))
        assert driver.seed_of(repository, row.manifest) == 3


def test_an_address_that_is_known_is_not_added_twice(tmp_path, shared):
    run(tmp_path, "registry", "add", "lab", shared)
    assert run(tmp_path, "clone", shared, "--folder", "copy").data["registry"] == "lab"
    assert [one["name"] for one in run(tmp_path, "registry").data["registries"]] == ["lab"]


def test_some_models_into_a_folder(tmp_path, shared):
    run(tmp_path, "clone", shared, "RISK", "--folder", "here/it")
    assert refs(tmp_path / "here" / "it") == ["risk:0.1.0"]
    with pytest.raises(NotFound, match=r"has no model rosk \(did you mean risk\?\)"):
        run(tmp_path, "clone", shared, "rosk", "--folder", "other")
    assert not (tmp_path / "other").exists()


def test_a_clone_in_a_project_is_a_repository_of_its_own(tmp_path, shared):
    with places.make_repository(tmp_path) as above:
        run(tmp_path, "clone", shared, "--folder", "inner")
        assert not list(above.every_version())
    assert places.place(tmp_path / "inner").folder == tmp_path / "inner" / places.NAME


def test_a_folder_with_other_versions_is_left_alone(tmp_path, shared):
    (tmp_path / "mine").mkdir()
    with places.make_repository(tmp_path / "mine") as repository:
        driver.save(repository, "churn", 77)
    with pytest.raises(Conflict, match=r"mine holds churn:0\.1\.0, which is not of") as told:
        run(tmp_path, "clone", shared, "--folder", "mine")
    assert refs(tmp_path / "mine") == ["churn:0.1.0"]
    verb, args = told.value.hint.verb, told.value.hint.args
    run(tmp_path / "mine", verb, *args, "--yes")
    assert len(refs(tmp_path / "mine")) == 5


def test_a_dry_run_says_what_would_come_and_adds_nothing(tmp_path, shared):
    said = run(tmp_path, "clone", shared, "--registry", "team", "--dry-run")
    assert said.lines == ("would clone 4 versions of 2 models of team into team",)
    assert not (tmp_path / "team").exists()
    assert run(tmp_path, "registry").data["registries"] == []


CLONE = "from snapbook.cli import main; main(['clone', 'lab', '--folder', 'copy'])"


@pytest.mark.slow
def test_killed_at_any_version_it_goes_on(tmp_path, shared):
    run(tmp_path, "registry", "add", "lab", shared)
    with places.open_folder(tmp_path / "team-models" / places.NAME) as repository:
        for seed in range(10, 40):
            driver.save(repository, "churn", seed)
    events = tmp_path / "copy" / places.NAME / "events" / "0000000"
    seen = []
    for wanted in (1, 8, 15, 22):
        process = subprocess.Popen([sys.executable, "-c", CLONE], cwd=tmp_path, env=os.environ)
        until = time.monotonic() + 30
        while len(list(events.glob("0*"))) < wanted and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        seen.append(len(refs(tmp_path / "copy")))
    assert seen == sorted(seen)
    assert seen[0] < 34, "no kill came in time"
    run(tmp_path, "clone", "lab", "--folder", "copy")
    assert len(refs(tmp_path / "copy")) == 34
    assert sound(tmp_path / "copy")
    with places.open_folder(tmp_path / "copy" / places.NAME) as repository:
        assert all(row.shared == (f"lab::{row.ref}",) for row in repository.every_version())
