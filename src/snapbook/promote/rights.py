"""What somebody may do with a version under an alias, so that faces offer that and no more.

It decides nothing: whoever acts is asked again (`promote`, `opinions.say`, and in a registry by
role), against the same chain as the event that is made.
"""

from __future__ import annotations

from dataclasses import replace

from snapbook.promote import opinions, policies
from snapbook.promote.records import Review, Rights
from snapbook.refs import number_text
from snapbook.repository import Repository


def with_rights(
    repository: Repository, review: Review, name: str, *, judges: bool = True, writes: bool = True
) -> Review:
    """``review`` as it is told to ``name``: with what he may do, and why not, if it is not a matter
    of roles. ``judges``: he may approve; ``writes``: he may bring versions. Without a registry
    everybody may.
    """
    rule = policies.in_force(repository, review.model)[0].rule(review.alias)
    moves = judges or (writes and rule.promoter == "writer")
    version, why = review.candidate, ""
    own = version is not None and opinions.is_maker(repository, version, name)
    if version is not None and own and judges and not rule.author_may_approve:
        why = f"You made {number_text(version.number)}: someone else approves."
    here = version is not None
    may = Rights(
        request=here and (judges or writes),
        approve=here and judges and not why,
        reject=here and judges,
        promote=here and moves,
        rollback=moves and _has_been_elsewhere(review),
        why=why,
    )
    return replace(review, may=may)


def _has_been_elsewhere(review: Review) -> bool:
    """Whether there is somewhere to roll back to."""
    live = review.live.manifest if review.live is not None else ""
    return bool(live) and any(stay.ref and stay.manifest != live for stay in review.history)
