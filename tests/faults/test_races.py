"""Many at once: nobody loses, nobody waits for a lock that a dead process holds."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faults import driver
from faults.inspect_repository import clean, debris, versions

from snapbook import gc, places
from snapbook.refs import parse

pytestmark = pytest.mark.faults
DRIVER = Path(driver.__file__)


class Runner:
    """A driver process that does one act after another."""

    def __init__(self, project):
        self._project = str(project)
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "SNAPBOOK_HOME": ""},
        )  # fmt: skip

    def begin(self, act, turns=True, **args):
        request = {"act": act, "folder": self._project, "args": args, "turns": turns}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        self._process.stdout.readline()
        return self

    def end(self):
        """What the act said."""
        status, said = json.loads(self._process.stdout.readline())
        assert status == 0
        assert "error" not in said, said
        return said

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def start(tmp_path):
    runners = []

    def many(count):
        runners.extend(Runner(tmp_path) for _ in range(count))
        for runner in runners:  # all have started when each has answered
            runner.begin("nothing").end()
        return runners

    yield many
    for runner in runners:
        runner.close()


def numbers(repository, model):
    rows = [row for row in repository.every_version() if row.model == model]
    return sorted(row.number for row in rows)


def without_gap(count):
    """Below 1.0.0 each change of parameters is a MINOR step."""
    return [(0, minor, 0) for minor in range(1, count + 1)]


def test_eight_processes_save_a_hundred_each(start, tmp_path, capsys):
    """To one model, beginning with no repository at all."""
    runners = start(8)
    begun = time.monotonic()
    for place, runner in enumerate(runners):
        runner.begin("saves", model="m", seeds=list(range(place * 100 + 1, place * 100 + 101)))
    refs = [ref for runner in runners for ref in runner.end()["refs"]]
    took = time.monotonic() - begun
    repository = places.open_folder(tmp_path / places.NAME)
    assert len(set(refs)) == len(refs) == 800
    assert numbers(repository, "m") == without_gap(800)
    saved = versions(repository)
    assert sorted(saved.values()) == list(range(1, 801))
    assert set(saved) == set(refs)
    assert repository.catalog.head().n == 800
    before = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    freed = gc.gc(repository, driver.AUTHOR)
    clean(repository)
    assert versions(repository) == saved
    assert debris(tmp_path / places.NAME) == []
    with capsys.disabled():
        print(
            f"\n8 processes x 100 saves: 800 versions without gap in {took:.1f} s, 0 lost;"
            f" {before / 1e6:.1f} MB, gc freed {freed.bytes / 1e6:.1f} MB"
        )


@pytest.mark.parametrize("turns", [True, False])
def test_two_savers_of_one_model(start, tmp_path, turns):
    """Taking turns only spares retries: without it nothing is lost either."""
    one, two = start(2)
    one.begin("saves", turns, model="churn", seeds=list(range(1, 41)))
    two.begin("saves", turns, model="churn", seeds=list(range(41, 81)))
    refs = one.end()["refs"] + two.end()["refs"]
    repository = places.open_folder(tmp_path / places.NAME)
    assert numbers(repository, "churn") == without_gap(80)
    assert sorted(versions(repository).values()) == list(range(1, 81))
    assert len(set(refs)) == 80
    clean(repository)


def test_savers_and_a_sweep_without_end(start, tmp_path, capsys):
    """Two save and delete what is theirs while a third frees again and again: nothing is lost."""
    one, two, sweeper = start(3)
    one.begin("saves_and_deletes", model="a", seeds=list(range(1, 61)))
    two.begin("saves_and_deletes", model="b", seeds=list(range(1, 61)))
    sweeper.begin("gc_without_end", until=str(tmp_path / "over"))
    kept = {**one.end()["kept"], **two.end()["kept"]}
    (tmp_path / "over").touch()
    swept = sweeper.end()
    repository = places.open_folder(tmp_path / places.NAME)
    assert versions(repository) == kept
    clean(repository)
    gc.gc(repository, driver.AUTHOR)
    assert versions(repository) == kept
    with capsys.disabled():
        print(
            f"\n180 saves, {180 - len(kept)} deletes beside {swept['sweeps']} sweeps that freed"
            f" {swept['packs']} packs: {len(kept)} versions whole, 0 lost"
        )
    assert swept["packs"]


def test_index_deleted_while_all_run(start, tmp_path, capsys):
    one, two = start(2)
    one.begin("saves", model="m", seeds=list(range(1, 61)))
    two.begin("saves", model="m", seeds=list(range(61, 121)))
    deleted = 0
    folder = tmp_path / places.NAME
    for _ in range(20):
        time.sleep(0.1)
        if (folder / "index.sqlite").exists():
            (folder / "index.sqlite").unlink(missing_ok=True)
            deleted += 1
    one.end()
    two.end()
    repository = places.open_folder(folder)
    assert numbers(repository, "m") == without_gap(120)
    assert sorted(versions(repository).values()) == list(range(1, 121))
    clean(repository)
    with capsys.disabled():
        print(f"\nindex deleted {deleted} times beside 120 saves: 0 lost")
    assert deleted


def test_two_make_the_repository_at_once(start, tmp_path):
    one, two = start(2)
    for round_ in range(30):
        project = tmp_path / str(round_)
        project.mkdir()
        one._project = two._project = str(project)
        one.begin("save", model="m", seed=1)
        two.begin("save", model="m", seed=2)
        assert {one.end()["ref"], two.end()["ref"]} == {"m:0.1.0", "m:0.2.0"}
        repository = places.open_folder(project / places.NAME)
        assert sorted(versions(repository).values()) == [1, 2]
        clean(repository)
        assert debris(project / places.NAME) == []


def test_a_killed_saver_blocks_nobody(start, tmp_path):
    """Its locks went with it: the next save and a gc do not wait."""
    one, two = start(2)
    one.begin("save", model="m", seed=1).end()
    pid = os.fork()
    if not pid:
        repository = places.make_repository(tmp_path)
        writer = repository.store.writer()
        driver.draft("m", 2, writer)
        writer.commit()
        writer.add(b"unfinished" * 5000)
        os.kill(os.getpid(), 9)
    os.waitpid(pid, 0)
    begun = time.monotonic()
    assert two.begin("save", model="m", seed=3).end()["ref"] == "m:0.2.0"
    assert one.begin("gc").end()["debris"] == 1
    assert time.monotonic() - begun < 5
    repository = places.open_folder(tmp_path / places.NAME)
    assert versions(repository) == {"m:0.1.0": 1, "m:0.2.0": 3}
    assert repository.resolve(parse("m")).number == (0, 2, 0)
    assert debris(tmp_path / places.NAME) == []
