"""The process in which a bundle is tried: it loads the model and asks it, and writes what it said.

Given a bundle, a file of rows, and the file to write. Whoever starts it has decided whether the
model may be loaded, or only read (`flavors.restricted`). Needs the model's own libraries and
blake3, nothing else: so it runs in an environment that was made for the bundle.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.flavors.onnxed import Onnx
from snapbook.serve import asking
from snapbook.serve.load import open_bundle

DIGITS = 6  # enough to compare, and the same text where machines differ in the last bit


def main(bundle: str, rows: str, said: str, way: str = "") -> None:
    """Ask the model for ``rows`` and write its answers to ``said``. With "plain" as the ``way``
    nothing is executed to load it, and what would need that fails.
    """
    warnings.simplefilter("ignore")
    opened = open_bundle(bundle)
    model = opened.model(plain=way == "plain")
    laid = asking.records if isinstance(model, Onnx) else asking.table
    table = laid(canonical.decode(Path(rows).read_bytes()), opened.signature)
    answers = asking.ask(model, table)
    told: dict[str, Json] = {
        **asking.as_json(answers, DIGITS),
        "independent": independent(model, table, answers),
    }
    Path(said).write_bytes(canonical.encode(told))


def independent(model: Any, table: Any, answers: Mapping[str, Any]) -> dict[str, Json]:
    """By the name of each kind of answer: whether a row's is, byte for byte, the same alone and in
    another order. Sums in another order are other numbers, so probabilities may not be where
    labels are.
    """
    count = len(table)
    turned = list(range(count))[::-1]
    turned = turned[1::2] + turned[::2]
    found: dict[str, Json] = dict.fromkeys(answers, True)
    for places in (turned, *([place] for place in range(count))):
        again = asking.ask(model, asking.taken(table, places))
        for name, array in answers.items():
            found[name] = found[name] and _equal(again.get(name), array[places])
    return found


def _equal(one: Any, other: Any) -> bool:
    if one is None or one.shape != other.shape or one.dtype.kind != other.dtype.kind:
        return False
    plain = one.dtype.kind in "biufc"
    return bool(one.tobytes() == other.tobytes() if plain else one.tolist() == other.tolist())


if __name__ == "__main__":
    main(*sys.argv[1:])
