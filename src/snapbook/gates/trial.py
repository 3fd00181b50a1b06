"""What a gate gets that needs the model itself: objects, where reading facts is not enough.

Such a gate is a function from a Trial to a Verdict. It runs in a process of its own (`trial`), on
the machine of whoever judges, after trust was asked. Knows no process, no store and no policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.canonical import Json
from snapbook.gates.base import Verdict

if TYPE_CHECKING:
    import numpy as np

# What every gate of this sort takes, beside its own: which rows the model is tried on.
ROWS: Mapping[str, str] = {"rows": "text", "target": "text", "rows_of": "text"}


@dataclass(frozen=True, slots=True)
class Trial:
    """A model, the rows it is tried on, and the model in whose place it would come.

    ``rows`` are what it takes, ``target`` what should come out, None where that is not known, one
    a row. ``baseline`` is None, and ``shown`` (its number) empty, where nothing is in place or the
    settings compare with nothing. ``frames`` are all frames at hand, by name. ``facts`` tell what
    the rows are, and the stored bytes of both models.
    """

    model: Any
    rows: Any
    target: Any
    baseline: Any
    shown: str
    settings: Mapping[str, Any]
    frames: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Json] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many rows it is tried on. Raises ValueError where its facts do not say it."""
        count = self.facts.get("count")
        if not isinstance(count, int):
            raise ValueError("the rows are not counted")
        return count


TrialGate: TypeAlias = Callable[[Trial], Verdict]


def predicted(model: Any, rows: Any) -> np.ndarray[Any, Any]:
    """What ``model`` says of ``rows``, one value a row. Raises what the model raises."""
    import numpy as np

    found = np.asarray(_asked(model, rows))
    if found.ndim > 1 and found.shape[-1] == 1:
        found = found.reshape(found.shape[:-1])
    if found.ndim == 2:  # scores of classes, as networks give them
        found = found.argmax(axis=1)
    if found.ndim != 1:
        raise ValueError(f"it gives {found.ndim} dimensions, one value a row is needed")
    return found


def flat(values: Any) -> np.ndarray[Any, Any]:
    """A column of any library as an array of one dimension."""
    import numpy as np

    found = np.asarray(values)
    return found.reshape(len(found)) if found.ndim != 1 else found


def is_number(values: np.ndarray[Any, Any]) -> bool:
    """Whether these are amounts rather than classes: floats that are not all whole."""
    import numpy as np

    if values.dtype.kind != "f":
        return False
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and bool((finite != np.floor(finite)).any())


def regresses(trial: Trial, said: np.ndarray[Any, Any]) -> bool:
    """Whether the model gives amounts, and no classes; ``said`` is what it gave."""
    if hasattr(trial.model, "classes_"):
        return False
    if trial.target is not None and flat(trial.target).dtype.kind != "f":
        return said.dtype.kind == "f" and is_number(said)
    return is_number(said)


def _asked(model: Any, rows: Any) -> Any:
    bases = [f"{base.__module__}.{base.__qualname__}" for base in type(model).__mro__]
    if "torch.nn.modules.module.Module" in bases:
        return _by_torch(model, rows)
    if "xgboost.core.Booster" in bases:
        return model.inplace_predict(rows)
    predict = getattr(model, "predict", None)
    return predict(rows) if callable(predict) else model(rows)


def _by_torch(model: Any, rows: Any) -> Any:
    import numpy as np
    import torch

    model.eval()
    with torch.no_grad():
        return model(torch.as_tensor(np.asarray(rows, dtype=np.float32))).cpu().numpy()
