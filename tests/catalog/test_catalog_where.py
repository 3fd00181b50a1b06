"""Search expressions: what they find, and what is said about wrong ones."""

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from books import Book
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.catalog.where import FIELDS, Limit, parse
from snapbook.errors import BadExpression
from snapbook.events import parse_time


@pytest.fixture(scope="module")
def book():
    book = Book()
    one = book.version(
        "churn", "0.1.0", {"accuracy": 0.91, "loss": 0.3}, {"max_depth": 6, "criterion": "gini"},
        {"team": "risk"}, "first 100% try",
    )  # fmt: skip
    book.version(
        "churn", "0.2.0", {"accuracy": 0.95, "val.auc": 0.8, "note": "good"},
        {"max_depth": 8, "criterion": "entropy", "bootstrap": True, "seed": None},
        {"team": "ops", "exp": ""}, "deeper trees",
    )  # fmt: skip
    book.version(
        "churn", "1.0.0", {"accuracy": float("nan"), "my score": 1.5}, {"max_depth": 8.0}, auto=True
    )
    book.version("fraud", "0.1.0", {"accuracy": 0.99, "loss": float("inf")}, {}, {"team": "risk"})
    book.event("alias", {"model": "churn", "name": "production", "old": "", "new": one})
    return book


@pytest.fixture(scope="module")
def index(book):
    return book.index()


A, B, C, F = "churn:0.1.0", "churn:0.2.0", "churn:1.0.0", "fraud:0.1.0"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("accuracy > 0.9", [A, B, F]),
        ("accuracy>0.9 and model = churn", [A, B]),
        ("accuracy >= 0.95", [B, F]),
        ("accuracy == .95", [B]),
        ("accuracy != 0.95", [A, F]),
        ("accuracy <> 0.95", [A, F]),
        ("accuracy < 1e3", [A, B, F]),
        ("not accuracy > 0.9", [C]),
        ("accuracy in (0.91, 0.99)", [A, F]),
        ("accuracy not in (0.91, 0.99)", [B, C]),
        ("accuracy", [A, B, C, F]),
        ("loss", [A, F]),
        ("loss > 1000", [F]),
        ("note = good", [B]),
        ("note ~ oo", [B]),
        ("accuracy = nan", [C]),
        ("metric.accuracy > 0.9 and (model = fraud or tag.team = 'risk')", [A, F]),
        ("val.auc > 0.5", [B]),
        ('metric."my score" > 1', [C]),
        ("param.max_depth = 8", [B, C]),
        ("param.max_depth > 6 and param.criterion = 'entropy'", [B]),
        ("param.criterion ~ 'IN'", [A]),
        ("param.criterion in (gini, entropy)", [A, B]),
        ("param.bootstrap = true", [B]),
        ("param.seed = none", [B]),
        ("param.bootstrap", [B]),
        ("param.criterion = \"gini\"", [A]),
        ("tag.team = 'risk'", [A, F]),
        ("tag.team != 'risk'", [B]),
        ("tag.team ~ 'o'", [B]),
        ("tag.exp", [B]),
        ("tag", [A, B, F]),
        ("not tag", [C]),
        ("not tag.team", [C]),
        ("model ~ hur", [A, B, C]),
        ("author = ada", [A, B, C, F]),
        ("author = 'bob'", []),
        ("message ~ '100%'", [A]),
        ("message ~ '%'", [A]),
        ("message ~ '_'", []),
        ("message ~ DEEP", [B]),
        ("message", [A, B]),
        ("reason = refit", [A, B, C, F]),
        ("bump = minor", [A, B, C, F]),
        ("class = RandomForestClassifier and model = fraud", [F]),
        ("alias = production", [A]),
        ("alias != production", []),
        ("not alias = production", [B, C, F]),
        ("alias", [A]),
        ("alias in (staging, production)", [A]),
        ("auto", [C]),
        ("auto = false", [A, B, F]),
        ("number >= 0.2", [B, C]),
        ("number > 0.1", [B, C]),
        ("number > 0.1.0", [B, C]),
        ("number <= 0.1", [A, F]),
        ("number < 0.2.0", [A, F]),
        ("number = 0", [A, B, F]),
        ("number = 0.2", [B]),
        ("number != 0.2.0", [A, C, F]),
        ("number in (1.0.0, 0.1.0) and model = churn", [A, C]),
        ("number ~ '.2.'", [B]),
        ("time > 2020-01-01", [A, B, C, F]),
        ("time < 2020-01-01", []),
        ("time >= '2026-11-21T14:00:03Z'", [C, F]),
        ("age < 2 days", [A, B, C, F]),
        ("age > 2d", []),
        ("age > 90 minutes", [A, B, C, F]),
        ("NOT (accuracy > 0.9 OR auto)", []),
        ("accuracy > 0.9 and not loss or auto", [B, C]),
        ("number = 0.1.0 or number = 0.2.0 and model = churn", [A, B, F]),
    ],
)  # fmt: skip
def test_finds(index, text, found):
    now = parse_time("2026-11-21T14:00:00.000000Z") + timedelta(hours=3)
    page = index.page(where=parse(text, now))
    assert sorted(row.ref for row in page.rows) == found
    assert index.count(where=parse(text, now)) == len(found)


def test_a_day_is_a_whole_local_day(index, book):
    day = parse_time("2026-11-21T14:00:02.000000Z").astimezone().date().isoformat()
    assert index.count(where=parse(f"time = {day}")) == 4
    assert index.count(where=parse(f"time > {day}")) == 0
    assert index.count(where=parse(f"time >= {day}")) == 4
    assert index.count(where=parse(f"time < {day}")) == 0
    assert index.count(where=parse(f"time != {day}")) == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", '"" cannot be searched for: a name belongs at character 1, not the end.'),
        (
            "accuracy >",
            '"accuracy >" cannot be searched for: a value belongs at character 11, not the end.',
        ),
        (
            "accuracy >> 0.9",
            '"accuracy >> 0.9" cannot be searched for: a value belongs at character 11, not >.',
        ),
        (
            "accuracy 0.9",
            '"accuracy 0.9" cannot be searched for: one of = != < <= > >= ~ in belongs at'
            " character 10, not 0.9.",
        ),
        (
            "(accuracy > 0.9",
            '"(accuracy > 0.9" cannot be searched for: ) belongs at character 16, not the end.',
        ),
        (
            "accuracy > 0.9)",
            '"accuracy > 0.9)" cannot be searched for: and, or or the end belongs at character 15,'
            " not ).",
        ),
        (
            "tag.team = 'risk",
            "\"tag.team = 'risk\" cannot be searched for: the quote at character 12 is not closed.",
        ),
        (
            "accuracy > 0.9 and",
            '"accuracy > 0.9 and" cannot be searched for: a name belongs at character 19, not the'
            " end.",
        ),
        ("and", '"and" cannot be searched for: a name belongs at character 1, not and.'),
        ("a = b !", '"a = b !" cannot be searched for: ! at character 7 means nothing here.'),
        (
            "accuracy > high",
            '"accuracy > high" cannot be searched for: a number belongs at character 12.',
        ),
        (
            "author > ada",
            '"author > ada" cannot be searched for: author is text, so = != ~ or in belongs before'
            " character 10.",
        ),
        (
            "number > newest",
            '"number > newest" cannot be searched for: a version number like 1.4.0 belongs at'
            " character 10.",
        ),
        (
            "time > yesterday",
            '"time > yesterday" cannot be searched for: a date like 2026-11-21 or 2026-11-21T14:02'
            " belongs at character 8.",
        ),
        (
            "age < 2",
            '"age < 2" cannot be searched for: an age is compared like age < 2 days, character 7.',
        ),
        ("tag = x", '"tag = x" cannot be searched for: tag needs a name, like tag.team, '),
        ("author.x = 1", '"author.x = 1" cannot be searched for: author has no parts, '),
        ("auto = maybe", '"auto = maybe" cannot be searched for: auto is true or false, '),
        ("time", '"time" cannot be searched for: one of = < > belongs after time, character 1.'),
        (
            "accurracy > 0.9",
            'No version has a metric "accurracy" (did you mean accuracy?): character 1.',
        ),
        (
            "accuracy > 0.9 and nothing < 1",
            'No version has a metric "nothing": character 20.',
        ),
        ("param.max_dept = 8", 'No version has a param "max_dept" (did you mean max_depth?): '),
        ("tag.taem = x", 'No version has a tag "taem" (did you mean team?): character 1.'),
    ],
)  # fmt: skip
def test_wrong_ones_are_told_where(index, text, sentence):
    with pytest.raises(BadExpression) as caught:
        index.page(where=parse(text))
    assert caught.value.sentence.startswith(sentence)
    assert len(str(caught.value)) < 250


def test_the_longest_one_can_be_asked(index):
    text = " and ".join(["auto"] * 220)
    assert len(text) < 2000
    assert [row.ref for row in index.page(where=parse(text)).rows] == [C]
    ends = "not " * 14 + "auto"
    assert [row.ref for row in index.page(where=parse(ends)).rows] == [C]
    deep = "(" * 14 + "auto" + " and accuracy)" * 14
    assert [row.ref for row in index.page(where=parse(deep)).rows] == [C]
    for wrong in ("(" * 900 + "auto", "not " * 400 + "auto", "auto or " * 600 + "auto"):
        with pytest.raises(BadExpression):
            parse(wrong)


def test_unknown_names_list_the_known_ones(index):
    with pytest.raises(BadExpression) as caught:
        index.page(where=parse("nothing < 1"))
    assert str(caught.value).endswith("There are: accuracy, loss, my score, note, val.auc")


def test_an_empty_repository_knows_no_wrong_names():
    assert Book().index().page(where=parse("accuracy > 0.9 and tag.x = y")).rows == ()


def test_limits_name_what_nothing_reaches(index):
    assert parse("accuracy > 0.99 and loss <= 1 and model = x").limits == (
        Limit("accuracy", True),
        Limit("loss", False),
    )
    assert parse("accuracy > 0.99 or loss < 1").limits == ()
    assert parse("tag.team = x").limits == ()
    best = index.extreme("churn", "accuracy")
    assert (best.ref, best.metrics["accuracy"].value) == (B, 0.95)


def test_common_and_rare_facts_find_the_same(monkeypatch, index):
    """The two ways to ask are chosen by counting; both must be right."""
    texts = ["accuracy > 0.9", "not accuracy > 0.9", "tag.team = risk or loss < 1", "tag.exp"]
    found = [sorted(row.ref for row in index.page(where=parse(text)).rows) for text in texts]
    monkeypatch.setattr("snapbook.catalog.conditions._RARE", -1)
    assert found == [
        sorted(row.ref for row in index.page(where=parse(text)).rows) for text in texts
    ]


words = st.sampled_from(
    [*FIELDS, "and", "or", "not", "in", "(", ")", ",", "=", "!=", "<", ">", "~", "'x'", "\"", "0.9",
     "accuracy", "tag.team", "param.max_depth", "param.", "2d", "days", "1.4", "'; DROP TABLE x",
     "2026-11-21", "nan", "inf", "1e999", "9" * 400, "ü", "\0", "`"]
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(words, max_size=9).map(" ".join) | st.text(max_size=30))
def test_any_text_is_an_expression_or_a_sentence(text):
    index = _SMALL
    with suppress(BadExpression):
        assert len(index.page(where=parse(text, datetime.now().astimezone())).rows) in (0, 1)


_SMALL = Book()
_SMALL.version("churn", "0.1.0", {"accuracy": 0.9}, {"max_depth": 8}, {"team": "risk"})
_SMALL = _SMALL.index()
