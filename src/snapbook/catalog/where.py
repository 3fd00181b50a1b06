"""Search expressions: `accuracy > 0.9 and tag.team = 'risk'` read into a tree.

Knows the grammar and where in the text something is wrong; what a field means to the index is
`catalog.conditions`. The text is a person's: it is never put into SQL.

    or     = and { "or" and }
    and    = not { "and" not }
    not    = "not" not | "(" or ")" | field [ operator value | ["not"] "in" list ]
    list   = "(" value { "," value } ")"
    field  = name { "." name }      a name with other characters stands in quotes: metric."my score"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from snapbook.errors import BadExpression

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~")
_SAME = {"==": "=", "<>": "!="}
_TOKEN = re.compile(
    r"""\s*(?: (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
             | (?P<mark>==|<>|!=|<=|>=|[=<>~(),])
             | (?P<word>[^\s()'",=<>!~]+) )""",
    re.VERBOSE,
)
# SQLite reads conditions up to a size and a depth that these keep well below (sqlite.org/limits).
_LONGEST = 2000
_DEEPEST = 15
_EXAMPLE = "accuracy > 0.9 and tag.team = 'risk'"


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it was written; ``place`` counts characters from 1."""

    text: str
    quoted: bool
    place: int


@dataclass(frozen=True, slots=True)
class Compare:
    """``field operator values``; no operator asks whether the field is there at all."""

    field: tuple[str, ...]
    operator: str
    values: tuple[Value, ...]
    place: int


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    item: Node


@dataclass(frozen=True, slots=True)
class Both:
    """All items where ``word`` is "and", at least one where it is "or"."""

    word: str
    items: tuple[Node, ...]


Node: TypeAlias = "Compare | Not | Both"


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound that every match must keep: ``metric`` above (``highest``) or below something."""

    metric: str
    highest: bool


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. ``now`` is the moment that ages are counted from.

    With ``quiet`` names that no version has match nothing, and are not told from others.
    """

    text: str
    tree: Node
    now: datetime
    quiet: bool = False

    @property
    def demands(self) -> tuple[Node, ...]:
        """What every match must meet."""
        if isinstance(self.tree, Both) and self.tree.word == "and":
            return self.tree.items
        return (self.tree,)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Bounds on metrics that no match can escape: what to name when nothing matches."""
        return tuple(
            Limit(metric, item.operator[0] == ">")
            for item in self.demands
            if isinstance(item, Compare)
            and item.operator in ("<", "<=", ">", ">=")
            and (metric := metric_of(item.field))
        )


# fmt: off
FIELDS = (
    "model", "number", "author", "message", "reason", "bump", "time", "age", "alias", "class",
    "auto", "metric", "param", "tag", "column", "package", "frame", "text",
)
UNITS = {
    "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600,
    "d": 86400, "day": 86400, "w": 604800, "week": 604800, "month": 2629800, "year": 31557600,
}
# fmt: on


def metric_of(field: tuple[str, ...]) -> str:
    """The metric that ``field`` names, or "" if it names something else."""
    if field[0] == "metric":
        return ".".join(field[1:])
    return "" if field[0] in FIELDS else ".".join(field)


def parse(text: str, now: datetime | None = None, *, quiet: bool = False) -> Expression:
    """The expression that ``text`` spells. Raises BadExpression, which names the place."""
    if len(text) > _LONGEST:
        raise bad(text, f"it has more than {_LONGEST} characters")
    parser = _Parser(text)
    tree = parser.either()
    if parser.kind:
        raise parser.unexpected("and, or or the end")
    return Expression(text, tree, now or datetime.now().astimezone(), quiet)


def bad(text: str, why: str) -> BadExpression:
    """``text`` cannot be searched for, because of ``why``."""
    shown = text if len(text) <= 80 else text[:77] + "..."
    return BadExpression(f'"{shown}" cannot be searched for', why, act="Like this", hint=_EXAMPLE)


class _Parser:
    """One token ahead: its ``kind`` ("" at the end), ``token`` and ``place`` from 1."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._end = 0
        self._depth = 0
        self.kind = self.token = ""
        self.place = 1
        self.next()

    def next(self) -> None:
        rest = self.text[self._end :]
        self.place = self._end + len(rest) - len(rest.lstrip()) + 1
        if not rest.strip():
            self.kind = self.token = ""
            return
        match = _TOKEN.match(self.text, self._end)
        if match is None:
            wrong = self.text[self.place - 1]
            if wrong in "'\"":
                raise bad(self.text, f"the quote at character {self.place} is not closed")
            raise bad(self.text, f"{wrong} at character {self.place} means nothing here")
        self._end = match.end()
        self.kind = match.lastgroup or ""
        self.token = match[self.kind]

    def unexpected(self, wanted: str) -> BadExpression:
        found = f"not {self.token}" if self.kind else "not the end"
        return bad(self.text, f"{wanted} belongs at character {self.place}, {found}")

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.token.lower() == word

    def either(self) -> Node:
        return self._chain("or", self._all)

    def _all(self) -> Node:
        return self._chain("and", self._not)

    def _chain(self, word: str, part: Any) -> Node:
        items = [part()]
        while self.is_word(word):
            self.next()
            items.append(part())
        return items[0] if len(items) == 1 else Both(word, tuple(items))

    def _not(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise bad(self.text, f"it is nested deeper than {_DEEPEST} at character {self.place}")
        try:
            if self.is_word("not"):
                self.next()
                return Not(self._not())
            if self.token == "(" and self.kind == "mark":
                self.next()
                inner = self.either()
                self._expect(")")
                return inner
            return self._compare()
        finally:
            self._depth -= 1

    def _compare(self) -> Node:
        place = self.place
        field = self._field()
        if self.kind == "mark" and (operator := _SAME.get(self.token, self.token)) in OPERATORS:
            self.next()
            return Compare(field, operator, (self._value(),), place)
        if self.is_word("not"):
            self.next()
            if not self.is_word("in"):
                raise self.unexpected("in")
            return Not(self._in(field, place))
        if self.is_word("in"):
            return self._in(field, place)
        if self.kind and not self.is_word("and") and not self.is_word("or") and self.token != ")":
            raise self.unexpected("one of " + " ".join(OPERATORS) + " in")
        return Compare(field, "", (), place)

    def _field(self) -> tuple[str, ...]:
        if self.kind != "word" or self.token.lower() in ("and", "or", "in"):
            raise self.unexpected("a name")
        head, dot, rest = self.token.partition(".")
        end = self._end
        self.next()
        if dot and not rest and self.kind == "text" and self.place == end + 1:
            rest = _unquoted(self.token)
            self.next()
        if head.lower() in FIELDS:
            head = head.lower()
            return (head, rest) if dot else (head,)
        return (head + dot + rest,)

    def _in(self, field: tuple[str, ...], place: int) -> Compare:
        self.next()
        self._expect("(")
        values = [self._value()]
        while self.token == "," and self.kind == "mark":
            self.next()
            values.append(self._value())
        self._expect(")")
        return Compare(field, "in", tuple(values), place)

    def _value(self) -> Value:
        place = self.place
        if self.kind == "text":
            value = Value(_unquoted(self.token), True, place)
        elif self.kind == "word" and self.token.lower() not in ("and", "or", "not", "in"):
            value = Value(self.token, False, place)
        else:
            raise self.unexpected("a value")
        self.next()
        if self.kind == "word" and not value.quoted and self.token.lower().rstrip("s") in UNITS:
            value = Value(f"{value.text} {self.token}", False, place)
            self.next()
        return value

    def _expect(self, mark: str) -> None:
        if self.kind != "mark" or self.token != mark:
            raise self.unexpected(mark)
        self.next()


def _unquoted(token: str) -> str:
    quote = token[0]
    return token[1:-1].replace(quote * 2, quote)
