"""POST verbs/NAME and POST cancel: any verb of the table that needs no kernel.

A verb gets what a command line would give it, except paths: those stay inside the server's root.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.data import plain
from snapbook.display.text import text
from snapbook.errors import BadOption, Usage
from snapbook.server import paths
from snapbook.server.asking import Asking
from snapbook.server.handler import Route
from snapbook.verbs import find, run
from snapbook.verbs.here import Here
from snapbook.verbs.table import Argument, Verb
from snapbook.verbs.values import Done


class VerbRoute(Route):
    """One verb, run in the server."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Run it and answer when it is done; a ``task`` tells its progress meanwhile."""
        await self.tell(act, acting=True, verb=name)


class CancelRoute(Route):
    """The way to stop a verb."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Stop the ``task`` at its next step."""
        await self.tell(cancel)


def act(asking: Asking) -> dict[str, Any]:
    """Run the verb that is asked for: its value as JSON, its lines, its exit code."""
    verb = find(asking.needed("verb"))
    if verb.place != "anywhere":
        raise Usage(f"{verb.name} needs the notebook's kernel", kind="needs-kernel")
    spot = asking.spot()
    args, options = _given(verb, asking.values, spot)
    asked = verb.ask(args, options)
    with (
        asking.service.tasks.running(asking.text("task")) as progress,
        Here(spot.folder, face="server", progress=progress) as here,
    ):
        progress(verb.name, 0, 0)
        value = run(here, asked)
        told = {"value": plain(value), "lines": text(value)}
    return {**told, "exit_code": value.exit_code if isinstance(value, Done) else 0}


def cancel(asking: Asking) -> dict[str, Any]:
    """Stop a task."""
    asking.service.tasks.cancel(asking.needed("task"))
    return {}


def _given(
    verb: Verb, values: Mapping[str, Any], spot: paths.Spot
) -> tuple[list[object], dict[str, object]]:
    """Positionals and options, each of the type that its argument takes. Raises BadOption."""
    args, options = values.get("args") or [], values.get("options") or {}
    if not _texts(args):
        raise BadOption("args is no list of texts")
    if not isinstance(options, dict):
        raise BadOption("options is no table")
    known = {argument.dest: argument for argument in verb.arguments}
    places = [argument for argument in verb.arguments if not argument.names[0].startswith("-")]
    for place in places:
        if place.complete == "path" and args:
            raise BadOption(f"{verb.name} takes no paths here")
    given: dict[str, object] = {}
    for name, value in options.items():
        plain_name = name.removeprefix("--").replace("-", "_")
        argument = known.get(plain_name)
        if argument is None:
            raise BadOption(f"{verb.name} has no option {name[:40]}")
        given[plain_name] = _typed(argument, value, spot)
    return list(args), given


def _typed(argument: Argument, value: object, spot: paths.Spot) -> object:
    shown = max(argument.names, key=len)
    if argument.many == "flag":
        if not isinstance(value, bool):
            raise BadOption(f"{shown} is true or false")
        return value
    if isinstance(argument.empty, list):
        if not isinstance(value, list) or not _texts(value):
            raise BadOption(f"{shown} takes a list of texts")
        return [_inside(argument, item, spot) for item in value]
    if value is None or isinstance(value, str):
        return _inside(argument, value, spot) if value else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise BadOption(f"{shown} takes a text")


def _inside(argument: Argument, text: str, spot: paths.Spot) -> str:
    """A path of a verb begins at the notebook's folder and stays in the root; others are text. A
    word with the ending of a file is a path where the argument takes files too.
    """
    path = argument.complete == "path" or (argument.ending and text.endswith(argument.ending))
    return str(spot.inside(text)) if path else text


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
