"""Parameters and metrics as parts: plain values, compared with a direction where it is known.

Knows by which names people call metrics and which way is better. Numbers of any library become JSON
numbers here; nothing of numpy or torch is imported to tell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.base import Change, Part
from snapbook.parts.jsonable import number, plain

MOST_METRICS = 20
# Names of ux.md's defaults that are a metric wherever a number is bound to them.
_NAMES = re.compile(
    r"(?i)(?:accuracy|acc|auc|roc_auc|f1|precision|recall|r2|rmse|mae|mse|mape|loss|log_?loss)"
    r"|.*_(?:score|accuracy|auc|f1|precision|recall|r2|rmse|mae|mse|mape|loss)|val_.+|score"
)
_DICTS = ("metrics", "scores")
# fmt: off
_LOWER = frozenset((
    "loss", "error", "err", "rmse", "mae", "mse", "mape", "smape", "msle", "rmsle", "medae",
    "logloss", "time", "seconds", "duration", "latency", "brier", "ece", "perplexity", "ppl",
    "wer", "cer", "fpr", "fnr", "fdr", "regret", "cost", "divergence", "distance", "deviance",
    "residual", "misclassification", "pinball", "aic", "bic",
))
# fmt: on
# fmt: off
_HIGHER = frozenset((
    "accuracy", "acc", "auc", "auroc", "auprc", "f1", "fbeta", "precision", "recall", "r2",
    "ap", "map", "ndcg", "mrr", "iou", "dice", "bleu", "rouge", "score", "sensitivity",
    "specificity", "tpr", "tnr", "kappa", "mcc", "jaccard", "likelihood", "throughput", "gini",
    "lift", "silhouette",
))
# fmt: on


def direction(name: str) -> str | None:
    """Which way is better, min or max, by a metric's usual name; None where it is not known.

    scikit-learn's negated losses ("neg_log_loss") are better when higher.
    """
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().replace("-", "_").split("_")
    words = [word.rstrip("0123456789") or word for word in words if word] + words
    if "neg" in words or "negative" in words:
        return "max"
    if _LOWER & set(words) or re.search(r"log_?loss", name.lower()):
        return "min"
    return "max" if _HIGHER & set(words) else None


def metric_candidates(
    values: Mapping[str, object], from_calls: Iterable[str] = ()
) -> dict[str, int | float]:
    """Which of the bound names are metrics: numeric scalars that came from a metric's call
    (``from_calls``, in order, first) or are named like one, and the numbers of ``metrics`` and
    ``scores``. At most 20; names that begin with an underscore are no metrics.
    """
    found: dict[str, int | float] = {}
    called = [name for name in from_calls if name in values]
    named = [name for name in values if _NAMES.fullmatch(name) and not name.startswith("_")]
    for name in dict.fromkeys([*called, *named]):
        value = number(values[name])
        if value is not None and not isinstance(value, bool):
            found[name] = value
    for name in _DICTS:
        inner = values.get(name)
        if type(inner) is dict:
            for key, item in list(inner.items()):
                value = number(item)
                if isinstance(key, str) and value is not None and not isinstance(value, bool):
                    found.setdefault(key, value)
    return dict(list(found.items())[:MOST_METRICS])


def capture_params(values: Mapping[str, object], set_names: Iterable[str] = ()) -> Part:
    """Parameters as a part; ``set_names`` are those that differ from their defaults."""
    facts: dict[str, Json] = {"values": {str(name): plain(value) for name, value in values.items()}}
    chosen = sorted(set(set_names) & set(values))
    if chosen:
        facts["set"] = chosen
    return Part("params", "params", facts)


def capture_metrics(
    values: Mapping[str, object],
    directions: Mapping[str, str | None] | None = None,
    first: Iterable[str] = (),
) -> Part:
    """Metrics as a part. ``directions`` overrides the table by name; those named in ``first`` come
    first, and the first of all is the main one. What is no number is left out.
    """
    names = [name for name in dict.fromkeys([*first, *values]) if name in values]
    numbers = {name: found for name in names if (found := number(values[name])) is not None}
    numbers = dict(list(numbers.items())[:MOST_METRICS])
    given = directions or {}
    known = {name: given.get(name) or direction(name) for name in numbers}
    facts: dict[str, Json] = {
        "values": numbers,
        "order": list(numbers),
        "directions": {name: way for name, way in known.items() if way},
        "main": next(iter(numbers), None),
    }
    return Part("metrics", "metrics", facts)


def restore(part: Part) -> dict[str, Any]:
    """The values by name, metrics in the order in which they were given."""
    values: Any = part.facts.get("values") or {}
    order: Any = part.facts.get("order") or sorted(values)
    return {name: values[name] for name in order if name in values}


def diff(
    old: Part | None,
    new: Part | None,
    get: object = None,  # noqa: ARG001 - one shape for all kinds
) -> list[Change]:
    """What differs by name; a part that is absent has no values. For metrics ``facts`` has "delta"
    and ``better`` is judged where the direction is known; the main one comes first.
    """
    if old is None or new is None:
        present = new or old
        if present is None:
            return []
        empty = Part(present.kind, present.name, {})
        old, new = old or empty, new or empty
    before, after = restore(old), restore(new)
    names = list(dict.fromkeys([*after, *before]))
    if new.kind == "metrics":
        main = new.facts.get("main")
        names.sort(key=lambda name: name != main)
    else:
        chosen: Any = (*_names(old), *_names(new))
        names.sort(key=lambda name: (name not in chosen, name))
    changes = []
    for name in names:
        if name not in before:
            changes.append(Change(new.kind, name, "added", None, after[name]))
        elif name not in after:
            changes.append(Change(new.kind, name, "removed", before[name], None))
        elif not _same(before[name], after[name]):
            changes.append(_changed(old, new, name, before[name], after[name]))
    return changes


def delta_text(delta: float) -> str:
    """A difference with its sign, as people read it: +0.009."""
    if not math.isfinite(delta):
        return ""
    size = abs(delta)
    if 0.0005 <= size < 1e6:
        return f"{delta:+.3f}" if size < 100 else f"{delta:+,.0f}"
    return f"{delta:+.2g}"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _changed(old: Part, new: Part, name: str, was: Any, now: Any) -> Change:
    if new.kind != "metrics" or not _is_number(was) or not _is_number(now):
        return Change(new.kind, name, "changed", was, now)
    ways: Any = {**_mapping(old, "directions"), **_mapping(new, "directions")}
    delta = float(now) - float(was)
    better = None
    if name in ways and delta and not math.isnan(delta):
        better = (delta > 0) == (ways[name] == "max")
    facts: dict[str, Json] = {"delta": delta}
    text = delta_text(delta)
    return Change("metrics", name, "changed", was, now, (text,) if text else (), better, facts)


def _same(old: Json, new: Json) -> bool:
    """Equality that knows types apart (1 and True, 1 and 1.0); NaN is equal to itself."""
    if isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new):
        return True
    return type(old) is type(new) and old == new


def _names(part: Part) -> tuple[str, ...]:
    value: Any = part.facts.get("set")
    return tuple(value) if isinstance(value, list) else ()


def _mapping(part: Part, name: str) -> Mapping[str, Json]:
    value = part.facts.get(name)
    return value if isinstance(value, Mapping) else {}
