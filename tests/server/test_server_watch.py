"""A new version is told within milliseconds, whoever made it; the end leaves nothing running."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from kernels import environment_of
from written import save

from snapbook.noticing import Watcher
from snapbook.server.events import CHANGED
from snapbook.server.place import identity

pytestmark = pytest.mark.slow  # it waits for what runs beside it

SOON_S = 2.0  # a loaded machine; benchmarks tell how long it takes


class Heard:
    """What a Watcher told, with the moments."""

    def __init__(self):
        self.told = []
        self._new = threading.Event()

    def __call__(self, place, head):
        self.told.append((place, head, time.monotonic()))
        self._new.set()

    def wait(self, count):
        until = time.monotonic() + SOON_S
        while len(self.told) < count:
            if not self._new.wait(until - time.monotonic()):
                raise AssertionError(f"told only {self.told}")
            self._new.clear()
        return self.told


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def watcher(heard):
    watcher = Watcher(heard)
    yield watcher
    watcher.stop()
    assert not [one for one in threading.enumerate() if one.name == "snapbook-watch"]


@pytest.fixture
def watched(watcher, tmp_path):
    """A repository with one version that is watched, once the watch stands."""
    save(tmp_path)
    folder = tmp_path / ".snapbook"
    watcher.ask("here", folder, 1)
    time.sleep(0.1)
    return tmp_path


def test_a_version_is_told(watched, heard):
    save(watched, 2)
    (told,) = heard.wait(1)
    assert told[:2] == ("here", 2)
    save(watched, 3)
    assert [one[:2] for one in heard.wait(2)] == [("here", 2), ("here", 3)]


def test_a_version_of_another_process_is_told(watched, heard):
    code = f"import sys; sys.path[:0] = {sys.path!r}; from pathlib import Path\n" + textwrap.dedent(
        f"""
        from written import save
        save(Path({str(watched)!r}), 2)
        """
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment_of(watched))
    assert heard.wait(1)[0][:2] == ("here", 2)


def test_what_came_before_the_watch_stood_is_told(watcher, heard, tmp_path):
    save(tmp_path)
    save(tmp_path, 2)
    watcher.ask("here", tmp_path / ".snapbook", 1)  # the asker saw one
    assert heard.wait(1)[0][:2] == ("here", 2)


def test_a_repository_that_is_made_later_is_told(watcher, heard, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    watcher.ask("here", project / ".snapbook", 0)
    time.sleep(0.1)
    save(project)
    assert heard.wait(1)[-1][:2] == ("here", 1)
    save(project, 2)
    assert heard.wait(2)[-1][:2] == ("here", 2)


def test_a_repository_that_goes_away_and_comes_back_is_told(watched, heard):
    shutil.rmtree(watched / ".snapbook")
    assert heard.wait(1)[-1][:2] == ("here", 0)
    save(watched)
    assert heard.wait(2)[-1][:2] == ("here", 1)


def test_the_next_folder_of_events_is_watched_too(watched, heard):
    # Event 1000 lies in another folder than event 999.
    chain = watched / ".snapbook" / "events"
    (chain / "0000001").mkdir()
    first = next((chain / "0000000").iterdir())
    (chain / "0000001" / "0000001000").write_bytes(first.read_bytes())
    heard.wait(1)
    (chain / "0000001" / "0000001001").write_bytes(first.read_bytes())
    assert heard.wait(2)[-1][1] == 1001


def test_many_places_are_one_thread(watcher, heard, tmp_path):
    folders = [tmp_path / str(n) for n in range(5)]
    for folder in folders:
        folder.mkdir()
        save(folder)
        watcher.ask(folder.name, folder / ".snapbook", 1)
    time.sleep(0.1)
    assert sum(one.name == "snapbook-watch" for one in threading.enumerate()) == 1
    save(folders[3], 2)
    assert heard.wait(1)[0][:2] == ("3", 2)
    assert len(heard.told) == 1


def test_what_nobody_asks_for_is_watched_no_more(heard, tmp_path):
    save(tmp_path)
    watcher = Watcher(heard, asked_s=0.2)
    watcher.ask("here", tmp_path / ".snapbook", 1)
    (thread,) = [one for one in threading.enumerate() if one.name == "snapbook-watch"]
    thread.join(SOON_S + 1)
    assert not thread.is_alive()
    watcher.ask("here", tmp_path / ".snapbook", 0)  # asked again: watched again
    assert heard.wait(1)[0][:2] == ("here", 1)
    watcher.stop()


def test_stopping_is_for_good_and_quick(watcher, watched, heard):
    began = time.monotonic()
    watcher.stop()
    assert time.monotonic() - began < 0.5
    watcher.ask("here", watched / ".snapbook", 0)
    save(watched, 2)
    time.sleep(0.1)
    assert heard.told == []


async def test_a_browser_hears_it(fetch, jp_ws_fetch, jp_root_dir):
    save(jp_root_dir)
    place = (await fetch("place", path="train.ipynb")).value
    assert place["id"] == identity(jp_root_dir.resolve() / ".snapbook")
    socket = await jp_ws_fetch("api", "events", "subscribe")
    await asyncio.sleep(0.1)
    await asyncio.to_thread(save, jp_root_dir, 2)
    while True:
        message = json.loads(await asyncio.wait_for(socket.read_message(), SOON_S))
        if message["schema_id"] == CHANGED:
            break
    assert (message["place"], message["head"]) == (place["id"], 2)
    socket.close()


async def test_a_first_version_is_heard(fetch, jp_serverapp, jp_root_dir):
    told = []

    async def listen(logger, schema_id, data):
        told.append((data["place"], data["head"]))

    jp_serverapp.event_logger.add_listener(schema_id=CHANGED, listener=listen)
    place = (await fetch("place", path="")).value
    assert place["exists"] is False
    await asyncio.sleep(0.1)
    await asyncio.to_thread(save, jp_root_dir)
    for _ in range(100):
        if told:
            break
        await asyncio.sleep(0.02)
    assert told[-1] == (place["id"], 1)
    assert (await fetch("place", path="")).value["exists"] is True


async def test_the_end_leaves_nothing(fetch, jp_serverapp, jp_root_dir):
    save(jp_root_dir)
    assert (await fetch("place", path="")).status == 200
    service = jp_serverapp.web_app.settings["snapbook"]
    assert len(service.opened) == 1
    assert ours()
    tasks = asyncio.all_tasks()
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert ours() == []
    assert len(service.opened) == 0
    assert asyncio.all_tasks() <= tasks
    assert (await fetch("place", path="")).status == 503


def ours():
    return [one.name for one in threading.enumerate() if one.name.startswith("snapbook")]
