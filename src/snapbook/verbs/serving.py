"""registry serve: a registry that one keeps himself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import places
from snapbook.errors import BadOption, Hint, Unreachable, Usage
from snapbook.registry import statement
from snapbook.verbs.here import Here, release
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.registry.identity import Drawer
    from snapbook.registry.oidc import Issuer
    from snapbook.registry.service import Limits
    from snapbook.registry.sessions import Shelf
    from snapbook.registry.tokens import Tokens
    from snapbook.verbs.table import Asked

_FOLDER = "snapbook-registry"


def serve(here: Here, asked: Asked) -> Done:
    """Answer until interrupted. The first start prints the administrator's token, once."""
    if here.face != "cli":
        raise Usage(
            "A registry is served from a shell", act="There", hint="snapbook registry serve"
        )
    limits, issuer = _limits(asked), _issuer(asked)
    folder = folder_of(here, asked)
    with ExitStack() as open_:
        if issuer is not None:
            open_.enter_context(closing(issuer))
            issuer.watch()
        kept = places.served(folder, asked.database or "", asked.store or "")
        open_.enter_context(closing(kept))
        return _answer(here, asked, kept, limits, issuer)


def _issuer(asked: Asked) -> Issuer | None:
    """Where the registry's people sign in. Raises BadOption where half of it is named."""
    if not (asked.oidc_issuer or asked.oidc_client):
        return None
    if not (asked.oidc_issuer and asked.oidc_client):
        raise BadOption(
            "A sign-in needs both",
            act="Name --oidc-issuer URL and --oidc-client ID, what the registry is called there",
        )
    from snapbook.registry.oidc import Issuer

    return Issuer(asked.oidc_issuer, asked.oidc_client, asked.oidc_secret or "")


def _answer(
    here: Here, asked: Asked, kept: places.Served, limits: Limits, issuer: Issuer | None
) -> Done:
    from snapbook.registry import serve as serving
    from snapbook.registry.people import People
    from snapbook.registry.service import Service

    with _kept_tokens(kept) as tokens:
        lines = []
        if made := tokens.first():
            lines.append(f"the administrator's token, shown this once: {made}")
        host, port = asked.host or "127.0.0.1", _port(asked.port)
        try:
            listening = serving.listen(host, port)
        except (OSError, OverflowError) as error:
            raise Unreachable(
                f"Not served: {host}:{port} cannot be listened on", act="Take another --port"
            ) from error
        shown = f"http://{host}:{listening.getsockname()[1]}"
        service = Service(
            kept.folder,
            kept.open,
            tokens,
            kept.folder.name,
            release() or "unknown",
            limits,
            shelf=_shelf(kept),
            drawer=drawer(kept),
            people=People(issuer, tokens) if issuer is not None else None,
        )
        lines.append(f"its key is {statement.fingerprint(service.identity.key.public)}")
        lines.append(f"serving {kept.folder} at {shown}. Stop it with Ctrl+C")
        page = here.page() if here.page is not None else None
        with listening:
            serving.run(
                service, listening, lambda: here.say("\n".join(lines)), asked.proxy or "", page
            )
    return Done(("stopped; what was acknowledged is kept",), {"url": shown})


def _shelf(kept: places.Served) -> Shelf:
    """Where sessions at the page lie: with the tokens, so that they hold at every server."""
    from snapbook.registry import shelves

    if kept.database is None:
        return shelves.FolderShelf(kept.folder / "sessions")
    return shelves.DatabaseShelf(kept.database)


def drawer(kept: places.Served) -> Drawer | None:
    """Where its key lies, if not in its folder: in the database that servers share."""
    from snapbook.registry.identity import DatabaseDrawer

    return None if kept.database is None else DatabaseDrawer(kept.database)


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


def words(asked: Asked, what: str, count: int, *, more: bool = False) -> list[str]:
    """What was given beside the act, ``count`` words of it. Raises Usage that says ``what``."""
    given: list[str] = asked.words
    if len(given) < count or (len(given) > count and not more):
        raise Usage(
            f"registry {asked.act} needs {what}", act="How", hint=Hint("help", ("registry",))
        )
    return given


@contextmanager
def parts(here: Here, asked: Asked) -> Iterator[places.Served]:
    """The parts of the registry that the user keeps, by its folder or its database and store."""
    database, store = asked.database or "", asked.store or ""
    folder = folder_of(here, asked) if store else existing(here, asked)
    with closing(places.served(folder, database, store)) as kept:
        yield kept


def folder_of(here: Here, asked: Asked) -> Path:
    """The folder that the user means, whatever is in it."""
    return (here.folder / (asked.folder or _FOLDER)).resolve()


def existing(here: Here, asked: Asked) -> Path:
    """The folder of the registry that the user keeps. Raises Usage where there is none."""
    folder = folder_of(here, asked)
    if not places.Place(folder, folder).exists:
        raise Usage(
            f"There is no registry in {folder.name}",
            act="Name its folder with --folder, or start one",
            hint=Hint("registry", ("serve",)),
        )
    return folder


def _port(text: str | None) -> int:
    if text is None:
        return 8844
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise BadOption(f"--port cannot be {text}", act="It takes 0 to 65535; 0 finds a free one")
    return int(text)


def _limits(asked: Asked) -> Limits:
    """The most that may be asked of it, and kept in it."""
    from snapbook.registry import quotas
    from snapbook.registry.service import Limits

    kept = tuple(quotas.parse(text) for text in asked.quota)
    rate = _number("--rate", asked.rate, 1000, "requests a second")
    patience_s = _number("--patience", asked.patience, 30, "seconds")
    return Limits(requests_per_s=rate, quotas=kept, patience_s=patience_s)


def _number(option: str, text: str | None, otherwise: float, what: str) -> float:
    if text is None:
        return otherwise
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise BadOption(f"{option} cannot be {text}", act=f"It takes {what}; 0 for any")
    return number
