"""How things stand with an alias that is served, as bytes that travel, and back. Shared by both
ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.deploy import plan as plans
from snapbook.deploy.acts import Begun
from snapbook.deploy.rollout import Rollout
from snapbook.deploy.standing import Drill, Standing
from snapbook.errors import Damaged
from snapbook.promote.records import Stay
from snapbook.registry import decided, wire


def told(standing: Standing) -> Mapping[str, Any]:
    """``standing`` as data."""
    rollout = standing.rollout
    return {
        "model": standing.model,
        "alias": standing.alias,
        "head": standing.head,
        "live": standing.live.manifest if standing.live is not None else "",
        "back": standing.back.manifest if standing.back is not None else "",
        "rollout": None if rollout is None else rollout_json(rollout),
        "drill": standing.drill,
        "rows": dict(standing.rows),
        "history": standing.history,
        "lasted_s": standing.lasted_s,
    }


def standing_of(value: Any) -> Standing:
    """What `told` told. Raises Damaged."""
    try:
        rows: dict[str, VersionRow] = {
            str(at): wire.row_of(row) for at, row in value["rows"].items()
        }
        rollout, drill = value["rollout"], value["drill"]
        lasted_s = value.get("lasted_s")  # a registry that is older says nothing
        return Standing(
            str(value["model"]), str(value["alias"]), int(value["head"]),
            rows.get(str(value["live"])), rows.get(str(value["back"])),
            None if rollout is None else rollout_of(rollout),
            None if drill is None else _drill(drill),
            rows, tuple(Stay(**one) for one in value["history"]),
            None if lasted_s is None else float(lasted_s),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _strange() from error


def rollout_json(rollout: Rollout) -> dict[str, Json]:
    """``rollout`` as data."""
    told = {name: getattr(rollout, name) for name in rollout.__slots__}
    return {**told, "plan": rollout.plan.json()}


def rollout_of(value: Any) -> Rollout:
    """What `rollout_json` wrote. Raises Damaged."""
    try:
        known = {name: value[name] for name in Rollout.__slots__}
        return Rollout(**{**known, "plan": plans.of_json(value["plan"])})
    except (KeyError, TypeError) as error:
        raise _strange() from error


def begun_of(data: bytes) -> Begun:
    """A Begun that `decided.told` wrote. Raises Damaged."""
    try:
        value: Any = canonical.decode(data)
        judged = tuple(map(decided.judged_of, value["judged"]))
        version, stable = wire.row_of(value["version"]), wire.row_of(value["stable"])
        return Begun(version, stable, judged, int(value["n"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _strange() from error


def _drill(value: Any) -> Drill:
    said = tuple((str(name), float(seconds), str(why)) for name, seconds, why in value["told"])
    return Drill(int(value["n"]), str(value["time"]), str(value["to"]), said)


def _strange() -> Damaged:
    return Damaged(
        "The server's answer is not a rollout", act="Is there a registry at this address?"
    )
