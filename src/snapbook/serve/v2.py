"""The V2 protocol (Open Inference Protocol): a request to infer -> a Table, answers -> a response.

A tensor a column by its name, or one tensor of all columns where all are numbers. Knows the
protocol's objects; what tensors are in bytes and JSON is in tensors.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.serve import tensors, values
from snapbook.serve.refusal import Unfit
from snapbook.serve.reply import Reply
from snapbook.serve.rows import Rows, parsed
from snapbook.serve.schema import PREDICT, Column, Schema
from snapbook.serve.table import Layout, Table

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

JSON_LENGTH = b"inference-header-content-length"
_BINARY = "binary_data_size"
_LONGEST_ID = 256


@dataclass(frozen=True, slots=True)
class Infer:
    """One request: its rows, what is wanted of them, and which answers go out as bytes."""

    id: str
    table: Table
    wanted: tuple[str, ...]
    binary: frozenset[str]


class Reader:
    """What reads requests to infer for one model."""

    def __init__(
        self, schema: Schema, layout: Layout, rows: Rows, methods: tuple[str, ...]
    ) -> None:
        self._schema = schema
        self._layout = layout
        self._rows = rows
        self._methods = methods
        self._places = {name: place for place, name in enumerate(schema.names)}
        self._numbers = all(column.kind == "float" for column in schema.columns)

    def infer(self, body: bytes, json_bytes: int | None) -> Infer:
        """The request that ``body`` is; ``json_bytes`` of it are JSON, None: all. Raises Unfit."""
        if json_bytes is not None and not 0 <= json_bytes <= len(body):
            raise Unfit(f"{json_bytes} bytes of JSON are named, {len(body)} bytes came")
        told = parsed(body if json_bytes is None else body[:json_bytes])
        if type(told) is not dict:
            raise Unfit("the body is no object")
        rest = memoryview(body)[len(body) if json_bytes is None else json_bytes :]
        id = told.get("id", "")
        if type(id) is not str or len(id) > _LONGEST_ID:
            raise Unfit(f"the id is no text of at most {_LONGEST_ID} characters")
        wanted, binary = self._outputs(told)
        return Infer(id, self._table(self._tensors(told.get("inputs"), rest)), wanted, binary)

    def _outputs(self, told: Mapping[str, Any]) -> tuple[tuple[str, ...], frozenset[str]]:
        asked = told.get("outputs")
        all_binary = _parameters(told, "the request").get("binary_data_output") is True
        if not asked:
            return (PREDICT,), frozenset((PREDICT,) if all_binary else ())
        if type(asked) is not list or not all(type(one) is dict for one in asked):
            raise Unfit("the outputs are no list of objects")
        wanted: list[str] = []
        binary: set[str] = set()
        for one in asked:
            name = one.get("name")
            if name not in self._methods or name in wanted:
                raise Unfit(f"the outputs are {' and '.join(self._methods)}, each once")
            given = _parameters(one, name)
            _no_more(given, name)
            wanted.append(name)
            if given.get("binary_data", all_binary) is True:
                binary.add(name)
        return tuple(wanted), frozenset(binary)

    def _tensors(self, inputs: object, rest: memoryview) -> dict[str, Array | _Listed]:
        if type(inputs) is not list or not inputs or any(type(one) is not dict for one in inputs):
            raise Unfit("the inputs are no list of tensors")
        if len(inputs) > len(self._places):
            raise Unfit(f"{len(inputs)} inputs came, the model takes {len(self._places)}")
        found: dict[str, Array | _Listed] = {}
        for told in inputs:
            name = told.get("name")
            if type(name) is not str or not name or name in found:
                raise Unfit("each input needs a name of its own")
            name = name[:100]
            datatype, shape = tensors.datatype_of(told, name), tensors.shape_of(told, name)
            self._rows.check_count(shape[0])
            given = _parameters(told, name)
            _no_more(given, name)
            if _BINARY not in given:
                found[name] = _Listed(tensors.flat(told.get("data"), shape, name), datatype, shape)
                continue
            size = given[_BINARY]
            if type(size) is not int or not 0 <= size <= len(rest) or "data" in told:
                raise Unfit(f"{name} names {_BINARY} that did not come", name)
            found[name] = tensors.unpacked(rest[:size], datatype, shape, name)
            rest = rest[size:]
        if rest:
            raise Unfit(f"{len(rest)} bytes came that belong to no input")
        return found

    def _table(self, found: Mapping[str, Array | _Listed]) -> Table:
        (first, *others) = found
        if not others and first not in self._places:
            return self._whole(first, found[first])
        for name in found:
            if name not in self._places:
                raise Unfit(f"there is no column {name!r}", name)
        for name in self._places:
            if name not in found:
                raise Unfit(f"there is no input for {name}", name)
        rows = found[first].shape[0]
        columns = []
        for column in self._schema.columns:
            tensor = found[column.name]
            if tensor.shape not in ((rows,), (rows, 1)) or not rows:
                why = f"{column.name} has the shape {list(tensor.shape)}, [{rows or 1}] is needed"
                raise Unfit(why, column.name)
            columns.append(_column(column, tensor))
        return self._layout.table(columns, rows)

    def _whole(self, name: str, tensor: Array | _Listed) -> Table:
        """One tensor as all columns, which have to be numbers: it cannot tell them apart else."""
        width = len(self._places)
        if not self._numbers:
            raise Unfit(f"there is no column {name!r}; send one input a column", name)
        if len(tensor.shape) != 2 or tensor.shape[1] != width or not tensor.shape[0]:
            why = f"{name} has the shape {list(tensor.shape)}, [rows, {width}] is needed"
            raise Unfit(why, name)
        columns = [
            _column(column, tensor.part(place) if isinstance(tensor, _Listed) else tensor[:, place])
            for place, column in enumerate(self._schema.columns)
        ]
        return self._layout.table(columns, tensor.shape[0])


@dataclass(frozen=True, slots=True)
class _Listed:
    """A tensor out of JSON: its values row by row."""

    values: Sequence[Any]
    datatype: str
    shape: tuple[int, ...]

    def part(self, place: int) -> _Listed:
        """One column of a tensor of two dimensions."""
        return _Listed(self.values[place :: self.shape[1]], self.datatype, (self.shape[0],))


def _column(column: Column, tensor: Array | _Listed) -> Array:
    if isinstance(tensor, _Listed):
        _check_datatype(column, tensor.datatype)
        return values.taken(column, tensor.values)
    return values.cast(column, tensor.reshape(-1))


def _check_datatype(column: Column, datatype: str) -> None:
    """Raise Unfit where a datatype is said that is none for the column."""
    number, whole = datatype.startswith(("FP", "INT", "UINT")), datatype.startswith(("INT", "UINT"))
    fits = {
        "float": number, "int": whole, "bool": datatype == "BOOL",
        "text": datatype == "BYTES", "time": datatype == "BYTES",
    }.get(column.kind, True)  # fmt: skip
    if not fits:
        raise Unfit(f"{column.name} came as {datatype}, it is {column.datatype}", column.name)


def _parameters(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = told.get("parameters")
    if given is None:
        return {}
    if type(given) is not dict:
        raise Unfit(f"the parameters of {name} are no object")
    return given


def _no_more(given: Mapping[str, Any], name: str) -> None:
    for word in ("shared_memory_region", "classification"):
        if word in given:
            raise Unfit(f"{name} asks for {word}, which is not done here")


def response(schema: Schema, asked: Infer, answers: Sequence[Array]) -> Reply:
    """The answers to a request, as it wants them."""
    outputs: list[dict[str, Any]] = []
    rest: list[bytes] = []
    for name, array in zip(asked.wanted, answers, strict=True):
        datatype = tensors.datatype(array)
        told: dict[str, Any] = {"name": name, "shape": list(array.shape), "datatype": datatype}
        if name in asked.binary:
            rest.append(tensors.packed(array))
            told["parameters"] = {_BINARY: len(rest[-1])}
        else:
            told["data"] = _data(array)
        outputs.append(told)
    said: dict[str, Any] = {"model_name": schema.model, "model_version": schema.number}
    if asked.id:
        said["id"] = asked.id
    head = json.dumps(said | {"outputs": outputs}, allow_nan=False).encode()
    if not asked.binary:
        return Reply(head)
    length = (JSON_LENGTH, str(len(head)).encode())
    return Reply(b"".join((head, *rest)), type=b"application/octet-stream", headers=(length,))


def _data(array: Array) -> list[Any]:
    found = tensors.listed(array)
    if tensors.datatype(array) != "BYTES":
        return found
    return [value if value is None else tensors.text(value) for value in found]


def metadata(schema: Schema, methods: Sequence[str]) -> dict[str, Any]:
    """What the protocol tells of a model."""
    inputs = [
        {"name": column.name, "datatype": column.datatype, "shape": [-1]}
        for column in schema.columns
    ]
    return {
        "name": schema.model,
        "versions": [schema.number],
        "platform": "snapbook",
        "inputs": inputs,
        "outputs": [_output(schema, method) for method in methods],
    }


def _output(schema: Schema, method: str) -> dict[str, Any]:
    if method != PREDICT:
        return {"name": method, "datatype": "FP64", "shape": [-1, len(schema.classes) or -1]}
    classes = schema.classes
    if not classes:
        datatype = "FP64"
    elif all(type(one) is bool for one in classes):
        datatype = "BOOL"
    else:
        datatype = "INT64" if all(type(one) is int for one in classes) else "BYTES"
    return {"name": method, "datatype": datatype, "shape": [-1]}
