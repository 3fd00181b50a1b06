"""What a rule saw, told as lines: which rule, of what, in which window, column or segment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promote.parties import BOB, made, row

from snapbook import places
from snapbook.deploy import acts, desk, evident, rollout, status
from snapbook.deploy import plan as plans
from snapbook.deploy.acts import End
from snapbook.export import groups
from snapbook.promote import moving

RULES = "drift > 0.2 or p99 > 2x or segments > 0 or accuracy < stable - 2% or error_rate > 1%"
PLAN = plans.parse(canary="5,50,100", every="1m", abort_if=RULES)
STABLE = {"p99_ms": 40.0, "accuracy": 0.9, "drift_max": 0.02, "drift_column": "age",
          "drift": {"age": 0.02, "price": 0.01}, "error_rate": 0.0}  # fmt: skip
CANDIDATE = {
    "seconds": 60.0, "requests": 1204, "rows": 812, "labels": 300, "error_rate": 0.004,
    "drift": {"age": 0.01, "price": 0.431}, "drift_max": 0.431, "drift_column": "price",
    "p99_ms": 95.0, "bad_segments": 1, "why": {"accuracy": "12 of 200 labels"},
    "segments": [{"column": "category", "value": "toys", "rows": 228, "bias": 0.2,
                  "rest": {"bias": 0.003}}],
}  # fmt: skip
SEEN = {"front": "ab12cd34", "stable": STABLE, "candidate": CANDIDATE}
TOLD = (
    "drift > 0.2: 1.5.0 had 0.431 in price; 1.4.0 had 0.01",
    "drift by column: price 0.431, age 0.01",
    "p99 > 2x: 1.5.0 had 95 ms; 1.4.0 had 40 ms; allowed was 80 ms",
    "segments > 0: 1.5.0 had 1 in category = toys",
    "category = toys: 20.0% too high in 228 rows; all others +0.3%",
    "within 60 s: 1,204 requests, 812 rows, 300 outcomes of 1.5.0",
    "held: error_rate > 1% (0.4 %)",
    "not known: accuracy < stable - 2% (12 of 200 labels)",
    "seen by the server ab12cd34",
)


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "here").mkdir()
    with places.make_repository(tmp_path / "here") as found:
        for accuracy in (0.90, 0.91):
            made(found, accuracy=accuracy)
        moving.promote(found, row(found, "churn:0.1.0"), "production", BOB)
        acts.begin(found, row(found, "churn:0.2.0"), PLAN, BOB)
        yield found


def ended(repository, seen):
    acts.abort(repository, "churn", "production", BOB, End(0, "drift 0.431 > 0.2 in price", seen))
    repository.follow()
    return rollout.of(repository, "churn", "production")


def test_what_was_seen_in_lines(repository):
    found = ended(repository, SEEN)
    assert evident.lines(found, SEEN, "1.4.0", "1.5.0") == TOLD
    there = desk.LocalRollouts(repository, BOB)
    told = status.status(there, "churn", "production")["rollout"]["seen"]
    assert told[0] == "drift > 0.2: 0.2.0 had 0.431 in price; 1.0.0 had 0.01"
    assert len(told) == len(TOLD)


def test_parts_that_were_wrong_are_the_version_s_from_then_on(repository):
    version = row(repository, "churn:0.2.0")
    assert evident.wrong(repository, version) == ()
    ended(repository, SEEN)
    ((alias, time, parts),) = evident.wrong(repository, version)
    assert (alias, parts) == ("production", CANDIDATE["segments"])
    assert evident.wrong(repository, row(repository, "churn:0.1.0")) == ()
    told = groups.wrong(alias, time, parts)
    assert told.lines[0].startswith("Wrong in parts of what it was asked when it was rolled out to")
    assert told.table() == (
        ("part of the rows", "rows", "bias", "bias of all others"),
        ("category = toys", "228", "0.2", "0.003"),
    )
    for odd in ([], [None], [{"rest": 3, "rows": "x"}], [{"bias": "high"}], [[1]]):
        assert groups.wrong(alias, time, odd) is None


def test_next_to_nothing_has_no_sign(repository):
    part = CANDIDATE["segments"][0] | {"rest": {"bias": -0.0001}}
    seen = {"candidate": CANDIDATE | {"segments": [part]}}
    told = evident.told(repository, "churn", ended(repository, SEEN | seen))
    assert "category = toys: 20.0% too high in 228 rows; all others +0.0%" in told


def test_of_labels_a_part_says_how_often_it_was_right(repository):
    part = {"column": "age", "value": "30 to 40", "rows": 50, "accuracy": 0.61,
            "rest": {"accuracy": 0.92}}  # fmt: skip
    seen = {"candidate": {"bad_segments": 1, "segments": [part]}}
    told = evident.lines(ended(repository, seen), seen, "1.4.0", "1.5.0")
    assert "age = 30 to 40: accuracy 61 % in 50 rows; all others 92 %" in told


def test_who_ended_it_by_hand_saw_nothing(repository):
    acts.abort(repository, "churn", "production", BOB, End(0, text="no"))
    repository.follow()
    assert evident.of(repository, "churn", "production") == ()


def test_a_version_that_could_not_start_has_no_figures(repository):
    assert evident.told(repository, "churn", ended(repository, {"rules": [], "front": "ab"}))[
        -1
    ] == ("seen by the server ab")


_ODD = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=6) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["front", "stable", "candidate"]),
        _ODD | st.dictionaries(st.sampled_from([*CANDIDATE, *STABLE]), _ODD),
    )
)
def test_another_program_s_word_stops_nobody(seen):
    begun = rollout.Rollout(
        1, 1, "production", "a" * 64, "b" * 64, PLAN, "bob", "2026-01-01T00:00:00.000000Z",
        "2026-01-01T00:00:00.000000Z", "",
    )  # fmt: skip
    for line in evident.lines(begun, seen, "1.4.0", "1.5.0"):
        assert line.isprintable()
