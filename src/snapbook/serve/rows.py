"""Rows as JSON objects -> a Table, or the first thing that is wrong with them.

What nearly every request is, rows whose values are all right, is told by a few looks at whole rows;
only where they find something is each column asked for itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NoReturn

from snapbook.errors import nearest
from snapbook.serve import values
from snapbook.serve.refusal import Unfit
from snapbook.serve.schema import Column, Schema
from snapbook.serve.table import Block, Layout, Table

_NUMBERS = frozenset({float, int})


class Rows:
    """What reads the rows of one schema."""

    def __init__(self, schema: Schema, layout: Layout, most: int) -> None:
        self._schema = schema
        self._layout = layout
        self._most = most
        self._names = frozenset(schema.names)
        self._picks = tuple(_picker(block) for block in layout.blocks)

    def table(self, rows: object) -> Table:
        """``rows`` as a table. Raises Unfit."""
        import numpy as np

        if type(rows) is not list:
            raise Unfit("the rows are no list of objects")
        if not rows:
            raise Unfit("there is no row")
        self.check_count(len(rows))
        for row, given in enumerate(rows):
            if type(given) is not dict:
                raise Unfit(f"row {row} is no object", row=row)
            if given.keys() != self._names:
                self._misnamed(row, given)
        arrays = []
        for block, pick in zip(self._layout.blocks, self._picks, strict=True):
            picked = [pick(row) for row in rows]
            if block.stored.startswith("float") and all(map(_plain, picked)):
                try:
                    array = np.array(picked, dtype=np.float64)
                except OverflowError:  # an integer beyond all floats: which one is told below
                    array = np.full((1, 1), np.inf)
                if np.isfinite(array).all() and block.stored == "float64":
                    arrays.append(array)
                    continue
            arrays.append(_each(block, picked))
        return Table(len(rows), tuple(arrays))

    def check_count(self, count: int) -> None:
        """Raise Unfit for more rows than a request may have."""
        if count > self._most:
            raise Unfit(f"{count:,} rows came, a request may have {self._most:,}")

    def _misnamed(self, row: int, given: Mapping[str, object]) -> NoReturn:
        for name in self._schema.names:
            if name not in given:
                raise Unfit(f"row {row} has no {name}", name, row)
        name = next(name for name in given if name not in self._names)
        near = nearest(name, self._schema.names, 1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise Unfit(f"there is no column {name[:100]!r}{meant}", name[:100], row)


def parsed(body: bytes | bytearray | memoryview) -> Any:
    """The JSON value of a body. Raises Unfit."""
    try:
        data = bytes(body)
        return _DECODER.decode(data.decode(json.detect_encoding(data), "surrogatepass"))
    except Unfit:
        raise
    except RecursionError:
        raise Unfit("the JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise Unfit("the body is no UTF-8") from None
    except json.JSONDecodeError as error:
        raise Unfit(f"the body is no JSON ({error.msg} at character {error.pos})") from None
    except ValueError:  # an integer with thousands of digits
        raise Unfit("the body holds a number that is too long") from None


def _no_number(word: str) -> NoReturn:
    raise Unfit(f"{word} is no JSON; send null where a column may be empty")


_DECODER = json.JSONDecoder(parse_constant=_no_number)  # `json.loads` would make one a request


def _picker(block: Block) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    names = [column.name for column in block.columns]
    if len(names) == 1:  # itemgetter gives one value then, and no tuple
        (name,) = names
        return lambda row: (row[name],)
    return itemgetter(*names)


def _plain(picked: Sequence[Any]) -> bool:
    return set(map(type, picked)) <= _NUMBERS


def _each(block: Block, picked: Sequence[Sequence[Any]]) -> Any:
    import numpy as np

    array = np.empty((len(picked), len(block.columns)), dtype=block.stored)
    columns: Sequence[Column] = block.columns
    for at, (column, given) in enumerate(zip(columns, zip(*picked, strict=True), strict=True)):
        array[:, at] = values.taken(column, given)
    return array
