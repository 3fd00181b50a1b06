"""Versions that can leave: models with rows, cells, local modules and a small environment."""

from __future__ import annotations

import importlib.metadata
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from snapbook import canonical, places, settings, signing
from snapbook.capture import Draft
from snapbook.inputs import with_inputs
from snapbook.lineage.log import Cell
from snapbook.parts import cells, frame, model
from snapbook.parts.base import Part
from snapbook.repository import Author, Wish
from snapbook.verbs import VERBS, Here

PACKAGES = ("scikit-learn", "numpy", "pandas", "scipy", "joblib", "threadpoolctl", "cloudpickle",
            "blake3", "python-dateutil", "six", "tzdata", "narwhals")  # fmt: skip


DUCK = """
import numpy as np

class Duck:
    def predict(self, rows):
        return (rows["age"].to_numpy() > 50).astype(int)

    def predict_proba(self, rows):
        share = rows["income"].to_numpy() / 80
        return np.column_stack([1 - share, share])
"""


def people(count=60):
    """Rows of every sort of column, and what became of them."""
    random = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "age": random.integers(18, 80, count),
            "income": random.normal(40.0, 12.0, count),
            "plan": pd.Categorical(random.choice(["basic", "pro"], count)),
            "city": np.where(random.random(count) < 0.2, None, random.choice(["x", "y"], count)),
        }
    )
    return rows, pd.Series((rows.age > 50).astype(int), name="left")


def numbers(count=60):
    """Rows of numbers alone."""
    rows, target = people(count)
    return rows[["age", "income"]], target


def forest(rows, target):
    return RandomForestClassifier(n_estimators=8, random_state=0).fit(rows, target)


def logistic(rows, target):
    return LogisticRegression(max_iter=500).fit(rows, target)


def duck(*_):
    """A model of the notebook's own, which needs numpy and pandas alone."""
    space = {"__name__": "__main__"}
    exec(DUCK, space)
    return space["Duck"]()


@contextmanager
def served_as(form, folder, target, rows):
    """The project in ``folder`` with a forest, what became of it in that form, and the bundle of
    that as a folder and as an archive; a place for verbs.
    """
    frames = {"X_train": (rows, "train"), "X_test": (rows.iloc[:50], "test")}
    with pytest.MonkeyPatch.context() as patch, Here(folder, face="cli") as here:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        with project(folder, patch) as repository:
            save(repository, forest(rows, target), frames, key=own_key())
        run(here, "export", "churn", "--to", form)
        run(here, "export", f"churn.{form}", "--to", "bundle", "-o", "bundle")
        run(here, "export", f"churn.{form}", "--to", "bundle", "-o", "bundle.zip")
        yield here


def run(here, verb, *words):
    """What a verb says to these words."""
    return VERBS[verb].run(here, VERBS[verb].parse([*words]))


def installed():
    """Packages of this environment that a model of scikit-learn needs, with their versions."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def environment(writer, packages=None):
    """An environment of a few packages, on the Python of this one."""
    import platform

    facts = {
        "python": {"version": platform.python_version(), "implementation": "CPython"},
        "imported": {},
        "installed_count": len(packages or {}),
    }
    blob = writer.add(canonical.encode(packages if packages is not None else installed()))
    return Part("environment", "environment", facts, (blob,))


def modules(writer, sources):
    """Local modules by name."""
    listed = []
    for name, source in sources.items():
        digest = writer.add(source.encode())
        path = f"{name.replace('.', '/')}.py"
        listed.append({"path": path, "module": name, "digest": digest, "size": len(source),
                       "blobs": [digest], "source": "imported"})  # fmt: skip
    return Part("files", "modules", {"files": listed}, tuple(e["digest"] for e in listed))


def save(repository, fitted, frames, *, key=None, name="churn", sources=(), local=None,
         packages=None, metrics=None, attached=None, message=""):  # fmt: skip
    """A version with frames by name: (frame, role), and cells of those sources."""
    writer = repository.store.writer()
    try:
        shown = [frame.capture(rows, called, writer, role=role).part
                 for called, (rows, role) in frames.items()]  # fmt: skip
        part, _ = model.capture(fitted, "model", writer)
        parts = [with_inputs(part, shown), *shown, environment(writer, packages)]
        parts.append(Part("metrics", "metrics", {"values": metrics or {"accuracy": 0.9}}))
        if local:
            parts.append(modules(writer, local))
        if sources:
            log = [Cell(place, place + 1, "", source) for place, source in enumerate(sources)]
            parts.append(cells.capture(log, list(range(len(log))), len(log) - 1, writer))
        if attached:
            digest = writer.add(attached.encode())
            entry = {"path": "card.md", "blobs": [digest], "size": len(attached)}
            parts.append(Part("files", "attachments", {"files": [entry]}, (digest,)))
        digests = tuple(writer.add(one.encode()) for one in parts)
        draft = Draft(name, tuple(parts), digests, canonical.digest("".join(digests).encode()))
        return repository.save(draft, writer, Wish(message=message), Author("ada", key)).version
    finally:
        writer.close()


def own_key():
    return signing.own_key(settings.folder())


def project(folder, monkeypatch):
    """A repository in ``folder``, which the verbs find, with a key of the user's own."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(folder / "config"))
    return places.make_repository(folder)
