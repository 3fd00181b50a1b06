"""A window: figures where there is enough of them, and why not where there is not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from snapbook.watch import drift, window
from snapbook.watch.answers import Answers, Outcomes, Traffic, texts
from snapbook.watch.window import Met, Trained


def answers(predicted, **columns):
    rows = len(predicted)
    ids = texts([f"request-{n}" for n in range(rows)])
    plain = np.arange(rows, dtype=float)
    return Answers(plain, ids, np.zeros(rows, np.int32), np.full(rows, 2.0, np.float32),
                   predicted, columns)  # fmt: skip


def outcomes(values):
    ids = texts([f"request-{n}" for n in range(len(values))])
    return Outcomes(np.arange(len(values), dtype=float) + 60, ids,
                    np.zeros(len(values), np.int32), values)  # fmt: skip


def counted(requests, failed=0, refused=0):
    numbers = (0.0, 1.0, requests, requests, failed, refused, requests, 0, 2.0, 3.0)
    return Traffic(*(np.array([one], dtype=float) for one in numbers))


@pytest.mark.parametrize("whole", [True, False])
def test_labels_that_training_had_as_numbers(whole):
    """0 and 1: a target of numbers in training, labels in answers, in JSON 0 or 1."""
    rng = np.random.default_rng(0)
    target = drift.profiled((rng.random(2000) < 0.3).astype(float))
    share = 0.3 if whole else 0.7
    said = texts([str(int(one)) for one in rng.random(500) < share])
    known = Trained("labels", {}, target, 2000)
    met = Met(answers(said), outcomes(said.copy()), counted(500))
    found = window.measured(met, known, 60).said
    assert found["accuracy"] == 1.0
    assert (found["prediction_drift"] < 0.05) is whole
    assert (found["target_drift"] < 0.05) is whole
    assert found["prediction_against"] == "training"
    assert found["why"]["drift"] == "no column is known of training"


def test_nothing_at_all():
    found = window.measured(Met(), Trained("numbers", {}), 60).said
    assert found["requests"] == found["rows"] == found["labels"] == 0
    assert set(found["why"]) == {
        "error_rate", "p50", "p99", "drift", "prediction_drift", "rmse", "mae", "bias", "segments",
    }  # fmt: skip
    assert not {"error_rate", "drift", "rmse", "bad_segments"} & set(found)


def test_errors_are_shares_of_all_requests():
    found = window.measured(Met(None, None, counted(200, 3, 20)), Trained("labels", {}), 60).said
    assert (found["error_rate"], found["errors"], found["refused"]) == (0.015, 3, 20)
    assert found["why"]["p99"] == "no requests were kept"
    few = window.measured(Met(None, None, counted(19, 3)), Trained("labels", {}), 60).said
    assert few["why"]["error_rate"] == "19 of 20 requests"


def test_numbers_beside_their_own_first_ones():
    rng = np.random.default_rng(1)
    known = Trained("numbers", {"x": drift.profiled(rng.normal(size=2000))}, {}, 2000)
    before = rng.normal(100, 5, 1000)
    met = Met(answers(rng.normal(112, 5, 400), x=rng.normal(size=400)), before=before)
    found = window.measured(met, known, 60).said
    assert found["prediction_drift"] > 1
    assert found["prediction_against"] == "its first rows"
    assert found["drift_max"] < 0.1
    alone = Met(met.answers, before=before[:150])
    assert window.measured(alone, known, 60).said["why"]["prediction_drift"] == (
        "150 of 200 earlier rows"
    )


def test_answers_and_outcomes_that_cannot_be_compared():
    """Answers that are no numbers, outcomes that are: none counts, and nothing breaks."""
    met = Met(answers(texts(["a"] * 300)), outcomes(np.zeros(300)), counted(300))
    for kind in ("labels", "numbers"):
        found = window.measured(met, Trained(kind, {}), 60).said
        assert found["labels"] == 0
        assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_an_amount_that_no_sum_can_hold_hides_nothing():
    """One outcome of 1e308, sent by mistake or to blind a rule: all others are compared."""
    rng = np.random.default_rng(3)
    truth = rng.normal(100, 5, 400)
    sent, told = truth.copy(), truth + 2.0
    sent[7], told[9] = 1e308, -1e308
    met = Met(answers(told), outcomes(sent), counted(400))
    found = window.measured(met, Trained("numbers", {}), 60).said
    assert found["labels"] == 398
    assert (found["rmse"], found["mae"]) == pytest.approx((2.0, 2.0))
    assert found["bias"] == pytest.approx(0.02, abs=0.001)


def test_what_is_missing_or_infinite_is_json():
    rng = np.random.default_rng(2)
    values = np.where(rng.random(400) < 0.4, np.nan, 1e300)
    known = Trained("numbers", {"x": drift.profiled(np.ones(2000))}, {}, 2000)
    told = np.where(rng.random(400) < 0.1, np.inf, 1.0)
    met = Met(answers(told, x=values), outcomes(rng.normal(size=400)), counted(400))
    found = window.measured(met, known, 60).said
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert "x" in found["drifted"]
    assert found["missing"]["x"][1] == pytest.approx(0.4, abs=0.08)
