"""Policies: what they say, what is none, how they are kept; requests, approvals and who may."""

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from promote.parties import ADA, BOB, EVE, made, parts, row

from snapbook import canonical, gc, places, signing
from snapbook.errors import BadName, BadOption, Conflict, Damaged, Refused, Usage
from snapbook.gates import known
from snapbook.gates.base import Case
from snapbook.promote import moving, opinions, policies, policy, reviewing
from snapbook.repository import Author

STRICT = """
[production]
approvals = 2

[production.gates.metric]
margin = 0.01

[production.gates.environment]
bad_file = "bad.txt"
"""
FILES = {"bad.txt": "evil\nnumpy<2\n"}


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "here").mkdir()
    with places.make_repository(tmp_path / "here") as found:
        for accuracy in (0.90, 0.91, 0.92):
            made(found, accuracy=accuracy)
        yield found


def promote(repository, ref, alias="production", author=BOB, **named):
    return moving.promote(repository, row(repository, ref), alias, author, **named)


def say(repository, ref, word, author, text="because", alias="production"):
    opinions.say(repository, row(repository, ref), alias, word, text, author)


def change(repository, text, files=None, author=EVE, **named):
    return policies.change(repository, "churn", text, files or {}, author, **named)


# -- what a policy says


def test_the_default_asks_for_nothing_and_warns():
    rule = policy.default().rule("production")
    assert (rule.approvals, rule.author_may_approve, rule.promoter) == (0, False, "approver")
    assert [(gate.name, gate.refuses) for gate in rule.gates] == [
        ("signature", False), ("metric", False),
    ]  # fmt: skip
    assert policy.default().rule("staging").promoter == "writer"
    assert policy.default().rule("mine").gates == ()
    assert policy.default().protects("Production")
    assert not policy.default().protects("mine")


def test_what_is_said_counts_and_the_rest_is_the_default():
    found = policy.parse(STRICT, FILES)
    rule = found.rule("production")
    assert rule.approvals == 2
    assert [(gate.name, gate.refuses) for gate in rule.gates] == [
        ("metric", True), ("environment", True),
    ]  # fmt: skip
    assert rule.gates[1].settings == {"bad_file": "evil\nnumpy<2\n"}
    assert found.rule("staging") == policy.default().rule("staging")
    assert policy.parse("[Canary]\napprovals = 1\n").protects("canary")
    assert policy.decode(found.encode()) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("production = 1", "production is no table"),
        ("[production", "it is no TOML"),
        ("[production]\napproval = 1", r"no production\.approval \(did you mean approvals\?\)"),
        ("[production]\napprovals = true", "has to be a count"),
        ("[production]\napprovals = -1", "has to be a count"),
        ("[production]\nauthor_may_approve = 1", "true or false"),
        ('[production]\npromoter = "reader"', "writer or approver"),
        ("[production]\ngates = 1", "production.gates is no table"),
        ("[production.gates]\nmetric = 1", "production.gates.metric is no table"),
        ('[production.gates.metric]\nfails = "maybe"', "refuse"),
        ("[production.gates.metrc]", r"no gate metrc \(did you mean metric\?\)"),
        ('[production.gates.environment]\nbad_file = "x.txt"', "x.txt that the policy names"),
        ("a = " + "[" * 3000, "it is no TOML"),
        ("#" * (1 << 21), "larger than a megabyte"),
    ],
)
def test_what_is_no_policy(repository, text, said):
    head = repository.catalog.head()
    with pytest.raises(BadOption, match=said):
        change(repository, text)
    assert repository.catalog.head() == head


LEAVES = st.one_of(st.booleans(), st.integers(-2, 3), st.floats(), st.text(max_size=3))
WORDS = st.sampled_from(
    ["approvals", "author_may_approve", "promoter", "gates", "metric", "drift", "environment",
     "margin", "margins", "names", "limit", "bad", "bad_file", "fails", "production", "x y"]
)  # fmt: skip
TABLES = st.recursive(
    LEAVES | st.sampled_from(["refuse", "warn", "writer", "numpy<2"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(["production", "staging", "b"]), TABLES, max_size=2))
def test_any_table_is_a_policy_or_says_what_is_wrong(tables):
    """And what is one can be kept, read and asked."""
    text = tomli_w.dumps(tables)
    try:
        found = policy.parse(text, {})
    except (BadOption, BadName):
        return
    assert policy.decode(found.encode()) == found
    for rule in found.rules.values():
        for gate in rule.gates:
            case = Case(parts(), parts(), "1.0.0", gate.settings, lambda _: b"")
            assert known.judged(gate.name, case).reason.count("itself failed") == 0


def test_an_alias_has_a_name(repository):
    with pytest.raises(BadName):
        change(repository, '["no name"]\napprovals = 1')


# -- how it is kept


def test_policies_are_kept_one_after_another(repository):
    assert change(repository, STRICT, FILES)
    assert not change(repository, STRICT, FILES)
    assert change(repository, "[staging]\napprovals = 1\n", author=BOB)
    kept = policies.all_of(repository, "churn")
    assert [(one.place, one.author) for one in kept] == [(2, "bob"), (1, "eve"), (0, "")]
    assert [one.text for one in kept] == ["[staging]\napprovals = 1\n", STRICT, policy.DEFAULT]
    gc.gc(repository, ADA)
    repository.index.rebuild()
    assert [one.text for one in policies.all_of(repository, "churn")] == [o.text for o in kept]
    assert change(repository, STRICT, FILES), "an old one may come back"


def test_nobody_s_change_is_lost(repository):
    change(repository, STRICT, FILES)
    seen = policies.all_of(repository, "churn")[0].digest
    change(repository, "[staging]\napprovals = 1\n", author=BOB)
    with pytest.raises(Conflict, match="bob changed the policy of churn meanwhile"):
        change(repository, "[staging]\napprovals = 2\n", seen=seen)


def test_a_policy_that_cannot_be_read_lets_nothing_through(repository):
    writer = repository.store.writer()
    digest = writer.add(canonical.encode({"text": "[production]\nlater = 1\n", "files": {}}))
    writer.commit()
    repository.act(lambda: ("policy", {"model": "churn", "policy": digest, "old": ""}), EVE)
    writer.close()
    with pytest.raises(Damaged, match=r"no production\.later"):
        promote(repository, "churn:0.1.0")


def test_a_gate_that_went_away_passes_nothing(repository):
    text = "[production.gates.uninstalled]\n"
    writer = repository.store.writer()
    digest = writer.add(canonical.encode({"text": text, "files": {}}))
    writer.commit()
    repository.act(lambda: ("policy", {"model": "churn", "policy": digest, "old": ""}), EVE)
    writer.close()
    with pytest.raises(Refused, match="uninstalled: there is no gate of that name here"):
        promote(repository, "churn:0.1.0")


# -- what it decides


def test_gates_refuse(repository):
    change(repository, "[production.gates.metric]\nmargin = 0.01\n")
    promote(repository, "churn:0.3.0")
    promote(repository, "churn:0.2.0")
    head = repository.catalog.head()
    made(repository, accuracy=0.85)
    with pytest.raises(Refused) as told:
        promote(repository, "churn:1.1.0")
    assert told.value.kind == "policy"
    assert str(told.value) == (
        "Not promoted to production: metric: accuracy 0.91 -> 0.85, worse by 0.06, 0.01 is allowed."
        ' See: snapbook.verbs.review("churn:1.1.0", alias="production")'
    )
    assert repository.catalog.head().n == head.n + 1, "the version and nothing else"
    assert row(repository, "churn@production").manifest == row(repository, "churn:0.2.0").manifest


def test_approvals(repository):
    change(repository, STRICT, FILES)
    with pytest.raises(Refused, match="2 of 2 approvals are missing"):
        promote(repository, "churn:0.2.0")
    say(repository, "churn:0.2.0", "request", ADA)
    say(repository, "churn:0.2.0", "approve", BOB)
    say(repository, "churn:0.2.0", "approve", BOB)
    with pytest.raises(Refused, match="1 of 2 approvals is missing"):
        promote(repository, "churn:0.2.0")
    say(repository, "churn:0.3.0", "approve", EVE)
    say(repository, "churn:0.2.0", "approve", EVE, alias="staging")
    with pytest.raises(Refused, match="1 of 2 approvals is missing"):
        promote(repository, "churn:0.2.0")
    say(repository, "churn:0.2.0", "approve", EVE)
    promote(repository, "churn:0.2.0")
    kept = repository.index.rulings("churn", "alias")[0].kept
    assert {one["author"] for one in canonical.decode(repository.store.get(kept))["approvals"]} == {
        "bob", "eve",
    }  # fmt: skip


def test_one_may_not_approve_one_s_own(repository, tmp_path):
    change(repository, STRICT, FILES)
    with pytest.raises(Refused, match=r"Not approved: you made 0\.2\.0, and someone else approves"):
        say(repository, "churn:0.2.0", "approve", Author("Ada "))
    ada = Author("ada", signing.own_key(tmp_path / "ada"))
    signed = made(repository, ada, accuracy=0.95)
    with pytest.raises(Refused, match="you made"):
        say(repository, signed.ref, "approve", Author("another name", ada.key))
    change(repository, "[production]\napprovals = 1\nauthor_may_approve = true\n")
    say(repository, signed.ref, "approve", ada)
    promote(repository, signed.ref)


def test_one_key_is_one_person(repository, tmp_path):
    change(repository, STRICT, FILES)
    key = signing.own_key(tmp_path / "bob")
    say(repository, "churn:0.2.0", "approve", Author("bob", key))
    say(repository, "churn:0.2.0", "approve", Author("robert", key))
    with pytest.raises(Refused, match="1 of 2 approvals is missing"):
        promote(repository, "churn:0.2.0")


def test_an_approval_under_another_policy_does_not_slip_in(repository):
    """Said while the author might; he may not any more, and his word counts no more."""
    change(repository, "[production]\napprovals = 1\nauthor_may_approve = true\n")
    say(repository, "churn:0.2.0", "approve", ADA)
    change(repository, "[production]\napprovals = 1\n")
    with pytest.raises(Refused, match="1 of 1 approval is missing"):
        promote(repository, "churn:0.2.0")
    review = reviewing.review(repository, "churn", "production", row(repository, "churn:0.2.0"))
    assert [one.counts for one in review.said] == ["made it"]


def test_a_rejection_stands_until_it_is_taken_back(repository):
    with pytest.raises(Usage, match="A rejection needs a reason"):
        say(repository, "churn:0.2.0", "reject", BOB, "")
    say(repository, "churn:0.2.0", "reject", BOB, "not calibrated")
    with pytest.raises(Refused, match="bob rejected it: not calibrated"):
        promote(repository, "churn:0.2.0")
    say(repository, "churn:0.2.0", "approve", EVE)
    with pytest.raises(Refused, match="bob rejected it"):
        promote(repository, "churn:0.2.0")
    say(repository, "churn:0.2.0", "approve", BOB)
    promote(repository, "churn:0.2.0")


def test_an_approval_is_for_one_promotion(repository):
    change(repository, "[production]\napprovals = 1\n")
    say(repository, "churn:0.2.0", "approve", BOB)
    promote(repository, "churn:0.2.0")
    say(repository, "churn:0.3.0", "approve", BOB)
    promote(repository, "churn:0.3.0")
    moving.rollback(repository, "churn", "production", EVE)
    with pytest.raises(Refused, match="1 of 1 approval is missing"):
        promote(repository, "churn:0.3.0")


def test_signatures_are_for_what_was_said(repository, tmp_path):
    bob = Author("bob", signing.own_key(tmp_path / "bob"))
    say(repository, "churn:0.2.0", "approve", bob)
    event = list(repository.catalog.read())[-1]
    taken = event.body["signature"]
    opinions_seen = reviewing.review(
        repository, "churn", "production", row(repository, "churn:0.2.0")
    )
    assert opinions_seen.said[0].signed
    # The same signature under another version is shown as none.
    body = {**event.body, "manifest": row(repository, "churn:0.3.0").manifest, "signature": taken}
    repository.act(lambda: ("approval", body), BOB)
    review = reviewing.review(repository, "churn", "production", row(repository, "churn:0.3.0"))
    assert [one.signed for one in review.said] == [False]


# -- looking


def test_review(repository):
    promote(repository, "churn:0.1.0")
    change(repository, "[production]\napprovals = 1\n[production.gates.metric]\n")
    worse = made(repository, accuracy=0.5)
    review = reviewing.review(repository, "churn", "production")
    assert review.live.ref == "churn:1.0.0"
    assert review.candidate.ref == worse.ref
    assert review.changes[0] == "accuracy 0.9 -> 0.5 worse"
    assert review.missing == (
        "metric: accuracy 0.9 -> 0.5, worse by 0.4", "1 of 1 approval is missing",
    )  # fmt: skip
    say(repository, "churn:0.2.0", "request", ADA, "please")
    review = reviewing.review(repository, "churn", "production")
    assert review.candidate.ref == "churn:0.2.0", "what was asked for is looked at"
    assert [(one.word, one.author, one.text) for one in review.said] == [
        ("request", "ada", "please"),
    ]  # fmt: skip
    say(repository, "churn:0.2.0", "approve", BOB)
    assert reviewing.review(repository, "churn", "production").missing == ()
    promote(repository, "churn:0.2.0")
    assert reviewing.review(repository, "churn", "production").candidate.ref == worse.ref


def test_review_of_what_is_there(repository):
    promote(repository, "churn:0.3.0")
    review = reviewing.review(repository, "churn", "production")
    assert (review.live.ref, review.candidate) == ("churn:1.0.0", None)
    assert reviewing.review(repository, "churn", "Production").live.ref == "churn:1.0.0"
