"""What travels between a registry and its clients: names of headers, limits, rows and events.

Pure, and shared by both ends, so that one cannot drift from the other. Packs travel as they lie on
a disk (docs/format.md); events as they are stored, so that whoever gets them checks the chain
himself.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from snapbook.canonical import Json
from snapbook.catalog.rows import Metric, VersionRow
from snapbook.errors import Damaged
from snapbook.transfer import Accepted, Offered

API = 1
PATH = "/api/v1"
OFFSET, LENGTH = "Upload-Offset", "Upload-Length"
MOST_JSON = 32 << 20  # a list of 400,000 digests
MOST_DIGESTS = 400_000
MOST_EVENTS = 10_000  # in one answer
ALONG = "along"  # in the answer to what is missing: how large a pack may come with the offer
MOST_ALONG = 16 << 10
MOST = 1 << 53  # of any number: whatever reads JSON can hold it
FORM, TOLD = "Snapbook-Form", "Snapbook-Told"
EVENTS = 2  # the newest form of events that this program knows (docs/format.md)
SOME = "some"  # of the events: what happened in others is not for who asks
_UNTOLD = 0xFFFFFFFF  # in the place of a length: the event could not be told even closed
_FIELDS = tuple(field.name for field in dataclasses.fields(VersionRow))
_EVENT = struct.Struct("<QI")  # place, length of the sealed bytes that follow


def row_json(row: VersionRow) -> dict[str, Any]:
    """``row`` as JSON data; metrics as pairs, for their order tells which is the main one."""
    return {**{name: getattr(row, name) for name in _FIELDS}, "metrics": [
        [name, {"value": metric.value, "direction": metric.direction}]
        for name, metric in row.metrics.items()
    ]}  # fmt: skip


def row_of(value: Any) -> VersionRow:
    """The row that `row_json` wrote; unknown fields are left out. Raises Damaged."""
    try:
        known = {
            field.name: value[field.name]
            for field in dataclasses.fields(VersionRow)
            # What an older registry does not tell has a value of its own.
            if field.name in value or field.default is dataclasses.MISSING
        }
        for name in ("parents", "aliases", "shared", "waits", "withheld", "said"):
            known[name] = tuple(map(str, known.get(name, ())))
        major, minor, patch = known["number"]
        return VersionRow(
            **{
                **known,
                "number": (int(major), int(minor), int(patch)),
                "metrics": {str(name): Metric(**metric) for name, metric in known["metrics"]},
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _strange("a version") from error


def accepted_json(accepted: Accepted) -> dict[str, Any]:
    """``accepted`` as JSON data."""
    taken = list(accepted.taken) if accepted.taken else None
    return {"version": row_json(accepted.version), "new": accepted.new, "taken": taken}


def accepted_of(value: Any) -> Accepted:
    """What `accepted_json` wrote. Raises Damaged."""
    try:
        taken = value["taken"]
        number = None if taken is None else (int(taken[0]), int(taken[1]), int(taken[2]))
        return Accepted(row_of(value["version"]), value["new"] is True, number)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _strange("an accepted version") from error


def offered_json(offer: Offered) -> dict[str, Any]:
    """``offer`` as JSON data."""
    return {"body": dict(offer.body), "needed": sorted(offer.needed)}


def offered_of(value: Any) -> Offered:
    """What `offered_json` wrote; it is believed no further than that. Raises Damaged."""
    try:
        body: Mapping[str, Json] = dict(value["body"])
        return Offered(body, frozenset(map(str, value["needed"])))
    except (KeyError, TypeError, ValueError) as error:
        raise _strange("an offer") from error


def packed_events(events: Iterable[tuple[int, bytes | None]]) -> Iterator[bytes]:
    """Sealed events with their places, one after another; None for one that is not told."""
    for n, sealed in events:
        yield _EVENT.pack(n, _UNTOLD) if sealed is None else _EVENT.pack(n, len(sealed)) + sealed


def unpacked_events(data: bytes) -> Iterator[tuple[int, bytes | None]]:
    """What `packed_events` wrote. Raises Damaged for a cut one."""
    at = 0
    while at < len(data):
        if len(data) < at + _EVENT.size:
            raise _strange("events")
        n, length = _EVENT.unpack_from(data, at)
        at += _EVENT.size
        if length == _UNTOLD:
            yield n, None
            continue
        if len(data) < at + length:
            raise _strange("events")
        yield n, data[at : at + length]
        at += length


def _strange(what: str) -> Damaged:
    return Damaged(f"The server's answer is not {what}", act="Is there a registry at this address?")
