"""What a promotion gives and a review tells: values that faces write and servers send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from snapbook.catalog.rows import VersionRow
from snapbook.gates.base import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and whether it keeps the version out if it is not passed (else it warns)."""

    verdict: Verdict
    refuses: bool

    @property
    def stops(self) -> bool:
        """Whether the version stays out because of it."""
        return self.refuses and not self.verdict.passed


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of a version: ``word`` is "request", "approve" or "reject".

    ``counts`` is empty where it is taken into account, else it says why not. ``signed`` is True
    where a signature is there and right.
    """

    word: str
    author: str
    time: str
    text: str
    counts: str = ""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """How long an alias pointed at a version: its reference ("" for none), since when, by whom, in
    which way ("promote", "rollback", "" for a plain move) and why. ``until`` is "" for now.
    """

    ref: str
    manifest: str
    since: str
    until: str
    author: str
    way: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rights:
    """What whoever looks may do: nothing unless it is said. ``why`` not, where it is no matter of
    roles, in a sentence.
    """

    request: bool = False
    approve: bool = False
    reject: bool = False
    promote: bool = False
    rollback: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """An alias of a model as it stands, a version that may take its place, and what is missing.

    ``live`` is where the alias points, ``candidate`` what is looked at: both None where there is
    none. ``changes`` are lines, most telling first. ``missing`` says what keeps the candidate out,
    in words; empty: it may be promoted. ``history`` is newest first. ``policy`` counts the policies
    that the model had, 0 for the default one. ``benchmarks`` are the further versions that its
    gates compare with, by the names that the policy gives them. ``may`` is said to whoever asked.
    """

    model: str
    alias: str
    live: VersionRow | None
    candidate: VersionRow | None
    changes: tuple[str, ...]
    judged: tuple[Judged, ...]
    said: tuple[Said, ...]
    needed: int
    missing: tuple[str, ...]
    history: tuple[Stay, ...]
    policy: int
    benchmarks: Mapping[str, VersionRow] = field(default_factory=dict)
    may: Rights = Rights()


@dataclass(frozen=True, slots=True)
class Moved:
    """What a promotion or rollback did: ``before`` is where the alias pointed (None for nowhere).

    ``further`` is the number that the version had before, where a promotion gave it 1.0.0;
    ``since`` since when the alias had pointed at ``before``. Nothing happened where not ``new``.
    """

    alias: str
    version: VersionRow
    before: VersionRow | None
    since: str
    judged: tuple[Judged, ...]
    further: str = ""
    new: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A policy as it is kept: ``place`` counts from 1, 0 for the default; who set it, when."""

    model: str
    place: int
    text: str
    author: str
    time: str
    digest: str
