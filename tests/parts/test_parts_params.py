"""Parameters and metrics: which names are metrics, which way is better, what differs."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from snapbook.parts import params
from snapbook.parts.base import Part
from snapbook.parts.jsonable import number, plain


@pytest.mark.parametrize(
    ("name", "way"),
    {
        "accuracy": "max", "val_accuracy": "max", "test_acc": "max", "AUC": "max",
        "f1_macro": "max",
        "r2": "max",
        "r2_score": "max", "roc_auc": "max", "balancedAccuracy": "max", "iou": "max",
        "loss": "min", "val_loss": "min", "logloss": "min", "log_loss": "min", "logLoss": "min",
        "rmse": "min", "test_RMSE": "min", "mae": "min", "mape": "min",
        "error_rate": "min",
        "mean_squared_error": "min", "fit_time": "min", "time": "min", "rmse2": "min",
        "neg_log_loss": "max", "neg_mean_squared_error": "max",
        "size": None, "n_rows": None, "trees": None, "timeline_x": None, "losses_seen_x": None,
    }.items(),
)  # fmt: skip
def test_directions(name, way):
    assert params.direction(name) == way


def test_metrics_are_numbers_that_came_from_calls_or_are_named_so():
    values = {
        "model": object(),
        "quality": np.float64(0.5),
        "accuracy": 0.9,
        "val_x": np.array(0.25),
        "gini_score": Decimal("0.75"),
        "n": 7,
        "ok_score": True,
        "loss": [1, 2],
        "_score": 0.1,
        "metrics": {"auc": np.float32(0.5), "note": "good", "accuracy": 0.1, 3: 4},
    }
    found = params.metric_candidates(values, ["quality", "absent"])
    assert found == {"quality": 0.5, "accuracy": 0.9, "val_x": 0.25, "gini_score": 0.75, "auc": 0.5}
    assert next(iter(found)) == "quality"
    assert {type(value) for value in found.values()} == {float}


def test_at_most_twenty_metrics():
    assert len(params.metric_candidates({f"val_{i}": i for i in range(50)})) == 20
    assert len(params.capture_metrics({f"m{i}": i for i in range(50)}).facts["values"]) == 20


def test_metrics_keep_their_order_and_the_first_is_the_main_one():
    part = params.capture_metrics(
        {"zeta": 1, "alpha": 2, "custom": 3}, {"custom": "min"}, ["custom"]
    )
    again = Part.decode(part.encode())
    assert list(params.restore(again)) == ["custom", "zeta", "alpha"]
    assert again.facts["main"] == "custom"
    assert again.facts["directions"] == {"custom": "min"}


def test_diff_of_metrics_judges_where_the_direction_is_known():
    old = params.capture_metrics({"accuracy": 0.947, "loss": 0.5, "odd": 1.0, "gone": 1})
    new = params.capture_metrics(
        {"loss": 0.6, "accuracy": 0.956, "odd": 2.0, "new": 1}, first=["accuracy"]
    )
    changes = {change.name: change for change in params.diff(old, new)}
    assert next(iter(changes)) == "accuracy"
    assert changes["accuracy"].better is True
    assert changes["accuracy"].lines == ("+0.009",)
    assert changes["accuracy"].facts["delta"] == pytest.approx(0.009)
    assert changes["loss"].better is False
    assert changes["odd"].better is None
    assert (changes["gone"].what, changes["new"].what) == ("removed", "added")


def test_a_part_differs_in_nothing_from_itself_nan_included():
    part = params.capture_metrics({"loss": math.nan, "auc": math.inf, "n": 2**80})
    again = Part.decode(part.encode())
    assert params.diff(part, again) == []
    assert params.restore(again)["n"] == 2**80
    becomes = params.diff(part, params.capture_metrics({"loss": 0.1, "auc": math.inf, "n": 2**80}))
    assert [(change.name, change.better) for change in becomes] == [("loss", None)]


def test_absent_parts_have_no_values():
    part = params.capture_params({"alpha": 1})
    assert params.diff(None, None) == []
    assert [change.what for change in params.diff(None, part)] == ["added"]
    assert [change.what for change in params.diff(part, None)] == ["removed"]


def test_parameters_tell_types_apart_and_name_set_ones_first():
    old = params.capture_params({"a": 1, "b": True, "z": 1})
    new = params.capture_params({"a": 1.0, "b": 1, "z": 2}, set_names=["z"])
    assert [change.name for change in params.diff(old, new)] == ["z", "a", "b"]


class Hostile:
    """Raises at every turn, and claims to be a number."""

    __module__ = "numpy"

    @property
    def __class__(self):
        return float

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __repr__(self):
        raise SystemError

    def __float__(self):
        raise BaseException("no")


class MyFloat(float):
    """Every subclass of float is a number."""


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (True, True), (3, 3), (2**70, 2**70), (0.5, 0.5), (np.int8(3), 3), (np.bool_(True), True),
        (np.float32(0.5), 0.5), (np.longdouble("0.5"), 0.5), (np.array(2.5), 2.5),
        (np.array([2.5]), None),
        (Decimal("0.1"), 0.1), (Fraction(1, 4), 0.25), (Decimal(2**70), 2**70),
        (MyFloat(1.5), 1.5), (1j, None), (np.complex64(1), None), ("1", None), (None, None),
        (np.datetime64("2020-01-01"), None), (np.str_("x"), None),
    ],
)  # fmt: skip
def test_numbers(value, got):
    assert number(value) == got
    assert type(number(value)) is type(got)


def test_tensors():
    torch = pytest.importorskip("torch")
    assert number(torch.tensor(2)) == 2
    assert number(torch.tensor(0.5, requires_grad=True)) == 0.5
    assert number(torch.tensor([2])) is None


def test_hostile_objects_are_no_numbers_and_become_their_types_name():
    assert number(Hostile()) is None
    assert plain(Hostile()) == "<Hostile>"
    assert plain({"f": len, "c": dict, "x": [Hostile()], "s": {3, 1, 2}}) == {
        "f": "len",
        "c": "dict",
        "x": ["<Hostile>"],
        "s": [1, 2, 3],
    }
    deep = []
    deep.append(deep)
    assert params.capture_params({"deep": deep, "lone": "\ud800"}).encode()


def test_an_interrupt_passes():
    class Stops(float):
        __module__ = "numpy"

        @property
        def shape(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        number(Stops())
