"""Disks that are really full, folders that really may not be written, files cut by a limit."""

import os
from contextlib import ExitStack, suppress

import pytest
from faults import disks, driver, strace
from faults.inspect_repository import clean, debris, versions

from snapbook import gc, places
from snapbook.errors import DiskFull, ReadOnly
from snapbook.refs import parse

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    if why := disks.why_not(folder):
        pytest.skip(why)
    return folder


def fill(path):
    """Write until nothing more goes in."""
    with open(path, "wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 512):
            pass


def save_until_full(repository, kept):
    """Save versions without end, noting each in ``kept``."""
    for seed in range(1, 200):
        made = driver.save(repository, "m", seed)
        kept[made.version.ref] = seed


def fill_and_free(project):
    """Save until nothing fits, then make room; gives how many were kept, and the bytes freed."""
    repository = places.make_repository(project)
    kept = {}
    with pytest.raises(DiskFull, match=r"^Not versioned: .* free in "):
        save_until_full(repository, kept)
    repository.store.close()  # open files hold room
    repository.index.close()
    again = places.open_folder(project / places.NAME)
    clean(again)
    assert versions(again) == kept
    assert debris(project / places.NAME) == []
    with pytest.raises(DiskFull):
        driver.save(again, "m", 300)
    assert versions(again) == kept
    # Not a byte is left: others wrote too. Old versions can go all the same.
    fill(project / "others")
    freed = 0
    for ref in list(kept)[:8]:
        again.delete(again.resolve(parse(ref)), driver.AUTHOR)
        del kept[ref]
        freed += gc.gc(again, driver.AUTHOR).bytes
    assert freed > 50_000
    made = driver.save(again, "m", 300)
    assert versions(again) == {**kept, made.version.ref: 300}
    clean(again)
    return len(kept) + 8, freed


def test_a_disk_that_fills_up(room, tmp_path, capsys):
    """One error; what was kept stays; freeing makes room to go on."""
    with disks.small(tmp_path / "disk", 1500) as project:
        kept, freed = fill_and_free(project)
    with capsys.disabled():
        print(f"\nfull disk: {kept} versions kept before it was full, then {freed} bytes freed")


def test_a_write_that_is_cut_short(tmp_path, capsys):
    """A limit on the size of files cuts a write in two, as a nearly full disk does."""
    workshop = strace.Workshop(tmp_path / "shop")
    told = done = 0
    try:
        for limit in (1, 100, 300, 900, 5_000, 20_100, 25_000, 29_500, 31_000, 60_000):
            project = workshop.copy(tmp_path / "shop")
            ended = workshop.run(project, "save", args={"seed": 1}, file_bytes=limit)
            repository = places.make_repository(project)
            clean(repository)
            if "error" in ended.said:
                told += 1
                assert ended.said["error"] == "unreachable"
                assert versions(repository) == {}
            else:
                done += 1
                assert versions(repository) == {"m:0.1.0": 1}
            assert debris(project / places.NAME) == []
    finally:
        workshop.close()
    with capsys.disabled():
        print(f"\ncut writes: {told} told and not done, {done} done")
    assert told
    assert done


@pytest.mark.parametrize("freeze", [disks.read_only, disks.immutable])
@pytest.mark.parametrize("with_index", [True, False])
def test_a_folder_that_may_not_be_written(room, tmp_path, freeze, with_index):
    """Everything can be read; a save is told; afterwards all is as it was."""
    repository = places.make_repository(tmp_path)
    for seed in (1, 2):
        driver.save(repository, "m", seed)
    repository.store.close()
    repository.index.close()
    folder = tmp_path / places.NAME
    if not with_index:
        for path in folder.glob("index.sqlite*"):
            path.unlink()
    old = {"m:0.1.0": 1, "m:0.2.0": 2}
    rooms = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    frozen = rooms if freeze is disks.immutable else [folder]
    with ExitStack() as stack:
        for one in frozen:
            stack.enter_context(freeze(one))
        again = places.find_repository(tmp_path)
        clean(again)
        assert versions(again) == old
        with pytest.raises(ReadOnly, match=r"^Not versioned: "):
            driver.save(again, "m", 3)
        with pytest.raises(ReadOnly, match=r"^Nothing was done: "):
            again.note(again.resolve(parse("m")), "words", driver.AUTHOR)
        with pytest.raises(ReadOnly, match=r"^Nothing was done: "):
            again.delete(again.resolve(parse("m")), driver.AUTHOR)
        assert versions(again) == old
        del again
    again = places.open_folder(folder)
    assert versions(again) == old
    assert debris(folder) == []
    driver.save(again, "m", 3)
    clean(again)


def test_a_project_that_may_not_be_written(room, tmp_path, monkeypatch):
    """No folder can be made in it: versions go to the user's data folder, and are found there."""
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.delenv("SNAPBOOK_HOME", raising=False)
    with disks.read_only(project):
        assert places.place(project).why == "the folder cannot be written"
        driver.save(places.make_repository(project), "m", 1)
        assert places.place(project).folder.is_relative_to(home)
        assert versions(places.find_repository(project)) == {"m:0.1.0": 1}
    # Once made it stays the project's, or its versions would seem to be gone.
    assert versions(places.find_repository(project)) == {"m:0.1.0": 1}
    assert not (project / places.NAME).exists()
    assert os.stat(places.place(project).folder).st_mode & 0o777 == 0o700
