"""The models that this process keeps for the functions of partitions: few, each opened once.

A bundle is opened at the first partition, and is the very bytes that were meant or is refused.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from snapbook.batch.answers import Answers
from snapbook.batch.portable import Portable
from snapbook.batch.wanted import Wanted
from snapbook.errors import Damaged, NotFound
from snapbook.serve import start
from snapbook.serve.load import Bundle, open_bundle


class Held:
    """What a process keeps of a bundle. One question at a time: models are not made for more."""

    def __init__(self, answers: Answers, lock: threading.Lock) -> None:
        self.answers = answers
        self._lock = lock

    def answer(self, table: Any) -> Any:
        """The answers to an Arrow table, row by row, as one. Raises Unfit."""
        with self._lock:
            return self.answers.answer(table, 0)


_Key = tuple[str, str, bool]
_MOST = 4  # models that a process keeps
_opening = threading.Lock()
_models: dict[_Key, tuple[Bundle, Any, threading.Lock]] = {}
_ready: dict[tuple[_Key, Wanted], Held] = {}


def portable(
    path: Path, bundle: Bundle, model: Any, trusted: bool, wanted: Wanted, like: object = None
) -> Portable:
    """The bundle at ``path``, which was opened and whose ``model`` was loaded, as a function.

    ``like`` is a frame whose columns are as those that will come: of pandas, Dask or Spark, or of
    any other library where no types are asked for.
    """
    place = str(path.resolve())
    made = Portable(bundle.ref, place, bundle.digest, trusted, wanted, b"", _types(like))
    with _opening:
        _keep(_key(made), bundle, model)
    return replace(made, fields=held_for(made).answers.fields.serialize().to_pybytes())


def held_for(asked: Portable) -> Held:
    """What this process keeps for ``asked``; opened and loaded at the first time."""
    key = _key(asked)
    with _opening:
        held = _ready.get((key, asked.wanted))
        if held is None:
            if key not in _models:
                bundle = _same(asked)
                _keep(key, bundle, start.model_of(bundle, asked.trusted))
            bundle, model, lock = _models[key]
            held = _ready[key, asked.wanted] = Held(Answers(bundle, model, asked.wanted), lock)
        return held


def _key(asked: Portable) -> _Key:
    return asked.path, asked.digest, asked.trusted


def _keep(key: _Key, bundle: Bundle, model: Any) -> None:
    """Keep a model that was loaded, and forget the oldest where there are many."""
    if key in _models:
        return
    while len(_models) >= _MOST:
        oldest = next(iter(_models))
        del _models[oldest]
        for known in [one for one in _ready if one[0] == oldest]:
            del _ready[known]
    _models[key] = (bundle, model, threading.Lock())


def _same(asked: Portable) -> Bundle:
    """The bundle that ``asked`` was made of. Raises NotFound, Damaged where it is another one."""
    try:
        bundle = open_bundle(asked.path)
    except NotFound as error:
        raise NotFound(
            f"Not predicted: the bundle of {asked.ref} is not on this machine",
            act="Export it to a folder that all workers reach, and name that to snapbook.predictor",
        ) from error
    if bundle.digest != asked.digest:
        raise Damaged("Not predicted", f"the bundle of {asked.ref} was replaced by another one")
    return bundle


def _types(like: Any) -> Any:
    """What is known of the columns of ``like``: an empty pandas frame, or Spark's types by name."""
    meta = getattr(like, "_meta", None)  # Dask's own empty frame
    if type(meta).__module__.partition(".")[0] == "pandas":
        return meta
    if type(like).__module__.partition(".")[0] == "pandas":
        return like.iloc[:0]
    if any(base.__module__.startswith("pyspark.") for base in type(like).__mro__):
        return {field.name: field.dataType.simpleString() for field in like.schema.fields}
    return None
