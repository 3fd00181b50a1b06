"""The rows of one request, checked: columns of one type lie together, in arrays of two dimensions.

Tables of many requests become one by laying their arrays one after another, which is what makes it
cheap to predict them together. Knows columns, and neither JSON nor models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.serve.schema import Column, Schema

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Block:
    """Columns that one array holds, by their places in the schema."""

    stored: str
    columns: tuple[Column, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """``arrays`` (rows, columns), one a block of the layout that it was made by."""

    rows: int
    arrays: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How tables of a schema are laid out."""

    blocks: tuple[Block, ...]
    width: int

    def table(self, columns: Sequence[Array], rows: int) -> Table:
        """A table of checked columns, each (rows,), in the schema's order."""
        import numpy as np

        arrays = []
        for block in self.blocks:
            array = np.empty((rows, len(block.places)), dtype=block.stored)
            for at, place in enumerate(block.places):
                array[:, at] = columns[place]
            arrays.append(array)
        return Table(rows, tuple(arrays))

    def column(self, table: Table, place: int) -> Array:
        """The values of the column at ``place`` of the schema, (rows,)."""
        for block, array in zip(self.blocks, table.arrays, strict=True):
            if place in block.places:
                return array[:, block.places.index(place)]
        raise IndexError(place)


def layout(schema: Schema) -> Layout:
    """The layout of all tables of ``schema``: columns that are held alike share a block."""
    held: dict[str, list[int]] = {}
    for place, column in enumerate(schema.columns):
        held.setdefault(column.stored, []).append(place)
    blocks = tuple(
        Block(stored, tuple(schema.columns[place] for place in places), tuple(places))
        for stored, places in held.items()
    )
    return Layout(blocks, len(schema.columns))


def joined(tables: Sequence[Table]) -> Table:
    """The rows of all ``tables``, which are of one layout, in their order."""
    if len(tables) == 1:
        return tables[0]
    import numpy as np

    together = zip(*(table.arrays for table in tables), strict=True)
    return Table(sum(table.rows for table in tables), tuple(map(np.concatenate, together)))
