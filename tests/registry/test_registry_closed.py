"""Who may read only some models checks the whole chain, and learns nothing of the other events."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest
from faults import driver

from snapbook import places
from snapbook.catalog import chain
from snapbook.catalog.base import Broken, Head
from snapbook.catalog.files import FileCatalog
from snapbook.errors import Refused
from snapbook.events import closed, read_link, seal
from snapbook.registry.wire import FORM, PATH
from snapbook.repository import Author
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

TIME = "2026-11-21T14:02:00.000000Z"
MODELS = ("price", "churn", "price", "churn", "price")


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


def fill(registry, models=MODELS, first=0):
    """Versions of these models, and at the end an event that is about none."""
    with places.open_folder(registry.folder) as there:
        for seed, model in enumerate(models, first):
            driver.save(there, model, seed)
        there.catalog.append("condemned", {"packs": []}, "root", TIME, there.catalog.head())


@pytest.fixture
def filled(registry):
    fill(registry)
    return registry


def files(registry):
    return FileCatalog(registry.folder / "events")


def rewrite(registry, n, change):
    path = files(registry).path(n)
    data = change(path.read_bytes())
    path.unlink()
    path.write_bytes(data)


def reader(registry, *grants):
    return registry.remote(*(grants or ("reader:churn",))).catalog


def asked(registry, **headers):
    token = registry.tokens.make("bob", ("reader:churn",))
    headers |= {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{registry.url}{PATH}/events", headers=headers)


def test_the_chain_is_whole_for_who_may_read_some_of_it(filled):
    whole = list(filled.remote().catalog.read())
    catalog = reader(filled)
    assert list(catalog.verify()) == []
    assert catalog.closed == 4
    assert catalog.head() == Head(6, whole[-1].digest)
    assert list(catalog.read()) == [event for event in whole if event.body.get("model") == "churn"]
    assert [catalog.event(n) is None for n in range(1, 7)] == [True, False, True, False, True, True]
    told = dict(catalog.stored(1, 6))
    assert [read_link(told[event.n]).digest for event in whole] == [e.digest for e in whole]
    assert told[1] == closed(seal(whole[0]))
    assert told[2] == seal(whole[1])


def test_nothing_of_what_is_closed_is_in_the_answer(filled):
    secrets = [b"price", b"condemned"]
    for event in filled.remote().catalog.read():
        if event.body.get("model") != "churn":
            secrets += [event.salt.encode(), event.time.encode()]
            secrets += [str(event.body.get("manifest", "packs")).encode()]
    answer = asked(filled, **{FORM: "2"})
    assert answer.status_code == 200
    assert [secret for secret in secrets if secret in answer.content] == []


def test_who_may_read_all_is_told_all(filled):
    catalog = reader(filled, "reader")
    assert len(list(catalog.read())) == 6
    assert (list(catalog.verify()), catalog.closed) == ([], 0)


def test_a_model_that_was_renamed_is_closed_under_either_name(registry):
    """Who may read what it is called now learns of it what happened under that name alone."""
    with places.open_folder(registry.folder) as there:
        driver.save(there, "price", 1)
        there.rename("price", "churn", Author("root"))
        driver.save(there, "churn", 2)
    assert [event.n for event in reader(registry).read()] == [3]
    assert list(reader(registry).verify()) == []
    assert [event.n for event in reader(registry, "reader:churn", "reader:price").read()] == [
        1,
        2,
        3,
    ]


def by_eve(n, data):
    return seal(replace(chain.link(n, data).event, author="eve"))


DONE = {
    "another event": (lambda data, after: by_eve(3, data), 4),
    "another place": (lambda data, after: after, 3),
    "changed": (lambda data, after: data.replace(b'"prev":"', b'"prev":"0'), 3),
}


@pytest.mark.parametrize("done", DONE)
def test_what_is_done_to_a_closed_event_is_seen(filled, done):
    change, first = DONE[done]
    after = files(filled).sealed(4)
    rewrite(filled, 3, lambda data: change(data, after))
    bad = list(reader(filled).verify())
    assert bad[0].n == first


def test_a_closed_event_that_is_gone_is_missed(filled):
    files(filled).path(3).unlink()
    assert list(reader(filled).verify()) == [Broken(3, "it is missing")]


def test_who_may_read_all_is_told_of_an_event_that_was_cut(filled):
    """For him nothing is closed, whatever lies there."""
    rewrite(filled, 3, closed)
    (bad,) = reader(filled, "reader").verify()
    assert (bad.n, "what happened" in bad.why) == (3, True)
    # Who may not know what happened in it cannot know that it is lost.
    assert list(reader(filled).verify()) == []


def test_events_without_a_salt_are_not_told_at_all(registry, monkeypatch):
    """Their digests could be guessed from. What comes after them is told closed."""
    with monkeypatch.context() as earlier:
        earlier.setattr(chain, "new_salt", str)
        fill(registry, ("price", "churn"))
    fill(registry, ("price", "churn"), 7)
    catalog = reader(registry)
    assert [n for n, _ in catalog.stored(1, 6)] == [2, 4, 5, 6]
    assert (list(catalog.verify()), catalog.closed) == ([], 4)
    hidden = files(registry).event(1)
    assert hidden.digest.encode() not in asked(registry, **{FORM: "2"}).content.replace(
        b'"prev":"' + hidden.digest.encode(), b""
    )
    # Once there is a salt no event needs to be withheld: one that is, is missed.
    rewrite(registry, 6, lambda data: data[:20])
    assert [bad.n for bad in reader(registry).verify()] == [6]
    assert len(list(reader(registry, "reader").read())) == 5


def test_an_older_client_is_told_to_update(filled):
    answer = asked(filled)
    assert (answer.status_code, answer.json()["kind"]) == (422, "newer-format")
    assert "newer snapbook" in answer.json()["message"]
    made = httpx.post(
        f"{filled.url}{PATH}/events",
        headers={"Authorization": f"Bearer {filled.token}"},
        json={"type": "note", "body": {}, "author": "x", "time": TIME,
              "expected": {"n": 6, "digest": files(filled).head().digest}},
    )  # fmt: skip
    assert made.status_code == 422
    assert files(filled).head().n == 6


def test_only_some_models_is_no_right_to_write(filled):
    catalog = reader(filled, "writer:churn")
    with pytest.raises(Refused):
        catalog.append("note", {}, "x", TIME, catalog.head())


def run(folder, *words):
    with Here(folder, face="cli") as here:
        return VERBS[words[0]].run(here, VERBS[words[0]].parse(list(words[1:])))


def test_the_verb(filled, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_TOKEN", filled.tokens.make("bob", ("reader:churn",)))
    run(tmp_path, "registry", "add", "team", filled.url)
    told = run(tmp_path, "audit", "verify", "--registry", "team")
    assert told.exit_code == 0
    assert "6 events, each of them whole and in its place" in told.lines[0]
    assert "what happened in 4 of them is not for you" in told.lines[0]
    rows = [json.loads(row) for row in run(tmp_path, "audit", "export", "--registry", "team").lines]
    assert ["body" in row for row in rows] == [False, True, False, True, False, False]
    assert rows[0].keys() == {"n", "digest", "prev", "closed"}
    # An export of his finds what was done to events that he cannot read.
    run(tmp_path, "audit", "export", "--registry", "team", "-o", "mine.jsonl")
    rewrite(filled, 5, lambda data: by_eve(5, data))
    told = run(tmp_path, "audit", "verify", "--registry", "team", "--against", "mine.jsonl")
    assert told.exit_code == 1
    assert told.lines[0].startswith("event 5 is the first bad one: it is not the one that was")
