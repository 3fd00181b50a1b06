"""place, versions, count, series and pins over HTTP."""

from __future__ import annotations

import pytest
from written import document, save

from snapbook import places
from snapbook.deploy import acts
from snapbook.deploy import plan as plans
from snapbook.refs import parse
from snapbook.repository import Author

pytestmark = pytest.mark.slow  # it waits for what runs beside it


@pytest.fixture
def project(jp_root_dir):
    """Three versions in a/, of two models and two notebooks."""
    folder = jp_root_dir / "a"
    mine = document(folder)
    (folder / ".git").mkdir()
    save(folder, 1, notebook_path=mine)
    save(folder, 2, notebook_path=document(folder, "other.ipynb"), message="deeper")
    save(folder, 9, model="fraud", author="eve", tags={"team": "risk"})
    return folder


async def test_a_place_tells_what_is_there(fetch, project):
    told = (await fetch("place", path="a/train.ipynb")).value
    assert told["exists"] is True
    assert told["yours"] is True
    assert told["trouble"] is None
    assert (told["project"], told["folder"], told["display"]) == ("a", "a", "a/.snapbook")
    assert told["models"] == ["fraud", "churn"]
    assert (told["versions"], told["head"]) == (3, 3)
    assert 1000 < told["bytes"] < 10_000_000
    assert told["budget_bytes"] == 10 * 2**30
    assert told["settings"]["author"] == "ada"
    # A notebook deeper in the project has the same place.
    (project / "deep").mkdir()
    assert (await fetch("place", path="a/deep/x.ipynb")).value["id"] == told["id"]


async def test_a_place_without_versions_is_calm(fetch, jp_root_dir):
    told = (await fetch("place", path="train.ipynb")).value
    assert told["exists"] is False
    assert told["trouble"] is None
    assert told["versions"] == 0
    page = (await fetch("versions", path="train.ipynb")).value
    assert page["rows"] == []
    assert page["note"].startswith("No versions yet")
    assert not (jp_root_dir / ".snapbook").exists()


async def test_mentions_are_versions_that_are_not_here(fetch, project):
    cards = ["churn:0.1.0", "churn:0.9.0", "ghost:1.0.0", "not a ref", "churn", "<b>:1.0.0"]
    document(project, cards=cards)
    told = (await fetch("place", path="a/train.ipynb")).value
    assert told["mentions"] == ["churn:0.9.0", "ghost:1.0.0"]
    (project / "broken.ipynb").write_text('{"cells": "application/vnd.snapbook.card+json"')
    assert (await fetch("place", path="a/broken.ipynb")).value["mentions"] == []


async def test_rows_say_how_they_stand(fetch, project):
    page = (await fetch("versions", path="a/train.ipynb")).value
    rows = {row["ref"]: row for row in page["rows"]}
    assert list(rows) == ["fraud:0.1.0", "churn:0.2.0", "churn:0.1.0"]
    assert page["after"] is None
    assert page["models"] == ["fraud", "churn"]
    newest = rows["churn:0.2.0"]
    assert newest["previous"] == {"ref": "churn:0.1.0", "value": 0.91}
    assert newest["delta"] == pytest.approx(0.01)
    assert newest["better"] is True
    assert newest["provenance"] == "other"
    assert rows["churn:0.1.0"]["provenance"] == "this"
    assert rows["churn:0.1.0"]["notebook"] == "train.ipynb"
    assert rows["churn:0.1.0"]["mine"] is True
    assert rows["fraud:0.1.0"]["mine"] is False
    assert rows["fraud:0.1.0"]["params"]["loss"] == "nan"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"model": "churn"}, ["churn:0.2.0", "churn:0.1.0"]),
        ({"model": "CHURN"}, ["churn:0.2.0", "churn:0.1.0"]),
        ({"author": "eve"}, ["fraud:0.1.0"]),
        ({"tag": "team"}, ["fraud:0.1.0"]),
        ({"tag": "team=risk"}, ["fraud:0.1.0"]),
        ({"tag": "team=ops"}, []),
        ({"tag": "no such"}, []),
        ({"alias": "production"}, ["churn:0.1.0"]),
        ({"marked": "1"}, ["fraud:0.1.0", "churn:0.2.0", "churn:0.1.0"]),
        ({"marked": "true", "model": "fraud"}, ["fraud:0.1.0"]),
        ({"where": "accuracy > 0.915"}, ["fraud:0.1.0", "churn:0.2.0"]),
        ({"where": "accuracy < 0.92", "author": "ada"}, ["churn:0.1.0"]),
        ({"text": "DEEPER"}, ["churn:0.2.0"]),
        ({"text": "committee asked", "model": "churn"}, ["churn:0.2.0", "churn:0.1.0"]),
        ({"author": "' or 1=1 --"}, []),
        ({"model": "<script>"}, []),
    ],
)
async def test_filters(fetch, project, asked, found):
    alias(project, "churn:0.1.0", "production")
    page = (await fetch("versions", path="a/train.ipynb", **asked)).value
    assert [row["ref"] for row in page["rows"]] == found
    assert (await fetch("count", path="a", **asked)).value == {"count": len(found)}


async def test_what_cannot_be_asked_is_told_in_a_sentence(fetch, project):
    bad = await fetch("versions", path="a", where="accuracy >")
    assert bad.status == 400
    assert bad.value["kind"] == "expression"
    assert bad.value["message"].endswith(".")
    absent = await fetch("versions", path="a", model="chrun")
    assert absent.status == 404
    assert "did you mean churn" in absent.value["message"]
    assert absent.value["hint"] == {"verb": "list", "args": []}
    for wrong in ({"after": "x"}, {"after": "-1"}, {"limit": "0"}, {"limit": "9" * 20}):
        assert (await fetch("versions", path="a", **wrong)).status == 400
    order = await fetch("versions", path="a", order="Oldest")
    assert (order.status, order.value["kind"]) == (400, "argument")
    assert order.value["message"] == "order is none of newest, oldest."


async def test_pages_follow_each_other(fetch, project):
    for depth in range(3, 8):
        save(project, depth)
    seen, after, pages = [], "", 0
    while after is not None:
        page = (await fetch("versions", path="a", limit=3, after=after)).value
        seen += [row["n"] for row in page["rows"]]
        after, pages = page["after"], pages + 1
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 8
    assert pages == 3
    words = (await fetch("versions", path="a", text="committee", limit=3)).value
    more = await fetch("versions", path="a", text="committee", limit=3, after=words["after"])
    assert more.value["rows"][0]["n"] < words["rows"][-1]["n"]


@pytest.mark.parametrize(
    "asked", [{}, {"model": "churn"}, {"where": "accuracy > 0.915"}, {"text": "committee"}]
)
async def test_both_orders_give_the_same_list(fetch, project, asked):
    for depth in range(3, 8):
        save(project, depth)

    async def listed(**order):
        refs, after = [], ""
        while after is not None:
            query = {"limit": 3, "after": after, **asked, **order}
            page = (await fetch("versions", path="a", **query)).value
            refs += [(row["n"], row["delta"]) for row in page["rows"]]
            after = page["after"]
        return refs

    newest = await listed()
    assert newest == sorted(newest, key=lambda row: -row[0])
    assert len(newest) > 6
    assert await listed(order="newest") == newest
    assert await listed(order="oldest") == newest[::-1]


async def test_series_and_pins(fetch, project):
    alias(project, "churn:0.1.0", "production")
    alias(project, "churn:0.2.0", "candidate")
    told = (await fetch("series", path="a", model="churn")).value
    assert told["metric"] == "accuracy"
    assert told["direction"] == "max"
    assert [(point["number"], point["value"]) for point in told["points"]] == [
        ("0.1.0", 0.91),
        ("0.2.0", 0.92),
    ]
    assert (await fetch("series", path="a", metric="ghost")).value["points"] == []
    pins = (await fetch("pins", path="a", model="churn")).value["rows"]
    assert [(row["ref"], row["alias"]) for row in pins] == [("churn:0.1.0", "production")]
    assert (await fetch("pins", path="a")).value["rows"] == pins


async def test_what_is_deployed(fetch, project):
    alias(project, "churn:0.1.0", "production")
    alias(project, "churn:0.1.0", "staging")
    assert (await fetch("production", path="a", model="churn")).value == {"deployed": []}
    with places.make_repository(project) as repository:
        row = repository.resolve(parse("churn:0.2.0"))
        plan = plans.parse(canary="5,100", abort_if="p99 > 2x", alias="staging")
        acts.begin(repository, row, plan, Author("ada"))
    (one,) = (await fetch("production", path="a", model="churn")).value["deployed"]
    assert (one["alias"], one["may"]) == ("staging", True)
    assert one["sentence"] == "Canary churn:0.2.0 at 5 %, step 1 of 2"
    assert one["back"]["ref"] == "churn:0.1.0"
    assert [(rule["state"], rule["candidate"]) for rule in one["rules"]] == [("n/a", None)]
    # Of another model, and without one.
    assert (await fetch("production", path="a", model="fraud")).value == {"deployed": []}
    assert (await fetch("production", path="a", model="ghost")).status == 404
    assert (await fetch("production", path="a")).status == 400


async def test_states_are_calm(fetch, project):
    (project / ".snapbook" / "format").write_text('{"snapbook": 99}')
    told = await fetch("place", path="a")
    assert told.status == 200
    assert told.value["trouble"]["kind"] == "newer-format"
    assert told.value["trouble"]["typed"] == "pip install --upgrade snapbook"
    assert (await fetch("versions", path="a")).status == 422
    (project / ".snapbook" / "format").write_text("{")
    told = await fetch("place", path="a")
    assert (told.status, told.value["trouble"]["kind"]) == (200, "damaged")
    (project / ".snapbook" / "format").write_text('{"snapbook": 1}')
    assert (await fetch("place", path="a")).value["trouble"] is None


async def test_damaged_versions_are_named_and_the_others_stay(fetch, project):
    lose(project, "churn:0.2.0")
    told = (await fetch("place", path="a")).value
    assert told["damaged"] == ["churn:0.2.0"]
    assert told["trouble"] is None
    page = (await fetch("versions", path="a")).value
    assert len(page["rows"]) == 3
    broken = await fetch("version", path="a", ref="churn:0.2.0")
    assert broken.status in (404, 422)
    assert "\n" not in broken.value["message"]
    assert (await fetch("version", path="a", ref="churn:0.1.0")).status == 200


async def test_a_repository_that_cannot_be_read_is_a_state(fetch, project):
    # root may read what is closed to others: a folder in a file's place is closed to root as well
    sign = project / ".snapbook" / "format"
    sign.rename(sign.with_name("elsewhere"))
    sign.mkdir()
    told = await fetch("place", path="a")
    assert told.status == 200
    assert told.value["trouble"]["kind"] == "unreachable"
    assert (await fetch("versions", path="a")).status == 503


def alias(folder, ref, name):
    with places.make_repository(folder) as repository:
        repository.move_alias(repository.resolve(parse(ref)), name, Author("ada"))


def lose(folder, ref):
    """Damage the pack that holds the manifest of ``ref``; the index begins anew."""
    with places.make_repository(folder) as repository:
        row = repository.resolve(parse(ref))
        holder = repository.store.holder(bytes.fromhex(row.manifest))
    for path in (folder / ".snapbook").glob("index.sqlite*"):
        path.unlink()
    (pack,) = (folder / ".snapbook" / "packs").glob(f"*/{holder}*")
    data = bytearray(pack.read_bytes())
    data[: len(data) - 200] = bytes(len(data) - 200)
    pack.chmod(0o600)
    pack.write_bytes(bytes(data))
