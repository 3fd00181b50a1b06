"""Arrow tables and arrays as tables; also the Arrow columns inside pandas and polars frames.

Chunks, offsets, dictionaries per chunk and bytes under nulls are layout and vanish. Types are
written as JSON of our own, so that no version of pyarrow's text matters. Zero-copy where Arrow
allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapbook.canonical import Json
from snapbook.parts.frame.names import name_json
from snapbook.parts.frame.objects import Clock, from_objects
from snapbook.parts.frame.table import Column, Loaded, Table
from snapbook.parts.frame.values import LONGEST, Coded, Fixed, NotCanonical, Text, Values

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDTHS = {"date32": "<i4", "time32": "<i4", "date64": "<i8", "time64": "<i8"}
_SIMPLE = frozenset(
    [
        *("null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("halffloat", "float", "double", "date32[day]", "date64[ms]", "string", "large_string"),
        *("string_view", "binary", "large_binary", "binary_view"),
    ]
)
_MAKERS = {"halffloat": "float16", "float": "float32", "double": "float64"}
NAT = -(2**63)


def type_json(kind: Any) -> Json:
    """An Arrow type as JSON. Raises NotCanonical for types outside the table."""
    import pyarrow as pa

    t = pa.types
    text = str(kind)
    if text in _SIMPLE:
        return _MAKERS.get(text, text.partition("[")[0])
    if t.is_timestamp(kind):
        return {"timestamp": kind.unit, "zone": kind.tz}
    if t.is_duration(kind) or t.is_time(kind):
        return {text.partition("[")[0]: kind.unit}
    if t.is_decimal(kind):
        return {"decimal": kind.bit_width, "precision": kind.precision, "scale": kind.scale}
    if t.is_fixed_size_binary(kind):
        return {"fixed_size_binary": kind.byte_width}
    if t.is_dictionary(kind):
        return {
            "dictionary": type_json(kind.value_type),
            "index": type_json(kind.index_type),
            "ordered": kind.ordered,
        }
    if t.is_fixed_size_list(kind):
        return {"fixed_size_list": type_json(kind.value_type), "size": kind.list_size}
    if t.is_large_list(kind) or t.is_list(kind):
        return {"large_list" if t.is_large_list(kind) else "list": type_json(kind.value_type)}
    if t.is_struct(kind):
        fields = [kind.field(place) for place in range(kind.num_fields)]
        return {"struct": [[field.name, type_json(field.type)] for field in fields]}
    if t.is_map(kind):
        return {"map": [type_json(kind.key_type), type_json(kind.item_type)]}
    raise NotCanonical(f"values of Arrow type {text}")


def json_type(value: Any) -> Any:
    """The Arrow type that `type_json` was given."""
    import pyarrow as pa

    if isinstance(value, str):
        return getattr(pa, "bool_" if value == "bool" else value)()
    if "timestamp" in value:
        return pa.timestamp(value["timestamp"], tz=value["zone"])
    for name in ("duration", "time32", "time64"):
        if name in value:
            return getattr(pa, name)(value[name])
    if "decimal" in value:
        return getattr(pa, f"decimal{value['decimal']}")(value["precision"], value["scale"])
    if "fixed_size_binary" in value:
        return pa.binary(value["fixed_size_binary"])
    if "dictionary" in value:
        return pa.dictionary(
            json_type(value["index"]), json_type(value["dictionary"]), value["ordered"]
        )
    if "fixed_size_list" in value:
        return pa.list_(json_type(value["fixed_size_list"]), value["size"])
    for name, make in (("large_list", pa.large_list), ("list", pa.list_)):
        if name in value:
            return make(json_type(value[name]))
    if "struct" in value:
        return pa.struct([(name, json_type(of)) for name, of in value["struct"]])
    if "map" in value:
        return pa.map_(*(json_type(of) for of in value["map"]))
    raise ValueError("no Arrow type")


def one_array(chunked: Any) -> Any:
    """A ChunkedArray or Array as one Array; a single chunk is not copied."""
    import pyarrow as pa

    if not isinstance(chunked, pa.ChunkedArray):
        return chunked
    if pa.types.is_dictionary(chunked.type):
        chunked = chunked.unify_dictionaries()
    if chunked.num_chunks == 1:
        return chunked.chunk(0)
    joined = chunked.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        return pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.nulls(0, joined.type)
    return joined


def load_values(array: Any, clock: Clock) -> Values:
    """The canonical values of one Arrow Array."""
    import pyarrow as pa

    clock.check()
    t, kind = pa.types, array.type
    if t.is_dictionary(kind):
        return _coded(array, clock)
    if t.is_null(kind):
        return _nulls_only(len(array))
    if t.is_string(kind) or t.is_large_string(kind) or str(kind) == "string_view":
        return _text("str", array, pa.large_string())
    if t.is_binary(kind) or t.is_large_binary(kind) or str(kind) == "binary_view":
        return _text("bytes", array, pa.large_binary())
    if t.is_fixed_size_binary(kind) and not t.is_decimal(kind):
        return _text("bytes", array.cast(pa.binary()), pa.large_binary())
    if t.is_boolean(kind) or t.is_integer(kind) or t.is_floating(kind) or t.is_temporal(kind):
        return _fixed(array)
    return from_objects(array.to_pylist(), clock).values


def _null_mask(array: Any) -> NDArray[Any] | None:
    if not array.null_count:
        return None
    mask: NDArray[Any] = array.is_null().to_numpy(zero_copy_only=False)
    return mask


def _fixed(array: Any) -> Fixed:
    import numpy as np
    import pyarrow as pa

    nulls, kind = _null_mask(array), array.type
    text = str(kind)
    if pa.types.is_boolean(kind):
        filled = array.fill_null(False) if nulls is not None else array
        return Fixed("b1", filled.to_numpy(zero_copy_only=False), nulls)
    buffer = array.buffers()[1]
    name = text.partition("[")[0]
    timed = name in ("timestamp", "duration")
    if timed:
        dtype = np.dtype("<i8")
    elif name in _WIDTHS:
        dtype = np.dtype(_WIDTHS[name])
    else:
        dtype = np.dtype(_MAKERS.get(text, text)).newbyteorder("<")
    data = np.frombuffer(buffer or b"", dtype=dtype)[array.offset : array.offset + len(array)]
    if timed:
        tag = f"{'M8' if name == 'timestamp' else 'm8'}[{kind.unit}]"
        if nulls is not None:  # as numpy and pandas have it: not a time is a value
            data = np.where(nulls, np.int64(NAT), data)
        return Fixed(tag, data)
    tag = name if name.startswith("date") else text
    return Fixed(tag if name in _WIDTHS else f"{dtype.kind}{dtype.itemsize}", data, nulls)


def _nulls_only(rows: int) -> Fixed:
    import numpy as np

    return Fixed("null", np.zeros(rows, dtype="u1"), np.ones(rows, dtype=bool) if rows else None)


def _text(tag: str, array: Any, large: Any) -> Text:
    import numpy as np
    import pyarrow as pa

    if str(array.type).endswith("_view"):
        array = array.cast(large)
    nulls = _null_mask(array)
    if nulls is not None:
        array = array.fill_null("" if tag == "str" else b"")
    wide = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    _, offsets, data = array.buffers()
    if not len(array) or offsets is None:
        return Text(tag, np.zeros(len(array), dtype="<u4"), np.empty(0, dtype=np.uint8), nulls)
    edges = np.frombuffer(offsets, dtype="<i8" if wide else "<i4")
    edges = edges[array.offset : array.offset + len(array) + 1]
    lengths = edges[1:] - edges[:-1]
    if wide and int(edges[-1] - edges[0]) > LONGEST and int(lengths.max()) > LONGEST:
        raise NotCanonical("a value longer than 4 GiB")
    octets = np.frombuffer(data or b"", dtype=np.uint8)[int(edges[0]) : int(edges[-1])]
    return Text(tag, lengths.astype("<u4"), octets, nulls)


def _coded(array: Any, clock: Clock) -> Coded:
    import numpy as np

    indices = array.indices
    filled = indices.cast("int64").fill_null(-1).to_numpy(zero_copy_only=False)
    categories = array.dictionary
    if categories.null_count:
        raise NotCanonical("a dictionary with a null in it")
    count = len(categories)
    width = np.int8 if count < 128 else np.int16 if count < 2**15 else np.int32
    return Coded(filled.astype(width), load_values(categories, clock))


def open_table(obj: Any, kind: str) -> Table:
    """A pyarrow object as a table."""
    name = kind.partition(".")[2]
    if name in ("Table", "RecordBatch"):
        pairs = [(field.name, obj.column(place)) for place, field in enumerate(obj.schema)]
        return Table(
            kind, (obj.num_rows, obj.num_columns), obj.num_rows, tuple(map(_column, pairs))
        )
    return Table(kind, (len(obj),), len(obj), (_column((0, obj)),))


def _column(pair: tuple[Any, Any]) -> Column:
    name, array = pair

    def load(clock: Clock) -> Loaded:
        schema: Json = {"arrow": type_json(array.type)}
        return Loaded(load_values(one_array(array), clock), schema)

    return Column(name_json(name), str(array.type), load)
