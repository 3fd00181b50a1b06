"""The seam of rollouts: whatever is asked of them, of a repository here or of a registry.

Verbs and servers know this and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from snapbook import refs
from snapbook.deploy import acts, drills, evident, fronts, standing
from snapbook.deploy.acts import Begun, End
from snapbook.deploy.fronts import Told
from snapbook.deploy.plan import Plan
from snapbook.deploy.rollout import Rollout
from snapbook.deploy.standing import Standing
from snapbook.promote.desk import seen_of
from snapbook.promote.moving import anyone
from snapbook.promote.policy import Rule
from snapbook.repository import Author, Repository


class Rollouts(Protocol):
    """Where rollouts are decided. All raise what `deploy.acts` says."""

    def standing(self, model: str, alias: str) -> Standing:
        """How things stand with ``alias``, as of the newest event."""

    def begin(self, ref: str, plan: Plan, seen: str | None, text: str, dry: bool) -> Begun:
        """Begin to roll the version ``ref`` out."""

    def advance(self, model: str, seen: Rollout, now: datetime | None, text: str) -> bool:
        """Take the step after what was ``seen``, if it is due ``now``; None: due or not."""

    def pause(self, model: str, alias: str, text: str) -> Rollout:
        """Let the present step last."""

    def resume(self, model: str, alias: str, text: str) -> Rollout:
        """Go on with the present step."""

    def abort(self, model: str, alias: str, end: End) -> int:
        """End a rollout; 0 where it had ended."""

    def drill(self, model: str, alias: str) -> int:
        """Ask all servers to rehearse the way back."""

    def drilled(self, model: str, alias: str, n: int, front: str, seconds: float, why: str) -> None:
        """Keep what a server found."""

    def fronts(self, model: str, alias: str) -> Sequence[Told]:
        """The servers of ``alias`` that run now."""

    def seen(self, model: str, alias: str) -> Sequence[str]:
        """What a rule saw that ended the newest rollout, in lines; none where none did."""


@dataclass(frozen=True, slots=True)
class LocalRollouts:
    """A Repository as such a place, for ``author``; ``may`` raises where a role is not his."""

    repository: Repository
    author: Author
    may: Callable[[Rule], None] = anyone

    def standing(self, model: str, alias: str) -> Standing:
        """See `standing.of`."""
        return standing.of(self.repository, model, alias)

    def begin(self, ref: str, plan: Plan, seen: str | None, text: str, dry: bool) -> Begun:
        """See `acts.begin`."""
        row = self.repository.resolve(replace(refs.parse(ref), registry=""))
        was = seen_of(row.model, seen, lambda told: self.repository.resolve(refs.parse(told)))
        return acts.begin(
            self.repository, row, plan, self.author, seen=was, text=text, dry=dry, may=self.may
        )

    def advance(self, model: str, seen: Rollout, now: datetime | None, text: str) -> bool:
        """See `acts.advance`."""
        return acts.advance(
            self.repository, model, seen, self.author, now=now, text=text, may=self.may
        )

    def pause(self, model: str, alias: str, text: str) -> Rollout:
        """See `acts.pause`."""
        return acts.pause(
            self.repository, self._model(model), alias, self.author, text=text, may=self.may
        )

    def resume(self, model: str, alias: str, text: str) -> Rollout:
        """See `acts.resume`."""
        return acts.resume(
            self.repository, self._model(model), alias, self.author, text=text, may=self.may
        )

    def abort(self, model: str, alias: str, end: End) -> int:
        """See `acts.abort`."""
        model = self._model(model)
        return acts.abort(self.repository, model, alias, self.author, end, may=self.may)

    def drill(self, model: str, alias: str) -> int:
        """See `drills.drill`."""
        return drills.drill(self.repository, self._model(model), alias, self.author, may=self.may)

    def drilled(self, model: str, alias: str, n: int, front: str, seconds: float, why: str) -> None:
        """See `drills.drilled`."""
        drills.drilled(self.repository, model, alias, self.author, n, front, seconds, why)

    def fronts(self, model: str, alias: str) -> Sequence[Told]:
        """See `fronts.alive`."""
        return fronts.alive(self.repository.folder, self._model(model), alias)

    def seen(self, model: str, alias: str) -> Sequence[str]:
        """See `evident.of`."""
        return evident.of(self.repository, model, alias)

    def _model(self, name: str) -> str:
        return self.repository.known_model(name)
