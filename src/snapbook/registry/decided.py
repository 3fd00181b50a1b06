"""What promotion tells, as bytes that travel, and back.

Canonical JSON, since what gates measure may be no finite number. Shared by both ends.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from snapbook import canonical
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged
from snapbook.gates.base import Verdict
from snapbook.promote.policy import Wanted
from snapbook.promote.records import Judged, Kept, Moved, Review, Rights, Said, Stay
from snapbook.promote.verdicts import Sought
from snapbook.registry import wire


def told(value: object) -> bytes:
    """A record, a list of them, or plain data, as bytes."""
    return canonical.encode(_plain(value))


def review_of(data: bytes) -> Review:
    """The Review that `told` wrote. Raises Damaged."""
    value = _table(data)
    try:
        return Review(
            model=str(value["model"]),
            alias=str(value["alias"]),
            live=_row(value["live"]),
            candidate=_row(value["candidate"]),
            changes=tuple(map(str, value["changes"])),
            judged=tuple(map(judged_of, value["judged"])),
            said=tuple(Said(**one) for one in value["said"]),
            needed=int(value["needed"]),
            missing=tuple(map(str, value["missing"])),
            history=tuple(Stay(**one) for one in value["history"]),
            policy=int(value["policy"]),
            # An older server tells of neither.
            benchmarks=_rows(value.get("benchmarks") or {}),
            may=Rights(**(value.get("may") or {})),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _strange("a review") from error


def moved_of(data: bytes) -> Moved:
    """The Moved that `told` wrote. Raises Damaged."""
    value = _table(data)
    try:
        return Moved(
            alias=str(value["alias"]),
            version=wire.row_of(value["version"]),
            before=_row(value["before"]),
            since=str(value["since"]),
            judged=tuple(map(judged_of, value["judged"])),
            further=str(value["further"]),
            new=value["new"] is True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _strange("a promotion") from error


def sought_of(data: bytes) -> Sought:
    """What is to be judged, as `told` wrote it. Raises Damaged."""
    value = _table(data)
    try:
        gates = [
            Wanted(str(one["name"]), one["refuses"] is True, dict(one["settings"]))
            for one in value["gates"]
        ]
        version, rows = wire.row_of(value["version"]), _rows(value["rows_of"])
        return Sought(version, _row(value["baseline"]), tuple(gates), rows)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _strange("what is to be judged") from error


def kept_of(data: bytes) -> list[Kept]:
    """The policies that `told` wrote. Raises Damaged."""
    try:
        return [Kept(**one) for one in _table(data)["policies"]]
    except (KeyError, TypeError, ValueError) as error:
        raise _strange("a list of policies") from error


def aliases_of(data: bytes) -> dict[str, str]:
    """The aliases that `told` wrote. Raises Damaged."""
    try:
        return {str(name): str(manifest) for name, manifest in _table(data)["aliases"].items()}
    except (KeyError, AttributeError) as error:
        raise _strange("a table of aliases") from error


def row_of(data: bytes) -> VersionRow:
    """The version that `told` wrote under "version". Raises Damaged."""
    return wire.row_of(_table(data).get("version"))


def changed_of(data: bytes) -> bool:
    """The word under "changed". Raises Damaged."""
    return _table(data).get("changed") is True


def _plain(value: Any) -> Any:
    if isinstance(value, VersionRow):
        return _plain(wire.row_json(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    return value


def _table(data: bytes) -> Mapping[str, Any]:
    try:
        value: Any = canonical.decode(data)
    except ValueError as error:
        raise _strange("JSON") from error
    if not isinstance(value, dict):
        raise _strange("an object")
    return value


def _row(value: Any) -> VersionRow | None:
    return None if value is None else wire.row_of(value)


def _rows(value: Any) -> dict[str, VersionRow]:
    return {str(name): wire.row_of(row) for name, row in value.items()}


def judged_of(value: Any) -> Judged:
    """A verdict as `told` writes it."""
    verdict = value["verdict"]
    return Judged(
        Verdict(
            str(verdict["name"]),
            verdict["passed"] is True,
            str(verdict["reason"]),
            dict(verdict["facts"]),
        ),
        value["refuses"] is True,
    )


def _strange(what: str) -> Damaged:
    return Damaged(f"The server's answer is not {what}", act="Is there a registry at this address?")
