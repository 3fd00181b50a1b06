"""A version as a folder that MLflow loads: MLmodel, the model's bytes, and what they need.

Made of stored parts alone: a pickle is put together from its blobs and never opened. The same
Manifest gives the same bytes everywhere. What MLflow logged itself is given back as it came; what
none of its flavors reads is refused in a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from snapbook import events
from snapbook.canonical import Json
from snapbook.errors import Damaged, NotRestorable
from snapbook.export.signature import signature
from snapbook.flavors import mlflow, native, pickled
from snapbook.parts import environment
from snapbook.parts.base import Part

Get = Callable[[str], bytes]
REF, DIGEST = "snapbook.ref", "snapbook.digest"  # tags of a version there
_NAMESPACE = "~"  # for the slash, which MLflow's names do not have, and of which ours have none
_PYTHON = "3.11.0"  # for a version that does not tell its own
# What a model's bytes need to be loaded, by the module that its framework is imported as.
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
_ALWAYS = ("cloudpickle", "numpy", "pandas", "scipy")


@dataclass(frozen=True, slots=True)
class File:
    """One file of the folder; ``size`` is None where only reading it tells."""

    path: str
    size: int | None
    read: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class _Bytes:
    """The model's own file, and the entries of MLmodel that say how it is loaded."""

    file: File
    loader: str
    entries: Mapping[str, Json]


def named(model: str) -> str:
    """What a model of ours is called in MLflow: risk~churn for risk/churn."""
    return model.replace("/", _NAMESPACE)


def model_of(name: str) -> str:
    """The model of ours that MLflow calls ``name``."""
    return name.replace(_NAMESPACE, "/")


def folder(manifest: str, time: str, parts: Sequence[Part], get: Get) -> tuple[File, ...]:
    """The files of the version whose Manifest is ``manifest``, of ``time``; by their paths.

    Raises NotRestorable where no flavor of MLflow reads such a model, Damaged.
    """
    model = next((part for part in parts if part.kind == "model"), None)
    layout = model.facts.get("layout") if model is not None else None
    if model is None or not isinstance(layout, Mapping):
        raise Damaged("A stored model cannot be read", "its facts say nothing of its bytes")
    if layout.get("format") == mlflow.FORMAT:
        return tuple(
            File(kept.path, kept.size, partial(mlflow.read, kept, get))
            for kept in sorted(mlflow.kept(layout, model.blobs), key=lambda kept: kept.path)
        )
    held = _bytes(model, layout, get)
    surroundings = next((part for part in parts if part.kind == "environment"), None)
    python, needed = _python(surroundings), _requirements(model, surroundings, get)
    texts = {
        "MLmodel": _lines(_mlmodel(manifest, time, model, held, python)),
        "conda.yaml": _lines(_conda(python, needed)),
        "python_env.yaml": _lines(_python_env(python)),
        "requirements.txt": "".join(f"{line}\n" for line in needed),
    }
    made = [_text(path, text) for path, text in texts.items()]
    return tuple(sorted([*made, held.file], key=lambda file: file.path))


def loader(parts: Sequence[Part], get: Get) -> str:
    """The module of MLflow that loads the version of ``parts``. Raises what `folder` raises."""
    model = next(part for part in parts if part.kind == "model")
    layout: Any = model.facts["layout"]
    if layout.get("format") == mlflow.FORMAT:
        return str(layout.get("loader") or "mlflow.pyfunc")
    return _bytes(model, layout, get).loader


def _bytes(model: Part, layout: Mapping[str, Json], get: Get) -> _Bytes:
    form = layout.get("format")
    if form == pickled.FORMAT and model.facts.get("framework") not in ("torch", "keras"):
        file = File("model.pkl", None, lambda: pickled.plain_pieces(layout, model.blobs, get))
        return _Bytes(file, "mlflow.sklearn", {"sklearn": {
            "pickled_model": "model.pkl",
            "serialization_format": "cloudpickle" if layout.get("by_value") else "pickle",
            "sklearn_version": _version(model, "sklearn"),
        }})  # fmt: skip
    if form == "xgboost-ubj":
        return _Bytes(_native(model, layout, "model.ubj", get), "mlflow.xgboost", {"xgboost": {
            "data": "model.ubj",
            "model_class": "xgboost.core.Booster",
            "model_format": "ubj",
            "xgb_version": _version(model, "xgboost"),
        }})  # fmt: skip
    if form == "lightgbm-text":
        return _Bytes(_native(model, layout, "model.lgb", get), "mlflow.lightgbm", {"lightgbm": {
            "data": "model.lgb",
            "model_class": "lightgbm.basic.Booster",
            "lgb_version": _version(model, "lightgbm"),
        }})  # fmt: skip
    named = str(model.facts.get("class_name") or model.name)
    raise NotRestorable(
        f"{named} cannot be handed to MLflow",
        "its bytes are kept in a form that no flavor of MLflow reads",
        act="Restore it with snapbook, and log it with MLflow",
    )


def _native(model: Part, layout: Mapping[str, Json], path: str, get: Get) -> File:
    """The first of a framework's own files; the rest is what only we want to have again."""
    return File(
        path,
        None,
        lambda: iter(native.fetch(str(layout["format"]), layout, model.blobs, get)[0][:1]),
    )


def _version(model: Part, framework: str) -> str:
    known = model.facts.get("framework") == framework
    return str(model.facts.get("framework_version") or "") if known else ""


def _mlmodel(manifest: str, time: str, model: Part, held: _Bytes, python: str) -> dict[str, Json]:
    pyfunc: dict[str, Json] = {
        "loader_module": held.loader,
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "python_version": python,
    }
    if held.loader == "mlflow.sklearn":
        pyfunc |= {"model_path": held.file.path, "predict_fn": "predict"}
    else:
        pyfunc["data"] = held.file.path
    told: dict[str, Json] = {
        "flavors": {"python_function": pyfunc, **held.entries},
        "model_uuid": manifest[:32],
        "utc_time_created": _moment(time),
        "metadata": {DIGEST: manifest},
    }
    if (found := signature(model)) is not None:
        told["signature"] = {
            side: json.dumps(fields) if fields is not None else None
            for side, fields in found.items()
        }
    return told


def _moment(time: str) -> str:
    try:
        return events.parse_time(time).replace(tzinfo=None).isoformat(" ", "microseconds")
    except ValueError:
        return time


def _python(part: Part | None) -> str:
    value: Any = part.facts.get("python") if part is not None else None
    return str(value["version"]) if isinstance(value, Mapping) and "version" in value else _PYTHON


def _requirements(model: Part, part: Part | None, get: Get) -> list[str]:
    """What was in use when the model was made and bears on loading it, with its versions.

    The framework, what the pickle imports, and what MLflow hands data over with; for an environment
    that tells nothing the framework alone.
    """
    installed = environment.installed(part, get) if part is not None else {}
    named = {str(one).partition(":")[0].partition(".")[0] for one in _list(model, "imports")}
    framework = str(model.facts.get("framework") or "")
    names = {_DISTRIBUTIONS.get(name, name) for name in {*named, framework}}
    found = {name: installed[name] for name in {*names, *_ALWAYS} if name in installed}
    if framework and _DISTRIBUTIONS.get(framework, framework) not in found:
        version = str(model.facts.get("framework_version") or "")
        found |= {_DISTRIBUTIONS.get(framework, framework): version} if version else {}
    return ["mlflow", *(f"{name}=={version}" for name, version in sorted(found.items()))]


def _list(model: Part, name: str) -> Sequence[Json]:
    value = model.facts.get(name)
    return value if isinstance(value, list | tuple) else ()


def _conda(python: str, needed: list[str]) -> dict[str, Json]:
    pip: dict[str, Json] = {"pip": [*needed]}
    packages: list[Json] = [f"python={python}", "pip", pip]
    return {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": packages}


def _python_env(python: str) -> dict[str, Json]:
    return {
        "python": python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": ["-r requirements.txt"],
    }


def _lines(value: Mapping[str, Json]) -> str:
    """``value`` as YAML, of which JSON is a part."""
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _text(path: str, text: str) -> File:
    data = text.encode()
    return File(path, len(data), lambda: iter((data,)))
