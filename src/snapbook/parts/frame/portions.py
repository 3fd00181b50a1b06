"""What is told of one partition of a frame, and of many as one: counts, sums and a few rows.

A Portion is made where the partition lies and is small whatever its size, so an engine can send it
through a network and merge it with others in any order. Digests are of sums (`lanes`): the same
rows give the same ones however they are cut and ordered. The rows are a sample without preference,
for profiles; which they are depends on their places, which is all that is told apart by. Knows
Arrow, no engine.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.flavors.pickler import said
from snapbook.parts.frame import lanes
from snapbook.parts.frame.from_arrow import load_values, one_array
from snapbook.parts.frame.objects import Clock
from snapbook.parts.frame.sketch import SAMPLE
from snapbook.parts.frame.values import NotCanonical

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOTHING: lanes.Sums = (0, 0)
_BATCH = 65_536  # rows that are looked at together


@dataclass(frozen=True, slots=True)
class Told:
    """Of one column: how many values are missing, the sum of all, and why there is none ("")."""

    nulls: int = 0
    sums: lanes.Sums = _NOTHING
    why: str = ""


@dataclass(frozen=True, slots=True)
class Portion:
    """``rows`` rows with the ``columns``, in order; ``whole`` is the sum over rows.

    ``sample`` is an Arrow table of some rows, and ``keys`` their numbers, least first.
    """

    rows: int
    columns: tuple[Told, ...]
    whole: lanes.Sums
    keys: tuple[int, ...]
    sample: Any

    def encoded(self) -> bytes:
        """The Portion as bytes, for engines that carry nothing else."""
        import pyarrow as pa

        told: list[Json] = [[one.nulls, *map(hex, one.sums), one.why] for one in self.columns]
        facts: dict[str, Json] = {"rows": self.rows, "columns": told,
                                  "whole": list(map(hex, self.whole)),
                                  "keys": list(map(hex, self.keys))}  # fmt: skip
        head = canonical.encode(facts)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.sample.schema) as writer:
            writer.write_table(self.sample)
        return len(head).to_bytes(8, "big") + head + bytes(sink.getvalue())


def decoded(data: bytes) -> Portion:
    """The Portion that `Portion.encoded` wrote."""
    import pyarrow as pa

    end = 8 + int.from_bytes(data[:8], "big")
    facts: Any = canonical.decode(data[8:end])
    columns = tuple(
        Told(nulls, (int(low, 16), int(high, 16)), why)
        for nulls, low, high, why in facts["columns"]
    )
    low, high = facts["whole"]
    keys = tuple(int(key, 16) for key in facts["keys"])
    sample = pa.ipc.open_stream(data[end:]).read_all()
    return Portion(facts["rows"], columns, (int(low, 16), int(high, 16)), keys, sample)


def portion(tables: Iterable[Any], place: int, schema: Any) -> Portion:
    """The Portion of a partition, the one at ``place``, that comes as Arrow tables of ``schema``.

    Columns of dictionaries are taken as what they stand for.
    """
    found = empty(schema)
    for table in tables:
        for start in range(0, table.num_rows, _BATCH):
            found = merged(found, _part(table.slice(start, _BATCH), found.rows, place, schema))
    return found


def empty(schema: Any) -> Portion:
    """The Portion of no rows."""
    return Portion(0, (Told(),) * len(schema), _NOTHING, (), _plain(schema.empty_table()))


def merged(one: Portion, other: Portion) -> Portion:
    """The Portion of the rows of both."""
    import pyarrow as pa

    columns = tuple(
        Told(a.nulls + b.nulls, lanes.added(a.sums, b.sums), a.why or b.why)
        for a, b in zip(one.columns, other.columns, strict=True)
    )
    keys = [*one.keys, *other.keys]
    least = heapq.nsmallest(SAMPLE, range(len(keys)), key=keys.__getitem__)
    rows = pa.concat_tables([one.sample, other.sample]).take(least)
    return Portion(
        one.rows + other.rows,
        columns,
        lanes.added(one.whole, other.whole),
        tuple(keys[place] for place in least),
        rows,
    )


def together(portions: Sequence[Portion]) -> Portion:
    """One Portion of all; there is at least one."""
    return reduce(merged, portions)


def _part(table: Any, start: int, place: int, schema: Any) -> Portion:
    """The Portion of a few rows, the first of which is row ``start`` of its partition."""
    import numpy as np

    columns: list[Told] = []
    numbers = []
    for field in schema:
        array = one_array(table.column(field.name))
        try:
            found = _numbers(array)
        except NotCanonical as error:
            columns.append(Told(array.null_count, why=f"it holds {error}"))
            continue
        except Exception as error:  # noqa: BLE001 - whatever hostile values make Arrow say
            columns.append(Told(array.null_count, why=f"it raises {said(error)[:80]}"))
            continue
        numbers.append(found)
        columns.append(Told(_missing(array), lanes.total(found)))
    whole = lanes.total(lanes.rows(numbers)) if numbers else _NOTHING
    keys = lanes.spread(start, table.num_rows, f"partition {place}")
    least = np.argsort(keys, kind="stable")[:SAMPLE]
    sample = _plain(table.take(least))
    return Portion(table.num_rows, tuple(columns), whole, tuple(keys[least].tolist()), sample)


def _numbers(array: Any) -> NDArray[Any]:
    """The number of each value. One that is null has the same in whatever company: `load_values`
    takes objects together, and may write a null among them as one of them.
    """
    import pyarrow as pa

    alike = not pa.types.is_nested(array.type) and not pa.types.is_decimal(array.type)
    if alike or not array.null_count:
        return lanes.lanes(load_values(array, Clock()))
    found = lanes.nulls(len(array))
    there = array.is_valid().to_numpy(zero_copy_only=False)
    found[there] = lanes.lanes(load_values(array.drop_null(), Clock()))
    return found


def _missing(array: Any) -> int:
    """How many values are null, or not a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(array.type):
        return int(pc.sum(pc.is_null(array, nan_is_null=True)).as_py() or 0)
    return int(array.null_count)


def _plain(table: Any) -> Any:
    """``table`` without dictionaries, which differ from partition to partition."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            column = table.column(place).cast(field.type.value_type)
            table = table.set_column(place, field.name, column)
    return table.replace_schema_metadata()
