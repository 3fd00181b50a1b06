"""A model asked: rows as JSON objects become what it takes, and its answers become JSON.

Knows the bundle's signature and the few ways in which frameworks predict. Imports a framework only
where the model is of it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from snapbook.canonical import Json

Row = Mapping[str, Any]


def table(rows: Sequence[Row], signature: Mapping[str, Any]) -> Any:
    """``rows`` as the model takes them: a DataFrame with the columns and types of ``signature``, or
    an array where it was trained on one. Raises ValueError or TypeError for values of other types.
    """
    import pandas as pd

    inputs = signature.get("inputs") or [{"name": name, "type": ""} for name in rows[0]]
    columns = {
        str(field["name"]): _column([row.get(field["name"]) for row in rows], field)
        for field in inputs
    }
    frame = pd.DataFrame(columns)
    return frame.to_numpy() if signature.get("container") == "array" else frame


def records(rows: Sequence[Row], signature: Mapping[str, Any]) -> Any:
    """``rows`` as records of numpy's, which need no pandas: for models of ONNX."""
    import numpy as np

    names = [str(field["name"]) for field in signature.get("inputs") or ()] or list(rows[0])
    listed = [tuple(row.get(name) for name in names) for row in rows]
    return np.array(listed, dtype=[(name, object) for name in names])


def taken(table: Any, places: Sequence[int]) -> Any:
    """The rows of ``table`` at ``places``, in that order."""
    return table.iloc[list(places)] if hasattr(table, "iloc") else table[list(places)]


def ask(model: Any, table: Any) -> dict[str, Any]:
    """``answers``, an array of one a row, and ``probabilities`` where the model tells them."""
    import numpy as np

    found = {"answers": np.asarray(predicted(model, table))}
    if callable(probable := getattr(model, "predict_proba", None)):
        told = probable(table)
        if not isinstance(told, list):  # one table for each output
            found["probabilities"] = np.asarray(told)
    return found


def predicted(model: Any, table: Any) -> Any:
    """What ``model`` answers to ``table``, in the way of its framework."""
    module = type(model).__module__.partition(".")[0]
    if module == "xgboost" and type(model).__name__ == "Booster":
        import xgboost

        return model.predict(xgboost.DMatrix(table, enable_categorical=True))
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        model.eval()
        with torch.no_grad():
            return model(torch.as_tensor(_numbers(table))).numpy()
    if module == "keras" or any(one.__module__.startswith("keras.") for one in type(model).__mro__):
        return model.predict(_numbers(table), verbose=0)
    predict = getattr(model, "predict", None)
    return predict(table) if callable(predict) else model(table)


def as_json(answers: Mapping[str, Any], digits: int = 17) -> dict[str, Json]:
    """`ask`'s answers as JSON, with so many digits of each number."""
    return {name: _short(array.tolist(), digits) for name, array in answers.items()}


def _column(values: list[Any], field: Mapping[str, Any]) -> Any:
    import pandas as pd

    kind = str(field.get("type") or "")
    if kind == "category":
        known = field.get("categories")
        return pd.Series(
            pd.Categorical(values, categories=known, ordered=bool(field.get("ordered")))
        )
    if kind in ("", "object"):
        return pd.Series(values, dtype=object) if kind else pd.Series(values)
    return pd.Series(values, dtype=kind)


def _numbers(table: Any) -> Any:
    """What networks take: 32-bit numbers."""
    import numpy as np

    return np.asarray(table, dtype="float32")


def _short(value: Any, digits: int) -> Json:
    if isinstance(value, list):
        return [_short(one, digits) for one in value]
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    return value if value is None or isinstance(value, str | int | bool) else str(value)
