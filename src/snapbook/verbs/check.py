"""What can be told to be wrong with a save before the cell runs. Words only, no kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapbook import refs
from snapbook.errors import BadName, BadOption

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked


def check_save(asked: Asked) -> None:
    """Raise for a name, number, tag, metric or pair of options that can never be right."""
    if asked.name:
        refs.check_model_name(asked.name)
    if asked.number:
        refs.parse_number(asked.number)
    if asked.store and asked.no_store:
        raise BadOption("--store and --no-store exclude each other", act="Leave one out")
    if asked.model and not asked.model.isidentifier():
        raise BadOption(f"--model {asked.model} is not a variable's name", act="It takes a name")
    for word in asked.metric:
        name, _, direction = word.partition("=")[0].partition(":")
        if direction not in ("", "min", "max"):
            raise BadOption(f"--metric {word}: {direction} is neither min nor max")
        if not name:
            raise BadOption(f"--metric {word} names no metric", act="Like this: --metric accuracy")
    for word in asked.tag:
        try:
            refs.check_tag(word.partition("=")[0])
        except BadName as error:
            raise BadOption(error.what, act=error.act, hint=error.hint) from error
