"""Gate `latency`: one row and many rows are answered fast enough.

Settings: ``p50_ms``, ``p95_ms`` for one row and ``batch_p50_ms``, ``batch_p95_ms`` for ``batch``
rows (1000) at once, bounds in milliseconds; ``times``, how many times as long as the version in
place it may take, both measured in turns in the same run (2, where nothing else is asked for);
``repeat`` (200), how often one row is asked.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from snapbook.canonical import Json
from snapbook.gates.base import Verdict, several
from snapbook.gates.grid import taken
from snapbook.gates.trial import ROWS, Trial, predicted

NAME = "latency"
SETTINGS: Mapping[str, str] = {
    **ROWS,
    "p50_ms": "number",
    "p95_ms": "number",
    "batch_p50_ms": "number",
    "batch_p95_ms": "number",
    "batch": "count",
    "times": "number",
    "repeat": "count",
}
TIMES = 2.0
_BOUNDS = ("p50_ms", "p95_ms", "batch_p50_ms", "batch_p95_ms")
_LONGEST_S = 20.0  # of one measurement; what is slower is known well enough by then
_LEAST = 5


def compares(settings: Mapping[str, Any]) -> bool:
    """Whether it needs the version in place."""
    return "times" in settings or not any(bound in settings for bound in _BOUNDS)


def judge(trial: Trial) -> Verdict:
    """Whether every time is within its bound."""
    models = {"new": trial.model}
    if trial.baseline is not None:
        models[trial.shown] = trial.baseline
    found = _measured(trial, models)
    bad = _over(trial, found)
    facts: dict[str, Json] = {
        **trial.facts,
        "milliseconds": {name: dict(times) for name, times in found.items()},
        "table": _table(trial, found),
    }
    if bad:
        return Verdict(NAME, False, several(bad), facts)
    new = found["new"]
    told = f"one row {_ms(new['p50_ms'])}, 95 % within {_ms(new['p95_ms'])}"
    if trial.baseline is not None:
        told += f" ({_ms(found[trial.shown]['p95_ms'])} in {trial.shown})"
    return Verdict(NAME, True, told, facts)


def _measured(trial: Trial, models: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Times by model; models take turns, so that a busy moment is not one's alone."""
    import numpy as np

    count = trial.count
    repeat, batch = trial.settings.get("repeat", 200), trial.settings.get("batch", 1000)
    ones = [taken(trial.rows, np.array([n % count])) for n in range(min(repeat, count))]
    many = taken(trial.rows, np.arange(batch) % count)
    single = _timed(models, lambda model, n: predicted(model, ones[n % len(ones)]), repeat)
    whole = _timed(models, lambda model, _: predicted(model, many), max(_LEAST, repeat // 10))
    return {
        name: {
            "p50_ms": _at(single[name], 50),
            "p95_ms": _at(single[name], 95),
            "batch_p50_ms": _at(whole[name], 50),
            "batch_p95_ms": _at(whole[name], 95),
        }
        for name in models
    }


def _timed(
    models: Mapping[str, Any], ask: Callable[[Any, int], object], repeat: int
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in models}
    for model in models.values():
        ask(model, 0)  # the first answer pays for what is loaded late
    gc.collect()
    gc.disable()
    try:
        begun = time.perf_counter()
        for n in range(repeat):
            for name, model in models.items():
                before = time.perf_counter()
                ask(model, n)
                found[name].append((time.perf_counter() - before) * 1000)
            if n + 1 >= _LEAST and time.perf_counter() - begun > _LONGEST_S:
                break
    finally:
        gc.enable()
    return found


def _over(trial: Trial, found: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The times that are too long, in words."""
    bad = [
        f"{_words(trial, name)} {_ms(found['new'][name])}, {_ms(trial.settings[name])} is allowed"
        for name in _BOUNDS
        if name in trial.settings and found["new"][name] > trial.settings[name]
    ]
    if trial.baseline is None or not compares(trial.settings):
        return bad
    times = float(trial.settings.get("times", TIMES))
    for name in _BOUNDS:
        new, old = found["new"][name], found[trial.shown][name]
        if new > old * times:
            bad.append(
                f"{_words(trial, name)} {_ms(new)}, {new / old:.1f} times {trial.shown};"
                f" {times:g} is allowed"
            )
    return bad


def _words(trial: Trial, bound: str) -> str:
    many = f"{trial.settings.get('batch', 1000):,} rows" if "batch" in bound else "one row"
    return many if "p50" in bound else f"{many} at the 95th percentile"


def _table(trial: Trial, found: Mapping[str, Mapping[str, float]]) -> list[Json]:
    batch = f"{trial.settings.get('batch', 1000):,} rows"
    rows: list[Json] = [["", "one row", "95 %", batch, "95 %", "stored"]]
    for name, times in found.items():
        size = trial.facts.get("bytes" if name == "new" else "baseline_bytes")
        stored = f"{size / 1024:,.0f} KB" if isinstance(size, int) else ""
        rows.append([name, *(_ms(times[bound]) for bound in _BOUNDS), stored])
    return rows


def _at(times: Sequence[float], percent: int) -> float:
    import numpy as np

    return round(float(np.percentile(times, percent)), 4)


def _ms(value: float) -> str:
    return f"{value:.3g} ms"
