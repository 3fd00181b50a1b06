"""A model in the form of skops, which loads without a pickle, taken only where it answers the same.

Conversion and comparison happen in a process of their own, which loads the model: the caller has
asked trust. skops' file is an archive of JSON and arrays; what it may build is listed in it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from snapbook.errors import BadOption, NotFound, NotRestorable
from snapbook.export import laying, skopsing
from snapbook.parts.base import Part
from snapbook.process import ended
from snapbook.trial.job import Folder

Get = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Converted:
    """The bytes of the file, and what the comparison showed: see `skopsing.Told`."""

    data: bytes
    told: skopsing.Told


def converted(
    named: str, parts: Sequence[Part], get: Get, project: Path, seconds: float
) -> Converted:
    """The model of ``parts``, which a message calls ``named``.

    Raises BadOption without skops, NotFound without rows to compare on, and NotRestorable where it
    cannot be converted, or answers otherwise than the model.
    """
    if find_spec("skops") is None:
        raise BadOption(
            "The form of skops cannot be written here",
            "the package skops is not installed",
            act="Install it",
            hint='pip install "snapbook[export]"',
        )
    model = next((part for part in parts if part.kind == "model"), None)
    if model is None:
        raise NotFound(f"{named} holds no model")
    if (framework := str(model.facts.get("framework") or "")) != "sklearn":
        raise _refused(named, f"it is of {framework or 'no framework'}; scikit-learn's can be")
    with tempfile.TemporaryDirectory(prefix="snapbook-skops-") as name:
        path = Path(name)
        folder = Folder(path)
        rows, inputs = laying.laid(named, "skops", folder, model, parts, get)
        job = {"model": folder.add_part(model, get), "rows": rows, "inputs": inputs}
        (path / skopsing.JOB).write_text(json.dumps(job))
        why = ended(skopsing.command(path), path / "log.txt", project, seconds)
        if not (path / skopsing.SAID).exists():
            raise _refused(named, why or "its process said nothing")
        told = skopsing.Told(**json.loads((path / skopsing.SAID).read_text()))
        if told.why:
            raise _refused(named, told.why)
        if told.differing:
            count = f"{told.differing:,} of {told.rows:,} rows"
            raise _refused(named, f"read again it answers {count} otherwise")
        return Converted((path / skopsing.FILE).read_bytes(), told)


def _refused(named: str, why: str) -> NotRestorable:
    act = "A bundle serves the model itself, as it is"
    return NotRestorable(f"{named} cannot be given the form of skops", why, act=act)
