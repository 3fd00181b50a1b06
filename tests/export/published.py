"""Manifests held to what their makers publish: classes of their SDKs, schemas in their packages.

Nothing of these packages is imported or run, but Hera's models: the SDKs of KServe and Kubernetes
list each class's members and types as literals, the npm packages hold JSON schemas as literals. A
member that they do not name is refused, as `kubectl apply` refuses it.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import re
from pathlib import Path

import jsonschema
import pytest

TOP = Path(__file__).resolve().parents[2]
ROOT = Path(os.environ.get("SNAPBOOK_TEST_SCHEMAS") or TOP / ".venv/schemas").absolute()
FAMILIES = {"kserve": "kserve/models", "kubernetes": "kubernetes/client/models"}
KINDS = {
    ("serving.kserve.io/v1beta1", "InferenceService"): "V1beta1InferenceService",
    ("apps/v1", "Deployment"): "V1Deployment",
    ("v1", "Service"): "V1Service",
    ("v1", "Secret"): "V1Secret",
}
_NPM = "node_modules/@kubernetes-models"
FILES = {
    "Rollout": f"{_NPM}/argo-rollouts/argoproj.io/v1alpha1/Rollout.js",
    "AnalysisTemplate": f"{_NPM}/argo-rollouts/argoproj.io/v1alpha1/AnalysisTemplate.js",
    "HTTPRoute": f"{_NPM}/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute.js",
}
_SIMPLE = {"str": str, "int": int, "bool": bool, "float": (int, float)}


def hold(document: dict) -> None:
    """Hold a manifest to the schema of its kind; the test is skipped where that is not here."""
    kind = document["apiVersion"], document["kind"]
    if kind in KINDS:
        conform(document, KINDS[kind])
    else:
        schema(kind[1]).validate(document)


def there(path: str) -> Path:
    found = ROOT / path
    if not found.exists():
        pytest.skip("published schemas are not installed: scripts/test does")
    return found


def conform(value: object, kind: str, where: str = "") -> None:
    """Assert that ``value`` is what the SDKs' class or type ``kind`` may be."""
    if inner := re.fullmatch(r"list\[(.*)\]", kind):
        assert isinstance(value, list), f"{where} is no list"
        for place, one in enumerate(value):
            conform(one, inner[1], f"{where}[{place}]")
    elif inner := re.fullmatch(r"dict\(str, (.*)\)", kind):
        assert isinstance(value, dict), f"{where} is no mapping"
        for name, one in value.items():
            assert isinstance(name, str)
            conform(one, inner[1], f"{where}.{name}")
    elif kind in _SIMPLE:
        sound = isinstance(value, _SIMPLE[kind]) and (kind == "bool" or value is not True)
        assert sound, f"{where} is {value!r}, no {kind}"
    elif kind not in ("object", "file", "datetime", "IntOrString"):
        assert isinstance(value, dict), f"{where} is no {kind}"
        types, names, needed = members(kind)
        for name, one in value.items():
            assert name in names, f"{where}.{name}: {kind} has no such member"
            conform(one, types[names[name]], f"{where}.{name}")
        for name in needed:
            assert name in value, f"{where}.{name} is needed in {kind}"


@functools.cache
def members(kind: str) -> tuple[dict, dict, set]:
    """The types of a class by its members, its members by their names in JSON, what it needs."""
    own = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()
    family = "kserve" if (there(FAMILIES["kserve"]) / f"{own}.py").exists() else "kubernetes"
    path = there(FAMILIES[family]) / f"{own}.py"
    source = path.read_text()
    found = {}
    for node in ast.walk(ast.parse(source)):
        name = getattr(node.targets[0], "id", "") if isinstance(node, ast.Assign) else ""
        if name in ("openapi_types", "attribute_map"):
            found[name] = ast.literal_eval(node.value)
    names = {text: member for member, text in found["attribute_map"].items()}
    must = set(re.findall(r"Invalid value for `(\w+)`, must not be `None`", source))
    return found["openapi_types"], names, {n for n, member in names.items() if member in must}


@functools.cache
def schema(kind: str) -> jsonschema.Draft202012Validator:
    """The JSON schema that a module of npm's holds; nothing is allowed that it does not name."""
    text = there(FILES[kind]).read_text()
    literal = text[text.index("const schema = ") + len("const schema = ") :]
    found, _ = json.JSONDecoder().raw_decode(literal)
    found["properties"]["metadata"] = {"type": "object", "required": ["name"]}
    return jsonschema.Draft202012Validator(closed(found))


def closed(part: object) -> object:
    """A schema that refuses members it does not name, and knows what Kubernetes' "nullable" is."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {name: closed(one) for name, one in part.items()}
    free = made.get("x-kubernetes-preserve-unknown-fields")
    if made.get("properties") and isinstance(made["properties"], dict) and not free:
        made.setdefault("additionalProperties", False)
    return made
