"""Damage: it is found, it stays where it is, and new work goes on."""

import os
import shutil

import pytest
from faults import driver
from faults.inspect_repository import clean, silent, versions

from snapbook import gc, places, verify
from snapbook.errors import Damaged, NewerFormat, NotFound
from snapbook.refs import parse


@pytest.fixture
def project(tmp_path):
    """Models a and b with names, numbers, tags, notes and aliases of all kinds."""
    repository = places.make_repository(tmp_path)
    driver.save(repository, "a", 1, message="first words", tags={"team": "risk"})
    driver.save(repository, "b", 50)
    driver.save(repository, "a", 9, message="second words")
    first = repository.resolve(parse("a:0.1.0"))
    repository.note(first, "a note", driver.AUTHOR)
    repository.tag(first, {"stage": "old"}, ("team",), driver.AUTHOR)
    repository.move_alias(first, "production", driver.AUTHOR)
    repository.rename("b", "c", driver.AUTHOR)
    repository.delete(repository.resolve(parse("c:0.1.0")), driver.AUTHOR)
    driver.save(repository, "c", 60)
    return tmp_path


def reopened(project):
    return places.open_folder(project / places.NAME)


def without_index(project):
    for path in (project / places.NAME).glob("index.sqlite*"):
        path.unlink()
    return reopened(project)


def all_that_is_asked(repository):
    rows = list(repository.every_version())
    return (
        [(row.ref, row.manifest, row.message, row.reason, dict(row.tags), row.aliases,
          dict(row.metrics), dict(row.params), row.time, row.author, row.n) for row in rows],
        [[note.text for note in repository.index.notes(row.manifest)] for row in rows],
        repository.index.models(),
        repository.index.model("b"),
        repository.index.highest("c"),
        repository.index.moves("a", "production"),
        repository.catalog.head(),
    )  # fmt: skip


def pack_of(repository, ref):
    """The pack that holds the manifest of ``ref``."""
    manifest = repository.resolve(parse(ref)).manifest
    store = repository.store
    return store.lookup.path(store.holder(bytes.fromhex(manifest)))


def found(repository):
    said = verify.verify(repository, None, silent)
    return said.problems, said.broken


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


DAMAGES = {
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "altered at the beginning": lambda path: flip(path, 20),
    "altered at the end": lambda path: flip(path, path.stat().st_size - 20),
    "garbage": lambda path: path.write_bytes(os.urandom(path.stat().st_size)),
}


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 1000, "another index"])
def test_the_index_comes_back_with_everything(project, content, tmp_path_factory):
    repository = reopened(project)
    before = all_that_is_asked(repository)
    repository.store.close()
    repository.index.close()
    index = project / places.NAME / "index.sqlite"
    for path in index.parent.glob("index.sqlite*"):
        path.unlink()
    if content == "another index":
        other = tmp_path_factory.mktemp("other")
        away = places.make_repository(other)
        for seed in range(12):
            driver.save(away, "a", seed + 100)
        away.store.close()
        away.index.close()
        shutil.copy(other / places.NAME / "index.sqlite", index)
    elif content is not None:
        index.write_bytes(content)
    again = reopened(project)
    assert all_that_is_asked(again) == before
    clean(again)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("keep_index", [True, False])
def test_a_damaged_pack(project, how, keep_index):
    """`verify` names it and the version; the others are read; saving goes on."""
    repository = reopened(project)
    pack = pack_of(repository, "a:0.1.0")
    whole = pack.read_bytes()
    repository.store.close()
    DAMAGES[how](pack)
    again = reopened(project) if keep_index else without_index(project)
    problems, broken = found(again)
    assert [problem.where for problem in problems] == [f"pack {pack.name[:12]}"]
    assert broken == ("a:0.1.0",)
    assert driver.seed_of(again, again.resolve(parse("a:0.2.0")).manifest) == 9
    assert driver.seed_of(again, again.resolve(parse("c")).manifest) == 60
    with pytest.raises((Damaged, NotFound)):
        driver.seed_of(again, again.resolve(parse("a:0.1.0")).manifest)
    made = driver.save(again, "a", 70)
    assert driver.seed_of(again, made.version.manifest) == 70
    # Nothing is freed on a guess: a copy of the pack would bring everything back.
    if how == "altered at the beginning":  # the lists of what is needed can be read
        gc.gc(again, driver.AUTHOR)
    else:
        with pytest.raises(Damaged, match="Nothing was freed"):
            gc.gc(again, driver.AUTHOR)
    pack.write_bytes(whole)
    mended = reopened(project)
    clean(mended)
    assert driver.seed_of(mended, mended.resolve(parse("a:0.1.0")).manifest) == 1
    assert mended.resolve(parse("a:0.1.0")).message == "first words"


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("verified", [True, False])
def test_the_same_again_after_the_newest_is_damaged(project, how, verified):
    """Equal to a damaged version is not "unchanged": what is saved now can be read."""
    repository = reopened(project)
    pack = pack_of(repository, "c")
    repository.store.close()
    DAMAGES[how](pack)
    again = reopened(project)
    if verified:
        found(again)
    elif how == "altered at the beginning":
        with pytest.raises(Damaged):  # bytes of the model alone: nobody knows before they are read
            driver.seed_of(again, again.resolve(parse("c")).manifest)
    made = driver.save(again, "c", 60)
    assert not made.unchanged
    assert driver.seed_of(reopened(project), made.version.manifest) == 60
    assert driver.seed_of(without_index(project), made.version.manifest) == 60


@pytest.mark.parametrize("how", [*DAMAGES, "missing"])
@pytest.mark.parametrize("n", [2, 3, 9])
def test_a_damaged_event(project, how, n):
    """In the middle or the newest: found, the rest is read, and no number is given twice."""
    repository = reopened(project)
    before = all_that_is_asked(repository)
    count = repository.catalog.head().n
    assert count == 9
    event = repository.catalog.path(n)
    whole = event.read_bytes()
    if how == "missing":
        event.unlink()
    else:
        DAMAGES[how](event)
    again = without_index(project)
    if how == "missing" and n == count:
        # A chain that ends one event earlier is a chain: nothing can tell.
        clean(again)
        return
    problems, _ = found(again)
    assert f"event {n}" in [problem.where for problem in problems]
    gone = {2: {"c:0.1.0"}, 3: {"a:0.2.0"}, 9: {"c:0.2.0"}}[n]
    left = {row.ref for row in again.every_version()}
    assert left == {"a:0.1.0", "a:0.2.0", "c:0.2.0"} - gone
    assert driver.seed_of(again, again.resolve(parse("a:0.1.0")).manifest) == 1
    model = "a" if n == 3 else "c"
    made = driver.save(again, model, 90)
    assert driver.seed_of(again, made.version.manifest) == 90
    with pytest.raises(Damaged, match=f"Nothing was freed: event {n} cannot be read"):
        gc.gc(again, driver.AUTHOR)
    event.write_bytes(whole)
    # It came back: both versions are there, under two numbers.
    mended = without_index(project)
    assert {row[0] for row in before[0]} < {row.ref for row in mended.every_version()}
    assert versions(mended)[made.version.ref] == 90
    assert len({row.ref for row in mended.every_version()}) == 4


def test_a_missing_format_and_a_newer_one(project):
    file = project / places.NAME / "format"
    whole = file.read_bytes()
    before = {path: path.read_bytes() for path in file.parent.rglob("*") if path.is_file()}
    file.write_bytes(b'{"snapbook":3}\n')
    with pytest.raises(NewerFormat, match="newer snapbook"):
        places.find_repository(project)
    with pytest.raises(NewerFormat):
        places.make_repository(project)
    file.write_bytes(b"garbage")
    with pytest.raises(Damaged, match="format"):
        places.find_repository(project)
    file.write_bytes(whole)
    after = {path: path.read_bytes() for path in file.parent.rglob("*") if path.is_file()}
    assert {path for path in after if "index" not in path.name} <= set(before)
    assert all(after[path] == before[path] for path in after if "index" not in path.name)
    clean(reopened(project))
