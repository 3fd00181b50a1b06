"""A model as ONNX, taken only where it says what the model says.

The conversion and the comparison happen in a process of their own, which loads the model: the
caller has asked trust. Here is what goes in, which rows are compared, and what is said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snapbook.errors import NotRestorable
from snapbook.export import conversion, converting
from snapbook.parts.base import Part

Get = Callable[[str], bytes]
_BUNDLE = "A bundle serves the model itself, as it is"


@dataclass(frozen=True, slots=True)
class Converted:
    """The bytes of the file, and what the comparison showed: see `converting.Told`."""

    data: bytes
    told: converting.Told


def converted(
    named: str, props: Mapping[str, str], parts: Sequence[Part], get: Get, project: Path, s: float
) -> Converted:
    """The model of ``parts``, which a message calls ``named``, with ``props`` written into it.

    Raises what `conversion.ran` does, and NotRestorable where it says something else than that.
    """
    said, data = conversion.ran(_PROCESS, named, parts, get, project, s, {"props": dict(props)})
    told = converting.Told(**said)
    if told.differing:
        raise _disagrees(named, told)
    return Converted(data, told)


def _refused(named: str, why: str) -> NotRestorable:
    return NotRestorable(f"{named} cannot be converted to ONNX", why, act=_BUNDLE)


def _disagrees(named: str, told: converting.Told) -> NotRestorable:
    count = f"{told.differing:,} of {told.rows:,} rows"
    return NotRestorable(
        f"Not exported: as ONNX {named} says something else on {count}",
        f"the worst, {told.worst}",
        act=_BUNDLE,
    )


_PROCESS = conversion.Process(
    "ONNX",
    ("skl2onnx", "onnxruntime"),
    converting.command,
    converting.JOB,
    converting.SAID,
    converting.FILE,
    _refused,
)
