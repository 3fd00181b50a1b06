"""Canonical JSON: the same value is the same bytes, and comes back as itself."""

from __future__ import annotations

import json
import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from snapbook import canonical

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4)
)


def same(a: object, b: object) -> bool:
    """Equal in value and in type; NaN equals NaN, -0.0 does not equal 0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (
            a == b and math.copysign(1, a) == math.copysign(1, b)
        )
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b


@given(values)
def test_round_trip_keeps_values_and_types(value):
    assert same(canonical.decode(canonical.encode(value)), value)


@given(st.dictionaries(text, st.integers(), max_size=6))
def test_order_of_keys_does_not_matter(value):
    backwards = dict(reversed(list(value.items())))
    assert canonical.encode(value) == canonical.encode(backwards)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
        | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not x.is_integer()),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(text.filter(lambda key: not key.startswith("$")), inner, max_size=4)
        ),
    )
)
def test_is_rfc_8785_where_that_has_a_form(value):
    assert canonical.encode(value) == rfc8785.dumps(value)


def test_whole_floats_stay_floats_and_other_parsers_agree():
    for value in (3.0, -0.0, 1e21, 1e22, 1e300, 123456789012345680.0, 5e-324):
        raw = canonical.encode([value])
        assert same(canonical.decode(raw), [value])
        assert json.loads(raw) == [value]


def test_tags_cannot_be_forged_by_user_keys():
    for value in ({"$float": "nan"}, {"$$float": "nan"}, {"$int": "7"}, {"$": 1, "$$": 2}):
        assert canonical.decode(canonical.encode(value)) == value


def test_what_is_no_json_is_said():
    deep: list = []
    for _ in range(500):
        deep = [deep]
    with pytest.raises(ValueError, match="nested"):
        canonical.encode(deep)
    with pytest.raises(TypeError):
        canonical.encode({1: 2})
    with pytest.raises(TypeError):
        canonical.encode(b"bytes")
    with pytest.raises(ValueError, match="surrogate"):
        canonical.encode("\ud800")
    with pytest.raises(ValueError, match="nested"):
        canonical.decode(b"[" * 100_000)


def test_digest_is_blake3():
    # The first test vector of the BLAKE3 reference implementation: the empty input.
    assert canonical.digest(b"").startswith("af1349b9f5f9a1a6a0404dea36dcc949")
