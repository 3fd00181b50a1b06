"""registry webhook: where the events of a registry that one keeps himself are sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from snapbook import events, places
from snapbook.errors import Hint, Usage
from snapbook.verbs import serving
from snapbook.verbs.here import Here
from snapbook.verbs.replica import drawer
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.registry.hooks import Hooks
    from snapbook.verbs.table import Asked


def webhook(here: Here, asked: Asked) -> Done:
    """List webhooks, add one, or remove one."""
    act, *rest = asked.words or ["list"]
    if act == "list" and not rest:
        return _list(here, asked)
    if act not in ("add", "remove") or len(rest) != 1:
        raise Usage(
            "registry webhook takes add URL, or remove ID", act="How",
            hint=Hint("help", ("registry",)),
        )  # fmt: skip
    return (_add if act == "add" else _remove)(here, asked, rest[0])


def _list(here: Here, asked: Asked) -> Done:
    with _kept(here, asked) as (hooks, head):
        found = [(hook, hooks.place(hook)) for hook in hooks.all()]
    lines = [
        f"{hook.id}  {hook.url}  {hook.model}  {_behind(head - place.n)}" for hook, place in found
    ]
    return Done(
        tuple(lines) or ("no webhooks yet: snapbook registry webhook add URL",),
        {"webhooks": [
            {"id": hook.id, "url": hook.url, "model": hook.model, "private": hook.private,
             "told": place.n, "head": head}
            for hook, place in found
        ]},
    )  # fmt: skip


def _add(here: Here, asked: Asked, url: str) -> Done:
    with _kept(here, asked) as (hooks, head):
        made = events.time_text(datetime.now(UTC))
        hook = hooks.add(url, asked.model or "", head, made, private=asked.private)
    return Done(
        (
            f"webhook {hook.id}: events about {'all models' if hook.model == '*' else hook.model}"
            f" go to {hook.url} from now on",
            f"they are signed with this secret, shown this once: {hook.secret}",
        ),
        {"id": hook.id, "url": hook.url, "model": hook.model, "secret": hook.secret},
    )


def _remove(here: Here, asked: Asked, id_: str) -> Done:
    with _kept(here, asked) as (hooks, _):
        gone = hooks.remove(id_)
    return Done((f"nothing more is sent to {gone.url}",), {"id": gone.id})


@contextmanager
def _kept(here: Here, asked: Asked) -> Iterator[tuple[Hooks, int]]:
    """The webhooks of the registry that the user means, and the place of its newest event."""
    from snapbook.registry.hooks import Hooks
    from snapbook.registry.identity import FolderDrawer

    folder = serving.folder_of(here, asked) if asked.store else serving.existing(here, asked)
    with closing(places.served(folder, asked.database or "", asked.store or "")) as kept:
        with kept.open() as repository:
            head = repository.catalog.head().n
        yield Hooks(drawer(kept) or FolderDrawer(kept.folder)), head


def _behind(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'} behind" if count > 0 else "told of all"
