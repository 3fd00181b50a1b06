"""Real models with real rows, as versions: for tests of gates that need them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from snapbook import canonical, signing
from snapbook.capture import Draft
from snapbook.parts import frame, model
from snapbook.parts.base import Part
from snapbook.repository import Author, Wish


def people(count=400, seed=0):
    """Rows of applicants, what became of them, and a group that is no input of any model."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "age": random.integers(18, 80, count),
            "income": random.normal(40.0, 12.0, count),
            "debt": random.normal(10.0, 4.0, count),
        }
    )
    target = pd.Series((rows.income - rows.debt > 30).astype(int), name="paid")
    group = pd.Series(np.where(random.random(count) < 0.5, "a", "b"), name="group")
    return rows, target, group


def logistic(rows, target):
    return LogisticRegression(max_iter=500).fit(rows, target)


def forest(rows, target, trees=5):
    return RandomForestClassifier(n_estimators=trees, random_state=0).fit(rows, target)


def linear(rows):
    return LinearRegression().fit(rows, rows.income * 2 - rows.debt)


def save(repository, fitted, frames, key=None, author="ada", name="churn", accuracy=0.9):
    """A version with a model and frames by name: (frame, role)."""
    writer = repository.store.writer()
    try:
        part, _ = model.capture(fitted, "model", writer)
        parts = [part, Part("metrics", "metrics", {"values": {"accuracy": accuracy}})]
        for called, (rows, role) in frames.items():
            parts.append(frame.capture(rows, called, writer, role=role).part)
        digests = tuple(writer.add(one.encode()) for one in parts)
        draft = Draft(name, tuple(parts), digests, canonical.digest("".join(digests).encode()))
        return repository.save(draft, writer, Wish(), Author(author, key)).version
    finally:
        writer.close()


def key(folder):
    return signing.own_key(folder)
