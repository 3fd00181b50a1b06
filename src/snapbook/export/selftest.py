"""The self-test of a bundle: rows that the version keeps, and what its model says to them.

The rows are read without executing anything. The model is asked in a process of its own, by the
same means in the exporter's environment and in one that was rebuilt, and only after trust was asked
by the caller. Numbers have six digits: machines differ in the last bits of a float.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import NotFound, SnapbookError
from snapbook.export import schema
from snapbook.parts import frame
from snapbook.parts.base import Part
from snapbook.parts.frame.names import name_text
from snapbook.process import ended
from snapbook.serve import trying

Get = Callable[[str], bytes]
MOST_ROWS = 20
_ORDER = {"test": 0, "train": 1}
_MOST_FOREIGN = 10_000
TOLERANCE = 1e-4  # by how much a number may differ, as a part of itself


def rows(parts: Sequence[Part], get: Get) -> tuple[str, list[dict[str, Any]]]:
    """A stored frame's name and its first rows, as JSON. Raises NotFound where none fits."""
    signature = schema.signature(parts)
    inputs: Any = signature["inputs"]
    names = [str(field["name"]) for field in inputs]
    frames = [part for part in parts if part.kind == "frame" and part.facts.get("stored")]
    frames.sort(key=lambda part: _ORDER.get(str(part.facts.get("role")), len(_ORDER)))
    for part in frames:
        if names and _fits(part, names, signature["container"] == "array"):
            try:
                found = frame.restore(part, get)
            except SnapbookError:
                continue  # its rows stayed with its author, or are of a library that is absent
            return part.name, _first(found, names)
    raise NotFound("There are no rows to try it on")


def tried(
    bundle: Path,
    asked: Sequence[Mapping[str, Any]],
    seconds: float,
    *,
    plain: bool,
    python: Sequence[str] = (),
) -> dict[str, Any] | str:
    """What the model of ``bundle`` says to the rows, or why it says nothing.

    ``plain``: it is read without trust, see `serve.trying`. ``python`` are the words that start
    `serve.trying` in another environment.
    """
    with tempfile.TemporaryDirectory(prefix="snapbook-selftest-") as name:
        folder = Path(name)
        (folder / "rows.json").write_bytes(canonical.encode(asked))
        said = folder / "said.json"
        command = [
            *(python or (sys.executable, "-m", trying.__name__)),
            *(str(bundle.resolve()), str(folder / "rows.json"), str(said)),
            *(["plain"] if plain else []),
        ]
        why = ended(command, folder / "log.txt", folder, seconds)
        if why or not said.exists():
            return why or "it said nothing"
        told: dict[str, Any] = canonical.decode(said.read_bytes())
        return told


def sample(
    named: str, asked: Sequence[Mapping[str, Any]], said: Mapping[str, Any]
) -> dict[str, Json]:
    """sample.json: the rows, and what the model said."""
    told: dict[str, Json] = {
        "frame": named,
        "rows": [dict(row) for row in asked],
        "answers": said["answers"],
        "digits": trying.DIGITS,
        "tolerance": TOLERANCE,
    }
    if "probabilities" in said:
        told["probabilities"] = said["probabilities"]
    return told


def sound(sample: Mapping[str, Any]) -> bool:
    """Whether a sample that came from elsewhere has rows, and answers to each of them."""
    listed = sample.get("rows")
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_FOREIGN:
        return False
    answers = [sample.get("answers"), sample.get("probabilities", sample.get("answers"))]
    return all(isinstance(row, dict) for row in listed) and all(
        isinstance(one, list) and len(one) == len(listed) for one in answers
    )


def differing(sample: Mapping[str, Any], said: Mapping[str, Any]) -> list[int]:
    """The places of the rows to which the model says something else than ``sample``."""
    wanted = list(
        zip(sample["answers"], sample.get("probabilities") or sample["answers"], strict=True)
    )
    given = list(zip(said["answers"], said.get("probabilities") or said["answers"], strict=True))
    if len(wanted) != len(given):
        return list(range(len(wanted)))
    return [place for place, pair in enumerate(zip(wanted, given, strict=True)) if not _same(*pair)]


def _fits(part: Part, names: Sequence[str], array: bool) -> bool:
    shape: Any = part.facts.get("shape") or ()
    if array:
        return len(shape) == 2 and shape[1] == len(names)
    columns: Any = part.facts.get("columns") or ()
    return set(names) <= {name_text(column["name"]) for column in columns}


def _first(table: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    """The first rows of a frame of any library, each as an object of plain values."""
    import pandas as pd

    head = table[:MOST_ROWS]
    if hasattr(head, "to_pandas"):  # polars, pyarrow
        head = head.to_pandas()
    if hasattr(head, "toarray"):  # scipy
        head = head.toarray()
    if not isinstance(head, pd.DataFrame):
        head = pd.DataFrame(head, columns=list(names))
    columns = {str(name): list(map(_plain, head[name].tolist())) for name in head.columns}
    count = len(head)
    return [{name: columns[name][place] for name in names} for place in range(count)]


def _plain(value: Any) -> Json:
    """A cell as JSON: what is missing is null, times are ISO 8601."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _same(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, list | tuple):
        return (
            isinstance(given, list | tuple)
            and len(wanted) == len(given)
            and all(map(_same, wanted, given))
        )
    if isinstance(wanted, float) and isinstance(given, float):
        near = math.isclose(wanted, given, rel_tol=TOLERANCE, abs_tol=1e-9)
        return near or (math.isnan(wanted) and math.isnan(given))
    return type(wanted) is type(given) and bool(wanted == given)
