"""CSV: every field is text until the signature says what it is.

So nothing is guessed from the first rows: a column that the model takes as numbers is read as
numbers, and a field that is none is named by column and row. Columns that the model does not take
stay the text that they are. Empty fields and NA are missing values, as pandas reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from snapbook.errors import Usage
from snapbook.serve.refusal import Unfit
from snapbook.serve.schema import Column, Schema

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
        with self._told():
            self.names: list[str] = list(self._reader({}).schema.names)
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

    def _reader(self, types: dict[str, Any]) -> Any:
        from pyarrow import csv

        return csv.open_csv(
            self._path,
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
            if self._odd is None:
                raise
            at = "a row" if self._odd.number is None else f"row {self._odd.number - 2}"
            fields = f"{self._odd.actual_columns} fields, {self._odd.expected_columns} are named"
            raise Usage("Not predicted", f"{self._path.name} has {at} with {fields}") from error

    def _batches(self) -> Iterator[Any]:
        import pyarrow as pa

        with self._told():
            yield from self._reader(dict.fromkeys(self.names, pa.string()))

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
