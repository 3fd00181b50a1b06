"""A file of rows, read piece by piece from any row on: Parquet, CSV and Arrow.

A piece is an Arrow table of so many rows, whatever row groups, blocks or batches the file has, so
that the pieces of one file are the same at each reading. No more than a piece and what the format
makes us hold (a page of each column, a block of text, a batch) is in memory. What a file says is
validated before anybody follows an offset in it. Knows no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from snapbook.errors import BadOption, Damaged, NotFound, Unreachable, Usage
from snapbook.serve.schema import Schema

FORMATS = ("parquet", "csv", "arrow")
_ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".arrow": "arrow",
            ".feather": "arrow", ".ipc": "arrow"}  # fmt: skip


class Source(Protocol):
    """A file that was opened."""

    @property
    def names(self) -> list[str]:
        """Its columns."""

    @property
    def rows(self) -> int | None:
        """How many rows it has; None where only reading tells."""

    def batches(self, skip: int, names: Sequence[str]) -> Iterator[Any]:
        """Arrow record batches with the columns ``names``, without the first ``skip`` rows."""


def form_of(path: Path, given: str | None) -> str:
    """The format of the file ``path``, by its ending, else the one that is ``given``."""
    form = _ENDINGS.get(path.suffix.lower(), given)
    if form is None:
        raise BadOption(
            f"{path.name} does not say of which format it is",
            act=f"Name it with --format {'|'.join(FORMATS)}",
        )
    return form


def opened(path: Path, form: str, schema: Schema) -> Source:
    """The rows in ``path``. Raises NotFound, Unreachable, Usage for what is no such file."""
    with told(path):
        there = path.exists()
    if not there:
        raise NotFound(f"Not predicted: {path.name} is not there", act="Name a file of rows")
    if path.is_dir() and form != "parquet":
        raise Usage("Not predicted", f"{path.name} is a folder", act="Name a file of rows")
    with told(path):
        if path.is_dir():
            return Folder(path)
        if not path.is_file():
            why = f"{path.name} is a pipe or a device, and rows are read more than once"
            raise Usage("Not predicted", why, act="Write them to a file first")
        if not path.stat().st_size:
            raise Usage("Not predicted", f"{path.name} is empty")
        if form == "csv":
            from snapbook.batch.text import Csv

            return Csv(path, schema)
        return Parquet(path) if form == "parquet" else Arrow(path)


def pieces(
    source: Source, path: Path, skip: int, count: int, names: Sequence[str]
) -> Iterator[Any]:
    """Tables of ``count`` rows of ``source``, the last one of what is left."""
    import pyarrow as pa

    held: list[Any] = []
    have = 0
    with told(path):
        for batch in source.batches(skip, names):
            batch.validate(full=True)
            start = 0
            while start < batch.num_rows:
                part = batch.slice(start, count - have)
                held.append(part)
                have += part.num_rows
                start += part.num_rows
                if have == count:
                    yield pa.Table.from_batches(held)
                    held, have = [], 0
        if held:
            yield pa.Table.from_batches(held)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what Arrow and the disk say of ``path`` into errors of ours."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise Damaged("Not predicted", f"{path.name} is cut, or not of its format") from error
    except OSError as error:
        if isinstance(error, Unreachable):
            raise
        if not error.errno:  # Arrow's own
            raise Damaged("Not predicted", f"{path.name} is cut, or not of its format") from error
        raise Unreachable(
            "Not predicted", f"{path.name} cannot be read ({error.strerror})"
        ) from error


class Parquet:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        from pyarrow import parquet

        self._file = parquet.ParquetFile(
            path, pre_buffer=False, buffer_size=1 << 20, page_checksum_verification=True
        )
        schema = self._file.schema_arrow
        self.names: list[str] = list(schema.names)
        self.types = [(field.name, str(field.type)) for field in schema]
        self.rows: int | None = self._file.metadata.num_rows

    def batches(self, skip: int, names: Sequence[str]) -> Iterator[Any]:
        """See `Source.batches`. Row groups that are skipped whole are not read."""
        groups: list[int] = []
        before = 0
        for place in range(self._file.metadata.num_row_groups):
            count = self._file.metadata.row_group(place).num_rows
            if groups or before + count > skip:
                groups.append(place)
            else:
                before += count
        if not groups:
            return
        left = skip - before
        read = self._file.iter_batches(_READ_ROWS, row_groups=groups, columns=list(names))
        for batch in read:
            batch = batch.select(list(names))
            gone = min(left, batch.num_rows)
            left -= gone
            if gone < batch.num_rows:
                yield batch.slice(gone)


_READ_ROWS = 16_384


class Folder:
    """A folder of Parquet files of the same columns, in the order of their names, as engines write
    them. Raises Usage where it is another one.
    """

    def __init__(self, path: Path) -> None:
        self._files: list[Parquet] = []
        for one in files_of(path):
            with told(one):
                self._files.append(Parquet(one))
            if self._files[-1].types != self._files[0].types:
                first = files_of(path)[0].name
                raise Usage("Not predicted", f"{one.name} has other columns than {first}")
        if not self._files:
            raise Usage("Not predicted", f"{path.name} has no Parquet file in it")
        self.names: list[str] = self._files[0].names
        self.rows: int | None = sum(file.rows or 0 for file in self._files)

    def batches(self, skip: int, names: Sequence[str]) -> Iterator[Any]:
        """See `Source.batches`. Files that are skipped whole are not read."""
        for file in self._files:
            rows = file.rows or 0
            if skip < rows:
                yield from file.batches(skip, names)
            skip = max(skip - rows, 0)


def files_of(path: Path) -> list[Path]:
    """The files whose rows are those of ``path``: itself, or what is in a folder and no note of an
    engine's. Raises Usage for folders in a folder.
    """
    if not path.is_dir():
        return [path]
    shown = sorted(one for one in path.iterdir() if one.name[0] not in "._")
    if any(one.is_dir() for one in shown):
        why = f"{path.name} has folders in it"
        raise Usage("Not predicted", why, act="Name one of them, or let an engine read them")
    return [one for one in shown if one.suffix.lower() in (".parquet", ".pq")]


def _plain(path: Path) -> Any:
    """A file to be read, and not mapped: one that is cut meanwhile would end the process."""
    import pyarrow as pa

    return pa.OSFile(str(path), "rb")


class Arrow:
    """A file or a stream in Arrow's own format; Feather is the same."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._path = path
        try:
            self._file: Any = pa.ipc.open_file(_plain(path))
            schema = self._file.schema
        except pa.ArrowInvalid:
            self._file = None
            schema = pa.ipc.open_stream(_plain(path)).schema
        self.names: list[str] = list(schema.names)
        self.rows: int | None = None

    def batches(self, skip: int, names: Sequence[str]) -> Iterator[Any]:
        """See `Source.batches`."""
        for batch in self._all():
            gone = min(skip, batch.num_rows)
            skip -= gone
            if gone < batch.num_rows:
                yield batch.slice(gone).select(list(names))

    def _all(self) -> Iterator[Any]:
        import pyarrow as pa

        if self._file is None:
            yield from pa.ipc.open_stream(_plain(self._path))
            return
        for place in range(self._file.num_record_batches):
            yield self._file.get_batch(place)
