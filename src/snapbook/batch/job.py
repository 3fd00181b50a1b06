"""The folder beside a result in which it grows: pieces that are done, and what they are pieces of.

A piece counts once it stands in the list with its digest, and the list counts only for the very
same job: the same bundle, input, options and answers. Whoever goes on after a kill finds the pieces
whose bytes are still those, from the first on, and makes the rest. One process at a time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import blake3

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Conflict
from snapbook.store import durable

_ENDS_BYTES = 1 << 20  # of a file's beginning and end, that tell it from another of its size


class Job:
    """The folder of one job, made or found. ``what`` tells it from every other job.

    ``rows`` are the rows of the pieces that are kept. Raises Conflict while another process works
    in it, and OSError.
    """

    def __init__(self, folder: Path, what: Mapping[str, Json]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not durable.try_lock(self._lock):
            os.close(self._lock)
            raise Conflict("Not predicted", f"another process is making {folder.stem}")
        try:
            self._pieces = self._found(canonical.encode(dict(what)))
        except OSError:
            os.close(self._lock)
            raise

    @property
    def rows(self) -> int:
        """How many rows are done."""
        return sum(int(str(piece["rows"])) for piece in self._pieces)

    @property
    def count(self) -> int:
        """How many pieces are done."""
        return len(self._pieces)

    def add(self, table: Any) -> None:
        """Keep the next piece. Raises OSError."""
        import pyarrow as pa

        path = self._path(len(self._pieces))
        partial = path.with_suffix(".tmp")
        with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        piece: dict[str, Json] = {"rows": table.num_rows, "blake3": _digest(partial)}
        os.replace(partial, path)
        with self._list.open("ab") as file:
            file.write(_line(piece))
        self._pieces.append(piece)

    def pieces(self) -> Iterator[Any]:
        """The pieces that are done, in their order."""
        import pyarrow as pa

        for place in range(len(self._pieces)):
            # Not mapped: a file that somebody cuts meanwhile would end the process.
            with pa.OSFile(str(self._path(place)), "rb") as file:
                yield pa.ipc.open_file(file).read_all()

    def close(self, *, keep: bool) -> None:
        """Give the folder back; it is gone unless it is to be kept."""
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    @property
    def _list(self) -> Path:
        return self.folder / "pieces.jsonl"

    def _path(self, place: int) -> Path:
        return self.folder / f"{place:08d}.arrow"

    def _found(self, told: bytes) -> list[dict[str, Json]]:
        """The pieces that are kept of this very job; what is there of another one is gone then."""
        if not self._is(told):
            self._clear()
            _put(self.folder / "job.json", told)
        pieces = self._sound()
        _put(self._list, b"".join(map(_line, pieces)))
        return pieces

    def _is(self, told: bytes) -> bool:
        try:
            return (self.folder / "job.json").read_bytes() == told
        except FileNotFoundError:
            return False

    def _clear(self) -> None:
        for path in self.folder.iterdir():
            if path.suffix in (".arrow", ".tmp", ".jsonl", ".json"):
                path.unlink()

    def _sound(self) -> list[dict[str, Json]]:
        """The pieces whose files are as they were written, up to the first that is not."""
        try:
            lines = self._list.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        found: list[dict[str, Json]] = []
        for line in lines:
            try:
                piece: Any = canonical.decode(line)
                if piece["blake3"] != _digest(self._path(len(found))) or int(piece["rows"]) < 1:
                    break
            except (ValueError, TypeError, KeyError, OSError):  # a line that was cut, no such file
                break
            found.append(piece)
        return found


def identity(path: Path) -> dict[str, Json]:
    """What tells the file ``path`` from another: its size, when it was changed, its two ends."""
    facts = path.stat()
    hasher = blake3.blake3()
    with path.open("rb") as file:
        hasher.update(file.read(_ENDS_BYTES))
        file.seek(max(facts.st_size - _ENDS_BYTES, 0))
        hasher.update(file.read(_ENDS_BYTES))
    return {"bytes": facts.st_size, "changed": facts.st_mtime_ns, "ends": hasher.hexdigest()}


def _digest(path: Path) -> str:
    hasher = blake3.blake3()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            hasher.update(data)
    return hasher.hexdigest()


def _line(piece: Mapping[str, Json]) -> bytes:
    return canonical.encode(dict(piece)) + b"\n"


def _put(path: Path, data: bytes) -> None:
    partial = path.with_suffix(".tmp")
    partial.write_bytes(data)
    os.replace(partial, path)
