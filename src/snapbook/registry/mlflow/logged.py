"""Logged models: the drafts that files are sent to, and that a version is then made of."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from snapbook.catalog import ordinals
from snapbook.catalog.rows import VersionRow
from snapbook.errors import NotFound, Usage
from snapbook.registry.mlflow import drafts, experiments, filters, runs
from snapbook.registry.mlflow.call import Call
from snapbook.registry.mlflow.drafts import Draft
from snapbook.registry.mlflow.entities import EXPERIMENT, RUN, SOURCE
from snapbook.registry.mlflow.told import milliseconds, pairs, present
from snapbook.registry.roles import READ

Answer = dict[str, Any]
_STATUSES = ("LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED")
_FILTERS = {"source_run_id": str, "name": str, "model_id": str, "status": str, "model_type": str}
_ORDERS = {"creation_timestamp": int, "creation_time": int, "name": str}


def create(call: Call) -> Answer:
    """Begin a model: files may be sent to it."""
    runs.writes(call)
    head = {
        "experiment": experiments.name_of(call.text("experiment_id")),
        "name": call.text("name", empty=True),
        "type": call.text("model_type", empty=True),
        "run": call.text("source_run_id", empty=True),
        "start": int(time.time() * 1000),
    }
    draft = drafts.make(call, "m-", head, call.pairs("tags"))
    drafts.say(draft, params=call.pairs("params"))
    return {"model": _told(drafts.load(call, draft.id))}


def get(call: Call) -> Answer:
    """A logged model: the draft, or what its version says of it."""
    id_ = call.text("model_id")
    try:
        return {"model": _told(drafts.load(call, id_))}
    except NotFound:
        if (row := version_of(call, id_)) is None:
            raise
        return {"model": _of_version(id_, row)}


def finalize(call: Call) -> Answer:
    """Say that all files were sent, or that they could not be."""
    draft = drafts.load(call, call.text("model_id"))
    status = call.text("status")
    if status not in _STATUSES:
        raise Usage(f"status is one of {', '.join(_STATUSES)}", kind="argument")
    drafts.say(draft, status={"status": status, "end": int(time.time() * 1000)})
    return {"model": _told(drafts.load(call, draft.id))}


def set_tags(call: Call) -> Answer:
    """Tags of a logged model."""
    drafts.say(drafts.load(call, call.text("model_id")), tags=call.pairs("tags"))
    return {}


def log_params(call: Call) -> Answer:
    """Parameters of a logged model."""
    drafts.say(drafts.load(call, call.text("model_id")), params=call.pairs("params"))
    return {}


def find(call: Call) -> Answer:
    """One's own logged models that meet a filter."""
    wanted = set(call.texts("experiment_ids"))
    if not wanted:
        raise Usage("experiment_ids is missing", kind="argument")
    orders = [str(one.get("field_name") or "") for one in call.tables("order_by")]
    if not set(orders) <= set(_ORDERS):
        raise Usage(f"order_by is one of {', '.join(_ORDERS)}", kind="argument")
    clauses = filters.parse(call.text("filter", empty=True), _FILTERS)
    found = [
        draft
        for draft in drafts.every(call)
        if draft.id.startswith("m-")
        and experiments.id_of(str(draft.head.get("experiment"))) in wanted
        and all(clause.holds(_values(draft), draft.tags) for clause in clauses)
    ]
    found.sort(key=lambda draft: int(draft.head.get("start") or 0), reverse=True)
    limit = call.number("max_results", 100, 1000)
    return {"models": [_told(draft) for draft in found[:limit]]}


def version_of(call: Call, id_: str) -> VersionRow | None:
    """The version that was made of the logged model ``id_``, if whoever asks may read it."""
    places = call.repository.index.ask(lambda db: ordinals.with_tag(db, SOURCE, f"models:/{id_}"))
    rows = call.repository.known.rows(places)
    return next((row for row in rows if call.who.may(READ, row.model)), None)


def _values(draft: Draft) -> Mapping[str, str | int]:
    head = draft.head
    return {
        "source_run_id": str(head.get("run") or ""),
        "name": str(head.get("name") or ""),
        "model_type": str(head.get("type") or ""),
        "model_id": draft.id,
        "status": str(draft.status.get("status") or _STATUSES[0]),
    }


def _told(draft: Draft) -> Answer:
    head, status = draft.head, draft.status
    start = int(head.get("start") or 0)
    info = _info(draft.id, str(head.get("experiment")), start)
    info |= present(
        name=head.get("name"),
        model_type=head.get("type"),
        source_run_id=head.get("run"),
        last_updated_timestamp_ms=int(status.get("end") or start),
        status=status.get("status") or _STATUSES[0],
        tags=pairs(draft.tags),
    )
    data = present(params=pairs(draft.params), metrics=runs.metrics_told(draft.metrics))
    return {"info": info, "data": data}


def _of_version(id_: str, row: VersionRow) -> Answer:
    made = milliseconds(row.time)
    info = _info(id_, row.tags.get(EXPERIMENT, experiments.DEFAULT), made)
    info |= present(
        name=row.model,
        source_run_id=row.tags.get(RUN),
        last_updated_timestamp_ms=made,
        status=_STATUSES[1],
    )
    params = {name: str(value) for name, value in row.params.items()}
    return {"info": info, "data": present(params=pairs(params))}


def _info(id_: str, experiment: str, start: int) -> Answer:
    folder = experiments.id_of(experiment)
    return {
        "model_id": id_,
        "experiment_id": folder,
        "creation_timestamp_ms": start,
        "artifact_uri": f"mlflow-artifacts:/{folder}/models/{id_}/artifacts",
    }
