"""People and versions for tests of promotion: a repository with three versions of one model."""

from __future__ import annotations

from snapbook import canonical
from snapbook.capture import Draft
from snapbook.parts.base import Part
from snapbook.refs import parse
from snapbook.repository import Author, Wish

ADA, BOB, EVE = Author("ada"), Author("bob"), Author("eve")
COLUMNS = (0.0, 1.0)


def profile(shift=0.0):
    quantiles = [shift + place / 10 for place in range(11)]
    return {"kind": "numeric", "nulls": 0.0, "quantiles": quantiles, "mean": shift, "std": 1.0}


def parts(accuracy=0.9, inputs=("age",), shift=0.0, size=1000, packages=None, **metrics):
    """The parts of a version, by hand."""
    fields = [{"name": name, "type": "float64"} for name in inputs]
    digest = canonical.digest(repr((accuracy, inputs, shift, size, metrics)).encode())
    facts = {"class_name": "Hand", "digest": digest, "inputs": fields, "stored_bytes": size}
    measured = {
        "values": {"accuracy": accuracy, **metrics},
        "main": "accuracy",
        "directions": {"accuracy": "max"},
    }
    return (
        Part("model", "model", facts),
        Part("metrics", "metrics", measured),
        Part(
            "frame",
            "X",
            {"role": "train", "columns": [{"name": "age", "profile": profile(shift)}]},
        ),
        Part("environment", "environment", {"imported": packages or {"numpy": "2.1.0"}}),
    )


def made(repository, author=ADA, model="churn", **facts):
    """A version with such parts."""
    given = parts(**facts)
    writer = repository.store.writer()
    try:
        digests = tuple(writer.add(part.encode()) for part in given)
        draft = Draft(model, given, digests, canonical.digest("".join(digests).encode()))
        return repository.save(draft, writer, Wish(), author).version
    finally:
        writer.close()


def row(repository, ref):
    return repository.resolve(parse(ref))
