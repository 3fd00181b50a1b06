"""Freeing: nothing that can be reached is ever lost, and nothing else stays."""

import pytest
from faults import driver
from faults.inspect_repository import clean, debris, silent, versions

from snapbook import gc, places, verify
from snapbook.errors import Conflict, Damaged
from snapbook.refs import parse


@pytest.fixture
def repository(tmp_path):
    repository = places.make_repository(tmp_path)
    for seed in (1, 2, 9):
        driver.save(repository, "m", seed)
    return repository


def size(repository):
    return sum(path.stat().st_size for path in (repository.folder / "packs").rglob("*"))


def test_nothing_to_free(repository):
    head = repository.catalog.head()
    assert gc.gc(repository, driver.AUTHOR) == gc.Freed(0, 0, 0)
    assert repository.catalog.head() == head


def test_a_deleted_version_goes_and_what_others_share_stays(repository):
    repository.delete(repository.resolve(parse("m:0.1.0")), driver.AUTHOR)
    before = size(repository)
    would = gc.gc(repository, driver.AUTHOR, dry=True)
    assert size(repository) == before
    did = gc.gc(repository, driver.AUTHOR)
    assert did.packs == would.packs > 0
    assert before - size(repository) > 5_000
    assert versions(repository) == {"m:0.2.0": 2, "m:0.3.0": 9}
    clean(repository)
    assert gc.gc(repository, driver.AUTHOR) == gc.Freed(0, 0, 0)


@pytest.mark.parametrize("step", ["versions", "pieces"])
def test_stopped_between_two_steps_nothing_is_lost(repository, step):
    """A progress bar that is cancelled: the versions are whole, and the next gc does the rest."""
    repository.delete(repository.resolve(parse("m:0.1.0")), driver.AUTHOR)
    told = []

    def stop(what, done, of):
        told.append((what, done <= of))
        if what == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gc.gc(repository, driver.AUTHOR, progress=stop)
    assert (step, True) in told
    clean(repository)
    assert versions(repository) == {"m:0.2.0": 2, "m:0.3.0": 9}
    assert gc.gc(repository, driver.AUTHOR).packs > 0
    assert versions(repository) == {"m:0.2.0": 2, "m:0.3.0": 9}


def test_texts_of_living_versions_stay(repository):
    version = repository.resolve(parse("m:0.2.0"))
    repository.note(version, "a note", driver.AUTHOR)
    repository.tag(version, {"team": "risk"}, (), driver.AUTHOR)
    repository.delete(repository.resolve(parse("m:0.1.0")), driver.AUTHOR)
    gc.gc(repository, driver.AUTHOR)
    repository.index.rebuild()
    version = repository.resolve(parse("m:0.2.0"))
    assert version.tags == {"team": "risk"}
    assert [note.text for note in repository.index.notes(version.manifest)] == ["a note"]


def test_a_writer_at_work_keeps_what_it_relied_on(repository):
    """It deduplicated into a version that is deleted and swept before its own event."""
    writer = repository.store.writer()
    draft = driver.draft("other", 9, writer)
    other = places.open_folder(repository.folder)
    other.delete(other.resolve(parse("m:0.3.0")), driver.AUTHOR)
    gc.gc(other, driver.AUTHOR)
    made = repository.save(draft, writer, driver.Wish(), driver.AUTHOR)
    writer.close()
    assert versions(repository) == {"m:0.1.0": 1, "m:0.2.0": 2, made.version.ref: 9}
    gc.gc(other, driver.AUTHOR)
    again = places.open_folder(repository.folder)
    clean(again)
    assert versions(again)["other:0.1.0"] == 9


def test_the_sound_one_of_two_copies_stays(repository):
    version = repository.resolve(parse("m:0.3.0"))
    blob = repository.parts(version.manifest)[0].blobs[1]
    store = repository.store
    path = store.lookup.path(store.holder(bytes.fromhex(blob)))
    data = bytearray(path.read_bytes())
    at = data.index(driver.content(9)[1])
    data[at] ^= 1
    path.write_bytes(data)
    assert verify.verify(repository, None, silent).broken == ("m:0.3.0",)
    driver.save(repository, "copy", 9)
    assert verify.verify(repository, None, silent).broken == ()
    gc.gc(repository, driver.AUTHOR)
    again = places.open_folder(repository.folder)
    assert versions(again) == {"m:0.1.0": 1, "m:0.2.0": 2, "m:0.3.0": 9, "copy:0.1.0": 9}


def test_what_killed_processes_left_goes_and_what_lives_stays(repository):
    writer = repository.store.writer()
    writer.add(b"under way" * 5000)
    for room in (".", "packs", "events"):
        (repository.folder / room / "tmp-0123456789abcdef").write_bytes(b"left")
    assert gc.gc(repository, driver.AUTHOR, dry=True).debris == 3
    freed = gc.gc(repository, driver.AUTHOR)
    assert (freed.debris, freed.bytes) == (3, 12)
    assert len(debris(repository.folder)) == 1  # the writer's
    digest = writer.add(b"more")
    writer.commit()
    writer.close()
    assert repository.store.get(digest) == b"more"


def test_an_unreadable_event_stops_it(repository):
    path = repository.catalog.path(2)
    path.write_bytes(b"garbage")
    for index in repository.folder.glob("index.sqlite*"):
        index.unlink()
    with pytest.raises(Damaged, match="event 2 cannot be read"):
        gc.gc(places.open_folder(repository.folder), driver.AUTHOR)


@pytest.mark.slow
def test_it_gives_up_where_others_never_pause(repository, monkeypatch):
    repository.delete(repository.resolve(parse("m:0.1.0")), driver.AUTHOR)
    busy = places.open_folder(repository.folder)
    plan = repository.store.condemnable

    def somebody_saves_meanwhile(live):
        found = plan(live)
        busy.note(busy.resolve(parse("m:0.2.0")), "again", driver.AUTHOR)
        return found

    monkeypatch.setattr(repository.store, "condemnable", somebody_saves_meanwhile)
    with pytest.raises(Conflict, match="Nothing was freed"):
        gc.gc(repository, driver.AUTHOR)
    assert versions(busy) == {"m:0.2.0": 2, "m:0.3.0": 9}


def test_in_memory_there_is_nothing_to_free(tmp_path):
    assert gc.gc(places.find_repository(tmp_path), driver.AUTHOR) == gc.Freed(0, 0, 0)
