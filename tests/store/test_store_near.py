"""Packs asked first: never an answer that the store itself would not give."""

import os

import pytest

from snapbook import canonical
from snapbook.store.local import LocalStore
from snapbook.store.near import Near


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "packs")


def put(store, *blobs):
    writer = store.writer()
    digests = [writer.add(blob) for blob in blobs]
    writer.commit()
    writer.close()
    return [bytes.fromhex(digest) for digest in digests]


def test_blobs_of_many_packs(store):
    packs = [put(store, *(b"%d %d" % (pack, n) for n in range(5))) for pack in range(9)]
    near = Near(store)
    for _ in range(2):
        for pack in packs:
            assert all(near.holds(key) for key in pack)
        assert not near.holds(bytes.fromhex(canonical.digest(b"absent")))


def test_what_is_condemned_is_not_relied_on(store):
    first, second = put(store, b"first", b"second")
    near = Near(store)
    assert near.holds(first)
    store.condemn([store.holder(first)])
    assert not near.holds(second)
    assert not near.holds(first)


def test_what_is_damaged_is_not_relied_on(store):
    sound, damaged = put(store, b"sound", b"damaged")
    store.lookup.damaged(store.holder(sound), [damaged])
    near = Near(store)
    assert near.holds(sound)
    assert not near.holds(damaged)


def test_a_new_question_looks_at_the_folder(store):
    keys = put(store, b"first", b"second")
    assert store.missing([key.hex() for key in keys]) == set()
    name = store.holder(keys[0])
    os.unlink(store.lookup.path(name))
    assert store.missing([key.hex() for key in keys]) == {key.hex() for key in keys}
    assert not Near(store).holds(keys[0])
