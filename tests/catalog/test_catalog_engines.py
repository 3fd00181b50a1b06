"""The chain in memory and in files keeps the contract; what only files can suffer."""

import errno
import multiprocessing
import os

import pytest
from contracts.catalog_contract import TIME, CatalogContract

from snapbook.catalog.base import Head
from snapbook.catalog.files import FileCatalog
from snapbook.catalog.memory import MemoryCatalog
from snapbook.errors import Conflict, DiskFull, ReadOnly, Unreachable
from snapbook.events import Event, seal
from snapbook.store import durable


class TestMemoryCatalog(CatalogContract):
    @pytest.fixture
    def catalog(self):
        return MemoryCatalog()

    def again(self, catalog):
        return catalog

    def rewrite(self, catalog, n, change):
        catalog.sealed[n] = change(catalog.sealed[n])

    def remove(self, catalog, n):
        del catalog.sealed[n]


class TestFileCatalog(CatalogContract):
    @pytest.fixture
    def catalog(self, tmp_path):
        return FileCatalog(tmp_path / "events")

    def again(self, catalog):
        return FileCatalog(catalog.folder)

    def rewrite(self, catalog, n, change):
        path = catalog.path(n)
        path.write_bytes(change(path.read_bytes()))

    def remove(self, catalog, n):
        catalog.path(n).unlink()


class TestFileCatalogWithoutLinks(TestFileCatalog):
    """A disk without hard links (exFAT): the same promises by a lock."""

    @pytest.fixture(autouse=True)
    def _no_links(self, monkeypatch):
        def link(*args, **kwargs):
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", link)


def append(catalog, count=1):
    head = catalog.head()
    for _ in range(count):
        event = catalog.append("note", {}, "ada", TIME, head)
        head = Head(event.n, event.digest)
    return head


def test_files_hold_what_the_format_says(tmp_path):
    catalog = FileCatalog(tmp_path / "events")
    append(catalog, 2)
    (event, _) = catalog.read()
    path = tmp_path / "events" / "0000000" / "0000000001"
    assert path.read_bytes() == seal(event)
    assert sorted(path.name for path in (tmp_path / "events").rglob("*")) == [
        "0000000",
        "0000000001",
        "0000000002",
    ]
    assert path.stat().st_mode & 0o077 == 0


def test_the_next_thousand_begins_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda fd: None)  # 1,003 events: about names, not about disks
    catalog = FileCatalog(tmp_path / "events")
    head = append(catalog, 1003)
    again = FileCatalog(tmp_path / "events")
    assert again.head() == head
    assert [event.n for event in again.read(998)] == [998, 999, 1000, 1001, 1002, 1003]
    assert sorted(path.name for path in catalog.folder.iterdir()) == ["0000000", "0000001"]
    assert list(again.verify()) == []


def test_other_files_do_not_matter(tmp_path):
    catalog = FileCatalog(tmp_path / "events")
    append(catalog, 2)
    (tmp_path / "events" / "0000000" / "0000000002.orig").write_bytes(b"")
    (tmp_path / "events" / "notes.txt").write_bytes(b"")
    (tmp_path / "events" / "0000009").mkdir()
    (tmp_path / "events" / "٣").mkdir()
    assert FileCatalog(tmp_path / "events").head().n == 2


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, DiskFull), (errno.EROFS, ReadOnly), (errno.EIO, Unreachable)],
)
@pytest.mark.parametrize("call", ["pwrite", "fsync", "link"])
def test_a_refusing_disk_leaves_nothing_behind(tmp_path, monkeypatch, number, kind, call):
    catalog = FileCatalog(tmp_path / "events")
    head = append(catalog)

    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(kind):
            catalog.append("note", {}, "ada", TIME, head)
    assert list(catalog.folder.glob("tmp-*")) == []
    assert FileCatalog(catalog.folder).head() == head
    append(catalog)


def synced_folders(monkeypatch):
    """The folders that are synced from here on, as they are."""
    found, fsync = [], os.fsync

    def noted(fd):
        path = os.readlink(f"/proc/self/fd/{fd}")
        if os.path.isdir(path):
            found.append(os.path.basename(path))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="Linux tells what a file is")
def test_a_name_is_durable_when_the_turn_ends_and_the_next_one_begins_before(tmp_path, monkeypatch):
    catalog = FileCatalog(tmp_path / "events")
    append(catalog, 2)
    other = FileCatalog(catalog.folder)
    synced = synced_folders(monkeypatch)
    begun = []

    def sync(shard):
        fd = os.open(catalog.folder, os.O_RDONLY | os.O_DIRECTORY)
        begun.append(durable.try_lock(fd))
        os.close(fd)
        firm(shard)

    firm = catalog._make_firm
    monkeypatch.setattr(catalog, "_make_firm", sync)
    with catalog.turn():
        append(catalog)
        assert synced == []
        assert other.head().n == 3
    assert (synced, begun) == (["0000000"], [True])
    append(catalog)  # without a turn it is before the answer, as ever
    assert synced == ["0000000"] * 2


def test_a_name_that_a_turn_cannot_make_durable_is_said(tmp_path, monkeypatch):
    catalog = FileCatalog(tmp_path / "events")
    append(catalog)

    def refuse(folder):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def turn():
        with catalog.turn():
            append(catalog)
            monkeypatch.setattr(durable, "sync_folder", refuse)

    with pytest.raises(Unreachable, match="a power cut may take it"):
        turn()
    monkeypatch.undo()
    assert catalog.head().n == 2
    with catalog.turn():
        append(catalog)
    assert list(catalog.verify()) == []


def test_a_disk_that_takes_only_a_part_of_each_write(tmp_path, monkeypatch):
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, data[:10], at))
    catalog = FileCatalog(tmp_path / "events")
    append(catalog, 2)
    assert list(catalog.verify()) == []


def test_a_network_disk_that_loses_the_answer_of_link(tmp_path, monkeypatch):
    """NFS may make the link, lose its answer and then say that the name exists (open(2))."""
    catalog = FileCatalog(tmp_path / "events")
    link = os.link

    def lossy(source, target):
        link(source, target)
        raise FileExistsError(errno.EEXIST, "File exists")

    monkeypatch.setattr(os, "link", lossy)
    assert append(catalog).n == 1
    assert [event.n for event in catalog.read()] == [1]


def test_debris_of_killed_processes_is_swept(tmp_path):
    catalog = FileCatalog(tmp_path / "events")
    append(catalog)
    (catalog.folder / "tmp-0123456789abcdef").write_bytes(b"half an event")
    assert catalog.head().n == 1
    assert catalog.sweep() == 13
    assert catalog.sweep() == 0
    assert [event.n for event in catalog.read()] == [1]


def _append_many(folder, name, start):
    catalog = FileCatalog(folder)
    start.wait()
    done = 0
    while done < 25:
        try:
            catalog.append("note", {"by": name}, name, TIME, catalog.head())
            done += 1
        except Conflict:
            continue


def test_many_processes_append_without_gap_or_loss(tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    names = ["ada", "bob", "eve"]
    workers = [
        context.Process(target=_append_many, args=(tmp_path / "events", name, start))
        for name in names
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    catalog = FileCatalog(tmp_path / "events")
    events = list(catalog.read())
    assert [event.n for event in events] == list(range(1, 76))
    assert list(catalog.verify()) == []
    assert {name: sum(event.author == name for event in events) for name in names} == dict.fromkeys(
        names, 25
    )
    assert list(catalog.folder.glob("tmp-*")) == []


def test_an_event_in_the_place_of_another_is_broken(tmp_path):
    catalog = FileCatalog(tmp_path / "events")
    append(catalog, 3)
    catalog.path(3).write_bytes(catalog.path(1).read_bytes())
    assert [event.n for event in catalog.read()] == [1, 2]
    assert [broken.n for broken in catalog.verify()] == [3]
    assert isinstance(next(catalog.read()), Event)


class TestRememberedListing:
    """The newest event is looked up by names only where some may have come or gone."""

    @pytest.fixture
    def catalog(self, tmp_path):
        catalog = FileCatalog(tmp_path / "events")
        append(catalog, 3)
        aged(catalog)
        assert catalog.head().n == 3
        return catalog

    def test_nothing_is_listed_while_nothing_happens(self, catalog, monkeypatch):
        monkeypatch.setattr(os, "listdir", lambda path: pytest.fail(f"{path} is listed"))
        assert catalog.head().n == 3

    def test_what_another_appends_is_seen_though_no_clock_moved(self, catalog):
        append(FileCatalog(catalog.folder), 2)
        aged(catalog)
        assert catalog.head().n == 5

    def test_an_event_in_the_next_folder_is_seen(self, catalog):
        last = Event(999, catalog.head().digest, "note", TIME, "ada", {})
        catalog.path(999).write_bytes(seal(last))
        aged(catalog, 1_700_000_001)
        assert catalog.head().n == 999
        append(FileCatalog(catalog.folder))
        aged(catalog)
        assert catalog.head().n == 1000

    def test_a_chain_that_went_back_is_seen_though_no_clock_moved(self, catalog):
        catalog.path(3).unlink()
        aged(catalog)
        assert catalog.head().n == 2

    def test_an_event_behind_a_gap_is_seen(self, catalog):
        append(FileCatalog(catalog.folder), 2)
        catalog.path(4).unlink()
        assert catalog.head().n == 5


def aged(catalog, at_s=1_700_000_000):
    """Let the folders look as if nothing had happened in them since then."""
    for folder in (catalog.folder, *catalog.folder.glob("[0-9]*")):
        os.utime(folder, (at_s, at_s))
