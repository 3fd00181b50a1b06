"""A frame that an engine holds, as facts: hashed and profiled where its rows are, never collected.

What reaches this process is one Portion, whatever the size. Rows are not stored: they stay with the
engine, and that is said. Knows facts; how each engine runs over its partitions is known to
`from_dask` and `from_spark`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.parts.base import Notice, Part
from snapbook.parts.frame.from_arrow import load_values, one_array, type_json
from snapbook.parts.frame.hashing import measure
from snapbook.parts.frame.names import name_json, name_text
from snapbook.parts.frame.objects import Clock, Late
from snapbook.parts.frame.portions import Portion
from snapbook.parts.frame.sketch import sketch
from snapbook.parts.frame.tagged import name_of
from snapbook.parts.frame.values import NotCanonical, Values

ENGINES = {"dask": "Dask", "pyspark": "Spark"}


@dataclass(frozen=True, slots=True)
class Held:
    """A frame that an engine holds: the ``names`` and ``dtypes`` of its columns as its users read
    them, of which the first ``levels`` are row labels; ``wide`` unless it is a single column.

    ``portion`` has the engine make the Portion of all its rows, whose sample is of the same columns
    in the same order. It raises Late, and whatever the engine raises.
    """

    names: tuple[Any, ...]
    dtypes: tuple[str, ...]
    levels: int
    wide: bool
    portion: Callable[[Clock], Portion]


def is_engines(kind: str) -> bool:
    """Whether a frame of this type lies with an engine."""
    return kind.partition(".")[0] in ENGINES


def capture(obj: Any, kind: str, name: str, role: str, clock: Clock) -> tuple[Part, list[Notice]]:
    """The frame ``obj`` as a part without rows, and what to say of it. Never raises for what is in
    it or for what the engine says.
    """
    try:
        held = _held(obj, kind)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the user's own objects
        facts: dict[str, Json] = {"type": kind, "digest": None, "role": role, "stored": False}
        return Part("frame", name, facts), [Notice("not-hashed", name, _why(error))]
    try:
        portion = held.portion(clock)
    except KeyboardInterrupt:
        raise
    except Late:
        why = "its engine needed more time than there is"
    except BaseException as error:  # noqa: BLE001 - an engine fails in many ways
        why = _why(error)
    else:
        return _told(held, kind, name, role, portion)
    unknown: list[dict[str, Json]] = [
        {"name": name_json(column), "dtype": dtype, "digest": None}
        for column, dtype in zip(held.names, held.dtypes, strict=True)
    ]
    facts = {"type": kind, **_halves(held, unknown), "digest": None, "role": role, "stored": False}
    return Part("frame", name, facts), [Notice("not-hashed", name, why)]


def _held(obj: Any, kind: str) -> Held:
    if kind.startswith("dask."):
        from snapbook.parts.frame import from_dask

        return from_dask.held(obj)
    from snapbook.parts.frame import from_spark

    return from_spark.held(obj)


def _told(
    held: Held, kind: str, name: str, role: str, portion: Portion
) -> tuple[Part, list[Notice]]:
    """The part that ``portion`` tells, and what to say of it."""
    columns = _columns(held, portion)
    width = len(held.names) - held.levels
    facts: dict[str, Json] = {
        "type": kind,
        "shape": [portion.rows, width] if held.wide else [portion.rows],
        "rows": portion.rows,
        "digest": _digest(kind, columns, portion),
        **_halves(held, columns),
        "role": role,
        "stored": False,
    }
    notices = [
        Notice("not-hashed", f"{name}[{name_text(name_json(column))}]", told.why)
        for column, told in zip(held.names, portion.columns, strict=True)
        if told.why
    ]
    stays = f"its rows stay with {ENGINES[kind.partition('.')[0]]}, hash and profile kept"
    return Part("frame", name, facts), [*notices, Notice("elsewhere", name, stays)]


def _halves(held: Held, columns: list[dict[str, Json]]) -> dict[str, Json]:
    return {"columns": [*columns[held.levels :]], "index": [*columns[: held.levels]]}


def _digest(kind: str, columns: list[dict[str, Json]], portion: Portion) -> str | None:
    """The digest of the whole: of its columns, and of which values stand in one row."""
    digests = [column["digest"] for column in columns]
    if None in digests:
        return None
    named: list[Json] = [[column["name"], column["type"]] for column in columns]
    whole: list[Json] = [f"{part:016x}" for part in portion.whole]
    told: dict[str, Json] = {"partitioned": 1, "type": kind, "rows": portion.rows,
                             "names": named, "columns": [*digests], "whole": whole}  # fmt: skip
    return canonical.digest(canonical.encode(told))


def _columns(held: Held, portion: Portion) -> list[dict[str, Json]]:
    """Name, type, digest and profile of each column."""
    loaded = [_loaded(one_array(column)) for column in portion.sample.columns]
    profiles = sketch([None if one is None else (one, measure(one).nan) for one in loaded])
    found = []
    for place, told in enumerate(portion.columns):
        facts: dict[str, Json] = {
            "name": name_json(held.names[place]),
            "dtype": held.dtypes[place],
            "digest": None,
        }
        if told.why:
            found.append({**facts, "why": told.why})
            continue
        kind = type_json(portion.sample.schema[place].type)
        sums: list[Json] = [f"{part:016x}" for part in told.sums]
        facts["type"] = {"arrow": kind}
        facts["digest"] = canonical.digest(
            canonical.encode({"sums": sums, "rows": portion.rows, "nulls": told.nulls})
        )
        profile = profiles[place]
        if profile is not None:
            # The sample tells how values are spread; how many are missing was counted.
            share = float(f"{told.nulls / max(portion.rows, 1):.6g}")
            facts["profile"] = {**profile, "nulls": share}
        found.append(facts)
    return found


def _loaded(array: Any) -> Values | None:
    try:
        return load_values(array, Clock())
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - values that Arrow holds and we do not know
        return None


def _why(error: BaseException) -> str:
    if isinstance(error, NotCanonical):
        return f"it holds {error}"
    return f"it raises {name_of(type(error))}"
