"""The power goes: what had been said to be kept is there, whole, and the rest is as before."""

import os
import signal
import time
from collections import Counter

import pytest
from faults import disks, strace
from faults.inspect_repository import clean, survived, versions

from snapbook import places

pytestmark = pytest.mark.faults
OLD = {"m:0.1.0": 1, "m:0.2.0": 2}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    folder = tmp_path_factory.mktemp("power")
    if why := disks.why_not(folder):
        pytest.skip(why)
    return folder


@pytest.fixture
def workshop(tmp_path):
    workshop = strace.Workshop(tmp_path / "shop")
    yield workshop
    workshop.close()


@pytest.mark.parametrize("act", ["first save", "later save", "gc"])
@pytest.mark.skipif(bool(strace.why_not()), reason=strace.why_not() or "-")
def test_at_every_call(room, workshop, tmp_path, capsys, act):
    """The process dies at its K-th call, and with it the power: the copy is what the disk held."""
    template = disks.new_image(tmp_path / "template.img")
    verb, args, allowed = "save", {"seed": 3}, [OLD, {**OLD, "m:0.3.0": 3}]
    with disks.mounted(template) as mount:
        (mount / "p").mkdir()
        for seed in (1, 2) if act != "first save" else ():
            workshop.run(mount / "p", "save", args={"seed": seed})
        if act == "gc":
            workshop.run(mount / "p", "save", args={"seed": 9})
            workshop.run(mount / "p", "delete", args={"ref": "m:0.3.0"})
            verb, args, allowed = "gc", {}, [OLD]
        if act == "first save":
            allowed = [{}, {"m:0.1.0": 3}]
    with disks.mounted(disks.copy(template, tmp_path / "count.img")) as mount:
        points = workshop.points(mount / "p", verb, args=args)
    points = [point for point in points if point.room != "index"]
    states = Counter()
    for point in [*points, None]:
        image = disks.copy(template, tmp_path / "disk.img")
        with disks.mounted(image) as mount:
            if point is None:
                assert workshop.run(mount / "p", verb, args=args).said is not None
            else:
                trace = ["-e", f"trace={point.call}", "-e"]
                trace += [f"inject={point.call}:signal=KILL:when={point.when}"]
                assert workshop.run(mount / "p", verb, trace, args=args).killed
            after = disks.copy(image, tmp_path / "after.img")
        with disks.mounted(after, "loop") as mount:
            state = survived(mount / "p", allowed)
        states[state] += 1
        if point is None:
            assert state == len(allowed) - 1, "what was said to be kept is gone"
    with capsys.disabled():
        print(f"\n{act}: power cut at {len(points)} calls and after it: {dict(states)}, 0 broken")


def told(path):
    """Reference -> seed of all saves that have returned."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return {ref: int(seed) for ref, seed in (line.split() for line in lines if line[-1] == "\n")}


def cut_while_saving(tmp_path, saves, fsync):
    """Cut the power of a running saver again and again: (what was told, what was there) each time.

    The saver is stopped while its disk is copied, so that the copy is of one moment.
    """
    image = disks.new_image(tmp_path / "disk.img")
    seen = []
    with disks.mounted(image) as mount:
        (mount / "p").mkdir()
        notes = tmp_path / "told"
        pid = os.fork()
        if not pid:
            from faults import driver

            if not fsync:
                os.fsync = lambda fd: None
            try:
                driver.act_saves(mount / "p", "m", list(range(1, saves + 1)), str(notes))
            finally:
                os._exit(0)
        ended = False
        while not ended:
            time.sleep(0.01 + 0.007 * (len(seen) % 5))
            os.kill(pid, signal.SIGSTOP)
            said = told(notes)
            after = disks.copy(image, tmp_path / f"after{len(seen)}.img")
            ended = os.waitpid(pid, os.WNOHANG)[0] == pid
            if not ended:
                os.kill(pid, signal.SIGCONT)
            seen.append((said, after))
    return [(said, look(after)) for said, after in seen]


def look(image):
    """The versions of a repository that was cut off; None where it is broken."""
    with disks.mounted(image, "loop") as mount:
        there = whole(mount / "p")
    image.unlink()
    return there


def whole(project):
    if not places.place(project).exists:
        return {}
    try:
        repository = places.open_folder(project / places.NAME)
        clean(repository)
        return versions(repository)
    except Exception:
        return None


def test_while_saving(room, tmp_path, capsys):
    seen = cut_while_saving(tmp_path, 40, fsync=True)
    with capsys.disabled():
        most = max(len(said) for said, _ in seen)
        print(f"\npower cut {len(seen)} times while {most} versions were saved, ", end="")
        bad = [1 for said, there in seen if there is None or not said.items() <= there.items()]
        print(f"{len(bad)} broken")
    assert bad == []
    assert len(seen) > 5
    # At most the one that was under way is there beyond what was told.
    assert all(len(there) <= len(said) + 1 for said, there in seen)


def test_a_store_that_does_not_sync_fails_this_test(room, tmp_path, capsys):
    seen = cut_while_saving(tmp_path, 40, fsync=False)
    lost = [1 for said, there in seen if there is None or not said.items() <= there.items()]
    with capsys.disabled():
        print(f"\nwithout fsync: {len(lost)} of {len(seen)} power cuts lost or broke versions")
    assert lost
