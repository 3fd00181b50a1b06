"""Every call of a save, a restore and a gc refused, once or for good: one clear error at most."""

from collections import Counter

import pytest
from faults import strace
from faults.inspect_repository import clean, debris, survived, versions

from snapbook import places

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(bool(strace.why_not()), reason=strace.why_not() or "-"),
]

# What each call can answer on a disk that is full, broken or became read-only (man 2, "ERRORS").
REFUSALS = {
    "write": ("ENOSPC", "EIO", "EDQUOT"),
    "pwrite64": ("ENOSPC", "EIO", "EDQUOT"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT"),
    "fdatasync": ("EIO", "ENOSPC"),
    "rename": ("ENOSPC", "EIO", "EROFS"),
    "link": ("ENOSPC", "EIO", "EROFS", "EDQUOT"),
    "unlink": ("EROFS", "EIO"),
    "mkdir": ("ENOSPC", "EROFS", "EDQUOT"),
    "ftruncate": ("EIO", "EROFS"),
    "openat": ("EROFS", "ENOSPC", "EIO", "EACCES"),
}
KINDS = {
    "ENOSPC": "disk-full",
    "EDQUOT": "disk-full",
    "EROFS": "read-only",
    "EACCES": "read-only",
    "EIO": "unreachable",
}


@pytest.fixture(scope="module")
def workshops(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refusals")
    both = [strace.Workshop(folder / "a"), strace.Workshop(folder / "b")]
    yield both
    for workshop in both:
        workshop.close()


@pytest.fixture
def kept(workshops, tmp_path):
    """A project with two versions."""
    project = workshops[0].copy(tmp_path)
    for seed in (1, 2):
        workshops[0].run(project, "save", args={"seed": seed})
    return project


OLD = {"m:0.1.0": 1, "m:0.2.0": 2}
NEW = {**OLD, "m:0.3.0": 3}


def cases(points, every=False, lasting=False):
    """(point, error): one error after the other in turn, or each one at ``every`` point.

    The many points of the index get one each in any case. With ``lasting`` the call is refused from
    that point on.
    """
    for number, point in enumerate(points):
        errors = ("EIO", "EACCES") if point.reads else REFUSALS[point.call]
        if point.room == "index" or not every:
            errors = (errors[number % len(errors)],)
        for error in errors:
            yield point, error, "+" if lasting else ""


def refuse(workshops, template, act, given, check, capsys, **request):
    """Run ``act`` once for each case; ``check(said, case, project)`` gives a word to count."""

    def one(workshop, case):
        point, error, more = case
        project = workshop.copy(template)
        trace = ["-e", f"trace={point.call}", "-e"]
        trace += [f"inject={point.call}:error={error}:when={point.when}{more}"]
        ended = workshop.run(project, act, trace, **request)
        try:
            assert ended.injected, "the call was not reached"
            assert ended.said is not None, "it died"
            return case, ended.said, check(ended.said, case, project)
        except Exception as error:
            return case, ended.said, f"BROKEN {type(error).__name__}: {error}"

    ended = strace.side_by_side(workshops, one, given)
    broken = [one for one in ended if one[2].startswith("BROKEN")]
    counts = Counter(word for _, _, word in ended if not word.startswith("BROKEN"))
    told = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    with capsys.disabled():
        print(f"\n{act}: {len(given)} refusals: {told}, {len(broken)} broken")
        for line in broken:
            print(line)
    assert broken == []
    return counts


def one_clear_error(said, point, error):
    """An error of ours of the right kind, in two lines at most, without its insides."""
    # A folder is opened for reading to be listed, and to be synced.
    kinds = ("unreachable", KINDS[error]) if point.reads else (KINDS[error],)
    assert said["error"] in kinds, said
    assert said["text"].count("\n") <= 1
    assert "Errno" not in said["text"]
    assert "Traceback" not in said["text"]


def a_save(old, new):
    """Told and not done, or done: and what is told is what is."""

    def check(said, case, project):
        point, error, _ = case
        folder = project / places.NAME
        if "error" in said:
            one_clear_error(said, point, error)
            if said["text"].startswith("Written, "):
                word, allowed = "told as unsure", [new]
            else:
                assert said["text"].startswith(
                    ("Not read: ", "Not versioned: ") if point.reads else "Not versioned: "
                )
                word, allowed = "told and not done", [old]
            assert point.room != "index", "a cache must not stop a save"
        else:
            word, allowed = "done all the same", [new]
        if point.call != "unlink" and folder.exists():
            assert debris(folder) == []
        survived(project, allowed)
        return word

    return check


def test_later_save(workshops, kept, capsys):
    calls = tuple(REFUSALS)
    points = workshops[0].points(workshops[0].copy(kept), "save", calls, args={"seed": 3})
    given = list(cases(points, every=True))
    counts = refuse(workshops, kept, "save", given, a_save(OLD, NEW), capsys, args={"seed": 3})
    assert counts["told and not done"]
    assert counts["done all the same"]


def test_later_save_on_a_disk_that_stays_so(workshops, kept, capsys):
    calls = tuple(REFUSALS)
    points = workshops[0].points(workshops[0].copy(kept), "save", calls, args={"seed": 3})
    given = [case for case in cases(points, lasting=True) if case[0].room != "index"]
    refuse(workshops, kept, "save", given, a_save(OLD, NEW), capsys, args={"seed": 3})


def test_first_save(workshops, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    template = tmp_path / "empty"
    calls = tuple(REFUSALS)
    points = workshops[0].points(workshops[0].copy(template), "save", calls, args={"seed": 1})
    few = [p for n, p in enumerate(points) if p.room != "index" or n % 5 == 0]
    given = list(cases(few))
    check = a_save({}, {"m:0.1.0": 1})
    counts = refuse(workshops, template, "save", given, check, capsys, args={"seed": 1})
    assert counts["told and not done"]


def test_restore(workshops, kept, capsys):
    """Writing is refused: reading works all the same. Reading is refused: it is said."""
    for path in (kept / ".snapbook").glob("index.sqlite*"):
        path.unlink()
    calls = tuple(REFUSALS)
    request = {"args": {"ref": "m:0.1.0"}}
    points = workshops[0].points(workshops[0].copy(kept), "restore", calls, **request)

    def check(said, case, project):
        point, _error, _ = case
        if "error" in said:
            assert point.room in ("packs", "events", "rest"), "a cache must not stop reading"
            assert point.call == "openat", "only reading is needed to read"
            assert said["error"] in ("unreachable", "damaged"), said
            assert "Errno" not in said["text"]
            word = "told"
        else:
            assert said == {"seed": 1}
            word = "read all the same"
        repository = places.open_folder(project / places.NAME)
        assert versions(repository) == OLD
        clean(repository)
        return word

    few = [p for n, p in enumerate(points) if p.room != "index" or n % 6 == 0]
    refuse(workshops, kept, "restore", list(cases(few)), check, capsys, **request)


def test_gc(workshops, kept, capsys):
    workshops[0].run(kept, "save", args={"seed": 3})
    workshops[0].run(kept, "save", args={"seed": 7})
    for ref in ("m:0.1.0", "m:0.4.0"):
        workshops[0].run(kept, "delete", args={"ref": ref})
    (kept / ".snapbook/packs/tmp-0123456789abcdef").write_bytes(b"left")
    left = {"m:0.2.0": 2, "m:0.3.0": 3}
    calls = tuple(REFUSALS)
    points = workshops[0].points(workshops[0].copy(kept), "gc", calls, args={})
    first = next(point for point in points if point.path == "format")

    def check(said, case, project):
        point, error, _ = case
        if "error" in said:
            one_clear_error(said, point, error)
            opening = point == first  # it is read again within the act
            told = "Not read: " if opening else ("Not freed: ", "Written, ")
            assert said["text"].startswith(told)
            assert point.room != "index"
        survived(project, [left])
        return "told" if "error" in said else "freed all the same"

    few = [p for n, p in enumerate(points) if p.room != "index" or n % 6 == 0]
    refuse(workshops, kept, "gc", list(cases(few)), check, capsys, args={})
