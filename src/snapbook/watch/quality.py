"""How right a version is where outcomes are known: in all, over time, and in parts of its rows.

A part is bad if its errors differ from those of all other rows, or from its own of before, by more
than chance and by enough to matter. The worst is named first, and taken out before the next is
looked for, so that a column which goes along with it is not named beside it. All looks at one time
are held to Benjamini and Hochberg's rate together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snapbook.watch import chance, cuts, steps
from snapbook.watch.adwin import Adwin
from snapbook.watch.answers import Told
from snapbook.watch.drift import SURE, believed

if TYPE_CHECKING:
    from snapbook.watch.answers import Array

MATTERS = {"numbers": 0.05, "labels": 0.05}  # of the outcomes' size; points of accuracy
LARGEST = 1e100  # amount that is compared: squares of what is beyond have no sum
LEAST = 30  # rows of a part, and of either side of a change in it
_NAMED = 5
_STREAM = 20_000  # labels that a change is looked for in, the newest


@dataclass(frozen=True, slots=True)
class Part:
    """Rows in which ``column`` is ``value``. ``figures`` are theirs, ``rest`` those of all others.

    ``size`` is how wrong the part is beside that: of numbers the bias as a share of the outcomes
    (0.2: a fifth too high), of labels the points of accuracy that are lost. ``since`` is when that
    began, in seconds since 1970, where it did within these rows.
    """

    column: str
    value: str
    rows: int
    figures: Mapping[str, float]
    rest: Mapping[str, float]
    size: float
    q: float
    since: float | None
    bad: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the error in all rows: the mean of before and of after, and since when."""

    since: float
    before: float
    after: float


def figures(kind: str, predicted: Array, outcome: Array) -> dict[str, float]:
    """Accuracy of labels; of numbers rmse, mae, and the bias as a share of the outcomes."""
    import numpy as np

    if not len(outcome):
        return {}
    if kind == "labels":
        return {"accuracy": float(np.mean(predicted == outcome))}
    off = predicted - outcome
    size = float(np.abs(outcome).sum())
    return {
        "rmse": float(np.sqrt(np.mean(off * off))),
        "mae": float(np.abs(off).mean()),
        "bias": float(off.sum()) / size if size else 0.0,
    }


def usable(told: Told, kind: str) -> Told:
    """The rows of ``told`` whose answer and outcome can be compared."""
    import numpy as np

    if kind == "labels":
        one, other = told.answers.predicted, told.outcome
        if one.dtype != object or other.dtype != object:
            return _some(told, np.zeros(len(told), dtype=bool))
        pairs = zip(one.tolist(), other.tolist(), strict=True)
        return _some(told, np.array([None not in pair for pair in pairs], dtype=bool))
    if told.answers.predicted.dtype == object or told.outcome.dtype == object:
        return _some(told, np.zeros(len(told), dtype=bool))
    sizes = np.maximum(np.abs(told.answers.predicted), np.abs(told.outcome))
    return _some(told, sizes <= LARGEST)  # neither infinite nor missing


def changed(told: Told, kind: str) -> Change | None:
    """Whether and since when the version is wrong in another measure than before."""
    import numpy as np

    told = _some(told, slice(max(0, len(told) - _STREAM), None))
    if len(told) < 2 * LEAST:
        return None
    error = _errors(told, kind) if kind == "labels" else np.abs(_errors(told, kind))
    scale = float(np.quantile(error, 0.99)) or 1.0
    adwin = Adwin()
    cut = False
    for value in np.minimum(error / scale, 1.0).tolist():
        cut = adwin.add(value) or cut
    at = steps.split(error, LEAST)[0] if cut else 0
    if not at:
        return None
    before, after = float(error[:at].mean()), float(error[at:].mean())
    return Change(float(told.answers.time[at]), before, after)


def parts(told: Told, kind: str, hidden: Collection[str] = ()) -> list[Part]:
    """The parts of the rows, bad ones first and the worst of them at the front.

    Columns with few values by each of them, numbers in four ranges; the values of ``hidden``
    columns are not named.
    """
    import numpy as np

    masks = [
        (column, value, mask)
        for column, value, mask in cuts.cuts(told.answers, hidden)
        if mask.sum() >= LEAST
    ]
    if not masks:
        return []
    named: list[Part] = []
    left = np.ones(len(told), dtype=bool)
    while len(named) < _NAMED:
        seen = [(column, value, mask & left) for column, value, mask in masks]
        found = _judged(told, kind, [one for one in seen if one[2].sum() >= LEAST], left)
        bad = [one for one in found if one[0].bad]
        if not bad:
            break
        worst, mask = max(bad, key=lambda one: one[2])[:2]
        named.append(worst)
        left &= ~mask
        if left.sum() < 2 * LEAST:
            break
    names = {(one.column, one.value) for one in named}
    rest = [_plain(told, kind, *one) for one in masks if one[:2] not in names]
    return [*named, *sorted(rest, key=lambda one: (one.column, -one.rows, one.value))]


def _plain(told: Told, kind: str, column: str, value: str, mask: Array) -> Part:
    """A part that nothing is wrong with, beside what may be."""
    predicted, outcome = told.answers.predicted, told.outcome
    mine = figures(kind, predicted[mask], outcome[mask])
    others = figures(kind, predicted[~mask], outcome[~mask])
    size, _ = _size(told, kind, mask, ~mask)
    return Part(column, value, int(mask.sum()), mine, others, size, 1.0, None, False)


def _judged(
    told: Told, kind: str, masks: Sequence[tuple[str, str, Array]], left: Array
) -> list[tuple[Part, Array, float]]:
    """Each part with its rows, and how far beyond chance it is."""
    error = _errors(told, kind)
    looks: list[tuple[float, int, float]] = []
    for _, _, mask in masks:
        rest = left & ~mask
        level = steps.apart(error[mask], error[rest]) if rest.sum() >= LEAST else 0.0
        at, change = steps.split(error[mask], LEAST)
        looks.append((level, at, change))
    ps: list[float] = []
    for (level, _, change), (_, _, mask) in zip(looks, masks, strict=True):
        ps += [
            chance.normal(level),
            min(1.0, chance.normal(change) * int(mask.sum())),
        ]  # each place could have been it
    qs = believed(ps)
    found = []
    for place, ((level, at, change), (column, value, mask)) in enumerate(
        zip(looks, masks, strict=True)
    ):
        rest = left & ~mask
        q, since, worse = qs[2 * place], None, mask
        if qs[2 * place + 1] < SURE:
            q, places = min(q, qs[2 * place + 1]), _places(mask)
            since, worse = float(told.answers.time[places[at]]), _only(mask, places[at:])
        beside = _only(mask, _places(mask)[:at]) if since is not None else rest
        size, matters = _size(told, kind, worse, beside)
        bad = q < SURE and matters
        if not bad:
            worse, since = mask, None
        part = Part(
            column, value, int(worse.sum()),
            figures(kind, told.answers.predicted[worse], told.outcome[worse]),
            figures(kind, told.answers.predicted[rest], told.outcome[rest]),
            size, q, since, bad,
        )  # fmt: skip
        found.append((part, mask, max(abs(level), change)))
    return found


def _places(mask: Array) -> Array:
    """The places of a mask."""
    import numpy as np

    return np.flatnonzero(mask)


def _size(told: Told, kind: str, here: Array, there: Array) -> tuple[float, bool]:
    """How wrong rows are beside others, see `Part`, and whether they are worse by enough."""
    one = figures(kind, told.answers.predicted[here], told.outcome[here])
    other = figures(kind, told.answers.predicted[there], told.outcome[there])
    if kind == "labels":
        lost = other.get("accuracy", 0.0) - one["accuracy"]
        return lost, lost > MATTERS[kind]
    size = one["bias"] - other.get("bias", 0.0)
    worse = abs(one["bias"]) > abs(other.get("bias", 0.0))
    return size, worse and abs(size) > MATTERS[kind]


def _errors(told: Told, kind: str) -> Array:
    """How wrong each row is: signed of numbers, 0 or 1 of labels."""
    if kind == "labels":
        wrong: Array = (told.answers.predicted != told.outcome).astype(float)
        return wrong
    off: Array = told.answers.predicted - told.outcome
    return off


def _only(mask: Array, places: Array) -> Array:
    import numpy as np

    found: Array = np.zeros_like(mask)
    found[places] = True
    return found


def _some(told: Told, chosen: Any) -> Told:
    return Told(told.answers.part(chosen), told.outcome[chosen], told.came[chosen])
