"""To build on blobs that are kept already, without their bytes.

A commit looks again at what its writer relied on; so a digest that is listed in a part without
having been added in this save must be relied on by name.
"""

from __future__ import annotations

from collections.abc import Iterable

from snapbook.store.base import Writer


def rely(writer: Writer, digests: Iterable[str]) -> bool:
    """Whether all of ``digests`` are here; if so, ``writer`` relies on them as if added."""
    named = getattr(writer, "rely", None)
    if named is not None:
        return all(map(named, digests))
    return all(map(writer.has, digests))
