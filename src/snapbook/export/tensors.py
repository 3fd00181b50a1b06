"""Rows as a network takes them, and what it says to them: what conversions of networks have in
common in the process that loads one.

Knows arrays and stored frames, and no framework.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook.export import agreeing, converting
from snapbook.parts import frame
from snapbook.trial.job import Folder

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_LONGEST = 300  # characters of a reason


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it: ``why`` it could not be, or on how many of the ``rows`` it differs.

    ``largest`` is the largest difference of a number, ``worst`` a sentence on the row that differs
    most, ``made`` what made it, by version.
    """

    why: str = ""
    rows: int = 0
    differing: int = 0
    largest: float = 0.0
    worst: str = ""
    made: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows, and what the network says to them."""

    rows: Array
    said: Array


def told(path: Path, said: str, work: Callable[[], Told | converting.Told]) -> None:
    """Write into ``path``/``said`` what ``work`` tells, or why it failed."""
    found: Told | converting.Told
    try:
        found = work()
    except Exception as error:  # noqa: BLE001 - the user's own network, and whatever converts it
        lines = str(error).strip().splitlines() or [type(error).__name__]
        found = Told(why=lines[0].replace(f"{path}/", "")[:_LONGEST].rstrip("."))
    (path / said).write_text(json.dumps(asdict(found)))


def asked(
    folder: Folder, frames: Sequence[tuple[str, Sequence[str]]], ask: Callable[[Array], Any]
) -> Asked:
    """The rows of the first of ``frames`` that the network answers one by one, and its answers.

    Raises what it says to the first where there is none, ValueError where it says no one array.
    """
    import numpy as np

    refusal: Exception | None = None
    for digest, inputs in frames:
        try:
            rows = _rows(folder, digest, inputs)
            said = ask(rows.copy())  # which it may write into
        except Exception as error:  # noqa: BLE001 - the user's own network: another frame may fit
            refusal = refusal or error
            continue
        if not isinstance(said, np.ndarray):
            raise ValueError("it answers with more than one array")
        if said.shape[:1] == rows.shape[:1]:
            return Asked(rows, said)
        refusal = refusal or ValueError("it does not answer each row")
    raise refusal or ValueError("there are no rows")


def compared(rows: Array, wanted: Array, found: Array, form: str) -> agreeing.Difference:
    """How ``found``, said in ``form``, differs from what the network says. Raises ValueError where
    it is of another shape.
    """
    import pandas as pd

    one, other = agreeing.one_a_row(wanted), agreeing.one_a_row(found)
    if one.shape != other.shape:
        raise ValueError(f"as {form} its answers have the shape {other.shape}, and not {one.shape}")
    table = pd.DataFrame(rows.reshape(len(rows), -1))
    return agreeing.compared(
        agreeing.Answers(one, None), agreeing.Answers(other, None), table, form
    )


def _rows(folder: Folder, digest: str, inputs: Sequence[str]) -> Array:
    """Some of the rows of a stored frame, from all over it, as 32-bit numbers."""
    import numpy as np

    held: Any = frame.restore(folder.part(digest), folder.get)
    if hasattr(held, "to_pandas"):  # polars, pyarrow
        held = held.to_pandas()
    if hasattr(held, "toarray"):  # scipy
        held = held.toarray()
    held = held[list(inputs)] if inputs else held
    places = np.unique(
        np.linspace(0, len(held) - 1, min(len(held), converting.MOST_ROWS)).astype(int)
    )
    taken = held.iloc[places] if hasattr(held, "iloc") else held[places]
    return np.array(taken, dtype="float32")
