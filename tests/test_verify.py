"""Checking: sound is said of what is sound, and every damaged place is named."""

import os

import pytest
from faults import driver
from faults.inspect_repository import silent

from snapbook import places, verify
from snapbook.refs import parse


@pytest.fixture
def repository(tmp_path):
    repository = places.make_repository(tmp_path)
    for seed in (1, 9, 17):
        driver.save(repository, "m", seed)
    return repository


def check(repository, only=None):
    return verify.verify(repository, only, silent)


def test_all_is_well(repository):
    assert check(repository) == verify.Verified((), (), 3, 3, 3)


def test_an_empty_place(tmp_path):
    assert check(places.find_repository(tmp_path)) == verify.Verified((), (), 0, 0, 0)


def test_progress_is_told(repository):
    told = []
    verify.verify(repository, None, lambda *step: told.append(step))
    assert {what for what, _, _ in told} == {"packs", "events", "versions"}
    assert all(done <= of for _, done, of in told)


def test_every_flipped_byte_is_found(repository):
    """In packs and in events alike; each place in turn, the copy laid back after it."""
    files = [path for room in ("packs", "events") for path in (repository.folder / room).rglob("*")]
    tried = 0
    for path in files:
        if not path.is_file() or path.name == "lock":
            continue
        whole = path.read_bytes()
        for place in range(0, len(whole), max(1, len(whole) // 12)):
            changed = bytearray(whole)
            changed[place] ^= 0x40
            path.write_bytes(changed)
            found = check(repository)
            assert found.problems, f"{path.name[:12]} byte {place} of {len(whole)}"
            tried += 1
        path.write_bytes(whole)
    assert check(repository) == verify.Verified((), (), 3, 3, 3)
    assert tried > 60


def test_one_version_alone(repository):
    """Only what it needs is read, byte for byte."""
    version = repository.resolve(parse("m:0.2.0"))
    manifest = bytes.fromhex(version.manifest)
    path = repository.store.lookup.path(repository.store.holder(manifest))
    repository.store.close()
    data = bytearray(path.read_bytes())
    data[data.index(driver.content(9)[1])] ^= 1
    path.write_bytes(data)
    again = places.open_folder(repository.folder)
    assert check(again, again.resolve(parse("m:0.1.0"))).broken == ()
    found = check(again, again.resolve(parse("m:0.2.0")))
    assert found.broken == ("m:0.2.0",)
    assert found.versions == 1


def test_a_pack_that_is_gone(repository):
    version = repository.resolve(parse("m:0.2.0"))
    path = repository.store.lookup.path(repository.store.holder(bytes.fromhex(version.manifest)))
    os.unlink(path)
    found = check(places.open_folder(repository.folder))
    assert found.broken == ("m:0.2.0",)
    assert found.versions == 3


def test_deleted_versions_need_nothing(repository):
    version = repository.resolve(parse("m:0.2.0"))
    path = repository.store.lookup.path(repository.store.holder(bytes.fromhex(version.manifest)))
    repository.delete(version, driver.AUTHOR)
    os.unlink(path)
    assert check(places.open_folder(repository.folder)).broken == ()


def test_what_broke_later_is_said_in_lists_and_forgotten_when_it_is_back(repository):
    version = repository.resolve(parse("m:0.2.0"))
    model = next(p for p in repository.parts(version.manifest) if p.kind == "model")
    path = repository.store.lookup.path(repository.store.holder(bytes.fromhex(model.blobs[1])))
    aside = path.rename(path.with_name("aside"))
    again = places.open_folder(repository.folder)
    assert check(again).broken == ("m:0.2.0",)
    assert [row.ref for row in again.index.damaged()] == ["m:0.2.0"]
    aside.rename(path)
    assert check(again).broken == ()
    assert again.index.damaged() == []
