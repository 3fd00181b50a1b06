"""How many versions the whole list has, asked for beside its first page."""

from __future__ import annotations

from typing import Any

from snapbook.display.views.asking import Question
from snapbook.display.views.filters import read_filter
from snapbook.verbs.wording import matching


def count(asking: Question) -> dict[str, Any]:
    """The length of the list that `versions` pages through."""
    with asking.here(long=True) as here:
        repository = here.repository()
        asked = read_filter(asking, repository)
        if asked is None:
            return {"count": 0}
        if asked.text:
            hits = matching(repository, asked.text, asked.model, asked.where)
            return {"count": sum(1 for _ in hits)}
        return {"count": repository.index.count(asked.model, asked.where)}
