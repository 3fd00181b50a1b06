"""People who sign in at an OpenID provider: a real one, and one that lies in every way."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import openid
import pytest
from faults import driver

from snapbook import places
from snapbook.errors import BadName, BadOption, Refused, Unreachable
from snapbook.registry import oidc, pinned, signin
from snapbook.registry.known import Book
from snapbook.registry.oidc import Issuer
from snapbook.registry.people import People, checked_who
from snapbook.registry.remote import Remote
from snapbook.registry.signin import Offer
from snapbook.verbs import VERBS, Here, registries

pytestmark = [
    pytest.mark.slow,
    *(
        pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed")
        for name in ("jwt", "oidc_provider_mock")
    ),
]
CLIENT = "snapbook"


class Provider:
    """A provider of this test, whose every word can be wrong."""

    def __init__(self):
        from cryptography.hazmat.primitives.asymmetric import rsa

        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.name = "one"
        self.asked = 0
        self.codes, self.extra = {}, {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                if parts.path == "/authorize":
                    query = {k: v[0] for k, v in parse_qs(parts.query).items()}
                    provider.codes["code"] = query
                    back = urlencode({"code": "code", "state": query["state"]})
                    self.send_response(302)
                    self.send_header("Location", f"{query['redirect_uri']}?{back}")
                    self.end_headers()
                    return
                self.tell(provider.page(parts.path))

            def do_POST(self):
                data = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.tell(*provider.token({k: v[0] for k, v in parse_qs(data).items()}))

            def tell(self, value, status=200):
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self, path):
        from jwt.algorithms import RSAAlgorithm

        if path == "/keys":
            self.asked += 1
            public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            secret = {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}
            return {"keys": [{**public, "kid": self.name, "use": "sig", "alg": "RS256"}, secret]}
        return {
            "issuer": self.url, "jwks_uri": f"{self.url}/keys",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", **self.extra,
        }  # fmt: skip

    def token(self, form):
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != "again":
                return {"error": "invalid_grant"}, 400
            return {"id_token": self.signed(), "refresh_token": "again"}, 200
        asked = self.codes.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert (asked["code_challenge"], asked["code_challenge_method"]) == (challenge, "S256")
        assert asked["redirect_uri"] == form["redirect_uri"]
        id_token = self.signed(nonce=self.extra.get("nonce", asked["nonce"]))
        return {"id_token": id_token, "refresh_token": "again"}, 200

    def claims(self, **more):
        now = int(time.time())
        mail = {"email": "ada@example.com", "email_verified": True}
        told = {"iss": self.url, "aud": CLIENT, "sub": "00u1", "iat": now, "exp": now + 600}
        return {name: v for name, v in {**told, **mail, **more}.items() if v is not None}

    def signed(self, key=None, algorithm="RS256", headers=None, **more):
        import jwt

        return jwt.encode(
            self.claims(**more), key or self.key, algorithm, headers=headers or {"kid": self.name}
        )


@pytest.fixture
def provider():
    found = Provider()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def issuer(provider):
    found = Issuer(provider.url, CLIENT)
    found.watch()
    yield found
    found.close()


def test_what_a_provider_signed_is_taken(provider, issuer):
    assert issuer.claims(provider.signed())["sub"] == "00u1"
    assert issuer.claims(provider.signed(aud=[CLIENT]))["sub"] == "00u1"
    assert issuer.claims(provider.signed(aud=[CLIENT, "other"], azp=CLIENT))["sub"] == "00u1"
    assert issuer.claims(provider.signed(exp=int(time.time()) - 30))["sub"] == "00u1"


def test_what_it_did_not_sign_so_is_not(provider, issuer):
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    now = int(time.time())
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = provider.signed()
    head, middle, tail = good.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"one"}').rstrip(b"=").decode()
    public = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=")
    import hmac

    signature = hmac.new(public, mac + b"." + middle.encode(), hashlib.sha256).digest()
    confused = b".".join([mac, middle.encode(), base64.urlsafe_b64encode(signature).rstrip(b"=")])
    bad = {
        "another's key": provider.signed(other),
        "none": f"{none}.{middle}.",
        "a public key as a secret": confused.decode(),
        "a secret in the list": jwt.encode(
            provider.claims(), "secret" * 8, "HS256", headers={"kid": "secret"}
        ),
        "another algorithm": provider.signed(algorithm="RS512"),
        "over": provider.signed(exp=now - 120),
        "not yet": provider.signed(nbf=now + 120),
        "made later": provider.signed(iat=now + 600),
        "for another": provider.signed(aud="other"),
        "for others too": provider.signed(aud=[CLIENT, "other"]),
        "by another": provider.signed(iss="https://login.example.com"),
        "nobody": provider.signed(sub=None),
        "without end": provider.signed(exp=None),
        "changed": f"{head}.{middle[:-2]}xx.{tail}",
        "cut": good[:-4],
        "long": good + "a" * 20_000,
        "a word": "nonsense",
        "nothing": "",
        "dots": "..",
    }
    taken = []
    for name, token in bad.items():
        try:
            if issuer.claims(token) is not None:
                taken.append(name)
        except Unreachable:
            pass
    assert taken == []


def test_keys_that_are_exchanged_are_found_and_asked_for_no_faster(provider, issuer, monkeypatch):
    from cryptography.hazmat.primitives.asymmetric import rsa

    provider.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    provider.name = "two"
    assert issuer.claims(provider.signed()) is None  # asked just now: strangers set no pace
    monkeypatch.setattr(oidc, "_AGAIN_S", 0.2)
    time.sleep(0.25)
    with pytest.raises(Unreachable, match="are being fetched"):
        issuer.claims(provider.signed())
    until = time.monotonic() + 10
    while provider.asked < 2:
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(0.05)
    monkeypatch.setattr(oidc, "_AGAIN_S", 60)
    assert issuer.claims(provider.signed())["sub"] == "00u1"
    for number in range(50):
        assert issuer.claims(provider.signed(headers={"kid": f"guess-{number}"})) is None
    assert provider.asked == 2


@pytest.mark.parametrize(
    ("url", "act"),
    [("http://login.example.com", BadOption), ("ftp://x", BadOption), ("https://a:b@x", BadOption)],
)
def test_addresses_that_are_not_believed(url, act):
    with pytest.raises(act):
        Issuer(url, CLIENT)


def test_a_provider_that_is_another_is_not_believed(provider):
    provider.extra["issuer"] = "https://login.example.com"
    with pytest.raises(Unreachable, match="does not answer as itself"):
        oidc.discovered(provider.url)
    provider.extra = {"token_endpoint": "http://evil.example.com/token"}
    with pytest.raises(Unreachable, match="has no token_endpoint that is believed"):
        oidc.discovered(provider.url)


@pytest.mark.parametrize("who", ["ada", "group:", "sub:", "", "a@\n", "x" * 300 + "@"])
def test_names_of_nobody(who):
    with pytest.raises(BadName):
        checked_who(who)


def test_what_is_granted_counts_by_what_was_looked_at(provider, issuer, registry):
    tokens = registry.tokens
    people = People(issuer, tokens)
    ids = [
        tokens.grant(checked_who(who), (role,))
        for who, role in (
            ("Ada@Example.com", "writer:churn"), ("group:risk", "approver:risk/*"),
            ("sub:00u9", "admin"),
        )
    ]  # fmt: skip
    ada = people.principal(provider.signed(groups=["risk", "other"]))
    assert (ada.name, ada.kind) == ("ada@example.com", "person")
    assert sorted(map(str, ada.grants)) == ["approver:risk/*", "writer:churn"]
    assert people.principal(provider.signed(sub="00u9", email=None)).name == "sub:00u9"
    for claims in (
        {"email_verified": False}, {"email_verified": "true"}, {"email": "eve@example.com"},
        {"email": None}, {"email": None, "groups": "risk"}, {"email": "root"},
        {"email": ["ada@example.com"]},
    ):  # fmt: skip
        with pytest.raises(Refused, match="Nothing is granted to"):
            people.principal(provider.signed(**claims))
    tokens.revoke(ids[0])
    assert [str(g) for g in people.principal(provider.signed(groups=["risk"])).grants] == [
        "approver:risk/*"
    ]
    assert people.principal("nonsense") is None
    # A grant is no token.
    assert tokens.principal(f"snapbook_{ids[1]}_") is None
    assert tokens.holder(ids[1]) is None


def test_what_comes_back_from_the_browser_is_looked_at(provider):
    offer = Offer(provider.url, CLIENT)

    def get(address, **more):
        threading.Thread(
            target=lambda: httpx.get(address, follow_redirects=True, **more), daemon=True
        ).start()

    # Some have words of their own in their address.
    provider.extra["authorization_endpoint"] = f"{provider.url}/authorize?policy=one"
    found = signin.sign_in(offer, get)
    assert issuer_of(found.id_token) == provider.url
    assert signin.signed_of(str(found)) == found
    assert signin.signed_of("snapbook_x_y") is None

    def guess(address):
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        get(f"{back}?code=evil&state=guessed")

    with pytest.raises(Refused, match="nobody came back"):
        signin.sign_in(offer, guess, patience_s=0.5)

    def deny(address):
        query = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        get(f"{query['redirect_uri']}?error=access_denied&state={query['state']}")

    with pytest.raises(Refused, match="Not signed in: access_denied"):
        signin.sign_in(offer, deny)
    provider.extra["nonce"] = "of another sign-in"
    with pytest.raises(Refused, match="not to what was asked"):
        signin.sign_in(offer, get)


def issuer_of(token):
    middle = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(middle + "==="))["iss"]


def test_a_sign_in_that_ends_is_renewed_and_kept(provider, tmp_path):
    old = provider.signed(exp=int(time.time()) + 30)
    book = Book(tmp_path)
    known = book.add("team", "https://models.example.com")
    book.keep_token(known, str(signin.Signed(Offer(provider.url, CLIENT), old, "again")))
    new = book.token(known)
    assert new != old
    assert book.token(known) == new  # from the file
    ended = signin.Signed(Offer(provider.url, CLIENT, "x"), old, "taken back")
    for signed in (ended, signin.Signed(Offer(provider.url, CLIENT), old, "")):
        with pytest.raises(Refused, match="The sign-in has ended"):
            signin.fresh(signed)


def test_a_person_signs_in_pushes_and_is_let_go(openid_url, tmp_path, monkeypatch, standing_with):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)
    openid.know(openid_url, "ada", email="ada@example.com", email_verified=True, groups=["risk"])
    standing = standing_with(openid_url)
    (tmp_path / "ada").mkdir()
    with places.make_repository(tmp_path / "ada") as repository:
        driver.save(repository, "churn", 1)

    def browser(_here, address):
        def visit():
            httpx.post(address, data={"sub": "ada"}, follow_redirects=True)

        threading.Thread(target=visit, daemon=True).start()

    def run(verb, *words):
        if any("--yes" in argument.names for argument in VERBS[verb].all):
            words = (*words, "--yes")
        with Here(tmp_path / "ada", face="cli") as here:
            return VERBS[verb].run(here, VERBS[verb].parse(list(words)))

    monkeypatch.setattr(registries, "_browse", browser)
    monkeypatch.setattr(registries, "_on_terminal", lambda: True)
    run("registry", "add", "team", standing.url)
    assert pinned.shown(standing.url).sign_in == f"{openid_url} {CLIENT} no-secret"
    with pytest.raises(Refused, match=r"Nothing is granted to ada@example\.com here"):
        run("login", "team")
    grant = run_kept(tmp_path, "grant", "ada@example.com", "writer:churn")
    told = run("login", "team").lines[0]
    assert told.startswith("team knows you as ada@example.com (writer:churn); the sign-in is in ")
    assert run("push", "churn").lines[-1].startswith("pushed as team::churn:0.1.0")
    with places.open_folder(standing.folder) as there:
        via = there.catalog.event(1).rest["via"]
    assert (via["who"], via["token"][:5]) == ("ada@example.com", "oidc-")
    assert "ada@example.com (grant)" in "\n".join(run_kept(tmp_path, "tokens").lines)
    run_kept(tmp_path, "revoke", grant.data["id"])
    with pytest.raises(Refused, match="Nothing is granted to"):
        run("pull", "team::churn")
    # Tokens of the registry's own go on.
    with Remote(standing.url, standing.token) as root:
        assert root.about()["you"] == "root"


def run_kept(folder, *words):
    with Here(folder, face="cli") as here:
        verb = VERBS["registry"]
        return verb.run(here, verb.parse([*words, "--folder", "registry"]))


@pytest.fixture
def standing_with(registry):
    """A registry whose people sign in at the provider that it is called with."""
    begun = []

    def make(url):
        issuer = Issuer(url, CLIENT, "no-secret")  # this one wants one
        issuer.watch()
        begun.append(issuer)
        registry.service.people = People(issuer, registry.tokens)
        return registry

    yield make
    for issuer in begun:
        issuer.close()


def test_half_a_sign_in_is_refused(tmp_path):
    for words in (("--oidc-issuer", "https://login.example.com"), ("--oidc-client", "x")):
        with pytest.raises(BadOption, match="needs both"):
            run_kept(tmp_path, "serve", *words)
