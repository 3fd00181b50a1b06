"""Seldon Core 2: each version as a Model that MLServer loads, a rollout as an Experiment.

The folder of a version holds the bundle's ordinary pickle and MLServer's settings: one tensor a
column, as the V2 protocol of our own server has it. Requests are split, or mirrored, by Seldon.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import BadOption, NotRestorable
from snapbook.export import kubernetes
from snapbook.export.manifests import Document, Release, Rollout, only, selector, weights, written
from snapbook.serve import schema

_API = "mlops.seldon.io/v1alpha1"
_RUNTIME = """\
\"\"\"MLServer's runtime for scikit-learn, for a model that needs code of its own.\"\"\"

import sys
from contextlib import contextmanager
from pathlib import Path

import joblib
from mlserver.utils import get_model_uri
from mlserver_sklearn import SKLearnModel


@contextmanager
def importable(folder):
    \"\"\"What lies in a folder can be imported here, and no other version's of the same name.\"\"\"
    tops = {path.name.partition(".")[0] for path in folder.iterdir()}
    forget(tops)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        forget(tops)


def forget(tops):
    for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
        del sys.modules[name]


class Model(SKLearnModel):
    \"\"\"The same, with the code that lies beside the model.\"\"\"

    async def load(self):
        uri = await get_model_uri(self._settings)
        with importable(Path(uri).resolve().parent / "code"):
            self._model = joblib.load(uri)
        return True
"""

Read = Callable[[str], bytes]


def folder(release: Release, facts: Mapping[str, Any], read: Read) -> dict[str, bytes]:
    """What MLServer loads, of a bundle's facts and files, by the names of files.

    Raises NotRestorable for models that are no pickles, Unclear where the inputs are not known.
    """
    load = facts["load"]
    if load["kind"] != "joblib":
        raise NotRestorable(
            f"MLServer is not given {release.ref}",
            f"it is kept in the form of {facts.get('framework')}",
            act="Use --to kserve, which runs our own server",
        )
    code = [name for name in facts["files"] if name.startswith("code/")]
    told = schema.schema(facts, json.loads(read("signature.json")))
    settings: dict[str, Json] = {
        "name": release.own,
        "implementation": "runtime.Model" if code else "mlserver_sklearn.SKLearnModel",
        "parameters": {
            "uri": "./model.joblib",
            "version": release.number,
            "content_type": "np" if told.container == "array" else "pd",
        },
        "inputs": _inputs(told),
    }
    made = {
        "model-settings.json": (json.dumps(settings, indent=2) + "\n").encode(),
        "model.joblib": read("model/model.joblib"),
        "requirements.txt": read("environment/needed.txt"),
    }
    if code:
        made["runtime.py"] = _RUNTIME.encode()
    return {**made, **{name: read(name) for name in code}}


def files(new: Release, rollout: Rollout | None, storage: str) -> dict[str, str]:
    """The manifests by the names of their files, in the order in which they are applied.

    ``storage`` is the address that the folders of the versions are copied to.
    """
    if rollout is None:
        return {"model.yaml": written(_model(new, storage))}
    old, plan = rollout.old, rollout.plan
    only(plan, ("canary", "ab", "shadow"), "An Experiment", "Export the new version by itself")
    models = written(_model(old, storage), _model(new, storage), said="Applied first.")
    made = {"0-models.yaml": models}
    if plan.mode == "shadow":
        said = f"{old.ref} answers; {new.ref} is asked as well, and its answers are dropped."
        made["1-shadow.yaml"] = written(
            _experiment(rollout, {old.own: 100}, mirror=new.own), said=said
        )
    for name, said, share in kubernetes.steps(rollout) if plan.mode != "shadow" else ():
        left, given = weights(share)
        named = name if plan.mode == "canary" else "1-ab.yaml"
        parts = {old.own: left, new.own: given}
        made[named] = written(_experiment(rollout, parts), said=said)
    back = f"{old.ref} answers all requests."
    made["rollback.yaml"] = written(_experiment(rollout, {old.own: 100, new.own: 0}), said=back)
    return made


def storage_of(given: str | None) -> str:
    """Where the folders will lie. Raises BadOption."""
    if given is None:
        raise BadOption(
            "Where Seldon finds the model is not said",
            act="Say --storage s3://BUCKET/FOLDER, and copy the folders there",
        )
    if "://" not in given or not given.isprintable() or " " in given:
        raise BadOption(f"--storage cannot be {given[:80]!a}", act="Like s3://BUCKET/FOLDER")
    return given.rstrip("/")


def _model(release: Release, storage: str) -> Document:
    return {
        "apiVersion": _API,
        "kind": "Model",
        "metadata": release.metadata(release.own),
        "spec": {"storageUri": f"{storage}/{release.own}", "requirements": ["sklearn"]},
    }


def _experiment(rollout: Rollout, parts: Mapping[str, int], mirror: str = "") -> Document:
    """Requests to the old version's name are split among all of ``parts``."""
    old = rollout.old
    labels = selector(old.name)
    copied = {"mirror": {"name": mirror, "percent": 100}} if mirror else {}
    return {
        "apiVersion": _API,
        "kind": "Experiment",
        "metadata": {**rollout.new.metadata(old.name), "labels": labels},
        "spec": {
            "default": old.own,
            "candidates": [{"name": name, "weight": weight} for name, weight in parts.items()],
            **copied,
        },
    }


def _content(column: schema.Column) -> str:
    """What MLServer makes of a tensor: of ISO 8601 texts times, for a model that knows these."""
    if column.kind == "time":
        return "datetime"
    return "str" if column.datatype == "BYTES" else "np"


def _inputs(told: schema.Schema) -> list[Json]:
    """The columns in words of the V2 protocol; one table of numbers where it was an array."""
    if told.container == "array":
        kind = told.columns[0].datatype
        return [{"name": "X", "datatype": kind, "shape": [-1, len(told.columns)]}]
    return [
        {
            "name": column.name,
            "datatype": column.datatype,
            "shape": [-1, 1],
            "parameters": {"content_type": _content(column)},
        }
        for column in told.columns
    ]
