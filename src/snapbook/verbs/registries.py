"""registry, login: the registries that a user knows, and one that he serves himself."""

from __future__ import annotations

import getpass
import math
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import gc, places, settings
from snapbook.errors import BadOption, Hint, Unreachable, Usage
from snapbook.registry.known import Book
from snapbook.repository import Author
from snapbook.verbs import who
from snapbook.verbs.here import Here, release
from snapbook.verbs.state import size_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.registry.tokens import Token, Tokens
    from snapbook.verbs.table import Asked

ACTS = ("list", "add", "remove", "serve", "token", "tokens", "revoke", "gc")
_FOLDER = "snapbook-registry"


def registry(here: Here, asked: Asked) -> Done:
    """The known registries; add or remove one; serve one, and give out its tokens."""
    return {
        "list": _list, "add": _add, "remove": _remove,
        "serve": _serve, "token": _token, "tokens": _tokens, "revoke": _revoke, "gc": _gc,
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
    name, url = _words(asked, "a name and an address", 2)
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
    (name,) = _words(asked, "a name", 1)
    known = Book(settings.folder()).remove(name)
    return Done(
        (f"{known.name} is forgotten here; nothing was changed there",), {"name": known.name}
    )


def _serve(here: Here, asked: Asked) -> Done:
    """Answer until interrupted. The first start prints the administrator's token, once."""
    if here.face != "cli":
        raise Usage(
            "A registry is served from a shell", act="There", hint="snapbook registry serve"
        )
    limits = _rate(asked.rate)
    folder = _folder(here, asked)
    with closing(places.served(folder, asked.database or "", asked.store or "")) as kept:
        return _answer(here, asked, kept, limits)


def _answer(here: Here, asked: Asked, kept: places.Served, rate: float) -> Done:
    from snapbook.registry import serve
    from snapbook.registry.service import Limits, Service

    with _kept_tokens(kept) as tokens:
        lines = []
        if not tokens.all():
            made = tokens.make("admin", ("admin",))
            lines.append(f"the administrator's token, shown this once: {made}")
        host, port = asked.host or "127.0.0.1", _port(asked.port)
        try:
            listening = serve.listen(host, port)
        except (OSError, OverflowError) as error:
            raise Unreachable(
                f"Not served: {host}:{port} cannot be listened on", act="Take another --port"
            ) from error
        shown = f"http://{host}:{listening.getsockname()[1]}"
        lines.append(f"serving {kept.folder} at {shown}. Stop it with Ctrl+C")
        service = Service(
            kept.folder,
            kept.open,
            tokens,
            kept.folder.name,
            release() or "unknown",
            Limits(requests_per_s=rate),
        )
        with listening:
            serve.run(service, listening, lambda: here.say("\n".join(lines)), asked.proxy or "")
    return Done(("stopped; what was acknowledged is kept",), {"url": shown})


@contextmanager
def _kept_tokens(kept: places.Served) -> Iterator[Tokens]:
    """The tokens of a served registry: in its folder, or in the database that servers share."""
    from snapbook.registry.tokens import Tokens

    if kept.database is None:
        yield Tokens(kept.folder)
        return
    from snapbook.registry.shared import SharedTokens

    with closing(SharedTokens(kept.database)) as tokens:
        tokens.watch()
        yield tokens


@contextmanager
def _book(here: Here, asked: Asked) -> Iterator[Tokens]:
    """The tokens that the user means: those in the folder, or in the database that he names."""
    from snapbook.registry.tokens import Tokens

    if not asked.database:
        yield Tokens(_existing(here, asked))
        return
    from snapbook.catalog.database import Database
    from snapbook.registry.shared import SharedTokens

    with closing(Database(asked.database)) as database:
        database.migrate()
        yield SharedTokens(database)


def _token(here: Here, asked: Asked) -> Done:
    name, *grants = _words(asked, "a name and what it may do", 2, more=True)
    with _book(here, asked) as tokens:
        text = tokens.make(name, tuple(grants))
    return Done(
        (f"token for {name} ({', '.join(grants)}), shown this once: {text}",),
        {"name": name, "grants": grants, "token": text},
    )


def _tokens(here: Here, asked: Asked) -> Done:
    with _book(here, asked) as tokens:
        found = tokens.all()
    return Done(
        tuple(_line(token) for token in found) or ("no tokens yet",),
        {"tokens": [
            {"id": t.id, "name": t.name, "grants": list(t.grants), "revoked": t.revoked}
            for t in found
        ]},
    )  # fmt: skip


def _revoke(here: Here, asked: Asked) -> Done:
    (id_,) = _words(asked, "a token's id", 1)
    with _book(here, asked) as tokens:
        token = tokens.revoke(id_)
    return Done((f"the token {token.id} of {token.name} is refused from now on",), {"id": token.id})


def _gc(here: Here, asked: Asked) -> Done:
    """Free what no version of a served registry needs, and uploads that nobody goes on with."""
    with places.open_folder(_existing(here, asked)) as repository:
        freed = gc.gc(repository, Author(who.name(here.folder)), progress=here.progress)
    files = f"{freed.debris} unfinished file{'' if freed.debris == 1 else 's'}"
    packs = f"{freed.packs} pack{'' if freed.packs == 1 else 's'}"
    return Done(
        (f"freed {size_text(freed.bytes)}: {packs}, {files}",),
        {"bytes": freed.bytes, "packs": freed.packs, "debris": freed.debris},
    )


def _line(token: Token) -> str:
    state = f"revoked {token.revoked[:10]}" if token.revoked else f"since {token.made[:10]}"
    return f"{token.id}  {token.name:<16}{', '.join(token.grants):<24}{state}"


def _folder(here: Here, asked: Asked) -> Path:
    return (here.folder / (asked.folder or _FOLDER)).resolve()


def _existing(here: Here, asked: Asked) -> Path:
    folder = _folder(here, asked)
    if not places.Place(folder, folder).exists:
        raise Usage(
            f"There is no registry in {folder.name}",
            act="Name its folder with --folder, or start one",
            hint=Hint("registry", ("serve",)),
        )
    return folder


def _words(asked: Asked, what: str, count: int, *, more: bool = False) -> list[str]:
    words: list[str] = asked.words
    if len(words) < count or (len(words) > count and not more):
        raise Usage(
            f"registry {asked.act} needs {what}", act="How", hint=Hint("help", ("registry",))
        )
    return words


def _port(text: str | None) -> int:
    if text is None:
        return 8844
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise BadOption(f"--port cannot be {text}", act="It takes 0 to 65535; 0 finds a free one")
    return int(text)


def _rate(text: str | None) -> float:
    if text is None:
        return 1000
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 <= rate < math.inf:
        raise BadOption(f"--rate cannot be {text}", act="It takes requests a second; 0 for any")
    return rate


def _asked_token(name: str) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        token = getpass.getpass(f"token for {name}: ")
    else:
        token = sys.stdin.readline() if sys.stdin is not None else ""
    if not token.strip():
        raise Usage("No token was given", act=f"Pipe it in: snapbook login {name} < file")
    return token.strip()
