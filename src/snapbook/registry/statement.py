"""What a registry says of its chain with an answer, under its own key: pure, shared by both ends.

A client sends a number that is used once, and the newest event that it ever saw there. The answer
comes with the head that it was made by, the digest that the seen event has there, the time, the
number, the request and the digest of the answer, all signed: so an old answer, another's, or one
that was changed on its way is none, whatever any clock says.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from snapbook import events, signing
from snapbook.catalog.base import Head
from snapbook.signing import Key

ASKED, SAID = "Snapbook-Asked", "Snapbook-Head"
KEY, SIGN_IN = "Snapbook-Key", "Snapbook-Sign-In"  # shown to who comes for the first time
NO_HEAD = Head(0, "")  # of an answer that says nothing of the chain
LONGEST = 200  # characters of a reason: it stands in a header
HEAD, RESTORED = "registry-head", "registry-restored"
_ASKED = re.compile(r"([0-9a-f]{32}) (0|[1-9][0-9]{0,15}) ([0-9a-f]{64})")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Asking:
    """What a client sends along: a number used once, and the newest event that it saw there."""

    nonce: str
    seen: Head

    def __str__(self) -> str:
        return f"{self.nonce} {self.seen.n} {self.seen.digest}"


def asking(seen: Head) -> Asking:
    """A new number, for one request."""
    return Asking(secrets.token_hex(16), seen)


def asking_of(text: str) -> Asking | None:
    """What an `Asking` spelled; None for anything else."""
    found = _ASKED.fullmatch(text)
    return Asking(found[1], Head(int(found[2]), found[3])) if found else None


@dataclass(frozen=True, slots=True)
class Restored:
    """The word that the chain was brought back at ``time`` as it was up to event ``n``."""

    n: int
    digest: str
    time: str
    reason: str
    signature: str = ""

    def as_json(self) -> dict[str, Any]:
        """What is signed."""
        return {"n": self.n, "digest": self.digest, "time": self.time, "reason": self.reason}

    def signed(self, key: Key) -> Restored:
        """The same, under ``key``."""
        return Restored(**self.as_json(), signature=key.sign(RESTORED, self.as_json()))

    def is_by(self, public: str) -> bool:
        """Whether ``public`` signed it."""
        return signing.verify(public, self.signature, RESTORED, self.as_json())


def restored_of(value: Any) -> Restored:
    """What stands in JSON as a `Restored`. Raises ValueError."""
    try:
        texts = [value[name] for name in ("digest", "time", "reason", "signature")]
        if type(value["n"]) is not int or not all(isinstance(text, str) for text in texts):
            raise ValueError("it is no word of a restoration")
        events.parse_time(texts[1])
        if not texts[2].isprintable() or len(texts[2]) > LONGEST:
            raise ValueError("its reason is no line of text")  # it is shown on a terminal
        return Restored(value["n"], *texts)
    except (KeyError, TypeError) as error:
        raise ValueError("it is no word of a restoration") from error


@dataclass(frozen=True, slots=True)
class Said:
    """One answer's statement: the head ``n`` and ``digest`` that it was made by, at ``time``.

    ``seen`` is the digest that the client's newest event has in this chain, "" where it is not in
    it. ``body`` is the digest of the answer, "" for one that is sent as a stream.
    """

    n: int
    digest: str
    time: str
    nonce: str
    request: str
    body: str
    seen: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement, the key that it names, its signature, and perhaps word of a restoration."""

    said: Said
    key: str
    signature: str
    restored: Restored | None = None

    def __str__(self) -> str:
        more = {"restored": asdict(self.restored)} if self.restored else {}
        value = {**asdict(self.said), "key": self.key, "signature": self.signature, **more}
        return json.dumps(value, separators=(",", ":"))

    @property
    def is_sound(self) -> bool:
        """Whether the key that it names signed it."""
        return signing.verify(self.key, self.signature, HEAD, asdict(self.said))


def signed(said: Said, key: Key, restored: Restored | None) -> Signed:
    """``said`` under ``key``."""
    return Signed(said, key.public, key.sign(HEAD, asdict(said)), restored)


def signed_of(text: str) -> Signed:
    """What a `Signed` spelled. Raises ValueError; whether it is true is not looked at."""
    try:
        value: Mapping[str, Any] = json.loads(text)
        texts = [value[name] for name in ("digest", "time", "nonce", "request", "body", "seen")]
        key, signature = value["key"], value["signature"]
        if type(value["n"]) is not int or not all(
            isinstance(one, str) for one in (*texts, key, signature)
        ):
            raise ValueError("it is no statement")
        events.parse_time(texts[1])
        told = value.get("restored")
        restored = restored_of(told) if told is not None else None
        return Signed(Said(value["n"], *texts), key, signature, restored)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it is no statement") from error


def fingerprint(key: str) -> str:
    """How a key is shown: its first half, which nobody finds another key for."""
    return key[:32]


def is_key(text: str) -> bool:
    """Whether ``text`` can be a whole public key."""
    return _DIGEST.fullmatch(text) is not None
