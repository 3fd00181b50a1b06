"""Pieces of a result -> one file of the format that was asked for. Knows Arrow tables alone.

Written under a name of its own by the caller, who gives it its place when it is whole. The bytes
are a function of the pieces and of pyarrow's version: there is no time and no name in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from snapbook.errors import Usage
from snapbook.flavors.pickler import said


def check(schema: Any, form: str) -> None:
    """Raise Usage for columns that the format cannot hold."""
    import pyarrow as pa

    for field in schema if form == "csv" else ():
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise Usage(
                "Not predicted",
                f"CSV cannot hold the column {field.name[:100]}, which is of type {field.type}",
                act="Name with --keep those that are to stay, or another format",
            )


def write(path: Path, form: str, schema: Any, pieces: Iterable[Any]) -> None:
    """The ``pieces``, Arrow tables of ``schema``, as a file. Raises OSError, and Usage for values
    that the format cannot hold.
    """
    import pyarrow as pa

    try:
        with pa.OSFile(str(path), "wb") as file, _writer(file, form, schema) as writer:
            for piece in pieces:
                writer.write_table(piece if form == "parquet" else plain(piece))
    except pa.ArrowException as error:
        why = f"the result cannot be written as {form} ({said(error)})"
        raise Usage("Not predicted", why, act="Name another format, or what to --keep") from error


def _writer(file: Any, form: str, schema: Any) -> Any:
    if form == "parquet":
        from pyarrow import parquet

        return parquet.ParquetWriter(file, schema)
    if form == "csv":
        from pyarrow import csv

        return csv.CSVWriter(file, plain(schema.empty_table()).schema)
    import pyarrow as pa

    return pa.ipc.new_file(file, plain(schema.empty_table()).schema)


def plain(piece: Any) -> Any:
    """``piece`` with categories as what they stand for: text says no more, and an Arrow file has
    one list of categories for all of its batches.
    """
    import pyarrow as pa

    for place, field in enumerate(piece.schema):
        if pa.types.is_dictionary(field.type):
            column = piece.column(place).cast(field.type.value_type)
            piece = piece.set_column(place, field.name, column)
    return piece
