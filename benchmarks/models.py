"""Bytes of twenty versions of a model that grows, and speed of restoring, each against its peer.

Bytes are those of the pack files that the local store wrote, the parts (facts) included.
"""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import joblib
from rows import race, row, weight
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from snapbook.parts import model as models
from snapbook.parts.base import Part
from snapbook.store.local import LocalStore

VERSIONS = 20
RUNS = 9


def keep(store: LocalStore, model: object) -> Part:
    """One version: the model's blobs and its part in one pack."""
    writer = store.writer()
    try:
        part, _ = models.capture(model, "model", writer)
        writer.add(part.encode())
        writer.commit()
    finally:
        writer.close()
    return part


def copied(model: object) -> int:
    """The bytes of a full copy."""
    sink = io.BytesIO()
    joblib.dump(model, sink)
    return len(sink.getvalue())


def grow(what: str, versions: Iterable[object]) -> None:
    """Bytes of all versions in one store against as many full copies."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = LocalStore(folder)
        full = 0
        for model in versions:
            keep(store, model)
            full += copied(model)
        row(
            f"20 versions, {what}",
            weight(folder),
            full,
            f"joblib {joblib.__version__} full copies",
            "B",
        )
        store.close()


def data(classes: int = 2) -> tuple[Any, Any]:
    return make_classification(20_000, 20, n_informative=10, n_classes=classes, random_state=0)


def forests() -> Iterable[object]:
    X, y = data()
    model = RandomForestClassifier(100, warm_start=True, random_state=0, n_jobs=-1)
    for trees in range(100, 100 + VERSIONS):
        yield model.set_params(n_estimators=trees).fit(X, y)


def boostings(classes: int) -> Iterable[object]:
    X, y = data(classes)
    model = GradientBoostingClassifier(n_estimators=100, warm_start=True, random_state=0)
    for stages in range(100, 100 + VERSIONS):
        yield model.set_params(n_estimators=stages).fit(X[:4000], y[:4000])


def network() -> Any:
    """25 MB of float32."""
    import torch

    torch.manual_seed(0)
    layer = torch.nn.Linear
    sizes = (1024, 2048, 2048, 64)
    return torch.nn.Sequential(
        layer(sizes[0], sizes[1]),
        torch.nn.ReLU(),
        layer(sizes[1], sizes[2]),
        torch.nn.ReLU(),
        layer(sizes[2], sizes[3]),
        torch.nn.ReLU(),
        layer(sizes[3], 10),
    )


def tuned() -> Iterable[object]:
    import torch

    model = network()
    for _ in range(VERSIONS):
        with torch.no_grad():
            model[-1].weight += torch.randn_like(model[-1].weight) / 100
        yield model


def restore(what: str, model: object, loads: str) -> None:
    """Restoring from packs against loading the peer's file; both from the page cache."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = LocalStore(folder)
        part = keep(store, model)
        file = folder / "peer"
        if loads == "torch.load":
            import torch

            torch.save(model, file)
            ours, peer = race(
                lambda: models.restore(part, store.get),
                lambda: torch.load(file, weights_only=False),
                times=RUNS,
            )
            version = torch.__version__
        else:
            joblib.dump(model, file)
            ours, peer = race(
                lambda: models.restore(part, store.get), lambda: joblib.load(file), times=RUNS
            )
            version = joblib.__version__
        row(what, ours, peer, f"{loads} {version}")
        store.close()


def save(what: str, model: object) -> None:
    """Capture, facts, digest and a durable pack against a plain dump; no target of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stores = iter(range(1000))

        def ours() -> None:
            store = LocalStore(folder / str(next(stores)))
            keep(store, model)
            store.close()

        ours_s, peer_s = race(ours, lambda: joblib.dump(model, folder / "peer"), times=RUNS)
        row(what, ours_s, peer_s, f"joblib.dump {joblib.__version__}")


def main() -> None:
    warnings.simplefilter("ignore")
    grow("forest warm_start 100..119", forests())
    grow("gradient boosting +1 stage, two classes", boostings(2))
    grow("gradient boosting +1 stage, three classes", boostings(3))
    grow("torch, last layer tuned", tuned())
    X, y = data()
    forest = RandomForestClassifier(100, random_state=0, n_jobs=-1).fit(X, y)
    restore("restore, forest 100 trees 20k x 20", forest, "joblib.load")
    net = network()
    restore("restore, torch 25 MB", net, "joblib.load")
    restore("restore, torch 25 MB, beside torch.load", net, "torch.load")
    save("save, forest 100 trees 20k x 20", forest)
    save("save, torch 25 MB", net)


if __name__ == "__main__":
    main()
