"""A model asked in its own way and in shorter ones, and all that can be seen of an answer."""

import warnings

import numpy as np
import pandas as pd
from plates import inputs

from snapbook.serve.predictor import Predictor
from snapbook.serve.refusal import Failed
from snapbook.serve.schema import schema

FACTS = {"model": "churn", "number": "1.4.0", "manifest": "ab" * 32}


def learnt(frame, container="table"):
    """The schema of models that were fitted on ``frame``."""
    names = {str(name): True for name in frame}
    told = inputs(frame.rename(columns=str), **names)
    return schema(FACTS, {"inputs": told, "container": container, "outputs": {}})


def table(predictor, frame):
    """The rows of ``frame`` as a request brings them."""
    columns = [frame.iloc[:, place].to_numpy() for place in range(frame.shape[1])]
    return predictor.layout.table(columns, len(frame))


def both(model, frame, container="table"):
    """What asks ``model`` in its own way, and what does so in shorter ways that were proven."""
    slow, fast = (Predictor(model, learnt(frame, container)) for _ in range(2))
    fast.shorten(table(fast, frame.head(8)))
    return slow, fast


def told(predictor, method, rows):
    """An answer with all that can be seen of it, or what was raised."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            found = predictor.answer(method, rows)
        except Failed as error:
            return type(error.cause), str(error.cause)
    values = found.tolist() if found.dtype == object else found.tobytes()
    return values, found.dtype, found.shape, [str(one.message) for one in warned]


def numbers(rows=60, seed=0):
    drawn = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "a": drawn.normal(size=rows),
            "b": drawn.normal(size=rows).astype("float32"),
            "c": drawn.integers(-5, 5, rows),
            "d": drawn.random(rows) > 0.5,
        }
    )


def never(*_, **__):
    raise AssertionError("the model's own way was gone")


def check(model, frame, container, seed, rows, odd):
    """Both ways answer so many rows of ``frame`` alike, one of which holds what is ``odd``."""
    slow, fast = both(model, frame, container)
    drawn = np.random.default_rng(seed)
    asked = frame.iloc[drawn.integers(len(frame), size=rows)].reset_index(drop=True)
    floats = [name for name in asked if asked[name].dtype.kind == "f"]
    if odd and floats:
        with np.errstate(over="ignore"):
            odd = np.float32(odd) if asked[floats[-1]].dtype == np.float32 else odd
        asked.loc[drawn.integers(rows), floats[-1]] = odd
    for method in slow.methods:
        assert told(fast, method, table(fast, asked)) == told(slow, method, table(slow, asked))
