"""Servers that tell of themselves: known while they live, and believed no further than that."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promote.parties import BOB, made, row

from snapbook import places
from snapbook.deploy import acts, fronts, standing, status
from snapbook.deploy import plan as plans
from snapbook.promote import moving
from snapbook.verbs.rolled import lines

SAID = {"model": "churn", "alias": "production", "answers": "churn:1.0.0", "at": 7}
TOLD = """
import sys, pathlib
from snapbook.deploy.fronts import Announced
one = Announced(pathlib.Path(sys.argv[1]))
one.say({"model": "churn", "alias": "production", "at": 3})
print(one.id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def repository(tmp_path):
    with places.make_repository(tmp_path) as found:
        for accuracy in (0.90, 0.91):
            made(found, accuracy=accuracy)
        moving.promote(found, row(found, "churn:0.1.0"), "production", BOB)
        yield found


def test_a_server_is_known_until_it_ends(tmp_path):
    assert fronts.alive(tmp_path) == []
    one, two = fronts.Announced(tmp_path), fronts.Announced(tmp_path)
    one.say(SAID)
    two.say({**SAID, "alias": "staging"})
    assert [told["id"] for told in fronts.alive(tmp_path, "CHURN", "production")] == [one.id]
    assert len(fronts.alive(tmp_path)) == 2
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "fronts").iterdir()} == {0o600}
    one.say({**SAID, "at": 8})
    assert fronts.alive(tmp_path, "churn", "production")[0]["at"] == 8
    one.close()
    two.close()
    assert fronts.alive(tmp_path) == []
    assert not list((tmp_path / "fronts").iterdir())


def test_a_server_that_was_killed_is_swept(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", TOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    name = process.stdout.readline().decode().strip()
    assert [told["id"] for told in fronts.alive(tmp_path)] == [name]
    process.kill()
    process.communicate()
    assert fronts.alive(tmp_path) == []
    assert not list((tmp_path / "fronts").iterdir())


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """Two versions side by side, for all that servers may say of them."""
    with places.make_repository(tmp_path_factory.mktemp("stands")) as found:
        for accuracy in (0.90, 0.91):
            made(found, accuracy=accuracy)
        moving.promote(found, row(found, "churn:0.1.0"), "production", BOB)
        plan = plans.parse(ab="50", abort_if="p99 > 2x or accuracy < stable - 2%")
        acts.begin(found, row(found, "churn:0.2.0"), plan, BOB)
        return standing.of(found, "churn", "production")


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("ref", "state", "text", "near", "stable", "labels", "accuracy")), inner
        )
    ),
    max_leaves=8,
)


NAMES = (
    "id", "model", "alias", "host", "url", "answers", "why", "waits", "pid", "at", "rollout",
    "share", "workers", "rules", "outcomes", "shadowed",
)  # fmt: skip


def test_outcomes_of_both_are_said_with_their_figures(beside):
    told = status.told(beside, [], datetime.now(UTC))
    ab = {"metric": "mae", "stable": {"labels": 283, "value": 6.9975},
          "candidate": {"labels": 1290, "value": 16.664}, "difference": 9.67, "p": 8e-20,
          "significant": True, "why": "worse, and that is hardly chance (p 8e-20)"}  # fmt: skip
    assert (
        "  outcomes: mae 7 of 283 -> 16.7 of 1,290: worse, and that is hardly chance (p 8e-20)"
        in (list(lines({**told, "ab": ab})))
    )
    few = {**ab, "significant": None, "why": "12 of 100 outcomes of candidate"}
    assert "  outcomes: n/a: 12 of 100 outcomes of candidate" in list(lines({**told, "ab": few}))


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(NAMES), _JSON))
def test_whatever_a_server_says_can_be_shown(beside, said):
    told = fronts.sound(said)
    assert told["url"].isprintable()
    found = status.told(beside, [{**told, "rollout": beside.rollout.n}], datetime.now(UTC))
    assert list(lines(found))
    json.dumps(found)


def test_what_another_program_wrote_into_the_chain_stops_nobody(repository):
    manifest = row(repository, "churn:0.2.0").manifest
    whole = plans.parse(canary="5,100").json()
    for body in (
        {"way": "begin"},
        {"way": "begin", "plan": whole},
        {"way": "begin", "plan": whole, "old": "no digest"},
        {"way": "begin", "plan": {**whole, "steps": []}, "old": manifest},
        {"way": "step", "step": "x"},
        {"way": "drilled", "seconds": "x", "front": 3},
        {"way": ["list"]},
        {},
    ):
        told = {"model": "churn", "alias": "production", "manifest": manifest, **body}
        repository.act(lambda told=told: ("rollout", told), BOB)
        assert standing.of(repository, "churn", "production").live.ref == "churn:1.0.0"
    begun = acts.begin(repository, row(repository, "churn:0.2.0"), plans.parse(canary="5,100"), BOB)
    assert standing.of(repository, "churn", "production").rollout.n == begun.n
