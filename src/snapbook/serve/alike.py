"""Whether two versions gave the same answer: numbers within a tolerance, labels equal.

Knows the answers of a worker in both protocols. Who answered is no part of an answer; of two
refusals it does not matter in which words.
"""

from __future__ import annotations

import json
import math
from typing import Any

from snapbook.serve.tensors import unpacked
from snapbook.serve.upstream import Answer
from snapbook.serve.v2 import JSON_LENGTH

TOLERANCE = 1e-4
_WHO = ("model", "number", "model_name", "model_version", "id")
_BINARY = "binary_data_size"


def alike(one: Answer, other: Answer) -> bool:
    """Whether both say the same."""
    if one.status != other.status:
        return False
    if one.status >= 400:
        return True
    try:
        return _near(_told(one), _told(other))
    except (ValueError, KeyError, TypeError):  # no answer of a worker of ours
        return one.body == other.body


def _told(answer: Answer) -> Any:
    """What an answer says, bytes behind it as values."""
    length = dict(answer.headers).get(JSON_LENGTH)
    head = json.loads(answer.body if length is None else answer.body[: int(length)])
    if not isinstance(head, dict):
        raise ValueError("no object")
    for name in _WHO:
        head.pop(name, None)
    if length is not None:
        rest = memoryview(answer.body)[int(length) :]
        for output in head["outputs"]:
            if (size := output.pop("parameters", {}).get(_BINARY)) is not None:
                shape = tuple(output["shape"])
                array = unpacked(rest[:size], output["datatype"], shape, output["name"])
                output["data"] = array.reshape(-1).tolist()
                rest = rest[size:]
    return head


def _near(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        if isinstance(one, str | bool | None | list | dict) or type(other) not in (int, float):
            return False
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE * TOLERANCE)
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_near, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_near(one[name], other[name]) for name in one)
    return bool(one == other)
