"""Metrics by group in a model card: table, pictures, metadata; nothing of another shape gets in."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapbook.export import groups, plots, written
from snapbook.export.card import Card, Section

FACTS = {
    "column": "sex",
    "rows": "X_test",
    "positive": 1,
    "rates": {
        "f": {"selection_rate": 0.25, "accuracy": 0.9},
        "m": {"selection_rate": 0.5, "accuracy": 0.875},
        "x": {"selection_rate": 1.0, "accuracy": float("nan")},
    },
    "rows_by_group": {"f": 1200, "m": 1100, "x": 3},
    "too_few": ["x"],
}


def judged(**changes):
    return groups.judged("eve", "2026-11-20T10:00:00.000000Z", {**FACTS, **changes})


def test_what_a_gate_measured_as_a_table():
    found = judged()
    assert found.lines == (
        "By sex, in X_test; judged by eve, 2026-11-20.",
        "The answer that counts as positive: 1.",
    )
    assert found.table() == (
        ("sex", "rows", "selection rate", "accuracy"),
        ("f", "1,200", "0.25", "0.9"),
        ("m", "1,100", "0.5", "0.875"),
        ("x (too few)", "3", "1", "n/a"),
    )


def test_amounts_have_no_positive_answer():
    rates = {"a": {"mean_absolute_error": 2.5, "mean_prediction": -10}}
    found = judged(rates=rates, positive="None")
    assert len(found.lines) == 1
    assert found.table()[1] == ("a", "n/a", "2.5", "-10")


def test_a_picture_a_figure():
    one, other = judged().plots()
    assert (one.title, other.title) == ("selection rate", "accuracy")
    assert one.levels == (("f", 0.25), ("m", 0.5), ("x", 1.0))
    assert other.levels == (("f", 0.9), ("m", 0.875))
    widths = [float(width) for width in re.findall(r'width="([0-9.]+)" height', plots.svg(one))]
    assert widths == pytest.approx([18.5, 37, 74])


def test_of_many_groups_a_picture_shows_both_ends():
    rates = {f"g{at:02}": {"accuracy": at / 50} for at in range(50)}
    (drawn,) = judged(rates=rates).plots()
    assert [name for name, _ in drawn.levels][:2] == ["g00", "g01"]
    assert [name for name, _ in drawn.levels][-1] == "g49"
    assert len(drawn.levels) == 12


def test_metadata_says_the_same_as_the_table():
    first, second, third = judged().results("tabular-classification")
    assert first["task"] == {"type": "tabular-classification"}
    assert first["dataset"]["args"] == {"column": "sex", "group": "f", "rows": 1200}
    assert first["metrics"] == [
        {"type": "selection_rate", "value": 0.25}, {"type": "accuracy", "value": 0.9},
    ]  # fmt: skip
    assert second["dataset"]["name"] == "X_test: sex = m"
    assert [one["type"] for one in third["metrics"]] == ["selection_rate"]


@pytest.mark.parametrize(
    "facts",
    [{}, {"rates": None}, {"rates": {}}, {"rates": {"a": 3}}, {"rates": {"a": {"b": "1"}}},
     {"rates": {"a": {"b": True}}}, {"rates": [1]}],
    ids=["nothing", "null", "no group", "a number", "a text", "a bool", "a list"],
)  # fmt: skip
def test_what_tells_of_no_group_is_none(facts):
    assert groups.judged("eve", "2026", facts) is None


def test_other_shapes_beside_the_figures():
    found = judged(rows_by_group=[1], too_few="f", rows=None, column=None)
    assert found.table()[1] == ("f", "n/a", "0.25", "0.9")


def test_texts_of_strangers_stay_texts():
    """In HTML, in Markdown's tables and in the YAML on top, letters of any plane included."""
    yaml = pytest.importorskip("yaml")
    name = "</svg><script>x</script>|\n---\n😀\x7f\ud800"
    found = judged(rates={name: {"accuracy": 0.5}}, rows_by_group={name: 3})
    front = {"model-index": [{"name": "churn:1.0.0", "results": found.results("")}]}
    section = Section("Metrics by group", found.lines, found.table(), found.plots())
    card = Card("churn:1.0.0", front, (section,), ())
    page, text = written.page(card), written.markdown(card)
    assert "<script" not in page
    for picture in re.findall(r"<svg.*?</svg>", page):
        ElementTree.fromstring(picture)
    told = yaml.safe_load(text.split("---\n")[1])
    (result,) = told["model-index"][0]["results"]
    assert result["dataset"]["args"]["group"].startswith("</svg><script>")
    assert "😀" in result["dataset"]["args"]["group"]
    assert text.count("\n| ") == 3
    assert text.encode()
    assert page.encode()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=12))
def test_all_of_it_lies_in_the_picture(values):
    levels = tuple((f"g{at}", value) for at, value in enumerate(values))
    tree = ElementTree.fromstring(plots.svg(plots.Plot("rate", levels=levels)))
    _, _, wide, high = (float(one) for one in tree.get("viewBox").split())
    for rect in tree.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, broad, tall = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + broad <= wide
        assert y >= 0
        assert y + tall <= high
