"""Where versions go: found like git finds its own, made on first use, never in the way."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from faults import driver
from faults.inspect_repository import versions

from snapbook import places
from snapbook.errors import NewerFormat, SnapbookError

TIME = "2026-11-21T14:02:00.000000Z"

NOBODY = 65534
root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="becoming another user needs root"
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """The user's data folder is one of the test's."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("SNAPBOOK_HOME", raising=False)
    return tmp_path / "data"


@pytest.fixture
def project(tmp_path):
    project = tmp_path / "project"
    (project / "notebooks" / "deep").mkdir(parents=True)
    return project


def save(start, seed=1):
    return driver.save(places.make_repository(start), "m", seed)


def test_beside_the_notebook_where_there_is_no_git(project):
    start = project / "notebooks"
    assert places.place(start) == places.Place(start, start / ".snapbook")
    assert not places.place(start).exists
    assert list(places.find_repository(start).every_version()) == []
    assert not (start / ".snapbook").exists(), "looking makes nothing"
    save(start)
    assert places.place(start).exists
    assert versions(places.find_repository(start)) == {"m:0.1.0": 1}


def test_in_the_git_root(project):
    (project / ".git").mkdir()
    save(project / "notebooks" / "deep")
    assert (project / ".snapbook" / "format").exists()
    assert versions(places.find_repository(project)) == {"m:0.1.0": 1}


def test_a_git_worktree_has_a_file_for_its_folder(project):
    (project / ".git").write_text("gitdir: elsewhere")
    assert places.place(project / "notebooks").folder == project / ".snapbook"


def test_the_nearest_above_is_found(project):
    save(project, 1)
    save(project / "notebooks" / "deep", 2)
    assert versions(places.find_repository(project)) == {"m:0.1.0": 1, "m:0.2.0": 2}
    (project / "notebooks" / ".git").mkdir()
    assert places.place(project / "notebooks" / "deep").folder == project / ".snapbook"
    places.create(project / "notebooks" / ".snapbook")
    assert places.place(project / "notebooks" / "deep").project == project / "notebooks"


def test_a_folder_of_that_name_that_is_no_repository_is_passed_over(project):
    (project / "notebooks" / ".snapbook").mkdir()
    save(project, 1)
    assert places.place(project / "notebooks").folder == project / ".snapbook"


def test_what_the_first_save_makes(project):
    os.umask(0o022)
    save(project)
    folder = project / ".snapbook"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"
    assert json.loads((folder / "format").read_text()) == {"snapbook": 2}
    for path in folder.rglob("*"):
        if path.is_dir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    subprocess.run(["git", "init", "-q", project], check=True)
    said = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=project, capture_output=True, check=True
    )
    assert said.stdout == b""


def test_making_twice_is_making_once(project):
    places.create(project / ".snapbook")
    save(project)
    before = (project / ".snapbook" / "format").stat().st_mtime_ns
    places.create(project / ".snapbook")
    assert (project / ".snapbook" / "format").stat().st_mtime_ns == before
    assert versions(places.find_repository(project)) == {"m:0.1.0": 1}


def test_a_folder_that_was_begun_is_finished(project):
    """Killed before its format was written, it is no repository yet."""
    (project / ".snapbook" / "packs").mkdir(parents=True)
    assert not places.place(project).exists
    save(project)
    assert versions(places.find_repository(project)) == {"m:0.1.0": 1}


def test_outside(project, home):
    folder = places.outside_folder(project)
    assert folder.is_relative_to(home)
    assert folder.name.startswith("project-")
    places.create(folder)
    assert places.place(project).folder == folder
    assert places.place(project / "notebooks" / "deep").folder == folder
    assert places.place(project).why == "kept outside the project"
    save(project / "notebooks")
    assert not (project / ".snapbook").exists()
    assert not (project / "notebooks" / ".snapbook").exists()
    assert versions(places.find_repository(project)) == {"m:0.1.0": 1}


def test_two_projects_of_one_name_are_two(tmp_path):
    one, two = tmp_path / "a" / "same", tmp_path / "b" / "same"
    assert places.outside_folder(one) != places.outside_folder(two)
    odd = tmp_path / "модель 1 (new)\n"
    assert places.outside_folder(odd).name.isascii()


def test_snapbook_home(project, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_HOME", str(tmp_path / "home"))
    assert places.place(project).why == "SNAPBOOK_HOME is set"
    save(project / "notebooks")
    folder = places.place(project / "notebooks").folder
    assert folder.is_relative_to(tmp_path / "home")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert versions(places.find_repository(project / "notebooks")) == {"m:0.1.0": 1}
    assert not (project / "notebooks" / ".snapbook").exists()


def test_snapbook_home_does_not_hide_what_is_in_the_project(project, tmp_path, monkeypatch):
    save(project)
    monkeypatch.setenv("SNAPBOOK_HOME", str(tmp_path / "home"))
    assert versions(places.find_repository(project)) == {"m:0.1.0": 1}


def test_through_symbolic_links(project, tmp_path):
    """One project has one repository, by whatever way one comes."""
    (tmp_path / "link").symlink_to(project, target_is_directory=True)
    save(tmp_path / "link" / "notebooks", 1)
    save(project / "notebooks", 2)
    assert versions(places.find_repository(tmp_path / "link" / "notebooks")) == {
        "m:0.1.0": 1,
        "m:0.2.0": 2,
    }
    elsewhere = tmp_path / "large disk"
    places.create(elsewhere)
    other = tmp_path / "other"
    other.mkdir()
    (other / ".snapbook").symlink_to(elsewhere, target_is_directory=True)
    save(other, 3)
    assert (elsewhere / "events" / "0000000" / "0000000001").exists()


def test_a_link_that_leads_nowhere(project, tmp_path):
    (project / ".snapbook").symlink_to(tmp_path / "unplugged", target_is_directory=True)
    with pytest.raises(SnapbookError) as told:
        save(project)
    assert "Errno" not in str(told.value)
    assert told.value.kind in ("unreachable", "read-only")


def test_a_newer_format_is_not_touched(project):
    folder = project / ".snapbook"
    places.create(folder)
    (folder / "format").write_text('{"snapbook": 3}')
    before = sorted(folder.rglob("*"))
    for act in (places.find_repository, places.make_repository):
        with pytest.raises(NewerFormat, match=r"newer snapbook.* \(format 3, known here: 2\)"):
            act(project)
    assert sorted(folder.rglob("*")) == before


def test_unknown_fields_of_the_format_are_borne(project):
    places.create(project / ".snapbook")
    path = project / ".snapbook" / "format"
    path.write_text('{"later": true, "snapbook": 2}')
    save(project)
    assert path.read_text() == '{"later": true, "snapbook": 2}'


def test_an_older_form_is_raised_by_the_first_event_and_by_nothing_else(project):
    """Until then an older snapbook reads it; from then on it refuses, and says why."""
    folder = project / ".snapbook"
    places.create(folder)
    path = folder / "format"
    path.write_text('{"later": true, "snapbook": 1}')
    with places.open_folder(folder) as repository:
        assert versions(repository) == {}
        assert json.loads(path.read_text()) == {"later": True, "snapbook": 1}
    save(project)
    assert json.loads(path.read_text()) == {"later": True, "snapbook": 2}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_form_that_is_raised_meanwhile_stops_the_append(project):
    """A later snapbook came between: nothing is written behind what it may have written."""
    folder = project / ".snapbook"
    places.create(folder)
    (folder / "format").write_text('{"snapbook": 1}')
    with places.open_folder(folder) as repository:
        (folder / "format").write_text('{"snapbook": 3}')
        with pytest.raises(NewerFormat):
            repository.catalog.append("note", {}, "ada", TIME, repository.catalog.head())
        assert repository.catalog.head().n == 0
    assert (folder / "format").read_text() == '{"snapbook": 3}'


CHILD = """
import gc, json, os, sys, tempfile
from pathlib import Path
from faults import driver
from snapbook import places
with tempfile.TemporaryDirectory() as warm:  # Python may lie where the other cannot read
    driver.save(places.make_repository(Path(warm)), "m", 1)
    import platformdirs.unix, snapbook.catalog.memory, snapbook.store.memory
    gc.collect()
os.setgroups([]); os.setgid({user}); os.setuid({user})
os.environ["XDG_DATA_HOME"] = sys.argv[2]
start = Path(sys.argv[1])
there = len(list(places.find_repository(start).every_version()))
made = driver.save(places.make_repository(start), "m", 2)
place = places.place(start)
print(json.dumps([str(place.folder), place.why, made.version.ref, there]))
"""


@root
@pytest.mark.parametrize("open_to_all", [True, False])
def test_somebody_elses_project(open_to_all):
    """Their repository is not ours to write: one's own in the data folder, and said why."""
    base = tempfile.mkdtemp()  # under a folder that anybody may enter
    try:
        os.chmod(base, 0o755)
        project, data = os.path.join(base, "project"), os.path.join(base, "data")
        os.mkdir(project)
        os.chmod(project, 0o777 if open_to_all else 0o755)
        os.mkdir(data)
        os.chown(data, NOBODY, NOBODY)
        save(Path(project))
        child = subprocess.run(
            [sys.executable, "-c", CHILD.format(user=NOBODY), project, data],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert child.returncode == 0, child.stderr[-800:]
        folder, why, ref, there = json.loads(child.stdout)
        assert folder.startswith(data)
        assert why in ("the folder belongs to somebody else", "kept outside the project")
        assert (ref, there) == ("m:0.1.0", 0)
        assert versions(places.find_repository(Path(project))) == {"m:0.1.0": 1}
        assert os.stat(project + "/.snapbook").st_mode & 0o077 == 0
    finally:
        shutil.rmtree(base)


def test_without_the_engines_packages_all_else_works(tmp_path):
    """They are asked for where a bucket or a database is named, and the answer is one sentence."""
    code = """
import sys
for name in ("obstore", "sqlalchemy", "psycopg", "alembic"):
    sys.modules[name] = None
from pathlib import Path
from snapbook import places
from snapbook.catalog.database import Database
from snapbook.errors import Unreachable
from snapbook.registry import known, remote, shared
from snapbook.store.bucket import Bucket
places.served(Path(sys.argv[1])).open().close()
for engine in (lambda: Bucket("s3://bucket/x"), lambda: Database("postgresql://ada:secret@db/x")):
    try:
        engine()
    except Unreachable as error:
        assert error.hint == 'pip install "snapbook[registry]"', error.hint
        assert "secret" not in str(error)
    else:
        raise AssertionError("it was made")
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "folder")], check=True)
