"""One file of the log: a stream of Arrow's, batch after batch, that can be read while it grows.

After a kill, or on a disk that is full, all batches but the last stay readable: a reader stops
where the file does not go on, and a writer that could not write a batch takes its beginning away
again.
The file's own words say which version it is of. Arrow's stream format: "Apache Arrow Columnar
Format, IPC Streaming Format".
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from snapbook.errors import NotFound
from snapbook.watch.answers import Answers, Outcomes, Refused, Traffic

if TYPE_CHECKING:
    from snapbook.watch.answers import Array

SUFFIX = ".arrows"
ANSWERS, OUTCOMES, TRAFFIC, REFUSED = "answers", "outcomes", "traffic", "refused"
_TYPES = {OUTCOMES: Outcomes, TRAFFIC: Traffic, REFUSED: Refused}
_COLUMN = "x:"  # before the names of inputs, which may be called as ours are
_TEXTS = frozenset({"request", "kind", "column"})
_EITHER = frozenset({"predicted", "value"})  # numbers or labels
_MAY_LACK = frozenset({"p50_ms", "p99_ms"})  # of stretches without a request
_LAST_S = 2.5e11  # that a time may be: the year 9892


def arrow() -> Any:
    """The package pyarrow. Raises NotFound with how to get it."""
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError as error:
        raise NotFound(
            "A log of predictions needs pyarrow, absent here",
            act="Install it",
            hint='pip install "snapbook[monitor]"',
        ) from error
    return pyarrow


class Sheet:
    """A file that batches of one kind are added to. Made with the first batch, for its columns."""

    def __init__(self, path: Path, about: Mapping[str, str], first: Any) -> None:
        self.path = path
        self.size = 0
        self._schema = first.schema.with_metadata(dict(about))
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO = os.fdopen(opened, "wb", buffering=0)
        try:
            pa = arrow()
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            self._stream = pa.ipc.new_stream(self._file, self._schema, options=options)
            self._file.flush()
            self.size = self._file.tell()
        except BaseException:
            self._file.close()
            with suppress(OSError):
                path.unlink()
            raise

    def takes(self, batch: Any) -> bool:
        """Whether ``batch`` has the columns of this file."""
        return bool(batch.schema.equals(self._schema))

    def add(self, batch: Any) -> None:
        """Write ``batch``. Raises OSError; the file is as it was then, and takes no more."""
        try:
            self._stream.write_batch(batch)
            self.size = self._file.tell()
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), self.size)
            raise

    def close(self) -> None:
        """End the file; one that cannot be ended is readable all the same."""
        with suppress(OSError):
            self._file.close()


def batch(kind: str, of: Answers | Outcomes | Traffic | Refused) -> Any:
    """``of`` as a batch of Arrow's."""
    pa = arrow()
    arrays = {
        field.name: getattr(of, field.name) for field in fields(of) if field.name != "columns"
    }
    if isinstance(of, Answers):
        arrays |= {f"{_COLUMN}{name}": values for name, values in of.columns.items()}
    names, columns = list(arrays), [_column(pa, arrays[name]) for name in arrays]
    found = pa.RecordBatch.from_arrays(columns, names=names)
    assert kind == ANSWERS or isinstance(of, _TYPES[kind])
    return found


def read(path: Path) -> tuple[dict[str, str], list[Any]]:
    """What a file says of itself, and its batches, as far as it goes on; nothing of no file."""
    pa = arrow()
    batches: list[Any] = []
    try:
        with path.open("rb") as file:
            stream = pa.ipc.open_stream(file)
            about = _words(stream.schema)
            while True:
                try:
                    batches.append(stream.read_next_batch())
                except StopIteration:
                    break
                except (pa.ArrowException, OSError):
                    break
    except (pa.ArrowException, OSError, MemoryError):  # a length that is damaged asks for terabytes
        return {}, []
    return about, batches


def sound(batch: Any) -> bool:
    """Whether ``batch`` holds what one of its kind may: others may have written the file, or the
    disk. Columns that nobody asks for may be anything.
    """
    pa = arrow()
    known = {field.name for made in (Answers, *_TYPES.values()) for field in fields(made)}
    try:
        batch.validate(full=True)
    except pa.ArrowException:
        return False
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name.startswith(_COLUMN) or name in _EITHER:
            good = _is_text(column) or _is_number(column)
        elif name in _TEXTS:
            good = _is_text(column) and not column.null_count
        else:
            good = name not in known or (_is_number(column) and _is_told(name, column))
        if not good:
            return False
    return True


def _is_text(column: Any) -> bool:
    return bool(arrow().types.is_string(column.type))


def _is_number(column: Any) -> bool:
    types = arrow().types
    return bool(types.is_floating(column.type) or types.is_integer(column.type))


def _is_told(name: str, column: Any) -> bool:
    """Whether a figure of ours is there, in all rows, and can be."""
    import numpy as np

    values = np.asarray(_array(column), dtype=np.float64)
    if name == "time":
        return bool(((values >= 0) & (values < _LAST_S)).all())
    return name in _MAY_LACK or bool(np.isfinite(values).all())


def requests(path: Path) -> tuple[dict[str, str], dict[str, int]]:
    """What a file of answers says of itself, and how many rows its requests had, by their ids:
    nothing else is read.
    """
    pa = arrow()
    found: dict[str, int] = {}
    try:
        with path.open("rb") as file:
            schema = pa.ipc.open_stream(file).schema
        places = [schema.get_field_index(name) for name in ("request", "row")]
        if min(places) < 0 or not pa.types.is_integer(schema.field(places[1]).type):
            return {}, {}
        options = pa.ipc.IpcReadOptions(included_fields=places)
        with path.open("rb") as file:
            stream = pa.ipc.open_stream(file, options=options)
            try:
                for one in stream:
                    one.validate(full=True)
                    # Of all rows of a request the last one is kept.
                    ids, rows = one.column("request").to_pylist(), one.column("row").to_pylist()
                    for id, row in zip(ids, rows, strict=True):
                        found[id] = max(found.get(id, 0), (row or 0) + 1)
            except (pa.ArrowException, OSError):
                pass  # it was cut there
    except (pa.ArrowException, OSError, MemoryError):
        return {}, {}
    return _words(schema), found


def about(path: Path) -> dict[str, str]:
    """What a file says of itself, without its batches."""
    pa = arrow()
    try:
        with path.open("rb") as file:
            return _words(pa.ipc.open_stream(file).schema)
    except (pa.ArrowException, OSError):
        return {}


def answers(batches: Sequence[Any]) -> list[Answers]:
    """The answers that stand in ``batches``."""
    found = []
    for one in batches:
        told = {name: _array(one.column(at)) for at, name in enumerate(one.schema.names)}
        columns = {
            name.removeprefix(_COLUMN): values
            for name, values in told.items()
            if name.startswith(_COLUMN)
        }
        plain = {field.name: told[field.name] for field in fields(Answers)
                 if field.name != "columns" and field.name in told}  # fmt: skip
        if len(plain) == len(fields(Answers)) - 1:
            found.append(Answers(**plain, columns=columns))
    return found


def others(kind: str, batches: Sequence[Any]) -> Any:
    """What of ``kind`` stands in ``batches``, all in one; None where that is nothing."""
    import numpy as np

    made = _TYPES[kind]
    names = [field.name for field in fields(made)]
    whole = [one for one in batches if set(names) <= set(one.schema.names)]
    if not whole:
        return None
    parts = [[_array(one.column(one.schema.names.index(name))) for one in whole] for name in names]
    return made(*(np.concatenate(part) for part in parts))


def _words(schema: Any) -> dict[str, str]:
    return {
        key.decode("utf-8", "replace"): value.decode("utf-8", "replace")
        for key, value in (schema.metadata or {}).items()
    }


def _column(pa: Any, values: Array) -> Any:
    if values.dtype == object:
        return pa.array(values.tolist(), type=pa.string())
    return pa.array(values)


def _array(column: Any) -> Array:
    import numpy as np

    found: Array = column.to_numpy(zero_copy_only=False)
    return found if found.dtype != object else np.asarray(found, dtype=object)
