"""Plans and the rules in them: what people type, refused with one sentence where it is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapbook.deploy import plan as plans
from snapbook.errors import Damaged, Usage

RULES = "error_rate > 1% or p99 > 2x or drift > 0.2 or accuracy < stable - 2%"


def test_a_plan_is_what_was_typed():
    plan = plans.parse(canary="5,25,50,100", every="10m", abort_if=RULES)
    assert (plan.mode, plan.steps, plan.every_s) == ("canary", (5, 25, 50, 100), 600)
    assert [rule.metric for rule in plan.rules] == ["error_rate", "p99", "drift", "accuracy"]
    assert plan.ends
    assert not plan.sticky
    assert plan.window_s == 60
    assert plans.of_json(plan.json()) == plan
    assert plan.json()["steps"] == [5, 25, 50, 100], "whole numbers stay whole"


def test_what_goes_beside_a_canary():
    ab, shadow = plans.parse(ab="50"), plans.parse(shadow=True, alias="staging")
    assert (ab.steps, ab.sticky, ab.ends) == ((50,), True, False)
    assert (shadow.steps, shadow.alias, shadow.ends) == ((0,), "staging", False)
    assert plans.parse(now=True).steps == (100,)
    assert plans.parse(canary="50,100", every="5s").window_s == 5, "no longer than a step"
    for plan in (ab, shadow):
        assert plans.of_json(plan.json()) == plan


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "How it is to be deployed is not said"),
        ({"canary": "5,100", "ab": "50"}, "--canary and --ab do not go together"),
        ({"canary": "5,4,100"}, "steps rise, and the last one is 100"),
        ({"canary": "5,25"}, "the last one is 100"),
        ({"canary": "0,100"}, "--canary cannot be 0"),
        ({"canary": ""}, "--canary cannot be empty"),
        ({"canary": "5,nan,100"}, "--canary cannot be nan"),
        ({"canary": "1e1,100"}, "--canary cannot be 1e1"),
        ({"canary": "٥,100"}, "--canary cannot be"),
        ({"canary": ",".join(map(str, range(1, 101)))}, "more than 50 steps"),
        ({"ab": "100"}, "--ab cannot be 100"),
        ({"canary": "5,100", "every": "0s"}, "--every cannot be 0s"),
        ({"canary": "5,100", "every": "99999999d"}, "--every cannot be"),
        ({"shadow": True, "every": "1m"}, "--every is for --canary"),
        ({"now": True, "abort_if": "p99 > 2x"}, "nothing is watched"),
        ({"canary": "5,100", "every": "1s", "window": "1m"}, "--window is longer than a step"),
        ({"ab": "50", "window": "2h"}, "--window cannot be 2h"),
        ({"canary": "100", "abort_if": "accuracy > 0.9"}, "take back what is good"),
        ({"canary": "100", "abort_if": "p99 < 80ms"}, "take back what is good"),
        ({"canary": "100", "abort_if": "p99 > 2x; import os"}, ""),
        ({"canary": "100", "abort_if": "p99\x00 > 2x"}, "no plain text"),
        ({"canary": "100", "abort_if": "p99 > 2x or " * 200}, "too long"),
        ({"canary": "100", "abort_if": "__class__ > 1"}, ""),
        ({"canary": "100", "abort_if": ""}, "nothing would be watched"),
        ({"canary": "100", "abort_if": "error_rate > 5"}, "error_rate is a share, at most 1"),
    ],
)
def test_what_is_none_is_refused_with_a_sentence(typed, said):
    with pytest.raises(Usage) as caught:
        plans.parse(**typed)
    assert said in caught.value.sentence
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=10))
def test_no_text_does_more_than_be_refused(rules, steps, every):
    for typed in ({"abort_if": rules}, {"canary": steps}, {"every": every}):
        try:
            plan = plans.parse(**{"canary": "5,100", **typed})
        except Usage:
            continue
        assert plans.of_json(plan.json()) == plan


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("mode", "steps", "rules")), inner)
    ),
    max_leaves=6,
)


def test_a_stored_plan_is_read_though_nobody_may_write_it_now():
    told = {**plans.parse(canary="5,100").json(), "rules": "error_rate > 5"}
    assert plans.of_json(told).rules[0].number == 5


@given(_JSON, st.sampled_from(("mode", "steps", "every_s", "window_s", "rules", "alias")), _JSON)
def test_a_stored_plan_is_one_or_damaged(value, key, other):
    whole = plans.parse(canary="5,100").json()
    for told in (value, {**whole, key: other}):
        try:
            plan = plans.of_json(told)
        except Damaged:
            continue
        assert all(0 <= step <= 100 for step in plan.steps)
