"""Canonical JSON and digests: the same value is the same bytes everywhere, for ever.

RFC 8785 (JSON Canonicalization Scheme) with what models need beside it: floats that are not finite
and integers beyond 2**53 stand as tagged objects ({"$float": "nan"}), a key that begins with "$"
gets another one, and a whole float keeps its ".0", so that types survive the round trip. Knows
nothing of what the values mean. Other programs can read the output with any JSON parser.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import blake3 as _blake3

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

DIGEST_LENGTH = 64  # hex digits of a BLAKE3-256 digest
_SAFE = 2**53
_DEEPEST = 200
_quote = json.encoder.encode_basestring


def digest(data: bytes | bytearray | memoryview) -> str:
    """BLAKE3-256 of ``data`` as 64 lower-case hex digits."""
    return _blake3.blake3(data).hexdigest()


def encode(value: Json) -> bytes:
    """``value`` as canonical UTF-8 JSON.

    Raises ValueError for lone surrogates and for nesting deeper than 200, TypeError for what is
    no JSON value.
    """
    out: list[str] = []
    _write(value, out, 0)
    return "".join(out).encode("utf-8")


def decode(data: bytes | bytearray | memoryview) -> Any:
    """The value that `encode` was given. Raises ValueError if ``data`` is no JSON."""
    try:
        return json.loads(bytes(data), object_hook=_untag)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def _write(value: Any, out: list[str], depth: int) -> None:
    # What nearly every value is comes first, by its exact type: this is called for each of them.
    kind = type(value)
    if kind is str:
        out.append(_quote(value))
    elif kind is dict:
        _write_object(value, out, depth + 1)
    elif kind is list or kind is tuple:
        _write_array(value, out, depth + 1)
    elif value is None:
        out.append("null")
    elif value is True:
        out.append("true")
    elif value is False:
        out.append("false")
    elif isinstance(value, str):
        out.append(_quote(value))
    elif isinstance(value, int):
        out.append(str(int(value)) if -_SAFE <= value <= _SAFE else f'{{"$int":"{int(value)}"}}')
    elif isinstance(value, float):
        out.append(_number(float(value)))
    elif isinstance(value, Mapping):
        _write_object(value, out, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        _write_array(value, out, depth + 1)
    else:
        raise TypeError(f"{type(value).__name__} is no JSON value")


def _write_object(value: Mapping[str, Any], out: list[str], depth: int) -> None:
    if value and depth > _DEEPEST:
        raise ValueError("value nested too deeply")
    before = "{"
    for key in _sorted(value):
        name = "$" + key if key.startswith("$") else key
        out.append(before + _quote(name) + ":")
        _write(value[key], out, depth)
        before = ","
    out.append("}" if before == "," else "{}")


def _write_array(value: Sequence[Any], out: list[str], depth: int) -> None:
    if value and depth > _DEEPEST:
        raise ValueError("value nested too deeply")
    out.append("[")
    for position, item in enumerate(value):
        if position:
            out.append(",")
        _write(item, out, depth)
    out.append("]")


def _sorted(keys: Iterable[str]) -> list[str]:
    """RFC 8785 sorts keys by UTF-16 code units, which differs from code points past U+FFFF."""
    found = list(keys)
    if all(type(key) is str and key.isascii() for key in found):
        return sorted(found)
    return sorted(found, key=_utf16)


def _utf16(key: object) -> bytes:
    if not isinstance(key, str):
        raise TypeError(f"a JSON key is text, not {type(key).__name__}")
    return key.encode("utf-16-be")


def _number(value: float) -> str:
    """ECMAScript's Number::toString, which RFC 8785 asks for; Python finds the same digits."""
    if math.isnan(value):
        return '{"$float":"nan"}'
    if math.isinf(value):
        return '{"$float":"inf"}' if value > 0 else '{"$float":"-inf"}'
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    if value.is_integer() and abs(value) < _SAFE:
        return f"{int(value)}.0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)
    if whole == "0":
        point = int(exponent or 0) - (len(fraction) - len(fraction.lstrip("0")))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return f"{sign}{digits}{'0' * (point - count)}.0"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{sign}{digits[0]}{'.' + digits[1:] if count > 1 else ''}{power}"


def _untag(pairs: dict[str, Any]) -> Any:
    if len(pairs) == 1:
        if isinstance(text := pairs.get("$float"), str):
            return float(text)
        if isinstance(text := pairs.get("$int"), str):
            return int(text)
    if any(key.startswith("$$") for key in pairs):
        return {key[1:] if key.startswith("$$") else key: item for key, item in pairs.items()}
    return pairs
