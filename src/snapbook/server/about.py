"""GET about: which server part this is, and the verbs that it knows."""

from __future__ import annotations

import platform
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.server.asking import Asking
from snapbook.server.handler import Route
from snapbook.verbs import VERBS
from snapbook.verbs.here import release
from snapbook.verbs.table import Argument, Verb

API = 1


class AboutRoute(Route):
    """What a panel asks first."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The server part's version, the user, and the table of verbs."""
        user = self.current_user
        name = str(getattr(user, "display_name", "") or getattr(user, "username", ""))
        await self.tell(lambda asking: about(asking, name))


def about(asking: Asking, user: str) -> dict[str, Any]:
    """The server part in one object."""
    return {
        "version": release(),
        "api": API,
        "project_root": asking.root.name,
        "user": user,
        "host": platform.node(),
        # A panel has no terminal.
        "verbs": [verb_info(verb) for verb in VERBS.values() if verb.place != "shell"],
    }


def verb_info(verb: Verb) -> dict[str, Any]:
    """One verb as the panel shows it."""
    return {
        "name": verb.name,
        "label": verb.label or verb.name,
        "help": verb.help,
        "place": verb.place,
        "on": verb.on,
        "changes": verb.changes,
        "button": verb.button,
        "arguments": [_argument(argument) for argument in verb.arguments],
    }


def _argument(argument: Argument) -> dict[str, Any]:
    positional = not argument.names[0].startswith("-")
    return {
        "name": argument.dest,
        "options": [] if positional else list(argument.names),
        "help": argument.help,
        "many": argument.many,
        "choices": list(argument.choices),
        "metavar": argument.metavar,
        "positional": positional,
        "default": argument.default,
    }
