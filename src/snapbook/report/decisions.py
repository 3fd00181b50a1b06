"""How it came that a version stands where it stands: gates, verdicts, what people said, the chain.

Read from events and the evidence that they name; what cannot be read is said to be so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from snapbook import canonical, signing, trust
from snapbook.catalog.rows import Ruling, VersionRow
from snapbook.errors import Damaged, NotFound
from snapbook.events import Event
from snapbook.promote import opinions, policies, reviewing
from snapbook.promote.policy import PROTECTED
from snapbook.promote.records import Judged
from snapbook.report.told import Block, Facts, Section, Table, Text
from snapbook.report.words import moment
from snapbook.repository import Repository

Told = Callable[[Event], str]
_MARKS = {"passed": "good", "not passed": "bad", "rejected": "bad", "approved": "good"}
_WORDS = {"request": "asked for it", "approve": "approved", "reject": "rejected"}


def signature(repository: Repository, version: VersionRow) -> str:
    """Whether the author's signature holds, in words."""
    claim = repository.claim(version)
    if not claim.signature:
        return "not signed"
    said = trust.statement(claim.model, claim.manifest)
    right = signing.verify(claim.key, claim.signature, trust.AUTHOR, said)
    word = "signed" if right else "WRONG SIGNATURE"
    return f"{word} by key {claim.key} for {claim.model}"


def gates(repository: Repository, version: VersionRow) -> Section:
    """What was found when it was promoted, what was judged, and what today's policy says."""
    blocks: list[Block] = []
    for ruling in _about(repository, version, "alias"):
        if ruling.word == "promote" and (kept := _kept(repository, ruling.kept)) is not None:
            why = f": {ruling.text}" if ruling.text else ""
            line = f"{moment(ruling.time)} by {ruling.author}{why}"
            blocks.append(Text(line, title=f"Promoted to {ruling.alias}"))
            rows = [one for one in _list(kept.get("verdicts")) if isinstance(one, Mapping)]
            blocks.append(_verdicts([(one.get("name"), one.get("passed"), one.get("reason"),
                                      one.get("refuses")) for one in rows]))  # fmt: skip
    tried = [(one, _kept(repository, one.kept)) for one in _about(repository, version, "verdict")]
    for ruling, kept in tried:
        blocks += _judged(ruling, kept)
    for alias in PROTECTED:
        if alias not in version.aliases:
            found = reviewing.review(repository, version.model, alias, version)
            if found.judged:
                title = f"For {alias}, by policy {found.policy} of today"
                blocks += [Text(_lacking(found.missing), title=title), _by_policy(found.judged)]
    return Section("Gates", blocks or [Text("None was asked.")])


def approvals(repository: Repository, version: VersionRow) -> Section:
    """What people said of it, under each alias it was said for."""
    every = [*_about(repository, version, "request"), *_about(repository, version, "approval")]
    policy, _ = policies.in_force(repository, version.model)
    blocks: list[Block] = [
        Table(
            ["when", "who", "why", ""],
            [
                (moment(str(one.get("time"))), one.get("author"), one.get("text"),
                 "signed" if one.get("signed") else "")
                for one in _list(kept.get("approvals")) if isinstance(one, Mapping)
            ],
            f"They counted when it was promoted to {ruling.alias}, {moment(ruling.time)}",
        )
        for ruling in _about(repository, version, "alias")
        if (kept := _kept(repository, ruling.kept)) is not None and kept.get("approvals")
    ]  # fmt: skip
    rows = []
    for alias in dict.fromkeys(one.alias.lower() for one in every):
        for one in opinions.said(repository, version, alias, policy.rule(alias)):
            counts = f"no: {one.counts}" if one.counts else "yes"
            word, sign = _WORDS.get(one.word, one.word), "signed" if one.signed else ""
            when = moment(one.time)
            rows.append((alias, when, one.author, word, one.text, sign, counts))
    head = ["for", "when", "who", "said", "why", "", "counts today"]
    blocks.append(Table(head, rows, marks=_MARKS) if rows else Text("None."))
    return Section("Approvals", blocks)


def history(repository: Repository, version: VersionRow, told: Told) -> Section:
    """Every event about it, with its digest, and the head of the chain that they stand in."""
    head = repository.catalog.head()
    rows = []
    for n in sorted(repository.index.acts(version.manifest, -1)):
        event = repository.catalog.event(n)
        if event is None:
            rows.append((n, "", "", "", "it cannot be read", "", ""))
            continue
        via: Any = event.rest.get("via")
        request = str(via.get("request", "")) if isinstance(via, Mapping) else ""
        rows.append((event.n, moment(event.time), event.author, event.type, told(event), request,
                     event.digest))  # fmt: skip
    return Section(
        "History",
        [
            Facts([("events in the chain", head.n), ("digest of the newest", head.digest)]),
            Text(
                "To check: snapbook audit verify finds any event that is not what it was, and"
                " snapbook audit export writes them out; the digest of an event is the BLAKE3 of"
                " its line, and each event holds that of the one before."
            ),
            Table(["event", "when (UTC)", "who", "kind", "what", "request", "digest"], rows),
        ],
    )


def _judged(ruling: Ruling, kept: Mapping[str, Any] | None) -> list[Block]:
    title = f"Judged: {ruling.word} for {ruling.alias}"
    if kept is None:
        return [Text("What was found cannot be read.", title=title)]
    facts = kept.get("facts")
    told = facts if isinstance(facts, Mapping) else {}
    word = "passed" if kept.get("passed") is True else "not passed"
    blocks: list[Block] = [
        Text(f"{word}: {kept.get('reason')}", title=title),
        Facts(
            [
                ("by", f"{ruling.author}, {moment(ruling.time)}"),
                ("key", ruling.signer or "not signed"),
                ("rows", f"{told.get('rows')} of {told.get('rows_from')}"),
                ("digest of the rows", told.get("rows_digest")),
                ("compared with", kept.get("baseline") or "nothing"),
                ("settings", canonical.encode(kept.get("settings")).decode()),
                ("evidence", ruling.kept),
            ]
        ),
    ]
    table = [row for row in _list(told.get("table")) if isinstance(row, list)]
    if len(table) > 1:
        blocks.append(Table([str(name) for name in table[0]], table[1:60]))
    if source := kept.get("source"):
        blocks.append(Text(str(source), code=True))
    return blocks


def _by_policy(judged: Sequence[Judged]) -> Table:
    return _verdicts(
        [(one.verdict.name, one.verdict.passed, one.verdict.reason, one.refuses) for one in judged]
    )


def _verdicts(rows: Sequence[tuple[object, object, object, object]]) -> Table:
    told = [
        (name, "passed" if passed is True else "not passed", reason,
         "keeps it out" if refuses else "warns")
        for name, passed, reason, refuses in rows
    ]  # fmt: skip
    return Table(["gate", "verdict", "reason", "if not passed"], told, marks=_MARKS)


def _lacking(missing: Sequence[str]) -> str:
    return f"Missing: {'; '.join(missing)}" if missing else "Nothing is missing."


def _about(repository: Repository, version: VersionRow, kind: str) -> list[Ruling]:
    every = repository.index.rulings(version.model, kind, most=-1)
    return [one for one in every if one.manifest == version.manifest]


def _kept(repository: Repository, digest: str) -> Mapping[str, Any] | None:
    try:
        value: Any = canonical.decode(repository.store.get(digest))
    except (NotFound, Damaged, ValueError):
        return None
    return value if isinstance(value, Mapping) else None


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
