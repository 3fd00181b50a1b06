"""An artifact is sent to a registry: its blobs first, and its manifest when they are all there.

So under its tag there is a whole one or none. A push that was cut is pushed again: what has arrived
is not sent twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from snapbook.export.address import Address
from snapbook.export.artifact import Artifact
from snapbook.export.distribution import Registry
from snapbook.export.upload import put


def push(
    registry: Registry, at: Address, made: Artifact, done: Callable[[int], None]
) -> Counter[str]:
    """Send ``made``; how many of its blobs were "sent", "mounted" or "there". ``done`` hears of
    bytes as they arrive. Raises Refused, Unreachable, NotFound.
    """
    ways = Counter(
        put(registry, at.name, one, done)
        for one in {one.digest: one for one in made.blobs}.values()
    )
    registry.put_manifest(at, made.manifest)
    done(made.manifest.size)
    return ways
