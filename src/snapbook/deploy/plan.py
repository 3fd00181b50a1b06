"""How a version is to be rolled out: in which steps, how fast, and what takes it back.

Pure. A plan is what people typed, checked; it is kept in the event that begins a rollout, and other
systems' manifests are made of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import BadOption, Damaged, Usage
from snapbook.watch import rules
from snapbook.watch.rules import Rule

CANARY, AB, SHADOW, NOW = "canary", "ab", "shadow", "now"
MODES = (CANARY, AB, SHADOW, NOW)
EVERY_S, WINDOW_S = 600.0, 60.0
WIDEST_S = 3600.0  # that figures are kept for
_MOST_STEPS = 50
_SHORTEST_S, _LONGEST_S = 0.2, 30 * 86400.0
_LONGEST_RULES = 1000
_LIKE_RULES = 'Like "error_rate > 1% or p99 > 2x or accuracy < stable - 2%"'
_HIGH_IS_GOOD = ("accuracy",)
_EITHER_WAY = ("bias",)
_NUMBER = re.compile(r"\d{1,3}(\.\d{1,3})?", re.ASCII)
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) *(ms|s|m|min|h|d)", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Plan:
    """A rollout as it is meant. ``steps`` are percents of the requests that the candidate answers.

    ``every_s`` is how long each step lasts before the next; a plan of one step without 100 (A/B,
    shadow) goes on for as long as nobody ends it. ``window_s`` is how far back the figures reach
    that rules are held against.
    """

    mode: str
    steps: tuple[float, ...]
    every_s: float = EVERY_S
    rules: tuple[Rule, ...] = ()
    alias: str = "production"
    window_s: float = WINDOW_S

    @property
    def ends(self) -> bool:
        """Whether time alone leads it to its end."""
        return self.mode == CANARY

    @property
    def sticky(self) -> bool:
        """Whether who was answered by one version stays with it."""
        return self.mode == AB

    def share(self, step: int) -> float:
        """The percent of the requests that the candidate answers in ``step``, from 0."""
        return self.steps[step]

    def percent(self, step: int) -> Json:
        """The same, as events keep it: 5 and not 5.0."""
        return _whole(self.steps[step])

    def json(self) -> dict[str, Json]:
        """The plan as events keep it, and as others read it."""
        return {
            "mode": self.mode,
            "steps": [self.percent(step) for step in range(len(self.steps))],
            "every_s": _whole(self.every_s),
            "window_s": _whole(self.window_s),
            "rules": " or ".join(rule.text for rule in self.rules),
            "alias": self.alias,
        }


def parse(
    *,
    canary: str | None = None,
    ab: str | None = None,
    shadow: bool = False,
    now: bool = False,
    every: str | None = None,
    abort_if: str | None = None,
    window: str | None = None,
    alias: str = "production",
) -> Plan:
    """The plan that options spell. Raises BadOption with the one thing that is wrong."""
    mode = _mode({CANARY: canary is not None, AB: ab is not None, SHADOW: shadow, NOW: now})
    held = _typed(abort_if)
    if every is not None and mode != CANARY:
        raise BadOption("--every is for --canary", act="Leave it out")
    if mode == NOW and (held or window is not None):
        raise BadOption("--now has no steps, so nothing is watched", act="Say --canary 50,100")
    every_s = duration("--every", every) if every is not None else EVERY_S
    window_s = min(WINDOW_S, every_s)
    if window is not None:
        window_s = duration("--window", window, WIDEST_S)
    if mode == CANARY and window_s > every_s:
        raise BadOption(
            "--window is longer than a step", act="Say a shorter one, or a longer --every"
        )
    steps: tuple[float, ...] = (100.0,) if mode == NOW else (0.0,)
    if canary is not None:
        steps = _steps(canary)
    elif ab is not None:
        steps = (_percent("--ab", ab, 99),)
    return Plan(mode, steps, every_s, held, alias, window_s)


def of_json(value: object) -> Plan:
    """The plan that `Plan.json` wrote. Raises Damaged for anything else."""
    try:
        told: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        mode, steps = str(told["mode"]), tuple(float(step) for step in told["steps"])
        every_s, window_s = float(told["every_s"]), float(told["window_s"])
        held = _rules(str(told["rules"]))
        sound = mode in MODES and 0 < len(steps) <= _MOST_STEPS
        sound = sound and all(0 <= step <= 100 for step in steps)
        sound = sound and all(one < other for one, other in pairwise(steps))
        sound = sound and (mode != CANARY or steps[-1] == 100)
        in_bounds = _SHORTEST_S <= every_s <= _LONGEST_S and _SHORTEST_S <= window_s <= WIDEST_S
        if not (sound and in_bounds):
            raise ValueError("its steps or times are out of bounds")
        return Plan(mode, steps, every_s, held, str(told["alias"]), window_s)
    except (KeyError, TypeError, ValueError, Usage) as error:
        raise Damaged("A plan cannot be read", str(error)) from error


def duration(option: str, text: str, most_s: float = _LONGEST_S) -> float:
    """The seconds that "10m", "90s" or "1.5h" spell. Raises BadOption."""
    found = _DURATION.fullmatch(text.strip().lower())
    seconds = float(found[1]) * _UNITS[found[2]] if found else -1.0
    if not _SHORTEST_S <= seconds <= most_s:
        raise BadOption(
            f"{option} cannot be {_cut(text)}",
            act=f"It takes 200ms to {lasts(most_s)}, like 10m, 90s or 1h",
        )
    return seconds


def lasts(seconds: float) -> str:
    """Seconds as one types them: 10m, 90s."""
    for unit in ("d", "h", "m"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"


def _mode(given: Mapping[str, bool]) -> str:
    """The one mode that was asked for. Raises BadOption where it is none, or several."""
    chosen = [mode for mode, is_given in given.items() if is_given]
    if len(chosen) == 1:
        return chosen[0]
    said = "How it is to be deployed is not said"
    if chosen:
        said = f"{' and '.join(f'--{mode}' for mode in chosen)} do not go together"
    raise BadOption(said, act="Say --canary 5,25,50,100, --ab 50, --shadow or --now")


def _typed(text: str | None) -> tuple[Rule, ...]:
    """The rules that were asked for: none is not what somebody meant who wrote the option."""
    if text is None:
        return ()
    held = _rules(text)
    if not held:
        raise BadOption("--abort-if says nothing, so nothing would be watched", act=_LIKE_RULES)
    rules.typed(text)
    return held


def _rules(text: str) -> tuple[Rule, ...]:
    """The rules of ``text``, none for "". Raises Usage."""
    if len(text) > _LONGEST_RULES or not text.isprintable():
        raise BadOption(
            "--abort-if cannot be that", "it is too long, or no plain text", act=_LIKE_RULES
        )
    held = rules.parse(text) if text.strip() else ()
    for rule in held:
        if rule.metric in _EITHER_WAY or rule.above != (rule.metric in _HIGH_IS_GOOD):
            continue
        raise BadOption(
            f"--abort-if would take back what is good: {rule.text}",
            act=f"Write {rule.metric} {'<' if rule.above else '>'}",
        )
    return held


def _steps(text: str) -> tuple[float, ...]:
    words = text.split(",")
    if len(words) > _MOST_STEPS:
        raise BadOption(f"--canary has more than {_MOST_STEPS} steps", act="Name fewer")
    steps = tuple(_percent("--canary", word.strip(), 100) for word in words)
    rises = all(one < other for one, other in pairwise(steps))
    if not rises or steps[-1] != 100:
        raise BadOption(
            f"--canary cannot be {_cut(text)}: steps rise, and the last one is 100",
            act="Like --canary 5,25,50,100",
        )
    return steps


def _percent(option: str, text: str, most: int) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else -1.0
    if not 0 < value <= most:
        raise BadOption(
            f"{option} cannot be {_cut(text)}", act=f"It takes percents, above 0 and up to {most}"
        )
    return value


def _whole(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _cut(text: str) -> str:
    cut = text if len(text) <= 40 else f"{text[:40]}…"
    if not cut.strip():
        return "empty"
    return cut if cut.isprintable() else ascii(cut)
