"""To build on blobs that are kept already, without their bytes.

A commit looks again at what its writer relied on; so a digest that is listed in a part without
having been added in this save must be relied on by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from snapbook.store.base import Writer


def rely(writer: Writer, digests: Iterable[str]) -> bool:
    """Whether ``digests``, of a part that is kept, are here; ``writer`` then relies on them.

    A writer that cannot rely by name is asked for one of them only: the part vouches for the rest.
    """
    named = getattr(writer, "rely", None)
    if named is not None:
        return bool(named(digests))
    return all(map(writer.has, islice(digests, 1)))
