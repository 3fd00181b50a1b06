"""What a kernel's names hold that a version could keep: models and frames.

Told by types and metadata alone, for it is asked whenever somebody looks at the kernel from
outside (the sidebar, `status`): no value of a frame is read, and nothing that the user's objects
do, raise or lie about gets through. Which of them a cell made is `choose`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

from snapbook.choose import Candidate
from snapbook.flavors import facts, modelish
from snapbook.parts import model as models
from snapbook.parts.frame.size import bytes_of, shape_of
from snapbook.parts.frame.table import frame_type

_SECONDS = 0.01  # for asking models whether they are fitted; the rest stays unknown
_LARGEST_HOLDER = 100  # models in a dict or list; longer ones are data
_MOST = 200
_HOLDER, _MODEL = "holder", "model"
_IPYTHON = frozenset({"In", "Out", "exit", "quit", "open", "get_ipython"})


@dataclass(frozen=True, slots=True)
class HeldFrame:
    """A frame under a name: "pandas.DataFrame", (rows, columns), the bytes of its buffers."""

    name: str
    type: str
    shape: tuple[int, ...]
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """The models, those that can be kept first (fitted, then unknown, then not fitted; of each what
    predicts before what only transforms), and the frames, by name.
    """

    models: tuple[Candidate, ...]
    frames: tuple[HeldFrame, ...]


def holdings(namespace: Mapping[str, Any]) -> Holdings:
    """What ``namespace`` holds; of each at most 200. An object under two names counts once."""
    # By the id of the type: to hash or compare it may run the code of its metaclass.
    kinds = {id(kind): _HOLDER for kind in (dict, list, tuple)}
    found: list[tuple[str, object]] = []
    frames: list[HeldFrame] = []
    seen: set[int] = set()
    for name, value in list(namespace.items()):
        kind = kinds.get(id(type(value)))
        if kind is None:
            kind = kinds[id(type(value))] = facts.attempt(partial(_kind, value), "")
        if not kind or not _shown(name) or id(value) in seen:
            continue
        if kind == _HOLDER and not _holds_models(value):
            continue
        seen.add(id(value))
        if kind in (_HOLDER, _MODEL):
            found.append((name, value))
        else:
            frames.append(_frame(name, value, kind))
    return Holdings(tuple(_candidates(found[:_MOST])), tuple(frames[:_MOST]))


def variables(namespace: Mapping[str, Any]) -> list[str]:
    """The names that people call their variables: no modules, nothing of IPython's."""
    return [
        name
        for name, value in list(namespace.items())
        if _shown(name) and type(value) is not ModuleType
    ]


def _shown(name: object) -> bool:
    return type(name) is str and not name.startswith("_") and name not in _IPYTHON


def _kind(value: object) -> str:
    """What frame it is, or that it is a model, by its type; "" for anything else."""
    return frame_type(value) or (_MODEL if modelish.looks_like_model(value) else "")


def _holds_models(value: Any) -> bool:
    if not 0 < len(value) <= _LARGEST_HOLDER:
        return False
    first = next(iter(value.values() if type(value) is dict else value), None)
    return bool(facts.attempt(partial(modelish.looks_like_model, first), False)) and bool(
        facts.attempt(partial(models.is_model_like, value), False)
    )


def _candidates(found: list[tuple[str, object]]) -> list[Candidate]:
    until = time.monotonic() + _SECONDS
    told: list[tuple[int, Candidate]] = []
    for name, value in found:
        fitted = models.is_fitted(value) if time.monotonic() < until else None
        only_transforms = not facts.attempt(partial(models.predicts, value), True)
        rank = {True: 0, None: 2, False: 4}.get(fitted, 2) + only_transforms
        told.append((rank, Candidate(name, value, fitted)))
    return [candidate for _, candidate in sorted(told, key=lambda pair: pair[0])]


def _frame(name: str, value: object, kind: str) -> HeldFrame:
    shape = facts.attempt(partial(shape_of, value, kind), ())
    return HeldFrame(name, kind, shape, facts.attempt(partial(bytes_of, value, kind), None))
