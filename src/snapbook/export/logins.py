"""Who we are at a registry of images: what `docker login` and `podman login` have left behind.

Reads their files and asks their helpers; writes nothing. A registry may ask for a token of another
server: it is fetched with the same login, over HTTPS, and kept for this one run.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import listening
from snapbook.errors import Refused, Unreachable

if TYPE_CHECKING:
    import httpx

VARIABLE = "SNAPBOOK_OCI_TOKEN"
_HUB = "https://index.docker.io/v1/"
_ASKS = re.compile(r'(\w+)="([^"]*)"')
_BY_TOKEN = "<token>"  # what helpers say in place of a name: what follows is an identity token
_HELPER_S = 30
ACT = f"Use docker login, podman login, or set {VARIABLE}"


@dataclass(frozen=True, slots=True)
class Login:
    """A name with a password, or an identity token, or a token that is sent as it is."""

    name: str = ""
    password: str = ""
    identity: str = ""
    token: str = ""


def login(host: str) -> Login:
    """The login for ``host``, an empty one where there is none."""
    if token := os.environ.get(VARIABLE):
        return Login(token=token)
    keys = [_HUB, host] if host == "docker.io" else [host, f"https://{host}"]
    for book in _books():
        for key in keys:
            if found := _of(book, key):
                return found
    return Login()


def basic(who: Login) -> str:
    """The header of a name with a password; "" for who has none."""
    if not who.password:
        return ""
    return f"Basic {base64.b64encode(f'{who.name}:{who.password}'.encode()).decode()}"


def fetched(client: httpx.Client, asks: str, who: Login) -> str:
    """The header that a registry wants which asks so (WWW-Authenticate). Raises Refused."""
    import httpx

    way, _, rest = asks.partition(" ")
    said = dict(_ASKS.findall(rest))
    if way.lower() == "basic" and basic(who):
        return basic(who)
    realm = said.get("realm", "")
    if way.lower() != "bearer" or not realm:
        raise Refused("Not let in", "the registry wants to know who you are", act=ACT)
    url = httpx.URL(realm)
    if url.scheme != "https" and not listening.is_here(url.host):
        raise Refused("Not let in", "the registry would have your login sent without encryption")
    query = {"service": said.get("service", ""), "scope": said.get("scope", "").split()}
    try:
        if who.identity:
            form = {"grant_type": "refresh_token", "refresh_token": who.identity, **query}
            answer = client.post(url, data={**form, "client_id": "snapbook"})
        else:
            header = {"Authorization": basic(who)} if basic(who) else {}
            answer = client.get(url, params=query, headers=header)
        told = answer.json() if answer.status_code == httpx.codes.OK else {}
    except (httpx.HTTPError, ValueError) as error:
        raise Unreachable("Not let in", f"{url.host} gives no token ({error})") from error
    token = told.get("token") or told.get("access_token") if isinstance(told, dict) else ""
    if not token:
        raise Refused("Not let in", f"{url.host} gives no token ({answer.status_code})", act=ACT)
    return f"Bearer {token}"


def _books() -> Iterator[Mapping[str, Any]]:
    home = Path.home()
    runtime, named = os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("REGISTRY_AUTH_FILE")
    places = [
        *([Path(named)] if named else []),
        Path(os.environ.get("DOCKER_CONFIG", home / ".docker")) / "config.json",
        *([Path(runtime) / "containers" / "auth.json"] if runtime else []),
        home / ".config" / "containers" / "auth.json",
    ]
    for place in places:
        try:
            found = json.loads(place.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            yield found


def _of(book: Mapping[str, Any], key: str) -> Login | None:
    helpers = book.get("credHelpers")
    helper = helpers.get(key) if isinstance(helpers, dict) else None
    if isinstance(helper, str):
        return _asked(helper, key)
    listed = book.get("auths")
    entry = listed.get(key) if isinstance(listed, dict) else None
    if isinstance(entry, dict):
        if token := entry.get("registrytoken"):
            return Login(token=str(token))
        try:
            name, _, password = base64.b64decode(str(entry.get("auth", ""))).decode().partition(":")
        except ValueError:
            name = password = ""
        identity = str(entry.get("identitytoken") or "")
        if password or identity:
            return Login(name, password.rstrip("\0"), identity)
    store = book.get("credsStore")
    return _asked(store, key) if isinstance(store, str) and store else None


def _asked(helper: str, key: str) -> Login | None:
    """What the helper that the user's own file names says of ``key``."""
    program = shutil.which(f"docker-credential-{helper}")
    if program is None or not re.fullmatch(r"[\w.-]+", helper):
        return None
    try:
        ran = subprocess.run([program, "get"], input=key, capture_output=True, text=True,
                             timeout=_HELPER_S, check=True)  # fmt: skip
        told = json.loads(ran.stdout)
        name, secret = str(told["Username"]), str(told["Secret"])
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError):
        return None
    return Login(identity=secret) if name == _BY_TOKEN else Login(name, secret)
