"""A model as ONNX, taken only where it says what the model says.

The conversion and the comparison happen in a process of their own, which loads the model: the
caller has asked trust. Which process that is depends on the model's framework. Here is what goes
in, which rows are compared, and what is said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snapbook.errors import NotRestorable
from snapbook.export import conversion, converting, network, tracing
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
    process = _PROCESS
    if _framework(parts) == _NETWORK.framework:
        process = _NETWORK
        network.check_whole(process.form, named, conversion.taken(process, named, parts))
    said, data = conversion.ran(process, named, parts, get, project, s, {"props": dict(props)})
    told = converting.Told(**said)
    if told.differing:
        raise _disagrees(named, told)
    return Converted(data, told)


def _framework(parts: Sequence[Part]) -> str:
    return next((str(part.facts.get("framework")) for part in parts if part.kind == "model"), "")


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
    whose="scikit-learn's and PyTorch's",
)
_NETWORK = conversion.Process(
    "ONNX",
    ("torch", "onnx", "onnxruntime"),
    tracing.command,
    tracing.JOB,
    tracing.SAID,
    tracing.FILE,
    _refused,
    install="pip install torch onnx onnxruntime",
    framework="torch",
    whose="PyTorch's",
    tries=4,
)
