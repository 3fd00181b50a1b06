"""Values as plain lines: lists, differences, restores; cards and pages have files of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from snapbook.display.card import card
from snapbook.display.words import age, aligned, counted, marks, number, numbers_apart
from snapbook.verbs import values
from snapbook.verbs.state import size_text

if TYPE_CHECKING:
    from snapbook.parts.base import Change

_FOLDED = ("params", "model")
_FEW = 4
_MOST = 12
_ALONE = {"removed": "gone", "added": "new"}


class JsonText(str):
    """Text that is one JSON value and is to be written as it is."""

    __slots__ = ()


def text(value: object) -> list[str]:
    """The lines of ``value`` in plain text."""
    if isinstance(value, JsonText):
        return [str(value)]
    if isinstance(value, values.Saved):
        return card(value)
    if isinstance(value, values.Listing):
        return listing(value)
    if isinstance(value, values.Shown):
        from snapbook.display.page import page

        return page(value)
    if isinstance(value, values.Compared):
        return compared(value)
    if isinstance(value, values.Restored):
        return restored(value)
    if isinstance(value, values.Graph):
        from snapbook.display.origin import listed

        return listed(value)
    if isinstance(value, values.Done):
        return list(value.lines)
    if isinstance(value, values.Overview):
        return [*value.status.lines, "", *listing(value.newest)]
    return [str(value)]


def listing(value: values.Listing) -> list[str]:
    """Versions as aligned columns."""
    rows = []
    for row in value.rows:
        metrics = [f"{name} {number(item.value)}" for name, item in list(row.metrics.items())[:2]]
        said = row.message or row.reason
        rows.append((row.ref, "  ".join(metrics), age(row.time, time.time()), marks(row), said))
    lines = aligned(rows)
    return [*lines, *([value.note] if value.note else [])]


def compared(value: values.Compared) -> list[str]:
    """A diff: one block a section, equal things folded into the last line."""
    head = f"{value.old} -> {value.new}"
    lines = [value.echo] if value.echo else []
    lines.append(f"{head}     {value.apart}" if value.apart else head)
    for section in ("code", "params", "metrics", "data", "model", "environment", "files"):
        found = [change for change in value.changes if change.section == section]
        label = section
        for block in _blocks(found) if section in _FOLDED else map(_change_lines, found):
            lines.append(f"{label:<10}{block[0]}")
            lines += [f"{'':<10}{line}" for line in block[1:]]
            label = ""
    if value.same:
        same = ", ".join(counted(count, noun) for noun, count in value.same.items() if count)
        if same:
            lines.append(f"{'same':<10}{same}")
    if not value.changes:
        lines.append("no difference")
    return lines


def _blocks(changes: list[Change]) -> Iterator[list[str]]:
    """The lines of each change; where another class brings its own names, these in one line."""
    many = {word for word in _ALONE if sum(one.what == word for one in changes) > _FEW}
    shown = [one for one in changes if one.what not in many]
    yield from map(_change_lines, shown[:_MOST])
    if len(shown) > _MOST:
        yield [f"{len(shown) - _MOST} more; all: --json"]
    for word in _ALONE:
        if word in many:
            names = [one.name for one in changes if one.what == word]
            yield [f"{len(names)} {_ALONE[word]}: {', '.join(names[:_FEW])} +{len(names) - _FEW}"]


def _change_lines(change: Change) -> list[str]:
    if change.section == "code":
        head = change.name if change.what == "changed" else f"{change.name} {change.what}"
        if change.what == "changed" and change.lines:
            return [
                f"{change.name:<9} {change.lines[0]}",
                *(f"{'':<10}{x}" for x in change.lines[1:]),
            ]
        return [head, *(f"{'':<10}{line}" for line in change.lines)]
    if change.section == "data" and change.facts.get("short") in _ALONE:
        shape = change.lines[0].removeprefix(change.name).strip()
        return [f"{change.name:<11} {shape}  ({_ALONE[change.what]})"]
    if change.section == "data" and change.lines:
        return [f"{change.name:<11} {change.lines[0]}", *(f"{'':<12}{x}" for x in change.lines[1:])]
    if change.what in _ALONE and None in (change.old, change.new):
        one = change.new if change.what == "added" else change.old
        tail = f"{_value(one)}  ({_ALONE[change.what]})"
    elif change.old is None and change.new is None:
        tail = ""
    else:
        a, b = _value(change.old), _value(change.new)
        if change.section == "params":
            # As it is written in the cell: C=1.0, not 1.000.
            a, b = str(change.old), str(change.new)
        elif a == b or not isinstance(change.old, list):
            a, b = numbers_apart(change.old, change.new)
        tail = f"{a} -> {b}"
    lines = list(change.lines)
    if change.section == "metrics" and lines:
        word = "" if change.better is None else "better" if change.better else "worse"
        tail += f"   {lines.pop(0)} {word}".rstrip()
    if not tail and lines:
        tail = lines.pop(0)
    return [f"{change.name:<11} {tail}".rstrip(), *(f"{'':<12}{line}" for line in lines)]


def _value(value: Any) -> str:
    """A value of a change; an input's schema by its type."""
    if isinstance(value, list):
        return f"[{', '.join(map(number, value[:_FEW]))}{', ...' if len(value) > _FEW else ''}]"
    return str(value.get("type", "")) if isinstance(value, Mapping) else number(value)


def restored(value: values.Restored) -> list[str]:
    """What a restore did, what it replaced and where that is kept, and how to undo it."""
    lines = [value.echo] if value.echo else []
    if value.undone:
        names = ", ".join(name for name, _ in value.bound) or "nothing"
        return [*lines, f"Undone: {names} as before the restore."]
    lines += [f"Here it differs: {warning}" for warning in value.warnings]
    lines += [f"Not restored: {value.apart}."] if value.apart else []
    if value.preview:
        return [*lines, *_preview(value)]
    made = ", ".join(f"{name} = {what}" for name, what in value.bound)
    swapped = [
        f"Replaced: {name}, which is kept as {where}."
        if where
        else f"Replaced: {name}, now in no version."
        for name, where in value.replaced
    ]
    if made:
        lines.append(" ".join([f"{made}.", *swapped]))
    lines += [f"wrote {name}" for name in value.files]
    if made:
        lines.append("  undo: %restore_version --undo      more: --what data | cells | all")
    return lines


def _preview(value: values.Restored) -> list[str]:
    """What a restore would do: what can be lost comes first."""
    lines = []
    for one in value.lost:
        fitted = f" fitted {said} ago" if (said := _ago(one.time)) else ""
        lines.append(f"would lose {one.name}: {one.what}{fitted}, {one.why}")
    kept = {name: where for name, where in value.replaced if where}
    swaps = {swap.name: swap for swap in value.swaps}
    for name, what in value.bound:
        swap = swaps.get(name)
        if swap is not None and swap.same:
            lines.append(f"{name} is that already ({what})")
            continue
        more = [*(swap.changes[:3] if swap else ())]
        more += [f"the present one is {kept[name]}"] if name in kept else []
        lines.append(f"would set {name} = {what}" + (f" ({', '.join(more)})" if more else ""))
    lines += [f"would write {name}" for name in value.files]
    if not lines:
        return ["nothing would change"]
    if value.untouched:
        lines.append(f"not touched: {counted(value.untouched, 'other variable')}")
    if value.more:
        lines.append(f"more: --what {' | '.join(map(_offer, value.more))}")
    return lines


def _offer(offer: values.Offer) -> str:
    """As "data (4 frames, 31 MB)"."""
    if offer.bytes is None:
        return offer.what
    return f"{offer.what} ({counted(offer.count, 'frame')}, {size_text(offer.bytes)})"


def _ago(then: str) -> str:
    said = age(then, time.time())
    return "" if said == "now" else said
