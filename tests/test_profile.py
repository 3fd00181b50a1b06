"""Profiles: what they say, and that their distance is one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook import canonical, profile


def _one(values, nulls=0.0):
    return profile.numeric(np.array([values], dtype=float), [nulls])[0]


def test_numeric():
    made = _one(list(range(101)))
    assert made["quantiles"] == [float(n) for n in range(0, 101, 10)]
    assert (made["mean"], made["nulls"]) == (50.0, 0.0)
    assert made["std"] == pytest.approx(29.15, abs=0.01)


def test_missing_and_nothing():
    made = _one([np.nan, 1.0, 2.0, np.nan], 0.5)
    assert (made["quantiles"][0], made["quantiles"][-1]) == (1.0, 2.0)
    assert _one([np.nan]) == {"kind": "numeric", "nulls": 0.0}
    assert _one([]) == {"kind": "numeric", "nulls": 0.0}
    canonical.encode(_one([np.inf, -np.inf, 1.0]))


def test_categories_are_bounded():
    counts = {f"c{n}": n + 1 for n in range(100)}
    made = profile.categories(counts, 0.25)
    assert made["distinct"] == 100
    assert len(made["top"]) == profile.TOP
    assert made["top"][0] == ["c99", pytest.approx(100 / 5050, rel=1e-5)]
    assert sum(share for _, share in made["top"]) + made["rest"] == pytest.approx(1, abs=1e-4)


def test_distances():
    rng = np.random.default_rng(0)
    a, b, far = rng.normal(size=4000), rng.normal(size=4000), rng.normal(3, 1, 4000)
    assert profile.distance(_one(a), _one(a)) == 0
    assert profile.distance(_one(a), _one(b)) < 0.06
    assert profile.distance(_one(a), _one(far)) == pytest.approx(0.866, abs=0.08)
    assert profile.distance(_one(a), _one(a, 0.4)) == pytest.approx(0.4)
    assert profile.distance(_one([1.0]), _one([1.0])) == 0
    assert profile.distance(_one([1.0]), _one([2.0])) == 1
    assert profile.distance(_one([1.0]), profile.categories({"a": 1}, 0)) == 1
    one, other = profile.categories({"a": 1, "b": 1}, 0), profile.categories({"a": 1}, 0)
    assert profile.distance(one, other) == pytest.approx(0.5)
    assert profile.distance(_one([]), _one([])) == 0


NUMBERS = st.lists(st.floats(allow_nan=False), min_size=1, max_size=30)


@settings(max_examples=150, deadline=None)
@given(NUMBERS, NUMBERS)
def test_distance_is_symmetric_and_bounded(a, b):
    one, other = _one(a), _one(b)
    assert profile.distance(one, one) == 0
    assert 0 <= profile.distance(one, other) <= 1
    assert profile.distance(one, other) == pytest.approx(profile.distance(other, one))
