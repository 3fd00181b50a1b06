"""What people say of a version that is to stand under an alias: asked for, approved, rejected.

Knows whose word counts: the newest of each person, since the version was last there, and not the
author's own where the policy says so. A standing rejection keeps a version out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snapbook.canonical import Json
from snapbook.catalog.rows import Ruling, VersionRow
from snapbook.errors import Hint, Refused, Usage
from snapbook.promote import policies, signed
from snapbook.promote.policy import Rule
from snapbook.promote.records import Said
from snapbook.refs import check_alias, number_text
from snapbook.repository import Author, Repository
from snapbook.repository.acting import words_of_people


def say(
    repository: Repository,
    version: VersionRow,
    alias: str,
    word: str,
    text: str,
    author: Author,
    signature: Mapping[str, Json] | None = None,
) -> None:
    """Keep that ``author`` says "request", "approve" or "reject" of ``version`` for ``alias``.

    ``signature`` is one that was made elsewhere and checked; else the author's key signs. Raises
    Refused where the author may not approve his own, Usage for a rejection without a reason.
    """
    check_alias(alias)
    if word == "reject" and not text:
        raise Usage("A rejection needs a reason", act="Say why: --reason TEXT", kind="missing")
    statement = signed.opinion(version.model, version.manifest, alias)
    writer = repository.store.writer()
    try:
        body: dict[str, Json] = {**statement, "word": word}
        if text:
            body["texts"] = words_of_people(writer, text=text)
            writer.commit()
        if signature is not None:
            body["signature"] = dict(signature)
        elif author.key is not None:
            body["signature"] = dict(signed.made(author.key, signed.PURPOSES[word], statement))
        key = _key(body.get("signature"))

        def decide() -> tuple[str, Mapping[str, Json]]:
            rule = policies.in_force(repository, version.model)[0].rule(alias)
            if word == "approve" and not rule.author_may_approve:
                _check_own(repository, version, author.name, key)
            return ("request" if word == "request" else "approval"), body

        repository.act(decide, author, writer)
    finally:
        writer.close()


def said(repository: Repository, version: VersionRow, alias: str, rule: Rule) -> tuple[Said, ...]:
    """All that was said of ``version`` for ``alias``, newest first, and what of it counts."""
    since = max(
        (
            move.n
            for move in repository.known.moves(version.model, alias)
            if version.manifest in (move.new, move.old)
        ),
        default=0,
    )
    names, keys = _makers(repository, version)
    heard_names: set[str] = set()
    heard_keys: set[str] = set()
    found = []
    for ruling in _rulings(repository, version, alias):
        signs = _is_signed(repository, version, alias, ruling)
        name, key = _plain(ruling.author), ruling.signer if signs else ""
        own = name in names or (key != "" and key in keys)
        why = ""
        if ruling.word != "request":
            if ruling.n < since:
                why = "before it was last there"
            elif name in heard_names or key in heard_keys:
                why = "said something else since"
            elif ruling.word == "approve" and own and not rule.author_may_approve:
                why = "made it"
            if why in ("", "made it"):
                heard_names.add(name)
                heard_keys |= {key} if key else set()
        found.append(Said(ruling.word, ruling.author, ruling.time, ruling.text, why, signs))
    return tuple(found)


def approvals(opinions: tuple[Said, ...]) -> int:
    """How many approvals count."""
    return sum(one.word == "approve" and not one.counts for one in opinions)


def rejections(opinions: tuple[Said, ...]) -> list[Said]:
    """The rejections that stand."""
    return [one for one in opinions if one.word == "reject" and not one.counts]


def requested(repository: Repository, model: str, alias: str) -> str:
    """The manifest that was asked for last and not promoted since, "" for none."""
    moves = repository.known.moves(model, alias)
    since = moves[0].n if moves else 0
    for ruling in repository.known.rulings(model, "request"):
        if ruling.n > since and ruling.alias.lower() == alias.lower():
            return ruling.manifest
    return ""


def _rulings(repository: Repository, version: VersionRow, alias: str) -> list[Ruling]:
    index = repository.known
    # All of them: a rejection does not wear off because much was said since.
    kinds = ("request", "approval")
    both = [one for kind in kinds for one in index.rulings(version.model, kind, most=-1)]
    about = (version.manifest, alias.lower())
    found = [one for one in both if (one.manifest, one.alias.lower()) == about]
    return sorted(found, key=lambda one: -one.n)


def _is_signed(repository: Repository, version: VersionRow, alias: str, ruling: Ruling) -> bool:
    event = repository.catalog.event(ruling.n) if ruling.signer else None
    if event is None or ruling.word not in signed.PURPOSES:
        return False
    # The model may have been renamed since: one signs for the name of the day.
    statement = signed.opinion(str(event.body.get("model")), version.manifest, alias)
    return signed.holds(event.body.get("signature"), signed.PURPOSES[ruling.word], statement)


def is_maker(repository: Repository, version: VersionRow, name: str) -> bool:
    """Whether whoever goes by ``name`` made the version, or brought it here."""
    return _plain(name) in _makers(repository, version)[0]


def _check_own(repository: Repository, version: VersionRow, name: str, key: str) -> None:
    names, keys = _makers(repository, version)
    if _plain(name) in names or (key and key in keys):
        number = number_text(version.number)
        raise Refused(
            f"Not approved: you made {number}, and someone else approves",
            act="See",
            hint=Hint("review", (version.ref,)),
            kind="own",
        )


def _makers(repository: Repository, version: VersionRow) -> tuple[set[str], set[str]]:
    """Names and keys of whoever made the version or brought it here."""
    rows = repository.known.of_manifest(version.manifest, version.model)
    names, keys = {_plain(row.author) for row in rows}, {row.signer for row in rows if row.signer}
    for row in rows:
        event = repository.catalog.event(row.n)
        if event is not None and event.type == "version":
            names.add(_plain(event.author))
    return names, keys


def _key(signature: Any) -> str:
    return str(signature.get("key")) if isinstance(signature, Mapping) else ""


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
