"""Model versions: made of what was logged or copied, described, tagged, found, handed out, gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from snapbook.catalog import ordinals
from snapbook.catalog.ordinals import Counted
from snapbook.deploy import acts
from snapbook.errors import NotFound, Refused
from snapbook.export.mlflow import DIGEST, model_of, named
from snapbook.registry.mlflow import entities, making, search
from snapbook.registry.mlflow.call import Call, pair
from snapbook.registry.mlflow.told import milliseconds
from snapbook.registry.roles import ADMINISTER, READ, WRITE

Answer = dict[str, Any]
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_MOST = 200_000
_FILTERS = {"name": str, "version_number": int, "run_id": str, "source_path": str,
            "creation_timestamp": int, "last_updated_timestamp": int}  # fmt: skip
_ORDERS = {"name": str, "version_number": int, "creation_timestamp": int,
           "last_updated_timestamp": int}  # fmt: skip


def create(call: Call) -> Answer:
    """Make a version of what ``source`` names; a second time for the same source gives the same."""
    name = call.readable(call.model())
    call.need(WRITE, name)
    if not call.repository.known.ask(lambda db: ordinals.registered(db, name)):
        raise NotFound(f"There is no model {name} here")
    manifest = making.make(call, name)
    return _told(call, name, manifest)


def get(call: Call) -> Answer:
    """A version by its ordinal."""
    one, _ = entities.found(call)
    return {"model_version": entities.version(call, one)}


def download(call: Call) -> Answer:
    """Where its files are: a whole address."""
    one, _ = entities.found(call)
    return {"artifact_uri": f"{call.url}{ARTIFACTS}/{entities.ROOT}/{one.manifest}"}


def update(call: Call) -> Answer:
    """Describe a version: a note about it."""
    one, row = entities.found(call, WRITE)
    text = call.text("description", empty=True)
    if text != entities.description(call, row):
        call.repository.note(row, text, call.author)
    return _told(call, one.model, one.manifest)


def delete(call: Call) -> Answer:
    """Delete a version, with each number that it has. Refused while an alias points at it, and
    while it is being rolled out.
    """
    one, row = entities.found(call, ADMINISTER)
    for bound in call.repository.known.of_manifest(one.manifest, row.model):
        if not bound.deleted:
            acts.delete(call.repository, bound, call.author)
    return {}


def set_tag(call: Call) -> Answer:
    """Set a tag of a version."""
    _, row = entities.found(call, WRITE)
    key, value = pair(call.given)
    _free(key)
    call.repository.tag(row, {key: value}, (), call.author)
    return {}


def delete_tag(call: Call) -> Answer:
    """Remove a tag of a version."""
    _, row = entities.found(call, WRITE)
    key, _ = pair(call.given)
    _free(key)
    call.repository.tag(row, {}, (key,), call.author)
    return {}


def find(call: Call) -> Answer:
    """The versions that meet a filter, in pages."""
    limit = call.number("max_results", 10_000, _MOST)
    asked = search.asked(
        call, _FILTERS, _ORDERS, ("last_updated_timestamp DESC",), ("name", "version_number DESC")
    )
    index = call.repository.index
    name = model_of(asked.equal("name"))
    known = index.model(name) if name else ""
    if known is None or not _fits(name, known):
        return {"model_versions": []}
    counted = index.ask(lambda db: ordinals.counted(db, known))
    readable = [one for one in counted if call.who.may(READ, one.model)]
    page, token = asked.page(_items(call, readable, asked.tags), limit)
    told = entities.versions(call, page)
    return {"model_versions": told, **({"next_page_token": token} if token else {})}


def _fits(name: str, known: str) -> bool:
    return name.lower() == known.lower()


def _items(
    call: Call, counted: Iterable[Counted], tags: Iterable[str]
) -> list[search.Item[Counted]]:
    index = call.repository.known
    wanted = index.ask(
        lambda db: {name: ordinals.tagged(db, name) for name in {*tags, entities.RUN}}
    )
    return [search.Item(_values(one, wanted), _tags(one, wanted), one) for one in counted]


def _values(one: Counted, tags: Mapping[str, Mapping[int, str]]) -> dict[str, str | int]:
    return {
        "name": named(one.model),
        "version_number": one.ordinal,
        "run_id": tags[entities.RUN].get(one.n, ""),
        "source_path": entities.source(one.manifest),
        "creation_timestamp": milliseconds(one.time),
        "last_updated_timestamp": milliseconds(one.touched),
    }


def _tags(one: Counted, tags: Mapping[str, Mapping[int, str]]) -> dict[str, str]:
    """Those that were asked for; the digest is one, unless the version was pushed with another."""
    found = {name: texts[one.n] for name, texts in tags.items() if one.n in texts}
    return {DIGEST: one.manifest, **found}


def _free(key: str) -> None:
    if key in entities.ORIGIN or key.startswith("snapbook."):
        raise Refused(f"The tag {key} says where a version comes from, and is not changed")


def _told(call: Call, name: str, manifest: str) -> Answer:
    one, _ = entities.by_manifest(call, name, manifest)
    return {"model_version": entities.version(call, one)}
