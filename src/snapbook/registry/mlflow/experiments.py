"""Experiments: names, and nothing else. Any name is one; its id is the name itself, spelled in hex.

So there is nothing to keep: what an experiment groups are versions, each of which knows its own.
"""

from __future__ import annotations

import re
from typing import Any

from snapbook.errors import NotFound, Usage
from snapbook.registry.mlflow.call import Call

Answer = dict[str, Any]
DEFAULT = "Default"
_DEFAULT_ID = "0"
_ID = re.compile(r"x(?:[0-9a-f]{2}){1,480}")
_LONGEST = 120


def create(call: Call) -> Answer:
    """The id of an experiment. Making it twice gives the same."""
    return {"experiment_id": id_of(_named(call.text("name")))}


def get(call: Call) -> Answer:
    """An experiment by its id."""
    return {"experiment": _told(name_of(call.text("experiment_id")))}


def get_by_name(call: Call) -> Answer:
    """An experiment by its name."""
    return {"experiment": _told(_named(call.text("experiment_name")))}


def id_of(name: str) -> str:
    """The id of the experiment called ``name``."""
    return _DEFAULT_ID if name == DEFAULT else f"x{name.encode().hex()}"


def name_of(id_: str) -> str:
    """The name of the experiment with this id. Raises NotFound."""
    if id_ == _DEFAULT_ID:
        return DEFAULT
    try:
        if _ID.fullmatch(id_):
            return _named(bytes.fromhex(id_[1:]).decode())
    except (UnicodeDecodeError, Usage):
        pass
    raise NotFound(f"There is no experiment {id_[:40]} here", kind="no-experiment")


def _named(name: str) -> str:
    if len(name) > _LONGEST or not name.isprintable() or not name.strip():
        raise Usage(
            f"An experiment's name has at most {_LONGEST} printable characters", kind="argument"
        )
    return name


def _told(name: str) -> Answer:
    id_ = id_of(name)
    return {
        "experiment_id": id_,
        "name": name,
        "artifact_location": f"mlflow-artifacts:/{id_}",
        "lifecycle_stage": "active",
    }
