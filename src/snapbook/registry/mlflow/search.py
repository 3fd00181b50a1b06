"""MLflow's filter strings, orders and pages, over values that were read already.

The grammar is a list of comparisons joined by AND: ``name LIKE 'churn%'``, ``version_number > 3``,
``run_id IN ('a', 'b')``, ``tags.`who did` = 'ada'``. A page begins after the last item of the one
before, by its values: what is made or deleted meanwhile shifts nothing.
"""

from __future__ import annotations

import base64
import functools
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from snapbook import canonical
from snapbook.errors import BadExpression, Usage
from snapbook.registry.mlflow.call import Call

T = TypeVar("T")
Value = str | int
_MOST_CLAUSES = 100
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<name>(?:[A-Za-z_]+\.)?(?:`[^`]*`|"[^"]*"|[A-Za-z_][\w./:-]*))
      | (?P<number>-?[0-9]{1,18}(?:\.[0-9]{1,18})?)
      | (?P<sign>!=|<=|>=|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_PROMPT = "mlflow.prompt.is_prompt"  # models have no such tag, and its client asks for that


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison: of an attribute, or of a tag."""

    tag: bool
    key: str
    sign: str
    value: Value | tuple[str, ...]

    def holds(self, values: Mapping[str, Value], tags: Mapping[str, str]) -> bool:
        """Whether it is true of one item; of a tag that it has not, nothing is."""
        found: Any = tags.get(self.key) if self.tag else values.get(self.key)
        if self.tag and self.key == _PROMPT and found is None:
            return (self.sign, self.value) in {("=", "false"), ("!=", "true")}
        if found is None:
            return False
        if isinstance(self.value, tuple):
            return (found in self.value) == (self.sign == "IN")
        if self.sign in ("LIKE", "ILIKE"):
            return bool(_like(str(self.value), self.sign == "ILIKE").fullmatch(str(found)))
        return _ORDERS[self.sign](found, self.value)


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """Something that is searched: its attributes, its tags, and itself."""

    values: Mapping[str, Value]
    tags: Mapping[str, str]
    self: T


@dataclass(frozen=True, slots=True)
class Search:
    """A filter, an order with (attribute, ascending), and the values to go on after."""

    clauses: Sequence[Clause]
    order: Sequence[tuple[str, bool]]
    stamp: str
    after: Sequence[Value] | None

    @property
    def tags(self) -> frozenset[str]:
        """The tags that it asks for."""
        return frozenset(clause.key for clause in self.clauses if clause.tag)

    def equal(self, key: str) -> str:
        """The one text that the attribute ``key`` must be, "" where it may be others."""
        wanted = [c.value for c in self.clauses if not c.tag and (c.key, c.sign) == (key, "=")]
        return str(wanted[0]) if wanted else ""

    def page(self, items: Sequence[Item[T]], limit: int) -> tuple[list[T], str]:
        """At most ``limit`` of ``items`` in order, and the token of the next page or ""."""
        if not limit:
            raise Usage("max_results is at least 1", kind="argument")
        meeting = [
            (self._key(item.values), item)
            for item in items
            if all(clause.holds(item.values, item.tags) for clause in self.clauses)
        ]
        after = self.after
        if after is not None:
            meeting = [pair for pair in meeting if self._compare(pair[0], after) > 0]
        compared = functools.cmp_to_key(self._compare)
        meeting.sort(key=lambda pair: compared(pair[0]))
        token = ""
        if len(meeting) > limit:
            said = json.dumps([self.stamp, list(meeting[limit - 1][0])]).encode()
            token = base64.urlsafe_b64encode(said).decode()
        return [item.self for _, item in meeting[:limit]], token

    def _key(self, values: Mapping[str, Value]) -> Sequence[Value]:
        return [values[name] for name, _ in self.order]

    def _compare(self, one: Sequence[Any], other: Sequence[Any]) -> int:
        for left, right, (_, ascending) in zip(one, other, self.order, strict=True):
            if left != right:
                return 1 if (left > right) == ascending else -1
        return 0


def asked(
    call: Call,
    filters: Mapping[str, type],
    orders: Mapping[str, type],
    default: Sequence[str],
    ties: Sequence[str],
) -> Search:
    """The search that ``call`` asks for: "filter", "order_by", "page_token".

    ``filters`` and ``orders`` name the attributes that may be asked for, and their types;
    ``default`` is the order where none is given, ``ties`` what is added to any.
    """
    text = call.text("filter", empty=True)
    wanted = call.texts("order_by")
    order: dict[str, bool] = {}
    for word in [*(wanted or default), *ties]:
        name, ascending = _order(word, orders)
        order.setdefault(name, ascending)
    stamp = canonical.digest(canonical.encode([text, *wanted]))[:16]
    after = _after(call.text("page_token", empty=True), stamp, [orders[name] for name in order])
    return Search(parse(text, filters), list(order.items()), stamp, after)


def parse(text: str, attributes: Mapping[str, type]) -> list[Clause]:
    """The comparisons of a filter string. Raises BadExpression."""
    words = _words(text)
    clauses: list[Clause] = []
    at = 0
    while at < len(words):
        if clauses:
            if words[at][1].upper() != "AND":
                raise _bad(f"AND belongs before {words[at][1]}")
            at += 1
        if len(clauses) == _MOST_CLAUSES:
            raise _bad(f"it has more than {_MOST_CLAUSES} comparisons")
        clause, at = _clause(words, at, attributes)
        clauses.append(clause)
    return clauses


def _words(text: str) -> list[tuple[str, str]]:
    """The words of a filter string: what each is, and its text."""
    found: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        word = _TOKEN.match(text, at, end)
        if word is None or word.lastgroup is None:
            raise _bad(f"nobody can read it from {text[at : at + 20]!r} on")
        found.append((word.lastgroup, word[word.lastgroup]))
        at = word.end()
    return found


def _clause(
    words: Sequence[tuple[str, str]], at: int, attributes: Mapping[str, type]
) -> tuple[Clause, int]:
    kind, name = _word(words, at)
    if kind != "name":
        raise _bad(f"a name belongs where {name} stands")
    tag, key = _identifier(name)
    if not tag and key not in attributes:
        raise _bad(f"{key} is none of {', '.join(attributes)} and tags.NAME")
    sign = _word(words, at + 1)[1].upper()
    at += 2
    if sign == "NOT" and _word(words, at)[1].upper() == "IN":
        sign, at = "NOT IN", at + 1
    kind_of = str if tag else attributes[key]
    _check_sign(sign, tag, kind_of, key)
    if sign in ("IN", "NOT IN"):
        texts, at = _listed(words, at)
        return Clause(tag, key, sign, texts), at
    kind, value = _word(words, at)
    if kind_of is int:
        if kind != "number" or "." in value:
            raise _bad(f"{key} is compared with a whole number")
        return Clause(tag, key, sign, int(value)), at + 1
    if kind != "text":
        raise _bad(f"{key} is compared with a text in quotes")
    return Clause(tag, key, sign, _unquoted(value)), at + 1


def _check_sign(sign: str, tag: bool, kind: type, key: str) -> None:
    allowed = [*_ORDERS] if kind is int else ["=", "!=", "LIKE", "ILIKE"]
    if kind is str and not tag:
        allowed += ["IN", "NOT IN"]
    if sign not in allowed:
        raise _bad(f"{key} is compared by {', '.join(allowed)}")


def _listed(words: Sequence[tuple[str, str]], at: int) -> tuple[tuple[str, ...], int]:
    texts: list[str] = []
    if _word(words, at)[1] != "(":
        raise _bad("IN wants a list: ('a', 'b')")
    while True:
        kind, value = _word(words, at + 1)
        if kind != "text":
            raise _bad("IN wants texts in quotes: ('a', 'b')")
        texts.append(_unquoted(value))
        at += 2
        end = _word(words, at)[1]
        if end == ")":
            return tuple(texts), at + 1
        if end != ",":
            raise _bad("IN wants a list: ('a', 'b')")


def _word(words: Sequence[tuple[str, str]], at: int) -> tuple[str, str]:
    if at >= len(words):
        raise _bad("it ends too early")
    return words[at]


def _identifier(name: str) -> tuple[bool, str]:
    """Whether ``name`` is that of a tag, and the name itself."""
    space, dot, key = name.partition(".")
    if not dot or "`" in space or '"' in space:
        return False, name.strip('`"')
    if space.lower() in ("tag", "tags"):
        return True, key.strip('`"')
    if space.lower() in ("attribute", "attributes"):
        return False, key.strip('`"')
    raise _bad(f"{space} is neither attribute nor tags")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


@functools.lru_cache(maxsize=64)
def _like(pattern: str, any_case: bool) -> re.Pattern[str]:
    """SQL's LIKE: % is any text, _ any character.

    Every piece between two % is taken where it is found first and never again (an atomic group), so
    no pattern takes longer than its length times the text's.
    """
    first, *rest = (
        "".join("." if c == "_" else re.escape(c) for c in p) for p in pattern.split("%")
    )
    source = first
    if rest:
        *middle, last = rest
        source += "".join(f"(?>.*?{piece})" for piece in middle if piece) + f".*{last}"
    return re.compile(source, re.DOTALL | (re.IGNORECASE if any_case else 0))


def _order(word: str, orders: Mapping[str, type]) -> tuple[str, bool]:
    name, _, way = word.strip().partition(" ")
    _, key = _identifier(name)
    if key not in orders or way.strip().upper() not in ("", "ASC", "DESC"):
        raise _bad(f"order_by is one of {', '.join(orders)}, with ASC or DESC")
    return key, way.strip().upper() != "DESC"


def _after(token: str, stamp: str, kinds: Sequence[type]) -> list[Value] | None:
    if not token:
        return None
    try:
        found, values = json.loads(base64.urlsafe_b64decode(token.encode()))
        sound = [type(value) for value in values] == list(kinds) and found == stamp
    except (ValueError, TypeError, RecursionError) as error:
        raise _no_token() from error
    if not sound:
        raise _no_token()
    after: list[Value] = values
    return after


def _no_token() -> Usage:
    return Usage("page_token is not one that was given for this search", kind="argument")


def _bad(why: str) -> BadExpression:
    return BadExpression("That filter cannot be used", why)
