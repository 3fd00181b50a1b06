"""The local store keeps the contract, with its index in a file, in memory, and gone."""

import errno
import multiprocessing
import os
import sqlite3
import subprocess
from contextlib import closing

import pytest
from contracts.store_contract import StoreContract

from snapbook import canonical
from snapbook.errors import Damaged, DiskFull, Hint, NotFound, ReadOnly
from snapbook.store import durable
from snapbook.store.local import LocalStore


def packs(store):
    return sorted(path for path in store.folder.glob("??/*"))


def put(store, *blobs):
    writer = store.writer()
    try:
        digests = [writer.add(blob) for blob in blobs]
        writer.commit()
    finally:
        writer.close()
    return digests


def flip(path, place):
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


class TestLocalStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        store = LocalStore(tmp_path / "packs", tmp_path / "index.sqlite")
        yield store
        store.close()

    def again(self, store):
        return LocalStore(store.folder, store.folder.parent / "index.sqlite")

    def damage(self, store, digest):
        data = store.get(digest)
        name = store.lookup.packs_of(bytes.fromhex(digest))[0]
        pack = store.open_pack(name)
        frame = pack.frames[pack.find(bytes.fromhex(digest)).frame]
        flip(store.lookup.path(name), frame.start + frame.stored // 2)
        assert data


class TestLocalStoreWithoutFile(TestLocalStore):
    @pytest.fixture
    def store(self, tmp_path):
        return LocalStore(tmp_path / "packs")

    def again(self, store):
        return LocalStore(store.folder)


def test_unchanged_saves_write_nothing(tmp_path):
    store = LocalStore(tmp_path / "packs")
    put(store, b"same")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    put(store, b"same")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    store.writer().close()


def test_a_closed_writer_leaves_no_file(tmp_path):
    store = LocalStore(tmp_path / "packs")
    writer = store.writer()
    writer.add(b"x" * 100_000)
    assert list(durable.debris(store.folder)) == []  # it is being written: no debris
    assert len(list(store.folder.glob("tmp-*"))) == 1
    writer.close()
    assert list(store.folder.glob("tmp-*")) == []
    assert packs(store) == []


def test_a_whole_pack_is_there_or_none(tmp_path):
    """Each file under its own name verifies, and holds what was added."""
    store = LocalStore(tmp_path / "packs")
    put(store, *(os.urandom(size) for size in (10, 20_000, 300)))
    (path,) = packs(store)
    assert path.name[:2] == path.parent.name
    assert list(store.verify()) == []
    assert path.stat().st_mode & 0o077 == 0


def test_index_deleted_under_a_running_process(tmp_path):
    index = tmp_path / "index.sqlite"
    one, two = LocalStore(tmp_path / "packs", index), LocalStore(tmp_path / "packs", index)
    digests = put(one, b"1")
    assert two.has(digests[0])
    index.unlink()  # and not its -wal and -shm, which is how people do it
    digests += put(two, b"2")
    digests += put(one, b"3")
    third = LocalStore(tmp_path / "packs", index)
    for store in (one, two, third):
        assert store.missing(digests) == set()
        assert [store.get(digest) for digest in digests] == [b"1", b"2", b"3"]
    one.close()
    assert two.missing(digests) == set()
    with closing(sqlite3.connect(index)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 500, b"SQLite format 3\0" * 600])
def test_index_that_is_no_database(tmp_path, content):
    index = tmp_path / "index.sqlite"
    store = LocalStore(tmp_path / "packs", index)
    (digest,) = put(store, b"kept")
    store.close()
    index.write_bytes(content)
    again = LocalStore(tmp_path / "packs", index)
    assert again.get(digest) == b"kept"
    assert set(again.digests()) == {digest}
    assert index.read_bytes()[:15] == b"SQLite format 3"


def test_index_broken_while_it_is_open(tmp_path):
    index = tmp_path / "index.sqlite"
    store = LocalStore(tmp_path / "packs", index)
    digests = put(store, *(b"%d" % number for number in range(2000)))
    store.close()
    assert store.has(digests[0])
    with open(index, "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(index.stat().st_size - 4096))
    store.close()
    assert store.missing(digests) == set()
    assert store.get(digests[-1]) == b"1999"


def test_index_of_another_layout_is_replaced(tmp_path):
    index = tmp_path / "index.sqlite"
    db = sqlite3.connect(index)
    db.execute("PRAGMA user_version = 9999")
    db.execute("CREATE TABLE packs (something_else)")
    db.commit()
    db.close()
    store = LocalStore(tmp_path / "packs", index)
    (digest,) = put(store, b"kept")
    assert LocalStore(tmp_path / "packs", index).get(digest) == b"kept"


def test_index_that_others_keep_locked(tmp_path, monkeypatch):
    monkeypatch.setattr("snapbook.store.sqlite._BUSY_S", 0.1)
    index = tmp_path / "index.sqlite"
    (first,) = put(LocalStore(tmp_path / "packs", index), b"1")
    other = sqlite3.connect(index, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = LocalStore(tmp_path / "packs", index)
    (second,) = put(store, b"2")
    assert store.missing([first, second]) == set()
    other.execute("ROLLBACK")
    other.close()
    # What the table does not know is looked for in the folder.
    assert LocalStore(tmp_path / "packs", index).get(second) == b"2"


@pytest.mark.parametrize(
    ("cut", "why"),
    [
        (lambda data: data[: len(data) // 2], "cut"),
        (lambda data: data[:-1], "cut"),
        (lambda data: b"", "cut"),
        (lambda data: data[:-100] + b"\xff" + data[-99:], "index was changed"),
        (lambda data: data[:-50] + b"\xff" + data[-49:], "trailer was changed"),
    ],
)
def test_a_broken_pack_is_named_and_others_are_read(tmp_path, cut, why):
    store = LocalStore(tmp_path / "packs", tmp_path / "index.sqlite")
    lost, *_ = put(store, b"l" * 20_000, b"small")
    (bad,) = packs(store)
    (kept,) = put(store, b"k" * 20_000)
    store.close()
    bad.write_bytes(cut(bad.read_bytes()))
    with pytest.raises(Damaged) as caught:
        store.get(lost)
    assert bad.name[:12] in str(caught.value)
    assert store.get(kept) == b"k" * 20_000
    (problem,) = store.verify()
    assert problem.pack == bad.name
    assert why in problem.why
    assert lost in problem.lost

    (tmp_path / "index.sqlite").unlink()
    again = LocalStore(tmp_path / "packs", tmp_path / "index.sqlite")
    with pytest.raises(Damaged) as caught:
        again.get(lost)
    assert bad.name[:12] in str(caught.value)
    assert again.get(kept) == b"k" * 20_000
    assert [problem.pack for problem in again.verify()] == [bad.name]


def test_every_flipped_byte_of_a_pack_is_found(tmp_path):
    store = LocalStore(tmp_path / "packs")
    put(store, b"a" * 9000, os.urandom(8500), b"small", b"tiny")
    (path,) = packs(store)
    whole = path.read_bytes()
    seen = []
    for place in [*range(0, len(whole), 97), *range(len(whole) - 400, len(whole))]:
        flip(path, place)
        seen.append((place, len(list(store.verify(lambda done, total: None)))))
        path.write_bytes(whole)
    assert [place for place, found in seen if not found] == []
    assert list(store.verify()) == []


def test_a_blob_in_two_packs_is_read_from_the_sound_one(tmp_path):
    store = LocalStore(tmp_path / "packs")
    (digest,) = put(store, b"twice" * 4000)
    store.condemn([packs(store)[0].name])
    put(store, b"twice" * 4000)
    first, second = packs(store)
    for path in (first, second):
        again = LocalStore(tmp_path / "packs")
        again.digests()
        whole = path.read_bytes()
        flip(path, 20)
        assert again.get(digest) == b"twice" * 4000
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, DiskFull, "free in"),
        (errno.EDQUOT, DiskFull, "quota"),
        (errno.EROFS, ReadOnly, "may not be written"),
        (errno.EACCES, ReadOnly, "may not be written"),
    ],
)
@pytest.mark.parametrize("call", ["pwrite", "fsync", "rename", "mkdir"])
def test_a_refusing_disk_leaves_nothing_behind(tmp_path, monkeypatch, number, kind, words, call):
    """strace does this to whole processes in tests/faults; here each call and errno, quickly."""
    store = LocalStore(tmp_path / "packs")
    # A pack goes into one of 256 folders by its name: that of the first one may be there already.
    before = call != "mkdir"
    if before:
        put(store, b"before")

    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    writer = store.writer()

    def add_and_commit():
        writer.add(b"more" * 5000)
        writer.commit()

    writer.add(b"started" * 5000)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(kind) as caught:
            add_and_commit()
    writer.close()
    assert words in str(caught.value)
    assert len(str(caught.value)) < 250
    assert list(store.folder.glob("tmp-*")) == []
    assert len(packs(store)) == before
    put(store, b"after")


def test_a_disk_that_takes_only_a_part_of_each_write(tmp_path, monkeypatch):
    """A write may be short, as it is when a disk fills up: the rest is written, or refused."""
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, data[:1000], at))
    store = LocalStore(tmp_path / "packs")
    blobs = [os.urandom(30_000), b"small"]
    digests = put(store, *blobs)
    assert [LocalStore(store.folder).get(digest) for digest in digests] == blobs
    assert list(store.verify()) == []


def test_an_interrupted_add_harms_no_other(tmp_path, monkeypatch):
    pwrite = os.pwrite

    def interrupted(fd, data, at):
        pwrite(fd, data[: len(data) // 2], at)
        raise KeyboardInterrupt

    store = LocalStore(tmp_path / "packs")
    writer = store.writer()
    digests = [writer.add(os.urandom(9000)), writer.add(b"small")]
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writer.add(b"lost" * 100_000)
    digests.append(writer.add(os.urandom(9000)))
    writer.commit()
    writer.close()
    assert set(LocalStore(store.folder).digests()) == set(digests)
    assert list(store.verify()) == []


def test_disk_full_says_what_is_needed(tmp_path, monkeypatch):
    store = LocalStore(tmp_path / "packs")
    writer = store.writer()

    def refuse(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    with pytest.raises(DiskFull) as caught:
        writer.add(b"x" * 210_000)
    writer.close()
    assert list(store.folder.glob("tmp-*")) == []
    assert caught.value.sentence.startswith("Not versioned: 210 kB needed, ")
    assert caught.value.hint == Hint("gc", ("--dry-run",))


@pytest.fixture
def frozen():
    """Makes folders unwritable, for root too; undone afterwards."""
    done = []

    def freeze(*folders):
        for folder in folders:
            if os.geteuid():
                folder.chmod(0o500)
            elif subprocess.run(["chattr", "+i", folder], capture_output=True).returncode:
                pytest.skip("root, and no immutable folders here")
            done.append(folder)

    yield freeze
    for folder in done:
        subprocess.run(["chattr", "-i", folder], capture_output=True)
        folder.chmod(0o700)


def test_a_read_only_folder_can_be_read(tmp_path, frozen):
    store = LocalStore(tmp_path / "packs", tmp_path / "index.sqlite")
    (digest,) = put(store, b"kept")
    store.close()
    frozen(*packs(store), packs(store)[0].parent, tmp_path / "index.sqlite", store.folder, tmp_path)
    again = LocalStore(tmp_path / "packs", tmp_path / "index.sqlite")
    assert again.get(digest) == b"kept"
    assert again.missing([digest]) == set()
    assert list(again.verify()) == []
    with pytest.raises(ReadOnly):
        put(again, b"new")


def _save_many(folder, index, seed, start):
    store = LocalStore(folder, index)
    start.wait()
    for turn in range(20):
        digests = put(store, b"shared" * 3000, b"%d-%d" % (seed, turn))
        assert store.missing(digests) == set()


def test_many_processes_write(tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    folder, index = tmp_path / "packs", tmp_path / "index.sqlite"
    workers = [
        context.Process(target=_save_many, args=(folder, index, seed, start)) for seed in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    expected = {canonical.digest(b"shared" * 3000)}
    expected |= {
        canonical.digest(b"%d-%d" % (seed, turn)) for seed in range(3) for turn in range(20)
    }
    store = LocalStore(folder, index)
    assert set(store.digests()) == expected
    assert list(store.verify()) == []
    assert list(folder.glob("tmp-*")) == []


def test_a_forked_child_uses_the_store(tmp_path):
    store = LocalStore(tmp_path / "packs", tmp_path / "index.sqlite")
    (digest,) = put(store, b"parent")
    child = os.fork()
    if not child:
        status = 1
        try:
            (made,) = put(store, b"child")
            status = int(store.get(digest) != b"parent" or store.get(made) != b"child")
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.get(canonical.digest(b"child")) == b"child"
    assert put(store, b"after")


def test_a_pack_that_is_gone_is_not_found(tmp_path):
    store = LocalStore(tmp_path / "packs", tmp_path / "index.sqlite")
    (digest,) = put(store, b"gone")
    store.close()
    packs(store)[0].unlink()
    assert not store.has(digest)
    assert store.missing([digest]) == {digest}
    with pytest.raises(NotFound):
        store.get(digest)


def test_the_same_again_with_a_new_metric_is_small(tmp_path):
    """The pack's part of the target of 4 kB a version."""
    store = LocalStore(tmp_path / "packs", tmp_path / "index.sqlite")
    digests = [canonical.digest(b"%d" % number) for number in range(12)]
    put(store, b"first")
    before = sum(path.stat().st_size for path in packs(store))
    for number in range(10):
        parts = [
            {"kind": "frame", "name": f"X_{place}", "part": d} for place, d in enumerate(digests)
        ]
        metrics = {"kind": "metrics", "facts": {"values": {"accuracy": 0.9 + number / 1000}}}
        manifest = {"parts": parts, "author": {"name": "ada", "key": "k" * 44}, "message": ""}
        texts = {"salt": canonical.digest(b"salt%d" % number), "reason": "refit", "message": ""}
        put(store, *map(canonical.encode, (metrics, {**manifest, "n": number}, texts)))
    grown = sum(path.stat().st_size for path in packs(store)) - before
    assert grown / 10 < 1200


def test_what_others_wrote_is_seen_however_it_is_asked(tmp_path):
    """Folders that have not changed for long are not listed again; those that have are."""
    store = LocalStore(tmp_path / "packs")
    (old,) = put(store, b"old")
    long_ago = 1_700_000_000
    for folder in (tmp_path / "packs").glob("??"):
        os.utime(folder, (long_ago, long_ago))
    absent = canonical.digest(b"new")
    assert store.missing([old, absent]) == {absent}
    assert store.missing([old, absent]) == {absent}
    other = LocalStore(tmp_path / "packs")
    (new,) = put(other, b"new")
    assert store.missing([old, new]) == set()
    (path,) = (
        path for path in packs(store) if path.name == other.lookup.packs_of(bytes.fromhex(new))[0]
    )
    hidden = tmp_path / "hidden"
    path.rename(hidden)
    assert store.missing([old, new]) == {new}
    for folder in (tmp_path / "packs").glob("??"):
        os.utime(folder, (long_ago, long_ago))
    assert store.missing([old, new]) == {new}
    hidden.rename(path)
    os.utime(path.parent, (long_ago, long_ago))  # named within the resolution of the folder's time
    assert store.get(new) == b"new"


@pytest.mark.parametrize("asked", ["get", "missing"])
def test_a_pack_entered_between_two_looks_is_found(tmp_path, monkeypatch, asked):
    """The first look misses it; another process names and enters it; the second finds no news."""
    reader, other = (LocalStore(tmp_path / "packs", tmp_path / "index.sqlite") for _ in range(2))
    put(other, b"first")
    look = reader.lookup.scan

    def scan(quick=False):
        put(other, b"late")
        return look(quick)

    monkeypatch.setattr(reader.lookup, "scan", scan)
    digest = canonical.digest(b"late")
    if asked == "get":
        assert reader.get(digest) == b"late"
    else:
        assert reader.missing([digest]) == set()


def test_what_is_lacking_may_lag_behind_others(tmp_path):
    """It is looked afresh for the first question; what came since is sent again, and then known."""
    reader, other = LocalStore(tmp_path / "packs"), LocalStore(tmp_path / "packs")
    first, second = (canonical.digest(blob) for blob in (b"first", b"second"))
    put(other, b"first")
    assert reader.lacking([first, second]) == {second}
    put(other, b"second")
    assert reader.lacking([second]) == {second}
    assert reader.missing([second]) == set()
    assert reader.lacking([second]) == set()
