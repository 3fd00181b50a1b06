"""Which gates there are: ours in a table, others' by the entry-point group ``snapbook.gates``.

Knows how each is called by its name, which settings it takes, and that a gate of somebody else may
raise: then the version has not passed it. Some read what is stored; others need the model itself
(`gates.trial`) and are asked where that may be loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from snapbook import canonical
from snapbook.errors import BadOption, nearest
from snapbook.gates import (
    bias,
    card,
    drift,
    environment,
    latency,
    metric,
    robustness,
    score,
    secrets,
    signature,
    size,
)
from snapbook.gates.base import Case, Gate, Verdict
from snapbook.gates.trial import ROWS, Trial, TrialGate

GROUP = "snapbook.gates"
_LONGEST = 400
OWN = "own"  # the setting of a gate whose function whoever judges brings along
_OURS = {room.NAME: room for room in (signature, metric, drift, size, environment, secrets, card)}
_TRIED = {room.NAME: room for room in (score, latency, robustness, bias)}


def names() -> list[str]:
    """All gates that are known here, ours first."""
    return [*_OURS, *_TRIED, *(name for name in _others() if name not in _OURS)]


def is_tried(name: str, settings: Mapping[str, Any]) -> bool:
    """Whether the gate needs the model itself, and so is asked by whoever judges."""
    return name in _TRIED or settings.get(OWN) is True


def compares(name: str, settings: Mapping[str, Any]) -> bool:
    """Whether such a gate needs the model in place as well."""
    return name not in _TRIED or _TRIED[name].compares(settings)


def judged(name: str, case: Case) -> Verdict:
    """What the gate called ``name`` says of ``case``; not passed where it is absent or fails."""
    return _said(name, lambda: _gate(name), case)


def tried(name: str, trial: Trial, own: TrialGate | None = None) -> Verdict:
    """What a gate that needs the model says; ``own`` is the function that was brought along."""
    return _said(name, lambda: own or (_TRIED[name].judge if name in _TRIED else None), trial)


def _said(name: str, find: Callable[[], Any], case: Case | Trial) -> Verdict:
    try:
        gate = find()
        if gate is None:
            return Verdict(name, False, "there is no gate of that name here")
        found: Any = gate(case)
    except MemoryError:
        raise  # whoever set the limit says so
    except Exception as error:  # noqa: BLE001 - a gate may be the user's own, and judge anything
        why = f"{type(error).__name__}: {_line(error)}"
        return Verdict(name, False, f"the gate itself failed ({why})")
    if not isinstance(found, Verdict):
        return Verdict(name, False, f"the gate gave a {type(found).__name__}, not a Verdict")
    try:
        facts = dict(found.facts)
        canonical.encode(facts)
        return Verdict(name, found.passed is True, _line(found.reason), facts)
    except (ValueError, TypeError, AttributeError) as error:
        return Verdict(name, False, f"what the gate gave cannot be kept ({_line(error)})")


def check(name: str, settings: Mapping[str, Any]) -> None:
    """Raise BadOption for a gate that is not there, or settings that it does not take."""
    room: Any = _OURS.get(name) or _TRIED.get(name)
    if room is None:
        if settings.get(OWN) is True:
            _check_settings(name, {key: settings[key] for key in ROWS if key in settings}, ROWS)
        elif name not in _others():
            near = nearest(name, names())
            guess = f" (did you mean {near[0]}?)" if near else ""
            raise BadOption(
                f"There is no gate {name}{guess}",
                act=f"There are {_list(names())}; own = true is for one that a notebook defines",
            )
        return
    _check_settings(name, settings, room.SETTINGS)
    if name == environment.NAME:
        environment.requirements(settings.get("bad", ()), settings.get("bad_file", ""))
    if name == bias.NAME:
        bias.check(settings)


def _check_settings(name: str, settings: Mapping[str, Any], takes: Mapping[str, Any]) -> None:
    for setting, value in settings.items():
        if setting not in takes:
            known = _list([*takes, "fails"])
            raise BadOption(f"Gate {name} takes no {setting}", act=f"It takes {known}")
        if not _FITS[takes[setting]](value):
            raise BadOption(f"Gate {name}: {setting} has to be {_NOUNS[takes[setting]]}")


def _gate(name: str) -> Gate | None:
    entry = _others().get(name)
    found: Any = _OURS[name].judge if name in _OURS else entry.load() if entry else None
    gate: Gate | None = found
    return gate


@cache
def _others() -> dict[str, EntryPoint]:
    """Entry points by name; read once in a process."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _is_any_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _line(value: object) -> str:
    """One line that fits into a table, whatever a gate says."""
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _list(words: list[str]) -> str:
    return ", ".join(words)


_FITS: Mapping[str, Any] = {
    "number": _is_number,
    "numbers": lambda v: isinstance(v, dict) and all(map(_is_any_number, v.values())),
    "texts": lambda v: isinstance(v, list) and all(isinstance(one, str) for one in v),
    "ways": lambda v: isinstance(v, dict) and set(v.values()) <= {"max", "min"},
    "flag": lambda v: isinstance(v, bool),
    "file": lambda v: isinstance(v, str),
    "text": lambda v: isinstance(v, str) and v != "",
    "count": lambda v: type(v) is int and v > 0,
    "amounts": lambda v: isinstance(v, list) and all(map(_is_any_number, v)) and v == sorted(v),
    "any": lambda _: True,
}
_NOUNS = {
    "number": "a number, 0 or more",
    "numbers": "a table of numbers",
    "texts": "a list of texts",
    "ways": 'a table of "max" and "min"',
    "flag": "true or false",
    "file": "the name of a file",
    "text": "a text",
    "count": "a count, 1 or more",
    "amounts": "a list of numbers, the least first",
    "any": "anything",
}
