"""The seam of promotion: whatever is asked about where aliases point, of a repository here or of a
registry that decides by its own chain and policy.

Verbs know this and no more; the texts they write are the same for both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from snapbook import refs
from snapbook.catalog.rows import VersionRow
from snapbook.promote import moving, opinions, policies, reviewing, verdicts
from snapbook.promote.moving import anyone
from snapbook.promote.policy import Rule
from snapbook.promote.records import Kept, Moved, Review
from snapbook.promote.rights import with_rights
from snapbook.promote.verdicts import Judgement, Sought
from snapbook.repository import Author, Repository

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Desk(Protocol):
    """Where promotions are decided. ``ref`` is text; ``seen`` is what the asker saw under the
    alias: a manifest, a number or a reference, "" for nothing, None for whatever it is. All raise
    what `promote` raises.
    """

    def aliases(self, model: str) -> Mapping[str, str]:
        """Alias -> manifest, as they stand."""

    def review(self, ref: str, alias: str) -> Review:
        """``alias`` of a model, with what the asker may do; ``ref`` names the model, or the version
        to look at.
        """

    def promote(self, ref: str, alias: str, seen: str | None, text: str, dry: bool) -> Moved:
        """Let ``alias`` point at the version ``ref``."""

    def rollback(
        self, model: str, alias: str, to: str, seen: str | None, text: str, dry: bool
    ) -> Moved:
        """Let ``alias`` point where it pointed before, or at the earlier version ``to``."""

    def say(self, ref: str, alias: str, word: str, text: str) -> VersionRow:
        """Request, approve or reject the version ``ref``."""

    def sought(self, ref: str, alias: str) -> Sought:
        """What the version ``ref`` is to be judged by, before it may stand under ``alias``."""

    def judge(self, ref: str, alias: str, judgements: Sequence[Judgement]) -> None:
        """Keep verdicts about the version ``ref``."""

    def policies(self, model: str) -> list[Kept]:
        """Every policy of a model, the one in force first."""

    def change_policy(
        self, model: str, text: str, files: Mapping[str, str], seen: str | None
    ) -> bool:
        """Put a policy in force; whether it is another than before."""


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """A Repository as a desk, for ``author``; ``may`` raises where a rule's role is not his."""

    repository: Repository
    author: Author
    may: Callable[[Rule], None] = anyone

    def aliases(self, model: str) -> Mapping[str, str]:
        """See `Index.aliases`."""
        return self.repository.index.aliases(self._model(model))

    def review(self, ref: str, alias: str) -> Review:
        """See `reviewing.review`."""
        asked = refs.parse(ref)
        row = None if asked == refs.Ref(model=asked.model) else self._resolve(ref)
        model = row.model if row is not None else self._model(asked.model)
        found = reviewing.review(self.repository, model, alias, row)
        return with_rights(self.repository, found, self.author.name)

    def promote(self, ref: str, alias: str, seen: str | None, text: str, dry: bool) -> Moved:
        """See `moving.promote`."""
        row = self._resolve(ref)
        return moving.promote(
            self.repository, row, alias, self.author,
            seen=seen_of(row.model, seen, self._resolve), text=text, dry=dry, may=self.may,
        )  # fmt: skip

    def rollback(
        self, model: str, alias: str, to: str, seen: str | None, text: str, dry: bool
    ) -> Moved:
        """See `moving.rollback`."""
        name = self._model(model)
        target = self._resolve(spelled(name, to)).manifest if to else ""
        return moving.rollback(
            self.repository, name, alias, self.author,
            to=target, seen=seen_of(name, seen, self._resolve), text=text, dry=dry, may=self.may,
        )  # fmt: skip

    def say(self, ref: str, alias: str, word: str, text: str) -> VersionRow:
        """See `opinions.say`."""
        row = self._resolve(ref)
        opinions.say(self.repository, row, alias, word, text, self.author)
        return row

    def sought(self, ref: str, alias: str) -> Sought:
        """See `verdicts.sought`."""
        return verdicts.sought(self.repository, self._resolve(ref), alias)

    def judge(self, ref: str, alias: str, judgements: Sequence[Judgement]) -> None:
        """See `verdicts.keep`."""
        verdicts.keep(self.repository, self._resolve(ref), alias, judgements, self.author)

    def policies(self, model: str) -> list[Kept]:
        """See `policies.all_of`."""
        return policies.all_of(self.repository, self._model(model))

    def change_policy(
        self, model: str, text: str, files: Mapping[str, str], seen: str | None
    ) -> bool:
        """See `policies.change`."""
        name = self._model(model)
        return policies.change(self.repository, name, text, files, self.author, seen=seen)

    def _model(self, name: str) -> str:
        return self.repository.known_model(name)

    def _resolve(self, ref: str) -> VersionRow:
        return self.repository.resolve(replace(refs.parse(ref), registry=""))


def seen_of(model: str, seen: str | None, find: Callable[[str], VersionRow]) -> str | None:
    """What was seen, as a manifest: "" for nothing, None for whatever it is."""
    if not seen or _DIGEST.fullmatch(seen):
        return seen
    return find(spelled(model, seen)).manifest


def spelled(model: str, version: str) -> str:
    """The reference of a version of ``model`` that may be named by its number alone."""
    return f"{model}:{version}" if version[:1].isdigit() and "." in version else version
