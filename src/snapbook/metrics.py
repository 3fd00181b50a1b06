"""Which numbers are the metrics of a cell: found by themselves, asked for, and remembered.

Reads the kernel's names and evaluates what `--metric NAME=expr` says; each once. Which way is
better, and which metric is the main one, is remembered by the session and by the version before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from snapbook import choose
from snapbook.errors import BadOption
from snapbook.lineage.analyse import analyse
from snapbook.lineage.roles import roles
from snapbook.parts import params
from snapbook.parts.base import Notice, Part
from snapbook.parts.jsonable import number


@dataclass(frozen=True, slots=True)
class Measured:
    """Metrics by name: ``asked`` by the user, in order, then ``found``; directions that the user
    gave; and what could not be had (kinds no-metric, bad-metric).
    """

    asked: Mapping[str, object]
    found: Mapping[str, object]
    directions: Mapping[str, str]
    notices: tuple[Notice, ...]


def measured(source: str, namespace: dict[str, Any], wanted: Sequence[str]) -> Measured:
    """The metrics of the cell ``source``; ``wanted`` are the words of `--metric`.

    Raises BadOption before anything is evaluated.
    """
    words = [_word(word) for word in wanted]
    asked: dict[str, object] = {}
    notices: list[Notice] = []
    for name, expression, _ in words:
        try:
            value = eval(expression, namespace) if expression else namespace[name]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the user's expression may raise anything
            notices.append(_absent(name, expression, error, namespace))
            continue
        if number(value) is None:
            kind = type(value).__name__
            notices.append(Notice("bad-metric", name, f"a {kind} is not a number"))
        else:
            asked[name] = value
    return Measured(
        asked,
        _found(source, namespace),
        {name: way for name, _, way in words if way},
        tuple(notices),
    )


def metrics_part(
    given: Measured, remembered: Mapping[str, str], before: Part | None
) -> Part | None:
    """The metrics as a part, None where there are none. The main one is the first that was asked
    for, else that of ``before``, the part of the version before; directions likewise.
    """
    values = {**given.asked, **{k: v for k, v in given.found.items() if k not in given.asked}}
    if not values:
        return None
    facts: Mapping[str, Any] = before.facts if before is not None else {}
    known: Any = facts.get("directions") or {}
    main = str(facts.get("main") or "")
    first = [*given.asked] or ([main] if main in values else [])
    ways = {**known, **remembered}
    part = params.capture_metrics(values, directions=ways, first=first)
    told: Any = part.facts["directions"]
    # Also of metrics that are not measured this time: they may come back.
    return replace(part, facts={**part.facts, "directions": {**ways, **told}})


def _word(word: str) -> tuple[str, str, str]:
    """(name, expression or "", "min", "max" or "") of NAME, NAME:min, NAME=expr, NAME:min=expr."""
    name, equals, expression = word.partition("=")
    name, colon, direction = (part.strip() for part in name.partition(":"))
    if not name or (equals and not expression.strip()):
        raise BadOption(f"--metric {word} does not say what", act="NAME, NAME:min, or NAME=expr")
    if colon and direction not in ("min", "max"):
        raise BadOption(f'--metric {word}: "{direction}" is neither min nor max')
    return name, expression.strip(), direction


def _absent(
    name: str, expression: str, error: BaseException, namespace: Mapping[str, Any]
) -> Notice:
    if not expression:
        guess = choose.no_such_name(name, namespace).why.partition("(")[2].rstrip(")")
        return Notice("no-metric", name, guess)
    return Notice("bad-metric", name, f"{expression} raised {type(error).__name__}")


def _found(source: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Those that a cell binds and that came from a metric's call or are named like one."""
    role = roles(source)
    bound = dict.fromkeys((*role.metrics, *sorted(analyse(source).binds)))
    values = {name: namespace[name] for name in bound if name in namespace}
    return dict(params.metric_candidates(values, role.metrics))
