"""Rules over what was measured of a version: "p99 > 2x or drift > 0.2 in price".

The one grammar for alerts, and for what takes a rollout back. A rule whose figure is not there (too
few rows, no labels, nothing to compare with) neither holds nor fails, and says why.

    RULES  = RULE { "or" RULE }
    RULE   = METRIC (">" | "<") LIMIT [ "in" COLUMN ]
    LIMIT  = NUMBER | NUMBER "%" | NUMBER "ms" | NUMBER "s"
           | NUMBER "x" ["stable"] | "stable" [("+" | "-") (NUMBER | NUMBER "%")]
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snapbook.errors import Usage, nearest

# What each is called in a window, and how many of what it takes to be told at all.
METRICS: Mapping[str, tuple[str, str]] = {
    "error_rate": ("error_rate", "requests"),
    "p50": ("p50_ms", "requests"),
    "p99": ("p99_ms", "requests"),
    "drift": ("drift_max", "rows"),
    "prediction_drift": ("prediction_drift", "rows"),
    "accuracy": ("accuracy", "labels"),
    "rmse": ("rmse", "labels"),
    "mae": ("mae", "labels"),
    "bias": ("bias", "labels"),
    "segments": ("bad_segments", "labels"),
}
_SHARES = ("error_rate", "accuracy")  # "stable - 2%" are points of these, a part of all others
_TIMES = ("p50", "p99")
_MOST = 20
_NUMBER = r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
_RULE = re.compile(
    rf"""(?xs) \s* (?P<metric>[a-z_0-9]+) \s* (?P<way>[<>]) \s* (?:
      (?P<stable>stable) (?: \s* (?P<sign>[+-]) \s* (?P<by>{_NUMBER}) \s* (?P<part>%?) )?
      | (?P<number>{_NUMBER}) \s* (?P<unit>%|ms|s|x|) (?: (?<=x) \s+ stable )?
    ) (?: \s+ in \s+ (?P<column>"[^"]+"|\S.*?) )? \s*"""
)
# An "or" between rules: what follows looks like one, so that a column may be called so too.
_OR = re.compile(r"\s+or\s+(?=[a-z_0-9]+\s*[<>])")
_AMISS = re.compile(r"[<>]|\b(?:or|and)\b", re.IGNORECASE)  # in the name of a column


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``metric`` above, or below, a limit.

    The limit is ``number``, or where it is ``against`` stable: ``number`` times its value
    ("times"), its value and ``number`` ("plus"), its value and that part of it ("part"). Times are
    in ms.
    """

    text: str
    metric: str
    above: bool
    number: float
    against: str = ""
    column: str = ""

    def limit(self, stable: float | None) -> float | None:
        """The limit, given the metric's value for stable; None where that is needed and absent."""
        if not self.against:
            return self.number
        if stable is None:
            return None
        if self.against == "times":
            return self.number * stable
        return stable + (self.number if self.against == "plus" else self.number * abs(stable))


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule came to: ``fires`` is None where it cannot be told, ``why`` says why not."""

    rule: Rule
    fires: bool | None
    value: float | None
    limit: float | None
    why: str
    column: str = ""

    @property
    def sentence(self) -> str:
        """It in words: "drift 0.24 > 0.2 in price"."""
        if self.fires is None:
            return f"{self.rule.text}: {self.why}"
        sign = ">" if self.rule.above else "<"
        if not self.fires:
            sign = "is not >" if self.rule.above else "is not <"
        unit = " ms" if self.rule.metric in _TIMES else ""
        where = f" in {self.column}" if self.column else ""
        told = f"{_short(self.value)}{unit} {sign} {_short(self.limit)}{unit}"
        return f"{self.rule.metric} {told}{where}"


def parse(text: str) -> tuple[Rule, ...]:
    """The rules of a text. Raises Usage, which names the rule that is none."""
    rules = tuple(map(_rule, _OR.split(text.strip())))
    if len(rules) > _MOST:
        raise Usage(f"These are {len(rules)} rules", act=f"At most {_MOST}")
    return rules


def typed(text: str) -> tuple[Rule, ...]:
    """The rules of a text that somebody wrote just now. Raises Usage also for what can be read and
    cannot be meant: a share of more than all, which never or always fires, and a column that holds
    what was to be the next rule.
    """
    held = parse(text)
    for rule in held:
        if rule.metric in _SHARES and rule.against in ("", "plus") and _beyond(rule):
            by = abs(rule.number)
            act = f"{by:g}% is {by / 100:g}"
            raise Usage(f"{rule.text}: {rule.metric} is a share, at most 1", act=act)
        if _AMISS.search(rule.column) and f'"{rule.column}"' not in rule.text:
            why = f"{rule.column[:60]} is no column"
            raise Usage(f"{rule.text}: {why}", act="Join rules with: or. Or put it in quotes")
    return held


def judge(rule: Rule, window: Mapping[str, Any], stable: Mapping[str, Any] | None = None) -> Found:
    """Whether ``rule`` fires for what was measured (see `watch.window`), beside stable's."""
    value, column, why = _value(rule, window)
    if value is None:
        return Found(rule, None, None, None, why)
    other: float | None = None
    if rule.against:
        if stable is None:
            return Found(rule, None, value, None, "there is no stable version beside it")
        other, _, why = _value(rule, stable)
        if other is None:
            return Found(rule, None, value, None, f"of stable: {why}")
    limit = rule.limit(other)
    assert limit is not None
    fires = value > limit if rule.above else value < limit
    return Found(rule, fires, value, limit, "", column)


def figure(metric: str, value: float) -> str:
    """A figure as people read it, in the unit of its metric."""
    if metric in _SHARES:
        return f"{value * 100:.3g} %"
    return f"{value:.3g} ms" if metric in _TIMES else f"{value:.3g}"


def _beyond(rule: Rule) -> bool:
    """Whether no share gets where ``rule``'s limit is: 1 is out of reach from above alone."""
    return abs(rule.number) > 1 or (not rule.against and rule.above and rule.number == 1)


def _rule(text: str) -> Rule:
    found = _RULE.fullmatch(text)
    if found is None:
        shown = " ".join(text.split())[:60] or "nothing"
        raise Usage(f"{shown} is no rule", act="Like: drift > 0.2 in price or p99 > 2x")
    told = {name: value or "" for name, value in found.groupdict().items()}
    metric, column = told["metric"], told["column"].strip('"')
    shown = " ".join(text.split())
    if metric not in METRICS:
        near = nearest(metric, METRICS, 1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise Usage(f"Nothing is called {metric} in a rule{meant}", act=f"Of {', '.join(METRICS)}")
    if column and metric != "drift":
        raise Usage(f"{shown}: only drift is asked of one column")
    number, against = _limit(told, metric, shown)
    return Rule(shown, metric, told["way"] == ">", number, against, column)


def _limit(told: Mapping[str, str], metric: str, shown: str) -> tuple[float, str]:
    if told["stable"]:
        by = float(told["by"] or 0) * (-1 if told["sign"] == "-" else 1)
        if not told["part"]:
            return by, "plus"
        return by / 100, "plus" if metric in _SHARES else "part"
    number, unit = float(told["number"]), told["unit"]
    if unit == "x":
        return number, "times"
    if metric in _TIMES:
        if unit not in ("ms", "s"):
            raise Usage(f"{shown}: a time is in ms or s, or x of stable")
        return number * (1000 if unit == "s" else 1), ""
    if unit in ("ms", "s"):
        raise Usage(f"{shown}: {metric} is no time")
    return number / (100 if unit == "%" else 1), ""


def _value(rule: Rule, window: Mapping[str, Any]) -> tuple[float | None, str, str]:
    """The rule's figure, the column or segment that it is of, or why there is none."""
    key, counted = METRICS[rule.metric]
    column = _where(rule.metric, window)
    told: Any = window.get(key)
    if rule.column:
        drift: Any = window.get("drift")
        told = drift.get(rule.column) if isinstance(drift, Mapping) else None
        column = rule.column
    if isinstance(told, int | float) and not isinstance(told, bool) and math.isfinite(told):
        return float(told), column, ""
    whys: Any = window.get("why")
    why = whys.get(rule.metric) if isinstance(whys, Mapping) else None
    if rule.column and window.get("drift"):
        why = f"nothing is known of {rule.column}"
    return None, "", str(why or f"no {counted}")


def _where(metric: str, window: Mapping[str, Any]) -> str:
    """What the figure is of: the farthest column, the worst segment."""
    if metric == "drift":
        return str(window.get("drift_column") or "")
    listed: Any = window.get("segments") if metric == "segments" else None
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], Mapping):
        return ""
    return f"{listed[0].get('column')} = {listed[0].get('value')}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
