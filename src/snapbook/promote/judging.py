"""A version before the gates of a policy: verdicts, what keeps it out, and what is kept of them.

Gates that read what is stored are asked here; of those that need the model, what somebody judged
counts, if it does.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress

from snapbook import canonical
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged, NotFound
from snapbook.gates import known
from snapbook.gates.base import Case, Verdict
from snapbook.parts.base import Part
from snapbook.promote import measured, opinions, policies, verdicts
from snapbook.promote.policy import Rule, Wanted
from snapbook.promote.records import Judged, Said
from snapbook.refs import number_text
from snapbook.repository import Repository


def judged(
    repository: Repository,
    rule: Rule,
    version: VersionRow,
    alias: str,
    baseline: VersionRow | None,
    benchmarks: Mapping[str, VersionRow],
) -> tuple[Judged, ...]:
    """What the gates of ``rule`` say of ``version`` in the place of ``baseline`` under ``alias``.

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
    old = baseline.manifest if baseline is not None else ""
    grouped = bool(measured.by_group(repository, version))

    def verdict(gate: Wanted) -> Verdict:
        if known.is_tried(gate.name, gate.settings):
            return verdicts.standing(repository, version, alias, rule, gate, old)
        try:
            further = _further(repository, gate, benchmarks)
        except (Damaged, NotFound) as error:
            return Verdict(gate.name, False, f"a benchmark cannot be read: {error.what}")
        get = repository.store.get
        case = Case(parts, before, shown, gate.settings, get, further, grouped)
        return known.judged(gate.name, case)

    return tuple(Judged(verdict(gate), gate.refuses) for gate in rule.gates)


def benchmarks(repository: Repository, rule: Rule, model: str) -> dict[str, VersionRow]:
    """The versions that the gates of ``rule`` compare with beside the one in place, by name.

    One that is not there is left out: a gate that asks for it is not passed.
    """
    named = dict.fromkeys(name for gate in rule.gates for name in _named(gate))
    found = {}
    for name in named:
        with suppress(NotFound):
            found[name] = policies.benchmark(repository, model, name)
    return found


def _further(
    repository: Repository, gate: Wanted, found: Mapping[str, VersionRow]
) -> Mapping[str, Sequence[Part]]:
    return {
        name: repository.parts(found[name].manifest) for name in _against(gate) if name in found
    }


def _named(gate: Wanted) -> Sequence[str]:
    """The benchmarks of a gate: those it compares with, and the one whose rows it asks for."""
    rows = gate.settings.get(verdicts.ROWS_OF)
    return [*_against(gate), *([rows] if isinstance(rows, str) else [])]


def _against(gate: Wanted) -> Sequence[str]:
    named = gate.settings.get("against", ())
    return [str(name) for name in named] if isinstance(named, list) else []


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
    compared: Mapping[str, VersionRow],
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
            "benchmarks": {name: row.manifest for name, row in compared.items()},
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
