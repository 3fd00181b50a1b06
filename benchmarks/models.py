"""Bytes of twenty versions of a model that grows, and speed of restoring, each against its peer.

Prints one JSON line for each row: {"row", "ours", "peer", "peer_name", "ratio", "target", "pass"}.
Bytes are those of the pack files that the local store wrote, the parts (facts) included; seconds
are the median of several runs that take turns with the peer.
"""

from __future__ import annotations

import io
import json
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import joblib
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from snapbook.parts import model as models
from snapbook.parts.base import Part
from snapbook.store.local import LocalStore

VERSIONS = 20
RUNS = 9


def report(row: str, ours: float, peer: float, peer_name: str, target: float | None) -> None:
    ratio = ours / peer
    passed = None if target is None else ratio <= target
    found = {"row": row, "ours": ours, "peer": peer, "peer_name": peer_name}
    print(json.dumps({**found, "ratio": round(ratio, 4), "target": target, "pass": passed}))
    sys.stdout.flush()


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


def packed(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def grow(row: str, versions: Iterable[object], target: float) -> None:
    """Bytes of all versions in one store against as many full copies."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = LocalStore(folder)
        full = 0
        for model in versions:
            keep(store, model)
            full += copied(model)
        report(row, packed(folder), full, f"joblib {joblib.__version__} full copies", target)
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


def race(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of both, taking turns, after one warm run each."""
    times: tuple[list[float], list[float]] = ([], [])
    for run in range(RUNS + 1):
        for side, act in enumerate((ours, peer)):
            start = time.perf_counter()
            act()
            if run:
                times[side].append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def restore(row: str, model: object, target: float, loads: str) -> None:
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
            )
            version = torch.__version__
        else:
            joblib.dump(model, file)
            ours, peer = race(lambda: models.restore(part, store.get), lambda: joblib.load(file))
            version = joblib.__version__
        report(row, ours, peer, f"{loads} {version}", target)
        store.close()


def save(row: str, model: object) -> None:
    """Capture, facts, digest and a durable pack against a plain dump; no target of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stores = iter(range(1000))

        def ours() -> None:
            store = LocalStore(folder / str(next(stores)))
            keep(store, model)
            store.close()

        ours_s, peer_s = race(ours, lambda: joblib.dump(model, folder / "peer"))
        report(row, ours_s, peer_s, f"joblib.dump {joblib.__version__}", None)


def main() -> None:
    warnings.simplefilter("ignore")
    grow("bytes: forest warm_start 100..119", forests(), 0.016)
    grow("bytes: gradient boosting +1 stage, three classes", boostings(3), 0.04)
    grow("bytes: gradient boosting +1 stage, two classes", boostings(2), 0.04)
    grow("bytes: torch, last layer tuned", tuned(), 0.053)
    X, y = data()
    forest = RandomForestClassifier(100, random_state=0, n_jobs=-1).fit(X, y)
    restore("restore: forest 100 trees 20k x 20", forest, 1.2, "joblib.load")
    net = network()
    restore("restore: torch 25 MB", net, 4, "joblib.load")
    restore("restore: torch 25 MB", net, 4, "torch.load")
    save("save: forest 100 trees 20k x 20", forest)
    save("save: torch 25 MB", net)


if __name__ == "__main__":
    main()
