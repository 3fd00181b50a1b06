"""What somebody may do with a version under an alias, so that the page offers that and no more.

It decides nothing: the routes that act (registry/promotion.py) ask again, against the same chain as
the event that they make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapbook.promote import opinions, policies
from snapbook.refs import number_text
from snapbook.registry.roles import APPROVE, WRITE

if TYPE_CHECKING:
    from snapbook.promote.records import Review
    from snapbook.registry.roles import Principal
    from snapbook.repository import Repository


def rights(repository: Repository, who: Principal, review: Review) -> dict[str, object]:
    """What ``who`` may do: request, approve, reject, promote, roll back; and why not, if it is
    not a matter of roles.
    """
    model = review.model
    rule = policies.in_force(repository, model)[0].rule(review.alias)
    judges, writes = who.may(APPROVE, model), who.may(WRITE, model)
    moves = judges or (writes and rule.promoter == "writer")
    version, why = review.candidate, ""
    own = version is not None and opinions.is_maker(repository, version, who.name)
    if version is not None and own and judges and not rule.author_may_approve:
        why = f"You made {number_text(version.number)}: someone else approves."
    here = version is not None
    return {
        "request": here and (judges or writes),
        "approve": here and judges and not why,
        "reject": here and judges,
        "promote": here and moves,
        "rollback": moves and _has_been_elsewhere(review),
        "why": why,
    }


def _has_been_elsewhere(review: Review) -> bool:
    """Whether there is somewhere to roll back to."""
    live = review.live.manifest if review.live is not None else ""
    return bool(live) and any(stay.ref and stay.manifest != live for stay in review.history)
