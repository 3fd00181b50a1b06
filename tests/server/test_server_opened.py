"""Repositories kept open: a few, one thread at a time, let go of at the end."""

from __future__ import annotations

import shutil
import threading

import pytest
from books import Book
from written import save

from snapbook.catalog.index import Index
from snapbook.errors import NewerFormat, Unreachable
from snapbook.server.opened import Opened
from snapbook.server.weight import Weights


@pytest.fixture
def opened():
    opened = Opened(most=2)
    yield opened
    opened.close()


def head(opened, folder, **lane):
    with opened.lend(folder, **lane) as here:
        return here.repository().follow().n


def test_one_repository_is_opened_once(opened, tmp_path):
    save(tmp_path)
    with opened.lend(tmp_path) as here:
        first = here.repository()
    (tmp_path / "deep").mkdir()
    with opened.lend(tmp_path / "deep") as here:
        assert here.repository() is first
        assert here.folder == tmp_path / "deep"
    save(tmp_path, 2)  # somebody else writes
    assert head(opened, tmp_path) == 2
    assert len(opened) == 1


def test_the_end_of_a_verb_does_not_close_what_was_lent(opened, tmp_path):
    save(tmp_path)
    with opened.lend(tmp_path) as here, here:
        first = here.repository()
    assert first.follow().n == 1


def test_a_long_question_does_not_keep_others_waiting(opened, tmp_path):
    save(tmp_path)
    with opened.lend(tmp_path, long=True):
        assert head(opened, tmp_path) == 1
    assert len(opened) == 2


def test_the_one_not_used_longest_is_put_out(opened, tmp_path):
    folders = [tmp_path / str(n) for n in range(3)]
    for folder in folders:
        folder.mkdir()
        save(folder)
    with opened.lend(folders[0]) as here:
        first = here.repository()
    head(opened, folders[1])
    head(opened, folders[2])
    assert len(opened) == 2
    with opened.lend(folders[0]) as here:
        assert here.repository() is not first


def test_another_repository_in_its_place_is_noticed(opened, tmp_path):
    save(tmp_path)
    save(tmp_path, 2)
    assert head(opened, tmp_path) == 2
    shutil.rmtree(tmp_path / ".snapbook")
    with opened.lend(tmp_path) as here:
        assert here.repository().folder is None  # an empty one, in memory
    save(tmp_path, 5)
    assert head(opened, tmp_path) == 1
    (tmp_path / ".snapbook" / "format").write_text('{"snapbook": 3}')
    with pytest.raises(NewerFormat), opened.lend(tmp_path):
        pass


def test_one_thread_at_a_time(opened, tmp_path):
    save(tmp_path)
    inside, most, faults = [], [], []

    def ask():
        try:
            for _ in range(20):
                with opened.lend(tmp_path) as here:
                    inside.append(1)
                    most.append(len(inside))
                    here.repository().index.page(limit=5)
                    inside.pop()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert max(most) == 1


def test_many_threads_and_few_places(tmp_path):
    opened = Opened(most=1)
    folders = [tmp_path / str(n) for n in range(3)]
    for folder in folders:
        folder.mkdir()
        save(folder)
    faults = []

    def ask(number):
        try:
            for turn in range(30):
                assert head(opened, folders[(number + turn) % 3]) == 1
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(opened) == 1
    opened.close()
    with pytest.raises(Unreachable), opened.lend(folders[0]):
        pass


def test_an_index_that_is_deleted_comes_back(opened, tmp_path):
    save(tmp_path)
    assert head(opened, tmp_path) == 1
    for path in (tmp_path / ".snapbook").glob("index.sqlite*"):
        path.unlink()
    with opened.lend(tmp_path) as here:
        assert [row.ref for row in here.repository().index.page().rows] == ["churn:0.1.0"]


def test_a_weight_is_told_again_without_asking_each_file(tmp_path):
    save(tmp_path)
    folder = tmp_path / ".snapbook"
    real = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    weights = Weights()
    assert weights.of(folder, 1) == real
    (folder / "packs" / "more").write_bytes(bytes(1000))
    assert weights.of(folder, 1) == real
    assert weights.of(folder, 2) == real  # weighed a moment ago
    assert Weights().of(folder, 2) == real + 1000


def test_acts_and_damage_are_listed():
    book = Book()
    first = book.version("churn", "0.1.0")
    book.version("churn", "0.2.0")
    book.event("alias", {"model": "churn", "name": "best", "old": "", "new": first})
    book.event("note", {"model": "churn", "manifest": first, "texts": book.put({"text": "x"})})
    index = book.index()
    assert isinstance(index, Index)
    assert index.acts(first) == [4, 3, 1]
    assert index.acts(first, 2) == [4, 3]
    assert index.damaged() == []
