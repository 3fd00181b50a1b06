"""Numbers and their reasons, as a table over parts."""

from __future__ import annotations

import pytest

from snapbook import numbers
from snapbook.errors import BadOption, Conflict
from snapbook.parts.base import Change, Part


def model(digest="a", inputs=(), outputs=()):
    facts = {"digest": digest, "inputs": list(inputs), "outputs": list(outputs)}
    return Part("model", "model", facts)


def field(name, kind="float64"):
    return {"name": name, "type": kind}


OLD = [model("a", [field("age"), field("price")])]
REFIT = [model("b", [field("age"), field("price")])]
PARAM = Change("params", "max_depth", "changed", 6, 8)
CELL = Change("code", "cell 9", "changed")
ROWS = Change("data", "X_train", "changed", facts={"short": "+1,204 rows, -1 column (age)"})
PACKAGE = Change(
    "environment",
    "scikit-learn",
    "changed",
    "1.8.0",
    "1.9.1",
    facts={"package": True, "used": True},
)


@pytest.mark.parametrize(
    ("new", "changes", "bump", "reason"),
    [
        (REFIT, [], "patch", "refit, same cells and data"),
        (OLD, [], "patch", "same model"),
        (REFIT, [PARAM], "minor", "max_depth 6 -> 8"),
        (REFIT, [PARAM, CELL], "minor", "max_depth 6 -> 8"),
        (REFIT, [CELL], "minor", "cell 9 changed"),
        (REFIT, [ROWS], "minor", "X_train +1,204 rows, -1 column (age)"),
        (REFIT, [ROWS, PARAM], "minor", "max_depth 6 -> 8, X_train +1,204 rows, -1 column (age)"),
        (
            REFIT,
            [
                PARAM,
                Change("params", "C", "changed", 1, 2),
                Change("params", "tol", "changed", 1, 2),
            ],
            "minor",
            "max_depth 6 -> 8, C 1 -> 2 +1",
        ),
        (REFIT, [Change("code", "cell 2", "moved")], "patch", "refit, same cells and data"),
        (REFIT, [PACKAGE], "patch", "scikit-learn 1.8.0 -> 1.9.1"),
        (
            REFIT,
            [Change("environment", "git", "changed", "a", "b")],
            "patch",
            "refit, same cells and data",
        ),
        (
            OLD,
            [Change("environment", "python", "changed", "3.11", "3.12")],
            "patch",
            "python 3.11 -> 3.12",
        ),
        (OLD, [Change("metrics", "auc", "added", None, 0.9)], "patch", "+metric auc"),
        (OLD, [Change("metrics", "auc", "removed", 0.9, None)], "patch", "-metric auc"),
        (
            OLD,
            [Change("files", "a.pdf", "changed", facts={"role": "attachments"})],
            "patch",
            "a.pdf changed",
        ),
        (
            REFIT,
            [Change("files", "a.csv", "changed", facts={"role": "read"})],
            "minor",
            "a.csv changed",
        ),
        (OLD, [Change("files", "a.csv", "changed", facts={"role": "read"})], "patch", "same model"),
        (
            REFIT,
            [Change("code", "h.py", "changed", facts={"role": "modules"})],
            "minor",
            "h.py changed",
        ),
        (
            REFIT,
            [Change("code", "h.py", "added", facts={"role": "modules"})],
            "patch",
            "refit, same cells and data",
        ),
        (
            REFIT,
            [Change("model", "class", "changed", "Tree", "Forest"), PARAM],
            "minor",
            "class Tree -> Forest",
        ),
        (
            [model("b", [field("price")])],
            [PARAM],
            "major",
            "input age is gone, callers must change",
        ),
        (
            [model("b", [field("age", "str"), field("price"), field("size")])],
            [],
            "major",
            "input size is new +1, callers must change",
        ),
        (
            [model("b", [field("age", ""), field("price")])],
            [],
            "patch",
            "refit, same cells and data",
        ),
    ],
)
def test_bump_and_reason(new, changes, bump, reason):
    made = numbers.decide(OLD, new, changes, highest=(1, 2, 3))
    assert (made.bump, made.reason) == (bump, reason)
    after = {"major": (2, 0, 0), "minor": (1, 3, 0), "patch": (1, 2, 4)}[bump]
    assert made.number == after
    young = numbers.decide(OLD, new, changes, highest=(0, 4, 1))
    assert young.number == {"patch": (0, 4, 2)}.get(bump, (0, 5, 0))
    assert young.reason == reason


def test_first_versions():
    assert numbers.decide(None, OLD, [], highest=None).number == (0, 1, 0)
    assert numbers.decide(None, OLD, [], highest=None, bump="major").number == (1, 0, 0)
    assert numbers.decide(None, OLD, [], highest=None, number=(3, 1, 4)).number == (3, 1, 4)
    # After all versions were deleted the numbers go on.
    assert numbers.decide(None, OLD, [], highest=(0, 3, 0)).number == (0, 4, 0)


def test_a_parent_of_which_nothing_is_known():
    assert numbers.decide((), OLD, [], highest=(0, 3, 0)).number > (0, 3, 0)


@pytest.mark.parametrize(
    ("bump", "number"), [("major", (2, 0, 0)), ("minor", (1, 3, 0)), ("patch", (1, 2, 4))]
)
def test_a_bump_that_is_asked_for_wins(bump, number):
    made = numbers.decide(OLD, REFIT, [PARAM], highest=(1, 2, 3), bump=bump)
    assert (made.number, made.bump) == (number, bump)


def test_wishes_that_cannot_be():
    with pytest.raises(BadOption, match="huge"):
        numbers.decide(None, OLD, [], highest=None, bump="huge")
    for number in ((1, 2, 3), (0, 9, 9)):
        with pytest.raises(Conflict, match=r"is not after 1\.2\.3"):
            numbers.decide(OLD, REFIT, [], highest=(1, 2, 3), number=number)


def test_points_of_a_search():
    def searched(count):
        return Part(
            "params",
            "study",
            {"values": {}, "search": {"points": [{"C": i} for i in range(count)]}},
        )

    old, new = [*OLD, searched(3)], [*OLD, searched(13)]
    assert numbers.decide(old, new, [], highest=(0, 1, 0)).reason == "study +10 points"


def test_rows_that_were_not_stored_before():
    def frame(stored):
        return Part("frame", "X", {"digest": "d", "stored": stored})

    made = numbers.decide([*OLD, frame(False)], [*OLD, frame(True)], [], highest=(0, 1, 0))
    assert (made.number, made.reason) == ((0, 1, 1), "rows of X stored")
