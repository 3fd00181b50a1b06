"""Aliases move by compare-and-swap: decided against the chain that the event stands on."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from faults import driver

from snapbook import events, places
from snapbook.errors import Conflict
from snapbook.refs import parse
from snapbook.repository import Author


@pytest.fixture
def folder(tmp_path):
    with places.make_repository(tmp_path) as repository:
        for seed in (1, 2, 3):
            driver.save(repository, "churn", seed)
    return tmp_path


def row(repository, number):
    return repository.resolve(parse(f"churn:{number}"))


def test_a_move_names_what_it_saw(folder):
    with places.make_repository(folder) as repository:
        first, second, third = (row(repository, f"0.{n}.0") for n in (1, 2, 3))
        repository.move_alias(first, "production", Author("ada"), seen="")
        repository.move_alias(second, "production", Author("bob"), seen=first.manifest)
        n = repository.catalog.head().n
        with pytest.raises(Conflict) as told:
            repository.move_alias(third, "production", Author("eve"), seen=first.manifest)
        assert told.value.kind == "moved"
        assert re.fullmatch(
            r"Not promoted: production moved to 0\.2\.0 \(by bob, \d s ago\) while you were"
            r" looking at 0\.1\.0\. Look again: snapbook\.verbs\.review\(\"churn\"\)",
            str(told.value),
        )
        assert repository.catalog.head().n == n
        assert repository.resolve(parse("churn@production")).ref == "churn:0.2.0"


def test_a_plain_move_takes_what_is_there(folder):
    """What the event says was there is what was there, though another moved it meanwhile."""
    with places.make_repository(folder) as one, places.make_repository(folder) as other:
        one.move_alias(row(one, "0.1.0"), "best", Author("ada"))
        stale = row(one, "0.3.0")
        other.move_alias(row(other, "0.2.0"), "Best", Author("bob"))
        one.move_alias(stale, "best", Author("ada"))
        moves = one.index.moves("churn", "best")
        assert [move.old for move in moves] == [moves[1].new, moves[2].new, ""]
        assert len(one.index.aliases("churn")) == 1


def test_of_sixteen_who_saw_the_same_one_wins(folder):
    with places.make_repository(folder) as repository:
        seen = row(repository, "0.1.0").manifest
        repository.move_alias(row(repository, "0.1.0"), "production", Author("ada"))

    def move(n):
        with places.make_repository(folder) as repository:
            target = row(repository, f"0.{2 + n % 2}.0")
            try:
                repository.move_alias(target, "production", Author(f"mover {n}"), seen=seen)
            except Conflict as error:
                return str(error)
            return ""

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(move, range(16)))
    assert said.count("") == 1
    winner = said.index("")
    assert all(f"(by mover {winner}, " in one for one in said if one)
    with places.make_repository(folder) as repository:
        assert len(repository.index.moves("churn", "production")) == 2
        assert not list(events.check_chain(repository.catalog.read()))
