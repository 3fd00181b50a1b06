"""Gate `metric`: no metric may be worse than that of the version in place by more than a margin.

Settings: ``names`` (left out: the main metric), ``margin`` for all and ``margins`` by name, in the
metric's own unit; ``least`` and ``most`` by name, bounds that hold without a version in place, too;
``directions`` by name ("max" or "min"), where the version does not say which way is better;
``against``, benchmarks that it may not be worse than either: aliases of the model, or numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from snapbook.canonical import Json
from snapbook.gates.base import Case, Verdict, only
from snapbook.parts import params
from snapbook.parts.base import Part

NAME = "metric"
SETTINGS: Mapping[str, str] = {
    "names": "texts",
    "margin": "number",
    "margins": "numbers",
    "least": "numbers",
    "most": "numbers",
    "directions": "ways",
    "against": "texts",
}
# Of two floats that people write with three digits the difference has an error of this size.
_ROUNDING = 1e-9


def judge(case: Case) -> Verdict:
    """Whether every metric that counts is good enough."""
    new, old = only(case.parts, "metrics"), only(case.baseline, "metrics")
    wanted = case.settings
    names = list(_compared(case))
    names += [name for bounds in ("least", "most") for name in wanted.get(bounds, {})]
    bad: list[str] = []
    said: list[str] = []
    facts: dict[str, Json] = {}
    ways = _ways(case, new, old)
    for name in dict.fromkeys(names):
        value, before = _value(new, name), _value(old, name)
        facts[name] = {"new": value, "old": before, **_marks(case, name)}
        problem = _problem(case, name, value, before, ways.get(name, ""))
        problem = problem or _behind(case, name, value, ways.get(name, ""))
        if problem:
            bad.append(problem)
        elif value is not None:
            said.append(_told(name, value, before))
    if bad:
        return Verdict(NAME, False, "; ".join(bad), facts)
    if not names:
        return Verdict(NAME, True, "no metric was kept", facts)
    others = [*([case.shown] if case.baseline is not None else []), *_against(case)]
    if not others:
        return Verdict(NAME, True, f"{', '.join(said)}; nothing is there to compare with", facts)
    return Verdict(NAME, True, f"{', '.join(said)} vs {', '.join(others)}", facts)


def _problem(case: Case, name: str, value: float | None, old: float | None, way: str) -> str:
    """Why this metric is not good enough, "" if it is."""
    if value is None:
        return f"{name} was not measured"
    least, most = case.settings.get("least", {}).get(name), case.settings.get("most", {}).get(name)
    if least is not None and not value >= least:
        return f"{name} {_short(value)}, at least {_short(least)} is asked for"
    if most is not None and not value <= most:
        return f"{name} {_short(value)}, at most {_short(most)} is asked for"
    if old is None or name not in _compared(case):
        return ""
    if not way:
        return f"{name}: nothing says whether more or less of it is better"
    worse = _worse(case, name, value, old, way)
    return f"{name} {_short(old)} -> {_short(value)}, {worse}" if worse else ""


def _behind(case: Case, name: str, value: float | None, way: str) -> str:
    """Why this metric is behind a benchmark, "" if it is behind none."""
    for mark in _against(case) if value is not None and name in _compared(case) else ():
        if mark not in case.benchmarks:
            return f"there is no benchmark {mark} to compare with"
        old = _value(only(case.benchmarks[mark], "metrics"), name)
        if old is None:
            return f"{name} was not measured in {mark}"
        if not way:
            return f"{name}: nothing says whether more or less of it is better"
        assert value is not None
        if worse := _worse(case, name, value, old, way):
            return f"{name} {_short(value)}, {mark} has {_short(old)}: {worse}"
    return ""


def _worse(case: Case, name: str, value: float, old: float, way: str) -> str:
    """By how much it is worse than it may be, "" if it is not."""
    margins: Mapping[str, float] = case.settings.get("margins", {})
    margin = float(margins.get(name, case.settings.get("margin", 0.0)))
    worse = old - value if way == "max" else value - old
    if math.isnan(value) or worse > margin + _ROUNDING * max(1.0, abs(old)):
        allowed = f", {_short(margin)} is allowed" if margin else ""
        return f"worse by {_short(worse)}{allowed}"
    return ""


def _marks(case: Case, name: str) -> dict[str, Json]:
    """The metric in the benchmarks, for the facts."""
    found: dict[str, Json] = {
        mark: _value(only(parts, "metrics"), name) for mark, parts in case.benchmarks.items()
    }
    return {"benchmarks": found} if found else {}


def _against(case: Case) -> list[str]:
    return list(case.settings.get("against", ()))


def _told(name: str, value: float, old: float | None) -> str:
    delta = params.delta_text(value - old) if old is not None and old != value else ""
    return f"{name} {_short(value)} ({delta})" if delta else f"{name} {_short(value)}"


def _value(part: Part | None, name: str) -> float | None:
    values: Any = part.facts.get("values") if part is not None else None
    value = values.get(name) if isinstance(values, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)


def _compared(case: Case) -> Sequence[str]:
    """The metrics that must not become worse."""
    named: Sequence[str] = case.settings.get("names", ())
    main = _main(only(case.parts, "metrics")) or _main(only(case.baseline, "metrics"))
    return named or main


def _main(part: Part | None) -> Sequence[str]:
    main = str(part.facts.get("main") or "") if part is not None else ""
    return (main,) if main else ()


def _ways(case: Case, *parts: Part | None) -> Mapping[str, str]:
    """Which way is better: as the policy says, else the version, else the one in place, else the
    name itself (accuracy, loss, ...).
    """
    found = {name: params.direction(name) or "" for name in _names(parts)}
    for part in reversed(parts):
        ways: Any = part.facts.get("directions") if part is not None else None
        if isinstance(ways, Mapping):
            found |= {name: way for name, way in ways.items() if way in ("max", "min")}
    return {**found, **case.settings.get("directions", {})}


def _names(parts: Sequence[Part | None]) -> set[str]:
    values: list[Any] = [part.facts.get("values") for part in parts if part is not None]
    return {str(name) for table in values if isinstance(table, Mapping) for name in table}


def _short(value: float) -> str:
    return f"{value:.4g}"
