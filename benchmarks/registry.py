"""A registry against `mlflow server`: at rest, a push, 200 MB up and down, lists and aliases.

Both answer on loopback as processes of their own: ours with `registry serve`, MLflow's with its
defaults, which pass artifacts on. Clients are the usual ones of each, ours without a pinned key.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from listing import fill_ours, fill_theirs
from rows import race, row
from served import PEER, Server, cpu, memory, ours, theirs
from traffic import Counted

import snapbook
from snapbook import places
from snapbook.refs import parse
from snapbook.registry.remote import Remote
from snapbook.repository import Author
from snapbook.transfer import Local, transfer

IDLE_S = 3.0
TREES, ROWS, COLUMNS = 100, 20_000, 20
LARGE = 200_000_000
LISTED, PAGE = 10_000, 50
PUSHER = Author("bench")


def at_rest(folder: Path) -> None:
    """What each weighs when nobody asks, and how long it takes to be ready: medians of three."""
    found = []
    for turn in range(3):
        with ours(folder / f"rest{turn}") as one, theirs(folder / f"rest-mlflow{turn}") as two:
            time.sleep(IDLE_S)
            found.append((memory(one.pid), memory(two.pid), one.ready_s, two.ready_s))
    mine, other, mine_s, other_s = (median(column) for column in zip(*found, strict=True))
    row("registry at rest, memory", mine, other, PEER, "B")
    row("registry, time to ready", mine_s, other_s, PEER)


def successor(folder: Path) -> None:
    """A forest of 100 trees is there; one with a tree more is pushed, medians of five."""
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    x, y = make_classification(ROWS, COLUMNS, random_state=0)
    forest = RandomForestClassifier(TREES, warm_start=True, random_state=0, n_jobs=2).fit(x, y)
    taken: list[list[float]] = []
    with (
        ours(folder / "push") as one,
        theirs(folder / "push-mlflow") as two,
        Counted(one.port) as mine,
        Counted(two.port) as other,
    ):
        acts = pushed(mine.port, one.token), logged(other.port)
        for turn in range(6):
            snapbook.save(forest, "churn")
            costs: list[float] = []
            for side, act in zip((mine, other), acts, strict=True):
                before = side.bytes, side.requests
                start = time.perf_counter()
                act(forest)
                seconds = time.perf_counter() - start
                costs += [seconds, side.bytes - before[0], side.requests - before[1]]
            if turn:  # the first one is no successor
                taken.append(costs)
            forest.set_params(n_estimators=forest.n_estimators + 1).fit(x, y)
    mine_s, mine_b, mine_r, other_s, other_b, other_r = (
        median(column) for column in zip(*taken, strict=True)
    )
    row("push of a successor, bytes", mine_b, other_b, PEER, "B")
    row("push of a successor, requests", mine_r, 3, "a limit of 3", "requests")
    row("push of a successor, time", mine_s, other_s, f"{PEER}, log_model")
    row("push of a successor, requests beside log_model", mine_r, other_r, PEER, "requests")


def pushed(port: int, token: str) -> Callable[[Any], object]:
    """Push the newest version of the repository here, which was saved before."""
    side = Remote(f"http://127.0.0.1:{port}", token, "churn")

    def push(_: Any) -> None:
        with snapbook.open() as repository:
            newest = repository.resolve(parse("churn"))
            assert transfer(Local(repository), side, newest, PUSHER).accepted.new

    return push


def logged(port: int) -> Callable[[Any], object]:
    """`log_model`, registered, with given requirements: inferring them takes seconds."""
    import mlflow

    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    mlflow.set_experiment("churn")

    def log(model: Any) -> None:
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                model,
                name="model",
                registered_model_name="churn",
                pip_requirements=["scikit-learn"],
                # Its default (skops) refuses a forest unless types are trusted by name.
                serialization_format="cloudpickle",
            )

    return log


def large(folder: Path) -> None:
    """200 MB that nothing compresses, up and down: the server's CPU, and its memory at most."""
    from mlflow import MlflowClient

    data = folder / "large.bin"
    with data.open("wb") as out:
        for _ in range(LARGE // 1_000_000):
            out.write(os.urandom(1_000_000))
    with ours(folder / "big") as one, theirs(folder / "big-mlflow") as two:
        side = Remote(one.url, one.token, "large")
        snapbook.save({"weights": 1.0}, "large", attach=[data])

        def up() -> None:
            with snapbook.open() as repository:
                transfer(Local(repository), side, repository.resolve(parse("large")), PUSHER)

        def down() -> None:
            there = folder / "pulled"
            with places.make_repository(there) as repository, Remote(one.url, one.token) as fresh:
                transfer(fresh, Local(repository), fresh.resolve("large"), PUSHER)

        client = MlflowClient(two.url)
        run = client.create_run(client.create_experiment("large")).info.run_id
        (folder / "down").mkdir()

        def their_up() -> None:
            client.log_artifact(run, str(data))

        def their_down() -> None:
            client.download_artifacts(run, data.name, str(folder / "down"))

        mine, grown = worked(one, up, down)
        other, theirs_grown = worked(two, their_up, their_down)
        side.close()
    row("200 MB up and down, CPU of the server", mine, other, PEER)
    row("200 MB up and down, growth of memory", grown, 32 << 20, "a limit of 32 MB", "B")
    row("200 MB up and down, growth beside MLflow's", grown, theirs_grown, PEER, "B")


def worked(server: Server, *acts: Callable[[], object]) -> tuple[float, int]:
    """The CPU seconds that ``acts`` cost the server, and by how much its memory grew at most."""
    before, used = memory(server.pid), cpu(server.pid)
    with watched(server) as most:
        for act in acts:
            act()
    return cpu(server.pid) - used, max(0, max(most) - before)


@contextmanager
def watched(server: Server) -> Iterator[list[int]]:
    """The memory of the server, looked at all the time."""
    seen, over = [memory(server.pid)], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            seen.append(memory(server.pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def listed(folder: Path) -> None:
    """The first 50 of 10,000 versions, and what stands behind an alias."""
    place = folder / "listed"
    fill_ours(place, LISTED)
    with places.open_folder(place / places.NAME) as repository:
        repository.follow()
        model = next(iter(repository.every_version())).model
        repository.move_alias(repository.resolve(parse(model)), "production", PUSHER)
    database = f"sqlite:///{folder}/listed.db"
    filled, _ = fill_theirs(database)
    filled.set_registered_model_alias(model, "production", "7")
    with ours(place / places.NAME) as one, theirs(folder / "listed-mlflow", database) as two:
        from mlflow import MlflowClient

        client = MlflowClient(two.url)
        side = Remote(one.url, one.token)

        def page() -> None:
            found = side.http.get("/versions", model=model, limit=PAGE)
            assert len(found["versions"]) == PAGE

        def their_page() -> None:
            assert len(client.search_model_versions(f"name = '{model}'", PAGE)) == PAGE

        def alias() -> None:
            assert side.resolve(f"{model}@production").model == model

        def their_alias() -> None:
            assert client.get_model_version_by_alias(model, "production").version == "7"

        row("first 50 of 10,000 versions over HTTP", *race(page, their_page, times=31), PEER)
        row("alias looked up over HTTP", *race(alias, their_alias, times=31, calls=3), PEER)
        side.close()


def main() -> None:
    """Print the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        os.environ["SNAPBOOK_CONFIG"] = f"{folder}/config"
        (folder / "project").mkdir()
        os.chdir(folder / "project")
        for part in (at_rest, successor, large, listed):
            part(folder)


if __name__ == "__main__":
    main()
