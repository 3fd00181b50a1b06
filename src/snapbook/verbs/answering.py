"""serve: a version answers requests, whether it lies here, in a registry, or in a bundle."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from snapbook.errors import Usage
from snapbook.serve import start
from snapbook.verbs.here import Here, release
from snapbook.verbs.opening import opened
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked


def serve(here: Here, asked: Asked) -> Done:
    """Answer until interrupted."""
    if here.face != "cli":
        words = ["snapbook", "serve", *([asked.ref] if asked.ref else [])]
        raise Usage("A model is served from a shell", act="There", hint=shlex.join(words))
    if asked.follow:
        from snapbook.verbs.following import follow

        return follow(here, asked)
    wanted = start.serving(asked)
    found = opened(here, asked.ref, "serve")
    model = found.model(asked.trust)
    url = start.answer(found.bundle, model, wanted, release() or "unknown", here.say)
    return Done((f"stopped serving {found.bundle.ref}",), {"url": url, "ref": found.bundle.ref})
