"""Packs in a bucket keep the contract, on a server and in memory; what only a bucket suffers."""

from __future__ import annotations

import os

import pytest
import servers
from contracts.store_contract import StoreContract

from snapbook import canonical
from snapbook.errors import BadOption, Damaged, NotFound, ReadOnly, Unreachable
from snapbook.store.bucket import Bucket, checked
from snapbook.store.objects import ObjectStore

obstore = pytest.importorskip("obstore")


def flip(bucket, name, place):
    data = bytearray(bucket.get(name))
    data[place] ^= 1
    obstore.put(bucket._store, name, bytes(data))


def names(bucket):
    return sorted(entry.name for entry in bucket.entries("packs"))


def put(store, *blobs):
    writer = store.writer()
    try:
        digests = [writer.add(blob) for blob in blobs]
        writer.commit()
    finally:
        writer.close()
    return digests


class TestObjectStoreInMemory(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        store = ObjectStore(self.bucket(), tmp_path / "drafts", tmp_path / "index.sqlite")
        yield store
        store.close()

    @pytest.fixture(autouse=True)
    def _place(self, request, tmp_path):
        self.url = f"memory://{tmp_path.name}"
        self.request = request

    def bucket(self):
        return Bucket(self.url)

    def again(self, store):
        return ObjectStore(self.bucket(), store.folder)

    def damage(self, store, digest):
        name = store.lookup.packs_of(bytes.fromhex(digest))[0]
        pack = store.open_pack(name)
        frame = pack.frames[pack.find(bytes.fromhex(digest)).frame]
        flip(store.bucket, f"packs/{name[:2]}/{name}", frame.start + frame.stored // 2)


class TestObjectStore(TestObjectStoreInMemory):
    """The same against a server of S3."""

    @pytest.fixture(autouse=True)
    def _place(self, s3):
        self.url = s3.url


@pytest.fixture
def bucket(s3):
    return Bucket(s3.url)


@pytest.fixture
def store(bucket, tmp_path):
    return ObjectStore(bucket, tmp_path / "drafts", tmp_path / "index.sqlite")


def test_a_pack_is_an_object_with_the_bytes_it_has_on_a_disk(store, bucket, tmp_path):
    from snapbook.store.pack import Pack

    (digest,) = put(store, b"blob" * 1000)
    (name,) = names(bucket)
    id_ = name.rpartition("/")[2]
    assert name == f"packs/{id_[:2]}/{id_}"
    path = tmp_path / "pack"
    path.write_bytes(bucket.get(name))
    pack = Pack(os.open(path, os.O_RDONLY), id_)
    assert [key.hex() for key in pack.digests()] == [digest]


def test_nothing_stays_on_this_machine_but_the_table(store, tmp_path):
    put(store, b"x" * 200_000)
    assert list((tmp_path / "drafts").iterdir()) == []


def test_a_deleted_or_other_table_comes_back(store, bucket, tmp_path):
    digests = put(store, *(b"%d" % n for n in range(40)))
    store.close()
    for path in tmp_path.glob("index.sqlite*"):
        path.unlink()
    again = ObjectStore(bucket, tmp_path / "drafts", tmp_path / "index.sqlite")
    assert again.missing(digests) == set()
    assert again.get(digests[3]) == b"3"
    again.close()


def test_what_another_process_wrote_is_found(store, bucket, tmp_path):
    put(store, b"mine")
    other = ObjectStore(bucket, tmp_path / "other")
    (theirs,) = put(other, b"theirs")
    assert store.missing([theirs]) == set()
    (later,) = put(other, b"later")
    assert store.get(later) == b"later"


def test_a_pack_that_is_gone_is_relied_on_by_nobody_new(store, bucket, tmp_path):
    (digest,) = put(store, b"gone")
    (name,) = names(bucket)
    store.close()
    obstore.delete(bucket._store, name)
    again = ObjectStore(bucket, tmp_path / "drafts", tmp_path / "index.sqlite")
    assert again.missing([digest]) == {digest}
    with pytest.raises(NotFound):
        again.get(digest)
    assert put(again, b"gone") == [digest]
    assert again.get(digest) == b"gone"
    again.close()


def test_a_writer_with_an_old_table_relies_on_nothing_of_a_pack_that_is_gone(
    store, bucket, tmp_path
):
    put(store, b"one", b"two", b"three")
    store.close()
    obstore.delete(bucket._store, names(bucket)[0])
    again = ObjectStore(bucket, tmp_path / "drafts", tmp_path / "index.sqlite")
    writer = again.writer()
    for blob in (b"one", b"two", b"three"):
        writer.add(blob)
    assert writer.relied() == frozenset()
    assert writer.new_bytes == len(b"onetwothree")
    writer.close()
    again.close()


def test_condemned_packs_are_read_and_not_relied_on(store, bucket):
    (digest,) = put(store, b"old")
    store.condemn([names(bucket)[0].rpartition("/")[2]])
    assert store.missing([digest]) == {digest}
    assert store.get(digest) == b"old"
    writer = store.writer()
    writer.add(b"old")
    assert writer.new_bytes == 3
    writer.close()


@pytest.mark.parametrize("size", [100, 300_000])
def test_a_pack_cut_short_is_damage(store, bucket, tmp_path, size):
    (digest,) = put(store, os.urandom(size))
    (name,) = names(bucket)
    obstore.put(bucket._store, name, bucket.get(name)[:-10])
    again = ObjectStore(bucket, tmp_path / "drafts")
    with pytest.raises(Damaged):
        again.get(digest)
    assert again.missing([digest]) == {digest}


def test_what_is_no_pack_does_not_matter(store, bucket):
    obstore.put(bucket._store, "packs/notes.txt", b"")
    obstore.put(bucket._store, f"packs/cd/{'ab' * 32}", b"in a wrong place")
    (digest,) = put(store, b"blob")
    store.lookup.scan()
    assert list(store.digests()) == [digest]


def test_a_pack_that_comes_from_elsewhere_is_taken_once(store, bucket, tmp_path):
    from snapbook.store import receive, send

    source = ObjectStore(Bucket(f"memory://{tmp_path.name}"), tmp_path / "source")
    blobs = [os.urandom(40_000), b"small", os.urandom(90_000)]
    digests = put(source, *blobs)
    for turn in range(2):
        path = tmp_path / f"arrived{turn}"
        path.write_bytes(b"".join(send.stream(source, digests)))
        pack = receive.opened(os.open(path, os.O_RDONLY))
        receive.check(pack, 1 << 30)
        store.adopt(path, pack)
        assert not path.exists()
        assert store.has_pack(pack.name)
    assert len(names(bucket)) == 1
    assert [store.get(digest) for digest in digests] == blobs


def test_a_stream_goes_on_at_any_byte(store):
    from snapbook.store import send

    digests = put(store, os.urandom(40_000), b"small", os.urandom(20_000))
    whole = b"".join(send.stream(store, digests))
    for start in (0, 5, 8, 9, 20_000, len(whole) - 3):
        assert b"".join(send.stream(store, digests, start)) == whole[start:]


@pytest.mark.slow
def test_memory_stays_flat_however_large_a_blob_is(s3, tmp_path):
    """200 MB up: the parts that are on their way are in memory, and no more."""
    import subprocess
    import sys

    code = """
import os, resource, sys
from pathlib import Path
from snapbook.store import receive
from snapbook.store.bucket import Bucket
from snapbook.store.objects import ObjectStore
from snapbook.store.drafting import Draft
store = ObjectStore(Bucket(sys.argv[1]), Path(sys.argv[2]))
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
writer = store.writer()
writer.add(os.urandom(4 << 20))
writer.commit()
before = peak()
for _ in range(100):
    writer.add(os.urandom(2 << 20))
writer.commit()
writer.close()
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, s3.url, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 64


@pytest.mark.parametrize(
    "url",
    ["s3://", "s3://key:secret@bucket/x", "s3://bucket/x?secret=1", "ftp://bucket", "s3:bucket"],
)
def test_addresses_that_are_none_or_hold_secrets_are_refused(url):
    with pytest.raises(BadOption) as refused:
        checked(url)
    assert "secret" not in str(refused.value)


def test_wrong_credentials_are_said_in_a_sentence(s3, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret-of-anybody")
    bucket = Bucket(s3.url)
    with pytest.raises(ReadOnly) as refused:
        bucket.create("x", b"")
    assert "does not let you write" in refused.value.sentence
    with pytest.raises(Unreachable, match="does not let you read"):
        list(bucket.entries("packs"))
    with pytest.raises(Unreachable, match="does not let you read") as refused:
        bucket.get("x")
    for text in (str(refused.value), repr(refused.value)):
        assert "not-the-secret" not in text


def test_a_server_that_is_not_there_is_said(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{servers.free_ports(1)[0]}")
    monkeypatch.setattr("snapbook.store.bucket._RETRIES", 1)
    with pytest.raises(Unreachable, match="does not answer"):
        Bucket(s3.url).get("x")


def test_the_same_name_is_created_once_and_by_one(bucket):
    assert bucket.create("events/1", b"a")
    assert bucket.create("events/1", b"a")  # the answer was lost, and it is ours
    assert not bucket.create("events/1", b"b")
    assert bucket.get("events/1") == b"a"
    assert canonical.digest(bucket.range("events/1", 0, 1)) == canonical.digest(b"a")


@pytest.fixture
def between(s3, monkeypatch):
    """Puts something between us and the server: called with what befalls each connection."""
    standing = []

    def put_between(*acts):
        standing.append(servers.Between(s3.port, acts))
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{standing[-1].port}")
        return standing[-1]

    yield put_between
    for found in standing:
        found.close()


@pytest.mark.parametrize("status", ["503 Slow Down", "429 Too Many Requests", "500 Internal"])
def test_a_server_that_wants_less_is_asked_again(s3, between, status):
    found = between(status, status)
    bucket = Bucket(s3.url)
    assert bucket.create("format", b"x")
    assert bucket.get("format") == b"x"
    assert found.seen[:2] == [status, status]


def test_an_answer_that_was_lost_is_looked_for(s3, between):
    """The object was made and the connection cut: it is ours, and nobody's else."""
    url = s3.url
    between("lose")
    assert Bucket(url).create("events/1", b"mine")
    between("lose")
    assert not Bucket(url).create("events/1", b"others")
    assert Bucket(url).get("events/1") == b"mine"


def test_a_pack_whose_answer_was_lost_is_there_once(s3, between, tmp_path):
    found = between("lose", "pass", "lose", "pass", "lose", "pass")
    url = s3.url
    store = ObjectStore(Bucket(url), tmp_path / "drafts")
    digests = put(store, os.urandom(100_000), b"small")
    assert len(names(store.bucket)) == 1
    assert ObjectStore(Bucket(url), tmp_path / "again").missing(digests) == set()
    assert "lose" in found.seen
