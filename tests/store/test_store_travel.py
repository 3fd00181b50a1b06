"""Packs that leave and arrive: streams that can be cut, and what is not believed."""

import os
import struct
import tracemalloc

import pytest
import zstandard

from snapbook import canonical
from snapbook.errors import Damaged, NotFound
from snapbook.store import pack as packs
from snapbook.store import receive, send
from snapbook.store.local import LocalStore

BLOBS = [
    b"",
    b"a",
    b"small" * 100,
    b"x" * 9000,
    os.urandom(300_000),
    *(b"%d" % n for n in range(900)),
]


def put(store, *blobs):
    writer = store.writer()
    digests = [writer.add(blob) for blob in blobs]
    writer.commit()
    writer.close()
    return digests


@pytest.fixture
def store(tmp_path):
    store = LocalStore(tmp_path / "here" / "packs")
    yield store
    store.close()


@pytest.fixture
def there(tmp_path):
    store = LocalStore(tmp_path / "there" / "packs")
    yield store
    store.close()


def arrived(data, there, most=1 << 30):
    """What the store there makes of a pack's bytes."""
    path = there.folder / "incoming"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    pack = receive.opened(os.open(path, os.O_RDONLY))
    receive.check(pack, most)
    receive.adopt(there, path, pack)
    return pack


def test_what_was_sent_arrives(store, there):
    digests = put(store, *BLOBS)
    arrived(b"".join(send.stream(store, digests)), there)
    assert {digest: there.get(digest) for digest in digests} == dict(
        zip(digests, BLOBS, strict=True)
    )
    assert sorted(there.digests()) == sorted(set(digests))
    # Another process finds it too.
    again = LocalStore(there.folder)
    assert again.missing(digests) == set()
    again.close()


def test_only_what_was_asked_for(store, there):
    digests = put(store, *BLOBS)
    arrived(b"".join(send.stream(store, [digests[4], digests[7], digests[4]])), there)
    assert sorted(there.digests()) == sorted([digests[4], digests[7]])


def test_a_cut_stream_goes_on_anywhere(store):
    digests = put(store, *BLOBS)
    whole = b"".join(send.stream(store, digests))
    for start in (0, 1, 8, 9, 5000, 150_000, len(whole) - 1, len(whole), len(whole) + 5):
        assert b"".join(send.stream(store, digests, start)) == whole[start:]


def test_absent_blobs_are_not_found(store):
    with pytest.raises(NotFound):
        list(send.stream(store, ["ab" * 32]))


def test_taken_twice_is_taken_once(store, there):
    data = b"".join(send.stream(store, put(store, *BLOBS)))
    arrived(data, there)
    arrived(data, there)
    assert len([p for p in there.folder.rglob("*") if len(p.name) == 64]) == 1


def test_memory_stays_flat(store, there, tmp_path):
    large = os.urandom(1 << 16) * 1000  # 64 MB, of which zstd keeps little
    digests = put(store, large, os.urandom(40 << 20))
    del large
    path = tmp_path / "there" / "incoming"
    path.parent.mkdir(exist_ok=True)
    there.folder.mkdir(parents=True)
    tracemalloc.start()
    with path.open("wb") as file:
        for piece in send.stream(store, digests):
            file.write(piece)
    pack = receive.opened(os.open(path, os.O_RDONLY))
    receive.check(pack, 1 << 30)
    receive.adopt(there, path, pack)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 24 << 20
    assert there.missing(digests) == set()


def made(frames, blobs):
    """A pack of frames (stored, raw size, codec) and blobs (digest, frame, offset, size)."""
    body = packs.MAGIC + b"".join(stored for stored, _, _ in frames)
    index = b"\0" * packs.NONCE_SIZE
    index += b"".join(packs.FRAME.pack(len(stored), raw, codec) for stored, raw, codec in frames)
    index += b"".join(packs.BLOB.pack(*blob) for blob in sorted(blobs))
    name = bytes.fromhex(canonical.digest(index))
    return body + index + packs.TRAILER.pack(len(body), len(frames), len(blobs), name, packs.MAGIC)


def key(data):
    return bytes.fromhex(canonical.digest(data))


ZEROS = bytes(1 << 20)
BOMB = zstandard.ZstdCompressor(level=19).compress(bytes(200 << 20))
LYING = {
    "wrong digest": made([(b"a" * 50, 50, packs.RAW)], [(key(b"b" * 50), 0, 0, 50)]),
    "wrong size": made([(b"a" * 50, 60, packs.RAW)], [(key(b"a" * 50), 0, 0, 60)]),
    "beyond its frame": made(
        [(b"a" * 50, 50, packs.RAW)], [(key(b"a" * 50), 0, 0, 50), (key(b"c"), 0, 49, 9)]
    ),
    "no such frame": made([(b"a", 1, packs.RAW)], [(key(b"a"), 0, 0, 1), (key(b"c"), 7, 0, 1)]),
    "an empty frame": made([(b"a", 1, packs.RAW), (b"b", 1, packs.RAW)], [(key(b"a"), 0, 0, 1)]),
    "unknown codec": made([(b"a", 1, 9)], [(key(b"a"), 0, 0, 1)]),
    "not zstd": made([(b"a" * 50, 70, packs.ZSTD)], [(key(b"a" * 70), 0, 0, 70)]),
    "larger than it says": made(
        [(zstandard.compress(ZEROS), 100, packs.ZSTD)], [(key(bytes(100)), 0, 0, 100)]
    ),
    "smaller than it says": made(
        [(zstandard.compress(b"a" * 90), 100, packs.ZSTD)], [(key(b"a" * 90), 0, 0, 100)]
    ),
    "a bomb": made([(BOMB, 200 << 20, packs.ZSTD)], [(key(b"never looked at"), 0, 0, 200 << 20)]),
    "a bomb of small ones": made(
        [(BOMB, 200 << 20, packs.ZSTD)], [(key(b"a"), 0, 0, 1), (key(b"b"), 0, 1, 1)]
    ),
    "too much": made([(b"a", 1 << 40, packs.ZSTD)], [(key(b"a"), 0, 0, 1 << 40)]),
    "cut": made([(b"a", 1, packs.RAW)], [(key(b"a"), 0, 0, 1)])[:-1],
    "empty": b"",
    "noise": os.urandom(500),
    "a trailer that points far": packs.MAGIC * 9
    + struct.pack("<QII32s8s", 1 << 60, 1, 1, b"x" * 32, packs.MAGIC),
}


@pytest.mark.parametrize("why", LYING)
def test_a_pack_that_lies_is_not_taken(there, why):
    with pytest.raises(Damaged):
        arrived(LYING[why], there)
    assert list(there.digests()) == []


def test_any_changed_byte_is_found(store, there):
    data = b"".join(send.stream(store, put(store, b"small", b"x" * 9000, os.urandom(9000))))
    for at in range(0, len(data), 97):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(Damaged):
            arrived(bytes(changed), there)
    assert list(there.digests()) == []
