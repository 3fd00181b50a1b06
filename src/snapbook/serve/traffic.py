"""Which version a request goes to: weights, kept by a client's key, and who only listens.

Plain data and a hash: the same key and salt give the same version in every process, so that two
servers of one rollout agree, and whoever got the canary at 5 % still gets it at 25 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from snapbook.errors import Usage

_OF = float(1 << 64)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Names of workers: who answers, who answers a ``share`` (0 to 1), who is asked in the shadow.

    ``sticky``: the share is one of clients, told apart by the header Snapbook-Key, and not of
    requests. ``salt`` is the rollout's own, so that the same clients are not the first each time.
    """

    stable: str
    canary: str = ""
    share: float = 0.0
    sticky: bool = False
    shadow: str = ""
    salt: str = ""

    def __post_init__(self) -> None:
        """Raise Usage for what cannot be."""
        others = [name for name in (self.canary, self.shadow) if name]
        if not self.stable or self.stable in others or len(set(others)) != len(others):
            raise Usage("Not switched", "stable, canary and shadow have to be different versions")
        if not 0 <= self.share <= 1 or (self.share and not self.canary):
            raise Usage("Not switched", "a share is 0 to 1, of a canary")

    @property
    def answering(self) -> tuple[str, ...]:
        """Whose answers may go out."""
        return (self.stable, self.canary) if self.canary else (self.stable,)

    def pick(self, key: bytes) -> str:
        """Who answers the request, or the client, of that key."""
        if not self.share:
            return self.stable
        salt = self.salt.encode()[:64]
        drawn = int.from_bytes(blake2b(key, digest_size=8, key=salt).digest(), "big") / _OF
        return self.canary if drawn < self.share else self.stable
