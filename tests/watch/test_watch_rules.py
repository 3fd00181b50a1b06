"""Rules in words, and when they fire, do not, or cannot be told."""

import pytest

from snapbook.errors import Usage
from snapbook.watch import rules
from snapbook.watch.rules import Rule

WINDOW = {
    "error_rate": 0.02,
    "p99_ms": 90.0,
    "accuracy": 0.9,
    "drift": {"age": 0.1, "my price": 0.3},
    "drift_max": 0.3,
    "drift_column": "my price",
    "why": {"rmse": "12 of 200 labels"},
}
STABLE = {"error_rate": 0.001, "p99_ms": 40.0, "accuracy": 0.93}


def test_the_issue_s_own_rules():
    told = rules.parse("error_rate > 1% or p99 > 2x or drift > 0.2 or accuracy < stable - 2%")
    assert told == (
        Rule("error_rate > 1%", "error_rate", True, 0.01),
        Rule("p99 > 2x", "p99", True, 2.0, "times"),
        Rule("drift > 0.2", "drift", True, 0.2),
        Rule("accuracy < stable - 2%", "accuracy", False, -0.02, "plus"),
    )
    found = [rules.judge(rule, WINDOW, STABLE) for rule in told]
    assert [one.fires for one in found] == [True, True, True, True]
    assert found[2].sentence == "drift 0.3 > 0.2 in my price"
    assert found[1].sentence == "p99 90 ms > 80 ms"
    assert found[3].limit == pytest.approx(0.91)


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("drift > 0.2 in age", False),
        ("drift > 0.2 in my price", True),
        ('drift > 0.2 in "my price"', True),
        ("p99 > 0.08s", True),
        ("p99>100ms", False),
        ("p99 > 3x stable", False),
        ("p99 > stable + 10%", True),
        ("accuracy < 90%", False),
        ("error_rate > stable + .1", False),
    ],
)
def test_one_rule(text, fires):
    (rule,) = rules.parse(text)
    assert rules.judge(rule, WINDOW, STABLE).fires is fires


def test_a_segment_is_named():
    (rule,) = rules.parse("segments > 0")
    found = rules.judge(
        rule, {"bad_segments": 2, "segments": [{"column": "city", "value": "Bern"}]}
    )
    assert found.sentence == "segments 2 > 0 in city = Bern"
    none = rules.judge(rule, {"bad_segments": 0, "segments": []})
    assert (none.fires, none.sentence) == (False, "segments 0 is not > 0")


@pytest.mark.parametrize(
    ("text", "stable", "why"),
    [
        ("rmse > 3", None, "12 of 200 labels"),
        ("p50 > 3ms", None, "no requests"),
        ("drift > 0.2 in pay", None, "nothing is known of pay"),
        ("p99 > 2x", None, "there is no stable version beside it"),
        ("accuracy < stable - 1%", {}, "of stable: no labels"),
    ],
)
def test_what_is_not_there_is_never_nought(text, stable, why):
    (rule,) = rules.parse(text)
    found = rules.judge(rule, WINDOW, stable)
    assert found.fires is None
    assert found.why == why
    assert found.sentence == f"{text}: {why}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing is no rule"),
        ("p99 > 2", "p99 > 2: a time is in ms or s, or x of stable"),
        ("drift > 5ms", "drift > 5ms: drift is no time"),
        ("drfit > 1", "Nothing is called drfit in a rule (did you mean drift?)"),
        ("accuracy < 0.9 in city", "accuracy < 0.9 in city: only drift is asked of one column"),
        ("drift > 0.2 or", "drift > 0.2 or is no rule"),
        (" or ".join(["drift > 1"] * 21), "These are 21 rules"),
    ],
)
def test_what_is_no_rule(text, said):
    with pytest.raises(Usage) as told:
        rules.parse(text)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accuracy < 90", "accuracy is a share, at most 1. 90% is 0.9"),
        ("error_rate > 1", "error_rate is a share, at most 1. 1% is 0.01"),
        ("error_rate > 100%", "error_rate is a share"),
        ("accuracy < stable - 2", "accuracy is a share, at most 1. 2% is 0.02"),
        ("drift > 0.2 in price OR accuracy < 0.9", "price OR accuracy < 0.9 is no column"),
        ("drift > 0.2 in price or Accuracy < 0.9", "Join rules with: or"),
        ("drift > 0.2 in price and error_rate > 1%", "is no column"),
        ("drift > 0.2 in price or error", "price or error is no column"),
    ],
)
def test_what_cannot_be_meant_is_not_taken_for_a_guard(text, said):
    """Each can be read, and would fire never, or at once."""
    rules.parse(text)
    with pytest.raises(Usage) as told:
        rules.typed(text)
    assert said in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "accuracy < 1", "accuracy < 0.9", "error_rate > 2x", "error_rate > stable + 1%",
        "error_rate > 0", 'drift > 0.2 in "a < b or c"', "drift > 2 in order band", "rmse > 40",
    ],
)  # fmt: skip
def test_what_can_be_meant_is_taken(text):
    assert rules.typed(text) == rules.parse(text)
