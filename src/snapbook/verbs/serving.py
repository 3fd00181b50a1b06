"""registry serve: a registry that one keeps himself."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import places
from snapbook.errors import BadOption, Hint, Unreachable, Usage
from snapbook.listening import listen
from snapbook.registry import statement
from snapbook.verbs.here import Here
from snapbook.verbs.replica import Replica
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.registry.service import Limits
    from snapbook.verbs.table import Asked

_FOLDER = "snapbook-registry"


def serve(here: Here, asked: Asked) -> Done:
    """Answer until interrupted. The first start prints the administrator's token, once."""
    if here.face != "cli":
        raise Usage(
            "A registry is served from a shell", act="There", hint="snapbook registry serve"
        )
    from snapbook.registry import serve as serving

    workers = _whole("--workers", asked.workers or "1", 1, 64)
    replica = Replica(
        folder_of(here, asked),
        asked.database or "",
        asked.store or "",
        _limits(asked),
        _sign_in(asked),
        here.page,
    )
    with ExitStack() as open_:
        service = open_.enter_context(replica.opened())
        listening, shown = _listening(asked)
        with listening:
            lines = [
                f"its key is {statement.fingerprint(service.identity.key.public)}",
                f"serving {service.folder} at {shown}. Stop it with Ctrl+C",
            ]
            if made := service.tokens.first():
                lines.insert(0, f"the administrator's token, shown this once: {made}")
            here.say("\n".join(lines))
            if workers == 1:
                serving.run(service, listening, asked.proxy or "", replica.shown())
            else:
                open_.close()  # each process opens the registry for itself
                serving.share(replica, replica.limits, workers, listening, asked.proxy or "")
    return Done(("stopped; what was acknowledged is kept",), {"url": shown})


def _sign_in(asked: Asked) -> tuple[str, str, str] | None:
    """Where the registry's people sign in. Raises BadOption where half of it is named."""
    if not (asked.oidc_issuer or asked.oidc_client):
        return None
    if not (asked.oidc_issuer and asked.oidc_client):
        raise BadOption(
            "A sign-in needs both",
            act="Name --oidc-issuer URL and --oidc-client ID, what the registry is called there",
        )
    return asked.oidc_issuer, asked.oidc_client, asked.oidc_secret or ""


def _listening(asked: Asked) -> tuple[socket.socket, str]:
    """The socket to answer on, and its address for people. Raises BadOption, Unreachable."""
    host, port = asked.host or "127.0.0.1", _whole("--port", asked.port or "8844", 0, 65535)
    try:
        listening = listen(host, port)
    except (OSError, OverflowError) as error:
        raise Unreachable(
            f"Not served: {host}:{port} cannot be listened on", act="Take another --port"
        ) from error
    return listening, f"http://{host}:{listening.getsockname()[1]}"


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


def _whole(option: str, text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdecimal() and least <= int(text[:9]) <= most:
        return int(text)
    free = "; 0 finds a free one" if not least else ""
    raise BadOption(f"{option} cannot be {text}", act=f"It takes {least} to {most}{free}")


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
