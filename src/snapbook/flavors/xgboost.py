"""XGBoost: a Booster as UBJSON, which needs no trust; its scikit-learn classes by pickle.

XGBoost promises to read its model format in every later version; for pickles it does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from snapbook.canonical import Json
from snapbook.flavors import facts, native, pickled
from snapbook.flavors.base import Description, Encoded
from snapbook.flavors.sklearn import SklearnFlavor
from snapbook.store.base import Writer

_FORMAT = "xgboost-ubj"


class XgboostFlavor:
    """Boosters, and the classes that wrap them for scikit-learn."""

    name = "xgboost"

    def accepts(self, model: object) -> bool:
        """Whether a Booster or XGBModel is among its ancestors."""
        return _is_booster(model) or facts.descends(model, "xgboost", "XGBModel")

    def fitted(self, model: object) -> bool | None:
        """Whether it holds a booster of at least one round."""
        booster = _booster_of(model)
        return booster is not None and facts.attempt(booster.num_boosted_rounds, 0) > 0

    def members(self, model: object) -> tuple[object, ...]:
        """The booster within a wrapper."""
        booster = None if _is_booster(model) else _booster_of(model)
        return () if booster is None else (booster,)

    def describe(self, model: object) -> Description:
        """Parameters, rounds, objective, features."""
        booster = _booster_of(model)
        config = facts.attempt(lambda: _learner(booster), dict[str, Any]())
        wrapped = not _is_booster(model)
        told = SklearnFlavor().describe(model) if wrapped else facts.description(model, "xgboost")
        params = dict(told.params) if wrapped else _train_params(config)
        return Description(
            class_name=told.class_name,
            framework="xgboost",
            framework_version=facts.version_of("xgboost"),
            params=params,
            set_params=told.set_params,
            structure=_structure(booster, config),
            inputs=facts.attempt(lambda: _inputs(booster), ()),
            outputs=told.outputs if wrapped else ({"name": "prediction", "type": "float32"},),
        )

    def dump(self, model: object, writer: Writer) -> Encoded:
        """UBJSON and configuration of a plain Booster; one pickle of anything around it."""
        if type(model).__name__ != "Booster" or not _is_booster(model):
            return pickled.keep(model, writer)
        booster: Any = model
        files = [bytes(booster.save_raw("ubj")), booster.save_config().encode()]
        return native.keep(_FORMAT, files, {}, writer, executes=False)

    def load(
        self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Callable[[str], bytes]
    ) -> object:
        """The booster, or its wrapper."""
        if layout.get("format") != _FORMAT:
            return pickled.fetch(layout, blobs, get)
        import xgboost

        (model, config), _ = native.fetch(_FORMAT, layout, blobs, get)
        booster = xgboost.Booster()
        booster.load_model(bytearray(model))
        booster.load_config(config.decode())
        return booster


def _is_booster(model: object) -> bool:
    return facts.descends(model, "xgboost", "Booster")


def _booster_of(model: Any) -> Any:
    return model if _is_booster(model) else facts.attributes(model).get("_Booster")


def _learner(booster: Any) -> dict[str, Any]:
    learner: dict[str, Any] = json.loads(booster.save_config())["learner"]
    return learner


def _train_params(config: dict[str, Any]) -> dict[str, Json]:
    """What a Booster was trained with, as far as it still knows (texts, as XGBoost writes them)."""
    if not config:
        return {}
    trees = config.get("gradient_booster", {}).get("tree_train_param", {})
    params = {"objective": config["objective"]["name"], **trees}
    return {str(key): facts.brief(params[key]) for key in sorted(params)}


def _structure(booster: Any, config: dict[str, Any]) -> dict[str, Json]:
    if booster is None:
        return {}
    found: dict[str, Json] = {
        "rounds": facts.attempt(lambda: int(booster.num_boosted_rounds()), None),
        "features": facts.attempt(lambda: int(booster.num_features()), None),
        "objective": facts.attempt(lambda: facts.brief(config["objective"]["name"]), None),
        "booster": facts.attempt(lambda: facts.brief(config["gradient_booster"]["name"]), None),
        "best_iteration": facts.attempt(lambda: int(booster.attr("best_iteration")), None),
    }
    return {name: value for name, value in found.items() if value is not None}


def _inputs(booster: Any) -> tuple[Mapping[str, Json], ...]:
    names = booster.feature_names
    if names is None:
        count = min(int(booster.num_features()), facts.MOST)
        return tuple({"name": f"x{number}", "type": ""} for number in range(count))
    types = booster.feature_types or [""] * len(names)
    pairs = list(zip(names, types, strict=True))[: facts.MOST]
    return tuple({"name": facts.text(name), "type": facts.text(kind)} for name, kind in pairs)


flavor = XgboostFlavor()
