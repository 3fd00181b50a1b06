"""A gate that is a function of the user's notebook: what it is given, and what it may answer.

Its parameters say what it gets: ``model``, ``X`` or ``rows``, ``y`` or ``target``, ``baseline``,
``settings``, or a frame by the name it has in the notebook. It answers True or False, perhaps with
a reason and facts, or a Verdict.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from snapbook.gates.base import Verdict
from snapbook.gates.trial import Trial, TrialGate

GIVEN = {
    "model": "model",
    "X": "rows",
    "rows": "rows",
    "y": "target",
    "target": "target",
    "baseline": "baseline",
    "settings": "settings",
}


def gate(name: str, function: Callable[..., Any]) -> TrialGate:
    """``function`` as the gate ``name``. Raises TypeError for what it takes and nobody gives."""

    def judge(trial: Trial) -> Verdict:
        return _verdict(name, function(**_arguments(function, trial)), trial)

    return judge


def source(function: Callable[..., Any]) -> str:
    """The text of the function, as it stands in the notebook; "" where it is not known."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def parameters(function: Callable[..., Any]) -> list[str]:
    """The names of what the function takes; none where that cannot be told."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _arguments(function: Callable[..., Any], trial: Trial) -> dict[str, Any]:
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in GIVEN:
            found[name] = getattr(trial, GIVEN[name])
        elif name in trial.frames:
            found[name] = trial.frames[name]
        elif parameter.default is inspect.Parameter.empty:
            raise TypeError(f"nothing here is called {name}")
    return found


def _verdict(name: str, answer: Any, trial: Trial) -> Verdict:
    if isinstance(answer, Verdict):
        return Verdict(name, answer.passed, answer.reason, {**trial.facts, **answer.facts})
    passed, reason, facts = answer, "", {}
    if isinstance(answer, tuple):
        passed, reason, facts = (*answer, "", {})[:3] if len(answer) == 1 else (*answer, {})[:3]
    said = str(reason) or ("passed" if _true(passed) else "not passed")
    return Verdict(name, _true(passed), said, {**trial.facts, **facts})


def _true(value: Any) -> bool:
    """True or False, numpy's too. Raises TypeError for what is neither."""
    import numpy as np

    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"it gave a {type(value).__name__}, not True or False")
    return bool(value)
