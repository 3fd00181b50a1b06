"""registry, login: the registries that a user knows, and one that he serves himself."""

from __future__ import annotations

import getpass
import re
import sys
from functools import partial
from typing import TYPE_CHECKING

from snapbook import places, settings
from snapbook.errors import BadOption, Refused, Unreachable, Usage
from snapbook.registry import pinned, signin, statement
from snapbook.registry.device import sign_in as ask_device
from snapbook.registry.heads import Heads
from snapbook.registry.known import Book, Known, checked
from snapbook.verbs import granting, hooking, restoring, serving, tending
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked


def registry(here: Here, asked: Asked) -> Done:
    """The known registries; add or remove one; serve one, and give out its tokens."""
    act = asked.act or "list"
    if asked.dry_run and act != "gc":
        raise BadOption(f"registry {act} has no --dry-run", act="Nothing was done. Leave it out")
    return {
        "list": _list, "add": _add, "remove": _remove,
        "serve": serving.serve, "gc": tending.gc, "verify": tending.verify,
        "token": granting.token, "tokens": granting.tokens, "revoke": granting.revoke,
        "grant": granting.grant,
        "key": restoring.key, "restored": restoring.restored, "webhook": hooking.webhook,
    }[act](here, asked)  # fmt: skip


def login(here: Here, asked: Asked) -> Done:
    """Keep what a registry knows you by: a token, or a sign-in where it sends people to one.

    A token is asked for, or read from a pipe, and never an argument.
    """
    from snapbook.registry.remote import Remote

    book = Book(settings.folder())
    known = book.get(asked.registry_name or "")
    if known.folder is not None:
        return Done((f"{known.name} is a folder: whoever can open it needs no token",), {})
    if known.bucket:
        return Done((f"{known.name} is a bucket: its credentials are in the environment",), {})
    signed = _signed(here, known, device=asked.device)
    token = signed.id_token if signed is not None else _asked_token(known.name)
    with places.open_registry(known, token, say=here.say) as side:
        assert isinstance(side, Remote)
        told = side.about()
    where = book.keep_token(known, str(signed or token))
    you = str(told.get("you", ""))
    grants = ", ".join(map(str, told.get("grants", ())))
    what = "sign-in" if signed is not None else "token"
    return Done(
        (f"{known.name} knows you as {you} ({grants}); the {what} is in {where}",),
        {"registry": known.name, "you": you, "kept": where},
    )


def _signed(here: Here, known: Known, *, device: bool) -> signin.Signed | None:
    """A sign-in where the registry sends people to one; None where it takes tokens alone."""
    if not device and not _on_terminal():
        return None
    offer = signin.offer_of(pinned.shown(known.url).sign_in)
    if device:
        if offer is None:
            raise BadOption(f"--device cannot be used: {known.name} takes tokens alone")
        return ask_device(offer, partial(_show, here))
    return signin.sign_in(offer, partial(_browse, here)) if offer is not None else None


def _show(here: Here, address: str, code: str) -> None:
    """Where to sign in and what to type in there; said at once, since it is waited for."""
    here.say(f"sign in here, in any browser: {address}\nand type in this code: {code}")


def _browse(here: Here, address: str) -> None:
    """Open the page to sign in; said as well, for a machine whose browser is another."""
    import webbrowser

    here.say(f"sign in here, in a browser of this machine: {address}")
    webbrowser.open(address)


def _on_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


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
    url = checked(url)
    wanted = _wanted_key(asked.key)
    book = Book(settings.folder())
    known = Known(name, url)
    if known.folder is not None or known.bucket:
        return _add_place(book, known, wanted)
    shown = _shown_key(url, wanted)
    if wanted and shown and not shown.startswith(wanted):
        raise Refused(
            f"Not added: {url} answers with the key {statement.fingerprint(shown)}",
            act="Ask its administrator which one is right",
            kind="registry-key",
        )
    before = book.add(name, url)
    if before.key and shown not in ("", before.key) and not wanted:
        raise pinned.other_key(before, shown)
    if shown != before.key and shown:
        before = book.pin(before, shown)
        Heads(settings.folder()).forget(url)  # what another key signed says nothing of this one
    lines = [f"{name} is {url}. Its token: snapbook login {name}", _key_line(before)]
    return Done(tuple(lines), {"name": name, "url": url, "key": before.key})


def _add_place(book: Book, known: Known, wanted: str) -> Done:
    """A folder or a bucket: nobody answers there, so nobody signs."""
    what = "folder" if known.folder is not None else "bucket"
    if wanted:
        raise BadOption(f"--key is for a server; a {what} has no key of its own")
    known = book.add(known.name, known.url)
    who = "can write there" if what == "folder" else "has credentials for it"
    plain = f"a {what}: whoever {who} may push; there are no roles, and nothing is signed there"
    return Done((f"{known.name} is {plain}",), {"name": known.name, "url": known.url})


def _wanted_key(text: str | None) -> str:
    """What a key has to begin with, without what people put between its digits."""
    plain = re.sub(r"[\s:]", "", text or "").lower()
    if plain and not re.fullmatch(r"[0-9a-f]{32,64}", plain):
        raise BadOption(
            f"--key cannot be {text}", act="It takes what the server shows at its start"
        )
    return plain


def _shown_key(url: str, wanted: str) -> str:
    """The key that the server at ``url`` shows; "" where it has none, or does not answer.

    Raises Unreachable where one is demanded and nobody answers.
    """
    try:
        shown = pinned.shown(url).key
    except Unreachable:
        if wanted:
            raise
        return ""
    if wanted and not shown:
        raise Refused(f"Not added: {url} shows no key", kind="registry-key")
    return shown


def _key_line(known: Known) -> str:
    if known.key:
        return f"its key is {statement.fingerprint(known.key)}: it is held to that from now on"
    return "it has not answered yet: the key that it first answers with is the one it is held to"


def _remove(here: Here, asked: Asked) -> Done:
    del here
    (name,) = serving.words(asked, "a name", 1)
    known = Book(settings.folder()).remove(name)
    Heads(settings.folder()).forget(known.url)
    return Done(
        (f"{known.name} is forgotten here; nothing was changed there",), {"name": known.name}
    )


def _asked_token(name: str) -> str:
    if _on_terminal():
        token = getpass.getpass(f"token for {name}: ")
    else:
        token = sys.stdin.readline() if sys.stdin is not None else ""
    if not token.strip():
        raise Usage("No token was given", act=f"Pipe it in: snapbook login {name} < file")
    return token.strip()
