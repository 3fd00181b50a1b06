"""The route of holds: a version that nobody may delete, and why."""

from __future__ import annotations

from fastapi import APIRouter

from snapbook.errors import Usage
from snapbook.registry.asked import Asked
from snapbook.registry.finding import resolved
from snapbook.registry.roles import APPROVE
from snapbook.repository import Author

routes = APIRouter(tags=["versions"])
_LONGEST = 10_000


@routes.post("/holds", status_code=201)
def hold(asked: Asked) -> dict[str, object]:
    """Hold the version ``ref``, or with ``holds`` false let it go; ``text`` says why."""
    row = resolved(asked.service, asked.who, asked.text("ref"))
    asked.need(APPROVE, row.model)
    why, holding = asked.text("text"), asked.body.get("holds")
    if not 0 < len(why) <= _LONGEST or not isinstance(holding, bool):
        raise Usage("A hold wants a reason, and holds true or false", kind="argument")
    asked.service.repository.hold(row, why, Author(asked.who.name), holding=holding)
    return {"ref": row.ref, "holds": holding}
