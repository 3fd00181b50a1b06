"""Answers that are remembered as long as the chain stands."""

from __future__ import annotations

import threading

import pytest
from promote.parties import ADA, made

from snapbook import places
from snapbook.catalog.base import Head
from snapbook.errors import NotFound
from snapbook.refs import parse
from snapbook.registry.answers import Answers


class _Made:
    """Counts how often an answer is made."""

    def __init__(self, data: bytes = b"one") -> None:
        self.times, self.data = 0, data

    def __call__(self) -> bytes:
        self.times += 1
        return self.data


def test_made_once_while_the_chain_stands():
    answers, made = Answers(), _Made()
    head = Head(1, "a" * 64)
    assert [answers.of(head, "q", made) for _ in range(3)] == [b"one"] * 3
    assert made.times == 1
    assert answers.of(head, "another", made) == b"one"
    assert made.times == 2


def test_a_new_event_forgets_them():
    answers, made = Answers(), _Made()
    answers.of(Head(1, "a" * 64), "q", made)
    made.data = b"two"
    assert answers.of(Head(2, "b" * 64), "q", made) == b"two"


def test_who_looked_earlier_brings_nothing_back():
    answers, made = Answers(), _Made(b"old")
    answers.of(Head(2, "b" * 64), "q", _Made(b"new"))
    assert answers.of(Head(1, "a" * 64), "q", made) == b"old"
    assert answers.of(Head(2, "b" * 64), "q", made) == b"new"


def test_another_chain_of_the_same_length_is_another():
    answers, made = Answers(), _Made()
    answers.of(Head(1, "a" * 64), "q", made)
    answers.of(Head(1, "b" * 64), "q", made)
    assert made.times == 2


def test_an_error_is_no_answer():
    answers = Answers()

    def absent() -> bytes:
        raise NotFound("There is no model x here")

    for _ in range(2):
        with pytest.raises(NotFound):
            answers.of(Head(1, "a" * 64), "q", absent)
    assert answers.of(Head(1, "a" * 64), "q", _Made()) == b"one"


def test_they_stay_few_and_small():
    answers, large = Answers(), _Made(b"x" * ((1 << 20) + 1))
    head = Head(1, "a" * 64)
    for _ in range(2):
        answers.of(head, "large", large)
    assert large.times == 2
    first = _Made()
    answers.of(head, 0, first)
    for n in range(1, 400):
        answers.of(head, n, _Made())
    answers.of(head, 0, first)
    assert first.times == 2


def test_many_threads_at_once():
    answers, wrong = Answers(), []

    def ask(n: int) -> None:
        for step in range(1, 200):
            data = answers.of(Head(step, f"{step:064}"), "q", lambda step=step: b"%d" % step)
            if int(data) < step:
                wrong.append((n, step, data))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.fixture
def here(registry):
    """The repository behind the registry, with two versions of a model."""
    with places.open_folder(registry.folder) as repository:
        for accuracy in (0.90, 0.95):
            made(repository, ADA, model="churn", accuracy=accuracy)
        yield repository


def test_a_list_is_made_once_while_the_chain_stands(registry, here):
    """For each who may read the same; what is done meanwhile is in it, whoever did it."""
    admin, other = registry.remote(), registry.remote("reader:fraud")

    def listed(remote, **query):
        return [row["number"] for row in remote.http.get("/versions", **query)["versions"]]

    for _ in range(2):
        assert listed(admin) == listed(admin, model="churn") == [[0, 2, 0], [0, 1, 0]]
        assert listed(admin, limit=1) == [[0, 2, 0]]
        assert listed(other) == []
        with pytest.raises(NotFound, match="There is no model churn here"):
            listed(other, model="churn")
    made(here, ADA, model="churn", accuracy=0.97)
    assert listed(admin)[0] == [0, 3, 0]
    made(here, ADA, model="fraud", accuracy=0.97)
    assert listed(other) == [[0, 1, 0]]
    here.move_alias(here.resolve(parse("churn:0.1.0")), "production", ADA)
    newest = admin.http.get("/versions", model="churn")["versions"]
    assert [row["aliases"] for row in newest] == [[], [], ["production"]]


def test_who_may_read_less_gets_none_of_anothers(registry, here):
    """The same question of two, before and after the one it is answered to."""
    admin, other = registry.remote(), registry.remote("reader:fraud")
    for _ in range(2):
        assert admin.resolve("churn").ref == "churn:0.2.0"
        with pytest.raises(NotFound, match="There is no model churn here"):
            other.resolve("churn")


def test_an_alias_that_moved_is_seen_by_the_next_who_asks(registry, here):
    admin = registry.remote()
    for ref in ("churn:0.1.0", "churn:0.2.0", "churn:0.1.0"):
        admin.http.post("/promotions", {"ref": ref, "alias": "staging"})
        assert [admin.resolve("churn@staging").ref for _ in range(2)] == [ref, ref]


def test_what_another_process_made_is_seen_at_once(registry, here):
    admin = registry.remote()
    assert admin.resolve("churn").ref == "churn:0.2.0"
    with places.open_folder(registry.folder) as elsewhere:
        made(elsewhere, ADA, model="churn", accuracy=0.97)
    assert admin.resolve("churn").ref == "churn:0.3.0"
