"""Words become what a verb asks for: argparse that says one sentence and never exits.

The manual is made from the table (manual.py): argparse's layout differs between Pythons.
"""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, NoReturn

from snapbook.errors import Hint, Usage
from snapbook.refs import check_model_name
from snapbook.verbs.table import missing, unknown

if TYPE_CHECKING:
    from snapbook.verbs.table import Argument, Verb


def make(verb: Verb, program: str) -> Parser:
    """The parser of ``verb``; ``program`` stands before it in the help."""
    parser = Parser(verb, program)
    for argument in verb.all:
        _add(parser, argument)
    return parser


class Parser(argparse.ArgumentParser):
    """The words of one verb. Raises our errors; knows what is near an unknown option."""

    def __init__(self, verb: Verb, program: str) -> None:
        super().__init__(
            prog=f"{program} {verb.name}",
            description=verb.help,
            add_help=False,
            allow_abbrev=False,
        )
        self.verb = verb

    def error(self, message: str) -> NoReturn:
        """Raise Usage with argparse's reason in our words."""
        if match := re.search(r"required: \{?(\w+)", message):
            raise missing(self.verb.name, match[1])
        if match := re.search(r"argument (?:-\w/)?([\w-]+): expected", message):
            raise Usage(f"{match[1]} needs a value", act="How", hint=self._help_hint())
        if match := re.search(r"argument (?:-\w/)?([\w-]+): ignored explicit", message):
            raise Usage(f"{match[1]} takes no value", act="How", hint=self._help_hint())
        raise Usage(f"{self.verb.name}: {message}", act="How", hint=self._help_hint())

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's, with a did-you-mean for unknown options. Help stops the checks."""
        words = list(args or ())
        if "-h" in words or "--help" in words:
            blank = argparse.Namespace(**{one.dest: one.empty for one in self.verb.all})
            blank.help = True
            return blank
        known = [text for action in self._actions for text in action.option_strings]
        for word in words[: words.index("--")] if "--" in words else words:
            text = word.partition("=")[0]
            if text.startswith("--") and len(text) > 2 and text not in known:
                raise unknown(text, known)
        options, extra = super().parse_known_args(words, namespace)
        if extra:
            self._left_over(extra, words, known)
        for argument in self.verb.all:
            argument.check(getattr(options, argument.dest))
        return options

    def _left_over(self, extra: list[str], words: list[str], known: list[str]) -> NoReturn:
        wrong = extra[0]
        if wrong.startswith("-") and len(wrong) > 1:
            raise unknown(wrong.partition("=")[0], known)
        first = self.verb.arguments[0] if self.verb.arguments else None
        if first is not None and first.complete == "model" and words[0] != wrong:
            # Words that were not quoted: together they are meant as a name, and are none.
            check_model_name(" ".join([words[0], *extra]))
        raise Usage(
            f'{self.verb.name} does not know what to do with "{wrong}"',
            act="How",
            hint=self._help_hint(),
        )

    def _help_hint(self) -> Hint:
        return Hint("help", (self.verb.name,))


def _add(parser: argparse.ArgumentParser, argument: Argument) -> None:
    named: dict[str, Any] = {"help": argument.help.replace("%", "%%"), "default": argument.empty}
    if argument.names[0].startswith("-"):
        named["dest"] = argument.dest
    if argument.many == "flag":
        parser.add_argument(
            *argument.names, action="store_true", help=named["help"], dest=argument.dest
        )
        return
    if argument.metavar or argument.choices:
        named["metavar"] = argument.metavar or "{" + ",".join(argument.choices) + "}"
    if argument.many == "append":
        named["action"] = "append"
    elif argument.many:
        named["nargs"] = argument.many
        if argument.many == "+" and argument.names[0].startswith("-"):
            named["action"] = "extend"
    parser.add_argument(*argument.names, **named)
