"""Many clients at once against `mlflow server`: versions pushed, aliases resolved, each second.

Sixteen push small versions for half a minute, sixty-four ask what stands behind an alias; over
SQLite and a folder, and over PostgreSQL and S3. Both servers have several processes: ours as many
as the machine has cores, MLflow's the four that it starts by itself. Clients are four processes of
threads, on the same cores, for both alike. Ours push versions that `save` made before. MLflow's
upload a model folder that was written before, with a run, a parameter and a metric: `log_model`,
which makes twice the requests and works for seconds in the client, is spared them.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from rows import row
from served import PEER, Server, ours, servers, theirs

PROCESSES, PUSHERS, READERS = 4, 16, 64
PUSH_S, READ_S = 30.0, 10.0
MOST_EACH = 120  # versions that each of our clients has ready: more than it can push in time

Act = Callable[[], object]


def begun_clients(make: Callable[..., list[Act]], count: int, seconds: float, *words: Any) -> float:
    """Acts a second of ``count`` clients: each calls the acts that ``make`` gives, in turn."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES + 1)
    results = context.SimpleQueue()
    each = count // PROCESSES
    started = [
        context.Process(target=_client, args=(make, place, each, seconds, barrier, results, words))
        for place in range(PROCESSES)
    ]
    for process in started:
        process.start()
    barrier.wait()
    found = [results.get() for _ in started]
    for process in started:
        process.join()
    if failed := [why for _, _, why in found if why]:
        raise RuntimeError(failed[0])
    return sum(done for done, _, _ in found) / max(took for _, took, _ in found)


def _client(
    make: Callable[..., list[Act]],
    place: int,
    count: int,
    seconds: float,
    barrier: Barrier,
    results: Any,
    words: tuple[Any, ...],
) -> None:
    """One process: ``count`` threads, each with the acts of its own client."""
    logging.disable(logging.WARNING)
    lists, why = [], ""
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["SNAPBOOK_CONFIG"] = f"{folder}/config"
            lists = [make(Path(folder), place * count + n, *words) for n in range(count)]
            barrier.wait()
            begun = time.monotonic()

            def work(acts: list[Act]) -> int:
                for done, act in enumerate(acts):
                    if time.monotonic() - begun > seconds:
                        return done
                    act()
                return len(acts)

            with ThreadPoolExecutor(count) as threads:
                done = sum(threads.map(work, lists))
            took = time.monotonic() - begun
    except Exception as error:  # noqa: BLE001 - whatever it is: the others wait for it
        done, took, why = 0, 1.0, repr(error)
        barrier.abort()
    results.put((done, took, why))


def our_pushes(folder: Path, client: int, url: str, token: str) -> list[Act]:
    """A repository of its own with versions as `save` makes them; each act pushes the next one."""
    from sklearn.linear_model import LogisticRegression

    import snapbook
    from snapbook.registry.remote import Remote
    from snapbook.repository import Author
    from snapbook.transfer import Local, transfer

    name, place = f"m{client}", folder / f"c{client}"
    place.mkdir()
    os.chdir(place)
    for number in range(MOST_EACH):
        model = LogisticRegression(C=client + number + 1.0).fit([[0.0], [1.0]], [0, 1])
        snapbook.save(model, name, metrics={"accuracy": number / MOST_EACH})
    repository = snapbook.open(place)
    side = Remote(url, token, name)
    author = Author("bench")

    def push(version: Any) -> Act:
        return lambda: transfer(Local(repository), side, version, author)

    return [push(version) for version in reversed(list(repository.every_version()))]


def their_pushes(folder: Path, client: int, url: str, token: str) -> list[Act]:
    """A model folder, written once; each act uploads it, with a run, and registers it."""
    del token
    import mlflow
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param
    from sklearn.linear_model import LogisticRegression

    name, place = f"m{client}", folder / f"c{client}"
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    mlflow.sklearn.save_model(
        model, place, pip_requirements=["scikit-learn"], serialization_format="cloudpickle"
    )
    side = MlflowClient(url, url)
    side.create_registered_model(name)

    def push() -> None:
        run = side.create_run("0").info.run_id
        now = int(time.time() * 1000)
        side.log_batch(run, [Metric("accuracy", 0.9, now, 0)], [Param("C", "1.0")])
        side.log_artifacts(run, str(place), "model")
        side.create_model_version(name, f"runs:/{run}/model", run)
        side.set_terminated(run)

    return [push] * MOST_EACH


def our_reads(folder: Path, client: int, url: str, token: str) -> list[Act]:
    """The version behind an alias."""
    del folder, client
    from snapbook.registry.remote import Remote

    side = Remote(url, token)
    return [lambda: side.resolve("m0@production")] * 100_000


def their_reads(folder: Path, client: int, url: str, token: str) -> list[Act]:
    """The version behind an alias."""
    del folder, client, token
    from mlflow import MlflowClient

    side = MlflowClient(url, url)
    return [lambda: side.get_model_version_by_alias("m0", "production")] * 100_000


def measured(one: Server, two: Server, where: str) -> None:
    """Two rows: pushes and reads."""
    mine = begun_clients(our_pushes, PUSHERS, PUSH_S, one.url, one.token)
    other = begun_clients(their_pushes, PUSHERS, PUSH_S, two.url, "")
    # Rates: how long one takes, so that less is better as in all other rows.
    row(f"16 clients push small versions, {where}", 1 / mine, 1 / other, PEER, "s")
    _named(one, two)
    mine = begun_clients(our_reads, READERS, READ_S, one.url, one.token)
    other = begun_clients(their_reads, READERS, READ_S, two.url, "")
    row(f"64 clients resolve an alias, {where}", 1 / mine, 1 / other, PEER, "s")


def _named(one: Server, two: Server) -> None:
    """What was pushed last is in production."""
    from mlflow import MlflowClient

    from snapbook.registry.remote import Remote

    with Remote(one.url, one.token) as side:
        newest = side.resolve("m0")
        told = side.http.post("/promotions", {"ref": newest.ref, "alias": "production"})
        assert told
    MlflowClient(two.url, two.url).set_registered_model_alias("m0", "production", "1")


@contextmanager
def shared(folder: Path) -> Iterator[tuple[Callable[[], str], Callable[[], str]]]:
    """A PostgreSQL and a server of S3; what gives a database and a place in a bucket of each."""
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    postgres, s3 = servers.Postgres(folder / "postgres"), servers.S3(folder / "s3")
    try:
        given = s3.environment
        os.environ |= {**given, "MLFLOW_S3_ENDPOINT_URL": given["AWS_ENDPOINT"]}
        yield (lambda: postgres.url), (lambda: s3.url)
    finally:
        s3.stop()
        postgres.stop()


def main() -> None:
    """Print the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        workers = ("--workers", str(os.cpu_count()))
        with ours(folder / "ours", *workers) as one, theirs(folder / "theirs") as two:
            measured(one, two, "SQLite and a folder")
        with shared(folder) as (database, store):
            mine = ("--database", database(), "--store", store())
            with (
                ours(folder / "ours-shared", *mine, *workers) as one,
                theirs(folder / "theirs-shared", database(), store()) as two,
            ):
                measured(one, two, "PostgreSQL and S3")


if __name__ == "__main__":
    main()
