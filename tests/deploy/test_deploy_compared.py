"""Outcomes of two versions: the numbers of textbooks, and nothing said of too few."""

import math

import pytest

from snapbook.deploy.compared import compared


def window(labels, **figures):
    return {"labels": labels, **figures}


def test_shares_of_right_answers():
    told = {"stable": window(1000, accuracy=0.90), "candidate": window(1000, accuracy=0.93)}
    found = compared([told])
    assert found["metric"] == "accuracy"
    # z = 0.03 / sqrt(0.915 * 0.085 * 2 / 1000) = 2.4053; two-sided
    assert found["p"] == pytest.approx(0.01616, abs=1e-4)
    assert found["significant"]
    assert found["difference"] == pytest.approx(0.03)
    assert found["why"].startswith("better")
    assert not compared([{**told, "candidate": window(1000, accuracy=0.905)}])["significant"]


def test_amounts_by_their_absolute_errors():
    scipy = pytest.importorskip("scipy.stats")
    import numpy as np

    random = np.random.default_rng(0)
    errors = [np.abs(random.normal(0, scale, 500)) for scale in (1.0, 1.2)]
    sides = [
        window(500, mae=float(one.mean()), rmse=float(math.sqrt((one * one).mean())))
        for one in errors
    ]
    found = compared([dict(zip(("stable", "candidate"), sides, strict=True))])
    theirs = scipy.ttest_ind(*errors, equal_var=False).pvalue
    assert found["p"] == pytest.approx(theirs, rel=0.05)
    assert found["significant"]
    assert found["why"].startswith("worse")


def test_servers_count_together_and_few_outcomes_say_nothing():
    half = {"stable": window(60, accuracy=0.5), "candidate": window(60, accuracy=0.9)}
    assert (
        compared([half])["why"] == "60 of 100 outcomes of stable; 60 of 100 outcomes of candidate"
    )
    assert compared([half])["p"] is None
    both = compared([half, half])
    assert both["stable"] == {"labels": 120, "value": 0.5}
    assert both["significant"]


@pytest.mark.parametrize("odd", [None, {}, {"stable": None}, {"candidate": {"labels": "many"}}])
def test_what_no_server_told_is_not_made_up(odd):
    found = compared([odd] if odd is not None else [])
    assert found["p"] is None
    assert found["stable"] == {"labels": 0, "value": None}


def test_no_spread_is_no_doubt():
    told = {"stable": window(200, accuracy=1.0), "candidate": window(200, accuracy=1.0)}
    assert compared([told])["p"] == 1.0
