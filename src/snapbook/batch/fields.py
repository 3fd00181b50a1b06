"""What answers are called, and of which Arrow types they are.

One column for a model with one answer a row, numbered ones for several, one a class for
probabilities; then the reason why there is none, then the version. Knows arrays that a model gave,
and no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.errors import Unclear, Usage
from snapbook.flavors.pickler import said
from snapbook.serve.schema import Schema

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

PREDICTION, PROBABILITY, WHY = "prediction", "probability_", "prediction_error"
VERSION, DIGEST = "snapbook_version", "snapbook_digest"


def seen(answers: Sequence[Array], classes: Sequence[Any]) -> list[Any]:
    """The fields of ``answers``: what the model predicted, and perhaps the probabilities of
    ``classes``. Raises Unclear for answers that are no plain values.
    """
    import pyarrow as pa

    found = []
    for place, array in enumerate(answers):
        parts = split(array)
        if place:
            words = classes if len(classes) == len(parts) else range(len(parts))
            names = [f"{PROBABILITY}{word}" for word in words]
        else:
            names = _numbered(len(parts))
        pairs = zip(names, parts, strict=True)
        found += [pa.field(name, _typed(part, name).type) for name, part in pairs]
    return found


def told(
    ref: str, outputs: Mapping[str, Any], classes: Sequence[Any], probabilities: bool
) -> list[Any]:
    """The fields that a signature's ``outputs`` tell. Raises Unclear where they do not."""
    import pyarrow as pa

    if classes:
        found = [pa.field(PREDICTION, pa.array(list(classes)).type)]
    elif outputs.get("kind") == "numbers" and not probabilities:
        count = len(outputs.get("fields") or ())
        found = [pa.field(name, pa.float64()) for name in _numbered(count)]
    else:
        why = f"{ref} does not say what it answers"
        raise Unclear("Not predicted", why, act="Export it with a self-test")
    if probabilities:
        found += [pa.field(f"{PROBABILITY}{one}", pa.float64()) for one in classes]
    return found


def schema(fields: Sequence[Any], spare: bool, named: bool) -> Any:
    """The schema of ``fields`` and of what stands behind them: the reason, the version."""
    import pyarrow as pa

    texts = [*([WHY] if spare else []), *([VERSION, DIGEST] if named else [])]
    return pa.schema([*fields, *(pa.field(name, pa.string()) for name in texts)])


def classes(model: Any, told: Schema) -> tuple[Any, ...]:
    """The classes in the order of the model's probabilities, as plain values."""
    import numpy as np

    try:
        own = np.asarray(getattr(model, "classes_", None))
    except Exception:  # noqa: BLE001 - a property of the user's own model
        return told.classes
    return tuple(own.tolist()) if own.ndim == 1 and len(own) else told.classes


def split(array: Array) -> list[Array]:
    """An answer's columns."""
    wide = array.reshape(len(array), -1) if array.ndim > 1 else array[:, None]
    return [wide[:, place] for place in range(wide.shape[1])]


def fitted(answers: Any, field: Any, ref: str) -> Any:
    """A column of answers in the type that was settled. Raises Usage for answers of another."""
    import pyarrow as pa

    try:
        return _arrow(answers).cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        why = f"{ref} answered what is no {field.type}, as its other answers are"
        raise Usage("Not predicted", why) from error


def _numbered(count: int) -> list[str]:
    return [f"{PREDICTION}_{place}" for place in range(count)] if count > 1 else [PREDICTION]


def _typed(array: Array, name: str) -> Any:
    import pyarrow as pa

    try:
        return _arrow(array)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise Unclear(
            "Not predicted", f"the answers for {name} are no plain values ({said(error)})"
        ) from error


def _arrow(answers: Any) -> Any:
    """Answers of a model, or plain values, as one Arrow array."""
    import pyarrow as pa

    texts = not isinstance(answers, list) and answers.dtype.kind in "OUS"
    return pa.array(answers.tolist() if texts else answers)
