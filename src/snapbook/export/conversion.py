"""A conversion in a process of its own: what it gets, and what came of it.

It gets the model and rows of the version's own, laid down in a folder, compares on these what it
made, and says what it found. What that means is the caller's to tell.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import BadOption, NotFound, NotRestorable
from snapbook.parts.base import Part
from snapbook.process import ended
from snapbook.trial import choosing
from snapbook.trial.job import Folder

Get = Callable[[str], bytes]
_ORDER = {"test": 0, "train": 1}


@dataclass(frozen=True, slots=True)
class Process:
    """How one is started in a folder, and its files there: what it is asked, what it says, makes.

    ``form`` is what it makes, ``packages`` what it needs and ``install`` how to get them,
    ``refused`` what to raise, and why. It takes models of ``framework``, whose name in a message is
    ``whose``, and gets no more than ``tries`` frames that they may take.
    """

    form: str
    packages: tuple[str, ...]
    command: Callable[[Path], list[str]]
    job: str
    said: str
    file: str
    refused: Callable[[str, str], NotRestorable]
    install: str = 'pip install "snapbook[export]"'
    framework: str = "sklearn"
    whose: str = "scikit-learn's"
    tries: int = 1


def ran(
    process: Process,
    named: str,
    parts: Sequence[Part],
    get: Get,
    project: Path,
    seconds: float,
    more: Mapping[str, Json],
) -> tuple[dict[str, Any], bytes]:
    """What the process says of the model of ``parts``, and what it made of it, if anything; a
    message calls it ``named``, ``more`` is what else is asked.

    Raises BadOption without the packages, NotFound without rows to compare on, and what ``refused``
    gives where it came to no end.
    """
    for package in process.packages:
        if find_spec(package) is None:
            raise BadOption(
                f"{process.form} cannot be written here",
                f"the package {package} is not installed",
                act="Install it",
                hint=process.install,
            )
    model = taken(process, named, parts)
    with tempfile.TemporaryDirectory(prefix="snapbook-convert-") as name:
        path = Path(name)
        folder = Folder(path)
        frames = _laid(named, process, folder, model, parts, get)
        rows, inputs = frames[0]
        job = {"model": folder.add_part(model, get), "rows": rows, "inputs": inputs, **more}
        job["frames"] = frames
        (path / process.job).write_text(json.dumps(job))
        why = ended(process.command(path), path / "log.txt", project, seconds)
        if not (path / process.said).exists():
            raise process.refused(named, why or "its process said nothing")
        told: dict[str, Any] = json.loads((path / process.said).read_text())
        if told["why"]:
            raise process.refused(named, told["why"])
        made = path / process.file
        return told, made.read_bytes() if made.exists() else b""


def taken(process: Process, named: str, parts: Sequence[Part]) -> Part:
    """The model of ``parts``. Raises NotFound without one, and what ``refused`` gives where the
    process takes none of its framework.
    """
    model = next((part for part in parts if part.kind == "model"), None)
    if model is None:
        raise NotFound(f"{named} holds no model")
    if (framework := str(model.facts.get("framework") or "")) != process.framework:
        why = f"it is of {framework or 'no framework'}; {process.whose} can be"
        raise process.refused(named, why)
    return model


def _laid(
    named: str, process: Process, folder: Folder, model: Part, parts: Sequence[Part], get: Get
) -> list[tuple[str, list[str]]]:
    """Lay down rows to compare on: the digests of their parts, and the columns to take of each."""
    laid: list[tuple[str, list[str]]] = []
    for part, inputs in (_fitting if process.framework == "sklearn" else _tensors)(model, parts):
        if len(laid) == process.tries:
            break
        try:
            laid.append((folder.add_part(part, get), inputs))
        except NotFound:
            continue  # its rows stayed with its author
    if laid:
        return laid
    raise NotFound(
        f"Not exported: {named} keeps no rows to compare {process.form} with it on",
        act="Version it again with the data that it is tested on",
    )


def _fitting(model: Part, parts: Sequence[Part]) -> Iterator[tuple[Part, list[str]]]:
    """Stored frames that the model takes, its test data first, those of which nothing is known
    last; and the columns, [] for all.
    """
    fields: Any = model.facts.get("inputs") or ()
    names = [str(field.get("name")) for field in fields if isinstance(field, Mapping)]
    frames = [part for part in parts if part.kind == "frame" and part.facts.get("stored")]
    for role in ("test", "train", ""):
        for part in frames:
            if (part.facts.get("role") or "") != role or not names:
                continue
            shape: Any = part.facts.get("shape") or ()
            if set(names) <= set(choosing.columns(part)):
                yield part, names
            elif len(shape) == 2 and shape[1] == len(names):
                yield part, []


def _tensors(model: Part, parts: Sequence[Part]) -> Iterator[tuple[Part, list[str]]]:
    """Stored frames that a network may take, as `_fitting` does. Few networks say what they take,
    and what they were trained on may be one column or many: whoever loads it finds out.
    """
    fields: Any = model.facts.get("inputs") or ()
    names = [str(one.get("name")) for one in fields if isinstance(one, Mapping)]
    frames = [part for part in parts if part.kind == "frame" and part.facts.get("stored")]
    # Code that trains a network by a loop of its own does not tell what the loop trains it on.
    frames.sort(key=lambda part: _ORDER.get(str(part.facts.get("role")), len(_ORDER)))
    for part in frames:
        shape: Any = part.facts.get("shape") or ()
        if len(shape) > 1:
            there = choosing.columns(part)
            yield part, names if names and set(names) <= set(there) else []
