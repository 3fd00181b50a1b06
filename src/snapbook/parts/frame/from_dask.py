"""Dask's frames: each partition told where it is, portions merged by eights, one comes home.

What Dask's own scheduler runs, threads or a cluster, is its user's choice. Imported where a Dask
frame was seen; knows no digest and no profile.
"""

from __future__ import annotations

import time
from typing import Any

from snapbook.parts.frame.engines import Held
from snapbook.parts.frame.objects import Clock, Late
from snapbook.parts.frame.portions import Portion, decoded, empty, portion, together
from snapbook.parts.frame.values import NotCanonical

_TOGETHER = 8


def held(obj: Any) -> Held:
    """A Dask DataFrame or Series. Row labels count where they have a name: else they number the
    rows of each partition. Raises NotCanonical, or whatever a hostile frame raises.
    """
    import pyarrow as pa

    wide = type(obj._meta).__name__ == "DataFrame"
    frame = obj if wide else obj.to_frame()
    meta = frame._meta
    labelled = meta.index.name is not None
    names = list(meta.columns)
    dtypes = [str(dtype) for dtype in meta.dtypes]
    if len(set(map(str, names))) != len(names):
        raise NotCanonical("two columns of one name")
    whole = frame._meta_nonempty
    fields = [pa.field(str(name), _kind(whole.iloc[:, at])) for at, name in enumerate(names)]
    if labelled:
        fields.insert(0, pa.field(_LABELS, _kind(whole.index.to_series())))
    schema = pa.schema(fields)

    def run(clock: Clock) -> Portion:
        import dask

        until = None
        if clock.deadline is not None:  # other processes have other monotonic clocks
            until = time.time() + clock.deadline - time.monotonic()
        tell = dask.delayed(_told, pure=False)
        merge = dask.delayed(_merged, pure=False)
        level = [tell(one, at, schema, until) for at, one in enumerate(frame.to_delayed())]
        while len(level) > 1:
            level = [merge(level[at : at + _TOGETHER]) for at in range(0, len(level), _TOGETHER)]
        (found,) = dask.compute(*level) if level else (empty(schema).encoded(),)
        return decoded(found)

    return Held(
        (meta.index.name, *names) if labelled else tuple(names),
        (str(meta.index.dtype), *dtypes) if labelled else tuple(dtypes),
        int(labelled),
        wide,
        run,
    )


_LABELS = "row labels"


def _kind(series: Any) -> Any:
    """The Arrow type of a column; of a categorical one that of its values."""
    import pyarrow as pa

    try:
        found = pa.Array.from_pandas(series).type
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise NotCanonical(f"a column of type {series.dtype}") from error
    return found.value_type if pa.types.is_dictionary(found) else found


def _told(part: Any, place: int, schema: Any, until: float | None) -> bytes:
    """The Portion of one partition, a pandas frame: this runs where Dask has it."""
    import pyarrow as pa

    if until is not None and time.time() > until:
        raise Late
    offset = int(schema.names[0] == _LABELS)
    arrays = [] if not offset else [_array(part.index.to_series(), schema[0].type)]
    arrays += [
        _array(part.iloc[:, at], field.type) for at, field in enumerate(list(schema)[offset:])
    ]
    return portion([pa.table(arrays, schema=schema)], place, schema).encoded()


def _merged(parts: list[bytes]) -> bytes:
    return together(list(map(decoded, parts))).encoded()


def _array(series: Any, kind: Any) -> Any:
    """The values of a column as one Arrow array of the type that all partitions have."""
    import pyarrow as pa

    found = pa.Array.from_pandas(series)
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks() if found.num_chunks != 1 else found.chunk(0)
    if pa.types.is_dictionary(found.type):
        found = found.dictionary_decode()
    return found if found.type == kind else found.cast(kind)
