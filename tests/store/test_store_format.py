"""The pack format as docs/format.md has it, by a reader that knows nothing but that page."""

import os
import struct

import blake3
import pytest
import zstandard

from snapbook.errors import Damaged
from snapbook.store.local import LocalStore
from snapbook.store.pack import Pack, cut

# A pack with the blobs b"one", b"two" in one raw group, made once. It must be readable for ever.
GOLDEN_NAME = "f20c999683f58335b63f54dc686630e2392fdc423387974755640466f06174ce"
GOLDEN = bytes.fromhex(
    "736e617061636b316f6e6574776f64b021acf90d4cba0600000000000000060000000000000000d33fb48ab5"
    "adff269ae172b29a6913ff04f6f266207a7a8e976f2ecd571d449200000000000000000300000000000000dc"
    "770fff53f50835f8cc957e01c0d5731d3c2ed544c375493a28c09be5e0976300000000030000000300000000"
    "0000000e000000000000000100000002000000f20c999683f58335b63f54dc686630e2392fdc423387974755"
    "640466f06174ce736e617061636b31"
)  # fmt: skip


def read(data):
    """{digest: blob} of a pack's bytes, and its id, by the page alone."""
    assert data[:8] == b"snapack1"
    at, frames, blobs, checksum, magic = struct.unpack("<QII32s8s", data[-56:])
    assert magic == b"snapack1"
    index = data[at:-56]
    assert blake3.blake3(index).digest() == checksum
    assert len(index) == 8 + 17 * frames + 48 * blobs
    raws, start = [], 8
    for stored, raw, codec in struct.iter_unpack("<QQB", index[8 : 8 + 17 * frames]):
        piece = data[start : start + stored]
        start += stored
        raws.append(piece if codec == 0 else zstandard.ZstdDecompressor().decompress(piece))
        assert len(raws[-1]) == raw
    assert start == at
    found = {}
    for digest, frame, offset, size in struct.iter_unpack("<32sIIQ", index[8 + 17 * frames :]):
        found[digest.hex()] = raws[frame][offset : offset + size]
        assert blake3.blake3(found[digest.hex()]).digest() == digest
    assert list(found) == sorted(found)
    return found, checksum.hex()


def test_a_pack_is_what_the_page_says(tmp_path):
    store = LocalStore(tmp_path / "packs")
    blobs = [b"", b"small", b"a" * 200_000, os.urandom(9000), *(b"%d" % n * 50 for n in range(999))]
    writer = store.writer()
    digests = [writer.add(blob) for blob in blobs]
    writer.commit()
    writer.close()
    (path,) = (tmp_path / "packs").glob("??/*")
    found, name = read(path.read_bytes())
    assert found == dict(zip(digests, blobs, strict=True))
    assert (path.name, path.parent.name) == (name, name[:2])


def opened(tmp_path, data, name):
    path = tmp_path / "pack"
    path.write_bytes(data)
    return Pack(os.open(path, os.O_RDONLY), name)


def test_a_pack_of_the_first_release(tmp_path):
    pack = opened(tmp_path, GOLDEN, GOLDEN_NAME)
    blobs = {key.hex(): cut(pack.frame(place.frame), place) for key, place in pack.places()}
    assert sorted(blobs.values()) == [b"one", b"two"]
    assert read(GOLDEN) == (blobs, GOLDEN_NAME)


def test_an_unknown_codec_is_said(tmp_path):
    data = bytearray(GOLDEN)
    at = struct.unpack("<Q", data[-56:-48])[0]
    data[at + 8 + 16] = 7
    index = bytes(data[at:-56])
    name = blake3.blake3(index).hexdigest()
    data[-40:-8] = bytes.fromhex(name)
    pack = opened(tmp_path, bytes(data), name)
    with pytest.raises(Damaged, match="codec 7"):
        pack.frame(0)


def test_a_frame_that_lies_about_its_size_is_refused(tmp_path):
    """What is allocated is what the index says, whatever a crafted frame claims."""
    bomb = zstandard.ZstdCompressor().compress(b"\0" * 10_000_000)
    digest = blake3.blake3(b"").digest()
    index = (
        b"\0" * 8 + struct.pack("<QQB", len(bomb), 10, 1) + struct.pack("<32sIIQ", digest, 0, 0, 10)
    )
    name = blake3.blake3(index).hexdigest()
    trailer = struct.pack("<QII32s8s", 8 + len(bomb), 1, 1, bytes.fromhex(name), b"snapack1")
    pack = opened(tmp_path, b"snapack1" + bomb + index + trailer, name)
    with pytest.raises(Damaged, match="another size"):
        pack.frame(0)


def test_big_packs_are_bisected(tmp_path, monkeypatch):
    """The two ways to find a blob agree."""
    store = LocalStore(tmp_path / "packs")
    writer = store.writer()
    digests = [bytes.fromhex(writer.add(b"%d" % number)) for number in range(500)]
    writer.commit()
    writer.close()
    (path,) = (tmp_path / "packs").glob("??/*")
    places = opened(tmp_path, path.read_bytes(), path.name)
    expected = [places.find(digest) for digest in digests]
    monkeypatch.setattr("snapbook.store.pack._FEW", 0)
    pack = opened(tmp_path, path.read_bytes(), path.name)
    assert [pack.find(digest) for digest in digests] == expected
    assert None not in expected
    assert pack.find(b"\0" * 32) is None
    assert pack.find(b"\xff" * 32) is None
