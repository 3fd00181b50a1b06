"""MLflow's filter strings: a list of comparisons joined by AND. Pure.

``name LIKE 'churn%'``, ``version_number > 3``, ``run_id IN ('a', 'b')``,
``tags.`who did` = 'ada'``. What each attribute is compared with goes by its type.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.errors import BadExpression

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


def parse(text: str, attributes: Mapping[str, type]) -> list[Clause]:
    """The comparisons of a filter string. Raises BadExpression."""
    words = _words(text)
    clauses: list[Clause] = []
    at = 0
    while at < len(words):
        if clauses:
            if words[at][1].upper() != "AND":
                raise bad(f"AND belongs before {words[at][1]}")
            at += 1
        if len(clauses) == _MOST_CLAUSES:
            raise bad(f"it has more than {_MOST_CLAUSES} comparisons")
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
            raise bad(f"nobody can read it from {text[at : at + 20]!r} on")
        found.append((word.lastgroup, word[word.lastgroup]))
        at = word.end()
    return found


def _clause(
    words: Sequence[tuple[str, str]], at: int, attributes: Mapping[str, type]
) -> tuple[Clause, int]:
    kind, name = _word(words, at)
    if kind != "name":
        raise bad(f"a name belongs where {name} stands")
    tag, key = identifier(name)
    if not tag and key not in attributes:
        raise bad(f"{key} is none of {', '.join(attributes)} and tags.NAME")
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
            raise bad(f"{key} is compared with a whole number")
        return Clause(tag, key, sign, int(value)), at + 1
    if kind != "text":
        raise bad(f"{key} is compared with a text in quotes")
    return Clause(tag, key, sign, _unquoted(value)), at + 1


def _check_sign(sign: str, tag: bool, kind: type, key: str) -> None:
    allowed = [*_ORDERS] if kind is int else ["=", "!=", "LIKE", "ILIKE"]
    if kind is str and not tag:
        allowed += ["IN", "NOT IN"]
    if sign not in allowed:
        raise bad(f"{key} is compared by {', '.join(allowed)}")


def _listed(words: Sequence[tuple[str, str]], at: int) -> tuple[tuple[str, ...], int]:
    texts: list[str] = []
    if _word(words, at)[1] != "(":
        raise bad("IN wants a list: ('a', 'b')")
    while True:
        kind, value = _word(words, at + 1)
        if kind != "text":
            raise bad("IN wants texts in quotes: ('a', 'b')")
        texts.append(_unquoted(value))
        at += 2
        end = _word(words, at)[1]
        if end == ")":
            return tuple(texts), at + 1
        if end != ",":
            raise bad("IN wants a list: ('a', 'b')")


def _word(words: Sequence[tuple[str, str]], at: int) -> tuple[str, str]:
    if at >= len(words):
        raise bad("it ends too early")
    return words[at]


def identifier(name: str) -> tuple[bool, str]:
    """Whether ``name`` is that of a tag, and the name itself."""
    space, dot, key = name.partition(".")
    if not dot or "`" in space or '"' in space:
        return False, name.strip('`"')
    if space.lower() in ("tag", "tags"):
        return True, key.strip('`"')
    if space.lower() in ("attribute", "attributes"):
        return False, key.strip('`"')
    raise bad(f"{space} is neither attribute nor tags")


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


def bad(why: str) -> BadExpression:
    """The refusal of a filter or an order, with ``why``."""
    return BadExpression("That filter cannot be used", why)
