"""Every route, walked: nobody in without a token, nobody past an authorizer, no path out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_server.auth import AllowAllAuthorizer, Authorizer
from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.httpclient import HTTPClientError
from tornado.web import RequestHandler
from written import save

from snapbook.server import paths
from snapbook.server.handler import Route
from snapbook.server.routes import API, ROUTES

METHODS = ("get", "post", "put", "patch", "delete")
UNDONE = RequestHandler._unimplemented_method
ACTS = [
    (pattern, route, method)
    for pattern, route in ROUTES
    for method in METHODS
    if getattr(route, method) is not UNDONE
]
SEEN = []


class Refusing(Authorizer):
    """Lets nobody do anything with our resource, and notes what was asked."""

    def is_authorized(self, handler, user, action, resource):
        SEEN.append((action, resource))
        return resource != "snapbook"


def path_of(pattern):
    return re.sub(r"\(.*\)", "list", pattern).strip("/")


async def status(jp_fetch, path, method, **more):
    if method != "get":
        more.setdefault("body", json.dumps({"path": "", "task": "1", "source": "x"}))
    try:
        response = await jp_fetch(*path.split("/"), method=method.upper(), **more)
    except HTTPClientError as error:
        return error.code, error.response
    return response.code, response


def test_the_walk_meets_every_route(jp_serverapp):
    # What tornado serves under our name is the table, no more and no less.
    served = {
        rule.matcher.regex.pattern.partition("/snapbook/")[2].rstrip("$")
        for group in jp_serverapp.web_app.default_router.rules
        for rule in getattr(group.target, "rules", [])
        if "/snapbook/" in rule.matcher.regex.pattern
    }
    assert served == {pattern.partition("/snapbook/")[2] for pattern, _ in ROUTES}
    assert all(
        issubclass(route, Route) and route.auth_resource == "snapbook" for _, route in ROUTES
    )
    assert len(ACTS) == len(ROUTES) >= 14


async def test_nobody_without_a_token(jp_fetch):
    for pattern, _, method in ACTS:
        wrong = {"Authorization": "token wrong"}
        code, response = await status(jp_fetch, path_of(pattern), method, headers=wrong)
        assert code in (401, 403), pattern
        assert json.loads(response.body)["kind"] == "refused", pattern


async def test_another_page_changes_nothing(jp_fetch, jp_serverapp):
    """XSRF: a page of somebody else can make a browser send its cookie, and no more."""
    token = jp_serverapp.identity_provider.token
    with pytest.raises(HTTPClientError) as home:
        await jp_fetch(
            "login", headers={"Authorization": ""}, params={"token": token}, follow_redirects=False
        )
    given = home.value.response.headers.get_list("Set-Cookie")
    cookies = dict(line.split(";")[0].split("=", 1) for line in given)
    cookies["_xsrf"] = "0123abcd"  # a browser's own page knows it, another page does not
    sent = {"Authorization": "", "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
    acts = [path_of(pattern) for pattern, _, method in ACTS if method != "get"]
    assert len(acts) >= 3
    for path in acts:
        code, response = await status(jp_fetch, path, "post", headers=dict(sent))
        assert (code, json.loads(response.body)["kind"]) == (403, "refused")
        evil = {**sent, "Origin": "http://evil.example", "X-XSRFToken": cookies["_xsrf"]}
        assert (await status(jp_fetch, path, "post", headers=evil))[0] in (403, 404)
    own = {**sent, "X-XSRFToken": cookies["_xsrf"]}
    assert (await status(jp_fetch, "snapbook/api/verbs/list", "post", headers=own))[0] == 200


class TestRefused:
    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        jp_server_config["ServerApp"]["authorizer_class"] = Refusing
        return jp_server_config

    async def test_nobody_past_the_authorizer(self, jp_fetch):
        for pattern, _, method in ACTS:
            SEEN.clear()
            code, response = await status(jp_fetch, path_of(pattern), method)
            assert code == 403, pattern
            assert json.loads(response.body)["kind"] == "refused"
            asks = method == "get" or pattern.endswith("/containing")
            assert [("read" if asks else "write", "snapbook")] == SEEN, pattern


class TestReader:
    """One who may read and not write."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        class Reading(AllowAllAuthorizer):
            def is_authorized(self, handler, user, action, resource):
                return resource != "snapbook" or action == "read"

        jp_server_config["ServerApp"]["authorizer_class"] = Reading
        return jp_server_config

    async def test_may_look_and_not_act(self, fetch, jp_root_dir):
        save(jp_root_dir)
        assert (await fetch("versions", path="")).status == 200
        refused = await fetch("verbs/note", {"path": "", "args": ["churn", "hello"]})
        assert refused.status == 403
        assert (await fetch("version", path="", ref="churn")).value["notes"] == []


BODIES = ("null", "[]", "1", "{", '{"path": 1}', '{"path": ["a"]}', "[" * 100_000)
HOSTILE = [
    "..",
    "../",
    "a/../..",
    "a/../../etc",
    "/etc/passwd",
    "//etc",
    "/",
    "a//b",
    "./a",
    "a/.",
    "\0",
    "a\0b",
    "link",
    "link/hosts",
    "deep/link2/x.ipynb",
    "loop/x",
    "x" * 300,
    "x/" * 3000,
    "absent/train.ipynb",
    "file.txt/train.ipynb",
    "\ud800",
    "~root",
    "%2e%2e/",
    ".snapbook/packs/x.ipynb",
    "deep/.hidden/x.ipynb",
    "seen/x.ipynb",
]
NAMES = ("~root",)


@pytest.fixture
def wall(jp_root_dir, tmp_path):
    """A root with ways out of it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    save(outside)
    (jp_root_dir / "deep").mkdir()
    (jp_root_dir / "link").symlink_to("/etc")
    (jp_root_dir / "deep" / "link2").symlink_to(outside, target_is_directory=True)
    (jp_root_dir / "loop").symlink_to("loop")
    (jp_root_dir / "file.txt").write_text("x")
    (jp_root_dir / ".snapbook" / "packs").mkdir(parents=True)
    (jp_root_dir / "deep" / ".hidden").mkdir()
    (jp_root_dir / "seen").symlink_to("deep/.hidden")
    return jp_root_dir


async def test_no_path_leads_out(fetch, wall):
    for path in HOSTILE:
        answer = await fetch("verbs/list", {"path": path})
        if path in NAMES:
            # names like others, of files that are not there yet
            assert (answer.status, answer.value["value"]["rows"]) == (200, []), path
        else:
            assert (answer.status, answer.value["kind"]) == (404, "no-such-path"), path
        if "\ud800" not in path and len(path) < 1000:
            assert (await fetch("place", path=path)).status == answer.status, path


def test_names_that_only_look_hostile_are_names(tmp_path):
    for name in ("a b", "a..", "ä\nö", "<b>", "con", "a\\b", "'; rm -rf", "-rf"):
        folder = tmp_path / name
        folder.mkdir()
        assert paths.spot(tmp_path, f"{name}/x.ipynb").folder == folder.resolve()


def test_a_link_inside_the_root_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert paths.spot(tmp_path, "link/x.ipynb").folder == tmp_path.resolve() / "real"
    assert paths.spot(tmp_path, "").folder == tmp_path.resolve()


async def test_the_root_may_be_a_link(fetch, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to("real")
    assert paths.spot(tmp_path / "root", "").folder == (tmp_path / "real").resolve()


async def test_bodies_that_are_none(jp_fetch):
    for body in (*BODIES, b"\xff"):
        code, response = await status(jp_fetch, "snapbook/api/verbs/list", "post", body=body)
        assert code == 400
        assert json.loads(response.body)["kind"] == "argument"


async def test_too_much_is_refused(jp_fetch):
    body = json.dumps({"path": "", "args": ["x" * 5_000_000]})
    code, response = await status(jp_fetch, "snapbook/api/verbs/list", "post", body=body)
    assert (code, json.loads(response.body)["kind"]) == (413, "too-large")


async def test_queries_that_are_no_text(jp_fetch, jp_base_url, http_server_client, jp_auth_header):
    answer = await status(jp_fetch, "snapbook/api/place", "get", params={"path": b"\xff\xfe"})
    assert answer[0] == 400
    unknown, response = await status(jp_fetch, "snapbook/api/place", "delete", body=None)
    assert unknown == 405
    assert json.loads(response.body)["kind"] == "method"


async def test_a_server_that_shows_hidden_files_serves_them(fetch, jp_serverapp, wall):
    jp_serverapp.contents_manager.allow_hidden = True
    assert (await fetch("place", path="deep/.hidden/x.ipynb")).status == 200
    assert (await fetch("place", path="deep/..")).status == 404


async def test_a_bug_of_ours_is_one_sentence(jp_fetch, jp_serverapp, jp_base_url):
    class Broken(Route):
        @web.authenticated
        @authorized
        async def get(self):
            await self.tell(lambda asking: {}["/secret/path"])

    jp_serverapp.web_app.add_handlers(".*", [(f"{jp_base_url}snapbook/api/broken", Broken)])
    code, response = await status(jp_fetch, "snapbook/api/broken", "get")
    told = json.loads(response.body)
    assert (code, told["kind"]) == (500, "internal")
    assert told["message"] == "snapbook failed inside: details are in the server's log."
    assert "secret" not in response.body.decode()


def test_every_route_and_kind_is_documented():
    root = Path(__file__).resolve().parents[2]
    text = (root / "docs" / "server.md").read_text(encoding="utf-8")
    for pattern, _ in ROUTES:
        name = re.sub(r"\(.*\)", "NAME", pattern.removeprefix(f"{API}/"))
        assert f"`{name}`" in text
    rooms = (root / "src" / "snapbook" / "server", root / "src" / "snapbook" / "display" / "views")
    sources = [path for room in rooms for path in room.glob("*.py")]
    kinds = {kind for path in sources for kind in re.findall(r'kind="([a-z-]+)"', path.read_text())}
    assert len(kinds) > 8
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in text] == []


@pytest.mark.slow
def test_a_server_that_starts_imports_nothing_heavy():
    code = "import sys, snapbook.server.app; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    heavy = {"pandas", "numpy", "sklearn", "torch", "pyarrow", "cryptography", "watchfiles"}
    assert heavy.isdisjoint(ran.stdout.split())
