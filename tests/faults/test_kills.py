"""Killed at every changing call of a save, a restore and a gc: the old state or the new one."""

from collections import Counter

import pytest
from faults import strace
from faults.inspect_repository import survived

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(bool(strace.why_not()), reason=strace.why_not() or "-"),
]


@pytest.fixture(scope="module")
def workshops(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    both = [strace.Workshop(folder / "a"), strace.Workshop(folder / "b")]
    yield both
    for workshop in both:
        workshop.close()


def kill_everywhere(workshops, template, act, allowed, capsys, **request):
    """Run ``act`` from ``template``, killed at each of its changing calls; print counts."""
    points = workshops[0].points(workshops[0].copy(template), act, **request)

    def killed(workshop, point):
        project = workshop.copy(template)
        trace = ["-e", f"trace={point.call}", "-e"]
        trace += [f"inject={point.call}:signal=KILL:when={point.when}"]
        assert workshop.run(project, act, trace, **request).killed, f"{point} was not reached"
        try:
            return point, survived(project, allowed)
        except Exception as error:
            return point, f"{type(error).__name__}: {error}"

    ended = strace.side_by_side(workshops, killed, points)
    broken = [(point, state) for point, state in ended if isinstance(state, str)]
    states = Counter(state for _, state in ended if isinstance(state, int))
    rooms = ", ".join(f"{n} {room}" for room, n in Counter(p.room for p in points).items())
    with capsys.disabled():
        print(
            f"\n{act}: killed at {len(points)} points ({rooms}): {states[0]} old, {states[1]} new,"
            f" {len(broken)} broken"
        )
    assert broken == []
    return points, states


def test_first_save(workshops, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    points, states = kill_everywhere(
        workshops, tmp_path / "empty", "save", [{}, {"m:0.1.0": 1}], capsys, args={"seed": 1}
    )
    assert {point.room for point in points} == {"packs", "events", "index", "rest"}
    assert states[0]
    assert states[1]


def test_later_save(workshops, tmp_path, capsys):
    template = workshops[0].copy(tmp_path)
    for seed in (1, 2):
        workshops[0].run(template, "save", args={"seed": seed})
    old = {"m:0.1.0": 1, "m:0.2.0": 2}
    points, states = kill_everywhere(
        workshops, template, "save", [old, {**old, "m:0.3.0": 3}], capsys, args={"seed": 3}
    )
    assert {"pwrite64", "fsync", "rename", "link", "unlink", "mkdir"} <= {
        point.call for point in points
    }
    assert states[0]
    assert states[1]


def test_first_promotion(workshops, tmp_path, capsys):
    """The alias, its evidence and 1.0.0 are one event."""
    template = workshops[0].copy(tmp_path)
    for seed in (1, 2):
        workshops[0].run(template, "save", args={"seed": seed})
    old = {"m:0.1.0": 1, "m:0.2.0": 2}
    points, states = kill_everywhere(
        workshops, template, "promote", [old, {**old, "m:1.0.0": 2}], capsys,
        args={"ref": "m:0.2.0"},
    )  # fmt: skip
    assert {"packs", "events"} <= {point.room for point in points}
    assert states[0]
    assert states[1]


def test_restore(workshops, tmp_path, capsys):
    """Without its index, so that reading writes as much as it ever does."""
    template = workshops[0].copy(tmp_path)
    for seed in (1, 2):
        workshops[0].run(template, "save", args={"seed": seed})
    for path in (template / ".snapbook").glob("index.sqlite*"):
        path.unlink()
    old = {"m:0.1.0": 1, "m:0.2.0": 2}
    points, _ = kill_everywhere(
        workshops, template, "restore", [old], capsys, args={"ref": "m:0.1.0"}
    )
    assert points


def test_gc(workshops, tmp_path, capsys):
    """A pack that goes, one of which a part lives on, and what a killed saver left."""
    template = workshops[0].copy(tmp_path)
    for seed in (1, 2, 3, 7):
        workshops[0].run(template, "save", args={"seed": seed})
    for ref in ("m:0.1.0", "m:0.4.0"):
        workshops[0].run(template, "delete", args={"ref": ref})
    (template / ".snapbook/packs/tmp-0123456789abcdef").write_bytes(b"left")
    (template / ".snapbook/events/tmp-0123456789abcdef").write_bytes(b"left")
    old = {"m:0.2.0": 2, "m:0.3.0": 3}
    points, _ = kill_everywhere(workshops, template, "gc", [old], capsys, args={})
    assert sum(point.call == "unlink" and point.room == "packs" for point in points) >= 3
