"""Who is let in: a walk over the table of routes, the table of roles, and what nobody may send."""

import socket
import time
from base64 import b64encode
from contextlib import suppress

import httpx
import pytest
from faults import driver

from snapbook import canonical, places
from snapbook.errors import Refused
from snapbook.registry.guard import OPEN
from snapbook.registry.remote import Remote
from snapbook.registry.wire import EVENTS, FORM, PATH
from snapbook.repository import Author
from snapbook.transfer import Local, transfer
from snapbook.web.files import PATHS as FILES

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
NONE = "a" * 64


def walked(router, prefix=""):
    """Every (method, path) that the application answers."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from walked(inner, route.include_context.prefix)
        else:
            yield from ((method, prefix + route.path) for method in route.methods)


def filled(path):
    assert path.count("{") <= 1, f"say what stands in {path}"
    return path.split("{")[0] + (NONE if "{" in path else "")


@pytest.fixture
def registry(lasting):
    """One for all tests of this file, which change nothing in it."""
    return lasting


@pytest.fixture(scope="module")
def client(lasting):
    form = {FORM: str(EVENTS)}
    with httpx.Client(base_url=lasting.url, headers=form, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def pushed(lasting, tmp_path_factory):
    """A version of churn and one of price are there; gives the row of churn's."""
    folder = tmp_path_factory.mktemp("pushing")
    with places.make_repository(folder) as here, lasting.remote() as root:
        for model, seed in (("price", 2), ("churn", 1)):
            made = driver.save(here, model, seed).version
            row = transfer(Local(here), root, made, Author("push")).accepted.version
        return row


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def strangers(registry):
    """Headers of those who are nobody here."""
    gone = registry.tokens.make("gone", ("admin",))
    registry.tokens.revoke(gone.split("_")[1])
    late = registry.tokens.make("late", ("admin",), expires="2020-01-01T00:00:00.000000Z")
    right = registry.token
    id_ = right.split("_")[1]
    return [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {right}"},
        {"Authorization": f"Token {right}"},
        {"Authorization": right},
        {"Authorization": f"Bearer {right} x"},
        bearer("nonsense"),
        bearer(right[:-1]),
        bearer(f"snapbook_{id_}_"),
        bearer(f"other_{id_}_{right.split('_', 2)[2]}"),
        bearer(gone),
        bearer(late),
        {"X-Api-Key": right},
        {"Cookie": f"token={right}"},
    ]


@pytest.mark.slow
def test_every_route_refuses_who_is_nobody(registry, client):
    table = sorted(set(walked(registry.app)))
    assert len(table) > 12
    for headers in strangers(registry):
        for method, path in table:
            answer = client.request(method, filled(path), headers=headers)
            open_ = path in (*OPEN, *FILES)
            assert answer.status_code == (200 if open_ else 401), (method, path, headers)
            if not open_ and method != "HEAD":
                assert answer.json()["kind"] == "unauthenticated"
                assert answer.headers["www-authenticate"] == "Bearer"


def basic(name, password):
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


def test_a_name_and_a_password_count_on_mlflows_paths_alone(registry, client):
    right = registry.token
    for headers in (basic("root", right), basic("", right)):
        for method, path in sorted(set(walked(registry.app))):
            answer = client.request(method, filled(path), headers=headers)
            mlflows = path.startswith((f"{M}/", f"{ARTIFACTS}/", "/api/3.0/mlflow/"))
            if path not in (*OPEN, *FILES):
                assert (answer.status_code != 401) == mlflows, (method, path)
                # No browser asks for a password because of us.
                assert answer.headers.get("www-authenticate", "Bearer") == "Bearer"
    # Nor does a path that only begins like one of them.
    for path in (f"{PATH}/..{M}/registered-models/search", "/api/2.0/mlflowx", f"/{M}/"):
        assert client.get(path, headers=basic("root", right)).status_code == 401


@pytest.mark.parametrize(
    "value",
    ["Basic", "Basic !", "Basic {right}", "Basic =", "Basic /w==", "Basic cm9vdDo="],
)
def test_a_password_that_is_none(registry, client, value):
    headers = {"Authorization": value.format(right=registry.token)}
    answer = client.get(f"{M}/registered-models/search", headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")


def test_a_browser_that_knows_a_password_does_nothing_for_other_pages(registry, client):
    for told in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        headers = {**basic("root", registry.token), **told}
        answer = client.get(f"{M}/registered-models/search", headers=headers)
        assert (answer.status_code, answer.json()["kind"]) == (403, "foreign")


@pytest.mark.slow
def test_every_method_and_every_path_wants_a_token_first(registry, client):
    """Who is nobody does not learn whether a path or a method exists."""
    paths = {filled(path) for _, path in walked(registry.app)} - {*OPEN, *FILES}
    paths |= {"/page", "/page/", "/docs", "/nothing", f"{PATH}/nothing", f"{PATH}/", "/metrics/"}
    for path in sorted(paths):
        for method in METHODS:
            refused = client.request(method, path).status_code
            # What is no method of HTTP is no request: nobody looks at its path.
            assert refused == (400 if method == "BREW" else 401), (method, path)
            # With one it is said.
            known = client.request(method, path, headers=bearer(registry.token))
            assert known.status_code != 401
            client.cookies.clear()
    answer = client.get(f"{PATH}/nothing", headers=bearer(registry.token))
    assert (answer.status_code, answer.json()["kind"]) == (404, "not-found")


@pytest.mark.parametrize(
    "target",
    [
        "/healthz/../api/v1/head",
        "/healthz/%2e%2e/api/v1/head",
        "//healthz/api/v1/head",
        "/healthz/",
        "/healthz;x",
        "/HEALTHZ",
        "/healthz%00",
        "/healthz%2f",
        "http://healthz/api/v1/head",
        "/api/v1/head#/healthz",
        "/api/v1/head?/healthz",
        "*",
    ],
)
def test_no_spelling_of_an_open_path_opens_another(registry, target):
    answer = said(registry, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 400 "))


def test_only_two_paths_are_open_and_they_say_nothing(registry, client, pushed):
    for path in OPEN:
        answer = client.get(path)
        assert answer.json() == {"status": "ok"}
    assert OPEN == ("/healthz", "/readyz")


# --- roles ----------------------------------------------------------------------------------------

ROLES = ("reader", "reader:churn", "writer:churn", "approver:churn", "writer:price", "admin")
READERS = {"reader": 200, "admin": 200}
CHURN = {"reader": 200, "reader:churn": 200, "writer:churn": 200, "approver:churn": 200}
CHURN |= {"admin": 200}
ALL = dict.fromkeys(ROLES, 200)
SEE = {"reader": 403, "reader:churn": 403, "approver:churn": 403}
JUDGE = {"reader": 403, "reader:churn": 403, "writer:churn": 403}
# (method, path): (what is sent, the statuses by role, that of all other roles)
TABLE = {
    ("GET", f"{PATH}/about"): ({}, ALL, 0),
    # Nobody signs in elsewhere here.
    ("POST", f"{PATH}/oidc-begin"): ({}, {}, 404),
    ("POST", f"{PATH}/oidc-back"): ({}, {}, 404),
    ("GET", f"{PATH}/openapi.json"): ({}, ALL, 0),
    ("HEAD", f"{PATH}/openapi.json"): ({}, ALL, 0),
    ("GET", "/metrics"): ({}, READERS, 403),
    ("GET", f"{PATH}/head"): ({}, ALL, 0),
    # Some of them closed: tests/registry/test_registry_closed.py
    ("GET", f"{PATH}/events"): ({}, ALL, 0),
    ("POST", f"{PATH}/stamps"): ({"json": {"places": [1]}}, READERS, 403),
    # A head that is not the chain's: who may append is told so.
    ("POST", f"{PATH}/events"): (
        {"json": {"type": "note", "body": {}, "author": "x",
                  "time": "2026-11-21T14:02:00.000000Z",
                  "expected": {"n": 0, "digest": "0" * 64}}},
        {"admin": 409}, 403,
    ),
    ("POST", f"{PATH}/missing"): (
        {"json": {"model": "churn", "digests": [NONE]}},
        {**SEE, "writer:churn": 200, "admin": 200}, 404,
    ),
    ("GET", f"{PATH}/digests"): ({}, READERS, 403),
    ("POST", f"{PATH}/blobs"): ({"json": {"ref": "churn", "digests": []}}, CHURN, 404),
    ("HEAD", f"{PATH}/packs/{{name}}"): (
        {}, {"writer:churn": 204, "writer:price": 204, "admin": 204}, 404,
    ),
    # Without its counts: who may write is told so.
    ("PUT", f"{PATH}/packs/{{name}}"): (
        {}, {"writer:churn": 400, "writer:price": 400, "admin": 400}, 404,
    ),
    ("GET", f"{PATH}/version"): ({"params": {"ref": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/versions"): ({"params": {"model": "churn"}}, CHURN, 404),
    ("POST", f"{PATH}/versions"): (
        {"json": {"offer": "the row"}}, {**SEE, "writer:churn": 201, "admin": 201}, 404,
    ),
    ("GET", f"{PATH}/aliases"): ({"params": {"model": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/review"): ({"params": {"ref": "churn"}}, CHURN, 404),
    ("POST", f"{PATH}/promotions"): (
        {"json": {"ref": "churn", "alias": "staging", "dry": True}},
        {**SEE, "writer:churn": 200, "approver:churn": 200, "admin": 200}, 404,
    ),
    # It was nowhere else before: who may is told so.
    ("POST", f"{PATH}/rollbacks"): (
        {"json": {"model": "churn", "alias": "production", "dry": True}},
        {**JUDGE, "approver:churn": 404, "admin": 404}, 404,
    ),
    ("GET", f"{PATH}/rollouts"): ({"params": {"model": "churn"}}, CHURN, 404),
    # Production points at nothing: who may is told so.
    ("POST", f"{PATH}/rollouts"): (
        {"json": {"ref": "churn", "dry": True, "plan": {
            "mode": "canary", "steps": [5, 100], "every_s": 60, "window_s": 60, "rules": "",
            "alias": "production"}}},
        {**JUDGE, "approver:churn": 403, "admin": 403}, 404,
    ),
    # Nothing is under way: who may is told so.
    ("POST", f"{PATH}/rollouts/acts"): (
        {"json": {"model": "churn", "alias": "production", "act": "pause"}},
        dict.fromkeys(CHURN, 404), 404,
    ),
    # Without its name: who may is told so.
    ("POST", f"{PATH}/fronts"): (
        {"json": {"model": "churn", "alias": "production"}},
        {**SEE, "writer:churn": 400, "admin": 400}, 404,
    ),
    # Without a reason: who may is told so.
    ("POST", f"{PATH}/holds"): (
        {"json": {"ref": "churn", "text": "", "holds": True}},
        {**JUDGE, "approver:churn": 400, "admin": 400}, 404,
    ),
    # With a signature that is none, and with a policy that is none: who may is told so.
    ("POST", f"{PATH}/opinions"): (
        {"json": {"ref": "churn", "alias": "production", "word": "approve", "signature": 1}},
        {**JUDGE, "approver:churn": 400, "admin": 400}, 404,
    ),
    ("POST", f"{PATH}/session"): ({}, dict.fromkeys(ROLES, 201), 0),
    ("DELETE", f"{PATH}/session"): ({}, dict.fromkeys(ROLES, 204), 0),
    ("GET", f"{PATH}/page/about"): ({}, ALL, 0),
    # What there is to tell is told at once.
    ("GET", f"{PATH}/page/news"): ({}, ALL, 0),
    ("GET", f"{PATH}/page/models"): ({}, ALL, 0),
    ("GET", f"{PATH}/page/review"): ({"params": {"model": "churn"}}, CHURN, 404),
    # Of what one may read; test_registry_page.py looks at what is in them.
    ("GET", f"{PATH}/page/audit"): ({}, ALL, 0),
    ("GET", f"{PATH}/page/audit/export"): ({}, ALL, 0),
    ("GET", f"{PATH}/page/audit/verify"): ({}, READERS, 403),
    ("GET", f"{PATH}/page/versions"): ({"params": {"model": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/page/count"): ({"params": {"model": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/page/series"): ({"params": {"model": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/page/pins"): ({"params": {"model": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/page/production"): ({"params": {"model": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/page/version"): ({"params": {"ref": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/page/cells"): ({"params": {"ref": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/page/diff"): ({"params": {"old": "churn", "new": "churn"}}, CHURN, 404),
    # Without saying which: who may read it is told so.
    ("GET", f"{PATH}/page/output"): (
        {"params": {"ref": "churn"}}, dict.fromkeys(CHURN, 400), 404,
    ),
    ("GET", f"{PATH}/page/file"): ({"params": {"ref": "churn"}}, dict.fromkeys(CHURN, 400), 404),
    ("GET", f"{PATH}/news"): ({"params": {"model": "churn"}}, CHURN, 404),
    ("GET", f"{PATH}/trials"): (
        {"params": {"ref": "churn", "alias": "production"}},
        {**SEE, "writer:churn": 200, "approver:churn": 200, "admin": 200}, 404,
    ),
    # Without a verdict: who may is told so.
    ("POST", f"{PATH}/verdicts"): (
        {"json": {"ref": "churn", "alias": "production"}},
        {**SEE, "writer:churn": 400, "approver:churn": 400, "admin": 400}, 404,
    ),
    ("GET", f"{PATH}/policies"): ({"params": {"model": "churn"}}, CHURN, 404),
    ("POST", f"{PATH}/policies"): (
        {"json": {"model": "churn", "text": "[[["}},
        {**JUDGE, "approver:churn": 400, "admin": 400}, 404,
    ),
}  # fmt: skip

# MLflow's calls. Those that change something are sent so that who may is told what is wrong with
# it; test_registry_mlflow.py has them do it.
M, ARTIFACTS = "/api/2.0/mlflow", "/api/2.0/mlflow-artifacts"
WRITES = {**SEE, "writer:churn": 400, "admin": 400}
ADMINS = {**SEE, "writer:churn": 403, "admin": 400}
LOGS = {"writer:churn": 404, "writer:price": 404, "admin": 404}
MODEL, FIRST = {"name": "churn"}, {"name": "churn", "version": "1"}
TABLE |= {
    ("POST", f"{M}/registered-models/create"): ({"json": MODEL}, WRITES, 404),
    ("POST", f"{M}/registered-models/rename"): (
        {"json": {**MODEL, "new_name": "price"}}, ADMINS, 404,
    ),
    ("PATCH", f"{M}/registered-models/update"): (
        {"json": {**MODEL, "description": 1}}, WRITES, 404,
    ),
    ("DELETE", f"{M}/registered-models/delete"): ({"json": {"name": "nothing"}}, {}, 404),
    ("GET", f"{M}/registered-models/get"): ({"params": MODEL}, CHURN, 404),
    ("GET", f"{M}/registered-models/search"): ({}, ALL, 0),
    ("GET", f"{M}/registered-models/get-latest-versions"): ({"params": MODEL}, CHURN, 404),
    ("POST", f"{M}/registered-models/get-latest-versions"): ({"json": MODEL}, CHURN, 404),
    ("POST", f"{M}/registered-models/set-tag"): ({"json": MODEL}, WRITES, 404),
    ("DELETE", f"{M}/registered-models/delete-tag"): ({"json": MODEL}, WRITES, 404),
    ("POST", f"{M}/registered-models/alias"): (
        {"json": {**FIRST, "alias": "now"}}, dict.fromkeys(CHURN, 400), 404,
    ),
    ("DELETE", f"{M}/registered-models/alias"): (
        {"json": {**MODEL, "alias": "production"}},
        {**JUDGE, "approver:churn": 200, "admin": 200}, 404,
    ),
    ("GET", f"{M}/registered-models/alias"): ({"params": {**MODEL, "alias": "x"}}, {}, 404),
    ("POST", f"{M}/model-versions/create"): (
        {"json": {**MODEL, "source": "s3://elsewhere"}}, WRITES, 404,
    ),
    ("PATCH", f"{M}/model-versions/update"): (
        {"json": {**FIRST, "description": 1}}, WRITES, 404,
    ),
    ("POST", f"{M}/model-versions/transition-stage"): (
        {"json": {**FIRST, "stage": "nowhere"}}, dict.fromkeys(CHURN, 400), 404,
    ),
    ("DELETE", f"{M}/model-versions/delete"): (
        {"json": {**MODEL, "version": "x"}}, ADMINS, 404,
    ),
    ("GET", f"{M}/model-versions/get"): ({"params": FIRST}, CHURN, 404),
    ("GET", f"{M}/model-versions/search"): ({}, ALL, 0),
    ("GET", f"{M}/model-versions/get-download-uri"): ({"params": FIRST}, CHURN, 404),
    ("POST", f"{M}/model-versions/set-tag"): ({"json": FIRST}, WRITES, 404),
    ("DELETE", f"{M}/model-versions/delete-tag"): ({"json": FIRST}, WRITES, 404),
    ("POST", f"{M}/experiments/create"): ({"json": MODEL}, ALL, 0),
    ("GET", f"{M}/experiments/get"): ({"params": {"experiment_id": "0"}}, ALL, 0),
    ("GET", f"{M}/experiments/get-by-name"): ({"params": {"experiment_name": "x"}}, ALL, 0),
    ("POST", f"{M}/runs/create"): ({"json": {"experiment_id": "-"}}, LOGS, 403),
    ("POST", f"{M}/logged-models"): ({"json": {"experiment_id": "-"}}, LOGS, 403),
    ("POST", f"{M}/logged-models/search"): ({"json": {"experiment_ids": ["0"]}}, ALL, 0),
    # Of nobody's run and of nobody's model.
    **{
        ("POST", f"{M}/runs/{act}"): (
            {"json": {"run_id": NONE[:32], "key": "x", "value": 1}}, {}, 404,
        )
        for act in ("update", "log-metric", "log-batch", "log-inputs", "outputs", "delete-tag")
    },
    **{
        ("POST", f"{M}/runs/{act}"): (
            {"json": {"run_id": NONE[:32], "key": "x", "value": "1"}}, {}, 404,
        )
        for act in ("log-parameter", "set-tag")
    },
    ("GET", f"{M}/runs/get"): ({"params": {"run_id": NONE[:32]}}, {}, 404),
    ("GET", f"{M}/metrics/get-history"): (
        {"params": {"run_id": NONE[:32], "metric_key": "x"}}, {}, 404,
    ),
    **{
        (method, f"{M}/logged-models/{{model_id}}{rest}"): ({"json": {"status": "x"}}, {}, 404)
        for method, rest in (("GET", ""), ("PATCH", ""), ("PATCH", "/tags"), ("POST", "/params"))
    },
    ("GET", f"{ARTIFACTS}/artifacts"): ({"params": {"path": f"versions/{NONE}"}}, {}, 404),
    ("GET", f"{ARTIFACTS}/artifacts/{{path:path}}"): ({}, {}, 404),
    ("PUT", f"{ARTIFACTS}/artifacts/{{path:path}}"): ({}, {}, 404),
    ("GET", "/api/3.0/mlflow/server-info"): ({}, ALL, 0),
    **{
        (method, f"{start}/{{rest:path}}"): ({}, {}, 404)
        for start in (M, ARTIFACTS, "/api/3.0/mlflow")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    },
}  # fmt: skip


def test_the_table_of_roles_holds_every_route(registry):
    assert {found for found in walked(registry.app) if found[1] not in (*OPEN, *FILES)} == set(
        TABLE
    )


@pytest.mark.parametrize("role", ROLES)
def test_the_table_of_roles(registry, client, pushed, role):
    with registry.remote() as root:
        offer = dict(root.offer(pushed).body)
    headers = bearer(registry.tokens.make("someone", (role,)))
    for (method, path), (sent, by_role, others) in TABLE.items():
        if sent.get("json", {}).get("offer"):
            sent = {"json": {"offer": offer}}
        answer = client.request(method, filled(path), headers=headers, **sent)
        assert answer.status_code == by_role.get(role, others), (role, method, path, answer.text)
    # A bare request for blobs and a list of all models are a matter of what one may read, too.
    blobs = client.post(f"{PATH}/blobs", headers=headers, json={"digests": [pushed.manifest]})
    assert blobs.status_code == READERS.get(role, 403)
    listed = client.get(f"{PATH}/versions", headers=headers).json()["versions"]
    seen = {"price", "churn"} if role in READERS else {role.partition(":")[2]}
    assert {row["model"] for row in listed} == seen
    with places.open_folder(registry.folder) as there:
        assert there.catalog.head().n == 2


# --- what nobody may send -------------------------------------------------------------------------


def said(registry, request):
    """What a registry answers to bytes that no client of ours would send."""
    host, port = registry.url.removeprefix("http://").split(":")
    data = request if isinstance(request, bytes) else request.encode("latin-1")
    with socket.create_connection((host, int(port)), 10) as line:
        line.settimeout(10)
        answer = b""
        try:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            while piece := line.recv(65536):
                answer += piece
        except OSError:
            pass  # cut off before all of it was read
        return answer


def unharmed(registry):
    """The registry answers, and holds what it held."""
    assert httpx.get(f"{registry.url}/readyz").status_code == 200
    with places.open_folder(registry.folder) as there:
        assert there.catalog.head().n == 2
        assert list(there.catalog.verify()) == []
    assert not [path for path in registry.folder.parent.iterdir() if "evil" in path.name]


DEEP = b"[" * 100_000
HOSTILE_BODIES = [
    DEEP,
    b'{"digests":' + DEEP,
    b'{"body":' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}",
    b'{"offer":{"model":"\\ud800","number":"0.1.0","manifest":"' + NONE.encode() + b'"}}',
    b'{"places":[' + b"9" * 5000 + b"]}",
    b'{"places":[1e400, NaN, true, "1", null, -1, 0]}',
    b'{"digests":["../../tokens.json"]}',
    b'{"digests":["' + b"A" * 64 + b'"]}',
    b'{"digests":[null]}',
    b'{"digests":{"a":1},"model":["churn"],"ref":{}}',
    b'{"expected":{"n":-1,"digest":""},"body":{}}',
    b'{"expected":{"n":1e9,"digest":7},"body":[]}',
    b"\xff\xfe\x00",
    b"null",
    b'"churn"',
    b"",
]


@pytest.mark.parametrize("body", HOSTILE_BODIES, ids=range(len(HOSTILE_BODIES)))
def test_hostile_bodies_are_a_sentence(registry, client, pushed, body):
    for path in sorted({path for method, path in walked(registry.app) if method == "POST"}):
        if path == f"{PATH}/session" and not body:
            continue  # it takes none
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
            headers = {**bearer(registry.token), "Content-Type": kind}
            answer = client.post(filled(path), content=body, headers=headers)
            assert 400 <= answer.status_code < 500, (path, answer.text)
            assert answer.json()["message"]
    unharmed(registry)


def test_a_body_that_is_too_large(registry, client, pushed):
    def endless():
        for _ in range(40):
            yield b" " * (1 << 20)

    answer = client.post(f"{PATH}/missing", content=endless(), headers=bearer(registry.token))
    assert answer.status_code == 413
    unharmed(registry)


HOSTILE_TARGETS = [
    "/packs/..%2f..%2ftokens.json",
    "/packs/%2e%2e",
    "/packs/" + "A" * 64,
    "/packs/" + "a" * 63,
    "/packs/" + "a" * 64 + "%0a",
    "/packs/" + "a" * 64 + "%00",
    "/packs/" + "a" * 60_000,
    "/version?ref=..%2f..%2fetc%2fpasswd",
    "/version?ref=churn%00",
    "/version?ref=churn:99999999999999999999.0.0",
    "/version?ref=churn~99999999999999999999",
    "/version?ref=" + "x" * 20_000,
    "/version?ref=%F0%9F%92%A3%ED%A0%80",
    "/version?ref=churn&ref=price'%20OR%201=1--",
    "/version?ref=churn@..%2f",
    "/version?ref=",
    "/version",
    "/versions?after=99999999999999999999999999",
    "/versions?after=-1",
    "/versions?limit=0",
    "/versions?limit=1e3",
    "/events?start=99999999999999999999999999",
    "/events?start=0",
    "/events?limit=10001",
    "/digests?prefix=..",
    "/digests?prefix=%",
    "/digests?prefix=" + "a" * 65,
]


@pytest.mark.parametrize("target", HOSTILE_TARGETS, ids=range(len(HOSTILE_TARGETS)))
def test_hostile_paths_are_a_sentence(registry, client, pushed, target):
    method = "HEAD" if target.startswith("/packs") else "GET"
    answer = client.request(method, PATH + target, headers=bearer(registry.token))
    assert 400 <= answer.status_code < 500, answer.text
    if target.startswith("/packs"):
        sent = client.put(
            PATH + target,
            content=b"evil",
            headers={**bearer(registry.token), "Upload-Offset": "0", "Upload-Length": "4"},
        )
        assert 400 <= sent.status_code < 500
    elif answer.headers["content-type"] == "application/json":
        assert str(registry.folder) not in answer.text
    unharmed(registry)


@pytest.mark.parametrize(
    ("offset", "length", "status"),
    [
        ("0", "99", 202),  # more was announced than came: it waits for the rest
        ("0", "3", 400),  # more came than was announced
        ("0", "4", 422),  # all of it came, and it is no pack
        ("1", "4", 409),
        ("-1", "4", 400),
        ("0x0", "4", 400),
        ("0", "9" * 19, 400),
        ("0", str(1 << 58), 413),
        ("", "", 400),
        ("0", "0", 400),
    ],
)
def test_lying_counts_of_an_upload(registry, client, pushed, offset, length, status):
    headers = {**bearer(registry.token), "Upload-Offset": offset, "Upload-Length": length}
    name = canonical.digest(f"{offset} {length}".encode())
    answer = client.put(f"{PATH}/packs/{name}", content=b"evil", headers=headers)
    assert answer.status_code == status, answer.text
    unharmed(registry)


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 1000000",
        "Content-Length: -1",
        "Content-Length: 1e3",
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "X-Long: " + "a" * 200_000,
        "\r\n".join(f"X-{n}: {n}" for n in range(20_000)),
        "Bad Name: x",
        "X-Nul: \x00",
    ],
    ids=range(10),
)
@pytest.mark.parametrize("known", [True, False])
def test_hostile_heads_and_lying_lengths(registry, pushed, head, known):
    token = f"Authorization: Bearer {registry.token}\r\n" if known else ""
    body = '{"places":[1]}\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'
    answer = said(
        registry, f"POST {PATH}/stamps HTTP/1.1\r\nHost: x\r\n{token}{head}\r\n\r\n{body}"
    )
    # What is smuggled in behind it is answered as what it is: a request of nobody.
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert b"snapbook_requests" not in answer
    assert b" 500 " not in answer
    unharmed(registry)


def test_a_head_without_an_end_is_cut_off(registry):
    """Before the registry has kept much of it, whatever stands in it."""
    host, port = registry.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as line:
        line.sendall(f"GET {PATH}/head HTTP/1.1\r\nX-Long: ".encode())
        sent, most = 0, 4 << 20
        with suppress(OSError):
            while sent < most:
                sent += line.send(b"a" * 4096)
                time.sleep(0.001)
    assert sent < most


def test_other_origins_are_told_nothing(registry, client, pushed):
    for method, path in (("GET", f"{PATH}/about"), ("OPTIONS", f"{PATH}/versions")):
        for headers in ({}, bearer(registry.token)):
            answer = client.request(
                method,
                path,
                headers={
                    **headers,
                    "Origin": "https://evil.example",
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "authorization",
                },
            )
            assert not [name for name in answer.headers if name.startswith("access-control")]


def test_who_is_revoked_is_refused_with_the_next_request_of_an_open_line(registry, client):
    token = registry.tokens.make("ada", ("reader",))
    assert client.get(f"{PATH}/head", headers=bearer(token)).status_code == 200
    registry.tokens.revoke(token.split("_")[1])
    assert client.get(f"{PATH}/head", headers=bearer(token)).status_code == 401
    with pytest.raises(Refused), Remote(registry.url, token) as remote:
        remote.catalog.head()
