"""A sudden over-forecast in one category is found, named, dated; ADWIN is as in its paper."""

from __future__ import annotations

import numpy as np
import pytest

from snapbook.watch import quality
from snapbook.watch.adwin import Adwin
from snapbook.watch.answers import Answers, Told, texts


def forecasts(seed=0, rows=2000, fault=None):
    """Demand by category, a forecast of it, and what came of it; ``fault`` changes the forecast."""
    rng = np.random.default_rng(seed)
    category = rng.choice(["toys", "food", "books", "tools"], rows)
    # The shelf goes along with the category, and is not to blame.
    near = np.where(category == "toys", "A", "B")
    shelf = np.where(rng.random(rows) < 0.7, near, rng.choice(["A", "B", "C"], rows))
    truth = rng.gamma(5, 20, rows)
    told = truth + rng.normal(0, 12, rows)
    time = 1_800_000_000 + 60.0 * np.arange(rows)
    if fault is not None:
        told = fault(told, category, time)
    answers = Answers(
        time, texts([f"request-{n}" for n in range(rows)]), np.zeros(rows, np.int32),
        np.ones(rows, np.float32), told,
        {"category": texts(category.tolist()), "shelf": texts(shelf.tolist()),
         "age": rng.normal(40, 10, rows), "weekday": rng.integers(0, 7, rows).astype(float)},
    )  # fmt: skip
    return Told(answers, truth, time)


SINCE = 1_800_000_000 + 60.0 * 1300


def over(told, category, time):
    """A fifth too high, in toys alone, from one moment on."""
    return np.where((category == "toys") & (time >= SINCE), told * 1.2, told)


@pytest.mark.parametrize("seed", range(5))
def test_a_sudden_over_forecast_in_one_category_is_found(seed):
    told = forecasts(seed, fault=over)
    bad = [one for one in quality.parts(told, "numbers") if one.bad]
    assert [(one.column, one.value) for one in bad] == [("category", "toys")]
    (toys,) = bad
    assert toys.size == pytest.approx(0.2, abs=0.05)
    assert toys.since == pytest.approx(SINCE, abs=60 * 60)  # of 33 hours, to the hour
    assert toys.figures["bias"] == pytest.approx(0.2, abs=0.04)
    assert abs(toys.rest["bias"]) < 0.03
    assert toys.rows == pytest.approx(700 / 4, abs=50)


def test_a_category_that_was_always_wrong_has_no_beginning():
    told = forecasts(fault=lambda told, category, _: np.where(category == "food", told * 0.8, told))
    (food,) = (one for one in quality.parts(told, "numbers") if one.bad)
    assert (food.value, food.since) == ("food", None)
    assert food.size == pytest.approx(-0.2, abs=0.04)


def test_where_nothing_is_wrong_nothing_is_named():
    for seed in range(20):
        told = forecasts(seed)
        assert not [one for one in quality.parts(told, "numbers") if one.bad]
        assert quality.changed(told, "numbers") is None


def test_two_faults_are_two_parts():
    def two(told, category, time):
        told = over(told, category, time)
        return np.where(category == "food", told * 0.7, told)

    bad = {one.value for one in quality.parts(forecasts(fault=two), "numbers") if one.bad}
    assert bad == {"toys", "food"}


def test_columns_of_free_text_are_not_named():
    told = forecasts(fault=over)
    bad = [one for one in quality.parts(told, "numbers", ["category"]) if one.bad]
    assert "category" not in {one.column for one in bad}


def test_labels_that_turn_wrong_in_a_range_of_a_number():
    rng = np.random.default_rng(1)
    told = forecasts(1)
    truth = texts(rng.choice(["yes", "no"], len(told)).tolist())
    young = told.answers.columns["age"] < 33
    wrong = np.where(young, rng.random(len(told)) < 0.6, rng.random(len(told)) < 0.1)
    said = texts(
        ["no" if (one == "yes") == bad else "yes" for one, bad in zip(truth, wrong, strict=True)]
    )
    answers = Answers(told.answers.time, told.answers.request, told.answers.row, told.answers.ms,
                      said, told.answers.columns)  # fmt: skip
    first = quality.parts(Told(answers, truth, told.came), "labels")[0]
    assert first.bad
    assert first.column == "age"
    assert first.figures["accuracy"] < 0.5 < 0.85 < first.rest["accuracy"]


def test_a_change_in_all_rows_is_dated():
    told = forecasts(fault=lambda told, _, time: np.where(time >= SINCE, told * 1.5, told))
    change = quality.changed(told, "numbers")
    assert change.since == pytest.approx(SINCE, abs=3600)
    assert change.after > 3 * change.before


def test_adwin_sees_a_change_soon_and_forgets_what_was_before():
    rng = np.random.default_rng(0)
    adwin = Adwin()
    stream = [*(rng.random(2000) < 0.1), *(rng.random(1000) < 0.3)]
    cuts = [n for n, value in enumerate(stream) if adwin.add(float(value))]
    assert 2000 <= cuts[0] < 2250
    assert adwin.width < 1300
    assert adwin.mean == pytest.approx(0.3, abs=0.05)


def test_adwin_keeps_a_stream_without_change():
    alarms = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        adwin = Adwin()
        alarms += sum(adwin.add(float(value)) for value in rng.random(5000) < 0.3)
        assert adwin.mean == pytest.approx(0.3, abs=0.03)
        assert sum(map(len, adwin._rows)) < 100  # of 5,000 values
    assert alarms <= 1


def test_adwin_s_sums_are_those_of_its_window():
    rng = np.random.default_rng(2)
    adwin = Adwin()
    values = np.concatenate([rng.random(700) * 0.3, 0.5 + rng.random(900) * 0.3])
    for value in values:
        adwin.add(float(value))
    window = values[len(values) - adwin.width :]
    assert adwin.mean == pytest.approx(window.mean())
    assert adwin._spread == pytest.approx(((window - window.mean()) ** 2).sum(), rel=1e-6)
