"""What MLflow's own files say of a model: MLmodel, requirements.txt, python_env.yaml.

They come from others: read within limits, as plain data, and never believed further than to be
shown. What cannot be read is not known; only MLmodel itself has to be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import Usage
from snapbook.export.signature import fields

NAME = "MLmodel"
REQUIREMENTS, PYTHON = "requirements.txt", "python_env.yaml"
MOST_BYTES = 256 << 10  # of any of them
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?:\[[^\]]*\])?==([A-Za-z0-9.+!_-]{1,60})")
_BRACKET = re.compile(rb"[][{}]")
_DEEPEST = 200
_LOADER = re.compile(r"mlflow\.[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Told:
    """``loader`` is the module of MLflow that loads it, ``framework`` the flavor beside pyfunc."""

    loader: str = ""
    framework: str = ""
    version: str = ""
    inputs: list[Json] = field(default_factory=list)
    outputs: list[Json] = field(default_factory=list)


def read(data: bytes) -> Told:
    """What MLmodel tells. Raises Usage where it is none."""
    table = _yaml(data)
    flavors = table.get("flavors")
    if not isinstance(flavors, dict):
        raise Usage("MLmodel names no flavors", kind="argument")
    pyfunc = flavors.get("python_function")
    loader = str(pyfunc.get("loader_module") or "") if isinstance(pyfunc, dict) else ""
    others = [str(name) for name in flavors if name != "python_function"]
    framework = others[0] if others else ""
    signature = table.get("signature")
    sides = signature if isinstance(signature, dict) else {}
    return Told(
        loader if _LOADER.fullmatch(loader) else "",
        framework[:60],
        _version(flavors.get(framework)),
        _fields(sides.get("inputs")),
        _fields(sides.get("outputs")),
    )


def pinned(data: bytes) -> dict[str, str]:
    """The packages that requirements.txt pins: canonical name -> version."""
    from packaging.utils import canonicalize_name

    lines = data.decode("utf-8", "replace").splitlines()
    found = (_PIN.match(line.strip()) for line in lines)
    return {canonicalize_name(pin[1]): pin[2] for pin in found if pin}


def python(data: bytes) -> str:
    """The version of Python that python_env.yaml names; "" for none."""
    try:
        value = _yaml(data).get("python")
    except Usage:
        return ""
    return value[:40] if isinstance(value, str) else ""


def _yaml(data: bytes) -> Mapping[str, Any]:
    import yaml

    if len(data) > MOST_BYTES:
        raise Usage("MLmodel is larger than any", kind="too-large")
    if _depth(data) > _DEEPEST:
        raise Usage("MLmodel cannot be read", "it is nested too deep", kind="argument")
    try:
        # The loader in Python: the one in C does not survive what is nested deep enough.
        value = yaml.load(data, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Usage("MLmodel cannot be read", kind="argument") from error
    if not isinstance(value, dict):
        raise Usage("MLmodel is no table", kind="argument")
    return value


def _depth(data: bytes) -> int:
    """How deep brackets are nested in ``data``: reading them takes the square of it."""
    deepest = depth = 0
    for bracket in _BRACKET.findall(data):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _version(flavor: object) -> str:
    entries = flavor if isinstance(flavor, dict) else {}
    found = [str(value) for name, value in entries.items() if str(name).endswith("_version")]
    return found[0][:40] if found else ""


def _fields(text: object) -> list[Json]:
    try:
        return fields(json.loads(text)) if isinstance(text, str) else []
    except (ValueError, RecursionError):
        return []
