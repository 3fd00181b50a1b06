"""Registered models: made without a version, described, tagged, renamed, found, gone."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.catalog import ordinals
from snapbook.catalog.ordinals import Registered
from snapbook.errors import Conflict, NotFound, Refused
from snapbook.export.mlflow import named
from snapbook.refs import check_model_name
from snapbook.registry.mlflow import entities, search
from snapbook.registry.mlflow.call import Call, pair
from snapbook.registry.mlflow.told import EXISTS, milliseconds
from snapbook.registry.roles import ADMINISTER, READ, WRITE
from snapbook.repository.acting import Decided

Answer = dict[str, Any]
_MOST = 1000
_ORDERS = {"name": str, "creation_timestamp": int, "last_updated_timestamp": int}


def create(call: Call) -> Answer:
    """Make a model that has no version yet."""
    name = check_model_name(call.model())
    call.need(WRITE, name)
    index = call.repository.known

    def decide() -> Decided:
        if _there(call, name) is not None:
            raise Conflict(f"{name} is a model already", kind=EXISTS)
        known = index.model(name)
        exact = known if known is not None and known.lower() == name.lower() else name
        return "model", {"model": exact, "way": "create", "texts": texts}

    with call.writing() as writer:
        words = _words(call.pairs("tags"), call.text("description", empty=True))
        texts = writer.add(canonical.encode(words))
        writer.commit()
        call.repository.act(decide, call.author, writer)
    return _told(call, name)


def get(call: Call) -> Answer:
    """A model, with its newest versions and where its aliases point."""
    return _told(call, call.readable(call.model()))


def rename(call: Call) -> Answer:
    """Give a model another name; the old one keeps working."""
    name, to = _present(call), check_model_name(call.model("new_name"))
    call.need(ADMINISTER, name)
    call.need(ADMINISTER, to)
    taken = call.repository.index.model(to)
    if taken is not None and taken.lower() == to.lower() != name.lower():
        raise Conflict(f"{to} is a model already", kind=EXISTS)
    call.repository.rename(name, to, call.author)
    return _told(call, to)


def update(call: Call) -> Answer:
    """Describe a model."""
    name = _present(call)
    call.need(WRITE, name)
    _change(call, name, {"text": call.text("description", empty=True)})
    return _told(call, name)


def delete(call: Call) -> Answer:
    """Delete a model with all its versions, unless something that is protected points at one."""
    name = _present(call)
    call.need(ADMINISTER, name)

    def decide() -> Decided:
        if pointed := sorted(call.repository.known.aliases(name)):
            raise Refused(
                f"Not deleted: {name} is @{', @'.join(pointed)}",
                act="Delete its aliases first",
                kind="protected",
            )
        if held := call.repository.known.ask(lambda db: ordinals.held(db, name)):
            raise Refused(
                f"Not deleted: version {held} of {name} is held",
                act="Let it go first: snapbook hold --release",
                kind="held",
            )
        return "model", {"model": name, "way": "delete"}

    call.repository.act(decide, call.author)
    return {}


def set_tag(call: Call) -> Answer:
    """Set a tag of a model."""
    name = _present(call)
    call.need(WRITE, name)
    key, value = pair(call.given)
    _change(call, name, {"tags": {key: value}})
    return {}


def delete_tag(call: Call) -> Answer:
    """Remove a tag of a model."""
    name = _present(call)
    call.need(WRITE, name)
    _change(call, name, {}, [pair(call.given)[0]])
    return {}


def find(call: Call) -> Answer:
    """The models that meet a filter, in pages."""
    limit = call.number("max_results", 100, _MOST)
    asked = search.asked(call, {"name": str}, _ORDERS, (), ("name",))
    models = call.repository.index.ask(ordinals.registered)
    known = [search.Item(_values(one), one.tags, one) for one in models
             if call.who.may(READ, one.name)]  # fmt: skip
    page, token = asked.page(known, limit)
    told = [entities.model(call, one) for one in page]
    return {"registered_models": told, **({"next_page_token": token} if token else {})}


def latest(call: Call) -> Answer:
    """The newest version in each stage."""
    name = _present(call)
    wanted = [stage.capitalize() for stage in call.texts("stages")] or list(entities.STAGES)
    counted = call.repository.known.ask(lambda db: ordinals.counted(db, name))
    return {"model_versions": entities.latest(call, counted, wanted)}


def _values(one: Registered) -> Mapping[str, str | int]:
    return {
        "name": named(one.name),
        "creation_timestamp": milliseconds(one.made),
        "last_updated_timestamp": milliseconds(one.touched),
    }


def _present(call: Call) -> str:
    """The model ``name`` of the call, which is there. Raises NotFound."""
    name = call.readable(call.model())
    if _there(call, name) is None:
        raise NotFound(f"There is no model {name} here")
    return name


def _there(call: Call, name: str) -> Registered | None:
    return next(iter(call.repository.known.ask(lambda db: ordinals.registered(db, name))), None)


def _told(call: Call, name: str) -> Answer:
    call.repository.follow()
    one = _there(call, name)
    if one is None:
        raise NotFound(f"There is no model {name} here")
    return {"registered_model": entities.model(call, one)}


def _change(
    call: Call, name: str, words: Mapping[str, Json], removed: list[str] | None = None
) -> None:
    body: dict[str, Json] = {"model": name, "way": "change"}
    if removed:
        body["removed"] = [*removed]
    with call.writing() as writer:
        if words:
            body["texts"] = writer.add(canonical.encode({"salt": _salt(), **words}))
            writer.commit()
        call.repository.act(lambda: ("model", body), call.author, writer)


def _words(tags: Mapping[str, str], text: str) -> dict[str, Json]:
    return {"salt": _salt(), "text": text, "tags": dict(tags)}


def _salt() -> str:
    return secrets.token_hex(16)
