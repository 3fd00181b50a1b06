"""A dict, list or tuple of models, kept as one object so that what they share is kept once."""

from __future__ import annotations

from typing import Any

from snapbook.canonical import Json
from snapbook.flavors import facts, pickled, registry
from snapbook.flavors.base import Description
from snapbook.flavors.modelish import looks_like_model

_MOST = 1000


class CollectionFlavor(pickled.ByPickle):
    """Plain dicts, lists and tuples in which every value is a model."""

    name = "collection"

    def accepts(self, model: object) -> bool:
        """Whether every value of the container looks like a model by its type."""
        items = _items(model)
        return 0 < len(items) <= _MOST and all(looks_like_model(item) for _, item in items)

    def fitted(self, model: object) -> bool | None:
        """False if one of the models is not fitted, True if all are, else None."""
        answers = [registry.find(item).fitted(item) for _, item in _items(model)]
        if False in answers:
            return False
        return True if answers and all(answers) else None

    def members(self, model: object) -> tuple[object, ...]:
        """The models."""
        return tuple(item for _, item in _items(model))

    def describe(self, model: object) -> Description:
        """The classes by key; parameters and structure of each under its key."""
        params: dict[str, Json] = {}
        changed: list[str] = []
        structure: dict[str, Json] = {"models": len(_items(model))}
        frameworks: dict[str, str] = {}
        for key, item in _items(model)[: facts.WIDEST]:
            told = registry.find(item).describe(item)
            structure[key] = {"class": told.class_name, **told.structure}
            changed += [f"{key}__{name}" for name in told.set_params]
            params |= {f"{key}__{name}": value for name, value in told.params.items()}
            frameworks.setdefault(told.framework, told.framework_version)
        name, version = next(iter(frameworks.items())) if len(frameworks) == 1 else ("", "")
        kept = dict(list(params.items())[: facts.MOST])
        return Description(
            class_name=facts.class_name(model),
            framework=name,
            framework_version=version,
            params=kept,
            set_params=tuple(key for key in changed if key in kept),
            structure=structure,
        )


def _items(model: Any) -> list[tuple[str, Any]]:
    if type(model) is dict:
        return [(facts.text(str(facts.brief(key))), item) for key, item in model.items()]
    if type(model) in (list, tuple):
        return [(str(number), item) for number, item in enumerate(model)]
    return []


flavor = CollectionFlavor()
