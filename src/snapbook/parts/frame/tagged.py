"""Python objects in cells and names as bytes, and back, without pickle: nothing here can execute.

Each value is one letter for its exact type and then its content; containers nest. Only exact types
of a closed table have a form (a subclass may mean anything), so decoding gives equal objects. Equal
values give equal bytes in every process: sets are written in the order of their members' bytes, NaN
has one form. Everything else raises NotCanonical. Knows nothing of columns.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import struct
import sys
import uuid
from collections.abc import Callable
from typing import Any

from snapbook.parts.frame.values import NotCanonical
from snapbook.parts.frame.zones import zone_from, zone_text

_DEEPEST = 60
_MOST = 1_000_000  # values inside one cell; shared parts count each time they are met
_NAN = struct.pack("<d", float("nan"))
_EPOCH = datetime.date(1970, 1, 1).toordinal()


def encode(value: object) -> bytes:
    """The bytes of ``value``. Raises NotCanonical."""
    return _Encoder().encode(value)


def decode(data: bytes | memoryview) -> Any:
    """The value that `encode` was given. Raises ValueError for other bytes."""
    try:
        value, end = _read(bytes(data), 0)
    except (struct.error, IndexError, KeyError, OverflowError) as error:
        raise ValueError("no tagged value") from error
    if end != len(data):
        raise ValueError("bytes after the tagged value")
    return value


class _Encoder:
    """Writes one value; counts what it wrote, because sharing can double at every level."""

    def __init__(self) -> None:
        self._count = 0

    def encode(self, value: object, depth: int = 0) -> bytes:
        out: list[bytes] = []
        self._write(value, out, depth)
        return b"".join(out)

    def _write(self, value: Any, out: list[bytes], depth: int) -> None:
        kind = type(value)
        writer = _WRITERS.get(kind)
        if writer is not None:
            out.append(writer(value))
            return
        self._count += 1
        if depth > _DEEPEST or self._count > _MOST:
            raise NotCanonical("a value too deep or too large")
        if kind is list or kind is tuple:
            self._items(b"l" if kind is list else b"t", value, out, depth)
        elif kind is dict:
            pairs = [item for pair in value.items() for item in pair]
            self._items(b"d", pairs, out, depth, per=2)
        elif kind is set or kind is frozenset:
            out.append((b"S" if kind is set else b"R") + _size(len(value)))
            out.extend(sorted(self.encode(item, depth + 1) for item in value))
        elif not (self._write_numpy(kind, value, out, depth) or self._write_pandas(value, out)):
            raise NotCanonical(f"a {name_of(kind)}")

    def _items(self, letter: bytes, items: Any, out: list[bytes], depth: int, per: int = 1) -> None:
        out.append(letter + _size(len(items) // per))
        self._count += len(items)
        for item in items:
            self._write(item, out, depth + 1)

    def _write_numpy(self, kind: type, value: Any, out: list[bytes], depth: int) -> bool:
        """Arrays and scalars of numpy, which is looked for only if it is loaded already."""
        numpy = sys.modules.get("numpy")
        if numpy is None or not (kind is numpy.ndarray or numpy.generic in kind.__mro__):
            return False
        dtype = value.dtype.newbyteorder("<")
        if kind is not numpy.ndarray:
            if dtype.kind not in "biufcmM" or kind is not value.dtype.type:
                return False
            raw = _nan_free(numpy, numpy.asarray(value).astype(dtype).reshape(1)).tobytes()
            out.append(b"g" + _sized(dtype.str.encode()) + _sized(raw))
            return True
        if dtype.kind == "O":
            body = b"".join(self.encode(item, depth + 1) for item in value.ravel().tolist())
        elif dtype.kind in "biufcmM":
            plain = numpy.ascontiguousarray(value.astype(dtype, copy=False))
            body = _nan_free(numpy, plain).tobytes()
        else:
            return False
        shape = b"".join(_size(length) for length in value.shape)
        out.append(b"G" + _sized(dtype.str.encode()) + _size(value.ndim) + shape + _sized(body))
        return True

    def _write_pandas(self, value: Any, out: list[bytes]) -> bool:
        """Scalars of pandas, which is looked for only if it is loaded already."""
        pandas = sys.modules.get("pandas")
        if pandas is None:
            return False
        kind = type(value)
        if value is pandas.NA:
            out.append(b"A")
        elif value is pandas.NaT:
            out.append(b"a")
        elif kind is pandas.Timestamp:
            zone = "" if value.tz is None else zone_text(value.tz)
            unit = value.unit.encode()
            out.append(b"P" + _sized(unit) + _int(value._value) + _sized(zone.encode()))
        elif kind is pandas.Timedelta:
            out.append(b"E" + _sized(value.unit.encode()) + _int(value._value))
        elif kind is pandas.Period:
            out.append(b"p" + _sized(value.freqstr.encode()) + _int(value.ordinal))
        elif kind is pandas.Interval:
            out.append(b"I" + _sized(value.closed.encode()))
            self._write(value.left, out, 1)
            self._write(value.right, out, 1)
        else:
            return False
        return True


def name_of(kind: type) -> str:
    """The class's name, past any metaclass that lies about it."""
    return str(type.__dict__["__name__"].__get__(kind))


def _nan_free(numpy: Any, array: Any) -> Any:
    """``array`` with every NaN in its one form."""
    if array.dtype.kind in "fc" and numpy.isnan(array).any():
        flat = array.copy().view(array.real.dtype)
        flat[numpy.isnan(flat)] = numpy.nan
        return flat
    return array


def _size(count: int) -> bytes:
    return struct.pack("<I", count)


def _sized(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def _int(value: int) -> bytes:
    return _sized(value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))


def _float(value: float) -> bytes:
    return struct.pack("<d", value) if value == value else _NAN


def _time(value: datetime.time) -> bytes:
    if value.tzinfo is not None:
        raise NotCanonical("a time with a zone")
    micros = ((value.hour * 60 + value.minute) * 60 + value.second) * 10**6 + value.microsecond
    return b"m" + struct.pack("<qB", micros, value.fold)


def _datetime(value: datetime.datetime) -> bytes:
    zone = "" if value.tzinfo is None else zone_text(value.tzinfo)
    wall = value.replace(tzinfo=None, fold=0)
    micros = (wall - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)
    return b"D" + struct.pack("<qB", micros, value.fold) + _sized(zone.encode())


def _timedelta(value: datetime.timedelta) -> bytes:
    return b"e" + struct.pack("<iii", value.days, value.seconds, value.microseconds)


_WRITERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"N",
    bool: lambda value: b"T" if value else b"F",
    int: lambda value: b"i" + _int(value),
    float: lambda value: b"f" + _float(value),
    complex: lambda value: b"c" + _float(value.real) + _float(value.imag),
    str: lambda value: b"s" + _sized(value.encode("utf-8", "surrogatepass")),
    bytes: lambda value: b"b" + _sized(value),
    bytearray: lambda value: b"y" + _sized(bytes(value)),
    range: lambda value: b"r" + _int(value.start) + _int(value.stop) + _int(value.step),
    decimal.Decimal: lambda value: b"Q" + _sized(str(value).encode()),
    fractions.Fraction: lambda value: b"X" + _int(value.numerator) + _int(value.denominator),
    uuid.UUID: lambda value: b"U" + value.bytes,
    datetime.date: lambda value: b"o" + struct.pack("<i", value.toordinal() - _EPOCH),
    datetime.time: _time,
    datetime.datetime: _datetime,
    datetime.timedelta: _timedelta,
}


def _read(data: bytes, at: int) -> tuple[Any, int]:
    letter = data[at : at + 1]
    return _READERS[letter](data, at + 1)


def _read_size(data: bytes, at: int) -> tuple[int, int]:
    return struct.unpack_from("<I", data, at)[0], at + 4


def _read_sized(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _read_size(data, at)
    if at + size > len(data):
        raise ValueError("a tagged value is cut")
    return data[at : at + size], at + size


def _read_text(data: bytes, at: int) -> tuple[str, int]:
    raw, at = _read_sized(data, at)
    return raw.decode("utf-8", "surrogatepass"), at


def _read_int(data: bytes, at: int) -> tuple[int, int]:
    raw, at = _read_sized(data, at)
    return int.from_bytes(raw, "little", signed=True), at


def _read_items(data: bytes, at: int, per: int = 1) -> tuple[list[Any], int]:
    count, at = _read_size(data, at)
    if count > len(data):
        raise ValueError("a tagged value is cut")
    items = []
    for _ in range(count * per):
        item, at = _read(data, at)
        items.append(item)
    return items, at


def _read_dict(data: bytes, at: int) -> tuple[Any, int]:
    flat, at = _read_items(data, at, per=2)
    return dict(zip(flat[::2], flat[1::2], strict=True)), at


def _read_container(make: Callable[[Any], Any]) -> Callable[[bytes, int], tuple[Any, int]]:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        items, at = _read_items(data, at)
        return make(items), at

    return read


def _read_mapped(
    read: Callable[[bytes, int], tuple[Any, int]], make: Callable[[Any], Any]
) -> Callable[[bytes, int], tuple[Any, int]]:
    def mapped(data: bytes, at: int) -> tuple[Any, int]:
        value, at = read(data, at)
        return make(value), at

    return mapped


def _read_packed(form: str, make: Callable[..., Any]) -> Callable[[bytes, int], tuple[Any, int]]:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        return make(*struct.unpack_from(form, data, at)), at + struct.calcsize(form)

    return read


def _read_ints(count: int, make: Callable[..., Any]) -> Callable[[bytes, int], tuple[Any, int]]:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        numbers = []
        for _ in range(count):
            number, at = _read_int(data, at)
            numbers.append(number)
        return make(*numbers), at

    return read


def _clock(micros: int, fold: int) -> datetime.time:
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    return moment.time().replace(fold=fold)


def _read_datetime(data: bytes, at: int) -> tuple[Any, int]:
    micros, fold = struct.unpack_from("<qB", data, at)
    zone, at = _read_text(data, at + 9)
    wall = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    return wall.replace(tzinfo=zone_from(zone) if zone else None, fold=fold), at


def _read_uuid(data: bytes, at: int) -> tuple[Any, int]:
    return uuid.UUID(bytes=data[at : at + 16]), at + 16


def _read_array(data: bytes, at: int) -> tuple[Any, int]:
    import numpy as np

    dtype, at = _read_text(data, at)
    dims, at = _read_size(data, at)
    shape = struct.unpack_from(f"<{dims}I", data, at)
    body, at = _read_sized(data, at + 4 * dims)
    if np.dtype(dtype).kind != "O":
        return np.frombuffer(body, dtype=dtype).reshape(shape).copy(), at
    array = np.empty(int(np.prod(shape, dtype=np.int64)), dtype=object)
    inner = 0
    for place in range(len(array)):
        array[place], inner = _read(body, inner)
    return array.reshape(shape), at


def _read_scalar(data: bytes, at: int) -> tuple[Any, int]:
    import numpy as np

    dtype, at = _read_text(data, at)
    raw, at = _read_sized(data, at)
    return np.frombuffer(raw, dtype=dtype)[0], at


def _read_timestamp(data: bytes, at: int) -> tuple[Any, int]:
    import numpy as np
    import pandas as pd

    unit, at = _read_text(data, at)
    value, at = _read_int(data, at)
    zone, at = _read_text(data, at)
    moment = pd.Timestamp(np.int64(value).view(f"M8[{unit}]"))
    return (moment.tz_localize("UTC").tz_convert(zone_from(zone)) if zone else moment), at


def _read_pandas_delta(data: bytes, at: int) -> tuple[Any, int]:
    import numpy as np
    import pandas as pd

    unit, at = _read_text(data, at)
    value, at = _read_int(data, at)
    return pd.Timedelta(np.int64(value).view(f"m8[{unit}]")), at


def _read_period(data: bytes, at: int) -> tuple[Any, int]:
    import pandas as pd

    freq, at = _read_text(data, at)
    ordinal, at = _read_int(data, at)
    return pd.Period(ordinal=ordinal, freq=freq), at


def _read_interval(data: bytes, at: int) -> tuple[Any, int]:
    import pandas as pd

    closed: Any
    closed, at = _read_text(data, at)
    left, at = _read(data, at)
    right, at = _read(data, at)
    return pd.Interval(left, right, closed=closed), at


def _pandas(name: str) -> Any:
    import pandas as pd

    return getattr(pd, name)


_READERS: dict[bytes, Callable[[bytes, int], tuple[Any, int]]] = {
    b"N": lambda _, at: (None, at),
    b"T": lambda _, at: (True, at),
    b"F": lambda _, at: (False, at),
    b"A": lambda _, at: (_pandas("NA"), at),
    b"a": lambda _, at: (_pandas("NaT"), at),
    b"i": _read_int,
    b"f": _read_packed("<d", float),
    b"c": _read_packed("<dd", complex),
    b"s": _read_text,
    b"b": _read_sized,
    b"y": _read_mapped(_read_sized, bytearray),
    b"r": _read_ints(3, range),
    b"Q": _read_mapped(_read_text, decimal.Decimal),
    b"X": _read_ints(2, fractions.Fraction),
    b"U": _read_uuid,
    b"o": _read_packed("<i", lambda days: datetime.date.fromordinal(days + _EPOCH)),
    b"m": _read_packed("<qB", _clock),
    b"D": _read_datetime,
    b"e": _read_packed("<iii", datetime.timedelta),
    b"l": _read_container(list),
    b"t": _read_container(tuple),
    b"S": _read_container(set),
    b"R": _read_container(frozenset),
    b"d": _read_dict,
    b"G": _read_array,
    b"g": _read_scalar,
    b"P": _read_timestamp,
    b"E": _read_pandas_delta,
    b"p": _read_period,
    b"I": _read_interval,
}
