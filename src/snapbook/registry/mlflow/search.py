"""MLflow's searches: what meets a filter, in an order, page by page, over values read already.

A page begins after the last item of the one before, by its values: what is made or deleted
meanwhile shifts nothing.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from snapbook import canonical
from snapbook.errors import Usage
from snapbook.registry.mlflow.call import Call
from snapbook.registry.mlflow.filters import Clause, Value, bad, identifier, parse

T = TypeVar("T")


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


def _order(word: str, orders: Mapping[str, type]) -> tuple[str, bool]:
    name, _, way = word.strip().partition(" ")
    _, key = identifier(name)
    if key not in orders or way.strip().upper() not in ("", "ASC", "DESC"):
        raise bad(f"order_by is one of {', '.join(orders)}, with ASC or DESC")
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
