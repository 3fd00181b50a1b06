"""A rollout is what the chain says: begun, led on, ended; raced for, and the same for all."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promote.parties import ADA, BOB, EVE, made, row

from snapbook import canonical, gc, places, signing
from snapbook.catalog.index import Index
from snapbook.deploy import acts, drills, rollout, standing, writing
from snapbook.deploy import plan as plans
from snapbook.deploy.acts import End
from snapbook.deploy.rollout import Happened
from snapbook.errors import BadOption, Conflict, NotFound, Refused
from snapbook.promote import moving, opinions, policies
from snapbook.promote.signed import holds
from snapbook.repository import Author
from snapbook.verify import verify

PLAN = plans.parse(canary="5,50,100", every="1m", abort_if="error_rate > 1%")


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "here").mkdir()
    with places.make_repository(tmp_path / "here") as found:
        for accuracy in (0.90, 0.91, 0.92):
            made(found, accuracy=accuracy)
        moving.promote(found, row(found, "churn:0.1.0"), "production", BOB)
        yield found


def begin(repository, ref="churn:0.3.0", plan=PLAN, author=BOB, **named):
    return acts.begin(repository, row(repository, ref), plan, author, **named)


def now(repository, alias="production"):
    repository.follow()
    return rollout.of(repository, "churn", alias)


def later(seconds):
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_step_by_step_to_the_end(repository):
    head = repository.catalog.head().n
    begun = begin(repository, text="handles the new region")
    assert (begun.version.ref, begun.stable.ref) == ("churn:0.3.0", "churn:1.0.0")
    assert begun.n == head + 1, "one event"
    found = now(repository)
    assert (found.state, found.step, found.share, found.plan) == ("running", 0, 5, PLAN)
    assert not acts.advance(repository, "churn", found, BOB, now=later(59)), "not due yet"
    assert acts.advance(repository, "churn", found, BOB, now=later(61))
    assert not acts.advance(repository, "churn", found, BOB, now=later(61)), "once"
    found = now(repository)
    assert (found.step, found.share, found.following) == (1, 50, None)
    assert acts.advance(repository, "churn", found, EVE), "a person need not wait"
    found = now(repository)
    assert (found.state, found.ender, found.share) == ("done", "eve", 0)
    assert row(repository, "churn@production").ref == "churn:0.3.0"
    assert next(repository.catalog.read(begun.n + 2)).body["way"] == "promote"
    assert not verify(repository, None, lambda *_: None).problems


def test_paused_it_waits_and_then_begins_its_step_anew(repository):
    begin(repository)
    before = now(repository)
    assert acts.pause(repository, "churn", "production", EVE).state == "paused"
    assert not acts.advance(repository, "churn", before, BOB, now=later(600))
    assert acts.pause(repository, "churn", "production", EVE).state == "paused", "twice is once"
    head = repository.catalog.head()
    assert acts.resume(repository, "churn", "production", BOB).since > before.since
    assert repository.catalog.head().n == head.n + 1
    assert acts.advance(repository, "churn", now(repository), BOB, now=later(61))


def test_an_end_says_why_and_what_was_seen(repository):
    begun = begin(repository)
    seen = {"rules": [{"text": "error_rate > 1%", "candidate": 0.5}]}
    n = acts.abort(repository, "churn", "production", BOB, End(begun.n, "errors 50 %", seen))
    assert n == begun.n + 1
    assert acts.abort(repository, "churn", "production", EVE, End(begun.n, "late")) == 0
    found = now(repository)
    assert (found.state, found.itself, found.why) == ("aborted", True, "errors 50 %")
    kept = canonical.decode(repository.store.get(found.evidence))
    assert kept["rules"] == seen["rules"]
    assert row(repository, "churn@production").ref == "churn:1.0.0", "the alias never moved"
    repository.delete(row(repository, "churn:0.3.0"), ADA)
    assert found.evidence in gc.live(repository), "evidence outlives the version"
    with pytest.raises(NotFound):
        acts.abort(repository, "churn", "production", EVE, End())
    with pytest.raises(NotFound):
        acts.pause(repository, "churn", "production", EVE)


def test_a_rule_about_a_column_that_is_not_there_watches_nothing(repository):
    for column, said in (("aeg", "Did you mean age"), ("price", "Of age")):
        plan = plans.parse(canary="5,100", abort_if=f"drift > 0.2 in {column}")
        with pytest.raises(BadOption, match=r"churn:0\.3\.0 takes no such column") as told:
            begin(repository, plan=plan)
        assert said in told.value.act
    assert now(repository) is None
    begin(repository, plan=plans.parse(canary="5,100", abort_if="drift > 0.2 in age"))


def test_what_is_on_its_way_is_not_deleted_under_it(repository):
    version = row(repository, "churn:0.3.0")
    acts.unused(repository, version)
    begin(repository)
    with pytest.raises(Refused, match=r"churn:0\.3\.0 is being rolled out to production"):
        acts.unused(repository, version)
    acts.unused(repository, row(repository, "churn:0.2.0"))
    acts.abort(repository, "churn", "production", BOB, End(0, "enough"))
    acts.unused(repository, version)


def test_a_rollout_that_begins_meanwhile_keeps_what_was_to_be_deleted(repository):
    version = row(repository, "churn:0.3.0")
    folder = repository.folder
    looked = []

    def check():
        acts.unused(repository, version)
        if not looked:
            looked.append(1)
            with places.open_folder(folder) as other:
                begin(other)

    with pytest.raises(Refused, match=r"churn:0\.3\.0 is being rolled out to production"):
        repository.delete(version, BOB, check=check)
    assert not row(repository, "churn:0.3.0").deleted
    with pytest.raises(Refused, match="is being rolled out"):
        acts.delete(repository, version, BOB)
    acts.abort(repository, "churn", "production", BOB, End(0, "enough"))
    acts.delete(repository, version, BOB)
    with pytest.raises(NotFound):
        acts.begin(repository, version, PLAN, BOB)


def test_an_alias_that_moves_meanwhile_keeps_what_was_to_be_deleted(repository):
    version = row(repository, "churn:0.3.0")
    moving.promote(repository, version, "production", BOB)
    with pytest.raises(Refused, match="is @production"):
        repository.delete(version, BOB)


def test_a_policy_decides_at_the_beginning_and_at_the_end(repository):
    policies.change(repository, "churn", "[production]\napprovals = 1\n", {}, ADA)
    with pytest.raises(Refused, match="1 of 1 approval"):
        begin(repository)
    opinions.say(repository, row(repository, "churn:0.3.0"), "production", "approve", "", EVE)
    begin(repository)
    found = now(repository)
    assert acts.advance(repository, "churn", found, BOB, now=later(61))
    opinions.say(repository, row(repository, "churn:0.3.0"), "production", "reject", "no", EVE)
    with pytest.raises(Refused, match="rejected"):
        acts.advance(repository, "churn", now(repository), BOB, now=later(999))
    assert now(repository).state == "running", "it waits at its last step"


def test_who_may_not_promote_may_not_deploy(repository):
    def may(rule):
        raise Refused("Not allowed", kind="role")

    with pytest.raises(Refused):
        begin(repository, may=may)
    begin(repository)
    found = now(repository)
    head = repository.catalog.head()
    for act in (
        lambda: acts.advance(repository, "churn", found, EVE, may=may),
        lambda: acts.pause(repository, "churn", "production", EVE, may=may),
        lambda: acts.abort(repository, "churn", "production", EVE, End(), may=may),
        lambda: drills.drill(repository, "churn", "production", EVE, may=may),
    ):
        with pytest.raises(Refused):
            act()
    assert repository.catalog.head() == head


def test_one_at_a_time_but_a_shadow_gives_way(repository):
    with pytest.raises(Refused, match="points at nothing"):
        begin(repository, plan=plans.parse(canary="5,100", alias="staging"))
    with pytest.raises(Conflict, match="already"):
        begin(repository, "churn:1.0.0")
    begin(repository, "churn:0.2.0", plans.parse(shadow=True))
    assert now(repository).shadow
    begin(repository)
    with pytest.raises(Conflict, match=r"churn:0\.3\.0 is being rolled out"):
        begin(repository, "churn:0.2.0")
    acts.abort(repository, "churn", "production", EVE, End())
    head = repository.catalog.head()
    begin(repository, "churn:0.2.0", dry=True)
    assert repository.catalog.head() == head


def test_an_alias_that_moves_ends_it(repository):
    begin(repository)
    found = now(repository)
    moving.promote(repository, row(repository, "churn:0.2.0"), "production", EVE)
    assert now(repository).state == "overtaken"
    assert not acts.advance(repository, "churn", found, BOB, now=later(999))
    begin(repository)
    moving.promote(repository, row(repository, "churn:0.3.0"), "production", EVE)
    assert now(repository).state == "done"


def test_ab_and_shadow_go_on_until_somebody_takes_the_step(repository):
    for plan in (plans.parse(shadow=True), plans.parse(ab="50")):
        begin(repository, plan=plan)
        found = now(repository)
        assert not acts.advance(repository, "churn", found, BOB, now=later(10**7))
    assert acts.advance(repository, "churn", found, BOB)
    assert row(repository, "churn@production").ref == "churn:0.3.0"


def test_where_the_way_back_leads_and_that_it_was_rehearsed(repository):
    with pytest.raises(NotFound, match="nowhere else before"):
        drills.drill(repository, "churn", "production", EVE)
    begin(repository)
    assert standing.of(repository, "churn", "production").back.ref == "churn:1.0.0"
    with pytest.raises(Conflict):
        drills.drill(repository, "churn", "production", EVE)
    moving.promote(repository, row(repository, "churn:0.3.0"), "production", EVE)
    n = drills.drill(repository, "churn", "production", EVE)
    drills.drilled(repository, "churn", "production", BOB, n, "abcd", 0.002, "")
    drills.drilled(repository, "churn", "production", BOB, n, "ef01", 0.0, "it is not ready")
    drill = standing.of(repository, "churn", "production").drill
    assert drill.told == (("abcd", 0.002, ""), ("ef01", 0.0, "it is not ready"))
    assert drills.drill(repository, "churn", "production", EVE) > n
    assert standing.of(repository, "churn", "production").drill.told == ()


def test_each_event_is_signed_for_what_it_says_and_nothing_else(repository, tmp_path):
    key = signing.own_key(tmp_path / "config")
    begun = begin(repository, author=Author("bob", key), text="why")
    body = dict(repository.catalog.event(begun.n).body)
    signature = body.pop("signature")
    assert body.pop("texts")
    assert holds(signature, writing.PURPOSE, body)
    assert not holds(signature, "promotion", body)
    assert not holds(signature, writing.PURPOSE, {**body, "share": 100})


def test_an_index_that_was_thrown_away_says_the_same(repository):
    begin(repository)
    acts.advance(repository, "churn", now(repository), BOB, now=later(61))
    before = standing.of(repository, "churn", "production")
    repository.index.rebuild()
    assert standing.of(repository, "churn", "production") == before
    fresh = Index(None, repository.store.get)
    fresh.follow(repository.catalog)
    assert fresh.rulings("churn", "rollout") == repository.index.rulings("churn", "rollout")


def test_many_servers_take_each_step_once(repository):
    """Each has the repository open for itself, sees the same, and wants to be first."""
    begin(repository)

    def server(place):
        with places.open_folder(repository.folder) as own:
            for _ in range(40):
                own.follow()
                found = rollout.of(own, "churn", "production")
                if not found.active:
                    break
                acts.advance(own, "churn", found, Author(f"server-{place}"), now=later(61))
            return standing.of(own, "churn", "production")

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(server, range(4)))
    assert all(one.rollout == seen[0].rollout for one in seen)
    assert seen[0].rollout.state == "done"
    ways = [event.body.get("way") for event in repository.catalog.read(5)]
    assert ways == ["begin", "step", "promote"]


def test_rules_that_fire_at_once_end_it_once(repository):
    begun = begin(repository)

    def server(place):
        with places.open_folder(repository.folder) as own:
            return acts.abort(
                own, "churn", "production", Author(f"server-{place}"),
                End(begun.n, f"seen by {place}", {}),
            )  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        places_of = list(pool.map(server, range(4)))
    assert sum(n > 0 for n in places_of) == 1
    assert now(repository).state == "aborted"


MANIFESTS = ("a" * 64, "b" * 64, "c" * 64)
EVENT = st.tuples(
    st.sampled_from(("begin", "step", "pause", "resume", "abort", "drill", "moved", "odd")),
    st.sampled_from(MANIFESTS[:2]),
    st.integers(0, 3),
)


def happened(events):
    return [
        Happened(
            n, f"2026-11-22T10:00:{n:02d}.000000Z", "bob", way, manifest,
            {"step": step, "plan": PLAN.json(), "alias": "production", "old": MANIFESTS[2]},
            f"{n:064d}",
        )
        for n, (way, manifest, step) in enumerate(events, 1)
    ]  # fmt: skip


@given(st.lists(EVENT, max_size=20))
def test_whatever_stands_in_the_chain_is_one_state(events):
    """No order of events is out of the question, and whoever reads on is where all others are."""
    told = happened(events)
    whole = rollout.fold(told)
    states = [rollout.fold(told[:at]) for at in range(len(told) + 1)]
    for before, after in itertools.pairwise(states):
        if before is None or after is None or before == after:
            continue
        if after.n == before.n:
            assert before.active, "what is over changes no more"
            assert after.step in (before.step, before.step + 1)
    if whole is not None:
        assert whole == rollout.fold([one for one in told if one.n >= whole.n])
        assert 0 <= whole.step < len(PLAN.steps) - 1
        assert whole.share in (0, 5, 50)


@given(st.permutations(("step", "pause", "abort", "moved")), st.integers(0, 3))
def test_racing_appends_end_in_one_state_whatever_their_order(ways, at):
    """The event that ends it decides; what was appended behind it changes nothing."""
    events = [("begin", MANIFESTS[0], 0), *((way, MANIFESTS[0], 1) for way in ways)]
    found = rollout.fold(happened(events))
    first = next(way for way in ways if way in ("abort", "moved"))
    assert found.state == {"abort": "aborted", "moved": "done"}[first]
    again = [*events, (ways[at], MANIFESTS[0], 1)]
    assert rollout.fold(happened(again)) == found
