"""Runs: drafts, until a version is made of what they logged; then what that version says of them.

What a run says after its version was made is said of the version: a tag each, in one event.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from snapbook.canonical import Json
from snapbook.catalog import ordinals
from snapbook.catalog.rows import VersionRow
from snapbook.errors import NotFound, Refused, Usage
from snapbook.registry.mlflow import drafts, experiments
from snapbook.registry.mlflow.call import Call, pair
from snapbook.registry.mlflow.drafts import Draft, Point
from snapbook.registry.mlflow.entities import EXPERIMENT, ORIGIN, RUN, RUN_NAME
from snapbook.registry.mlflow.told import milliseconds, pairs, present
from snapbook.registry.roles import READ, WRITE

Answer = dict[str, Any]
Metric = tuple[str, float, int, int]
_STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
_SYSTEM = "mlflow."


def create(call: Call) -> Answer:
    """Begin a run."""
    writes(call)
    experiment = experiments.name_of(call.text("experiment_id"))
    tags = call.pairs("tags")
    name = call.text("run_name", empty=True) or tags.get("mlflow.runName", "")
    head = {
        "experiment": experiment,
        "name": name,
        "start": call.number("start_time", int(time.time() * 1000)),
    }
    return {"run": _told(call, drafts.make(call, "", head, tags))}


def get(call: Call) -> Answer:
    """A run: the draft, or what its version says of it."""
    return {"run": _found(call, _id(call))}


def update(call: Call) -> Answer:
    """Say how a run goes, and when it ended."""
    draft, versions = _writable(call)
    status = call.text("status", empty=True)
    if status and status not in _STATUSES:
        raise Usage(f"status is one of {', '.join(_STATUSES)}", kind="argument")
    said = present(
        status=status,
        end=call.number("end_time", 0),
        name=call.text("run_name", empty=True),
    )
    if draft is not None:
        drafts.say(draft, status=said)
        return {"run_info": _told(call, drafts.load(call, draft.id))["info"]}
    return {"run_info": _of_version(versions[0])["info"]}


def log_parameter(call: Call) -> Answer:
    """One parameter."""
    _log(call, dict([pair(call.given)]), [], {})
    return {}


def log_metric(call: Call) -> Answer:
    """One metric."""
    _log(call, {}, [metric(call.given)], {})
    return {}


def set_tag(call: Call) -> Answer:
    """One tag."""
    _log(call, {}, [], dict([pair(call.given)]))
    return {}


def delete_tag(call: Call) -> Answer:
    """Take a tag away from a run."""
    drafts.say(drafts.load(call, _id(call)), untagged=[call.text("key")])
    return {}


def log_batch(call: Call) -> Answer:
    """Metrics, parameters and tags together."""
    metrics = [metric(one) for one in call.tables("metrics")]
    _log(call, call.pairs("params"), metrics, call.pairs("tags"))
    return {}


def history(call: Call) -> Answer:
    """All values of one metric."""
    name, id_ = call.text("metric_key"), _id(call)
    try:
        points = drafts.load(call, id_).history.get(name, {})
    except NotFound:
        listed = _found(call, id_).get("data", {}).get("metrics", ())
        return {"metrics": [one for one in listed if one["key"] == name]}
    return {"metrics": [told for point in points for told in metrics_told({name: point})]}


def log_outputs(call: Call) -> Answer:
    """The models that a run logged."""
    draft = drafts.load(call, _id(call))
    models = [str(one.get("model_id") or "") for one in call.tables("models")]
    drafts.say(draft, outputs=[drafts.load(call, model).id for model in models])
    return {}


def log_inputs(call: Call) -> Answer:
    """The data sets that a run used: heard and not kept, for MLflow tells a name and no rows."""
    _writable(call)
    return {}


def metric(table: Mapping[str, Any]) -> Metric:
    """A metric as (name, value, time, step). Raises Usage."""
    name, _ = pair({"key": table.get("key")})
    value, at, step = (table.get(word, 0) for word in ("value", "timestamp", "step"))
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        value = float(value.replace("Infinity", "inf"))
    if type(value) not in (int, float):
        raise Usage(f"The value of {name} is no number", kind="argument")
    try:
        return name, float(value), int(at), int(step)
    except (ValueError, TypeError, OverflowError) as error:
        raise Usage(f"The time or the step of {name} is no number", kind="argument") from error


def writes(call: Call) -> None:
    """Raise unless whoever asks may write to some model: others have nothing to log."""
    if not any(call.who.may(WRITE, grant.pattern) for grant in call.who.grants):
        raise Refused(f"Not allowed: {call.who.name} may not write here", kind="role")


def metrics_told(metrics: Mapping[str, Point]) -> list[dict[str, Any]]:
    """Metrics as MLflow lists them."""
    return [
        {"key": name, "value": _number(value), "timestamp": at, "step": step}
        for name, (value, at, step) in metrics.items()
    ]


def _id(call: Call) -> str:
    return call.text("run_id", empty=True) or call.text("run_uuid")


def _log(
    call: Call, params: Mapping[str, str], metrics: list[Metric], tags: Mapping[str, str]
) -> None:
    draft, versions = _writable(call)
    if draft is not None:
        for name, value in params.items():
            if draft.params.get(name, value) != value:
                raise Usage(f"The parameter {name} was logged with another value", kind="argument")
        drafts.say(draft, params=dict(params), metrics=metrics, tags=dict(tags))
    said = {name: text for name, text in tags.items() if not name.startswith(_SYSTEM)}
    for row in versions:
        fresh = {
            **{n: text for n, text in params.items() if str(row.params.get(n)) != text},
            **{n: str(value) for n, value, _, _ in metrics if not _is_known(row, n, value)},
            **said,
        }
        fresh = {name: text for name, text in fresh.items() if row.tags.get(name) != text}
        if fresh:
            call.repository.tag(row, fresh, (), call.author)


def _is_known(row: VersionRow, name: str, value: float) -> bool:
    known = row.metrics.get(name)
    return known is not None and known.value == value


def _writable(call: Call) -> tuple[Draft | None, list[VersionRow]]:
    """The draft of a run and the versions made of it, of which one at least is there."""
    id_ = _id(call)
    versions = [row for row in _versions(call, id_) if call.who.may(WRITE, row.model)]
    try:
        return drafts.load(call, id_), versions
    except NotFound:
        if versions:
            return None, versions
        raise


def _versions(call: Call, id_: str) -> list[VersionRow]:
    """The versions that the run ``id_`` logged, as far as whoever asks may read them."""
    places = call.repository.index.ask(lambda db: ordinals.with_tag(db, RUN, id_))
    return [row for row in call.repository.known.rows(places) if call.who.may(READ, row.model)]


def _found(call: Call, id_: str) -> Answer:
    try:
        return _told(call, drafts.load(call, id_))
    except NotFound:
        versions = _versions(call, id_)
        if not versions:
            raise
        return _of_version(versions[0])


def _told(call: Call, draft: Draft) -> Answer:
    head, status = draft.head, draft.status
    experiment = experiments.id_of(str(head.get("experiment")))
    name = str(status.get("name") or head.get("name") or "")
    info = _info(draft.id, name, experiment, call.who.name, int(head.get("start") or 0))
    info |= present(status=status.get("status", "RUNNING"), end_time=status.get("end"))
    tags = {**draft.tags, **({"mlflow.runName": name} if name else {})}
    data = present(
        metrics=metrics_told(draft.metrics), params=pairs(draft.params), tags=pairs(tags)
    )
    outputs = [{"model_id": model, "step": 0} for model in draft.outputs]
    return present(info=info, data=data, outputs={"model_outputs": outputs} if outputs else {})


def _of_version(row: VersionRow) -> Answer:
    made = milliseconds(row.time)
    experiment = experiments.id_of(row.tags.get(EXPERIMENT, experiments.DEFAULT))
    info = _info(row.tags[RUN], row.tags.get(RUN_NAME, ""), experiment, row.author, made)
    metrics = [
        {"key": name, "value": _number(metric.value), "timestamp": made, "step": 0}
        for name, metric in row.metrics.items()
        if isinstance(metric.value, float | int)
    ]
    params = {name: str(value) for name, value in row.params.items()}
    tags = {name: value for name, value in row.tags.items() if name not in ORIGIN}
    data = present(metrics=metrics, params=pairs(params), tags=pairs(tags))
    return {"info": {**info, "status": "FINISHED", "end_time": made}, "data": data}


def _info(id_: str, name: str, experiment: str, who: str, start: int) -> Answer:
    return present(
        run_id=id_,
        run_uuid=id_,
        run_name=name,
        experiment_id=experiment,
        user_id=who,
        start_time=start,
        artifact_uri=f"mlflow-artifacts:/{experiment}/{id_}/artifacts",
        lifecycle_stage="active",
    )


def _number(value: float) -> Json:
    """A number as protobuf writes it in JSON."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
