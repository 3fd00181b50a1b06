"""What was true of rows that were predicted, as a request tells it: ids, rows, outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from snapbook.serve.refusal import Unfit, untaken
from snapbook.watch.window import LEAST_ROWS

MOST = 10_000
_LONGEST_ID = 64
_LONGEST_TEXT = 200
_KEYS = frozenset({"id", "row", "outcome"})


@dataclass(frozen=True, slots=True)
class Item:
    """The outcome of row ``row`` (from 0) of the request ``id``."""

    id: str
    row: int
    outcome: Any


def stretch(query: bytes) -> tuple[float, int]:
    """The seconds that a window is asked for, and the rows that it takes. Raises Unfit."""
    told = parse_qs(query.decode("ascii", "replace"))
    if told.keys() - {"seconds", "least"}:
        raise Unfit("it is asked for by seconds, and least rows", what="No window")
    try:
        seconds = float(told.get("seconds", ["60"])[0])
        least = int(told.get("least", [str(LEAST_ROWS)])[0])
    except ValueError:
        seconds, least = 0.0, 0
    if not 0 < seconds <= 86_400 or not 1 <= least <= 10_000:
        raise Unfit("it has up to 86400 seconds, and 1 to 10000 least rows", what="No window")
    return seconds, least


def items(told: object) -> list[Item]:
    """One outcome, or a list of them. Raises Unfit, which counts from 0 as well."""
    listed = told if type(told) is list else [told]
    if not listed:
        raise untaken("there is no outcome")
    if len(listed) > MOST:
        raise untaken(f"{len(listed):,} outcomes came, a request may have {MOST:,}")
    return [_item(at, one) for at, one in enumerate(listed)]


def _item(at: int, told: object) -> Item:
    if type(told) is not dict or not {"id", "outcome"} <= told.keys() <= _KEYS:
        raise untaken(
            f'outcome {at} takes "id" of a request, "outcome", and "row" if not the first'
        )
    id, row, outcome = told["id"], told.get("row", 0), told["outcome"]
    if type(id) is not str or not 0 < len(id) <= _LONGEST_ID:
        raise untaken(f"outcome {at}: the id is none of a request")
    if type(row) is not int or not 0 <= row < 2**31:
        raise untaken(f"outcome {at}: the row is none")
    if type(outcome) is str and len(outcome) > _LONGEST_TEXT:
        raise untaken(f"outcome {at}: the text has more than {_LONGEST_TEXT} characters")
    return Item(id, row, outcome)
