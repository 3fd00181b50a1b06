"""Which frames a model is tried on, from facts alone."""

import pytest

from snapbook.errors import NotFound
from snapbook.parts.base import Part
from snapbook.trial.choosing import choose


def frame(name, columns, role="test", rows=10, stored=True):
    shape = [rows, len(columns)] if columns else [rows]
    listed = [{"name": column} for column in columns]
    facts = {"role": role, "rows": rows, "shape": shape, "stored": stored, "columns": listed}
    return Part("frame", name, {**facts, "digest": name * 3})


MODEL = Part("model", "model", {"inputs": [{"name": "age"}, {"name": "debt"}]})
X, Y = frame("X_test", ("age", "debt")), frame("y_test", ())


def test_the_test_data_of_the_version():
    train = frame("X_train", ("age", "debt"), "train")
    chosen = choose([train, frame("y_train", (), "train"), X, Y], MODEL, {})
    assert (chosen.rows, chosen.target, chosen.column, chosen.inputs) == (X, Y, "", ())
    assert chosen.facts() == {
        "rows": "X_test", "rows_digest": "X_testX_testX_test", "count": 10, "target": "y_test",
    }  # fmt: skip
    other = frame("weights", ("w", "v"))
    assert choose([other, X], MODEL, {}).rows is X, "the one with the model's inputs"
    assert choose([other], MODEL, {}).rows is other
    assert choose([X, frame("y_long", (), rows=11)], MODEL, {}).target is None
    assert choose([X, frame("weights", ()), Y], MODEL, {}).target is Y
    small = Part("model", "model", {"inputs": [{"name": "age"}]})
    assert choose([Y, frame("ages", ("age",))], small, {}).rows.name == "ages"
    assert choose([X, frame("one", ("paid",))], MODEL, {}).target.name == "one"


def test_what_the_policy_names():
    whole = frame("holdout", ("age", "debt", "paid"), "")
    chosen = choose([whole, X, Y], MODEL, {"rows": "holdout", "target": "paid"})
    assert (chosen.rows, chosen.target, chosen.column) == (whole, None, "paid")
    assert chosen.inputs == ("age", "debt")
    assert chosen.facts()["target"] == "paid"
    assert choose([X, Y, whole], MODEL, {"target": "y_test"}).target is Y


@pytest.mark.parametrize(
    ("frames", "settings", "said"),
    [
        ([], {}, "no test data are known of it"),
        ([frame("X_test", ("age",), stored=False)], {}, "the rows of its test data were not kept"),
        ([X], {"rows": "X_new"}, "X_new: it has no frame of that name"),
        ([frame("X_new", ("age",), stored=False)], {"rows": "X_new"}, "X_new: its rows were not"),
        ([X], {"target": "paid"}, "No frame and no column of X_test is called paid"),
        ([Y], {}, "no test data"),
    ],
)
def test_nothing_to_judge_on(frames, settings, said):
    with pytest.raises(NotFound) as told:
        choose(frames, MODEL, settings)
    assert said in str(told.value)
