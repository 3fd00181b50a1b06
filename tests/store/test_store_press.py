"""Frames packed by threads: the file is the one that no threads would have written."""

import itertools
import os
import random
import threading
from contextlib import closing

import pytest

from snapbook import canonical
from snapbook.store import packer as packing
from snapbook.store import press as pressing
from snapbook.store.pack import MAGIC, NONCE_SIZE, RAW, TRAILER, ZSTD, Pack
from snapbook.store.packer import Packer
from snapbook.store.press import COPIED, LEAST, Press, press


def blobs():
    rng = random.Random(0)
    sizes = [0, 10, 9000, LEAST - 1, LEAST, 200_000, COPIED, COPIED + 1, 60, 50_000]
    kinds = [lambda n: rng.randbytes(n), lambda n: bytes(n), lambda n: b"tree " * (n // 5)]
    return [kind(size) for size in sizes for kind in kinds]


def written(path, data):
    with open(path, "w+b") as file:
        packer = Packer(file.fileno())
        for blob in data:
            packer.add(bytes.fromhex(canonical.digest(blob)), blob)
        name = packer.finish()
        packer.close()
    return name


def frames(path):
    """The file up to its index, which begins with a nonce."""
    data = path.read_bytes()
    return data[: TRAILER.unpack(data[-TRAILER.size :])[0]]


def test_the_file_does_not_depend_on_the_threads(tmp_path, monkeypatch):
    data = list(dict.fromkeys(blobs()))
    for place, threads in enumerate((1, 2, 4, 4, 4)):
        monkeypatch.setattr(pressing, "THREADS", threads)
        name = written(tmp_path / str(place), data)
        pack = Pack(os.open(tmp_path / str(place), os.O_RDONLY), name)
        for blob in data:
            place_ = pack.find(bytes.fromhex(canonical.digest(blob)))
            raw = pack.frame(place_.frame)
            assert raw[place_.offset : place_.offset + place_.size] == blob
    first, *others = (frames(tmp_path / str(place)) for place in range(5))
    assert first.startswith(MAGIC)
    assert len(first) > NONCE_SIZE
    assert all(other == first for other in others)


def test_no_thread_is_left(tmp_path):
    before = set(threading.enumerate())
    written(tmp_path / "a", [os.urandom(100_000) for _ in range(20)])
    with open(tmp_path / "b", "w+b") as file:
        packer = Packer(file.fileno())
        for _ in range(20):
            packer.add(os.urandom(32), os.urandom(100_000))
        packer.close()  # what a save does that failed
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(10)
    assert not any(thread.is_alive() for thread in left)


def test_what_waits_is_bounded(tmp_path):
    with open(tmp_path / "pack", "w+b") as file:
        packer = Packer(file.fileno())
        for number in range(200):
            packer.add(os.urandom(32), os.urandom(40_000 if number % 2 else 1_000_000))
            assert len(packer._pending) <= packing.QUEUE
            assert packer._waiting <= packing.WAITING
            assert packer.size_bytes >= os.fstat(file.fileno()).st_size
        packer.add(os.urandom(32), bytes(COPIED + 1))
        assert not packer._pending
        packer.finish()


def test_rewinding_what_still_waits(tmp_path):
    blob = {n: bytes([n]) * (40_000 + n) for n in range(30)}
    keys = {n: bytes.fromhex(canonical.digest(data)) for n, data in blob.items()}
    for written_first, kept in itertools.product((0, 3, 12, 25), (0, 5, 20)):
        with open(tmp_path / "pack", "w+b") as file:
            packer = Packer(file.fileno())
            for n in range(kept):
                packer.add(keys[n], blob[n])
            mark = packer.mark()
            for n in range(kept, 25):
                packer.add(keys[n], blob[n])
            if written_first:
                packer.get(keys[written_first - 1])
            packer.rewind(mark)
            for n in range(25, 30):
                packer.add(keys[n], blob[n])
            expected = [*range(kept), *range(25, 30)]
            name = packer.finish()
            assert [packer.get(keys[n]) for n in expected] == [blob[n] for n in expected]
            pack = Pack(os.dup(file.fileno()), name)
            assert len(pack) == len(pack.frames) == len(expected)


def test_a_thread_that_fails_is_heard(tmp_path, monkeypatch):
    def failing(data):
        raise MemoryError

    monkeypatch.setattr(pressing, "press", failing)
    with open(tmp_path / "pack", "w+b") as file:
        packer = Packer(file.fileno())
        packer.add(os.urandom(32), os.urandom(100_000))
        with pytest.raises(MemoryError):
            packer.finish()
        packer.close()


def test_the_caller_may_change_its_bytes():
    data = bytearray(b"abc" * 30_000)
    with closing(Press()) as pool:
        begun = pool.begin(data)
        data[:] = b"x" * len(data)
        codec, stored = begun()
    assert codec == ZSTD
    assert stored == press(b"abc" * 30_000).stored


def test_what_does_not_shrink_stays_as_it_is():
    data = os.urandom(50_000)
    assert press(data) == (RAW, data)
