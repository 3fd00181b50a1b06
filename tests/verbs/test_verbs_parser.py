"""Words and calls become the same request, or one sentence of ours: for any words at all."""

from __future__ import annotations

import contextlib
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.display.errors import error_text, hint_text
from snapbook.errors import Hint, Usage
from snapbook.verbs import ALIASES, VERBS, find, table

OPTIONS = sorted({name for verb in VERBS.values() for a in verb.all for name in a.names})
WORD = st.one_of(
    st.sampled_from(OPTIONS),
    st.sampled_from(
        ["churn", "churn:0.1.0", "now", "--", "-", "", "a=b", "1.0.0", "@x", "#3fa9c2e1"]
    ),
    st.text(max_size=12),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(VERBS)), st.lists(WORD, max_size=6))
def test_any_words_parse_or_are_told_in_one_line(name, words):
    told = None
    try:
        asked = VERBS[name].parse(words)
    except Usage as error:
        told = error
    if told is None:
        assert set(asked.values) == {argument.dest for argument in VERBS[name].all}
        return
    for face in ("magic", "cli"):
        text = error_text(told, face)
        assert text.isprintable()
        assert len(text.splitlines()) == 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_line_splits_or_is_told(line):
    with contextlib.suppress(Usage):
        assert all(isinstance(word, str) for word in table.split(line))


@pytest.mark.parametrize(
    ("name", "words", "args", "named"),
    [
        ("save", "churn -m why --metric auc --metric x:min --data A B", ("churn",),
         {"message": "why", "metric": ["auc", "x:min"], "data": ["A", "B"]}),
        ("save", "churn --metric auc --store", ("churn",), {"metric": "auc", "store": True}),
        ("list", "churn --where 'a > 1' -n 5", ("churn",), {"where": "a > 1", "limit": "5"}),
        ("diff", "a b --what code", ("a", "b"), {"what": "code"}),
        ("restore", "a --as m --what data --what cells", ("a",),
         {"as_": "m", "what": ["data", "cells"]}),
        ("tag", "a x y=1 --remove z", ("a", "x", "y=1"), {"remove": "z"}),
        ("trust", "churn --key ab", ("churn",), {"key": "ab"}),
        ("gc", "--dry-run", (), {"dry_run": True}),
    ],
)  # fmt: skip
def test_calls_and_words_ask_the_same(name, words, args, named):
    verb = VERBS[name]
    assert verb.parse(shlex.split(words)).values == verb.ask(args, named).values


def test_calls_are_checked_as_words_are():
    for call in (
        lambda: VERBS["diff"].ask(("a",), {"what": "foo"}),
        lambda: VERBS["diff"].ask(("a",), {"wat": "code"}),
        lambda: VERBS["list"].ask(("a", "b"), {}),
        lambda: VERBS["delete"].ask((), {}),
        lambda: VERBS["save"].ask(("a b",), {}),
        lambda: VERBS["save"].ask(("a",), {"number": "1"}),
    ):
        with pytest.raises(Usage):
            call()


def test_every_other_name_leads_to_a_verb():
    for name in (*VERBS, *ALIASES):
        assert find(name).name in VERBS
    with pytest.raises(Usage, match="did you mean"):
        find("restoer")


def test_hints_in_three_grammars():
    hint = Hint("restore", ("churn:0.1.0", "--as", "my model", "--keep"))
    assert hint_text(hint, "magic") == "%restore_version churn:0.1.0 --as 'my model' --keep"
    assert hint_text(hint, "cli") == "snapbook restore churn:0.1.0 --as 'my model' --keep"
    assert hint.call == 'snapbook.verbs.restore("churn:0.1.0", as_="my model", keep=True)'
    assert Hint("bug-report").call == "snapbook.verbs.bug_report()"
    assert Hint("list", ("it's",)).call == 'snapbook.verbs.list("it\'s")'
    assert hint_text("pip install x", "cli") == "pip install x"
    # What no kernel runs is typed in a shell, whoever hears of it.
    for face in ("magic", "cli"):
        assert hint_text(Hint("serve", ("churn@production", "--follow")), face) == (
            "snapbook serve churn@production --follow"
        )
