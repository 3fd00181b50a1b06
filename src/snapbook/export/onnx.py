"""A model as ONNX, taken only where it says what the model says.

The conversion and the comparison happen in a process of their own, which loads the model: the
caller has asked trust. Here is what goes in, which rows are compared, and what is said of it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from snapbook.errors import BadOption, NotFound, NotRestorable
from snapbook.export import converting, laying
from snapbook.parts.base import Part
from snapbook.process import ended
from snapbook.trial.job import Folder

Get = Callable[[str], bytes]
_PACKAGES = ("skl2onnx", "onnxruntime")
_BUNDLE = "A bundle serves the model itself, as it is"


@dataclass(frozen=True, slots=True)
class Converted:
    """The bytes of the file, and what the comparison showed: see `converting.Told`."""

    data: bytes
    told: converting.Told


def converted(
    named: str, props: Mapping[str, str], parts: Sequence[Part], get: Get, project: Path, s: float
) -> Converted:
    """The model of ``parts``, which a message calls ``named``, with ``props`` written into it.

    Raises BadOption without the packages, NotFound without rows to compare on, and NotRestorable
    where it cannot be converted, or says something else than the model.
    """
    for package in _PACKAGES:
        if find_spec(package) is None:
            raise BadOption(
                "ONNX cannot be written here",
                f"the package {package} is not installed",
                act="Install it",
                hint='pip install "snapbook[export]"',
            )
    model = next((part for part in parts if part.kind == "model"), None)
    if model is None:
        raise NotFound(f"{named} holds no model")
    if (framework := str(model.facts.get("framework") or "")) != "sklearn":
        raise _refused(named, f"it is of {framework or 'no framework'}; scikit-learn's can be")
    with tempfile.TemporaryDirectory(prefix="snapbook-onnx-") as name:
        path = Path(name)
        folder = Folder(path)
        rows, inputs = laying.laid(named, "ONNX", folder, model, parts, get)
        job = {
            "model": folder.add_part(model, get),
            "rows": rows,
            "inputs": inputs,
            "props": dict(props),
        }
        (path / converting.JOB).write_text(json.dumps(job))
        why = ended(converting.command(path), path / "log.txt", project, s)
        if not (path / converting.SAID).exists():
            raise _refused(named, why or "its process said nothing")
        told = converting.Told(**json.loads((path / converting.SAID).read_text()))
        if told.why:
            raise _refused(named, told.why)
        if told.differing:
            raise _disagrees(named, told)
        return Converted((path / converting.FILE).read_bytes(), told)


def _refused(named: str, why: str) -> NotRestorable:
    return NotRestorable(f"{named} cannot be converted to ONNX", why, act=_BUNDLE)


def _disagrees(named: str, told: converting.Told) -> NotRestorable:
    count = f"{told.differing:,} of {told.rows:,} rows"
    return NotRestorable(
        f"Not exported: as ONNX {named} says something else on {count}",
        f"the worst, {told.worst}",
        act=_BUNDLE,
    )
