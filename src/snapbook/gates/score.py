"""Gate `score`: on the same rows, in the same run, it is no worse than the version in place.

Unlike `metric`, which compares what each version said of itself, this one measures both. Settings:
``names`` (left out: accuracy, or R2 of amounts), else names of scikit-learn's scorers; ``margin``,
how much worse it may be; ``least`` by name. ``rows_of`` an alias takes the test rows of the version
there: a frame that is a benchmark.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.canonical import Json
from snapbook.gates.base import Verdict, several
from snapbook.gates.trial import ROWS, Trial, flat, predicted, regresses

if TYPE_CHECKING:
    import numpy as np

    Column: TypeAlias = "np.ndarray[Any, Any]"

NAME = "score"
SETTINGS: Mapping[str, str] = {**ROWS, "names": "texts", "margin": "number", "least": "numbers"}


def compares(settings: Mapping[str, Any]) -> bool:  # noqa: ARG001 - one shape for all gates
    """Always: with the version in place, where there is one."""
    return True


def judge(trial: Trial) -> Verdict:
    """Whether no score is worse by more than the margin."""
    if trial.target is None:
        return Verdict(NAME, False, "nothing says what should come out", trial.facts)
    said = predicted(trial.model, trial.rows)
    amounts = regresses(trial, said)
    names = list(trial.settings.get("names", ())) or ["R2" if amounts else "accuracy"]
    names = list(dict.fromkeys([*names, *trial.settings.get("least", {})]))
    bad: list[str] = []
    told: list[str] = []
    rows: list[Json] = [["score", "new", *([trial.shown] if trial.baseline is not None else [])]]
    for name in names:
        new = _score(name, trial.model, trial)
        old = _score(name, trial.baseline, trial) if trial.baseline is not None else None
        bad += _problems(trial, name, new, old)
        told.append(f"{name} {new:.4g}" + (f" vs {old:.4g}" if old is not None else ""))
        rows.append([name, f"{new:.4g}", *([f"{old:.4g}"] if old is not None else [])])
    facts: dict[str, Json] = {**trial.facts, "table": rows}
    if bad:
        return Verdict(NAME, False, several(bad), facts)
    return Verdict(NAME, True, f"{', '.join(told)} on {trial.facts['count']:,} rows", facts)


def accuracy(wanted: Column, said: Column) -> float:
    """The share of answers that are right."""
    return float((wanted == said).mean())


def r2(wanted: Column, said: Column) -> float:
    """The share of the variance that is told; 0.0 for amounts that do not vary."""
    total = float(((wanted - wanted.mean()) ** 2).sum())
    return 1.0 - float(((wanted - said) ** 2).sum()) / total if total else 0.0


def _score(name: str, model: Any, trial: Trial) -> float:
    if name in ("accuracy", "R2"):
        ours = accuracy if name == "accuracy" else r2
        return ours(flat(trial.target), predicted(model, trial.rows))
    from sklearn.metrics import get_scorer

    return float(get_scorer(name)(model, trial.rows, flat(trial.target)))


def _problems(trial: Trial, name: str, new: float, old: float | None) -> list[str]:
    least = trial.settings.get("least", {}).get(name)
    margin = float(trial.settings.get("margin", 0.0))
    found = []
    if least is not None and not new >= least:
        found.append(f"{name} {new:.4g}, at least {least:.4g} is asked for")
    if old is not None and not new >= old - margin:
        found.append(f"{name} {new:.4g}, {trial.shown} has {old:.4g} on the same rows")
    return found
