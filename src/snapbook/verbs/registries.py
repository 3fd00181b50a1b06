"""registry, login: the registries that a user knows, and one that he serves himself."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from snapbook import settings
from snapbook.errors import Usage
from snapbook.registry.known import Book
from snapbook.verbs import granting, serving
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked


def registry(here: Here, asked: Asked) -> Done:
    """The known registries; add or remove one; serve one, and give out its tokens."""
    return {
        "list": _list, "add": _add, "remove": _remove,
        "serve": serving.serve, "gc": serving.gc,
        "token": granting.token, "tokens": granting.tokens, "revoke": granting.revoke,
    }[asked.act or "list"](here, asked)  # fmt: skip


def login(here: Here, asked: Asked) -> Done:
    """Keep the token for a registry: asked for, or read from a pipe, and never an argument."""
    del here
    from snapbook.registry.remote import Remote

    book = Book(settings.folder())
    known = book.get(asked.registry_name or "")
    if known.folder is not None:
        return Done((f"{known.name} is a folder: whoever can open it needs no token",), {})
    if known.bucket:
        return Done((f"{known.name} is a bucket: its credentials are in the environment",), {})
    token = _asked_token(known.name)
    with Remote(known.url, token) as remote:
        told = remote.about()
    where = book.keep_token(known, token)
    you = str(told.get("you", ""))
    grants = ", ".join(map(str, told.get("grants", ())))
    return Done(
        (f"{known.name} knows you as {you} ({grants}); the token is in {where}",),
        {"registry": known.name, "you": you, "kept": where},
    )


def _list(here: Here, asked: Asked) -> Done:
    del here, asked
    known = Book(settings.folder()).all()
    lines = [f"{found.name:<16}{found.url}" for found in known]
    return Done(
        tuple(lines) or ("no registry is known yet: snapbook registry add team URL",),
        {"registries": [{"name": found.name, "url": found.url} for found in known]},
    )


def _add(here: Here, asked: Asked) -> Done:
    del here
    name, url = serving.words(asked, "a name and an address", 2)
    known = Book(settings.folder()).add(name, url)
    if known.folder is not None:
        plain = "a folder: whoever can write there may push; there are no roles"
        return Done((f"{name} is {plain}",), {"name": name, "url": known.url})
    if known.bucket:
        plain = "a bucket: whoever has credentials for it may push; there are no roles"
        return Done((f"{name} is {plain}",), {"name": name, "url": known.url})
    return Done(
        (f"{name} is {known.url}. Its token: snapbook login {name}",),
        {"name": name, "url": known.url},
    )


def _remove(here: Here, asked: Asked) -> Done:
    del here
    (name,) = serving.words(asked, "a name", 1)
    known = Book(settings.folder()).remove(name)
    return Done(
        (f"{known.name} is forgotten here; nothing was changed there",), {"name": known.name}
    )


def _asked_token(name: str) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        token = getpass.getpass(f"token for {name}: ")
    else:
        token = sys.stdin.readline() if sys.stdin is not None else ""
    if not token.strip():
        raise Usage("No token was given", act=f"Pipe it in: snapbook login {name} < file")
    return token.strip()
