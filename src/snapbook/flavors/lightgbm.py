"""LightGBM: a Booster as its model text, which needs no trust; scikit-learn classes by pickle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.flavors import facts, native, pickled
from snapbook.flavors.base import Description, Encoded
from snapbook.flavors.sklearn import SklearnFlavor
from snapbook.store.base import Writer

_FORMAT = "lightgbm-text"


class LightgbmFlavor:
    """Boosters, and the classes that wrap them for scikit-learn."""

    name = "lightgbm"

    def accepts(self, model: object) -> bool:
        """Whether a Booster or LGBMModel is among its ancestors."""
        return _is_booster(model) or facts.descends(model, "lightgbm", "LGBMModel")

    def fitted(self, model: object) -> bool | None:
        """Whether it holds a booster of at least one tree."""
        booster = _booster_of(model)
        return booster is not None and facts.attempt(booster.num_trees, 0) > 0

    def members(self, model: object) -> tuple[object, ...]:
        """The booster within a wrapper."""
        booster = None if _is_booster(model) else _booster_of(model)
        return () if booster is None else (booster,)

    def describe(self, model: object) -> Description:
        """Parameters, trees, features."""
        booster = _booster_of(model)
        wrapped = not _is_booster(model)
        told = SklearnFlavor().describe(model) if wrapped else facts.description(model, "lightgbm")
        own = facts.attributes(model).get("params") or {}
        return Description(
            class_name=told.class_name,
            framework="lightgbm",
            framework_version=facts.version_of("lightgbm"),
            params=told.params if wrapped else _named(own),
            set_params=told.set_params if wrapped else tuple(_named(own)),
            structure=_structure(booster),
            inputs=facts.attempt(lambda: _inputs(booster), ()),
            outputs=told.outputs if wrapped else ({"name": "prediction", "type": "float64"},),
        )

    def dump(self, model: object, writer: Writer) -> Encoded:
        """The text of a plain Booster with every tree; one pickle of anything around it."""
        if type(model).__name__ != "Booster" or not _is_booster(model):
            return pickled.keep(model, writer)
        booster: Any = model
        extra = {
            "params": _exact(booster.params),
            "best_iteration": int(booster.best_iteration),
            "best_score": _exact(booster.best_score),
        }
        text = booster.model_to_string(num_iteration=-1).encode()
        return native.keep(_FORMAT, [text], extra, writer, executes=False)

    def load(
        self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Callable[[str], bytes]
    ) -> object:
        """The booster, or its wrapper."""
        if layout.get("format") != _FORMAT:
            return pickled.fetch(layout, blobs, get)
        import lightgbm

        (text,), extra = native.fetch(_FORMAT, layout, blobs, get)
        booster = lightgbm.Booster(model_str=text.decode())
        booster.params = _mapping(extra.get("params"))
        booster.best_iteration = extra.get("best_iteration", -1)
        booster.best_score = _mapping(extra.get("best_score"))
        return booster


def _is_booster(model: object) -> bool:
    return facts.descends(model, "lightgbm", "Booster")


def _booster_of(model: Any) -> Any:
    return model if _is_booster(model) else facts.attributes(model).get("_Booster")


def _exact(value: Any) -> Json:
    """Nested plain settings as they are; what is no JSON (an objective function) is left out."""
    if isinstance(value, Mapping):
        pairs = {str(key): _exact(item) for key, item in value.items()}
        return {key: item for key, item in pairs.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_exact(item) for item in value]
    if type(value).__module__ == "numpy":
        value = value.item()
    try:
        canonical.encode(value)
    except (TypeError, ValueError):
        return None
    kept: Json = value
    return kept


def _mapping(value: Json) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _named(params: Mapping[str, Any]) -> dict[str, Json]:
    keys = sorted(key for key in params if type(key) is str)[: facts.MOST]
    return {facts.text(key): facts.brief(params[key]) for key in keys}


def _structure(booster: Any) -> dict[str, Json]:
    if booster is None:
        return {}
    found: dict[str, Json] = {
        "trees": facts.attempt(lambda: int(booster.num_trees()), None),
        "features": facts.attempt(lambda: int(booster.num_feature()), None),
        "best_iteration": facts.attempt(lambda: int(booster.best_iteration), None),
    }
    return {name: value for name, value in found.items() if value is not None and value != -1}


def _inputs(booster: Any) -> tuple[Mapping[str, Json], ...]:
    return tuple(
        {"name": facts.text(name), "type": ""} for name in booster.feature_name()[: facts.MOST]
    )


flavor = LightgbmFlavor()
