"""Tried points of searches that are no estimators: an Optuna study, a HEBO optimiser.

Both give {"points": [...], "scores": [...], "best": index}, the form of a flavor's search facts.
Told by the type's module alone; the libraries are not imported.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.base import Part
from snapbook.parts.jsonable import number, plain

MOST_POINTS = 10_000


def is_search(obj: object) -> bool:
    """Whether ``obj`` is a search whose points can be read."""
    return _reader(obj) is not None


def points(obj: object) -> dict[str, Json] | None:
    """The tried points, in the order tried; None where ``obj`` is no such search or breaks.

    "states" says what became of each point where the search tells. "directions" is min or max for
    each objective; "best" is absent without a finished point or with several objectives.
    """
    read = _reader(obj)
    if read is None:
        return None
    try:
        return read(obj)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the user's object, in a state that we do not know
        return None


def capture(obj: object, name: str) -> Part | None:
    """The search as a part of kind params, named after its variable."""
    found = points(obj)
    return Part("params", name, {"values": {}, "search": found}) if found is not None else None


def _reader(obj: object) -> Callable[[Any], dict[str, Json]] | None:
    for kind in type(obj).__mro__:
        module = kind.__module__ if isinstance(kind.__module__, str) else ""
        if kind.__name__ == "Study" and module.partition(".")[0] == "optuna":
            return _optuna
        if module.startswith("hebo.optimizers") and hasattr(kind, "suggest"):
            return _hebo
    return None


def _optuna(study: Any) -> dict[str, Json]:
    trials = study.get_trials(deepcopy=False)[:MOST_POINTS]
    ways = ["max" if way.name == "MAXIMIZE" else "min" for way in study.directions]
    tried: list[Json] = []
    scores: list[Json] = []
    states: list[Json] = []
    for trial in trials:
        tried.append({str(name): plain(value) for name, value in trial.params.items()})
        values = [number(value) for value in trial.values or ()]
        scores.append(values[0] if len(values) == 1 else list(values) or None)
        states.append(str(trial.state.name).lower())
    facts: dict[str, Json] = {"from": "optuna", "points": tried, "scores": scores}
    facts |= {"states": states, "directions": list(ways)}
    finished = [
        score if state == "complete" else None for score, state in zip(scores, states, strict=True)
    ]
    return _with_best(facts, finished, ways)


def _hebo(optimiser: Any) -> dict[str, Json]:
    """X is a DataFrame with a row a point, y an array (points, 1) of what is minimised."""
    frame, outcome = optimiser.X, optimiser.y
    columns = [str(column) for column in frame.columns]
    rows = frame.to_numpy(dtype=object).tolist()[:MOST_POINTS]
    tried: list[Json] = [
        {name: plain(value) for name, value in zip(columns, row, strict=True)} for row in rows
    ]
    listed = outcome.tolist()[:MOST_POINTS]
    width = len(listed[0]) if listed and isinstance(listed[0], list) else 1
    scores: list[Json] = [row[0] if isinstance(row, list) and width == 1 else row for row in listed]
    ways = ["min"] * width
    facts: dict[str, Json] = {"from": "hebo", "points": tried, "scores": scores}
    facts["directions"] = list(ways)
    return _with_best(facts, scores, ways)


def _with_best(facts: dict[str, Json], scores: list[Json], ways: list[str]) -> dict[str, Json]:
    if len(ways) != 1:
        return facts
    sign = 1 if ways[0] == "min" else -1
    ranked = [
        (sign * score, place)
        for place, score in enumerate(scores)
        if isinstance(score, (int, float)) and not math.isnan(score)
    ]
    return {**facts, "best": min(ranked)[1]} if ranked else facts
