"""Values as JSON data, for programs: dataclasses by field, nothing that is no JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.verbs import values

_AS_THEY_ARE = (str, int, bool, type(None))


def plain(value: object) -> Any:
    """``value`` as JSON data: dataclasses by field, keys as text, non-finite numbers as text."""
    if type(value) in _AS_THEY_ARE:  # most values are: a page of versions holds ten thousand
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, values.Done):
            return plain(value.data or {"lines": value.lines})
        fields = {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
        if isinstance(value, VersionRow):
            return {"ref": value.ref, **fields}
        if isinstance(value, values.Listed):
            return {**fields.pop("version"), **fields}
        return fields
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def to_json(value: object) -> str:
    """``value`` as one line of JSON."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)
