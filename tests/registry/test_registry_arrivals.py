"""Signing in at the page through a provider: the way there and back, and every false return."""

import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import openid
import pytest

from snapbook.registry import arrivals
from snapbook.registry.oidc import Issuer
from snapbook.registry.people import People
from snapbook.registry.wire import PATH

pytestmark = [
    pytest.mark.slow,
    *(
        pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed")
        for name in ("jwt", "oidc_provider_mock")
    ),
]
OWN = {"X-Snapbook-Page": "1", "Sec-Fetch-Site": "same-origin"}
BEGIN, BACK = f"{PATH}/oidc-begin", f"{PATH}/oidc-back"


@pytest.fixture(scope="module")
def registry(openid_url, tmp_path_factory):
    """One whose people sign in there, for all tests of this file."""
    from standing import Standing

    openid.know(openid_url, "ada", email="ada@example.com", email_verified=True, groups=["risk"])
    openid.know(openid_url, "eve", email="eve@example.com", email_verified=True)
    standing = Standing(tmp_path_factory.mktemp("arrivals") / "registry", requests_per_s=0)
    issuer = Issuer(openid_url, "snapbook", "no-secret")
    issuer.watch()
    standing.service.people = People(issuer, standing.tokens)
    yield standing
    issuer.close()
    standing.stop()


@pytest.fixture
def grant(registry):
    """Called with somebody and what is granted to him until the test ends; gives its id."""
    made = []

    def to(whom, *grants):
        made.append(registry.tokens.grant(whom, grants))
        return made[-1]

    yield to
    for one in made:
        registry.tokens.revoke(one)


@pytest.fixture
def browser(registry):
    """Called once for each: a browser that has the page open."""
    clients = []

    def make():
        headers = {**OWN, "Origin": registry.url}
        clients.append(httpx.Client(base_url=registry.url, headers=headers, timeout=30))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def begin(client):
    """Where the page is told to go."""
    answer = client.post(BEGIN, json={"back": f"{client.base_url}/"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def signed_in(address, name="ada"):
    """What a person's sign-in at the provider sends back to the page: code and state."""
    answer = httpx.post(address, data={"sub": name})
    assert answer.status_code in (302, 303), answer.text
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    return {"code": back["code"][0], "state": back["state"][0]}


def arrive(client, **found):
    return client.post(BACK, json={"back": f"{client.base_url}/", **found})


def about(client):
    return client.get(f"{PATH}/page/about")


def test_a_person_is_signed_in_and_has_what_is_granted_now(registry, grant, browser):
    granted = grant("group:risk", "approver:churn")
    ada = browser()
    told = begin(ada)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(told["address"]).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert (asked["state"], len(asked["nonce"])) == (told["state"], 64)
    answer = arrive(ada, **signed_in(told["address"]))
    assert (answer.status_code, answer.json()) == (201, {"status": "in"})
    kept, ended = answer.headers.get_list("set-cookie")
    assert kept.split("; ")[1:] == ["HttpOnly", "SameSite=Strict"]
    assert ended.startswith("snapbook-arriving=; HttpOnly; SameSite=Strict; Max-Age=0")
    me = about(ada).json()
    assert (me["you"], me["grants"]) == ("ada@example.com", ["approver:churn"])
    # What is taken back counts no more, and what is given counts at once, in the same session.
    registry.tokens.revoke(granted)
    assert about(ada).status_code == 401
    grant("ada@example.com", "reader")
    assert about(ada).json()["grants"] == ["reader:*"]
    assert ada.delete(f"{PATH}/session").status_code == 204
    assert about(ada).status_code == 401


def test_only_what_was_begun_here_counts_and_once(grant, browser):
    grant("ada@example.com", "reader")
    ada, other = browser(), browser()
    told, elsewhere = begin(ada), begin(other)
    found = signed_in(told["address"])
    # Another browser, another state, none, and one that somebody thought of.
    for client, state in (
        (other, found["state"]), (ada, elsewhere["state"]), (ada, ""), (ada, "guess"),
        (browser(), found["state"]),
    ):  # fmt: skip
        answer = arrive(client, **{**found, "state": state})
        assert (answer.status_code, answer.json()["kind"]) == (401, "unauthenticated")
        assert "was not begun in this browser" in answer.text
        assert "snapbook=" not in str(answer.headers.get_list("set-cookie"))
    cookie = ada.cookies["snapbook-arriving"]
    assert arrive(ada, **found).status_code == 201
    # Once more: the browser has nothing to say it with, and with it the code is over.
    assert arrive(ada, **found).status_code == 401
    ada.cookies.set("snapbook-arriving", cookie)
    assert "has ended" in arrive(ada, **found).text


def test_a_code_of_another_sign_in_is_worth_nothing(grant, browser):
    """The verifier fits one code, and the nonce one token, whoever brings them."""
    grant("ada@example.com", "reader")
    ada, thief = browser(), browser()
    stolen = signed_in(begin(ada)["address"])
    mine = begin(thief)
    answer = arrive(thief, code=stolen["code"], state=mine["state"])
    assert answer.status_code == 401
    assert about(thief).status_code == 401


def test_a_token_that_was_made_for_another_nonce_is_refused(grant, browser):
    grant("ada@example.com", "reader")
    ada = browser()
    told = begin(ada)
    address = urlsplit(told["address"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    for nonce in ("another", None):
        changed = {name: v for name, v in {**asked, "nonce": nonce}.items() if v is not None}
        found = signed_in(address._replace(query=urlencode(changed)).geturl())
        answer = arrive(ada, **found)
        assert (answer.status_code, answer.json()["kind"]) == (401, "unauthenticated")
        assert "not to what was asked" in answer.text
    assert about(ada).status_code == 401


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example.com/", "//evil.example.com/", "javascript:alert(1)", "", None, 3,
        "{own}.evil.example.com/", "{own}@evil.example.com/", "{own}/?next=https://evil.example",
        "{own}/#x", "https://[", "x" * 5000,
    ],
)  # fmt: skip
def test_it_comes_back_to_its_own_page_alone(registry, browser, back):
    text = back.format(own=registry.url) if isinstance(back, str) else back
    for route in (BEGIN, BACK):
        answer = browser().post(route, json={"back": text, "code": "c", "state": "s"})
        assert (answer.status_code, answer.json()["kind"]) == (400, "argument"), answer.text
        assert "location" not in answer.headers


def test_only_the_page_itself_begins_and_returns(registry, browser):
    for headers in (
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"}, {"X-Snapbook-Page": ""},
    ):  # fmt: skip
        for route in (BEGIN, BACK):
            answer = browser().post(route, json={"back": f"{registry.url}/"}, headers=headers)
            assert (answer.status_code, answer.json()["kind"]) == (403, "foreign")
    for method in ("GET", "PUT", "DELETE"):
        assert browser().request(method, BEGIN).status_code == 401
    big = browser().post(BEGIN, content=b'{"back": "' + b"x" * 20_000)
    assert big.json()["kind"] == "too-large"
    for body in ({}, {"code": 1, "state": []}, {"code": "c", "state": "é"}):
        assert arrive(browser(), **body).status_code == 400
    for words in (r'"code": "\ud800", "state": "s"', r'"code": "c", "state": "\udc00"'):
        text = f'{{"back": "{registry.url}/", {words}}}'
        assert browser().post(BACK, content=text).status_code == 400
    for path in (r"\ud800", "é", "\u0000"):
        text = f'{{"back": "{registry.url}/{path}"}}'
        assert browser().post(BEGIN, content=text.encode()).status_code == 400


def test_who_was_granted_nothing_is_told_so(browser):
    eve = browser()
    answer = arrive(eve, **signed_in(begin(eve)["address"], "eve"))
    assert (answer.status_code, answer.json()["kind"]) == (403, "role")
    assert "Nothing is granted to eve@example.com here" in answer.text
    assert about(eve).status_code == 401


def test_strangers_do_not_keep_it_busy_with_the_provider(registry, browser, monkeypatch):
    held, let_go = threading.Semaphore(0), threading.Event()

    def exchanged(*_):
        held.release()
        assert let_go.wait(20)
        return {}

    monkeypatch.setattr(arrivals.exchange, "exchanged", exchanged)
    clients = [browser() for _ in range(5)]
    states = [begin(client)["state"] for client in clients]
    with ThreadPoolExecutor(4) as pool:
        asked = [
            pool.submit(arrive, client, code="c", state=state)
            for client, state in zip(clients[:4], states[:4], strict=True)
        ]
        for _ in asked:
            assert held.acquire(timeout=20)
        answer = arrive(clients[4], code="c", state=states[4])
        assert (answer.status_code, answer.json()["kind"]) == (429, "too-many")
        let_go.set()
        assert {one.result().status_code for one in asked} == {401}


def test_a_registry_without_a_provider_has_no_such_routes(lasting):
    for route in (BEGIN, BACK):
        headers = {**OWN, "Origin": lasting.url}
        assert httpx.post(lasting.url + route, headers=headers).status_code == 401
        headers = {"Authorization": f"Bearer {lasting.token}"}
        assert httpx.post(lasting.url + route, headers=headers).status_code == 404
