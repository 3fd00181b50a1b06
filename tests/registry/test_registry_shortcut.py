"""The short way answers word for word what the framework does, and leaves the rest to it."""

import httpx
import pytest
from faults import driver
from starlette.concurrency import run_in_threadpool

from snapbook import places
from snapbook.registry import shortcut
from snapbook.repository import Author
from snapbook.transfer import Local, transfer

NONE = "0" * 64


@pytest.fixture(scope="module")
def client(lasting, tmp_path_factory):
    here = tmp_path_factory.mktemp("here")
    with places.make_repository(here) as repository, lasting.remote() as remote:
        transfer(Local(repository), remote, driver.save(repository, "churn", 1).version, Author(""))
    token = lasting.tokens.make("ada", ("writer:churn",))
    with httpx.Client(base_url=f"{lasting.url}/api/v1") as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
def taken(monkeypatch):
    """What was answered the short way, by the names of the functions."""
    seen = []

    async def counted(act, *given, **named):
        seen.append(act.__name__)
        return await run_in_threadpool(act, *given, **named)

    monkeypatch.setattr(shortcut, "run_in_threadpool", counted)
    return seen


ASKED = [
    ("GET", "/version", {"params": {"ref": "churn"}}, 200),
    ("GET", "/version", {"params": {"ref": "churn@nothing"}}, 404),
    ("GET", "/version", {"params": {"ref": "price"}}, 404),
    ("GET", "/version", {"params": {"ref": ""}}, 400),
    ("GET", "/version", {"params": {"ref": "caf\u00e9 + 1/2"}}, 400),
    ("POST", "/missing", {"json": {"model": "churn", "digests": [NONE]}}, 200),
    ("POST", "/missing", {"json": {"model": "price", "digests": [NONE]}}, 404),
    ("POST", "/missing", {"json": {"model": "churn", "digests": "all"}}, 400),
    ("POST", "/missing", {"content": b"{"}, 400),
    ("POST", "/missing", {"content": b"[]"}, 400),
    ("POST", "/versions", {"json": {"offer": 1}}, 400),
    ("POST", "/versions", {"json": {"offer": {"model": "price", "number": "1.0.0",
                                              "manifest": NONE}}}, 404),
    ("POST", "/versions", {"content": b""}, 400),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(ASKED)))
def test_the_same_is_answered_on_both_ways(client, taken, place):
    method, path, named, status = ASKED[place]
    short = client.request(method, path, **named)
    went = list(taken)
    # One word more in the query, and the framework is asked.
    named = {**named, "params": {**named.get("params", {}), "more": "1"}}
    long = client.request(method, path, **named)
    assert (short.status_code, short.content) == (long.status_code, long.content)
    assert short.status_code == status
    assert went or "content" in named  # what is no JSON comes no further
    ours = ("date", "x-request-id")
    assert {n: v for n, v in short.headers.items() if n not in ours} == {
        n: v for n, v in long.headers.items() if n not in ours
    }
    assert taken == went


@pytest.mark.parametrize("query", ["", "ref=churn&ref=churn", "REF=churn", "ref=churn&limit=2"])
def test_what_is_not_plain_is_left_to_the_framework(client, taken, query):
    answer = client.get(f"/version?{query}")
    assert answer.status_code == (200 if "ref=" in query else 400)
    assert taken == []


def test_another_method_is_none_of_it(client, taken):
    assert client.put("/missing").status_code == 405
    assert client.get("/missing").status_code == 405
    assert client.get("/version/", params={"ref": "churn"}).status_code in (307, 404)
    assert taken == []
