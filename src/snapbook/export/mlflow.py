"""A version as a folder that MLflow loads: MLmodel, the model's bytes, and what they need.

Made of stored parts alone: a pickle is put together from its blobs and never opened. The same
Manifest gives the same bytes everywhere. What MLflow logged itself is given back as it came; what
none of its flavors reads is refused in a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from snapbook import events
from snapbook.canonical import Json
from snapbook.errors import Damaged
from snapbook.export.files import File, whole
from snapbook.export.mlflow_forms import Form, form
from snapbook.export.signature import signature
from snapbook.flavors import mlflow
from snapbook.parts import environment
from snapbook.parts.base import Part
from snapbook.parts.files import entries

Get = Callable[[str], bytes]
REF, DIGEST = "snapbook.ref", "snapbook.digest"  # tags of a version there
_NAMESPACE = "~"  # for the slash, which MLflow's names do not have, and of which ours have none
_PYTHON = "3.11.0"  # for a version that does not tell its own
# What a model's bytes need to be loaded, by the module that its framework is imported as.
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
_BACKENDS = {"tensorflow", "jax", "torch"}  # of Keras
_OURS = "snapbook"  # named in pickles of tensors, and replaced there
_ALWAYS = ("cloudpickle", "numpy", "pandas", "scipy")


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
    found = form(model, layout, get)
    code = _code(parts, model, found, get)
    surroundings = next((part for part in parts if part.kind == "environment"), None)
    python, needed = _python(surroundings), _requirements(model, surroundings, get)
    texts = {
        "MLmodel": _lines(_mlmodel(manifest, time, model, found, python, bool(code))),
        "conda.yaml": _lines(_conda(python, needed)),
        "python_env.yaml": _lines(_python_env(python)),
        "requirements.txt": "".join(f"{line}\n" for line in needed),
    }
    made = [whole(path, text.encode()) for path, text in texts.items()]
    return tuple(sorted([*made, *found.files, *code], key=lambda file: file.path))


def loader(parts: Sequence[Part], get: Get) -> str:
    """The module of MLflow that loads the version of ``parts``. Raises what `folder` raises."""
    model = next(part for part in parts if part.kind == "model")
    layout: Any = model.facts["layout"]
    if layout.get("format") == mlflow.FORMAT:
        return str(layout.get("loader") or "mlflow.pyfunc")
    return form(model, layout, get).loader


def _code(parts: Sequence[Part], model: Part, found: Form, get: Get) -> list[File]:
    """The code that loading needs: our own, and all local modules where it imports one of them."""
    kept = next((part for part in parts if (part.kind, part.name) == ("files", "modules")), None)
    listed = {str(entry["module"]): entry for entry in entries(kept) if entry.get("module")}
    named = {str(one).partition(":")[0] for one in _list(model, "imports")}
    needed = listed.values() if named & listed.keys() else ()
    return [*found.code, *(_module(entry, get) for entry in needed)]


def _module(entry: Mapping[str, Any], get: Get) -> File:
    place = str(entry["module"]).replace(".", "/")
    package = str(entry.get("path")).endswith("__init__.py")
    path = f"code/{place}/__init__.py" if package else f"code/{place}.py"
    return whole(path, b"".join(map(get, entry.get("blobs") or ())))


def _mlmodel(
    manifest: str, time: str, model: Part, found: Form, python: str, code: bool
) -> dict[str, Json]:
    place: dict[str, Json] = {"code": "code"} if code else {}
    pyfunc: dict[str, Json] = {
        "loader_module": found.loader,
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "python_version": python,
        **found.pyfunc,
        **place,
    }
    flavor = {found.loader.rpartition(".")[2]: {**found.flavor, **place}}
    told: dict[str, Json] = {
        "flavors": {"python_function": pyfunc, **flavor},
        "model_uuid": manifest[:32],
        "utc_time_created": _moment(time),
        "metadata": {DIGEST: manifest},
    }
    if (given := signature(model)) is not None:
        told["signature"] = {
            side: json.dumps(fields) if fields is not None else None
            for side, fields in given.items()
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
    names = {_DISTRIBUTIONS.get(name, name) for name in {*named, framework}} - {_OURS}
    if model.facts.get("flavor") == "skops":
        names.add("skops")  # by which MLflow reads the file
    if framework == "keras":
        names |= _BACKENDS  # which of them it was is not known
    found = {name: installed[name] for name in {*names, *_ALWAYS} if name in installed}
    if framework and _DISTRIBUTIONS.get(framework, framework) not in found:
        version = str(model.facts.get("framework_version") or "")
        found |= {_DISTRIBUTIONS.get(framework, framework): version} if version else {}
    # A build for one machine ("2.13.0+cpu") is not what others find in an index.
    pins = [f"{name}=={version.partition('+')[0]}" for name, version in sorted(found.items())]
    return ["mlflow", *pins]


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
