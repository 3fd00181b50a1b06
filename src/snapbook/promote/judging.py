"""A version before the gates of a policy: verdicts, what keeps it out, and what is kept of them."""

from __future__ import annotations

import secrets

from snapbook import canonical
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged, NotFound
from snapbook.gates import known
from snapbook.gates.base import Case, Verdict
from snapbook.promote import opinions
from snapbook.promote.policy import Rule
from snapbook.promote.records import Judged, Said
from snapbook.refs import number_text
from snapbook.repository import Repository


def judged(
    repository: Repository, rule: Rule, version: VersionRow, baseline: VersionRow | None
) -> tuple[Judged, ...]:
    """What the gates of ``rule`` say of ``version`` in the place of ``baseline``.

    Raises Damaged or NotFound where the version cannot be read. A baseline that cannot be read is
    no pass: no gate can compare with it.
    """
    parts = repository.parts(version.manifest)
    shown = number_text(baseline.number) if baseline is not None else ""
    before = None
    if baseline is not None:
        try:
            before = repository.parts(baseline.manifest)
        except (Damaged, NotFound):
            why = f"{shown} cannot be read, so nothing can be compared with it"
            return tuple(Judged(Verdict(g.name, False, why), g.refuses) for g in rule.gates)
    get = repository.store.get
    return tuple(
        Judged(
            known.judged(gate.name, Case(parts, before, shown, gate.settings, get)), gate.refuses
        )
        for gate in rule.gates
    )


def missing(rule: Rule, found: tuple[Judged, ...], said: tuple[Said, ...]) -> tuple[str, ...]:
    """What keeps a version out, in words; nothing: it may be promoted."""
    out = [f"{one.verdict.name}: {one.verdict.reason}" for one in found if one.stops]
    out += [f"{one.author} rejected it: {one.text}" for one in opinions.rejections(said)]
    lacking = rule.approvals - opinions.approvals(said)
    if lacking > 0:
        noun = "approval" if rule.approvals == 1 else "approvals"
        out.append(
            f"{lacking} of {rule.approvals} {noun} {'is' if lacking == 1 else 'are'} missing"
        )
    return tuple(out)


def evidence(
    version: VersionRow,
    alias: str,
    old: str,
    policy: str,
    found: tuple[Judged, ...],
    said: tuple[Said, ...],
) -> bytes:
    """What was found and said, as it is kept. Salted: it cannot be guessed from its digest."""
    return canonical.encode(
        {
            "salt": secrets.token_hex(16),
            "model": version.model,
            "manifest": version.manifest,
            "alias": alias,
            "baseline": old,
            "policy": policy,
            "verdicts": [
                {
                    "name": one.verdict.name,
                    "passed": one.verdict.passed,
                    "reason": one.verdict.reason,
                    "facts": dict(one.verdict.facts),
                    "refuses": one.refuses,
                }
                for one in found
            ],
            "approvals": [
                {"author": one.author, "time": one.time, "text": one.text, "signed": one.signed}
                for one in said
                if one.word == "approve" and not one.counts
            ],
        }
    )
