"""Pictures of what a column held in training, from its profile alone."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from snapbook.export import plots

_SVG = "{http://www.w3.org/2000/svg}"


def _drawn(profile, title="age", ends=("0", "9")):
    made = plots.plot(title, profile, ends)
    assert made is not None
    return ElementTree.fromstring(plots.svg(made))


def _rects(tree):
    return [
        tuple(float(rect.get(name)) for name in ("x", "y", "width", "height"))
        for rect in tree.iter(f"{_SVG}rect")
    ]


def _told(tree):
    return [title.text for title in tree.iter(f"{_SVG}title")][1:]


def test_amounts_are_as_high_as_they_lie_dense():
    tree = _drawn({"quantiles": [0.0, 1.0, 2.0, 6.0]})
    heights = [round(height) for *_, height in _rects(tree)]
    assert heights == [76, 76, 19]
    assert _told(tree) == [
        "33% of the rows: 0 to 1", "33% of the rows: 1 to 2", "33% of the rows: 2 to 6",
    ]  # fmt: skip


def test_rows_of_one_value_are_lost_nowhere():
    for edges in ([0, 0, 0, 1, 5], [0, 1, 5, 5, 5], [0, 2, 2, 2, 5], [1, 1, 1, 1, 2]):
        shares = [int(re.match(r"\d+", said)[0]) for said in _told(_drawn({"quantiles": edges}))]
        assert sum(shares) == 100


def test_shares_have_their_words_and_what_is_left():
    top = [["Bern", 0.4], ["Rome", 0.2], ["Oslo", 0.1], ["Wien", 0.1], ["Graz", 0.1]]
    tree = _drawn({"top": top})
    assert _told(tree)[-1] == "all others: 20.0% of the rows"
    assert [one.text for one in tree.iter(f"{_SVG}text")][1:3] == ["Bern", "40%"]
    assert len(_rects(tree)) == 5


@pytest.mark.parametrize(
    "profile",
    [None, {}, {"quantiles": [3, 3, 3]}, {"quantiles": [1]}, {"quantiles": [2, 1]}, {"top": []},
     {"quantiles": [0, math.nan, 1]}, {"quantiles": "wide"}],
    ids=["none", "empty", "one value", "one edge", "falling", "no top", "nan", "text"],
)  # fmt: skip
def test_no_picture_of_what_has_no_spread(profile):
    assert plots.plot("age", profile, ("", "")) is None


def test_what_a_column_is_called_is_text():
    tree = _drawn({"top": [["</svg><script>x</script>", 1.0]]}, "<b>&\u0000\x1b[2J")
    assert tree.find(f".//{_SVG}script") is None
    assert next(tree.iter(f"{_SVG}title")).text.startswith("<b>&")


@example([0.0, 2.225073858507203e-309])
@example([0.0, 5e-324, 5e-324])
@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=11))
def test_all_of_it_lies_in_the_picture(values):
    made = plots.plot("x", {"quantiles": sorted(values)}, ("", ""))
    if made is None:
        return
    for x, y, wide, high in _rects(ElementTree.fromstring(plots.svg(made))):
        assert x >= 1.9
        assert x + wide <= 241
        assert y >= 19
        assert y + high <= 97
