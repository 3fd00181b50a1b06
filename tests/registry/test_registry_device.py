"""Signing in without a browser on this machine: over Authlib's provider, and one that lies."""

import re
import threading
from importlib.util import find_spec

import httpx
import openid
import pytest

from snapbook.errors import BadOption, Refused, Unreachable
from snapbook.registry import device, exchange, oidc
from snapbook.registry.oidc import Issuer
from snapbook.registry.people import People
from snapbook.registry.signin import Offer
from snapbook.verbs import VERBS, Here

pytestmark = [
    pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed")
    for name in ("jwt", "oidc_provider_mock")
]
CLIENT = "snapbook"


@pytest.fixture
def real(openid_url):
    openid.know(openid_url, "ada", email="ada@example.com", email_verified=True)
    return openid_url


def types(address, code, *, yes=True):
    """What a person does in some browser."""
    form = {"user_code": code, "sub": "ada", "yes": "1" if yes else "0"}
    httpx.post(address, data=form).raise_for_status()


def test_a_person_signs_in_wherever_he_has_a_browser(real, registry, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)
    issuer = Issuer(real, CLIENT, "no-secret")
    issuer.watch()
    registry.service.people = People(issuer, registry.tokens)
    registry.tokens.grant("ada@example.com", ("writer:churn",))
    said = []

    def say(line):
        said.append(line)
        found = re.search(r"any browser: (\S+)\nand type in this code: (\S+)$", line)
        if found:
            threading.Thread(target=types, args=found.groups()).start()

    def run(verb, *words):
        with Here(tmp_path, face="cli", say=say) as here:
            return VERBS[verb].run(here, VERBS[verb].parse(list(words)))

    try:
        run("registry", "add", "team", registry.url)
        (line,) = run("login", "team", "--device").lines
        assert line.startswith("team knows you as ada@example.com (writer:churn); the sign-in is")
        assert len(said) == 1
        # What is kept is a sign-in as any other.
        run("list", "--registry", "team")
    finally:
        issuer.close()
        registry.service.people = None
    with pytest.raises(BadOption, match="team takes tokens alone"):
        run("login", "team", "--device")


def test_who_says_no_is_not_signed_in(real):
    def no(address, code):
        types(address, code, yes=False)

    with pytest.raises(Refused, match="Not signed in: it was refused there"):
        device.sign_in(Offer(real, CLIENT, "x"), no, pause=lambda _: None)


BEGUN = {
    "device_code": "d", "user_code": "ABCD", "verification_uri": "https://login.example.com/device",
    "expires_in": 600, "interval": 2,
}  # fmt: skip
SIGNED = {"id_token": "a.b.c", "refresh_token": "r"}


@pytest.fixture
def scripted(monkeypatch):
    """Called with answers: a provider that gives them one after another; what was waited, too."""

    def make(begun, *answers, endpoint="https://login.example.com/begin"):
        told = iter(answers)

        def answered(url, form):
            if url == endpoint:
                return begun, ""
            answer = next(told)
            if isinstance(answer, Exception):
                raise answer
            return (answer, "") if isinstance(answer, dict) else ({}, answer)

        provider = {"token_endpoint": "https://login.example.com/token"}
        provider |= {"device_authorization_endpoint": endpoint} if endpoint else {}
        monkeypatch.setattr(oidc, "discovered", lambda _: provider)
        monkeypatch.setattr(exchange, "answered", answered)

    return make


def signed(waits):
    offer = Offer("https://login.example.com", CLIENT)
    return device.sign_in(offer, lambda *_: None, pause=waits.append)


def test_it_is_asked_as_slowly_as_the_provider_wants(scripted):
    waits = []
    away = Unreachable("The sign-in cannot be reached")
    scripted(BEGUN, "authorization_pending", "slow_down", away, "authorization_pending", SIGNED)
    assert signed(waits).id_token == "a.b.c"
    assert waits == [2, 2, 7, 14, 14]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("expired_token", "nobody typed in the code in time"), ("access_denied", "refused there"),
        ("invalid_client", "invalid_client"),
    ],
)  # fmt: skip
def test_an_end_is_said(scripted, answer, said):
    scripted(BEGUN, answer)
    with pytest.raises(Refused, match=said):
        signed([])


def test_it_does_not_wait_for_ever(scripted):
    scripted({**BEGUN, "expires_in": 0})
    with pytest.raises(Refused, match="nobody typed in the code in time"):
        signed([])


@pytest.mark.parametrize(
    "lie",
    [
        {"verification_uri": "http://evil.example.com"}, {"verification_uri": "javascript:x"},
        {"verification_uri": None}, {"user_code": "A\x1b[2J"}, {"user_code": ""},
        {"device_code": ""}, {"expires_in": "soon"}, {"expires_in": float("nan")},
        {"interval": -1}, {"interval": float("inf")}, {"interval": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_answer_is_not_shown(scripted, lie):
    scripted({**BEGUN, **lie})
    with pytest.raises(Unreachable, match="not as it should"):
        signed([])


def test_a_provider_that_knows_no_such_way(scripted):
    scripted(BEGUN, endpoint="")
    with pytest.raises(BadOption, match="knows no sign-in without a browser"):
        signed([])
    scripted(BEGUN, endpoint="http://evil.example.com")
    with pytest.raises(BadOption, match="over http is not believed"):
        signed([])
