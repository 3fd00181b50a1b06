"""Freeing and checking where nothing can be locked: a bucket; the chain in it or in PostgreSQL.

A day is a moment here; what is counted by it is counted as ever.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from faults import driver
from faults.inspect_repository import clean, silent, versions

from snapbook import gc, places, verify
from snapbook.errors import BadOption, Damaged, NotFound, Refused
from snapbook.promote import policies
from snapbook.refs import parse
from snapbook.repository.acting import words_of_people
from snapbook.store.bucket import Bucket
from snapbook.store.objects import ObjectStore
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

obstore = pytest.importorskip("obstore")

DAY_S = 0.2


@pytest.fixture
def patience(monkeypatch):
    monkeypatch.setattr(ObjectStore, "patience_s", DAY_S)


def day():
    time.sleep(DAY_S + 0.05)


def opened(tmp_path, name="cache"):
    """As another machine would: with what it remembers of its own."""
    return places.open_bucket(Bucket(f"memory://{tmp_path.name}/models"), tmp_path / name)


@pytest.fixture
def repository(tmp_path, patience):
    repository = opened(tmp_path)
    for seed in (1, 2, 9):
        driver.save(repository, "m", seed)
    yield repository
    repository.close()


def packs(repository):
    return {entry.name.rpartition("/")[2] for entry in repository.store.bucket.entries("packs")}


def delete(repository, ref):
    repository.delete(repository.resolve(parse(ref)), driver.AUTHOR)


def test_what_is_young_is_left_alone(repository, monkeypatch):
    """Its version may be on the way."""
    monkeypatch.setattr(ObjectStore, "patience_s", 60.0)
    delete(repository, "m:0.1.0")
    head = repository.catalog.head()
    assert gc.gc(repository, driver.AUTHOR) == gc.Freed(0, 0, 0)
    assert repository.catalog.head() == head


def test_a_deleted_version_goes_in_two_steps(repository, tmp_path):
    delete(repository, "m:0.1.0")
    day()
    before = packs(repository)
    head = repository.catalog.head()
    would = gc.gc(repository, driver.AUTHOR, dry=True)
    assert (would.packs, would.later_packs > 0, would.later_bytes > 5_000) == (0, True, True)
    assert (packs(repository), repository.catalog.head()) == (before, head)
    did = gc.gc(repository, driver.AUTHOR)
    assert did == would
    assert repository.catalog.event(head.n + 1).type == "condemned"
    assert packs(repository) >= before  # all of it can be read still
    # At once there is nothing more to do.
    again = gc.gc(repository, driver.AUTHOR)
    assert (again.packs, again.later_packs) == (0, did.later_packs)
    assert repository.catalog.head().n == head.n + 1
    day()
    other = opened(tmp_path, "other")
    would = gc.gc(other, driver.AUTHOR, dry=True)
    freed = gc.gc(other, driver.AUTHOR)
    assert freed == would
    assert (freed.packs, freed.later_packs) == (did.later_packs, 0)
    assert freed.bytes > 5_000
    assert not packs(repository) & set(repository.index.condemned())
    for reader in (repository, other, opened(tmp_path, "third")):
        assert versions(reader) == {"m:0.2.0": 2, "m:0.3.0": 9}
        clean(reader)
        reader.close()


def test_many_small_packs_become_one(repository, tmp_path):
    for seed in range(20, 40):
        driver.save(repository, "m", seed)
    many = len(packs(repository))
    day()
    gc.gc(repository, driver.AUTHOR)
    day()
    assert gc.gc(repository, driver.AUTHOR).packs >= 20
    assert len(packs(repository)) < many / 4
    assert len(versions(opened(tmp_path, "other"))) == 23


def test_what_an_alias_or_a_hold_keeps_stays(repository):
    rows = [repository.resolve(parse(ref)) for ref in ("m:0.1.0", "m:0.2.0", "m:0.3.0")]
    repository.move_alias(rows[0], "production", driver.AUTHOR)
    repository.delete(rows[0], driver.AUTHOR, force=True)
    repository.hold(rows[1], "a lawsuit", driver.AUTHOR)
    with pytest.raises(Refused):
        repository.delete(rows[1], driver.AUTHOR)
    repository.delete(rows[2], driver.AUTHOR)
    for _ in range(2):
        day()
        gc.gc(repository, driver.AUTHOR)
    assert [driver.seed_of(repository, row.manifest) for row in rows[:2]] == [1, 2]
    with pytest.raises(NotFound):
        driver.seed_of(repository, rows[2].manifest)


def test_a_push_under_way_keeps_what_it_relied_on(repository, tmp_path):
    """It found the blobs there, and somebody condemned them before its event."""
    writer = repository.store.writer()
    draft = driver.draft("other", 9, writer)
    assert writer.relied()
    other = opened(tmp_path, "other")
    delete(other, "m:0.3.0")
    day()
    assert gc.gc(other, driver.AUTHOR).later_packs > 0
    made = repository.save(draft, writer, driver.Wish(), driver.AUTHOR)
    writer.close()
    for _ in range(2):
        day()
        gc.gc(other, driver.AUTHOR)
    for reader in (other, opened(tmp_path, "third")):
        assert versions(reader) == {"m:0.1.0": 1, "m:0.2.0": 2, made.version.ref: 9}
        clean(reader)


def test_a_push_that_took_longer_than_a_day_fails_and_harms_nothing(repository, tmp_path):
    """What it relied on is gone: it says so, and once more it is whole."""
    writer = repository.store.writer()
    draft = driver.draft("other", 9, writer)
    other = opened(tmp_path, "other")
    delete(other, "m:0.3.0")
    for _ in range(2):
        day()
        gc.gc(other, driver.AUTHOR)
    with pytest.raises(NotFound):
        repository.save(draft, writer, driver.Wish(), driver.AUTHOR)
    writer.close()
    assert versions(opened(tmp_path, "third")) == {"m:0.1.0": 1, "m:0.2.0": 2}
    driver.save(repository, "other", 9)
    assert versions(opened(tmp_path, "fourth"))["other:0.1.0"] == 9
    clean(repository)


def test_a_pack_that_came_and_was_not_announced_for_a_day_goes(repository, tmp_path):
    """Its client gave up. If he comes back after all, it is written anew."""
    writer = repository.store.writer()
    draft = driver.draft("late", 77, writer)
    writer.commit()
    other = opened(tmp_path, "other")
    day()
    assert gc.gc(other, driver.AUTHOR).later_packs == 1
    made = repository.save(draft, writer, driver.Wish(), driver.AUTHOR)
    writer.close()
    day()
    assert gc.gc(other, driver.AUTHOR).packs == 1
    assert versions(opened(tmp_path, "third"))[made.version.ref] == 77


def test_words_that_were_condemned_before_their_event_are_written_anew(repository, tmp_path):
    version = repository.resolve(parse("m:0.2.0"))
    writer = repository.store.writer()
    texts = words_of_people(writer, text="remember this")
    writer.commit()
    other = opened(tmp_path, "other")
    day()
    assert gc.gc(other, driver.AUTHOR).later_packs == 1
    body = {"model": "m", "manifest": version.manifest, "texts": texts}
    repository.act(lambda: ("note", body), driver.AUTHOR, writer)
    writer.close()
    day()
    assert gc.gc(other, driver.AUTHOR).packs == 1
    (note,) = opened(tmp_path, "third").index.notes(version.manifest)
    assert note.text == "remember this"


def test_who_knew_where_things_were_finds_them_where_they_are(repository, tmp_path):
    other = opened(tmp_path, "other")
    assert len(versions(other)) == 3  # its packs are open, and in its table
    delete(repository, "m:0.1.0")
    for _ in range(2):
        day()
        gc.gc(repository, driver.AUTHOR)
    assert versions(other) == {"m:0.2.0": 2, "m:0.3.0": 9}
    assert driver.save(other, "m", 9).version.ref == "m:0.3.0"
    clean(other)


def test_two_at_once_and_a_saver(repository, tmp_path):
    delete(repository, "m:0.1.0")
    day()
    failures = []

    def work(name, act):
        try:
            with closing(opened(tmp_path, name)) as mine:
                for turn in range(3):
                    act(mine, turn)
                    time.sleep(DAY_S / 2)
        except BaseException as error:
            failures.append(error)

    acts = {
        "one": lambda mine, _: gc.gc(mine, driver.AUTHOR),
        "two": lambda mine, _: gc.gc(mine, driver.AUTHOR),
        "saver": lambda mine, turn: driver.save(mine, "busy", 100 + turn),
    }
    threads = [threading.Thread(target=work, args=pair) for pair in acts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    expected = {"m:0.2.0": 2, "m:0.3.0": 9} | {f"busy:0.{n}.0": 99 + n for n in (1, 2, 3)}
    with closing(opened(tmp_path, "third")) as third:
        assert versions(third) == expected
        clean(third)


def flip(bucket, name, place):
    data = bytearray(bucket.get(name))
    data[place] ^= 1
    obstore.put(bucket._store, name, bytes(data))


def test_damage_is_named(repository, tmp_path):
    bucket = repository.store.bucket
    clean(repository)
    store = repository.store
    version = repository.resolve(parse("m:0.3.0"))
    blob = repository.parts(version.manifest)[0].blobs[1]
    name = store.holder(bytes.fromhex(blob))
    pack = store.open_pack(name)
    frame = pack.frames[pack.find(bytes.fromhex(blob)).frame]
    flip(bucket, f"packs/{name[:2]}/{name}", frame.start + frame.stored // 2)
    with closing(opened(tmp_path, "other")) as other:
        told = []
        found = verify.verify(other, None, lambda what, *_: told.append(what))
        assert [problem.where for problem in found.problems] == [f"pack {name[:12]}"]
        assert found.broken == ("m:0.3.0",)
        assert {"packs", "events", "versions"} <= set(told)
        with pytest.raises(Damaged):
            driver.seed_of(other, version.manifest)


def test_a_pack_that_is_gone_is_missed(repository, tmp_path):
    newest = repository.store.holder(bytes.fromhex(repository.resolve(parse("m:0.3.0")).manifest))
    obstore.delete(repository.store.bucket._store, f"packs/{newest[:2]}/{newest}")
    with closing(opened(tmp_path, "other")) as other:
        found = verify.verify(other, None, silent)
        assert "m:0.3.0" in found.broken
        assert "m:0.1.0" not in found.broken


# --- the verbs, on a server of S3 -----------------------------------------------------------------


def run(folder, *words):
    with Here(folder, face="cli") as here:
        return VERBS[words[0]].run(here, VERBS[words[0]].parse(list(words[1:])))


@pytest.fixture(params=["bucket", "postgres"])
def where(request, s3, tmp_path, monkeypatch):
    """The words that name a served registry."""
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(ObjectStore, "patience_s", 1.0)
    words = ("--folder", str(tmp_path / "registry"), "--store", s3.url)
    if request.param == "postgres":
        words += ("--database", request.getfixturevalue("postgres").url)
    return words


def served(where):
    named = dict(zip(where[::2], where[1::2], strict=True))
    return places.served(Path(named["--folder"]), named.get("--database", ""), named["--store"])


POLICY = """
[retention]
keep_last = 2
"""


def test_packs_whose_chain_is_elsewhere_are_left_alone(tmp_path, patience):
    with closing(opened(tmp_path)) as empty:
        assert gc.gc(empty, driver.AUTHOR) == gc.Freed(0, 0, 0)
        writer = empty.store.writer()
        writer.add(b"whose?" * 100)
        writer.commit()
        writer.close()
        day()
        with pytest.raises(Damaged, match="packs and no events"):
            gc.gc(empty, driver.AUTHOR)
        assert len(packs(empty)) == 1


def test_of_two_chains_over_one_bucket_the_first_counts(s3, postgres, tmp_path):
    """Each would take the other's packs for dead."""
    database, store = postgres.url, s3.url
    with closing(places.served(tmp_path / "one", database, store)) as kept, kept.open() as there:
        driver.save(there, "m", 1)
    with pytest.raises(BadOption, match="is in a database"):
        places.served(tmp_path / "two", "", store)
    with pytest.raises(BadOption, match="is in a database"):
        places.open_bucket(Bucket(store), tmp_path / "cache")
    with pytest.raises(BadOption, match="Name it: --database"):
        run(tmp_path, "registry", "gc", "--store", store)
    with closing(places.served(tmp_path / "two", database, store)) as kept, kept.open() as there:
        assert versions(there) == {"m:0.1.0": 1}
    other = f"{store}/other"
    with closing(places.served(tmp_path / "three", "", other)) as kept, kept.open() as there:
        driver.save(there, "m", 2)
    with pytest.raises(BadOption, match="a chain of its own"):
        places.served(tmp_path / "four", database, other)


def test_expire_free_and_verify(where, tmp_path):
    with closing(served(where)) as kept, kept.open() as there:
        for seed in range(5):
            driver.save(there, "m", seed)
        there.move_alias(there.resolve(parse("m:0.1.0")), "production", driver.AUTHOR)
        there.hold(there.resolve(parse("m:0.2.0")), "audit", driver.AUTHOR)
        policies.change(there, "m", POLICY, {}, driver.AUTHOR)
        before = packs(there)
    time.sleep(2.1)  # the server tells whole seconds
    said = run(tmp_path, "registry", "gc", "--expire", "--dry-run", *where)
    assert said.lines[0] == "would delete 1 version by policy: m:0.3.0"
    with pytest.raises(Refused) as told:
        run(tmp_path, "registry", "gc", "--expire", *where)
    done = run(tmp_path, told.value.hint.verb, *told.value.hint.args)
    assert done.lines[0] == "deleted 1 version by policy: m:0.3.0"
    assert "go with a gc a day later" in done.lines[-1]
    assert done.data["later"]["packs"] > 0
    time.sleep(2.1)
    done = run(tmp_path, "registry", "gc", *where)
    assert done.data["packs"] > 0
    assert done.data["bytes"] > 5_000
    checked = run(tmp_path, "registry", "verify", *where)
    assert (checked.exit_code, checked.data["versions"]) == (0, 4)
    with closing(served(where)) as kept, kept.open() as there:
        assert before - packs(there)
        assert set(versions(there)) == {"m:0.1.0", "m:0.2.0", "m:0.4.0", "m:0.5.0"}
        name = next(iter(packs(there)))
        flip(there.store.bucket, f"packs/{name[:2]}/{name}", 20)
    checked = run(tmp_path, "registry", "verify", *where)
    assert checked.exit_code == 1
    assert any(name[:12] in line for line in checked.lines)
