"""The newest 50 of 100,000 versions, by tag and by metric, against MLflow's search over 10,000.

Both stay open, as in a session: our Repository, which looks for new events with each question, and
MLflow's client with its database. Both are filled past their front doors, in bulk, with the same
versions. MLflow's model versions carry no metrics, so questions about metrics go to the runs that
made them. A last row asks through the verb `list`, which opens the repository anew.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rows import race, row

from snapbook import canonical, events, places
from snapbook.catalog.files import FileCatalog
from snapbook.catalog.index import NEWEST as NEWEST_FIRST
from snapbook.catalog.index import Order
from snapbook.catalog.where import parse
from snapbook.manifest import Manifest, PartRef
from snapbook.parts.base import Part
from snapbook.repository import Repository
from snapbook.store.base import Writer
from snapbook.verbs import Here, run_words

OURS, THEIRS = 100_000, 10_000
MODELS = 10
NEWEST = 50
START = datetime(2026, 1, 1, tzinfo=UTC)
TEAMS = ("risk", "growth", "fraud", "search", "ads")


def made(count: int) -> Iterator[tuple[int, str, dict[str, float], dict[str, str], datetime]]:
    """(place, model, metrics, tags, time) of each version, oldest first."""
    for n in range(count):
        # A golden-ratio walk: spread evenly, in no order, the same in every run.
        accuracy = (n * 0.618033988749895) % 1.0
        tags = {"team": TEAMS[n % 7 % 5]}
        if n % 200 == 0:
            tags["audit"] = "passed"
        metrics = {"accuracy": accuracy, "auc": accuracy / 2 + 0.5, "loss": 1 - accuracy}
        yield n, f"model-{n % MODELS}", metrics, tags, START + timedelta(minutes=n)


def fill_ours(folder: Path, count: int) -> None:
    """A repository of ``count`` versions: one pack of blobs, a chain of events, no syncs."""
    places.create(folder / places.NAME)
    repository = places.open_folder(folder / places.NAME)
    catalog = FileCatalog(folder / places.NAME / "events")
    writer = repository.store.writer()
    prev = events.FIRST_PREV
    try:
        for n, model, metrics, tags, time in made(count):
            stamp = events.time_text(time)
            body = _version(writer, n, model, metrics, tags, stamp)
            event = events.Event(n + 1, prev, "version", stamp, "ada", body)
            path = catalog.path(event.n)
            if n == 0 or n % 1000 == 999:
                path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(events.seal(event))
            prev = event.digest
        writer.commit()
    finally:
        writer.close()


def _version(
    writer: Writer, n: int, model: str, metrics: Any, tags: Any, time: str
) -> dict[str, Any]:
    values = {"max_depth": n % 20, "n_estimators": 100}
    parts = (
        Part("model", "model", {"class_name": "RandomForestClassifier"}),
        Part("params", "model", {"values": values}),
        Part("metrics", "metrics", {"values": metrics, "main": "accuracy", "directions": {}}),
    )
    listed = tuple(PartRef(p.kind, p.name, writer.add(p.encode())) for p in parts)
    manifest = Manifest(listed, {"name": "ada", "key": ""}, "", (), time).encode()
    texts = {"salt": f"{n:032x}", "reason": f"max_depth {n % 20}", "tags": tags}
    return {
        "model": model,
        "number": f"0.{n // MODELS + 1}.0",
        "manifest": writer.add(manifest),
        "key": canonical.digest(str(n).encode()),
        "bump": "minor",
        "texts": writer.add(canonical.encode(texts)),
        "parents": [],
        "auto": False,
    }


def fill_theirs(database: str) -> tuple[Any, str]:
    """A client of a database with 10,000 registered versions, and the id of their experiment."""
    from mlflow import MlflowClient
    from mlflow.store.model_registry.dbmodels import models as registry
    from mlflow.store.tracking.dbmodels import models as tracking
    from sqlalchemy import create_engine, insert

    client = MlflowClient(tracking_uri=database, registry_uri=database)
    experiment = client.create_experiment("churn")  # makes the tables
    rows: dict[Any, list[dict[str, Any]]] = {}

    def put(table: Any, **values: Any) -> None:
        rows.setdefault(table, []).append(values)

    for number in range(MODELS):
        client.create_registered_model(f"model-{number}")
    for n, model, metrics, tags, time in made(THEIRS):
        run, version, at = f"{n:032x}", n // MODELS + 1, int(time.timestamp() * 1000)
        put(
            tracking.SqlRun, run_uuid=run, name=f"run-{n}", user_id="ada", status="FINISHED",
            start_time=at, end_time=at, lifecycle_stage="active", experiment_id=int(experiment),
            artifact_uri=f"artifacts/{run}", source_type="LOCAL", source_name="notebook",
        )  # fmt: skip
        put(
            registry.SqlModelVersion, name=model, version=version, creation_time=at,
            last_updated_time=at, current_stage="None", run_id=run, status="READY",
            source=f"artifacts/{run}/model", user_id="ada",
        )  # fmt: skip
        for key, value in metrics.items():
            found = {"run_uuid": run, "key": key, "value": value, "timestamp": at, "step": 0}
            put(tracking.SqlLatestMetric, **found, is_nan=False)
            put(tracking.SqlMetric, **found, is_nan=False)
        for key, text in tags.items():
            put(tracking.SqlTag, run_uuid=run, key=key, value=text)
            put(registry.SqlModelVersionTag, name=model, version=version, key=key, value=text)
        for key, text in (("max_depth", str(n % 20)), ("n_estimators", "100")):
            put(tracking.SqlParam, run_uuid=run, key=key, value=text)
    engine = create_engine(database)
    with engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(insert(table), values)
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()
    return client, experiment


def asked(repository: Repository, where: str = "", metric: str = "") -> Callable[[], Any]:
    """Our question: the events since the last one taken in, then a page of versions."""

    def ask() -> Any:
        order = Order(metric) if metric else NEWEST_FIRST
        expression = parse(where) if where else None
        found = repository.index.page(where=expression, order=order, limit=NEWEST)
        assert len(found.rows) == NEWEST
        assert all(version.metrics["accuracy"] is not None for version in found.rows)
        return found

    return ask


def searched(search: Callable[..., Any], *args: Any, **named: Any) -> Callable[[], Any]:
    """MLflow's question."""

    def ask() -> Any:
        found = search(*args, max_results=NEWEST, **named)
        assert len(found) == NEWEST
        return found

    return ask


def main() -> None:
    """Print the rows."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SNAPBOOK_CONFIG"] = f"{folder}/config"
        fill_ours(folder, OURS)
        repository = places.open_folder(folder / places.NAME)
        repository.follow()  # takes all versions into the index, as each is when it is made
        client, experiment = fill_theirs(f"sqlite:///{folder}/mlflow.db")
        versions, runs = client.search_model_versions, client.search_runs
        newest, started = ["creation_timestamp DESC"], ["attributes.start_time DESC"]
        questions = {
            "with metrics": (asked(repository), searched(runs, [experiment], order_by=started)),
            "by tag": (
                asked(repository, "tag.team = 'risk'"),
                searched(versions, "tag.team = 'risk'", order_by=newest),
            ),
            "by rare tag": (
                asked(repository, "tag.audit = 'passed'"),
                searched(versions, "tag.audit = 'passed'", order_by=newest),
            ),
            "by metric": (
                asked(repository, "accuracy > 0.95"),
                searched(runs, [experiment], "metrics.accuracy > 0.95", order_by=started),
            ),
            "highest metric first": (
                asked(repository, metric="accuracy"),
                searched(runs, [experiment], order_by=["metrics.accuracy DESC"]),
            ),
        }
        peer = f"mlflow {mlflow.__version__} search, 10,000 versions"
        for what, (ours, theirs) in questions.items():
            row(f"newest 50 of 100,000 versions, {what}", *race(ours, theirs, times=61), peer)
        verb = race(lambda: run_words(Here(folder), "list", []), questions["with metrics"][1])
        row("newest 50 of 100,000 versions, by the verb list", *verb, peer)


if __name__ == "__main__":
    main()
