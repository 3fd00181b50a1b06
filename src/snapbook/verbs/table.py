"""What a verb is: its name, its arguments, its help, what it calls. Every face is made from this.

Holds the one parser: the notebook's magics, the command line and Python calls all turn into the same
`Asked`. Knows nothing of any single verb (verbs/*.py) and prints nothing.
"""

from __future__ import annotations

import argparse
import difflib
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from snapbook.errors import BadOption, Hint, Usage, nearest

if TYPE_CHECKING:
    from snapbook.verbs.here import Here

Run = Callable[["Here", Any], object]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a verb.

    ``names`` is one word for a positional, else option strings ("-m", "--message"). ``many`` is ""
    (one value), "?" (perhaps one), "*" (any), "+" (at least one), "append" (the option repeats),
    "flag" (no value), "rest" (all words, options too). ``complete`` says what completes it: ref, model, path, verb or "".
    """

    names: tuple[str, ...]
    help: str
    many: str = ""
    choices: tuple[str, ...] = ()
    metavar: str = ""
    complete: str = ""
    default: Any = None

    @property
    def dest(self) -> str:
        """The name of the value: the longest option without its dashes."""
        return max(self.names, key=len).lstrip("-").replace("-", "_")


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb. ``magic`` are further magics that answer to it; ``aliases`` further verb names."""

    name: str
    help: str
    run: Run
    arguments: tuple[Argument, ...] = ()
    magic: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kernel: bool = False  # whether it means something only where a kernel runs
    examples: tuple[str, ...] = ()

    def parse(self, words: Sequence[str]) -> Asked:
        """What ``words`` ask for. Raises Usage errors with one sentence."""
        options = self.parser().parse_args(list(words))
        return Asked(
            self, {argument.dest: getattr(options, argument.dest) for argument in self.all}
        )

    def ask(self, args: Sequence[object], named: Mapping[str, object]) -> Asked:
        """What a Python call asks for: positionals in order, options by name."""
        values = {argument.dest: _empty(argument) for argument in self.all}
        places = [a for a in self.all if not a.names[0].startswith("-")]
        rest = list(args)
        for place in places:
            if place.many in ("*", "+", "rest"):
                values[place.dest] = [str(item) for item in rest]
                rest = []
            elif rest:
                values[place.dest] = str(rest.pop(0))
            elif place.many != "?" and place.dest not in named:
                raise Usage(f"{self.name} needs {place.dest}", hint=Hint("help", (self.name,)))
        if rest:
            raise Usage(f"{self.name} takes {len(places)} arguments, {len(args)} were given")
        for name, value in named.items():
            if name not in values:
                raise _unknown(f"{name}=", [f"{known}=" for known in values])
            values[name] = value
        return Asked(self, values)

    @property
    def all(self) -> tuple[Argument, ...]:
        """Its own arguments and those that every verb takes."""
        return (*self.arguments, *COMMON)

    def parser(self, program: str = "snapbook") -> argparse.ArgumentParser:
        """The parser of its words, also used for help and completion."""
        parser = Parser(
            prog=f"{program} {self.name}",
            description=self.help,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=False,
            allow_abbrev=False,
            epilog="\n".join(f"  {example}" for example in self.examples) or None,
        )
        for argument in self.all:
            _add(parser, argument)
        return parser


@dataclass(frozen=True, slots=True)
class Asked:
    """A verb with the values of its arguments, whichever face they came from."""

    verb: Verb
    values: Mapping[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None


COMMON = (
    Argument(("--json",), "print one JSON value, for programs", "flag"),
    Argument(("--debug",), "show the traceback with an error", "flag"),
    Argument(("-h", "--help"), "show this help", "flag"),
)


class Parser(argparse.ArgumentParser):
    """argparse that raises our errors, one sentence each, and never exits."""

    def error(self, message: str) -> NoReturn:
        """Raise Usage with argparse's own reason."""
        verb = self.prog.split()[-1]
        raise Usage(f"{verb}: {message}", hint=Hint("help", (verb,)))

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's, with a did-you-mean for unknown options. Help stops the checks."""
        words = list(args or ())
        if "-h" in words or "--help" in words:
            blank = argparse.Namespace()
            for action in self._actions:
                setattr(blank, action.dest, [] if action.nargs in ("*", "+") else action.default)
            blank.help = True
            return blank
        known = [text for action in self._actions for text in action.option_strings]
        for word in words[: words.index("--")] if "--" in words else words:
            text = word.partition("=")[0]
            if text.startswith("--") and len(text) > 2 and text not in known:
                raise _unknown(text, known)
        options, extra = super().parse_known_args(words, namespace)
        if extra:
            wrong = extra[0]
            if wrong.startswith("-"):
                raise _unknown(wrong.partition("=")[0], known)
            raise Usage(
                f'{self.prog.split()[-1]} does not know what to do with "{wrong}"',
                hint=Hint("help", (self.prog.split()[-1],)),
            )
        return options


def split(line: str) -> list[str]:
    """A magic's line as words, quoted as in a shell. Raises Usage for an open quote."""
    try:
        return shlex.split(line, posix=True)
    except ValueError:
        raise Usage("A quote is not closed", act=f"The line was: {line.strip()[:80]}") from None


def _unknown(option: str, known: Sequence[str]) -> BadOption:
    near = nearest(option, list(known)) or difflib.get_close_matches(option, known, 1, 0.75)
    return BadOption(f"Unknown option {option}" + (f" (did you mean {near[0]}?)" if near else ""))


def _add(parser: argparse.ArgumentParser, argument: Argument) -> None:
    named: dict[str, Any] = {"help": argument.help.replace("%", "%%")}
    if argument.names[0].startswith("-"):
        named["dest"] = argument.dest
    if argument.metavar:
        named["metavar"] = argument.metavar
    if argument.many == "flag":
        parser.add_argument(*argument.names, action="store_true", **named)
        return
    if argument.many == "append":
        named["action"] = "append"
    elif argument.many == "rest":
        named["nargs"] = argparse.REMAINDER
    elif argument.many:
        named["nargs"] = argument.many
        if argument.many == "+" and argument.names[0].startswith("-"):
            named["action"] = "extend"
    if argument.choices:
        named["choices"] = argument.choices
    named["default"] = _empty(argument)
    parser.add_argument(*argument.names, **named)


def _empty(argument: Argument) -> Any:
    if argument.many == "flag":
        return False
    if argument.many in ("*", "+", "append", "rest"):
        return []
    return argument.default
