"""Tokens: how long they count, whom they are for, and where a client finds its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from faults import driver

from snapbook import places
from snapbook.errors import BadOption, NotFound, Refused
from snapbook.promote import signed
from snapbook.registry import expiry
from snapbook.registry.known import Book, Known
from snapbook.registry.remote import Remote
from snapbook.registry.tokens import Tokens
from snapbook.repository import Author
from snapbook.transfer import Local, transfer
from snapbook.verbs import VERBS, Here

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("12h", "2026-11-22T20:30:00.000000Z"),
        ("30d", "2026-12-22T08:30:00.000000Z"),
        ("2w", "2026-12-06T08:30:00.000000Z"),
        ("1y", "2027-11-22T08:30:00.000000Z"),
        ("2026-11-22", "2026-11-23T00:00:00.000000Z"),
        ("never", ""),
    ],
)
def test_how_long_is_spelled(text, end):
    assert expiry.until(text, NOW) == end
    assert expiry.is_over(end, datetime(2030, 1, 1, tzinfo=UTC)) == bool(end)
    assert not expiry.is_over(end, NOW)


@pytest.mark.parametrize(
    "text", ["", "30", "0d", "-1d", "1m", "2026-11-21", "2026-13-01", "99999y", "9" * 5000, "Never"]
)
def test_what_spells_no_time(text):
    with pytest.raises(BadOption, match="--expires cannot be"):
        expiry.until(text, NOW)


def run(folder, *words):
    with Here(folder, face="cli") as here:
        verb = VERBS["registry"]
        return verb.run(here, verb.parse([*words, "--folder", "kept"]))


@pytest.fixture
def kept(tmp_path):
    places.create(tmp_path / "kept")
    return tmp_path


def test_a_token_ends_after_a_while_unless_told_otherwise(kept):
    made = run(kept, "token", "ada", "writer:churn")
    assert made.lines[0].startswith("token for ada (writer:churn), until ")
    days = datetime.fromisoformat(made.data["expires"]) - datetime.now(UTC)
    assert 89.9 < days.total_seconds() / 86400 < 90
    forever = run(kept, "token", "bob", "reader", "--expires", "never")
    assert "never expires, shown this once: snapbook_" in forever.lines[0]
    assert forever.lines[1].startswith("whoever finds it can use it for good")
    Tokens(kept / "kept").make("eve", ("reader",), "2020-01-01T00:00:00.000000Z")
    run(kept, "revoke", made.data["token"].split("_")[1])
    said = "\n".join(run(kept, "tokens").lines)
    for state in ("revoked 20", ", never expires", "expired 2020-01-01"):
        assert state in said
    assert {t["name"]: t["kind"] for t in run(kept, "tokens").data["tokens"]} == {
        "ada": "person", "bob": "person", "eve": "person",
    }  # fmt: skip


def test_a_service_is_shown_as_one_and_neither_approves_nor_administers(kept):
    made = run(kept, "token", "ci", "writer:churn", "--service", "--expires", "1y")
    assert made.lines[0].startswith("token for the service ci (writer:churn), until ")
    assert "ci (service)" in run(kept, "tokens").lines[0]
    for role in ("approver:churn", "admin"):
        with pytest.raises(BadOption, match=f"A service cannot be {role.partition(':')[0]}"):
            run(kept, "token", "ci", role, "--service")


def test_a_service_s_events_say_that_it_is_one(registry, tmp_path):
    token = registry.tokens.make("ci", ("writer",), service=True)
    with places.make_repository(tmp_path / "here") as here, Remote(registry.url, token) as remote:
        made = driver.save(here, "churn", 1).version
        row = transfer(Local(here), remote, made, Author("push")).accepted.version
        assert remote.about()["kind"] == "service"
        with pytest.raises(Refused, match="ci may not approve churn"):
            remote.http.post(
                "/opinions", {"ref": row.ref, "alias": "production", "word": "approve"}
            )
    assert "approve" in signed.PURPOSES
    with places.open_folder(registry.folder) as there:
        via = there.catalog.event(1).rest["via"]
    assert (via["who"], via["kind"]) == ("ci", "service")


def test_a_service_whose_grants_were_written_by_hand_does_not_approve_either(registry):
    import json

    registry.tokens.make("ci", ("writer",), service=True)
    path = registry.folder / "tokens.json"
    book = json.loads(path.read_text())
    for entry in book.values():
        entry["grants"] = ["admin"] if entry["name"] == "ci" else entry["grants"]
    path.write_text(json.dumps(book))
    (ci,) = (token for token in registry.tokens.all() if token.name == "ci")
    assert ci.grants == ("admin",)
    text = registry.tokens.make("cd", ("reader",), service=True)
    path.write_text(path.read_text().replace('"reader"', '"approver"'))
    who = registry.tokens.principal(text)
    assert who.kind == "service"
    assert (who.may("read", "churn"), who.may("approve", "churn")) == (True, False)
    assert not who.may_all("administer")


def test_a_token_of_the_environment_may_be_for_one_registry_alone(tmp_path, monkeypatch):
    book = Book(tmp_path)
    monkeypatch.setenv("SNAPBOOK_TOKEN", "any")
    monkeypatch.setenv("SNAPBOOK_TOKEN_TEAM_EU", "one")
    assert book.token(Known("team-eu", "https://models.example.com")) == "one"
    assert book.token(Known("team", "https://models.example.com")) == "any"


def test_a_token_that_is_not_there(kept):
    with pytest.raises(NotFound, match="There is no token nothing"):
        run(kept, "revoke", "nothing")


def test_of_servers_that_start_at_once_one_makes_the_first_token(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: Tokens(tmp_path).first(), range(8)))
    (first,) = filter(None, made)
    assert [token.name for token in Tokens(tmp_path).all()] == ["admin"]
    assert Tokens(tmp_path).principal(first).may_all("administer")
    assert Tokens(tmp_path).first() == ""
