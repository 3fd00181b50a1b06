"""Tensors of the V2 protocol as arrays, and arrays as tensors: out of JSON, and as bytes behind it.

Knows datatypes, shapes and sizes, and believes none of them: what is said is held against what
came. Knows no columns and no model.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.serve.refusal import Unfit

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

_DTYPES: Mapping[str, str] = {
    "BOOL": "?",
    "INT8": "<i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8",
    "UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8",
    "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
DATATYPES = (*_DTYPES, "BYTES")
_LENGTH = struct.Struct("<I")
_MOST = 2**40


def shape_of(told: Mapping[str, Any], name: str) -> tuple[int, ...]:
    """The shape that a tensor says it has: one or two dimensions. Raises Unfit."""
    shape = told.get("shape")
    fits = type(shape) is list and all(type(size) is int and 0 <= size < _MOST for size in shape)
    if not fits or not 1 <= len(shape or ()) <= 2:
        raise Unfit(f"{name} needs a shape of one or two whole numbers", name)
    assert shape is not None
    return tuple(shape)


def datatype_of(told: Mapping[str, Any], name: str) -> str:
    """The datatype that a tensor says it has. Raises Unfit."""
    found = told.get("datatype")
    if found not in DATATYPES:
        raise Unfit(f"{name} needs a datatype: {', '.join(DATATYPES)}", name)
    return str(found)


def flat(data: object, shape: tuple[int, ...], name: str) -> list[Any]:
    """The values of a tensor in JSON, row by row, whether they came nested or not. Raises Unfit."""
    if type(data) is not list:
        raise Unfit(f"{name} has no data", name)
    values = data
    if len(shape) == 2 and data and type(data[0]) is list:
        for row, inner in enumerate(data):
            if type(inner) is not list or len(inner) != shape[1]:
                raise Unfit(f"row {row} of {name} has not {shape[1]} values", name, row)
        values = [value for inner in data for value in inner]
    if len(values) != math.prod(shape):
        raise Unfit(
            f"{name} has {len(values)} values, its shape {list(shape)} needs {math.prod(shape)}",
            name,
        )
    return values


def unpacked(data: memoryview, datatype: str, shape: tuple[int, ...], name: str) -> Array:
    """The values of a tensor that came as bytes, in its shape. Raises Unfit."""
    import numpy as np

    count = math.prod(shape)
    if datatype == "BYTES":
        array = np.empty(count, dtype=object)
        array[:] = _texts(data, count, name)
        return array.reshape(shape)
    dtype = np.dtype(_DTYPES[datatype])
    if len(data) != count * dtype.itemsize:
        raise Unfit(
            f"{name} has {len(data)} bytes, {list(shape)} of {datatype}"
            f" needs {count * dtype.itemsize}",
            name,
        )
    if datatype == "BOOL" and count and np.frombuffer(data, np.uint8).max() > 1:
        raise Unfit(f"{name} has bytes that are neither 0 nor 1", name)
    return np.frombuffer(data, dtype).reshape(shape)


def datatype(array: Array) -> str:
    """What the values of an answer are called."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    names = {"b": "BOOL", "i": f"INT{size * 8}", "u": f"UINT{size * 8}", "f": f"FP{size * 8}"}
    found = names.get(kind, "BYTES")
    return found if found in DATATYPES else "BYTES"


def listed(array: Array) -> list[Any]:
    """The values of an answer for JSON, row by row: null for what is no finite number."""
    import numpy as np

    flat = array.reshape(-1)
    found: list[Any] = flat.tolist()
    if flat.dtype.kind == "f":
        if not np.isfinite(flat).all():
            found = [value if math.isfinite(value) else None for value in found]
    elif flat.dtype.kind not in "biu":
        found = [_scalar(value) for value in found]
    return found


def packed(array: Array) -> bytes:
    """The values of an answer as bytes."""
    name = datatype(array)
    if name != "BYTES":
        return array.astype(_DTYPES[name], copy=False).tobytes()
    texts = (text(value).encode("utf-8", "replace") for value in array.reshape(-1).tolist())
    return b"".join(_LENGTH.pack(len(one)) + one for one in texts)


def text(value: object) -> str:
    """A value of an answer that is no number, as text."""
    return value if isinstance(value, str) else str(value)


def _scalar(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return text(value)


def _texts(data: memoryview, count: int, name: str) -> Sequence[str]:
    found: list[str] = []
    at = 0
    try:
        while at < len(data) and len(found) < count:
            (length,) = _LENGTH.unpack_from(data, at)
            at += _LENGTH.size + length
            if at > len(data):
                raise Unfit(f"{name} ends inside a text", name)
            found.append(str(data[at - length : at], "utf-8"))
    except struct.error:
        raise Unfit(f"{name} ends inside the length of a text", name) from None
    except UnicodeDecodeError:
        raise Unfit(f"{name} has a text that is no UTF-8", name, len(found)) from None
    if len(found) != count or at != len(data):
        raise Unfit(f"the bytes of {name} are not the {count} texts of its shape", name)
    return found
