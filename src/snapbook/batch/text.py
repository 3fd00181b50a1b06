"""CSV: every field is text until the signature says what it is.

So nothing is guessed from the first rows: a column that the model takes as numbers is read as
numbers, and a field that is none is named by column and row. Columns that the model does not take
stay the text that they are. Empty fields and NA are missing values, as pandas reads them.

Arrow takes a quote that is never closed for a field up to the file's end, and says nothing. So a
row of our own is read behind the last one: where it does not come out, it was swallowed by one.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from snapbook.errors import Damaged, Usage
from snapbook.serve.refusal import Unfit
from snapbook.serve.schema import Column, Schema

_END = "end of the rows"
_BLOCK_BYTES = 8 << 20  # parsed at once; no row may be longer
# What pandas.read_csv reads as missing.
# fmt: off
_MISSING = ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND",
            "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null")
# fmt: on


class Csv:
    """A CSV file with a line of names, in UTF-8."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self._path = path
        self._schema = schema
        self._odd: Any = None
        self.rows: int | None = None
        with path.open("rb") as file:
            if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                raise self._not_utf8()
        with self._told(), path.open("rb") as file:
            self.names: list[str] = list(self._reader(file, {}).schema.names)
        self._commas()
        self._kinds: dict[str, str] = {}  # of columns of which nothing is known, by the first piece

    def batches(self, skip: int, names: Sequence[str]) -> Iterator[Any]:
        """See `reading.Source.batches`."""
        import pyarrow as pa

        columns = {one.name: one for one in self._schema.columns}
        first = 0
        for batch in self._batches():
            arrays = [
                self._typed(columns[name], batch.column(name), first)
                if name in columns
                else batch.column(name)
                for name in names
            ]
            first += batch.num_rows
            gone = min(skip, batch.num_rows)
            skip -= gone
            if gone < batch.num_rows:
                yield pa.RecordBatch.from_arrays(arrays, names=list(names)).slice(gone)

    def _reader(self, file: Any, types: dict[str, Any]) -> Any:
        from pyarrow import csv

        return csv.open_csv(
            file,
            read_options=csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=csv.ParseOptions(
                newlines_in_values=True, invalid_row_handler=self._noted
            ),
            convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )

    def _noted(self, row: Any) -> str:
        self._odd = self._odd or row
        return "error"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Name the row whose fields are too few or too many."""
        import pyarrow as pa

        try:
            yield
        except pa.ArrowInvalid as error:
            if self._odd is None and "UTF8" in str(error):
                raise self._not_utf8() from error
            if self._odd is None:
                raise
            at = "a row" if self._odd.number is None else f"row {self._odd.number - 2}"
            fields = f"{self._odd.actual_columns} fields, {self._odd.expected_columns} are named"
            raise Usage("Not predicted", f"{self._path.name} has {at} with {fields}") from error

    def _not_utf8(self) -> Damaged:
        return Damaged("Not predicted", f"{self._path.name} is cut, or not of its format: UTF-8")

    def _commas(self) -> None:
        """Raise Usage where fields are parted by something else, so that all are one."""
        name = self.names[0] if len(self.names) == 1 else ""
        for other, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if other in name and name not in {one.name for one in self._schema.columns}:
                why = f"{self._path.name} has {called} between its fields"
                raise Usage("Not predicted", why, act="Write it with commas")

    def _batches(self) -> Iterator[Any]:
        """The rows of the file, all as text. Raises Usage where a quote is left open."""
        import pyarrow as pa

        last = None
        with self._told(), self._path.open("rb") as file:
            ended = io.BufferedReader(_Ended(file, len(self.names)), _BLOCK_BYTES)
            for batch in self._reader(ended, dict.fromkeys(self.names, pa.string())):
                if batch.num_rows and last is not None:
                    yield last
                last = batch if batch.num_rows else last
            rows = last.num_rows - 1 if last is not None else 0
            if last is None or any(str(one[rows]) != _END for one in last.columns):
                why = f"{self._path.name} ends within quotes: it is cut, or one is missing"
                raise Usage("Not predicted", why, act="Close the field that begins with a quote")
            if rows:
                yield last.slice(0, rows)

    def _typed(self, column: Column, array: Any, first: int) -> Any:
        """The texts of one column as what it takes; as they are where it takes texts."""
        import pyarrow as pa
        import pyarrow.compute as pc

        missing = pc.is_in(array, pa.array(_MISSING))
        array = pc.if_else(missing, pa.scalar(None, pa.string()), array)
        kind: str = column.kind
        if kind == "any":
            kind = self._kinds.setdefault(column.name, _guessed(array))
        for wanted in _TYPES.get(kind, ()):
            try:
                return array.cast(wanted)
            except pa.ArrowInvalid:
                continue
        if kind not in _TYPES:
            return array
        row, text = _first_bad(array, _TYPES[kind][-1])
        where = f"{column.name} in row {first + row}"
        raise Unfit(f"{where} is {text[:40]!r}, it takes {column.takes}", column.name, first + row)


class _Ended(io.RawIOBase):
    """A file with one more row, in which each of ``columns`` fields is `_END`."""

    def __init__(self, file: BinaryIO, columns: int) -> None:
        self._file = file
        self._rest = b"\n" + b",".join([_END.encode()] * columns) + b"\n"

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes of the file, then those of the row."""
        data = self._file.read(len(buffer))
        if not data:
            data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


_TYPES: dict[str, tuple[str, ...]] = {"float": ("float64",), "int": ("int64", "float64"),
                                      "bool": ("bool",)}  # fmt: skip


def _guessed(array: Any) -> str:
    """What texts are, of a column of which nothing is known."""
    import pyarrow as pa

    for kind in ("int", "float"):
        try:
            array.cast(_TYPES[kind][0])
        except pa.ArrowInvalid:
            continue
        return kind
    return "text"


def _first_bad(array: Any, wanted: str) -> tuple[int, str]:
    """The first value that cannot be cast."""
    import pyarrow as pa

    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            array.slice(low, middle - low).cast(wanted)
        except pa.ArrowInvalid:
            high = middle
        else:
            low = middle
    return low, str(array[low].as_py())
