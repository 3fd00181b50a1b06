"""Which groups of rows this process has coded before, and into which blobs.

Coding is a pure function of a group's values and its plan, so a frame that grows or loses rows is
coded only where it changed. Holds digests alone, a bounded number of them; forgetting costs time,
never correctness. Whether a blob is still kept is not known here.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import blake3

from snapbook.parts.frame.codings import Plan
from snapbook.parts.frame.values import Leaf, Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST = 50_000  # about 10 MB
_blobs: dict[bytes, str] = {}


def name_of(group: Leaf, plan: Plan) -> bytes:
    """A digest of the values of ``group``, as they are, and of how they are to be coded."""
    import numpy as np

    nulls = group.nulls is not None
    hasher = blake3.blake3(f"{group.tag} {plan.places} {plan.dictionary} {nulls} ".encode())
    arrays: list[NDArray[Any]] = [group.data]
    if isinstance(group, Text):
        arrays.insert(0, group.lengths)
    if group.nulls is not None:
        arrays.append(group.nulls)
    for array in arrays:
        hasher.update(f"{len(array)} ".encode())
        raw: Any = np.ascontiguousarray(array)
        hasher.update(raw.view(np.uint8))
    return bytes(hasher.digest())


def blob_of(name: bytes, known: AbstractSet[str]) -> str | None:
    """The blob of the group called ``name`` if it was coded before and is among ``known``."""
    found = _blobs.get(name)
    return found if found in known else None


def remember(name: bytes, digest: str) -> None:
    """That the group called ``name`` is coded in the blob ``digest``."""
    while len(_blobs) >= _MOST:
        del _blobs[next(iter(_blobs))]
    _blobs[name] = digest
