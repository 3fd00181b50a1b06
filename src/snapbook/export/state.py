"""The tensors of a PyTorch model by their names, as one file in the form of safetensors.

Copied out of stored bytes: nothing of the model is executed, and PyTorch is not needed. How the
file looks is known to `flavors.weights`, as bundles hold it too; here is which model has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from snapbook.errors import NotRestorable
from snapbook.flavors import weights
from snapbook.flavors.weights import Tensor
from snapbook.parts.base import Part

Get = Callable[[str], bytes]


def tensors(named: str, model: Part) -> tuple[Tensor, ...]:
    """The tensors of a model, by name.

    Raises NotRestorable where it has none or some that the file has no word for, Damaged.
    """
    layout: Any = model.facts.get("layout")
    if not isinstance(layout.get("state"), list) or not layout["state"]:
        kind = str(model.facts.get("framework") or "no framework")
        raise _refused(named, f"it is of {kind} and holds no tensors by name")
    try:
        return weights.listed(layout, len(model.blobs))
    except NotRestorable as error:
        raise _refused(named, error.why) from error


def pieces(
    listed: Sequence[Tensor], about: Mapping[str, str], model: Part, get: Get
) -> Iterator[bytes]:
    """The bytes of the file, with one tensor at a time in memory. Raises Damaged."""
    return weights.pieces(listed, about, model.blobs, get)


def _refused(named: str, why: str) -> NotRestorable:
    return NotRestorable(f"{named} has no state dict", why, act="A bundle serves the model itself")
