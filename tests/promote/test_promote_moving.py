"""Promotion and rollback: one event, decided against the chain it stands on; 1.0.0 comes first."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from promote.parties import ADA, BOB, EVE, made, row

from snapbook import canonical, events, gc, places, signing, transfer, trust
from snapbook.errors import Conflict, NotFound, Refused
from snapbook.promote import moving, policies, reviewing
from snapbook.repository import Author
from snapbook.verify import verify


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "here").mkdir()
    with places.make_repository(tmp_path / "here") as found:
        for accuracy in (0.90, 0.91, 0.92):
            made(found, accuracy=accuracy)
        yield found


def promote(repository, ref, alias="production", author=BOB, **named):
    return moving.promote(repository, row(repository, ref), alias, author, **named)


def test_the_first_promotion_to_production_makes_one(repository):
    tags = {"team": "risk"}
    repository.tag(row(repository, "churn:0.2.0"), tags, (), ADA)
    head = repository.catalog.head().n
    moved = promote(repository, "churn:0.2.0", text="good enough")
    assert repository.catalog.head().n == head + 1, "one promotion is one event"
    assert (moved.version.ref, moved.further, moved.before) == ("churn:1.0.0", "0.2.0", None)
    older, newer = row(repository, "churn:0.2.0"), row(repository, "churn:1.0.0")
    assert older.manifest == newer.manifest
    assert (newer.author, newer.time, newer.tags) == ("ada", older.time, tags)
    assert newer.metrics == older.metrics
    assert row(repository, "churn@production").ref == "churn:1.0.0"
    assert made(repository, accuracy=0.93).ref == "churn:1.1.0"
    assert promote(repository, "churn:1.1.0").further == "", "only the first one does"
    assert not verify(repository, None, lambda *_: None).problems


def test_what_was_said_of_a_version_is_not_said_again_with_its_further_number(repository):
    repository.note(row(repository, "churn:0.2.0"), "good", ADA)
    repository.rename("churn", "leaving", ADA)
    promote(repository, "leaving:0.2.0")
    further = list(repository.catalog.read())[-1].body["version"]
    assert set(further) <= {
        "model", "number", "manifest", "key", "bump", "texts", "parents", "auto", "signature",
        "made",
    }  # fmt: skip


def test_a_further_number_makes_a_version_no_newer(repository):
    promote(repository, "churn:0.1.0")
    assert row(repository, "churn").ref == "churn:0.3.0"
    assert row(repository, "churn~1").ref == "churn:0.2.0"
    with pytest.raises(NotFound):
        row(repository, "churn:1.0.0~1")
    assert reviewing.review(repository, "churn", "production").candidate.ref == "churn:0.3.0"
    assert made(repository, accuracy=0.99).number == (1, 1, 0)


def test_what_comes_before_one_point_oh_is_another_version(repository):
    promote(repository, "churn:0.3.0")
    assert row(repository, "churn").ref == "churn:1.0.0"
    assert row(repository, "churn~1").ref == "churn:0.2.0"
    assert row(repository, "churn:1.0.0~1").ref == "churn:0.2.0"
    first = row(repository, "churn:1.0.0")
    assert repository.index.before([first])[first.n].number == (0, 2, 0)
    repository.index.rebuild()
    assert row(repository, "churn~1").ref == "churn:0.2.0"


def test_staging_makes_no_one(repository):
    assert promote(repository, "churn:0.2.0", "staging").version.ref == "churn:0.2.0"


def test_one_point_oh_survives_the_index_and_gc(repository, tmp_path):
    promote(repository, "churn:0.2.0")
    repository.delete(row(repository, "churn:0.2.0"), ADA, force=True)
    gc.gc(repository, ADA)
    repository.index.rebuild()
    kept = row(repository, "churn@production")
    assert kept.ref == "churn:1.0.0"
    assert repository.whole(kept)
    assert made(repository, accuracy=0.94).number == (1, 1, 0)


def test_the_author_s_signature_goes_with_one_point_oh(repository, tmp_path):
    ada = Author("ada", signing.own_key(tmp_path / "ada"))
    signed = made(repository, ada, accuracy=0.95)
    promote(repository, signed.ref)
    first = row(repository, "churn:1.0.0")
    claim = repository.claim(first)
    assert claim == repository.claim(signed)
    assert trust.Trust(tmp_path / "ada").allows(claim)
    assert not trust.Trust(tmp_path / "bob").allows(claim)
    with places.make_repository(tmp_path / "there") as there:
        sent = transfer.transfer(transfer.Local(repository), transfer.Local(there), first, BOB)
        assert sent.accepted.version.ref == "churn:1.0.0"
        assert there.claim(sent.accepted.version) == claim


def test_a_promoter_s_signature_loads_nothing(repository, tmp_path):
    bob = Author("bob", signing.own_key(tmp_path / "bob"))
    moved = promote(repository, "churn:0.2.0", author=bob)
    event = repository.catalog.event(moved.version.n)
    claim = repository.claim(moved.version)
    stolen = trust.Claim(claim.model, claim.manifest, "bob", **event.body["signature"])
    assert not trust.Trust(tmp_path / "bob").allows(stolen)
    said = {name: event.body[name] for name in ("model", "name", "old", "new", "way", "evidence")}
    assert signing.verify(bob.key.public, stolen.signature, "promotion", said)


def test_what_was_decided_is_kept(repository):
    promote(repository, "churn:0.3.0", text="first")
    worse = made(repository, accuracy=0.85)
    moved = promote(repository, worse.ref)
    assert [(one.verdict.name, one.verdict.passed) for one in moved.judged] == [
        ("signature", True), ("metric", False),
    ]  # fmt: skip
    ruling = repository.index.rulings("churn", "alias")[0]
    kept = canonical.decode(repository.store.get(ruling.kept))
    assert kept["baseline"] == row(repository, "churn:0.3.0").manifest
    assert [one["name"] for one in kept["verdicts"]] == ["signature", "metric"]
    assert kept["verdicts"][1]["facts"]["accuracy"] == {"new": 0.85, "old": 0.92}
    gc.gc(repository, ADA)
    assert repository.store.has(ruling.kept)


def test_twice_is_once(repository):
    promote(repository, "churn:0.2.0")
    head = repository.catalog.head().n
    assert not promote(repository, "churn:1.0.0").new
    assert repository.catalog.head().n == head


def test_a_rehearsal_changes_nothing(repository):
    head = repository.catalog.head()
    moved = promote(repository, "churn:0.2.0", dry=True)
    assert (moved.further, moved.new) == ("0.2.0", True)
    assert repository.catalog.head() == head
    with pytest.raises(NotFound):
        moving.rollback(repository, "churn", "production", BOB, dry=True)


def test_of_eight_promoters_one_wins(repository, tmp_path):
    promote(repository, "churn:0.1.0")
    seen = row(repository, "churn:1.0.0").manifest

    def act(n):
        with places.make_repository(tmp_path / "here") as own:
            try:
                promote(own, f"churn:0.{2 + n % 2}.0", author=Author(f"mover {n}"), seen=seen)
            except Conflict:
                return 0
            return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(act, range(8))) == 1
    assert len(reviewing.history(repository, "churn", "production")) == 2
    assert not list(events.check_chain(repository.catalog.read()))


def test_rollback_goes_where_it_was_and_back(repository):
    for number in ("0.1.0", "0.2.0", "0.3.0"):
        promote(repository, f"churn:{number}")
    head = repository.catalog.head().n
    moved = moving.rollback(repository, "churn", "production", EVE, text="too slow")
    assert repository.catalog.head().n == head + 1
    assert (moved.version.ref, moved.before.ref) == ("churn:0.2.0", "churn:0.3.0")
    again = moving.rollback(repository, "churn", "production", EVE)
    assert again.version.ref == "churn:0.3.0"
    first = row(repository, "churn:0.1.0").manifest
    assert (
        moving.rollback(repository, "churn", "production", EVE, to=first).version.manifest == first
    )
    ways = [(stay.way, stay.text) for stay in reviewing.history(repository, "churn", "production")]
    assert ways == [
        ("rollback", ""), ("rollback", ""), ("rollback", "too slow"),
        ("promote", ""), ("promote", ""), ("promote", ""),
    ]  # fmt: skip


def test_rollback_passes_over_what_was_deleted(repository):
    for number in ("0.1.0", "0.2.0", "0.3.0"):
        promote(repository, f"churn:{number}")
    repository.delete(row(repository, "churn:0.2.0"), ADA)
    moved = moving.rollback(repository, "churn", "production", EVE)
    assert moved.version.ref == "churn:1.0.0"
    assert moved.version.manifest == row(repository, "churn:0.1.0").manifest


def test_rollback_is_no_promotion(repository):
    promote(repository, "churn:0.1.0")
    never = row(repository, "churn:0.3.0").manifest
    with pytest.raises(Refused, match=r"churn:0\.3\.0 never was production"):
        moving.rollback(repository, "churn", "production", EVE, to=never)
    with pytest.raises(NotFound, match="was nowhere else before"):
        moving.rollback(repository, "churn", "production", EVE)
    with pytest.raises(NotFound, match="was nowhere else before"):
        moving.rollback(repository, "churn", "staging", EVE)
    with pytest.raises(Conflict):
        moving.rollback(repository, "churn", "production", EVE, seen=never)


def test_one_can_leave_a_damaged_version(repository, tmp_path):
    """What is in production cannot be read any more: back in one act, on with a warning."""
    packs = tmp_path / "here" / ".snapbook" / "packs"
    promote(repository, "churn:0.3.0")
    before = set(packs.rglob("*"))
    bad = made(repository, accuracy=0.99)
    fresh = [path for path in packs.rglob("*") if path not in before and path.is_file()]
    promote(repository, bad.ref)
    for path in fresh:
        path.chmod(0o600)
        path.write_bytes(b"\0" * path.stat().st_size)
    with places.make_repository(tmp_path / "here") as again:
        review = reviewing.review(again, "churn", "production", row(again, "churn:0.2.0"))
        assert review.judged[0].verdict.reason.startswith("1.1.0 cannot be read, so nothing can")
        assert not any(one.verdict.passed for one in review.judged)
        back = moving.rollback(again, "churn", "production", EVE, seen=bad.manifest)
        assert back.version.ref == "churn:1.0.0"
        moving.rollback(again, "churn", "production", EVE)
        assert not any(one.verdict.passed for one in promote(again, "churn:0.2.0").judged)
        strict = "[production.gates.metric]\n"
        moving.rollback(again, "churn", "production", EVE)
        assert policies.change(again, "churn", strict, {}, EVE)
        with pytest.raises(Refused, match=r"metric: 1\.1\.0 cannot be read"):
            promote(again, "churn:0.3.0")


def test_a_deleted_version_is_not_promoted(repository):
    gone = row(repository, "churn:0.2.0")
    repository.delete(gone, ADA)
    with pytest.raises(NotFound, match="was deleted"):
        moving.promote(repository, gone, "production", BOB)


def test_what_was_live_when(repository):
    promote(repository, "churn:0.1.0")
    promote(repository, "churn:0.2.0")
    stays = reviewing.history(repository, "churn", "production")
    assert [stay.ref for stay in stays] == ["churn:0.2.0", "churn:1.0.0"]
    assert (stays[0].until, stays[1].until) == ("", stays[0].since)
    assert reviewing.at(stays, stays[1].since).ref == "churn:1.0.0"
    assert reviewing.at(stays, stays[0].since).ref == "churn:0.2.0"
    assert reviewing.at(stays, "2020-01-01T00:00:00.000000Z") is None


def test_a_policy_that_comes_between_counts(repository, tmp_path):
    """The loser of a race is judged by the policy that is in force when it tries again."""
    promote(repository, "churn:0.3.0")
    worse = made(repository, accuracy=0.5)
    other = places.make_repository(tmp_path / "here")
    asked = []

    def may(_):
        asked.append(1)
        if len(asked) == 2:  # the gates were asked, and the event is about to be written
            text = "[production.gates.metric]\n"
            assert policies.change(other, "churn", text, {}, EVE)

    with pytest.raises(Refused, match="worse by"):
        moving.promote(repository, worse, "production", BOB, may=may)
    other.close()
    assert len(asked) == 3, "decided anew"
    assert row(repository, "churn@production").ref == "churn:1.0.0"


def test_the_first_promotion_and_savers_share_no_number(repository, tmp_path):
    """1.0.0 and what is saved meanwhile are decided against one chain."""

    def save(n):
        with places.make_repository(tmp_path / "here") as own:
            return made(own, accuracy=0.5 + n / 100).ref

    def first(_):
        with places.make_repository(tmp_path / "here") as own:
            return promote(own, "churn:0.1.0").version.ref

    with ThreadPoolExecutor(6) as pool:
        saved = [pool.submit(save, n) for n in range(1, 4)]
        moved = pool.submit(first, 0)
        saved += [pool.submit(save, n) for n in range(4, 7)]
        refs = [one.result() for one in saved]
    assert moved.result() == "churn:1.0.0"
    assert len({*refs, "churn:1.0.0"}) == 7
    assert not repository.index.broken()
    assert row(repository, "churn@production").ref == "churn:1.0.0"
    assert not verify(repository, None, lambda *_: None).problems
