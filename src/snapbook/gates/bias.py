"""Gate `bias`: groups of people get like answers. Measured by fairlearn (its extra: `fairness`).

Settings: ``column``, which tells the groups, of the rows or of another frame of the version;
``edges``, where it holds amounts, the bounds between groups; ``positive``, the answer that is the
good one (left out: the greater of two); ``difference`` and ``ratio``, bounds by rate between the
groups that differ most: selection_rate, true_positive_rate, false_positive_rate,
true_negative_rate, false_negative_rate, accuracy; of amounts mean_prediction and
mean_absolute_error. Left out, selection_rate may differ by a ratio of 0.8 ("four fifths"). Groups
of fewer than ``least_rows`` (10) rows are told and do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.canonical import Json
from snapbook.errors import BadOption
from snapbook.gates.base import Verdict, several
from snapbook.gates.trial import ROWS, Trial, flat, predicted, regresses

if TYPE_CHECKING:
    import numpy as np

    Column: TypeAlias = "np.ndarray[Any, Any]"

NAME = "bias"
SETTINGS: Mapping[str, str] = {
    **ROWS,
    "column": "text",
    "edges": "amounts",
    "positive": "any",
    "difference": "numbers",
    "ratio": "numbers",
    "least_rows": "count",
}
RATIO: Mapping[str, float] = {"selection_rate": 0.8}
OF_CLASSES = (
    "selection_rate", "true_positive_rate", "false_positive_rate", "true_negative_rate",
    "false_negative_rate", "accuracy",
)  # fmt: skip
OF_AMOUNTS = ("mean_prediction", "mean_absolute_error")
_WITHOUT_TARGET = ("selection_rate", "mean_prediction")
_MOST_GROUPS = 50


def compares(settings: Mapping[str, Any]) -> bool:  # noqa: ARG001 - one shape for all gates
    """Never: groups are compared with each other."""
    return False


def check(settings: Mapping[str, Any]) -> None:
    """Raise BadOption for settings that cannot work together."""
    if not settings.get("column"):
        raise BadOption("Gate bias needs the column that tells the groups", act='column = "sex"')
    for bounds in ("difference", "ratio"):
        for rate in settings.get(bounds, {}):
            if rate not in (*OF_CLASSES, *OF_AMOUNTS):
                known = ", ".join((*OF_CLASSES, *OF_AMOUNTS))
                raise BadOption(f"Gate bias knows no {rate}", act=f"It knows {known}")


def judge(trial: Trial) -> Verdict:
    """Whether no rate differs more between groups than it may."""
    try:
        from fairlearn.metrics import MetricFrame
    except ImportError:
        why = 'fairlearn is not installed here: pip install "snapbook[fairness]"'
        return Verdict(NAME, False, why)
    groups = _groups(trial)
    said = predicted(trial.model, trial.rows)
    amounts = regresses(trial, said)
    difference, ratio = _bounds(trial, amounts)
    if not difference and not ratio:
        why = "of amounts no bound is set: difference = { mean_absolute_error = 1.5 }"
        return Verdict(NAME, False, why)
    wanted = flat(trial.target) if trial.target is not None else said
    positive: Any = None
    if not amounts:
        positive = _positive(trial, wanted, said)
        wanted, said = wanted == positive, said == positive
    counts = _counts(groups)
    rates = _rates(trial.target is not None, amounts)
    few = [name for name, count in counts.items() if count < trial.settings.get("least_rows", 10)]
    lacking = [rate for rate in (*difference, *ratio) if rate not in rates]
    if lacking:
        why = f"{lacking[0]} cannot be told: {'amounts' if amounts else 'classes'} without a target"
        if trial.target is not None:
            why = f"{lacking[0]} is no rate of {'amounts' if amounts else 'classes'}"
        return Verdict(NAME, False, why, trial.facts)
    frame = MetricFrame(
        metrics=rates, y_true=wanted, y_pred=said, sensitive_features=groups
    ).by_group.astype(float)
    told = frame.drop(index=few)
    facts: dict[str, Json] = {
        **trial.facts,
        "column": str(trial.settings["column"]),
        "positive": positive if isinstance(positive, bool | int | str) else str(positive),
        "rates": {
            str(name): {rate: float(frame.loc[name, rate]) for rate in rates}
            for name in frame.index
        },
        "rows_by_group": dict(counts),
        "too_few": list(few),
        "table": _table(frame, counts, few),
    }
    if len(told) < 2:
        why = f"{trial.settings['column']} tells fewer than two groups that are large enough"
        return Verdict(NAME, False, why, facts)
    bad = _over(told, difference, ratio)
    if bad:
        return Verdict(NAME, False, several(bad), facts)
    return Verdict(NAME, True, _near(told, difference, ratio, trial), facts)


def _groups(trial: Trial) -> Column:
    """The group of each row, as text."""
    import numpy as np

    name = str(trial.settings["column"])
    values = flat(_column(trial, name))
    if len(values) != trial.facts["count"]:
        raise ValueError(f"{name} has {len(values):,} rows, {trial.facts['count']:,} are judged")
    if edges := trial.settings.get("edges"):
        marks = ["-inf", *(f"{edge:g}" for edge in edges), "inf"]
        names = np.array([f"[{low}, {high})" for low, high in pairwise(marks)])
        values = names[np.digitize(values.astype(float), edges)]
    found: Column = np.array([str(value) for value in values], dtype=object)
    count = len(set(found))
    if count > _MOST_GROUPS:
        raise ValueError(f"{name} tells {count:,} groups: give the bounds between them as edges")
    return found


def _column(trial: Trial, name: str) -> Any:
    """The column called ``name`` of the rows, else of another frame; "frame.column" names both."""
    if name in _names(trial.rows):
        return trial.rows[name]
    frame, _, column = name.rpartition(".")
    for called, rows in trial.frames.items():
        if frame in ("", called) and column in _names(rows):
            return _aligned(trial.rows, rows[column])
        if name == called and not _names(rows):
            return _aligned(trial.rows, rows)
    raise ValueError(f"no frame at hand has a column {name}")


def _names(rows: Any) -> tuple[str, ...]:
    columns = getattr(rows, "columns", None)
    return () if columns is None else tuple(map(str, columns))


def _aligned(rows: Any, values: Any) -> Any:
    """``values`` of the very rows: by their labels, where both have them."""
    ours, theirs = getattr(rows, "index", None), getattr(values, "index", None)
    if ours is None or theirs is None or not hasattr(values, "loc") or ours.equals(theirs):
        return values
    if theirs.is_unique and ours.isin(theirs).all():
        return values.loc[ours]
    raise ValueError("its rows are not those that are judged")


def _positive(trial: Trial, wanted: Column, said: Column) -> Any:
    classes = sorted({*wanted.tolist(), *said.tolist()}, key=lambda one: (str(type(one)), one))
    given = trial.settings.get("positive")
    if given is not None:
        if given not in classes:
            raise ValueError(f"no answer is {given}: there are {several(list(map(str, classes)))}")
        return given
    if len(classes) > 2:
        raise ValueError(f"there are {len(classes)} answers: say which is positive")
    return classes[-1]


def _rates(target: bool, amounts: bool) -> dict[str, Any]:
    """Functions of fairlearn by name."""
    from fairlearn import metrics

    def accuracy(y_true: Column, y_pred: Column) -> float:
        return float((y_true == y_pred).mean())

    def mean_absolute_error(y_true: Column, y_pred: Column) -> float:
        return float(abs(y_true - y_pred).mean())

    own = {"accuracy": accuracy, "mean_absolute_error": mean_absolute_error}
    names = OF_AMOUNTS if amounts else OF_CLASSES
    wanted = [name for name in names if target or name in _WITHOUT_TARGET]
    return {name: own.get(name) or getattr(metrics, name) for name in wanted}


def _counts(groups: Column) -> dict[str, int]:
    import numpy as np

    names, counts = np.unique(groups.astype(str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def _bounds(trial: Trial, amounts: bool) -> tuple[Mapping[str, float], Mapping[str, float]]:
    difference, ratio = trial.settings.get("difference", {}), trial.settings.get("ratio", {})
    return (difference, ratio) if difference or ratio or amounts else ({}, RATIO)


def _over(rates: Any, difference: Mapping[str, float], ratio: Mapping[str, float]) -> list[str]:
    bad = []
    for rate, most in difference.items():
        apart = rates[rate].max() - rates[rate].min()
        if not apart <= most:
            bad.append(f"{_ends(rates, rate)}: apart by {apart:.3g}, {most:.3g} is allowed")
    for rate, least in ratio.items():
        found = _ratio(rates[rate])
        if not found >= least:
            bad.append(f"{_ends(rates, rate)}: a ratio of {found:.3g}, {least:.3g} is asked for")
    return bad


def _ratio(values: Any) -> float:
    """The least by the greatest; 1.0 where all are 0, for then none is worse off."""
    most = float(values.max())
    return float(values.min()) / most if most else 1.0


def _ends(rates: Any, rate: str) -> str:
    values = rates[rate]
    low, high = values.idxmin(), values.idxmax()
    return f"{rate} {values[low]:.3g} for {low}, {values[high]:.3g} for {high}"


def _near(
    rates: Any, difference: Mapping[str, float], ratio: Mapping[str, float], trial: Trial
) -> str:
    told = [f"{rate} apart by {rates[rate].max() - rates[rate].min():.3g}" for rate in difference]
    told += [f"{rate} in a ratio of {_ratio(rates[rate]):.3g}" for rate in ratio]
    return f"{several(told)} between {len(rates)} groups of {trial.settings['column']}"


def _table(frame: Any, counts: Mapping[str, int], few: list[str]) -> list[Json]:
    rows: list[Json] = [["group", "rows", *map(str, frame.columns)]]
    for name in frame.index:
        shown = f"{name} (too few)" if name in few else str(name)
        rates = [f"{frame.loc[name, rate]:.3g}" for rate in frame.columns]
        rows.append([shown, f"{counts[str(name)]:,}", *rates])
    return rows
