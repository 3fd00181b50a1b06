"""What a verb is: its name, its arguments, its help, what it calls. Every face is made from this.

Holds the shape of a verb; words become an `Asked` in parser.py, whichever face they come from.
Knows nothing of any single verb (every.py, and the files that do the work) and prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from snapbook.errors import BadOption, Hint, Usage, nearest

if TYPE_CHECKING:
    import argparse

    from snapbook.verbs.here import Here

Run = Callable[["Here", Any], object]

# Verbs that no kernel runs: they last as long as a server does, or as a file is long.
FROM_A_SHELL = frozenset({"serve", "predict"})


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a verb.

    ``names`` is one word for a positional, else option strings ("-m", "--message"). ``many`` is ""
    (one value), "?" (perhaps one), "*" (any), "+" (at least one), "append" (the option repeats),
    "flag" (no value). ``choices`` are the words it takes, if not all; those in ``placed`` may go on
    as an address ("oci://HOST/NAME"), and what has that ``ending`` is a file. ``complete`` says
    what completes it: ref, model, path, verb or "".
    """

    names: tuple[str, ...]
    help: str
    many: str = ""
    choices: tuple[str, ...] = ()
    metavar: str = ""
    complete: str = ""
    default: Any = None
    placed: tuple[str, ...] = ()
    ending: str = ""

    @property
    def dest(self) -> str:
        """The name of the value: the longest option without its dashes."""
        return max(self.names, key=len).lstrip("-").replace("-", "_")

    @property
    def empty(self) -> Any:
        """Its value where it was not given."""
        if self.many == "flag":
            return False
        return [] if self.many in ("*", "+", "append") else self.default

    @property
    def _taken(self) -> str:
        *most, last = self.choices
        return f"{', '.join(most)} or {last}" if most else last

    def check(self, value: object) -> None:
        """Raise BadOption for a word that is none of its choices."""
        words = value if isinstance(value, list) else [value]
        for word in words if self.choices else ():
            head, address, _ = str(word).partition("://")
            if address and head in self.placed:
                continue
            if self.ending and str(word).endswith(self.ending):
                continue
            if word is not None and word not in self.choices:
                raise BadOption(
                    f"{max(self.names, key=len)} cannot be {word}", act=f"It takes {self._taken}"
                )


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb. ``magic`` are further magics that answer to it; ``aliases`` further verb names.

    ``check`` raises for values that can be told to be wrong before anything runs. For faces with
    buttons: ``label`` is what it is called there (with "…" where it asks for more first), ``place``
    "kernel" where it is nothing without one, "shell" where it asks on a terminal, ``on`` what it is
    about (version, model, repository, session, "" for none of them), ``changes`` whether it leaves
    anything other than it was, and ``button`` the act to be confirmed, in its own words, "" where
    no question is needed; arguments in braces stand for what they were given: "Push {ref}".
    """

    name: str
    help: str
    run: Run
    arguments: tuple[Argument, ...] = ()
    magic: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    check: Callable[[Asked], None] = lambda _: None
    label: str = ""
    place: str = "anywhere"
    on: str = ""
    changes: bool = False
    button: str = ""

    @property
    def all(self) -> tuple[Argument, ...]:
        """Its own arguments and those that every verb takes."""
        return (*self.arguments, *COMMON)

    def parser(self, program: str = "snapbook") -> argparse.ArgumentParser:
        """The parser of its words, also used for help and completion."""
        from snapbook.verbs.parser import make

        return make(self, program)

    def parse(self, words: Sequence[str]) -> Asked:
        """What ``words`` ask for. Raises Usage errors with one sentence."""
        options = self.parser().parse_args(list(words))
        return self._asked({a.dest: getattr(options, a.dest) for a in self.all})

    def ask(self, args: Sequence[object], named: Mapping[str, object]) -> Asked:
        """What a Python call asks for: positionals in order, options by name."""
        values = {argument.dest: argument.empty for argument in self.all}
        places = [a for a in self.all if not a.names[0].startswith("-")]
        rest = list(args)
        for place in places:
            if place.many in ("*", "+"):
                values[place.dest] = [str(item) for item in rest]
                rest = []
            elif rest:
                values[place.dest] = str(rest.pop(0))
            elif place.many != "?" and place.dest not in named:
                raise missing(self.name, place.dest)
        if rest:
            most = f"{len(places)} argument{'' if len(places) == 1 else 's'}"
            raise Usage(f"{self.name} takes {most}, {len(args)} were given")
        kinds = {argument.dest: argument for argument in self.all}
        for name, value in named.items():
            plain = name.removesuffix("_")  # as_="m", since `as` is a word of Python
            if plain not in values:
                raise unknown(f"{name}=", [f"{known}=" for known in values])
            several = isinstance(values[plain], list) and isinstance(value, str)
            values[plain] = [value] if several else value
            kinds[plain].check(values[plain])
        return self._asked(values)

    def _asked(self, values: Mapping[str, Any]) -> Asked:
        asked = Asked(self, values)
        if not asked.help:
            self.check(asked)
        return asked


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
_NOUNS = {
    "ref": "a reference",
    "model_name": "a model",
    "alias": "an alias",
    "to": "a new name",
    "state": "on or off",
}


def missing(verb: str, dest: str) -> Usage:
    """The error for an argument that was left out."""
    return Usage(
        f"{verb} needs {_NOUNS.get(dest, dest)}",
        act="How",
        hint=Hint("help", (verb,)),
        kind="missing-ref" if dest == "ref" else "missing",
    )


def unknown(option: str, known: Sequence[str]) -> BadOption:
    """The error for an option that is not there, with what is near."""
    import difflib

    near = nearest(option, list(known)) or difflib.get_close_matches(option, known, 1, 0.75)
    return BadOption(f"Unknown option {option}" + (f" (did you mean {near[0]}?)" if near else ""))


def split(line: str) -> list[str]:
    """A magic's line as words, quoted as in a shell. Raises Usage for an open quote."""
    import shlex

    try:
        return shlex.split(line, posix=True)
    except ValueError:
        raise Usage("A quote is not closed", act=f"The line was: {line.strip()[:80]}") from None
