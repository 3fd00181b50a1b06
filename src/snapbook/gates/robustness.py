"""Gate `robustness`: small changes of the inputs do not change what the model says.

Changes, each seeded (``seed``, 0) and so the same in every run:

    noise     amounts moved by normal noise of ``noise`` (0.01) of the column's standard deviation
    missing   a share ``missing`` (0.05) of all values is absent
    permuted  one column after another is shuffled; the worst one counts
    extreme   one amount a row lies ``extreme`` (10) standard deviations off
    worst     each amount moved by at most ``within`` (0.01) deviations, ``tries`` (20) times: what
              counts is a row for which any of them changes the answer

Settings beside these: ``flips``, the share of answers that may change, and ``drops``, how much
accuracy (or R2) may be lost, by the name of the change; where neither is given, noise may flip 0.05
and worst 0.1. An amount has changed that moved by ``tolerance`` (0.1) of the answers' deviation.
``sample`` (500) rows are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.canonical import Json
from snapbook.gates.base import Verdict, several
from snapbook.gates.grid import Grid, opened, taken
from snapbook.gates.score import accuracy, r2
from snapbook.gates.trial import ROWS, Trial, flat, predicted, regresses

if TYPE_CHECKING:
    import numpy as np

    Column: TypeAlias = "np.ndarray[Any, Any]"
    Random: TypeAlias = np.random.Generator

NAME = "robustness"
CHANGES = ("noise", "missing", "permuted", "extreme", "worst")
SETTINGS: Mapping[str, str] = {
    **ROWS,
    "flips": "numbers",
    "drops": "numbers",
    "noise": "number",
    "missing": "number",
    "extreme": "number",
    "within": "number",
    "tries": "count",
    "tolerance": "number",
    "sample": "count",
    "seed": "number",
}
FLIPS: Mapping[str, float] = {"noise": 0.05, "worst": 0.1}
_MOST_COLUMNS = 100


def compares(settings: Mapping[str, Any]) -> bool:  # noqa: ARG001 - one shape for all gates
    """Never: what counts is the model against itself."""
    return False


@dataclass(frozen=True, slots=True)
class _Model:
    """The model's answers to rows as they are, and what a change makes of them."""

    trial: Trial
    grid: Grid
    target: Column | None
    plain: Column
    amounts: bool
    tolerance: float

    def flips(self, rows: Any) -> tuple[Column, Column]:
        """Which answers changed, and the new answers."""
        import numpy as np

        new = predicted(self.trial.model, rows)
        if self.amounts:
            near = np.abs(new - self.plain) <= self.tolerance
            return ~near, new  # what is no number is near nothing
        return new != self.plain, new

    def score(self, said: Column) -> float | None:
        """Accuracy or R2 of answers, None where it is not known what should come out."""
        if self.target is None:
            return None
        return r2(self.target, said) if self.amounts else accuracy(self.target, said)


@dataclass(frozen=True, slots=True)
class _Effect:
    """What a change did: the share of answers that flipped, the score that is left; or why not."""

    flips: float
    score: float | None
    note: str = ""
    failed: str = ""


def judge(trial: Trial) -> Verdict:
    """Whether every change stays within its bounds."""
    import numpy as np

    random = np.random.default_rng(int(trial.settings.get("seed", 0)))
    model = _opened(trial, random)
    before = model.score(model.plain)
    effects = {name: _tried(name, model, trial.settings) for name in CHANGES}
    bad = [line for name, effect in effects.items() for line in _over(trial, name, effect, before)]
    facts: dict[str, Json] = {
        **trial.facts,
        "seed": int(trial.settings.get("seed", 0)),
        "sample": len(model.plain),
        "score": "R2" if model.amounts else "accuracy",
        "before": before,
        "flips": {name: round(one.flips, 6) for name, one in effects.items() if not one.failed},
        "table": _table(effects, before, "R2" if model.amounts else "accuracy"),
    }
    if bad:
        return Verdict(NAME, False, several(bad), facts)
    told = [f"{name} flips {_share(effects[name].flips)}" for name in _bounds(trial)[0]]
    return Verdict(NAME, True, f"{', '.join(told)} of {len(model.plain):,} rows", facts)


def _opened(trial: Trial, random: Random) -> _Model:
    import numpy as np

    count, sample = trial.count, trial.settings.get("sample", 500)
    places = np.arange(count)
    if count > sample:
        places = np.sort(random.choice(count, sample, replace=False))
    rows = taken(trial.rows, places)
    target = flat(trial.target)[places] if trial.target is not None else None
    plain = predicted(trial.model, rows)
    amounts = regresses(trial, plain)
    deviation = float(np.nanstd(plain)) if amounts else 0.0
    limit = float(trial.settings.get("tolerance", 0.1)) * deviation
    return _Model(trial, opened(rows), target, plain, amounts, limit)


def _tried(name: str, model: _Model, settings: Mapping[str, Any]) -> _Effect:
    """The effect of one change; a model that cannot take it is said, and is not at fault alone."""
    import numpy as np

    # Of its own for each change: a setting of one does not draw other numbers for the next.
    random = np.random.default_rng([int(settings.get("seed", 0)), CHANGES.index(name)])
    try:
        return _DONE[name](model, settings, random)
    except Exception as error:  # noqa: BLE001 - the user's own model runs here
        said = " ".join(str(error).split())[:160]
        return _Effect(1.0, None, failed=f"{type(error).__name__}: {said}")


def _noise(model: _Model, settings: Mapping[str, Any], random: Random) -> _Effect:
    share = float(settings.get("noise", 0.01))
    flips, said = model.flips(_moved(model.grid, lambda n: random.normal(0.0, share, n)))
    return _Effect(float(flips.mean()), model.score(said))


def _missing(model: _Model, settings: Mapping[str, Any], random: Random) -> _Effect:
    import numpy as np

    share = float(settings.get("missing", 0.05))
    grid, count = model.grid, len(model.plain)
    changed: dict[int, Column] = {}
    for at in range(len(grid.names)):
        gone = random.random(count) < share
        if at in grid.numbers:
            changed[at] = np.where(gone, np.nan, grid.amounts(at))
        else:
            values = grid.column(at).astype(object)
            values[gone] = None
            changed[at] = values
    flips, said = model.flips(grid.with_columns(changed))
    return _Effect(float(flips.mean()), model.score(said))


def _permuted(model: _Model, settings: Mapping[str, Any], random: Random) -> _Effect:  # noqa: ARG001
    found: list[tuple[float, float | None, str]] = []
    for at, name in enumerate(model.grid.names[:_MOST_COLUMNS]):
        shuffled = random.permutation(model.grid.column(at))
        flips, said = model.flips(model.grid.with_columns({at: shuffled}))
        found.append((float(flips.mean()), model.score(said), name))
    share, score, name = max(found, key=lambda one: one[0])
    return _Effect(share, score, f"most by {name}")


def _extreme(model: _Model, settings: Mapping[str, Any], random: Random) -> _Effect:
    import numpy as np

    away, count = float(settings.get("extreme", 10.0)), len(model.plain)
    numbers = model.grid.numbers
    if not numbers:
        return _Effect(0.0, None, "no amounts among its columns")
    which = random.choice(np.array(numbers), count)
    sign = random.choice(np.array([-1.0, 1.0]), count)
    changed = {}
    for at in numbers:
        values = model.grid.amounts(at)
        far = np.nanmean(values) + sign * away * np.nanstd(values)
        changed[at] = _fit(model.grid, at, np.where(which == at, far, values))
    flips, said = model.flips(model.grid.with_columns(changed))
    return _Effect(float(flips.mean()), model.score(said))


def _worst(model: _Model, settings: Mapping[str, Any], random: Random) -> _Effect:
    """Half of the tries go to the bounds themselves, where a change does most."""
    import numpy as np

    within, tries = float(settings.get("within", 0.01)), int(settings.get("tries", 20))
    flipped = np.zeros(len(model.plain), dtype=bool)
    worst = model.plain.copy()

    def inside(n: int) -> Column:
        return random.uniform(-within, within, n)

    def corner(n: int) -> Column:
        return within * np.sign(random.uniform(-1.0, 1.0, n))

    for attempt in range(tries):
        flips, said = model.flips(_moved(model.grid, corner if attempt % 2 else inside))
        if model.amounts:
            farther = ~(np.abs(said - model.plain) <= np.abs(worst - model.plain))
        else:
            farther = flips & ~flipped if model.target is None else said != model.target
        worst[farther] = said[farther]
        flipped |= flips
    return _Effect(float(flipped.mean()), model.score(worst), f"of {tries} tries a row")


_DONE = {
    "noise": _noise,
    "missing": _missing,
    "permuted": _permuted,
    "extreme": _extreme,
    "worst": _worst,
}


def _moved(grid: Grid, step: Any) -> Any:
    """All amounts moved by ``step(rows)`` standard deviations of their columns."""
    import numpy as np

    changed = {}
    for at in grid.numbers:
        values = grid.amounts(at)
        moved = values + step(len(values)) * np.nanstd(values)
        changed[at] = _fit(grid, at, moved)
    return grid.with_columns(changed)


def _fit(grid: Grid, at: int, values: Column) -> Column:
    """Whole where the column holds whole numbers: half a child is no small change."""
    import numpy as np

    whole = grid.column(at).dtype.kind in "iu"
    rounded: Column = np.rint(values) if whole else values
    return rounded


def _bounds(trial: Trial) -> tuple[Mapping[str, float], Mapping[str, float]]:
    flips, drops = trial.settings.get("flips", {}), trial.settings.get("drops", {})
    return (flips, drops) if flips or drops else (FLIPS, {})


def _over(trial: Trial, name: str, effect: _Effect, before: float | None) -> Iterator[str]:
    flips, drops = _bounds(trial)
    if name not in flips and name not in drops:
        return
    if effect.failed:
        yield f"{name}: the model fails ({effect.failed})"
        return
    if name in flips and not effect.flips <= flips[name]:
        yield f"{name} flips {_share(effect.flips)}, {_share(flips[name])} is allowed"
    if name in drops:
        if before is None or effect.score is None:
            yield f"{name}: nothing says what should come out, so no loss can be told"
        elif not before - effect.score <= drops[name]:
            lost = before - effect.score
            yield f"{name} costs {lost:.3g}, {drops[name]:.3g} is allowed"


def _table(effects: Mapping[str, _Effect], before: float | None, score: str) -> list[Json]:
    rows: list[Json] = [["change", "flips", score, ""]]
    rows.append(["none", "", _number(before), ""])
    for name, one in effects.items():
        shown = "fails" if one.failed else _share(one.flips)
        rows.append([name, shown, _number(one.score), one.failed or one.note])
    return rows


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _share(value: float) -> str:
    return f"{value:.1%}"
