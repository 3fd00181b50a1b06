"""Which gates there are: ours in a table, others' by the entry-point group ``snapbook.gates``.

Knows how each is called by its name, which settings it takes, and that a gate of somebody else may
raise: then the version has not passed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from snapbook import canonical
from snapbook.errors import BadOption, nearest
from snapbook.gates import drift, environment, metric, secrets, signature, size
from snapbook.gates.base import Case, Gate, Verdict

GROUP = "snapbook.gates"
_LONGEST = 400
_OURS = {room.NAME: room for room in (signature, metric, drift, size, environment, secrets)}


def names() -> list[str]:
    """All gates that are known here, ours first."""
    return [*_OURS, *(name for name in _others() if name not in _OURS)]


def judged(name: str, case: Case) -> Verdict:
    """What the gate called ``name`` says of ``case``; not passed where it is absent or fails."""
    try:
        gate = _gate(name)
        if gate is None:
            return Verdict(name, False, "there is no gate of that name here")
        found: Any = gate(case)
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
    if name not in _OURS:
        if name not in _others():
            near = nearest(name, names())
            guess = f" (did you mean {near[0]}?)" if near else ""
            raise BadOption(f"There is no gate {name}{guess}", act=f"There are {_list(names())}")
        return
    takes = _OURS[name].SETTINGS
    for setting, value in settings.items():
        if setting not in takes:
            known = _list([*takes, "fails"])
            raise BadOption(f"Gate {name} takes no {setting}", act=f"It takes {known}")
        if not _FITS[takes[setting]](value):
            raise BadOption(f"Gate {name}: {setting} has to be {_NOUNS[takes[setting]]}")
    if name == environment.NAME:
        environment.requirements(settings.get("bad", ()), settings.get("bad_file", ""))


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
}
_NOUNS = {
    "number": "a number, 0 or more",
    "numbers": "a table of numbers",
    "texts": "a list of texts",
    "ways": 'a table of "max" and "min"',
    "flag": "true or false",
    "file": "the name of a file",
}
