"""Signatures of people who decide: each under a purpose of its own, so that none of them can be
shown for another, nor for an author's, which alone lets a model be loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snapbook import signing
from snapbook.canonical import Json
from snapbook.errors import BadOption, Refused
from snapbook.repository import Author
from snapbook.signing import Key

PURPOSES = {"request": "request", "approve": "approval", "reject": "rejection"}


VERDICT = "verdict"


def verdict(model: str, manifest: str, alias: str, gate: str, evidence: str) -> Mapping[str, Json]:
    """What one signs who judges; ``evidence`` is the digest of what was found."""
    return {**opinion(model, manifest, alias), "gate": gate, "evidence": evidence}


def opinion(model: str, manifest: str, alias: str) -> Mapping[str, Json]:
    """What one signs who requests, approves or rejects."""
    return {"model": model, "manifest": manifest, "alias": alias.lower()}


def made(key: Key, purpose: str, statement: Mapping[str, Json]) -> Mapping[str, Json]:
    """A signature as events hold it."""
    return {"key": key.public, "signature": key.sign(purpose, statement)}


def with_signature(
    body: Mapping[str, Json], purpose: str, statement: Mapping[str, Json], author: Author
) -> Mapping[str, Json]:
    """``body`` signed by its author; as it is where he has no key."""
    if author.key is None:
        return body
    return {**body, "signature": made(author.key, purpose, statement)}


def holds(signature: object, purpose: str, statement: Mapping[str, Json]) -> bool:
    """Whether ``signature``, as events hold it, is one of ``statement`` for ``purpose``."""
    if not isinstance(signature, Mapping):
        return False
    key, text = signature.get("key"), signature.get("signature")
    if not isinstance(key, str) or not isinstance(text, str):
        return False
    return signing.verify(key, text, purpose, statement)


def checked(
    signature: Any, purpose: str, statement: Mapping[str, Json]
) -> Mapping[str, Json] | None:
    """A signature that came from elsewhere, None for none. Raises Refused where it is wrong."""
    if signature is None:
        return None
    if not isinstance(signature, Mapping):
        raise BadOption("A signature is a table")
    if not holds(signature, purpose, statement):
        raise Refused(
            "Nothing was done: the signature is not by the key it names", kind="signature"
        )
    return {"key": signature["key"], "signature": signature["signature"]}
