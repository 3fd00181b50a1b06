"""The chain in a bucket keeps the contract, against a server of S3 and in memory."""

from __future__ import annotations

import threading

import pytest
from contracts.catalog_contract import TIME, CatalogContract

from snapbook.catalog.base import Head
from snapbook.catalog.bucket import BucketCatalog, place
from snapbook.errors import Conflict
from snapbook.events import seal
from snapbook.store.bucket import Bucket

obstore = pytest.importorskip("obstore")


class TestBucketCatalogInMemory(CatalogContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path):
        self.url = f"memory://{tmp_path.name}"

    @pytest.fixture
    def catalog(self, _place):
        return BucketCatalog(Bucket(self.url))

    def again(self, catalog):
        return BucketCatalog(Bucket(self.url))

    def rewrite(self, catalog, n, change):
        bucket = catalog.bucket
        obstore.put(bucket._store, place(n), change(bucket.get(place(n))))

    def remove(self, catalog, n):
        obstore.delete(catalog.bucket._store, place(n))


class TestBucketCatalog(TestBucketCatalogInMemory):
    """The same against a server of S3."""

    @pytest.fixture(autouse=True)
    def _place(self, s3):
        self.url = s3.url


@pytest.fixture
def catalog(s3):
    return BucketCatalog(Bucket(s3.url))


def append(catalog, count=1):
    head = catalog.head()
    for _ in range(count):
        event = catalog.append("note", {}, "ada", TIME, head)
        head = Head(event.n, event.digest)
    return head


def test_objects_hold_what_the_format_says(catalog):
    append(catalog, 2)
    (event, _) = catalog.read()
    assert catalog.bucket.get("events/0000000/0000000001") == seal(event)
    assert sorted(entry.name for entry in catalog.bucket.entries("events")) == [
        "events/0000000/0000000001",
        "events/0000000/0000000002",
    ]


def test_other_objects_do_not_matter(catalog):
    append(catalog, 2)
    for name in ("notes.txt", "0000000/0000000002.orig", "0000009/x", "0000007/0000000009"):
        obstore.put(catalog.bucket._store, f"events/{name}", b"")
    assert catalog.head().n == 2
    assert BucketCatalog(catalog.bucket).head().n == 2


def test_the_next_thousand_begins_a_folder(tmp_path):
    bucket = Bucket(f"memory://{tmp_path.name}")
    catalog = BucketCatalog(bucket)
    head = append(catalog, 1003)
    again = BucketCatalog(bucket)
    assert again.head() == head
    assert [event.n for event in again.read(998)] == [998, 999, 1000, 1001, 1002, 1003]
    assert list(again.verify()) == []


def test_a_chain_that_was_put_back_is_seen(catalog):
    """Restored from a backup, the newest event is an older one."""
    append(catalog, 4)
    for n in (3, 4):
        obstore.delete(catalog.bucket._store, place(n))
    assert catalog.head().n == 2
    for n in (1, 2):
        obstore.delete(catalog.bucket._store, place(n))
    assert catalog.head() == Head()


@pytest.mark.slow
def test_many_writers_race_on_each_number_and_one_gets_it(catalog):
    """Each with its own connection, as processes have: the bucket alone puts them in order."""
    url, made, failures = catalog.bucket.url, [], []
    start = threading.Barrier(8)

    def work(name):
        mine = BucketCatalog(Bucket(url))
        try:
            start.wait()
            for n in range(1, 6):
                while (head := mine.head()).n < n:
                    try:
                        mine.append("note", {"by": name}, name, TIME, head)
                        made.append((head.n + 1, name))
                    except Conflict:
                        continue
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    events = {event.n: event.author for event in BucketCatalog(Bucket(url)).read()}
    assert sorted(made) == sorted(events.items())
    assert list(catalog.verify()) == []
