"""What a list is narrowed by: the words of the search box and the panel's menus, as one expression.

Menus never go through the grammar of expressions: what they name is a value, whatever it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from snapbook.catalog import where as expressions
from snapbook.catalog.where import Both, Compare, Expression, Node, Value
from snapbook.display.views.asking import Question
from snapbook.errors import BadName
from snapbook.refs import check_model_name
from snapbook.repository import Repository


@dataclass(frozen=True, slots=True)
class Filter:
    """One model or all (None), an expression or none, and words to find in texts."""

    model: str | None
    where: Expression | None
    text: str


def read_filter(asking: Question, repository: Repository) -> Filter | None:
    """What is asked for; None where nothing can match. Raises BadExpression, NotFound."""
    model = asking.text("model")
    if model:
        try:
            model = repository.known_model(check_model_name(model))
        except BadName:
            return None
    nodes: list[Node] = []
    text = asking.text("where").strip()
    now = datetime.now().astimezone()
    if text:
        nodes.append(expressions.parse(text, now).tree)
    index = repository.index
    chosen = {name: asking.text(name) for name in ("author", "alias")}
    nodes += [_equal((name,), value) for name, value in chosen.items() if value]
    if value := asking.text("tag"):
        tag, equals, wanted = value.partition("=")
        if tag not in index.tag_names():
            return None
        nodes.append(_equal(("tag", tag), wanted) if equals else _present("tag", tag))
    if asking.flag("marked"):
        # What people marked by hand: something said, a tag, a name that points at it.
        nodes.append(Both("or", (_present("message"), _present("tag"), _present("alias"))))
    where = _all(nodes, text, now, asking.quiet)
    return Filter(model or None, where, asking.text("text").strip())


def _all(nodes: list[Node], text: str, now: datetime, quiet: bool) -> Expression | None:
    if not nodes:
        return None
    tree = nodes[0] if len(nodes) == 1 else Both("and", tuple(nodes))
    return Expression(text or "this filter", tree, now, quiet)


def _equal(field: tuple[str, ...], value: str) -> Compare:
    return Compare(field, "=", (Value(value, True, 1),), 1)


def _present(*field: str) -> Compare:
    return Compare(field, "", (), 1)
