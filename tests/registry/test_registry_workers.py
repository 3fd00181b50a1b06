"""`registry serve --workers N`: several processes that answer as one."""

import os
import re
import signal
import time
from pathlib import Path

import httpx
import pytest
from faults import driver
from test_registry_race import at_once
from wires import Served

from snapbook import places
from snapbook.registry.remote import Remote
from snapbook.registry.tokens import Tokens
from snapbook.registry.wire import PATH
from snapbook.repository import Author
from snapbook.transfer import Local, transfer
from snapbook.verify import verify

pytestmark = pytest.mark.slow  # it waits for what runs beside it


class Shared(Served):
    """Two processes that answer as one."""

    @property
    def workers(self):
        """The processes that answer, by what the system says: those that have the socket."""
        mine = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return {
            int(pid)
            for pid in mine.split()
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        }

    def hang_up(self):
        """As `systemctl reload` does."""
        self._process.send_signal(signal.SIGHUP)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    server = Shared(tmp_path_factory.mktemp("workers") / "registry", 0, "--workers", "2")
    until(lambda: len(server.workers) == 2)
    yield server
    server.kill()


@pytest.fixture(scope="module")
def token(served):
    return Tokens(served.folder).make("root", ("admin",))


def until(true):
    """Wait until it is so."""
    latest = time.monotonic() + 60
    while not true():
        assert time.monotonic() < latest, "it did not come so far"
        time.sleep(0.05)


def answers(served):
    try:
        return httpx.get(f"{served.url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_they_are_one_registry(served, token, tmp_path):
    repository = places.make_repository(tmp_path / "mine")
    versions = [driver.save(repository, "churn", seed).version for seed in range(8)]

    def push(n):
        own = places.open_folder(repository.folder)
        with Remote(served.url, token, "churn") as side:
            return transfer(Local(own), side, versions[n], Author("ada"))

    told = at_once(len(versions), push)
    assert {moved.accepted.version.manifest for moved in told} == {one.manifest for one in versions}
    there = places.open_folder(served.folder)
    assert len(list(there.every_version())) == len(versions)
    found = verify(there, None, lambda *_: None)
    assert (found.problems, found.broken) == ((), ())
    told = httpx.get(f"{served.url}/metrics", headers={"authorization": f"Bearer {token}"}).text
    counted = re.search(rf'requests_total\{{.*route="{PATH}/versions",status="201"\}} (\d+)', told)
    assert int(counted[1]) == len(versions)


def test_one_that_is_killed_is_replaced(served):
    gone = min(served.workers)
    os.kill(gone, signal.SIGKILL)
    assert answers(served)
    until(lambda: len(served.workers) == 2 and gone not in served.workers)
    assert answers(served)


def test_all_are_replaced_one_after_another(served):
    before = served.workers
    served.hang_up()
    until(lambda: answers(served) and not served.workers & before)


def test_they_end_together_and_none_outlives_the_first(served):
    assert served.stop() == 0
    served.start()
    until(lambda: len(served.workers) == 2)
    left = served.workers
    served.kill()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))
    assert not answers(served)
    served.start()
