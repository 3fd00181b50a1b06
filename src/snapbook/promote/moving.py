"""Promotion and rollback: an alias moves, or it does not, in one event.

Policy, gates, approvals, the place it moves from and a first 1.0.0 are decided against the same
chain as the event that moves it: whoever comes second decides anew. Knows no roles: who asks on
behalf of others gives ``may``, which raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from snapbook import numbers, offers
from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Hint, NotFound, Refused
from snapbook.promote import judging, opinions, policies, signed, verdicts
from snapbook.promote.policy import Rule
from snapbook.promote.records import Judged, Moved
from snapbook.refs import check_alias, number_text
from snapbook.repository import Author, Repository
from snapbook.repository.acting import Decided, words_of_people
from snapbook.store.base import Writer

PRODUCTION = "production"
May = Callable[[Rule], None]


def anyone(_: Rule) -> None:
    """Where there are no roles."""


def promote(
    repository: Repository,
    version: VersionRow,
    alias: str,
    author: Author,
    *,
    seen: str | None = None,
    text: str = "",
    dry: bool = False,
    may: May = anyone,
) -> Moved:
    """Let ``alias`` of the model point at ``version``, if its policy lets it.

    ``seen`` is the manifest that the mover saw there ("" for none, None: whatever it is). ``dry``
    decides and changes nothing. Raises Conflict where another is there by now, Refused where the
    policy keeps the version out, NotFound where the version is gone.
    """
    check_alias(alias)
    writer = repository.store.writer()
    try:
        promotion = _Promotion(repository, writer, version, alias, author, seen, text, dry, may)
        promotion.run()
        return promotion.moved()
    finally:
        writer.close()


def rollback(
    repository: Repository,
    model: str,
    alias: str,
    author: Author,
    *,
    to: str = "",
    seen: str | None = None,
    text: str = "",
    dry: bool = False,
    may: May = anyone,
) -> Moved:
    """Let ``alias`` point at the version where it pointed before, or at the manifest ``to``.

    Neither gates nor approvals are asked: it stood there. A version that was deleted meanwhile is
    passed over. Raises NotFound where there is none, Refused where ``to`` never was there, and
    Conflict.
    """
    check_alias(alias)
    writer = repository.store.writer()
    moved: list[Moved] = []

    def decide() -> Decided | None:
        index = repository.known
        may(policies.in_force(repository, model)[0].rule(alias))
        old = repository.expected(model, alias, seen)
        target = earlier(repository, model, alias, old, to)
        since = _since(repository, model, alias)
        moved[:] = [Moved(alias, target, row_of(repository, model, old), since, ())]
        if dry:
            return None
        said = {"model": index.model(model) or model, "name": alias, "old": old,
                "new": target.manifest, "way": "rollback"}  # fmt: skip
        body: Mapping[str, Json] = signed.with_signature(said, "rollback", said, author)
        if text:
            body = {**body, "texts": words_of_people(writer, text=text)}
            writer.commit()
        return "alias", body

    try:
        repository.act(decide, author, writer)
        return moved[0]
    finally:
        writer.close()


@dataclass(slots=True)
class _Promotion:
    """One promotion on its way; what gates found is kept for as long as nothing changed."""

    repository: Repository
    writer: Writer
    version: VersionRow
    alias: str
    author: Author
    seen: str | None
    text: str
    dry: bool
    may: May
    _found: dict[tuple[object, ...], tuple[Judged, ...]] = field(default_factory=dict)
    _moved: Moved | None = None

    def run(self) -> None:
        """Append the event.

        Gates may take their time: they are asked before, while nobody waits, and what they found
        holds unless something changed meanwhile.
        """
        self.repository.follow()
        policy, digest = policies.in_force(self.repository, self.version.model)
        rule = policy.rule(self.alias)
        self.may(rule)
        old = self.repository.expected(self.version.model, self.alias, None)
        if old != self.version.manifest:
            self._judged(rule, self._row(old), old, digest)
        self.repository.act(self.decide, self.author, self.writer)

    def moved(self) -> Moved:
        """What it did, with the version as it is now."""
        assert self._moved is not None
        if self.dry or not self._moved.new:
            return self._moved
        now = self._row(self.version.manifest) or self.version
        moved = self._moved
        return Moved(moved.alias, now, moved.before, moved.since, moved.judged, moved.further)

    def decide(self) -> Decided | None:
        """The event against the chain as it stands; None where there is nothing to do."""
        model = self.version.model
        policy, digest = policies.in_force(self.repository, model)
        rule = policy.rule(self.alias)
        self.may(rule)
        if self._row(self.version.manifest) is None:
            raise NotFound(f"{self.version.ref} was deleted", kind="deleted")
        old = self.repository.expected(model, self.alias, self.seen)
        before = self._row(old)
        since = _since(self.repository, model, self.alias)
        if old == self.version.manifest:
            self._moved = Moved(self.alias, self.version, before, since, (), new=False)
            return None
        found = self._judged(rule, before, old, digest)
        said = opinions.said(self.repository, self.version, self.alias, rule)
        if lacking := judging.missing(rule, found, said):
            raise _refused(self.version, self.alias, lacking)
        further = self._first()
        number = number_text(self.version.number) if further else ""
        self._moved = Moved(self.alias, self.version, before, since, found, number)
        if self.dry:
            return None
        compared = judging.benchmarks(self.repository, rule, model)
        kept = judging.evidence(self.version, self.alias, old, digest, found, said, compared)
        return "alias", self._body(old, self.writer.add(kept), further)

    def _judged(
        self, rule: Rule, before: VersionRow | None, old: str, policy: str
    ) -> tuple[Judged, ...]:
        model = self.version.model
        compared = judging.benchmarks(self.repository, rule, model)
        # All that verdicts rest on, beside the version itself, which never changes.
        rows = tuple(row.manifest for row in compared.values())
        key = (old, policy, rows, verdicts.newest(self.repository, model))
        if key not in self._found:
            self._found[key] = judging.judged(
                self.repository, rule, self.version, self.alias, before, compared
            )
        return self._found[key]

    def _first(self) -> Mapping[str, Json] | None:
        """The further version that a first promotion to production makes: 1.0.0.

        Only below 1.0.0; numbers that unreadable events may hold are left out.
        """
        model, index = self.version.model, self.repository.known
        highest = index.highest(model)
        if self.alias.lower() != PRODUCTION or highest is None or highest[0] > 0:
            return None
        number = numbers.following(highest, "major", 1 + index.unread_since(model))
        return {
            **offers.body_of(self.repository, self.version),
            "number": number_text(number),
            "bump": "major",
            "made": {"author": self.version.author, "time": self.version.time},
        }

    def _body(
        self, old: str, evidence: str, further: Mapping[str, Json] | None
    ) -> Mapping[str, Json]:
        said: dict[str, Json] = {
            "model": self.version.model,
            "name": self.alias,
            "old": old,
            "new": self.version.manifest,
            "way": "promote",
            "evidence": evidence,
        }
        body = dict(signed.with_signature(said, "promotion", said, self.author))
        if self.text:
            body["texts"] = words_of_people(self.writer, text=self.text)
        if further is not None:
            body["version"] = dict(further)
        self.writer.commit()
        return body

    def _row(self, manifest: str) -> VersionRow | None:
        return row_of(self.repository, self.version.model, manifest)


def row_of(repository: Repository, model: str, manifest: str) -> VersionRow | None:
    """The living version of ``model`` that is ``manifest``; None for none."""
    rows = repository.known.of_manifest(manifest, model) if manifest else []
    return next((row for row in rows if not row.deleted), None)


def _since(repository: Repository, model: str, alias: str) -> str:
    move = next(iter(repository.known.moves(model, alias)), None)
    return move.time if move is not None else ""


def earlier(repository: Repository, model: str, alias: str, old: str, to: str = "") -> VersionRow:
    """The version to go back to from ``old``: the one before, or ``to``. Raises as `rollback`."""
    stood = [move.new for move in repository.known.moves(model, alias) if move.new]
    if to:
        row = row_of(repository, model, to)
        if row is None or to not in stood:
            what = row.ref if row is not None else "it"
            raise Refused(
                f"Not rolled back: {what} never was {alias}",
                act="That is a promotion",
                hint=Hint("promote", (what, alias)) if row is not None else None,
                kind="policy",
            )
        return row
    for manifest in stood:
        if manifest != old and (row := row_of(repository, model, manifest)) is not None:
            return row
    raise NotFound(
        f"Not rolled back: {alias} of {model} was nowhere else before",
        act="See",
        hint=Hint("review", (model,)),
        kind="no-version",
    )


def _refused(version: VersionRow, alias: str, lacking: tuple[str, ...]) -> Refused:
    return Refused(
        f"Not promoted to {alias}",
        "; ".join(lacking),
        act="See",
        hint=Hint("review", (version.ref, "--alias", alias)),
        kind="policy",
    )
