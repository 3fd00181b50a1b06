"""Shell completion, made from the verb table: verbs, options, models, references, paths."""

from __future__ import annotations

import argparse
from typing import Any

from snapbook.errors import SnapbookError
from snapbook.verbs import VERBS
from snapbook.verbs.here import folder_now
from snapbook.verbs.table import Argument


def complete() -> None:
    """Answer the shell that asks (argcomplete's protocol) and end the process."""
    import argcomplete

    argcomplete.autocomplete(parser(), always_complete_options="long")


def parser() -> argparse.ArgumentParser:
    """One parser with every verb as a sub-command, for completion alone."""
    whole = argparse.ArgumentParser(prog="snapbook", add_help=False)
    each = whole.add_subparsers(dest="verb")
    for verb in VERBS.values():
        one = each.add_parser(verb.name, parents=[verb.parser()], add_help=False, help=verb.help)
        kinds = {argument.dest: argument for argument in verb.all}
        for action in one._actions:
            argument = kinds.get(action.dest)
            if argument is not None and argument.choices:
                action.choices = argument.choices
            if argument is not None and argument.complete:
                marked: Any = action  # argcomplete's mark
                marked.completer = _completer(argument)
    return whole


def _completer(argument: Argument) -> Any:
    if argument.complete == "path":
        from argcomplete.completers import FilesCompleter

        return FilesCompleter()
    names = {"ref": references, "model": models, "verb": lambda **_: list(VERBS)}
    return names[argument.complete]


def models(**_: object) -> list[str]:
    """The names of the models here."""
    from snapbook import places

    try:
        with places.find_repository(folder_now()) as repository:
            return list(repository.index.models())
    except SnapbookError:
        return []


def references(**_: object) -> list[str]:
    """The newest 50 versions, and what else a reference may be."""
    from snapbook import places

    try:
        with places.find_repository(folder_now()) as repository:
            names = repository.index.models()
            rows = repository.index.page(limit=50).rows
    except SnapbookError:
        return []
    aliases = [f"{row.model}@{alias}" for row in rows for alias in row.aliases]
    return [*names, *(row.ref for row in rows), *aliases]
