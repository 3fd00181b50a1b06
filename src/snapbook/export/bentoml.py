"""BentoML: a folder with a service that needs BentoML and what the model needs, and no snapbook.

The service is one text for all models: what differs (names and types of the columns) it reads from
the bundle's signature, so that requests are checked and described with the real columns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from snapbook.errors import NotRestorable
from snapbook.export.manifests import Release, written
from snapbook.serve import schema

_SERVICE = '''\
"""Serves a model with BentoML: bentoml serve service:Model"""

import json
import sys
from pathlib import Path

import bentoml
import joblib
import pandas as pd
from pydantic import ConfigDict, Field, create_model

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "code"))  # what the model was pickled with
TOLD = json.loads((HERE / "signature.json").read_text())
ABOUT = json.loads((HERE / "about.json").read_text())
KINDS = {"float": float, "int": int, "bool": bool, "text": str, "category": str, "time": str}


def kind(column):
    """What a value of a column may be, in Python's types."""
    found = KINDS.get(column["kind"], str | float | bool)
    if column["kind"] == "category" and not all(isinstance(v, str) for v in column["seen"]):
        found = str | float | bool
    return found | None if column["nullable"] else found


Row = create_model(
    "Row",
    __config__=ConfigDict(extra="forbid", strict=True, populate_by_name=False),
    **{
        f"column_{place}": (kind(column), Field(alias=column["name"]))
        for place, column in enumerate(ABOUT["columns"])
    },
)


def table(rows):
    """The rows as the model was trained on."""
    data = {}
    for place, column in enumerate(ABOUT["columns"]):
        values = pd.Series([getattr(row, f"column_{place}") for row in rows])
        if column["kind"] == "category" and column["seen"]:
            values = values.astype(pd.CategoricalDtype(column["seen"], column["ordered"]))
        elif column["kind"] == "category":
            values = values.astype("category")
        elif column["kind"] == "time":
            values = pd.to_datetime(values)
        elif column["kind"] == "float" or not column["nullable"] and column["kind"] != "any":
            values = values.astype(column["stored"])
        data[column["name"]] = values
    frame = pd.DataFrame(data)
    return frame.to_numpy() if TOLD["container"] == "array" else frame


@bentoml.service(name=ABOUT["name"])
class Model:
    def __init__(self):
        self.model = joblib.load(HERE / "model.joblib")

    @bentoml.api(batchable=ABOUT["together"])
    def predict(self, rows: list[Row]) -> list:
        return pd.Series(self.model.predict(table(rows))).tolist()

    if TOLD["outputs"].get("probabilities"):

        @bentoml.api
        def predict_proba(self, rows: list[Row]) -> list:
            return pd.DataFrame(self.model.predict_proba(table(rows))).to_numpy().tolist()
'''
Read = Callable[[str], bytes]


def files(release: Release, facts: Mapping[str, Any], read: Read) -> dict[str, bytes]:
    """The folder, of a bundle's facts and files, by the names of files.

    Raises NotRestorable for models that are no pickles, Unclear where the inputs are not known.
    """
    if facts["load"]["kind"] != "joblib":
        raise NotRestorable(
            f"BentoML is not given {release.ref}",
            f"it is kept in the form of {facts.get('framework')}",
            act="Serve the bundle, or use --to kserve",
        )
    signature = json.loads(read("signature.json"))
    told = schema.schema(facts, signature)
    about = {
        "name": release.name,
        "ref": release.ref,
        "manifest": release.manifest,
        "together": signature.get("rows_independent") is True,
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "stored": column.stored,
                "nullable": column.nullable,
                "seen": list(column.categories),
                "ordered": column.ordered,
            }
            for column in told.columns
        ],
    }
    code = [name for name in facts["files"] if name.startswith("code/")]
    needed = read("environment/needed.txt").decode()
    build = {
        "service": "service:Model",
        "labels": {"snapbook.ref": release.ref, "snapbook.digest": release.manifest},
        "include": ["service.py", "*.json", "model.joblib", "code/"],
        "python": {"requirements_txt": "./requirements.txt"},
    }
    return {
        "service.py": _SERVICE.encode(),
        "bentofile.yaml": written(build).encode(),
        "requirements.txt": f"{needed}bentoml>=1.4\njoblib\n".encode(),
        "about.json": (json.dumps(about, indent=2, ensure_ascii=False) + "\n").encode(),
        "signature.json": read("signature.json"),
        "model.joblib": read("model/model.joblib"),
        **{name: read(name) for name in code},
    }
