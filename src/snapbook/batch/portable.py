"""A function of partitions that goes to other processes: the answers of a bundle, by its path.

What is pickled is where the bundle lies, which one it is, and what is wanted of it; never the
model, which each process opens at its first partition (held.py). Engines call it with their own
pieces: pandas frames (Dask, Spark), Arrow tables and batches (Spark, Ray), dictionaries of arrays
(Ray). Imports no engine, and what predicts only when it is called: the root names its type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snapbook.batch.wanted import Wanted
from snapbook.errors import NotFound, Usage
from snapbook.flavors.pickler import said

if TYPE_CHECKING:
    import pandas as pd

_SPARK = {
    "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint", "float": "float",
    "double": "double", "bool": "boolean", "string": "string", "large_string": "string",
    "date32[day]": "date", "timestamp[us]": "timestamp_ntz", "timestamp[ns]": "timestamp_ntz",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)  # frames do not compare, engines do hash
class Portable:
    """The answers of the version ``ref``, whose bundle lies at ``path`` and has ``digest``.

    ``trusted`` is whether its author was trusted where it was made. ``fields`` is the Arrow schema
    of the answers, as bytes; ``like`` an empty pandas frame, or the types of Spark by name, of the
    columns that are kept (None where only answers are given).
    """

    ref: str
    path: str
    digest: str
    trusted: bool
    wanted: Wanted
    fields: bytes
    like: Any = None

    def __call__(self, frame: Any) -> Any:
        """The answers to a partition, as what it was: a pandas frame with its row labels, an Arrow
        table or batch, or a dictionary of arrays. Raises Unfit with the column and the row, counted
        from 0 in this partition; NotFound where the bundle is not on this machine.
        """
        import pyarrow as pa

        if isinstance(frame, dict):
            found = self._answered(_table(frame))
            return {name: found.column(name).to_numpy() for name in found.column_names}
        if isinstance(frame, pa.RecordBatch):
            found = self._answered(pa.Table.from_batches([frame]))
            batches = found.combine_chunks().to_batches()
            empty = pa.RecordBatch.from_pylist([], schema=found.schema)
            return batches[0] if batches else empty
        if isinstance(frame, pa.Table):
            return self._answered(frame)
        if not hasattr(type(frame), "iloc") or not hasattr(type(frame), "columns"):
            kinds = "a pandas frame, an Arrow table or batch, or a dictionary of arrays"
            raise Usage(
                "Not predicted", f"this is a {type(frame).__name__}", act=f"Give it {kinds}"
            )
        return self._framed(frame)

    def batches(self, frames: Iterable[Any]) -> Iterator[Any]:
        """The answers to each of ``frames``: what Spark's mapInPandas and mapInArrow call."""
        return map(self, frames)

    @property
    def meta(self) -> pd.DataFrame:
        """An empty pandas frame of the columns that come out, which Dask asks for."""
        import pyarrow as pa

        fields = pa.ipc.read_schema(pa.py_buffer(self.fields))
        found: pd.DataFrame = fields.empty_table().to_pandas()
        if not self._keeps:
            return found
        if self.like is None or isinstance(self.like, dict):
            raise Usage("The types of what is kept are not known", act="Name like=, a Dask frame")
        import pandas as pd

        chosen = _chosen([str(name) for name in self.like.columns], self.wanted.keep)
        both: pd.DataFrame = pd.concat([self.like.iloc[:, chosen], found], axis=1)
        return both

    @property
    def schema(self) -> str:
        """The columns that come out and their types as Spark writes them."""
        import pyarrow as pa

        fields = pa.ipc.read_schema(pa.py_buffer(self.fields))
        answers = [f"{_quoted(field.name)} {_spark(field.type)}" for field in fields]
        if not self._keeps:
            return ", ".join(answers)
        if not isinstance(self.like, dict):
            raise Usage("The types of what is kept are not known", act="Name like=, a Spark frame")
        names = list(self.like)
        kept = [names[place] for place in _chosen(names, self.wanted.keep)]
        return ", ".join([*(f"{_quoted(name)} {self.like[name]}" for name in kept), *answers])

    @property
    def _keeps(self) -> bool:
        return self.wanted.keep is None or bool(self.wanted.keep)

    def _framed(self, frame: Any) -> Any:
        """A pandas partition, answered."""
        import pyarrow as pa

        from snapbook.batch.columns import checked_names
        from snapbook.batch.held import held_for

        names = [str(name) for name in frame.columns]
        held = held_for(self)
        checked_names(names, held.answers.schema)
        kept = held.answers.kept(names)
        inputs = {
            name: _array(name, frame.iloc[:, names.index(name)])
            for name in held.answers.schema.names
        }
        found = held.answer(pa.table(inputs)).to_pandas()
        result = frame.iloc[:, [names.index(name) for name in kept]].copy(deep=False)
        for name in found.columns:
            result[name] = found[name].array
        return result

    def _answered(self, table: Any) -> Any:
        from snapbook.batch.held import held_for

        held = held_for(self)
        result = table.select(held.answers.kept(table.column_names)).replace_schema_metadata()
        found = held.answer(table)
        for place, field in enumerate(found.schema):
            result = result.append_column(field, found.column(place))
        return result


def _chosen(names: Sequence[str], keep: Sequence[str] | None) -> list[int]:
    """The places of the columns that are kept. Raises NotFound."""
    for name in keep or ():
        if name not in names:
            raise NotFound(f"There is no column {name} to keep", act="like= has to have it")
    return list(range(len(names))) if keep is None else [names.index(name) for name in keep]


def _table(arrays: Mapping[Any, Any]) -> Any:
    """Arrays by name as an Arrow table. Raises Unfit."""
    import pyarrow as pa

    columns = {name: _array(name, values) for name, values in arrays.items()}
    if len(set(map(len, columns.values()))) > 1:
        from snapbook.serve.refusal import Unfit

        told = ", ".join(f"{str(name)[:40]} {len(one)}" for name, one in [*columns.items()][:5])
        raise Unfit(f"its columns are of different lengths ({told})", None)
    return pa.table(columns)


def _array(name: object, values: Any) -> Any:
    """Values of one column as Arrow; not a number is null. Raises Unfit for mixed ones."""
    import pyarrow as pa

    try:
        found = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        from snapbook.serve.refusal import Unfit

        why = f"{str(name)[:100]} holds values of no one type ({said(error)})"
        raise Unfit(why, str(name)[:100]) from error
    return found


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _spark(kind: Any) -> str:
    found = _SPARK.get(str(kind))
    if found is None:
        raise Usage(f"Spark has no type for answers of type {kind}")
    return found
