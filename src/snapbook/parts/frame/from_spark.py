"""Spark's frames: each partition told by its worker as Arrow batches, merged by one task.

One row with one Portion comes to the driver. The job runs in a thread of its own, under a group of
its own, so that it can be given up in time. Imported where a Spark frame was seen; knows no digest
and no profile.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

from snapbook.parts.frame.engines import Held
from snapbook.parts.frame.objects import Clock, Late
from snapbook.parts.frame.portions import Portion, decoded, empty, merged, portion
from snapbook.parts.frame.values import NotCanonical

_LOOK_S = 0.05


def held(obj: Any) -> Held:
    """A Spark DataFrame. Raises NotCanonical, or whatever a hostile frame raises."""
    fields = obj.schema.fields
    names = tuple(str(field.name) for field in fields)
    if len(set(names)) != len(names):
        raise NotCanonical("two columns of one name")
    dtypes = tuple(str(field.dataType.simpleString()) for field in fields)
    context = obj.sparkSession.sparkContext  # Spark Connect has none, and raises
    return Held(names, dtypes, 0, True, lambda clock: _portion(obj, context, clock))


def _portion(frame: Any, context: Any, clock: Clock) -> Portion:
    """The Portion of all rows, made by the engine. Raises Late when it was given up."""
    group = f"snapbook-{secrets.token_hex(4)}"
    found: list[bytes] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            context.setJobGroup(group, "snapbook: hash and profile", interruptOnCancel=True)
            told = frame.mapInArrow(_told, "portion binary").repartition(1)
            row = told.mapInArrow(_merged, "portion binary").first()
            found.append(bytes(row[0]) if row is not None else _none(frame))
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_LOOK_S)
            if clock.deadline is not None and time.monotonic() > clock.deadline:
                raise Late
    finally:
        while thread.is_alive():  # what is only being planned is no job yet that could be cancelled
            context.cancelJobGroup(group)
            thread.join(_LOOK_S)
    if raised:
        raise raised[0]
    return decoded(found[0])


def _none(frame: Any) -> bytes:
    """The Portion of a frame without rows."""
    from pyspark.sql.pandas.types import to_arrow_schema

    return empty(to_arrow_schema(frame.schema)).encoded()


def _told(batches: Iterator[Any]) -> Iterator[Any]:
    """The Portion of one partition: this runs in a worker of Spark's."""
    import pyarrow as pa
    from pyspark import TaskContext

    first = next(batches, None)
    if first is None:
        return
    task = TaskContext.get()
    schema = first.schema
    tables = (pa.Table.from_batches([one]) for one in _again(first, batches))
    made = portion(tables, task.partitionId() if task else 0, schema)
    yield pa.RecordBatch.from_pydict({"portion": [made.encoded()]})


def _again(first: Any, others: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from others


def _merged(batches: Iterator[Any]) -> Iterator[Any]:
    """The Portion of all, out of those of the partitions, one after another."""
    import pyarrow as pa

    whole = None
    for batch in batches:
        for data in batch.column(0):
            one = decoded(data.as_py())
            whole = one if whole is None else merged(whole, one)
    if whole is not None:
        yield pa.RecordBatch.from_pydict({"portion": [whole.encoded()]})
