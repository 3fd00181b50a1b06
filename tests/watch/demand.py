"""A forecast of demand that is versioned, and a log of how it was served; faulty, if wanted."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from snapbook import canonical
from snapbook.capture import Draft
from snapbook.inputs import with_inputs
from snapbook.parts import frame, model
from snapbook.parts.base import Part
from snapbook.repository import Author, Wish
from snapbook.watch.answers import Answers, Outcomes, Refused, Traffic, texts
from snapbook.watch.kept import Keeping

BASE = {"toys": 40.0, "food": 10.0, "books": 20.0, "tools": 30.0}
EVERY_S = 86.0
TURNED = 2 / 3  # of the time, after which the fault begins


def rows(count, seed=0, price=5.0, shelves=(0.3, 0.3, 0.4, 0.0)):
    """Rows and what was sold."""
    rng = np.random.default_rng(seed)
    found = pd.DataFrame(
        {
            "category": pd.Categorical(rng.choice(list(BASE), count)),
            "price": rng.gamma(4, price, count),
            "weekday": rng.integers(0, 7, count),
            "shelf": rng.choice(["A", "B", "C", "D"], count, p=shelves),
        }
    )
    sold = found.price * 3 + found.category.map(BASE).astype(float) + rng.normal(0, 4, count)
    return found, pd.Series(sold, name="sold")


def fitted():
    """A pipeline over them."""
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    encoder = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((encoder, ["category", "shelf"]), remainder="passthrough")
    return make_pipeline(columns, LinearRegression()).fit(*rows(3000))


def version(repository, made=None, message="", role="train"):
    """The forecast as a version of that repository."""
    writer = repository.store.writer()
    taken, sold = rows(3000)
    try:
        frames = [
            frame.capture(taken, "X_train", writer, role=role).part,
            frame.capture(sold, "y_train", writer, role=role).part,
        ]
        part, _ = model.capture(made or fitted(), "model", writer)
        parts = [with_inputs(part, frames), *frames]
        parts.append(Part("metrics", "metrics", {"values": {"rmse": 4.0}}))
        digests = tuple(writer.add(one.encode()) for one in parts)
        draft = Draft("demand", tuple(parts), digests, canonical.digest("".join(digests).encode()))
        return repository.save(draft, writer, Wish(message=message), Author("ada")).version
    finally:
        writer.close()


def log(folder, manifest, *, faulty=True, moved=True, count=3000, outcomes=True, number="0.1.0"):
    """What was met in the last days: with ``faulty`` toys are forecast a fifth too high for the
    last third of the time; with ``moved`` prices are higher and there is a new shelf.
    """
    shelves = (0.3, 0.3, 0.3, 0.1) if moved else (0.3, 0.3, 0.4, 0.0)
    met, sold = rows(count, 7, 7.0 if moved else 5.0, shelves)
    begun = time.time() - count * EVERY_S
    when = begun + EVERY_S * np.arange(count)
    truth = sold.to_numpy()
    rng = np.random.default_rng(8)
    told = truth + rng.normal(0, 4, count)
    if faulty:
        late = when >= when[int(count * TURNED)]
        told = np.where((met.category == "toys").to_numpy() & late, told * 1.2, told)
    ids, first = texts([f"request-{n:05}" for n in range(count)]), np.zeros(count, np.int32)
    columns = {
        "category": texts(met.category.tolist()),
        "price": met.price.to_numpy(),
        "weekday": met.weekday.to_numpy(float),
        "shelf": texts(met.shelf.tolist()),
    }
    ms = (2 + rng.gamma(2, 1, count)).astype(np.float32)
    keeping = Keeping(folder, {"model": "demand", "number": number, "manifest": manifest})
    keeping.add("answers", Answers(when, ids, first, ms, told, columns))
    if outcomes:
        keeping.add("outcomes", Outcomes(when + 3600, ids, first, truth))
    starts = np.arange(begun, begun + count * EVERY_S, 600.0)
    one = np.ones(len(starts))
    asked = rng.poisson(7, len(starts)) + 1.0
    keeping.add("traffic", Traffic(starts, 600 * one, asked, asked, 0 * one, 0 * one, asked,
                                   0 * one, 3 * one, 8 + rng.gamma(2, 1, len(starts))))  # fmt: skip
    keeping.add(
        "refused", Refused(when[:3], texts(["unfit"] * 3), texts(["price"] * 2 + ["shelf"]))
    )
    keeping.close()
    return when
