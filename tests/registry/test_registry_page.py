"""Visits of people: signed in and out, whose cookie counts when, and what the page is told."""

import json
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from faults import driver

from snapbook import events, places
from snapbook.refs import parse
from snapbook.registry import sessions
from snapbook.registry.roles import Principal, parse_grant
from snapbook.registry.sessions import Session, Sessions
from snapbook.registry.shelves import DatabaseShelf, FolderShelf
from snapbook.registry.tokens import Tokens
from snapbook.registry.wire import PATH
from snapbook.repository import Author
from snapbook.transfer import Local, transfer
from snapbook.web import news, trail
from snapbook.web.files import PATHS

NOW = datetime.now(UTC)
OWN = {"X-Snapbook-Page": "1", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def registry(lasting):
    """One for all tests of this file."""
    return lasting


@pytest.fixture(scope="module")
def pushed(lasting, tmp_path_factory):
    """A version of churn, the same content as one of secret, with a note there; churn's row."""
    folder = tmp_path_factory.mktemp("pushing")
    with places.make_repository(folder) as here, lasting.remote() as root:
        row = None
        for model in ("secret", "churn"):
            made = driver.save(here, model, 1).version
            row = transfer(Local(here), root, made, Author("push")).accepted.version
    return row


@pytest.fixture
def visitor(registry):
    """Called with grants: a browser of somebody who is signed in, his token and the cookie."""
    clients = []

    def sign_in(*grants):
        token = registry.tokens.make("ann", grants)
        client = httpx.Client(base_url=registry.url, headers=OWN, timeout=30)
        clients.append(client)
        answer = client.post(f"{PATH}/session", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.content) == (201, b"")
        return client, token, answer.headers["set-cookie"]

    yield sign_in
    for client in clients:
        client.close()


def about(client, **headers):
    return client.get(f"{PATH}/page/about", headers=headers).status_code


def test_a_cookie_is_all_that_stays_of_a_token(registry, visitor):
    client, token, cookie = visitor("reader")
    name, *words = cookie.split("; ")
    # No path: it holds where the API lies, wherever a proxy puts that.
    assert words == ["HttpOnly", "SameSite=Strict"]
    text = name.removeprefix("snapbook=")
    assert len(text) > 40
    assert token not in cookie
    told = client.get(f"{PATH}/page/about").json()
    assert (told["you"], told["grants"], told["all"]) == ("ann", ["reader:*"], True)
    kept = [path.read_text() for path in (registry.folder / "sessions").iterdir()]
    assert not [lines for lines in kept if text in lines or token in lines]
    assert {path.stat().st_mode & 0o777 for path in (registry.folder / "sessions").iterdir()} == {
        0o600
    }


def test_over_https_the_cookie_goes_nowhere_else(registry):
    token = registry.tokens.make("ann", ("reader",))
    headers = {"Authorization": f"Bearer {token}", "Origin": "https://models.example.com", **OWN}
    answer = httpx.post(f"{registry.url}{PATH}/session", headers=headers)
    assert "Secure" in answer.headers["set-cookie"].split("; ")


def test_signed_out_is_out(visitor):
    client, *_ = visitor("reader")
    text = client.cookies["snapbook"]
    assert about(client) == 200
    answer = client.delete(f"{PATH}/session")
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    # Whoever kept the cookie has nothing.
    assert about(client, Cookie=f"snapbook={text}") == 401


def test_a_session_ends_with_its_token(registry, visitor):
    client, token, _ = visitor("reader")
    assert about(client) == 200
    registry.tokens.revoke(token.split("_")[1])
    assert about(client) == 401


def test_a_session_begins_with_a_token_alone(registry, visitor):
    client, *_ = visitor("reader")
    assert client.post(f"{PATH}/session").status_code == 401
    token = registry.tokens.make("ann", ("reader",))
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post(f"{PATH}/session", headers=headers, json={"token": token})
    assert answer.status_code == 400
    assert token not in answer.text


def test_who_has_no_token_of_the_registry_is_told_what_it_takes(registry, monkeypatch):
    # As somebody is who signs in at a provider.
    ann = Principal("ann@example.com", (parse_grant("reader"),), "oidc-0123456789ab")
    monkeypatch.setattr(type(registry.service), "principal", lambda *_: ann)
    answer = httpx.post(f"{registry.url}{PATH}/session", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
    assert answer.json()["what"] == "Not signed in: the page takes a token of this registry"


def test_a_search_does_not_tell_names_of_models_that_one_may_not_read(
    registry, visitor, pushed, tmp_path
):
    with places.make_repository(tmp_path) as here, registry.remote() as root:
        made = driver.save(here, "secret", 9).version
        here.tag(made, {"codename": ""}, (), Author("push"))
        (row,) = here.index.of_manifest(made.manifest, "secret")
        transfer(Local(here), root, row, Author("push"))
    whole, *_ = visitor("reader")
    part, *_ = visitor("reader:churn")
    asked = {"model": "churn", "where": "tag.codenam = 'x'"}
    for route in ("versions", "count"):
        told = [client.get(f"{PATH}/page/{route}", params=asked) for client in (whole, part)]
        assert "codename" in told[0].text
        assert told[1].status_code == 200
        assert "codename" not in told[1].text


@pytest.mark.parametrize("text", ["", "x", "ü", "../../tokens.json", "a" * 5_000, "\\", '"'])
def test_a_cookie_that_is_none(registry, text):
    headers = {**OWN, "Cookie": f"snapbook={text}".encode()}
    assert httpx.get(f"{registry.url}{PATH}/page/about", headers=headers).status_code == 401


FOREIGN = [
    {"X-Snapbook-Page": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # another host of the same domain
    {"Sec-Fetch-Site": "none"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_other_pages_ask_for_does_not_count(visitor, pushed, headers, method):
    client, *_ = visitor("approver")
    answer = client.request(method, f"{PATH}/opinions", headers=headers)
    assert (answer.status_code, answer.json()["kind"]) == (403, "foreign")
    assert about(client) == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
def test_the_origin_counts_where_a_browser_tells_no_site(registry, visitor, pushed, origin):
    client, *_ = visitor("approver")

    def ask(**headers):
        headers = {"Sec-Fetch-Site": "", **headers}
        body = {"ref": "churn", "alias": "production", "word": "maybe"}
        return client.post(f"{PATH}/opinions", json=body, headers=headers).status_code

    assert ask(Origin=origin) == 403
    assert ask() == 403
    assert ask(Origin=registry.url) == 400
    # To look, no browser tells one.
    assert about(client, **{"Sec-Fetch-Site": ""}) == 200


def test_a_cookie_beside_a_token_changes_nothing(registry, visitor):
    client, *_ = visitor("admin")
    other = registry.tokens.make("eve", ("reader:none",))
    answer = client.get(f"{PATH}/about", headers={"Authorization": f"Bearer {other}"})
    assert answer.json()["you"] == "eve"
    assert client.get(f"{PATH}/about", headers={"Authorization": "Bearer x"}).status_code == 401


# --- sessions -------------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path):
    return FolderShelf(tmp_path / "sessions")


def test_people_without_a_token_have_what_they_were_granted(tmp_path, shelf):
    known = Sessions(shelf, Tokens(tmp_path))
    text = known.begin(Principal("ann", (parse_grant("approver:churn"),)))
    assert known.principal(text) == Principal("ann", (parse_grant("approver:churn"),))
    known.end(text)
    assert known.principal(text) is None
    known.end(text)


def test_a_session_is_short(tmp_path, shelf):
    known = Sessions(shelf, Tokens(tmp_path))
    text = known.begin(Principal("ann", ()))
    ((key, session),) = shelf.all().items()
    until = events.parse_time(session.expires)
    assert timedelta(hours=7) < until - datetime.now(UTC) <= sessions.LASTS
    shelf.put(key, Session("ann", "", (), events.time_text(datetime.now(UTC))))
    assert known.principal(text) is None
    # The next one that begins takes it away.
    known.begin(Principal("bob", ()))
    assert list(shelf.all()) != [key]
    assert len(shelf.all()) == 1


def test_nobody_has_sessions_without_end(tmp_path, shelf):
    known = Sessions(shelf, Tokens(tmp_path))
    texts = [known.begin(Principal("ann", ())) for _ in range(25)]
    other = known.begin(Principal("bob", ()))
    assert len(shelf.all()) == 21
    assert known.principal(texts[0]) is None
    assert known.principal(texts[-1]) is not None
    assert known.principal(other) is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "x"}', '{"grants": ["king"]}', "\0"])
def test_what_cannot_be_read_is_no_session(tmp_path, shelf, text):
    known = Sessions(shelf, Tokens(tmp_path))
    kept = known.begin(Principal("ann", ()))
    (path,) = (tmp_path / "sessions").iterdir()
    path.write_text(text)
    assert known.principal(kept) is None
    assert shelf.all() == {}


def test_sessions_in_a_database_hold_at_every_server(tmp_path, postgres):
    from snapbook.catalog.database import Database

    url = postgres.url  # of a new database each time
    with closing(Database(url)) as one, closing(Database(url)) as two:
        one.migrate()
        here, there = (Sessions(DatabaseShelf(each), Tokens(tmp_path)) for each in (one, two))
        texts = [here.begin(Principal("ann", (parse_grant("reader"),))) for _ in range(21)]
        assert there.principal(texts[0]) is None
        assert there.principal(texts[1]) == Principal("ann", (parse_grant("reader"),))
        there.end(texts[1])
        assert here.principal(texts[1]) is None


# --- files ----------------------------------------------------------------------------------------


def test_the_files_are_anybodys_and_say_what_they_may_do(registry):
    with httpx.Client(base_url=registry.url) as client:
        for path in PATHS:
            answer = client.get(path)
            assert answer.status_code == 200
            policy = answer.headers["content-security-policy"].split("; ")
            assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} < set(
                policy
            )
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "set-cookie" not in answer.headers
            tag = {"If-None-Match": answer.headers["etag"]}
            assert client.get(path, headers=tag).status_code == 304
            plain = client.get(path, headers={"Accept-Encoding": "identity"})
            assert plain.content == answer.content
        # All that it names lies beside it, so it works below any path.
        assert '="/' not in client.get("/").text
        assert "<script>" not in client.get("/").text


# --- answers --------------------------------------------------------------------------------------


def test_models_that_one_may_not_read_are_nowhere(visitor, pushed):
    whole, *_ = visitor("reader")
    part, *_ = visitor("reader:churn")
    texts = []
    for client in (whole, part):
        told = [client.get(f"{PATH}/page/models"), client.get(f"{PATH}/page/audit")]
        told += [client.get(f"{PATH}/page/audit/export")]
        told += [client.get(f"{PATH}/page/version", params={"ref": "churn"})]
        told += [client.get(f"{PATH}/page/versions", params={"model": "churn"})]
        assert {answer.status_code for answer in told} == {200}
        texts.append([answer.text for answer in told])
    assert [("secret" in text) for text in texts[0][:3]] == [True, True, True]
    assert not [text for text in texts[1] if "secret" in text]
    none = part.get(f"{PATH}/page/audit", params={"model": "secret"})
    there = part.get(f"{PATH}/page/audit", params={"model": "secreT"})
    assert none.json()["message"].casefold() == there.json()["message"].casefold()
    assert none.status_code == 404


def test_the_trail_in_pages_and_as_rows(visitor, pushed):
    client, *_ = visitor("reader")
    first = client.get(f"{PATH}/page/audit").json()
    assert [row["n"] for row in first["events"]] == sorted(
        (row["n"] for row in first["events"]), reverse=True
    )
    assert first["before"] is None
    older = client.get(f"{PATH}/page/audit", params={"before": 2}).json()
    assert [row["n"] for row in older["events"]] == [1]
    rows = client.get(f"{PATH}/page/audit", params={"model": "churn"}).json()["events"]
    (row,) = (row for row in rows if row["type"] == "version")  # others may have noted things
    assert row["version"] == "churn:0.1.0"
    assert row["via"]["who"] == "root"
    lines = client.get(f"{PATH}/page/audit/export", params={"model": "churn"}).text.splitlines()
    assert {json.loads(line)["body"]["model"] for line in lines} == {"churn"}
    told = client.get(f"{PATH}/page/audit/verify").json()
    assert told["bad"] == []
    assert told["events"] >= 2


def test_the_trail_is_whole_whatever_a_page_holds(visitor, pushed, lasting, monkeypatch):
    with lasting.remote() as root:
        head = root.catalog.head()
        root.catalog.append("note", {"model": "secret"}, "ann", events.time_text(NOW), head)
    client, *_ = visitor("reader")
    whole = client.get(f"{PATH}/page/audit").json()["events"]
    assert len(whole) > 2
    for size, looked in ((1, 2_000), (2, 2_000), (2, 1), (100, 1)):
        monkeypatch.setattr(trail, "PAGE", size)
        monkeypatch.setattr(trail, "_LOOKED", looked)
        found, before = [], 0
        while before is not None:
            told = client.get(f"{PATH}/page/audit", params={"before": before}).json()
            found, before = found + told["events"], told["before"]
        assert found == whole


def test_an_event_that_is_damaged_stands_in_its_place(another):
    standing = another()
    with standing.remote() as root:
        for _ in range(3):
            head = root.catalog.head()
            root.catalog.append("note", {"model": "churn"}, "ann", events.time_text(NOW), head)
    path = next(path for path in standing.folder.rglob("0000000002"))
    path.chmod(0o600)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    headers = {"Authorization": f"Bearer {standing.token}"}
    ask = httpx.Client(base_url=standing.url, headers=headers, timeout=30)
    with ask:
        told = ask.get(f"{PATH}/page/audit").json()["events"]
        assert [(row["n"], row.get("broken", False)) for row in told] == [
            (3, False),
            (2, True),
            (1, False),
        ]
        bad = ask.get(f"{PATH}/page/audit/verify").json()["bad"]
        assert [one["n"] for one in bad][:1] == [2]


def test_rights_are_told_with_a_review(registry, visitor, pushed):
    by_role = {}
    for role in ("reader:churn", "writer:churn", "approver:churn", "admin"):
        client, *_ = visitor(role)
        told = client.get(f"{PATH}/page/review", params={"model": "churn"}).json()
        by_role[role] = sorted(name for name, may in told["review"]["may"].items() if may is True)
    assert by_role == {
        "reader:churn": [],
        "writer:churn": ["request"],
        "approver:churn": ["approve", "promote", "reject", "request"],
        "admin": ["approve", "promote", "reject", "request"],
    }
    # Who brought it here does not approve it, and is told so.
    root = httpx.get(
        f"{registry.url}{PATH}/page/review",
        params={"model": "churn"},
        headers={"Authorization": f"Bearer {registry.token}"},
    ).json()
    assert root["review"]["may"]["approve"] is False
    assert root["review"]["may"]["why"] == "You made 0.1.0: someone else approves."
    assert [row["ref"] for row in root["rows"]] == ["churn:0.1.0"]


def test_what_is_deployed_is_told_to_readers_and_moved_by_others(visitor, pushed):
    server, *_ = visitor("writer:churn")
    front = {"id": "ab" * 8, "host": "here", "answers": "churn:0.1.0", "share": 0.0, "at": 1}
    told = server.post(f"{PATH}/fronts", json={**front, "model": "churn", "alias": "staging"})
    assert told.status_code == 200
    seen = {}
    for grant in ("reader:churn", "approver:churn"):
        client, *_ = visitor(grant)
        answer = client.get(f"{PATH}/page/production", params={"model": "churn"})
        (one,) = answer.json()["deployed"]
        seen[grant] = one["may"]
        assert (one["alias"], one["rollout"], one["rules"]) == ("staging", None, [])
        assert [server["answers"] for server in one["fronts"]] == ["churn:0.1.0"]
        # What one may not read does not exist.
        missing = client.get(f"{PATH}/page/production", params={"model": "secret"})
        assert missing.status_code == 404
    assert seen == {"reader:churn": False, "approver:churn": True}


def test_news_wait_until_there_are_any(registry, visitor, pushed, monkeypatch):
    """Of a chain that somebody else appends to; what one may not read is a number and no more."""
    client, *_ = visitor("reader:nothing")
    head = client.get(f"{PATH}/page/news").json()["head"]
    assert head >= 2
    # Another one than the chain has, as after a restoration: told at once.
    assert client.get(f"{PATH}/page/news", params={"after": head + 9}).json() == {"head": head}
    monkeypatch.setattr(news, "PATIENCE_S", 0.1)
    assert client.get(f"{PATH}/page/news", params={"after": head}).json() == {"head": head}
    monkeypatch.setattr(news, "PATIENCE_S", 60.0)
    heard = []

    def wait():
        with httpx.Client(base_url=registry.url, headers=OWN, timeout=60) as other:
            other.cookies = client.cookies
            heard.append(other.get(f"{PATH}/page/news", params={"after": head}).json())

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        with places.open_folder(registry.folder) as there:
            version = there.resolve(parse("churn"))
            there.note(version, "seen", Author("ann"))
    finally:
        thread.join(60)
    assert heard == [{"head": head + 1}]
