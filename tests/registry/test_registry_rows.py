"""Rows as hashes: a version travels without them, is whole all the same, and gets them later."""

from contextlib import closing

import pytest

import snapbook
from snapbook import gc, places, trust, withheld
from snapbook.errors import BadOption, NotFound
from snapbook.kernel import running
from snapbook.offers import renamed
from snapbook.refs import parse
from snapbook.registry.agreed import Agreed
from snapbook.registry.known import Book
from snapbook.repository import Author
from snapbook.transfer import Local, transfer
from snapbook.verbs import VERBS, Here
from snapbook.verify import verify

pd = pytest.importorskip("pandas")
EVE = Author("eve")


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch, registry):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_TOKEN", registry.token)
    Book(tmp_path / "config").add("team", registry.url)
    Agreed(tmp_path / "config").add(registry.url, rows=True)


@pytest.fixture
def ada(tmp_path, monkeypatch):
    """A project with churn:0.1.0, whose frames X and y keep their rows."""
    folder = tmp_path / "ada"
    folder.mkdir()
    monkeypatch.chdir(folder)
    snapbook.save({"a": 1}, "churn", data={"X": frame(1), "y": frame(2)})
    return folder


@pytest.fixture
def bob(tmp_path):
    folder = tmp_path / "bob"
    folder.mkdir()
    return folder


def frame(seed):
    return pd.DataFrame(
        {"age": range(seed, seed + 500), "city": [f"c{seed}-{n}" for n in range(500)]}
    )


def run(folder, verb, *words):
    with Here(folder, kernel=running(), face="cli") as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


def opened(folder):
    return places.open_folder(places.place(folder).folder)


def troubles(repository):
    found = verify(repository, None, lambda *_: None)
    return found.problems, found.broken, found.apart


def test_a_version_without_rows_is_the_same_version(ada, bob, registry):
    said = run(ada, "push", "churn")
    assert said.lines[-1].endswith("; rows of its frames stay here")
    with opened(ada) as mine:
        row = mine.resolve(parse("churn"))
        manifest = mine.manifest(row.manifest)
        kept = withheld.frames(manifest, mine.store.get)
        assert sorted(kept.values()) == ["X", "y"]
        blobs = withheld.blobs(manifest, kept, mine.store.get)
        assert blobs
    with places.open_folder(registry.folder) as there:
        assert not blobs.intersection(there.store.digests())
        assert troubles(there) == ((), (), ("churn:0.1.0",))
        assert there.whole(there.resolve(parse("churn")))
    assert run(bob, "pull", "team::churn").data["new"]
    with opened(bob) as his:
        got = his.resolve(parse("churn"))
        assert got.manifest == row.manifest
        claim = his.claim(got)
        statement = trust.statement("churn", got.manifest)
        from snapbook.signing import verify as signed

        assert signed(claim.key, claim.signature, trust.AUTHOR, statement)
        assert troubles(his) == ((), (), ("churn:0.1.0",))
        gc.gc(his, EVE)
        assert his.whole(his.resolve(parse("churn")))
    assert run(bob, "verify").exit_code == 0


def test_who_pulled_is_told_in_a_line(ada, bob):
    run(ada, "push", "churn")
    snapbook.save({"a": 1}, "churn", data={"X": frame(1), "y": frame(9)})
    run(ada, "push", "churn")
    run(bob, "pull", "churn:0.1.0")
    run(bob, "pull", "churn:0.2.0")
    assert run(bob, "show", "churn").apart == "rows of X, y in churn:0.2.0 were not shared"
    told = run(bob, "diff", "churn:0.1.0", "churn:0.2.0")
    assert "rows of X, y in churn:0.1.0 were not shared" in told.apart
    assert any("values changed" in line for change in told.changes for line in change.lines)
    with pytest.raises(NotFound, match=r"Not restored: rows of X, y were not shared: .* has them"):
        run(bob, "restore", "churn:0.2.0", "--what", "data", "--yes")
    done = run(bob, "restore", "churn:0.2.0", "--what", "all", "--yes")
    assert done.apart.startswith("rows of X, y were not shared")
    assert "X" not in dict(done.bound)
    # A version that continues it, with rows of one's own, is whole.
    with opened(bob) as his:
        assert not troubles(his)[0]


def test_rows_that_come_later_fill_it_in(ada, bob, registry):
    run(ada, "push", "churn")
    run(bob, "pull", "churn")
    assert (
        run(ada, "push", "churn", "--rows")
        .lines[-1]
        .startswith("team::churn:0.1.0 has now all that is here, ")
    )
    assert run(ada, "push", "churn", "--rows").lines[-1] == "team::churn:0.1.0 is there already"
    # Who pushes without rows once more takes nothing back.
    run(ada, "push", "churn")
    with places.open_folder(registry.folder) as there:
        assert troubles(there) == ((), (), ())
        assert there.resolve(parse("churn")).withheld == ()
        assert [e.type for e in there.catalog.read()].count("rows") == 1
    assert run(bob, "sync").data["pulled"] == ["churn:0.1.0"]
    with opened(bob) as his:
        assert troubles(his) == ((), (), ())
    done = run(bob, "restore", "churn", "--what", "data", "--yes")
    assert done.apart == ""
    pd.testing.assert_frame_equal(running().namespace["X"], frame(1))


def test_sync_with_rows_fills_in(ada, registry):
    run(ada, "sync")
    with places.open_folder(registry.folder) as there:
        assert there.resolve(parse("churn")).withheld
    assert run(ada, "sync").lines == ("team and this project have the same versions",)
    assert run(ada, "sync", "--rows").data["pushed"] == ["churn:0.1.0"]
    with places.open_folder(registry.folder) as there:
        assert not there.resolve(parse("churn")).withheld


def test_rows_that_are_missing_by_damage_are_damage(ada, registry):
    """The registry takes no version whose rows are neither there nor withheld."""
    with (
        opened(ada) as mine,
        registry.remote(model="churn") as remote,
        closing(remote.store.writer()) as writer,
    ):
        row = mine.resolve(parse("churn"))
        transfer(Local(mine, rows=False), remote, row, EVE)
        offer = dict(renamed(Local(mine).offer(row).body, "other", None))
        with pytest.raises(NotFound):
            remote.accept(writer, offer, EVE, strict=False)


def test_only_rows_may_be_withheld(ada, registry):
    with (
        opened(ada) as mine,
        registry.remote(model="churn") as remote,
        closing(remote.store.writer()) as writer,
    ):
        row = mine.resolve(parse("churn"))
        transfer(Local(mine, rows=False), remote, row, EVE)
        model = next(r for r in mine.manifest(row.manifest).parts if r.kind == "model")
        for strange in (model.digest, "0" * 64):
            offer = dict(renamed(Local(mine).offer(row).body, "other", None), withheld=[strange])
            with pytest.raises(BadOption, match="no frame of this version"):
                remote.accept(writer, offer, EVE, strict=False)
        offer = dict(renamed(Local(mine).offer(row).body, "other", None), withheld=["x"])
        with pytest.raises(BadOption, match="no digest"):
            remote.accept(writer, offer, EVE, strict=False)


def test_rows_of_another_model_stay_with_its_readers(ada, registry):
    """That the bytes are there for one model does not give them to the readers of another."""
    with opened(ada) as mine:
        row = mine.resolve(parse("churn"))
        blobs = withheld.blobs(
            mine.manifest(row.manifest),
            withheld.frames(mine.manifest(row.manifest), mine.store.get),
            mine.store.get,
        )
        with registry.remote(model="churn") as remote:
            transfer(Local(mine), remote, row, EVE)
        with registry.remote(model="open") as remote:
            transfer(Local(mine, rows=False), remote, row, EVE, model="open")
    with registry.remote("reader:open") as remote:
        there = remote.resolve("open")
        assert not blobs.intersection(remote.offer(there).needed)
        with pytest.raises(NotFound, match="no part of this version"):
            remote.bring(there, sorted(blobs)[:1], lambda *_: None)


def test_rows_go_with_the_last_version_that_had_them(ada, registry):
    with opened(ada) as mine:
        row = mine.resolve(parse("churn"))
        manifest = mine.manifest(row.manifest)
        blobs = withheld.blobs(manifest, withheld.frames(manifest, mine.store.get), mine.store.get)
        with registry.remote(model="churn") as remote:
            transfer(Local(mine), remote, row, EVE)
        with registry.remote(model="open") as remote:
            transfer(Local(mine, rows=False), remote, row, EVE, model="open")
    with places.open_folder(registry.folder) as there:
        gc.gc(there, EVE)
        assert not there.store.missing(blobs)
        there.delete(there.resolve(parse("churn")), EVE)
        gc.gc(there, EVE)
        assert there.store.missing(blobs) == blobs
        assert troubles(there) == ((), (), ("open:0.1.0",))


def test_a_sweep_between_the_rows_and_their_event_loses_nothing(ada, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    with opened(ada) as mine, places.make_repository(tmp_path / "there") as there:
        row = mine.resolve(parse("churn"))
        transfer(Local(mine, rows=False), Local(there), row, EVE)
        act, swept = there.act, []

        def sweeping(decide, author):
            def late():
                if not swept:
                    with places.open_folder(there.folder) as other:
                        swept.append(gc.gc(other, EVE))
                    there.follow()
                return decide()

            return act(late, author)

        monkeypatch.setattr(there, "act", sweeping)
        transfer(Local(mine), Local(there), row, EVE)
        assert swept
        assert troubles(there) == ((), (), ())
        assert there.resolve(parse("churn")).withheld == ()
