"""Statistics of drift: against scipy's, of samples without any, and of samples with."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import chdtrc, kolmogorov

from snapbook.watch import chance, drift, shares
from snapbook.watch.answers import texts

KINDS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy": lambda rng, n: rng.exponential(size=n) ** 3,
    "counts": lambda rng, n: rng.poisson(3, n).astype(float),
    "rare": lambda rng, n: (rng.random(n) < 0.03).astype(float),
    "half": lambda rng, n: (rng.random(n) < 0.4).astype(float),
    "mostly nought": lambda rng, n: np.where(rng.random(n) < 0.95, 0, rng.exponential(size=n)),
    "holes": lambda rng, n: np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
    "many": lambda rng, n: texts([f"c{x}" for x in rng.integers(0, 40, n)]),
    "few": lambda rng, n: texts([f"c{x}" for x in rng.geometric(0.4, n)]),
    "one": lambda rng, n: np.full(n, 7.0),
}
MOVED = {
    "normal": lambda rng, n: rng.normal(0.8, size=n),
    "heavy": lambda rng, n: (2 * rng.exponential(size=n)) ** 3,
    "counts": lambda rng, n: rng.poisson(5, n).astype(float),
    "rare": lambda rng, n: (rng.random(n) < 0.3).astype(float),
    "half": lambda rng, n: (rng.random(n) < 0.8).astype(float),
    "mostly nought": lambda rng, n: np.where(rng.random(n) < 0.5, 0, rng.exponential(size=n)),
    "holes": lambda rng, n: np.where(rng.random(n) < 0.5, np.nan, rng.normal(size=n)),
    "many": lambda rng, n: texts([f"c{x}" for x in rng.integers(0, 12, n)]),
    "few": lambda rng, n: texts([f"c{x}" for x in rng.geometric(0.15, n)]),
    "one": lambda rng, n: np.full(n, 8.0),
}


@given(st.floats(0, 900), st.integers(1, 60))
def test_chi_squared_is_scipy_s(found, freedom):
    assert chance.chi2(found, freedom) == pytest.approx(chdtrc(freedom, found), abs=1e-12)


@given(st.floats(0, 8))
def test_kolmogorov_is_scipy_s(away):
    assert chance.kolmogorov(away) == pytest.approx(kolmogorov(away), abs=1e-12)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_what_is_to_be_believed_is_scipy_s(ps):
    wanted = stats.false_discovery_control(ps) if len(ps) > 1 else ps
    assert drift.believed(ps) == pytest.approx(list(wanted))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_samples_without_drift_have_none(kind):
    """Of 60 samples of 300 rows in one in three columns at most p < 0.02, and nowhere drift."""
    rng = np.random.default_rng(1)
    known = {kind: drift.profiled(KINDS[kind](rng, 2000))}
    found = [drift.moved(known, {kind: KINDS[kind](rng, 300)}, 50_000)[0] for _ in range(60)]
    assert not any(one.drifted for one in found)
    assert sum(one.p < 0.02 for one in found) <= 4
    assert max(one.psi for one in found) < drift.FAR
    assert all(math.isclose(sum(b.live for b in one.bins), 1, abs_tol=1e-9) for one in found)


ROUNDED = {
    "a third": lambda rng, n: np.full(n, 1 / 3),
    "one amount": lambda rng, n: np.full(n, 1234567.891),
    "two amounts": lambda rng, n: np.where(rng.random(n) < 0.5, 1234567.891, -0.123456789),
    "far from nought": lambda rng, n: rng.normal(4_567_890, 10, n),
    "numbers of one batch": lambda rng, n: rng.integers(10**8, 10**8 + 50, n).astype(float),
}


@pytest.mark.parametrize("kind", sorted(ROUNDED))
def test_what_six_digits_do_not_tell_is_no_drift(kind):
    """A profile keeps six digits of a value: the same values lie beside it, and are no other."""
    rng = np.random.default_rng(4)
    known = {kind: drift.profiled(ROUNDED[kind](rng, 2000))}
    for _ in range(10):
        (found,) = drift.moved(known, {kind: ROUNDED[kind](rng, 300)}, 50_000)
        assert found.psi < drift.FAR, found
        assert math.isfinite(found.away), found
        assert found.unseen < 0.02, found
    (found,) = drift.moved(known, {kind: ROUNDED[kind](rng, 300) * 1.01 + 1}, 50_000)
    assert found.drifted


@pytest.mark.parametrize("kind", sorted(MOVED))
def test_samples_with_drift_have_it(kind):
    rng = np.random.default_rng(2)
    known = {kind: drift.profiled(KINDS[kind](rng, 2000))}
    (found,) = drift.moved(known, {kind: MOVED[kind](rng, 300)}, 50_000)
    assert found.drifted
    assert found.psi > drift.FAR
    assert found.p < 1e-6


def test_the_figures_are_near_those_of_whole_samples():
    """PSI, Kolmogorov-Smirnov and Wasserstein out of a profile beside those out of all rows."""
    rng = np.random.default_rng(3)
    trained, live = rng.normal(size=2000), rng.normal(0.5, 1.2, size=5000)
    (found,) = drift.moved({"x": drift.profiled(trained)}, {"x": live}, 2000)
    edges = np.quantile(trained, np.arange(1, 10) / 10)
    a = np.bincount(np.searchsorted(edges, trained), minlength=10) / 2000
    b = np.bincount(np.searchsorted(edges, live), minlength=10) / 5000
    assert found.psi == pytest.approx(float(((b - a) * np.log(b / a)).sum()), abs=0.02)
    exact = stats.ks_2samp(trained, live)
    assert found.statistic <= exact.statistic + 0.002  # never more than the rows themselves say
    assert found.statistic == pytest.approx(exact.statistic, abs=0.03)
    assert found.p >= exact.pvalue
    away = stats.wasserstein_distance(trained, live) / trained.std()
    assert found.away == pytest.approx(away, rel=0.2)


def test_chi_squared_of_two_samples_is_scipy_s():
    rng = np.random.default_rng(4)
    one, other = (
        rng.choice(["a", "b", "c"], 2000),
        rng.choice(["a", "b", "c"], 500, p=[0.4, 0.3, 0.3]),
    )
    (found,) = drift.moved(
        {"x": drift.profiled(texts(one.tolist()))}, {"x": texts(other.tolist())}, 2000
    )
    table = [[(one == c).sum() for c in "abc"], [(other == c).sum() for c in "abc"]]
    exact = stats.chi2_contingency(table, correction=False)
    assert found.statistic == pytest.approx(exact.statistic, rel=1e-3)


def test_many_columns_are_held_to_one_rate():
    """Of 400 columns without drift none is believed to have moved, though four have p < 0.01."""
    rng = np.random.default_rng(5)
    known = {f"x{n}": drift.profiled(rng.normal(size=2000)) for n in range(400)}
    live = {name: rng.normal(size=1000) for name in known}
    live["x7"] = live["x7"] + 1
    found = drift.moved(known, live, 2000)
    assert [one.column for one in found if one.q < drift.SURE] == ["x7"]
    assert found[0].column == "x7"


def test_unseen_categories_and_missing_values_are_told():
    known = {"city": drift.profiled(texts(["Bern", "Graz"] * 500))}
    (found,) = drift.moved(known, {"city": texts(["Bern", "Graz", "Linz", None] * 100)}, 1000)
    assert found.unseen == pytest.approx(1 / 3)
    assert (found.missing_trained, found.missing_live) == (0.0, 0.25)
    assert found.drifted
    (number,) = drift.moved(
        {"x": drift.profiled(np.arange(100.0))}, {"x": np.array([50, 150, -3.0])}
    )
    assert number.unseen == pytest.approx(2 / 3)


def test_columns_of_another_kind_are_left_out():
    known = {"a": drift.profiled(np.arange(10.0)), "t": {"kind": "time[ns]", "quantiles": [0] * 11}}
    live = {"a": texts(["x"] * 9), "t": np.zeros(9), "b": np.zeros(9)}
    assert drift.moved(known, live) == []


def test_long_texts_are_compared_by_their_length():
    rng = np.random.default_rng(6)
    told = drift.profiled(shares.lengths(texts(["x" * n for n in rng.integers(10, 50, 2000)])))
    live = texts(["x" * n for n in rng.integers(60, 90, 300)])
    (found,) = drift.moved({"note": told | {"kind": "text"}}, {"note": live})
    assert found.drifted
