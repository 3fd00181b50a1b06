"""The index: what a chain adds up to, however the file is treated."""

import multiprocessing
import os
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from books import Book

from snapbook import canonical
from snapbook.catalog.base import Broken, Head
from snapbook.catalog.files import FileCatalog
from snapbook.catalog.index import NEWEST, OLDEST, Index, Order
from snapbook.errors import Conflict
from snapbook.store.local import LocalStore
from snapbook.store.memory import MemoryStore


@pytest.fixture
def book():
    return Book()


def refs(page):
    return [row.ref for row in page.rows]


class Silent:
    """A chain that nobody may ask."""

    def __getattr__(self, name):
        raise AssertionError(f"the chain was asked: {name}")


def test_what_was_made_just_now_is_taken_in_without_asking_for_it(book):
    book.version("churn", "0.1.0")
    index = book.index()
    book.version("churn", "0.2.0")
    made = book.catalog.event(2)
    index._catalog = Silent()
    assert index.take(made)
    assert index.newest("churn").ref == "churn:0.2.0"
    assert not index.take(made)  # once is enough
    assert index.follow(book.catalog) == Head(2, made.digest)
    assert refs(index.page()) == ["churn:0.2.0", "churn:0.1.0"]


def test_what_others_made_before_is_not_passed_over(book):
    index = book.index()
    for number in ("0.1.0", "0.2.0"):
        book.version("churn", number)
    assert not index.take(book.catalog.event(2))
    assert index.models() == []
    index.follow(book.catalog)
    assert refs(index.page()) == ["churn:0.2.0", "churn:0.1.0"]


def test_a_version_as_a_row(book):
    first = book.version("churn", "0.1.0")
    manifest = book.version(
        "churn",
        "0.2.0",
        metrics={"accuracy": 0.95, "loss": 0.1, "n": 7, "note": "good", "bad": float("nan")},
        params={"max_depth": 8, "criterion": "gini", "bootstrap": True, "nested": [1, {"a": 2.5}]},
        tags={"team": "risk"},
        message="deeper",
        parents=[first],
        auto=True,
        signature={"key": "k", "value": "v"},
    )
    row = book.index().newest("churn")
    assert (row.ref, row.number, row.n, row.model) == ("churn:0.2.0", (0, 2, 0), 2, "churn")
    assert (row.manifest, row.parents) == (manifest, (first,))
    assert (row.message, row.reason, row.bump) == ("deeper", "refit", "minor")
    assert (row.author, row.time) == ("ada", "2026-11-21T14:00:02.000000Z")
    assert (row.auto, row.signed, row.deleted, row.damage) == (True, True, False, "")
    assert (row.class_name, row.main) == ("RandomForestClassifier", "accuracy")
    assert list(row.metrics) == sorted(row.metrics)  # canonical JSON sorts names
    assert (row.metrics["accuracy"].value, row.metrics["accuracy"].direction) == (0.95, "max")
    assert (row.metrics["loss"].direction, row.metrics["n"].direction) == ("min", None)
    assert row.metrics["note"].value == "good"
    assert row.metrics["bad"].value != row.metrics["bad"].value
    assert row.params == {
        "max_depth": 8, "criterion": "gini", "bootstrap": True, "nested": [1, {"a": 2.5}]
    }  # fmt: skip
    assert row.tags == {"team": "risk"}
    assert row.aliases == ()


def test_finding_one(book):
    manifests = {
        number: book.version("churn", number) for number in ("0.1.0", "0.2.0", "1.0.0", "0.2.1")
    }
    book.version("leave", "0.1.0")
    index = book.index()
    assert index.newest("churn").number == (0, 2, 1)  # made last
    assert index.newest("churn", 2).number == (0, 2, 0)
    assert index.newest("churn", 4) is None
    assert index.newest("nobody") is None
    assert index.newest("CHURN").model == "churn"
    assert index.numbered("churn", (0,)).number == (0, 2, 1)
    assert index.numbered("churn", (0, 1)).number == (0, 1, 0)
    assert index.numbered("churn", (1, 0, 0)).number == (1, 0, 0)
    assert index.numbered("churn", (1, 0, 0), 1).number == (0, 2, 0)
    assert index.numbered("churn", (2,)) is None
    manifest = manifests["0.2.0"]
    assert [row.ref for row in index.of_manifest(manifest)] == ["churn:0.2.0"]
    assert index.of_manifest(manifest, "leave") == []
    assert [row.ref for row in index.of_prefix(manifest[:8])] == ["churn:0.2.0"]
    assert index.of_prefix("0" * 63) == []
    assert [row.ref for row in index.of_key("churn", canonical.digest(b"1.0.0"))] == ["churn:1.0.0"]
    assert index.models() == ["leave", "churn"]
    assert index.highest("churn") == (1, 0, 0)
    assert index.highest("nobody") is None


def test_a_deleted_number_is_remembered(book):
    book.version("churn", "0.1.0")
    manifest = book.version("churn", "0.9.0")
    book.event("delete", {"model": "churn", "number": "0.9.0", "manifest": manifest})
    index = book.index()
    assert index.newest("churn").number == (0, 1, 0)
    assert index.highest("churn") == (0, 9, 0)
    assert index.numbered("churn", (0, 9)) is None
    assert index.numbered("churn", (0, 9, 0)).deleted
    assert refs(index.page("churn")) == ["churn:0.1.0"]
    assert index.count("churn") == 1
    assert manifest not in index.roots().manifests


def test_a_model_whose_versions_are_all_deleted_keeps_its_number(book):
    book.version("churn", "0.4.0")
    book.event("delete", {"model": "churn", "number": "0.4.0"})
    index = book.index()
    assert index.models() == []
    assert index.highest("churn") == (0, 4, 0)


def test_aliases_and_their_history(book):
    one, two = book.version("churn", "0.1.0"), book.version("churn", "0.2.0")
    book.event("alias", {"model": "churn", "name": "production", "old": "", "new": one})
    moved = book.event("alias", {"model": "churn", "name": "production", "old": one, "new": two})
    book.event("alias", {"model": "churn", "name": "staging", "old": "", "new": two})
    book.event("alias", {"model": "churn", "name": "staging", "old": two, "new": ""}, "bob")
    index = book.index()
    assert index.aliases("churn") == {"production": two}
    assert index.newest("churn").aliases == ("production",)
    moves = index.moves("churn", "production")
    assert [(move.old, move.new) for move in moves] == [(one, two), ("", one)]
    assert index.moves("churn", "staging")[0].author == "bob"
    assert index.alias_at("churn", "production", moved.time) == two
    assert index.alias_at("churn", "production", "2026-11-21T14:00:03.500000Z") == one
    assert index.alias_at("churn", "production", "2020-01-01T00:00:00.000000Z") == ""


def test_tags_and_notes(book):
    manifest = book.version("churn", "0.1.0", tags={"team": "risk", "exp": ""})
    body = {"model": "churn", "manifest": manifest}
    book.event("tag", {**body, "texts": book.put({"salt": "1", "tags": {"team": "ops"}})})
    book.event("tag", {**body, "texts": "", "removed": ["exp"]})
    book.event("note", {**body, "texts": book.put({"salt": "2", "text": "looks odd"})}, "bob")
    index = book.index()
    assert index.newest("churn").tags == {"team": "ops"}
    (note,) = index.notes(manifest)
    assert (note.text, note.author) == ("looks odd", "bob")
    assert index.tag_names() == index.tag_names("churn") == ["team"]
    assert index.tag_names("other") == []
    roots = index.roots()
    assert roots.manifests == {manifest}
    assert len(roots.texts) == 3
    assert "" not in roots.texts


def test_renamed_models_answer_to_both_names(book):
    book.version("churn", "0.1.0")
    book.event("rename", {"model": "churn", "to": "leave"})
    book.version("leave", "0.2.0")
    index = book.index()
    assert refs(index.page("leave")) == ["leave:0.2.0", "leave:0.1.0"]
    assert (index.model("churn"), index.model("LEAVE"), index.model("x")) == (
        "leave",
        "leave",
        None,
    )
    book.version("churn", "0.1.0")  # the name is free again
    index.follow(book.catalog)
    assert index.model("churn") == "churn"
    assert refs(index.page("churn")) == ["churn:0.1.0"]


def test_packs_are_condemned(book):
    book.event("condemned", {"packs": ["a" * 64, "b" * 64]})
    book.event("condemned", {"packs": ["b" * 64]})
    first = book.catalog.event(1)
    assert book.index().condemned() == {"a" * 64: first.time, "b" * 64: first.time}


def test_purged_texts_vanish_from_rows(book, tmp_path):
    manifest = book.version("churn", "0.1.0", message="call me on 555", tags={"who": "eve"})
    body = {"model": "churn", "manifest": manifest}
    note = book.put({"salt": "2", "text": "her number is 555"})
    book.event("note", {**body, "texts": note})
    index = book.index(tmp_path / "index.sqlite")
    row = index.newest("churn")
    for digest in (row.texts, note):
        del book.store.blobs[digest]
    book.event("purged", {"blobs": [row.texts, note]})
    index.follow(book.catalog)
    row = index.newest("churn")
    assert (row.message, row.tags, row.damage) == ("", {}, "")
    assert [note.text for note in index.notes(manifest)] == [""]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("version", {}),
        ("version", {"model": "churn", "number": "1.2", "manifest": "ab" * 32}),
        ("version", {"model": "churn", "number": [1, 2, 3], "manifest": "ab" * 32}),
        ("version", {"model": "churn", "number": "1.2.3", "manifest": "short"}),
        ("version", {"model": 7, "number": "1.2.3", "manifest": "ab" * 32}),
        ("version", {"model": "churn", "number": "0.1.0", "manifest": "ab" * 32}),
        ("version", {"model": "churn", "number": "9.9.9", "manifest": "ab" * 32, "parents": [1]}),
        ("tag", {"model": "nobody", "manifest": "ab" * 32}),
        ("note", {"model": "churn", "manifest": None}),
        ("alias", {"model": "churn", "name": "x", "new": "zz"}),
        ("delete", {"model": "churn", "number": None}),
        ("rename", {"model": "churn"}),
        ("condemned", {"packs": "abc"}),
        ("condemned", {"packs": None}),
    ],
)
def test_malformed_events_stop_nothing(book, kind, body):
    book.version("churn", "0.1.0")
    book.event(kind, body)
    book.event("weather", {"of a later": "snapbook"})
    book.version("churn", "0.2.0")
    index = book.index()
    assert refs(index.page()) == ["churn:0.2.0", "churn:0.1.0"]
    assert [broken.n for broken in index.broken()] == ([2] if body != {"packs": None} else [])


def test_a_version_whose_blobs_are_lost_is_still_listed(book):
    whole = dict(book.store.blobs)
    manifest = book.version("churn", "0.1.0", {"accuracy": 0.9}, message="kept")
    lost = {d: b for d, b in book.store.blobs.items() if d not in whole and d == manifest}
    del book.store.blobs[manifest]
    book.version("churn", "0.2.0")
    index = book.index()
    row = index.numbered("churn", (0, 1, 0))
    assert row.damage
    assert (row.message, row.metrics) == ("kept", {})
    assert index.newest("churn").damage == ""
    book.store.blobs.update(lost)
    assert index.retry_damaged() == 1
    row = index.numbered("churn", (0, 1, 0))
    assert (row.damage, row.metrics["accuracy"].value) == ("", 0.9)
    assert index.retry_damaged() == 0


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"values": [1]},
        {"values": {"accuracy": [1, 2]}, "directions": ["max"], "main": {"a": 1}},
        {"values": {"accuracy": None}, "directions": {"accuracy": {"way": "up"}}},
        {"values": {"accuracy": 2**80, "": True}, "directions": {"accuracy": "sideways"}},
        {"class_name": ["a"]},
    ],
)
@pytest.mark.parametrize("kind", ["metrics", "params", "model"])
def test_odd_facts_hide_no_version(book, kind, facts):
    manifest = book.put({"parts": [{"kind": kind, "name": "", "part": book.part(kind, **facts)}]})
    texts = book.put({"tags": ["a"], "message": 7, "reason": None})
    body = {"model": "churn", "number": "0.1.0", "manifest": manifest, "texts": texts}
    book.event("version", body)
    index = book.index()
    row = index.newest("churn")
    assert (row.damage, row.message, row.tags) == ("", "7", {})
    assert index.broken() == []
    assert index.page(order=Order("accuracy")).after is None


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"parts": 7}', b'{"parts": [7]}', b"\xff"])
def test_odd_blobs_hide_no_version(book, data):
    writer = book.store.writer()
    digest = writer.add(data)
    writer.commit()
    body = {"model": "churn", "number": "0.1.0", "manifest": digest, "texts": digest}
    book.event("version", body)
    row = book.index().newest("churn")
    assert row.damage
    assert row.message == ""


def test_a_store_and_an_index_share_one_file_when_it_is_new(tmp_path):
    """Reading blobs fills the store's tables: not while the index is writing its own."""
    path = tmp_path / "index.sqlite"
    book = Book(FileCatalog(tmp_path / "events"), LocalStore(tmp_path / "packs", path))
    for minor in range(3):
        book.version("churn", f"0.{minor}.0", {"accuracy": minor / 10}, message="words")
    book.store.close()
    path.unlink()
    store = LocalStore(tmp_path / "packs", path)
    index = Index(path, store.get)
    start = time.monotonic()
    index.follow(FileCatalog(tmp_path / "events"))
    assert time.monotonic() - start < 3
    assert [row.message for row in index.page().rows] == ["words"] * 3
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM packs").fetchone()[0] > 0
    assert db.execute("SELECT count(*) FROM versions").fetchone()[0] == 3
    db.close()


def test_a_broken_event_is_passed_over_and_mended_when_it_comes_back(book):
    for minor in range(1, 5):
        book.version("churn", f"0.{minor}.0")
    whole = book.catalog.sealed[2]
    book.catalog.sealed[2] = whole[:50]
    index = book.index()
    assert refs(index.page()) == ["churn:0.4.0", "churn:0.3.0", "churn:0.1.0"]
    assert index.broken() == [Broken(2, "it cannot be read")]
    book.version("churn", "0.5.0")
    index.follow(book.catalog)
    assert index.count() == 4
    book.catalog.sealed[2] = whole
    index.follow(book.catalog)
    assert index.count() == 5
    assert index.broken() == []


@pytest.fixture
def read(monkeypatch):
    """Counts how often each event's file is read."""
    counts: Counter[int] = Counter()
    real = Path.read_bytes

    def counted(path):
        if path.name.isdecimal():
            counts[int(path.name)] += 1
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    return counts


def test_unreadable_events_are_not_read_at_each_access(tmp_path, read):
    catalog = FileCatalog(tmp_path / "events")
    book = Book(catalog)
    for minor in range(1, 4):
        book.version("churn", f"0.{minor}.0")
    broken = range(4, 3004)
    for n in broken:
        catalog.path(n).parent.mkdir(exist_ok=True)
        catalog.path(n).write_bytes(b"torn")
    book.version("churn", "0.4.0")
    catalog.path(5).unlink()
    path = tmp_path / "index.sqlite"
    for _ in range(2):  # taken in, and looked at once more when its stamp is known
        index = book.index(path)
    read.clear()
    for _ in range(3):
        assert refs(book.index(path).page())[0] == "churn:0.4.0"
        index.follow(catalog)
    assert set(read) == {3004}  # the head
    assert len(index.broken()) == 3000
    assert [found.n for found in catalog.verify()][:3000] == list(broken)
    assert {read[n] for n in broken} == {1}


@pytest.mark.parametrize("way", ["in place", "renamed over", "back again"])
def test_an_unreadable_event_is_read_again_when_its_file_changes(tmp_path, read, way):
    catalog = FileCatalog(tmp_path / "events")
    book = Book(catalog)
    for minor in range(1, 9):
        book.version("churn", f"0.{minor}.0")
    whole = {n: catalog.path(n).read_bytes() for n in (3, 6)}
    for n, data in whole.items():
        if way == "back again":
            catalog.path(n).unlink()
        else:
            catalog.path(n).write_bytes(data[::-1])  # of the same size
    index = book.index(tmp_path / "index.sqlite")
    for _ in range(3):
        index.follow(catalog)
    assert index.count() == 6
    catalog.path(4).touch()
    read.clear()
    index.follow(catalog)
    assert set(read) == {8}
    # The second of them alone: nobody waits for the first.
    if way == "renamed over":
        (tmp_path / "copy").write_bytes(whole[6])
        (tmp_path / "copy").replace(catalog.path(6))
    else:
        catalog.path(6).write_bytes(whole[6])
    index.follow(catalog)
    assert index.count() == 7
    assert [found.n for found in index.broken() if found.why == "it cannot be read"] == [3]


def test_of_many_unreadable_events_a_part_is_looked_at_each_time(book, monkeypatch):
    for minor in range(1, 6):
        book.version("churn", f"0.{minor}.0")
    whole = dict(book.catalog.sealed)
    for n in (1, 2, 3):
        book.catalog.sealed[n] = b"torn"
    index = book.index()
    monkeypatch.setattr("snapbook.catalog.follow._LOOKED_AT", 1)
    book.catalog.sealed[2] = whole[2]
    looked = 1
    while index.follow(book.catalog) and index.count() == 2:
        looked += 1
        assert looked < 200
    assert index.count() == 3
    assert [found.n for found in index.broken() if found.why == "it cannot be read"] == [1, 3]


def test_a_broken_head_is_passed_over(book):
    book.version("churn", "0.1.0")
    book.version("churn", "0.2.0")
    book.catalog.sealed[2] = b"torn"
    index = book.index()
    assert index.count() == 1
    assert index.follow(book.catalog) == book.catalog.head()
    book.version("churn", "0.3.0")
    index.follow(book.catalog)
    assert refs(index.page()) == ["churn:0.3.0", "churn:0.1.0"]
    assert [broken.n for broken in index.broken()] == [2]


def test_another_chain_in_the_same_place(book, tmp_path):
    """A repository restored from a backup: the index notices, whatever is longer."""
    path = tmp_path / "index.sqlite"
    for minor in range(1, 4):
        book.version("churn", f"0.{minor}.0")
    index = book.index(path)
    for other in (Book(), Book(), Book()):
        for minor in range([1, 3, 5][other is book]):
            other.version("other", f"0.{minor}.0")
        index = other.index(path)
        assert index.models() == ["other"]
    longer = Book()
    for minor in range(9):
        longer.version("longer", f"0.{minor}.0")
    assert longer.index(path).models() == ["longer"]


def test_pages_follow_each_other(book):
    for minor in range(1, 12):
        value = float(minor % 4)
        book.version(
            "churn", f"0.{minor}.0", {"accuracy": value, "odd": minor} if minor != 5 else {}
        )
        book.version("other", f"0.{minor}.0", {"accuracy": value})
    index = book.index()
    for order in (NEWEST, OLDEST, Order("accuracy"), Order("accuracy", highest=False)):
        whole = index.page("churn", order=order)
        assert whole.after is None
        seen, after = [], None
        while True:
            page = index.page("churn", order=order, after=after, limit=3)
            seen += page.rows
            after = page.after
            if after is None:
                break
        assert tuple(seen) == whole.rows
        values = [row.metrics["accuracy"].value for row in seen if row.metrics]
        if order.metric:
            assert len(seen) == 10
            assert values == sorted(values, reverse=order.highest)
        else:
            numbers = list(range(1, 12))
            assert [row.number[1] for row in seen] == numbers[:: -1 if order.highest else 1]
    assert len(index.page(limit=100).rows) == 22
    assert index.page("nobody").rows == ()
    assert index.extreme("churn", "odd").number == (0, 11, 0)
    assert index.extreme("churn", "odd", highest=False).number == (0, 1, 0)
    assert index.extreme("churn", "nothing") is None
    assert index.metric_names("churn") == ["accuracy", "odd"]
    assert index.metric_names("other") == ["accuracy"]


def test_two_indexes_on_one_file(book, tmp_path):
    path = tmp_path / "index.sqlite"
    one, two = book.index(path), book.index(path)
    book.version("churn", "0.1.0")
    one.follow(book.catalog)
    assert refs(two.page()) == ["churn:0.1.0"]
    book.version("churn", "0.2.0")
    two.follow(book.catalog)
    one.follow(book.catalog)
    assert refs(one.page()) == refs(two.page()) == ["churn:0.2.0", "churn:0.1.0"]


def test_file_deleted_under_a_running_process(book, tmp_path):
    path = tmp_path / "index.sqlite"
    book.version("churn", "0.1.0")
    one, two = book.index(path), book.index(path)
    path.unlink()
    assert refs(one.page()) == ["churn:0.1.0"]  # without being told to follow
    book.version("churn", "0.2.0")
    assert one.follow(book.catalog).n == 2
    assert two.follow(book.catalog).n == 2
    assert refs(one.page()) == refs(two.page()) == ["churn:0.2.0", "churn:0.1.0"]
    two.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM versions").fetchone() == (2,)


@pytest.mark.parametrize("content", [b"", b"garbage" * 3000])
def test_file_overwritten(book, tmp_path, content):
    path = tmp_path / "index.sqlite"
    book.version("churn", "0.1.0", tags={"team": "risk"}, message="words")
    index = book.index(path)
    index.close()
    path.write_bytes(content)
    index.follow(book.catalog)
    row = index.newest("churn")
    assert (row.message, row.tags) == ("words", {"team": "risk"})


def test_file_damaged_while_it_is_open(book, tmp_path):
    path = tmp_path / "index.sqlite"
    for minor in range(300):
        book.version("churn", f"0.{minor}.0", {"accuracy": minor / 300})
    index = book.index(path)
    index.close()
    assert index.newest("churn").number == (0, 299, 0)
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    index.close()
    assert index.count("churn") == 300
    assert refs(index.page(limit=1)) == ["churn:0.299.0"]


def test_locked_by_others(book, tmp_path, monkeypatch):
    monkeypatch.setattr("snapbook.store.sqlite._BUSY_S", 0.1)
    path = tmp_path / "index.sqlite"
    book.version("churn", "0.1.0")
    book.index(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    book.version("churn", "0.2.0")
    assert refs(book.index(path).page()) == ["churn:0.2.0", "churn:0.1.0"]
    other.execute("ROLLBACK")
    other.close()


def test_before_the_first_event(book, tmp_path):
    index = book.index(tmp_path / "index.sqlite")
    assert (index.models(), index.page().rows, index.count()) == ([], (), 0)
    assert index.follow(book.catalog) == Head()
    assert index.roots().manifests == frozenset()


def _save(folder, name, start):
    book = Book(FileCatalog(folder / "events"))
    index = Index(folder / "index.sqlite", book.store.get)
    start.wait()
    done = 0
    while done < 10:
        book.expected = index.follow(book.catalog)
        major, minor, _ = index.highest("churn") or (0, 0, 0)
        try:
            book.version("churn", f"{major}.{minor + 1}.0", {"accuracy": 0.5})
            done += 1
        except Conflict:
            continue


def test_two_processes_number_without_gap(tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    workers = [
        context.Process(target=_save, args=(tmp_path, name, start)) for name in ("ada", "bob")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    index = Index(tmp_path / "index.sqlite", MemoryStore().get)
    index.follow(FileCatalog(tmp_path / "events"))
    assert [row.number[1] for row in index.page().rows] == list(range(20, 0, -1))
    assert index.broken() == []
