"""Servers that tell of themselves: known to whoever shares the folder, or the database."""

from __future__ import annotations

from contextlib import closing

import pytest

from snapbook.errors import BadOption
from snapbook.registry import servers
from snapbook.registry.servers import DatabaseServers, FolderServers

FIRST, SECOND = "ab" * 8, "cd" * 8


@pytest.fixture(params=["folder", "database"])
def hosts(request, tmp_path):
    """Two that share what they are told; as two processes do, or two machines."""
    if request.param == "folder":
        yield FolderServers(tmp_path / "fronts"), FolderServers(tmp_path / "fronts")
        return
    from snapbook.catalog.database import Database

    url = request.getfixturevalue("postgres").url  # of a new database each time
    with closing(Database(url)) as one, closing(Database(url)) as two:
        one.migrate()
        yield DatabaseServers(one), DatabaseServers(two)


def told(name=FIRST, **more):
    return {"id": name, "answers": "churn:1.0.0", "at": 7, **more}


def ids(server, model="churn", alias="production"):
    return [one["id"] for one in server.alive(model, alias)]


def test_what_one_was_told_all_know(hosts):
    here, there = hosts
    here.hear("churn", "production", told())
    there.hear("churn", "production", told(SECOND))
    there.hear("price", "production", told("ef" * 8))
    there.hear("churn", "staging", told("01" * 8))
    assert ids(here) == ids(there) == [FIRST, SECOND]
    assert ids(here, "Churn") == [FIRST, SECOND]
    one, _ = there.alive("churn", "production")
    assert (one["answers"], one["at"], one["model"]) == ("churn:1.0.0", 7, "churn")
    # What it tells now takes the place of what it told.
    there.hear("churn", "production", told(at=8, why="\x00\ud800 odd"))
    assert [one["at"] for one in here.alive("churn", "production")] == [8, 7]
    here.hear("churn", "production", {"id": SECOND, "gone": True})
    here.hear("churn", "production", {"id": SECOND, "gone": True})
    assert ids(there) == [FIRST]


def test_who_was_not_heard_of_is_gone(hosts, monkeypatch):
    here, there = hosts
    here.hear("churn", "production", told())
    monkeypatch.setattr(servers, "GONE_S", 0.0)
    assert ids(there) == []
    there.hear("churn", "production", told(SECOND))
    monkeypatch.undo()
    assert ids(here) == [SECOND]


def test_what_is_none_and_what_is_too_many(hosts, monkeypatch):
    here, there = hosts
    for odd in ({}, {"id": "../x"}, told(why="y" * 70_000)):
        with pytest.raises(BadOption, match="nothing a server tells"):
            here.hear("churn", "production", odd)
    monkeypatch.setattr(servers, "_MOST", 1)
    here.hear("churn", "production", told())
    with pytest.raises(BadOption, match="More than 1 servers"):
        there.hear("churn", "production", told(SECOND))
    there.hear("churn", "production", told(at=9))
    assert [one["at"] for one in here.alive("churn", "production")] == [9]
