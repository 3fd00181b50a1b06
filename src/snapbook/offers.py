"""A version as it is offered to another Repository: the body of the event that would make it there.

Knows what stands in an offer, how it goes under another name, and how one from elsewhere is looked
at before anything of it is believed. Copies nothing; that is `transfer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from snapbook import sayings, trust
from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.errors import BadOption, Refused
from snapbook.refs import check_model_name, number_text, parse_number
from snapbook.repository import Repository
from snapbook.signing import verify

if TYPE_CHECKING:
    from snapbook.signing import Key

_DIGEST = re.compile(r"[0-9a-f]{64}")


def body_of(source: Repository, version: VersionRow) -> dict[str, Json]:
    """The body of the event that made ``version``, as it would make it again."""
    claim = source.claim(version)
    body: dict[str, Json] = {
        "model": version.model,
        "number": number_text(version.number),
        "manifest": version.manifest,
        "key": version.key,
        "bump": version.bump,
        "texts": version.texts,
        "parents": list(version.parents),
        "auto": version.auto,
    }
    if claim.signature:
        body["signature"] = _signed(claim.key, claim.signature, claim.model, version.model)
    return body


def offered(source: Repository, version: VersionRow) -> Mapping[str, Json]:
    """What is offered of ``version`` elsewhere: `body_of`, and what became of it since."""
    body = body_of(source, version)
    if version.withheld:
        body["withheld"] = list(version.withheld)
    if said := sayings.offered(source, version):
        body["said"] = said
    if was := source.index.earlier_names(version.model):
        body["was"] = list(was)
    return body


def renamed(body: Mapping[str, Json], model: str, key: Key | None) -> Mapping[str, Json]:
    """The offer under another name.

    The author's signature goes along. It is for one name: under another it is shown and opens
    nothing, unless the author himself copies and signs anew with ``key``.
    """
    signature = body.get("signature")
    out = {**body, "model": model}
    if model != body["model"]:
        out.pop("was", None)  # who copies under another name renames nothing
    if not isinstance(signature, Mapping):
        return out
    named = str(signature.get("model") or body["model"])
    if named == model:
        return out
    if key is not None and signature.get("key") == key.public:
        said = trust.statement(model, str(body["manifest"]))
        fresh = key.sign(trust.AUTHOR, said)
        return {**out, "signature": _signed(key.public, fresh, model, model)}
    kept = _signed(str(signature["key"]), str(signature["signature"]), named, model)
    return {**out, "signature": kept}


def checked(offer: Mapping[str, Json]) -> dict[str, Json]:
    """The offer if it is one, with nothing in it that does not belong there.

    Raises BadOption, BadName, BadRef, or Refused where the signature is not what it claims.
    """
    model = check_model_name(_text(offer, "model"))
    parents = offer.get("parents") or []
    if not isinstance(parents, list):
        raise _no_offer("parents is no list")
    body: dict[str, Json] = {
        "model": model,
        "number": number_text(parse_number(_text(offer, "number"))),
        "manifest": _digest(_text(offer, "manifest"), "manifest"),
        "key": _digest(_text(offer, "key"), "key", empty=True),
        "bump": _text(offer, "bump")[:40],
        "texts": _digest(_text(offer, "texts"), "texts", empty=True),
        "parents": [_digest(parent, "a parent") for parent in parents],
        "auto": offer.get("auto") is True,
    }
    if parts := withheld_parts(offer):
        body["withheld"] = list(parts)
    signature = offer.get("signature")
    if signature is not None:
        body["signature"] = _signature(signature, model, str(body["manifest"]))
    return body


def withheld_parts(offer: Mapping[str, Json]) -> list[str]:
    """The digests of the frames that come without their rows, sorted."""
    parts = offer.get("withheld") or []
    if not isinstance(parts, list):
        raise _no_offer("withheld is no list")
    return sorted({_digest(part, "what is withheld") for part in parts})


def _signature(value: Json, model: str, manifest: str) -> dict[str, Json]:
    if not isinstance(value, Mapping):
        raise _no_offer("signature is no table")
    key, signature = _text(value, "key"), _text(value, "signature")
    named = _text(value, "model") if "model" in value else model
    said = trust.statement(named, manifest)
    if not verify(key, signature, trust.AUTHOR, said):
        raise Refused(
            "Not copied: the author's signature is not by the key it names",
            act="Whoever made this version has to push it again",
            kind="signature",
        )
    return _signed(key, signature, named, model)


def _signed(key: str, signature: str, named: str, model: str) -> dict[str, Json]:
    found: dict[str, Json] = {"key": key, "signature": signature}
    return found if named == model else {**found, "model": named}


def _text(table: Mapping[str, Json], name: str) -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise _no_offer(f"{name} is no text")
    return value


def _digest(value: Json, name: str, *, empty: bool = False) -> str:
    if isinstance(value, str) and (_DIGEST.fullmatch(value) or (empty and not value)):
        return value
    raise _no_offer(f"{name} is no digest")


def _no_offer(why: str) -> BadOption:
    return BadOption("Not copied: this is no version that can be offered", why)
