"""The transformer, apart from any kernel: pure, never raising, silent where it is not meant."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from snapbook.magics.firstline import MARK, directive, take_the_first_line_off

LINE = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            MARK,
            f"{MARK} churn",
            f"  {MARK} churn",
            "%%time",
            '"""',
            "# snapbook: version_model x",
            "",
        ]
    ),
)
SOURCE = st.lists(LINE, max_size=6).map("\n".join)


@settings(max_examples=400, deadline=None)
@given(SOURCE)
@example(f"{MARK}\n")
@example(f"\ufeff{MARK} churn\nx")
@example(f"x = '''\n{MARK}\n")
@example(f"0\r\x80\n{MARK}")
def test_pure_and_total(source):
    lines = source.splitlines(keepends=True)
    before = list(lines)
    once = take_the_first_line_off(lines)
    assert lines == before
    assert take_the_first_line_off(lines) == once
    if MARK not in source and "snapbook:" not in source:
        assert once == lines
    if not any("UsageError" in line for line in once):
        assert take_the_first_line_off(once) == once, "what is left is not taken for ours again"
    directive(source)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (f"{MARK} churn -m 'x'\ny", "churn -m 'x'"),
        (f"\n\n  {MARK}\tchurn", "churn"),
        (f"{MARK}", ""),
        ("# snapbook: version_model churn --quiet", "churn --quiet"),
        ("#snapbook:version_model", ""),
        (f"{MARK}s churn", None),
        ("# snapbook: versions", None),
        ("# about snapbook: version_model", None),
        (f"x = 1\n{MARK} churn", None),
        ("", None),
    ],
)
def test_the_words_of_the_line(source, words):
    assert directive(source) == words


def test_a_comment_stands_in_so_that_line_numbers_stay():
    assert take_the_first_line_off([f"{MARK} churn\n", "x = 1\n"]) == [
        f"# {MARK} churn\n",
        "x = 1\n",
    ]
    assert take_the_first_line_off([f"{MARK} churn\n", "%%time\n", "x\n"]) == ["%%time\n", "x\n"]
    assert take_the_first_line_off([f"{MARK} churn\n", "    x\n"])[0] == f"    # {MARK} churn\n"
