"""Verdicts that people bring along: of gates that need the model, judged where it may be loaded.

Each is an event that names its evidence, signed by whoever judged under a purpose of its own. Knows
when one counts: it is of this version for this alias, by a key or a role that the policy lets
judge, under the very settings of the policy, against the version that is in place now. The newest
that counts is the gate's word; why others do not is told.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.catalog.rows import Ruling, VersionRow
from snapbook.errors import BadOption, Damaged, NotFound, Refused
from snapbook.gates import known
from snapbook.gates.base import Verdict
from snapbook.promote import policies, signed
from snapbook.promote.policy import PROMOTERS, Rule, Wanted
from snapbook.refs import check_alias
from snapbook.repository import Author, Repository
from snapbook.repository.acting import Decided
from snapbook.signing import Key

MOST_BYTES = 1 << 20
ROLE = "role"
ROWS_OF = "rows_of"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict as it travels: its evidence as bytes, and the signature over their digest."""

    gate: str
    evidence: bytes
    signature: Mapping[str, Json] | None


@dataclass(frozen=True, slots=True)
class Sought:
    """What is to be judged: a version, the one in place if any, and the gates with their settings.

    ``rows_of`` are versions that settings name for their rows, by those names.
    """

    version: VersionRow
    baseline: VersionRow | None
    gates: tuple[Wanted, ...]
    rows_of: Mapping[str, VersionRow]


def sought(repository: Repository, version: VersionRow, alias: str) -> Sought:
    """What ``version`` is to be judged by, before it may stand under ``alias``."""
    check_alias(alias)
    rule = policies.in_force(repository, version.model)[0].rule(alias)
    gates = tuple(gate for gate in rule.gates if known.is_tried(gate.name, gate.settings))
    held = {name.lower(): at for name, at in repository.index.aliases(version.model).items()}
    old = held.get(alias.lower(), "")
    rows = repository.known.of_manifest(old, version.model) if old else []
    baseline = next((row for row in rows if not row.deleted and old != version.manifest), None)
    named = [str(gate.settings[ROWS_OF]) for gate in gates if ROWS_OF in gate.settings]
    found = {name: policies.benchmark(repository, version.model, name) for name in named}
    return Sought(version, baseline, gates, found)


def judgement(
    sought: Sought,
    alias: str,
    gate: Wanted,
    verdict: Verdict,
    key: Key | None,
    more: Mapping[str, Json],
) -> Judgement:
    """``verdict`` with all that shows how it came to be, signed. ``more`` is further evidence."""
    compares = known.compares(gate.name, gate.settings)
    against = sought.baseline.manifest if sought.baseline is not None and compares else ""
    source = sought.rows_of.get(gate.settings.get(ROWS_OF, ""))
    kept = canonical.encode(
        {
            **more,
            "salt": secrets.token_hex(16),
            "model": sought.version.model,
            "manifest": sought.version.manifest,
            "alias": alias.lower(),
            "gate": gate.name,
            "settings": dict(gate.settings),
            "baseline": against,
            "rows_of": source.manifest if source is not None else "",
            "passed": verdict.passed,
            "reason": verdict.reason,
            "facts": dict(verdict.facts),
        }
    )
    row = sought.version
    said = signed.verdict(row.model, row.manifest, alias, gate.name, canonical.digest(kept))
    signature = signed.made(key, signed.VERDICT, said) if key is not None else None
    return Judgement(gate.name, kept, signature)


def keep(
    repository: Repository,
    version: VersionRow,
    alias: str,
    judgements: Sequence[Judgement],
    author: Author,
    role: str = "",
) -> None:
    """Keep verdicts, one event each. ``role`` is what a registry saw in who brought them.

    One that was kept before is not kept again: it would be newer than what was found since.

    Raises BadOption for evidence that is not about this, Refused for a signature that is wrong.
    """
    check_alias(alias)
    for one in judgements:
        digest = _checked(version, alias, one)
        writer = repository.store.writer()
        try:
            assert writer.add(one.evidence) == digest
            writer.commit()
            body: dict[str, Json] = dict(
                signed.verdict(version.model, version.manifest, alias, one.gate, digest)
            )
            if one.signature is not None:
                body["signature"] = dict(one.signature)
            if role:
                body[ROLE] = role
            repository.act(partial(_once, repository, version, body), author, writer)
        finally:
            writer.close()


def _once(repository: Repository, version: VersionRow, body: Mapping[str, Json]) -> Decided | None:
    there = repository.known.rulings(version.model, "verdict", most=-1)
    known_before = any(one.kept == body["evidence"] for one in there)
    return None if known_before else ("verdict", body)


def standing(
    repository: Repository, version: VersionRow, alias: str, rule: Rule, gate: Wanted, old: str
) -> Verdict:
    """What was judged of ``version`` by ``gate``, as far as it counts with ``old`` in place."""
    against = old if known.compares(gate.name, gate.settings) else ""
    why = "not judged yet"
    for ruling in _rulings(repository, version, alias, gate.name):
        try:
            found = evidence(repository.store.get(ruling.kept))
        except (NotFound, Damaged):
            continue
        lacking = _lacking(repository, rule, ruling)
        if not lacking and canonical.encode(found["settings"]) != _settings(gate):
            lacking = "under other settings"
        if not lacking and found["baseline"] != against:
            lacking = "against another version than is in place now"
        if not lacking and found["rows_of"] != _rows_of(repository, version.model, gate):
            lacking = f"on other rows than those of {gate.settings[ROWS_OF]} now"
        if not lacking:
            by = f" (judged by {ruling.author})"
            facts = {**found["facts"], "judge": ruling.author, "judged": ruling.time}
            return Verdict(gate.name, found["passed"] is True, f"{found['reason']}{by}", facts)
        if why == "not judged yet":
            why = f"not judged yet: what {ruling.author} found does not count, {lacking}"
    return Verdict(gate.name, False, why, {"judged": None})


def newest(repository: Repository, model: str) -> int:
    """The place of the newest verdict about ``model``, 0 for none."""
    return next((one.n for one in repository.known.rulings(model, "verdict", 1)), 0)


def is_signed(repository: Repository, ruling: Ruling) -> bool:
    """Whether who judged signed it, for that version, alias and gate."""
    event = repository.catalog.event(ruling.n)
    if event is None:
        return False
    # The model may have been renamed since: one signs for the name of the day.
    name = str(event.body.get("model"))
    said = signed.verdict(name, ruling.manifest, ruling.alias, ruling.word, ruling.kept)
    return signed.holds(event.body.get("signature"), signed.VERDICT, said)


def _lacking(repository: Repository, rule: Rule, ruling: Ruling) -> str:
    """Why who judged has no say, "" if he has."""
    if not is_signed(repository, ruling):
        return "it is not signed"
    if rule.judges[0] in PROMOTERS:
        event = repository.catalog.event(ruling.n)
        role = event.body.get(ROLE) if event is not None else None
        may = role is None or role in PROMOTERS[PROMOTERS.index(rule.judges[0]) :]
        return "" if may else f"the policy asks for an {rule.judges[0]}"
    return "" if ruling.signer in rule.judges else "that key is no judge"


def _rulings(repository: Repository, version: VersionRow, alias: str, gate: str) -> list[Ruling]:
    about = (version.manifest, alias.lower(), gate)
    every = repository.known.rulings(version.model, "verdict", most=-1)
    found = [one for one in every if (one.manifest, one.alias.lower(), one.word) == about]
    # Brought again, it counts for when it was first brought.
    first = {one.kept: one.n for one in found}
    return [one for one in found if first[one.kept] == one.n]


def _rows_of(repository: Repository, model: str, gate: Wanted) -> str | None:
    """The manifest whose rows the gate asks for, "" for the version's own, None for one that is
    not there.
    """
    if ROWS_OF not in gate.settings:
        return ""
    try:
        return policies.benchmark(repository, model, str(gate.settings[ROWS_OF])).manifest
    except NotFound:
        return None


def _settings(gate: Wanted) -> bytes:
    return canonical.encode(dict(gate.settings))


def _checked(version: VersionRow, alias: str, one: Judgement) -> str:
    """The digest of the evidence, which is about this version, alias and gate."""
    if len(one.evidence) > MOST_BYTES:
        raise BadOption(f"The evidence of {one.gate} is larger than a megabyte")
    try:
        found = evidence(one.evidence)
    except Damaged as error:
        raise BadOption(f"The evidence of {one.gate} cannot be read") from error
    about = (found["model"], found["manifest"], found["alias"], found["gate"])
    if about != (version.model, version.manifest, alias.lower(), one.gate):
        raise BadOption(f"The evidence of {one.gate} is about something else")
    digest = canonical.digest(one.evidence)
    said = signed.verdict(version.model, version.manifest, alias, one.gate, digest)
    if one.signature is not None and not signed.holds(one.signature, signed.VERDICT, said):
        raise Refused(
            "Nothing was done: the signature is not by the key it names", kind="signature"
        )
    return digest


def evidence(data: bytes) -> Mapping[str, Any]:
    """What was kept of a verdict. Raises Damaged."""
    try:
        value: Any = canonical.decode(data)
        texts = ("salt", "model", "manifest", "alias", "gate", "baseline", "rows_of", "reason")
        if not all(isinstance(value[name], str) for name in texts):
            raise TypeError("a field of another type")
        if not all(isinstance(value[name], dict) for name in ("settings", "facts")):
            raise TypeError("a field of another type")
        if not isinstance(value["passed"], bool):
            raise TypeError("a field of another type")
    except (ValueError, TypeError, KeyError) as error:
        raise Damaged("A verdict cannot be read", str(error)) from error
    found: Mapping[str, Any] = value
    return found
