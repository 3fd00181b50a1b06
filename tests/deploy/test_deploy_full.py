"""Disks that are full while a server follows an alias: the project's, the cache's, the log's."""

import shutil
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from deploy.conftest import BAD, Load, Server, made, run, status, until
from faults import disks

from snapbook.errors import DiskFull

pytestmark = [pytest.mark.slow, pytest.mark.faults]
FULL = r"^(Nothing was done|Not written): .*0 bytes free in "


@contextmanager
def full(disk):
    """The disk is full while the block lasts, whatever is deleted meanwhile."""
    path, ended = disk / "others", threading.Event()

    def fill():
        with path.open("wb", buffering=0) as file:
            while not ended.wait(0.01):
                with suppress(OSError):
                    while file.write(b"x" * 512):
                        pass

    filling = threading.Thread(target=fill)
    filling.start()
    try:
        until(lambda: left(disk) == 0)
        yield
    finally:
        ended.set()
        filling.join()
        path.unlink()


def left(disk):
    return shutil.disk_usage(disk).free


@pytest.fixture
def disk(tmp_path):
    """A small disk."""
    if why := disks.why_not(tmp_path):
        pytest.skip(why)
    with disks.small(tmp_path / "disk", 3000) as place:
        yield place


@pytest.fixture
def crowded(disk, tmp_path):
    """A project on it, with the cache of its servers elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        yield made(disk, patch, cache=tmp_path / "cache")


def test_steps_and_ends_wait_for_room_and_requests_do_not(crowded):
    """What is bad answers nobody meanwhile, and a server that is started anew finds its way."""
    server = Server(crowded)
    try:
        run(crowded, "deploy churn:1.1.0 --canary 30,60,100 --every 3s --window 300ms")
        until(lambda: server.by() == "churn:1.1.0")
        with Load(server.url) as load:
            with full(crowded):
                for act in ("rollback churn", "pause churn"):
                    with pytest.raises(DiskFull, match=FULL):
                        run(crowded, act)
                step = status(crowded)["rollout"]["step"]
                time.sleep(4.0)
                told = status(crowded)["rollout"]
                assert (told["state"], told["step"]) == ("running", step)
            until(lambda: status(crowded)["rollout"]["state"] == "done", 60)
        assert {code for _, code, _ in load.answered} == {200}
        run(crowded, "rollback churn")
        rules = "--every 1h --window 1s --abort-if 'error_rate > 1%'"
        run(crowded, f"deploy churn:1.2.0 --canary 50,100 {rules}")
        until(lambda: server.by() == "churn:1.2.0", 60)
        with full(crowded), Load(server.url, BAD) as load:
            until(lambda: len(load.answered) > 200, 60)
            time.sleep(1.0)
            assert status(crowded)["rollout"]["state"] == "running", "it cannot be written yet"
        assert {code for _, code, _ in load.answered} == {200}
        assert {server.by() for _ in range(20)} == {"churn:1.0.0"}
        until(lambda: status(crowded)["rollout"]["state"] == "aborted", 60)
        with full(crowded):
            server.kill()
            server.end()
            server = Server(crowded)
            assert server.by() == "churn:1.0.0"
    finally:
        server.end()


def test_a_cache_that_is_full_is_told_of_and_harms_nobody(project, disk, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(disk / "cache"))
    server = Server(project)
    try:
        with full(disk):
            run(project, "deploy churn:1.1.0 --canary 50,100 --every 1h")
            told = until(
                lambda: (found := status(project))["rollout"]["state"] == "aborted" and found
            )
        why = told["rollout"]["why"]
        assert why.startswith("churn:1.1.0 is not served here: Not written: 0 bytes free in ")
        assert {server.by() for _ in range(20)} == {"churn:1.0.0"}
    finally:
        server.end()


def test_a_log_that_cannot_be_written_keeps_nobody_from_starting(project, disk):
    with full(disk):
        server = Server(project, "--log", str(disk / "log"))
        try:
            assert server.by() == "churn:1.0.0"
            until(lambda: "the log cannot be written" in log(server))
            assert server.by() == "churn:1.0.0"
        finally:
            server.end()


def log(server):
    server.log.seek(0)
    return server.log.read()
