"""Freeing: what goes is what nobody needs, and never what somebody is about to need."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapbook import canonical
from snapbook.errors import Damaged, NotFound
from snapbook.store import sweep
from snapbook.store.local import LocalStore


@pytest.fixture
def store(tmp_path):
    store = LocalStore(tmp_path / "packs", tmp_path / "index.sqlite")
    yield store
    store.close()


def put(store, *blobs):
    writer = store.writer()
    try:
        digests = [writer.add(blob) for blob in blobs]
        writer.commit()
    finally:
        writer.close()
    return digests


def packs(store):
    return sorted(path.name for path in store.folder.glob("??/*"))


def sweep_all(store, live, **options):
    """A whole sweep, as a repository does it; the event is the call of `condemn`."""
    plan = store.condemnable(live, **options)
    writer = store.writer()
    try:
        sweep.move(plan, writer, lambda *_: None)
        writer.commit()
        store.condemn(plan.condemned)
    finally:
        writer.close()
    return plan, store.drop((*plan.condemned, *plan.leftover))


def test_nothing_to_do(store):
    digests = put(store, b"a", b"b" * 20_000)
    plan = store.condemnable(digests)
    assert not plan
    assert plan.freed_bytes == 0
    assert LocalStore(store.folder).condemnable(()).drop == tuple(packs(store))


def test_a_dead_pack_goes(store):
    (dead,) = put(store, os.urandom(50_000))
    (live,) = put(store, os.urandom(20_000))
    plan, (freed, left) = sweep_all(store, {live})
    assert (len(plan.drop), plan.rewrite, plan.move) == (1, (), frozenset())
    assert freed == plan.freed_bytes > 50_000
    assert left == ()
    assert len(packs(store)) == 1
    assert store.missing([dead, live]) == {dead}
    with pytest.raises(NotFound):
        store.get(dead)


def test_a_half_dead_pack_is_rewritten(store):
    dead, live, small = put(store, os.urandom(50_000), os.urandom(20_000), b"small")
    plan, (freed, left) = sweep_all(store, {live, small})
    assert (plan.drop, len(plan.rewrite)) == ((), 1)
    assert plan.move == {live, small}
    assert freed > 50_000
    assert left == ()
    assert set(LocalStore(store.folder).digests()) == {live, small}
    assert not store.condemnable({live, small})
    assert store.missing([dead]) == {dead}


def test_a_little_waste_is_borne_but_not_when_purging(store):
    dead, *live = put(store, b"secret", *(os.urandom(20_000) for _ in range(5)))
    assert not store.condemnable(live)
    plan, _ = sweep_all(store, [*live, dead], purge=[dead])
    assert len(plan.rewrite) == 1
    assert store.missing([dead, *live]) == {dead}


def test_many_small_packs_become_one(store):
    digests = [put(store, b"%d" % number)[0] for number in range(sweep.MANY_SMALL)]
    plan, _ = sweep_all(store, digests)
    assert len(plan.rewrite) == sweep.MANY_SMALL
    assert len(packs(store)) == 1
    assert [store.get(digest) for digest in digests] == [
        b"%d" % number for number in range(sweep.MANY_SMALL)
    ]
    assert not store.condemnable(digests)


def test_copies_are_dead(store):
    (digest,) = put(store, os.urandom(30_000))
    data = store.get(digest)
    writer = store.writer()
    writer.renew([digest])
    writer.commit()
    writer.close()
    assert len(packs(store)) == 2
    sweep_all(store, [digest])
    assert len(packs(store)) == 1
    assert store.get(digest) == data


def test_a_pack_in_flight_is_left_alone(store):
    """Committed blobs without an event yet: told by the lock, not by their age."""
    writer = store.writer()
    digest = writer.add(os.urandom(30_000))
    writer.commit()
    other = LocalStore(store.folder)
    plan = other.condemnable(())
    assert plan.busy == tuple(packs(store))
    assert plan.drop == ()
    writer.close()
    assert other.condemnable([digest]).busy == ()
    assert other.condemnable(()).drop == tuple(packs(store))


def test_a_draft_is_no_debris_until_its_process_is_gone(store, tmp_path):
    writer = store.writer()
    writer.add(os.urandom(30_000))
    (draft,) = store.folder.glob("tmp-*")
    (tmp_path / "packs" / "tmp-0011223344556677").write_bytes(b"of a killed process")
    plan = LocalStore(store.folder).condemnable(())
    assert [path.name for path in plan.debris] == ["tmp-0011223344556677"]
    LocalStore(store.folder).drop(())
    assert list(store.folder.glob("tmp-*")) == [draft]
    writer.commit()
    writer.close()
    assert len(packs(store)) == 1


def test_a_saver_that_relied_on_a_condemned_pack_writes_anew(store):
    """The race that loses data elsewhere: the blob was there, then a sweep, then the commit."""
    (digest,) = put(store, b"relied on" * 3000)
    (old,) = packs(store)
    writer = store.writer()
    assert writer.add(b"relied on" * 3000) == digest
    assert writer.relied() == {digest}

    other = LocalStore(store.folder)
    plan = other.condemnable(())
    other.condemn(plan.condemned)
    assert other.drop(plan.condemned) == (0, (old,))  # somebody writes: it stays for now

    store.condemn(plan.condemned)  # the saver lost its race and has read the event
    assert store.missing(writer.relied()) == {digest}
    writer.renew([digest])
    assert writer.relied() == frozenset()
    writer.commit()
    assert store.missing([digest]) == set()
    writer.close()

    later = other.condemnable([digest])
    assert later.leftover == (old,)
    assert other.drop(later.leftover)[1] == ()
    assert store.get(digest) == b"relied on" * 3000
    assert len(packs(store)) == 1


def test_condemned_blobs_count_as_absent_but_are_readable(store):
    (digest,) = put(store, b"x")
    store.condemn(packs(store))
    assert not store.has(digest)
    assert store.missing([digest]) == {digest}
    assert list(store.digests()) == []
    assert store.find(digest[:8]) == []
    assert store.get(digest) == b"x"
    assert put(store, b"x") == [digest]
    assert len(packs(store)) == 2
    assert store.has(digest)


def test_only_condemned_packs_are_unlinked(store):
    put(store, b"x")
    with pytest.raises(ValueError, match="condemned"):
        store.drop(packs(store))
    assert len(packs(store)) == 1


def test_a_reader_that_meets_a_dropped_pack_looks_again(store):
    dead, live = put(store, os.urandom(50_000), b"live" * 4000)
    reader = LocalStore(store.folder, store.folder.parent / "other.sqlite")
    assert reader.has(live)
    sweep_all(store, [live])
    assert reader.get(live) == b"live" * 4000
    assert reader.missing([dead, live]) == {dead}


def test_a_broken_pack_is_never_dropped_and_never_half_moved(store):
    put(store, os.urandom(30_000))
    (bad,) = packs(store)
    path = store.lookup.path(bad)
    data = path.read_bytes()
    path.write_bytes(data[:-10])
    again = LocalStore(store.folder)
    assert not again.condemnable(())
    path.write_bytes(data[:1000] + b"\xff" + data[1001:])
    kept, dead = put(store, os.urandom(9000), os.urandom(50_000))
    hurt = LocalStore(store.folder)
    name = next(name for name in packs(store) if name != bad)
    whole = hurt.lookup.path(name).read_bytes()
    hurt.lookup.path(name).write_bytes(whole[:100] + b"\xff" + whole[101:])
    plan = hurt.condemnable([kept])
    writer = hurt.writer()
    with pytest.raises(Damaged):
        sweep.move(plan, writer, lambda *_: None)
    writer.close()
    assert name in packs(store)
    assert dead


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_sweep_ever_loses_what_is_alive(tmp_path_factory, data):
    store = LocalStore(tmp_path_factory.mktemp("sweep") / "packs")
    held: dict[str, bytes] = {}
    for act in data.draw(st.lists(st.sampled_from("wws"), max_size=8)):
        if act == "w":
            seeds = data.draw(st.lists(st.integers(0, 30), max_size=5))
            blobs = [b"%d" % seed * (1 if seed % 2 else 4000) for seed in seeds]
            held |= {canonical.digest(blob): blob for blob in blobs}
            put(store, *blobs)
        else:
            some = st.sampled_from(sorted(held)) if held else st.nothing()
            live = set(data.draw(st.lists(some, unique=True)))
            sweep_all(store, live, waste=data.draw(st.sampled_from([0.0, 0.2, 0.9])))
            assert store.missing(live) == set()
            held = {digest: held[digest] for digest in held if not store.missing([digest])}
        for digest, blob in held.items():
            assert store.get(digest) == blob
    assert list(store.verify()) == []
