"""Verdicts that people bring along: which count, which do not, and what is said of it."""

import pytest
from promote.parties import ADA, BOB, made

from snapbook import canonical, gc, places, signing
from snapbook.errors import BadOption, NotFound, Refused
from snapbook.gates.base import Verdict
from snapbook.promote import moving, policies, reviewing, verdicts
from snapbook.promote.policy import parse
from snapbook.repository import Author

GATE = "[production.gates.latency]\np95_ms = 5\n"
AGAINST = "[production.gates.latency]\ntimes = 2\n"


@pytest.fixture
def repository(tmp_path):
    with places.make_repository(tmp_path) as repository:
        for accuracy in (0.90, 0.95, 0.92):
            made(repository, accuracy=accuracy)
        yield repository


def row(repository, number="0.2.0"):
    return repository.index.numbered("churn", tuple(map(int, number.split("."))))


def policy(repository, text):
    policies.change(repository, "churn", text, {}, ADA)


def judge(repository, author, number="0.2.0", passed=True, role="", alias="production", text=""):
    """``author`` tries a version and keeps what he found."""
    version = row(repository, number)
    sought = verdicts.sought(repository, version, alias)
    found = [
        verdicts.judgement(
            sought, alias, gate, Verdict(gate.name, passed, "fast" if passed else "slow"),
            author.key, {"source": text} if text else {},
        )
        for gate in sought.gates
    ]  # fmt: skip
    verdicts.keep(repository, version, alias, found, author, role)
    return found


def says(repository, number="0.2.0"):
    """What the gate says in a review: whether it was passed, and why not."""
    version = row(repository, number)
    (found,) = reviewing.review(repository, "churn", "production", version).judged
    return found.verdict.passed, found.verdict.reason


@pytest.fixture
def bob(tmp_path):
    return Author("bob", signing.own_key(tmp_path / "bob"))


def test_a_verdict_lets_a_version_pass(repository, bob):
    policy(repository, GATE)
    assert says(repository) == (False, "not judged yet")
    with pytest.raises(Refused, match="latency: not judged yet"):
        moving.promote(repository, row(repository), "production", ADA)
    judge(repository, bob)
    assert says(repository) == (True, "fast (judged by bob)")
    moved = moving.promote(repository, row(repository), "production", ADA)
    assert moved.judged[0].verdict.facts["judge"] == "bob"
    ruling = repository.index.rulings("churn", "alias")[0]
    kept = canonical.decode(repository.store.get(ruling.kept))
    assert kept["verdicts"][0]["reason"] == "fast (judged by bob)"
    assert says(repository, "0.3.0") == (False, "not judged yet"), "each version by itself"


def test_the_newest_counts(repository, bob):
    policy(repository, GATE)
    judge(repository, bob)
    judge(repository, bob, passed=False)
    assert says(repository) == (False, "slow (judged by bob)")
    judge(repository, bob)
    assert says(repository)[0]


def test_only_judges_count(repository, bob, tmp_path):
    eve = Author("eve", signing.own_key(tmp_path / "eve"))
    policy(repository, f'[production]\njudges = ["{bob.key.public}"]\n{GATE}')
    judge(repository, eve)
    said = "not judged yet: what eve found does not count, that key is no judge"
    assert says(repository) == (False, said)
    judge(repository, bob, passed=False)
    judge(repository, eve)
    assert says(repository) == (False, "slow (judged by bob)"), "and hides no other"
    judge(repository, Author("bob"))
    assert says(repository) == (False, "slow (judged by bob)"), "a name is no key"
    policy(repository, GATE)
    judge(repository, Author("nobody"), number="0.3.0")
    assert says(repository, "0.3.0")[1].endswith("does not count, it is not signed")


def test_the_role_that_a_registry_saw(repository, bob):
    policy(repository, f'[production]\njudges = "approver"\n{GATE}')
    judge(repository, bob, role="writer")
    assert says(repository)[1].endswith("the policy asks for an approver")
    judge(repository, bob, role="approver")
    assert says(repository)[0]
    judge(repository, bob, number="0.3.0")
    assert says(repository, "0.3.0")[0], "where there are no roles, the disk decides"


def test_it_is_for_these_settings_and_this_place(repository, bob):
    policy(repository, GATE)
    judge(repository, bob)
    policy(repository, GATE.replace("= 5", "= 4"))
    assert says(repository)[1].endswith("does not count, under other settings")
    policy(repository, AGAINST)
    judge(repository, bob)
    assert says(repository)[0], "nothing is in place"
    judge(repository, bob, "0.1.0")
    moving.promote(repository, row(repository, "0.1.0"), "production", ADA)
    assert says(repository)[1].endswith("against another version than is in place now")
    judge(repository, bob)
    assert says(repository)[0]
    judge(repository, bob, "0.3.0", alias="Production")
    assert says(repository, "0.3.0")[0], "names of aliases have no case"


def test_a_verdict_that_comes_between_counts(repository, bob):
    """Gates are asked before the event; what is judged meanwhile is looked at again."""
    policy(repository, GATE)
    judge(repository, bob)
    promotion = moving._Promotion(
        repository, repository.store.writer(), row(repository), "production", ADA, None, "",
        False, moving.anyone,
    )  # fmt: skip
    act = repository.act

    def late(*given):
        repository.act = act
        judge(repository, bob, passed=False)
        return act(*given)

    repository.act = late
    with pytest.raises(Refused, match="slow"):
        promotion.run()
    promotion.writer.close()


def test_evidence_stays(repository, bob):
    policy(repository, GATE)
    (found,) = judge(repository, bob, text="def mine(): ...")
    gc.gc(repository, ADA)
    assert says(repository)[0]
    ruling = repository.index.rulings("churn", "verdict")[0]
    assert repository.store.get(ruling.kept) == found.evidence
    kept = canonical.decode(found.evidence)
    assert kept["source"] == "def mine(): ..."
    assert len(kept["salt"]) == 32
    assert kept["settings"] == {"p95_ms": 5}
    assert (ruling.word, ruling.alias, ruling.author) == ("latency", "production", "bob")


def test_a_signature_is_for_one_verdict(repository, bob):
    policy(repository, GATE)
    (good,) = judge(repository, bob)
    head = repository.catalog.head()
    other = row(repository, "0.3.0")
    fails = canonical.decode(good.evidence) | {"passed": False}
    forged = verdicts.Judgement("latency", canonical.encode(fails), good.signature)
    with pytest.raises(Refused, match="the signature is not by the key it names"):
        verdicts.keep(repository, row(repository), "production", [forged], ADA)
    with pytest.raises(BadOption, match="about something else"):
        verdicts.keep(repository, other, "production", [good], ADA)
    with pytest.raises(BadOption, match="about something else"):
        verdicts.keep(repository, row(repository), "staging", [good], ADA)
    for data in (b"", b"[]", b'{"salt": 1}', canonical.encode({**fails, "passed": 1})):
        with pytest.raises(BadOption, match="cannot be read"):
            verdicts.keep(repository, other, "production",
                          [verdicts.Judgement("latency", data, None)], ADA)  # fmt: skip
    large = verdicts.Judgement("latency", b"x" * (1 << 21), None)
    with pytest.raises(BadOption, match="larger than a megabyte"):
        verdicts.keep(repository, other, "production", [large], ADA)
    assert repository.catalog.head() == head


def test_a_verdict_is_given_once(repository, bob):
    """Who has one that was passed cannot bring it again after one that was not."""
    policy(repository, GATE)
    passed = judge(repository, bob)
    judge(repository, bob, passed=False)
    head = repository.catalog.head()
    verdicts.keep(repository, row(repository), "production", passed, Author("eve"))
    assert repository.catalog.head() == head
    first = repository.catalog.event(repository.index.rulings("churn", "verdict")[1].n)
    repository.act(lambda: ("verdict", first.body), Author("eve"))
    assert len(repository.index.rulings("churn", "verdict")) == 3, "by who can write to the disk"
    assert says(repository) == (False, "slow (judged by bob)")


def test_a_version_that_was_renamed_keeps_its_verdict(repository, bob):
    policy(repository, GATE)
    judge(repository, bob)
    repository.rename("churn", "leaving", ADA)
    version = repository.index.newest("leaving", 1)
    (found,) = reviewing.review(repository, "leaving", "production", version).judged
    assert found.verdict.reason == "fast (judged by bob)"


def test_judges_of_a_policy():
    rule = parse('[production]\njudges = "approver"\n').rule("production")
    assert rule.judges == ("approver",)
    assert parse("").rule("production").judges == ("writer",)
    for judges in ('"admin"', "[]", '["abc"]', "3"):
        with pytest.raises(BadOption, match="judges has to be writer or approver, or a list"):
            parse(f"[production]\njudges = {judges}\n")


# -- benchmarks


def test_a_benchmark_is_an_alias_or_a_number(repository):
    golden = row(repository, "0.2.0")
    repository.move_alias(golden, "golden", ADA)
    policy(repository, '[production.gates.metric]\nagainst = ["Golden", "0.1.0"]\n')
    found = reviewing.review(repository, "churn", "production", row(repository, "0.3.0"))
    (one,) = found.judged
    assert one.verdict.reason == "accuracy 0.92, Golden has 0.95: worse by 0.03"
    assert {name: at.ref for name, at in found.benchmarks.items()} == {
        "Golden": "churn:0.2.0", "0.1.0": "churn:0.1.0",
    }  # fmt: skip
    assert one.verdict.facts["accuracy"]["benchmarks"] == {"Golden": 0.95, "0.1.0": 0.9}
    passed = reviewing.review(repository, "churn", "production", golden).judged[0].verdict
    assert passed.reason == "accuracy 0.95 vs Golden, 0.1.0"
    moving.promote(repository, golden, "production", ADA)
    kept = repository.index.rulings("churn", "alias")[0].kept
    told = canonical.decode(repository.store.get(kept))["benchmarks"]
    assert told["Golden"] == golden.manifest


def test_a_benchmark_that_moves_or_is_gone(repository):
    policy(repository, '[production.gates.metric]\nagainst = ["golden"]\n')
    with pytest.raises(Refused, match="there is no benchmark golden to compare with"):
        moving.promote(repository, row(repository, "0.3.0"), "production", ADA)
    repository.move_alias(row(repository, "0.2.0"), "golden", BOB)
    with pytest.raises(Refused, match=r"golden has 0\.95"):
        moving.promote(repository, row(repository, "0.3.0"), "production", ADA)
    repository.move_alias(row(repository, "0.1.0"), "golden", BOB)
    assert moving.promote(repository, row(repository, "0.3.0"), "production", ADA).new


def test_rows_of_a_benchmark(repository, bob):
    policy(repository, '[production.gates.score]\nrows_of = "golden"\n')
    with pytest.raises(NotFound, match="churn has no benchmark golden"):
        verdicts.sought(repository, row(repository), "production")
    repository.move_alias(row(repository, "0.1.0"), "golden", ADA)
    found = verdicts.sought(repository, row(repository), "production")
    assert found.rows_of["golden"].ref == "churn:0.1.0"
    judge(repository, bob)
    assert says(repository)[0]
    review = reviewing.review(repository, "churn", "production", row(repository))
    assert review.benchmarks["golden"].ref == "churn:0.1.0"
    repository.move_alias(row(repository, "0.3.0"), "golden", ADA)
    assert says(repository)[1].endswith("does not count, on other rows than those of golden now")
    judge(repository, bob)
    assert says(repository)[0]
    repository.delete(row(repository, "0.3.0"), ADA, force=True)
    assert not says(repository)[0]
