"""References: the grammar, its errors, and that printing is the inverse of parsing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapbook import refs
from snapbook.errors import BadName, BadRef, SnapbookError

names = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,12}[g-z]", fullmatch=True).filter(
    lambda name: name.lower() not in {"now", "latest"}
)
models = names | st.builds("{}/{}".format, names, names)
numbers = st.lists(st.integers(0, 10**6), min_size=1, max_size=3).map(tuple)
prefixes = st.from_regex(r"[0-9a-f]{8,64}", fullmatch=True)


@given(
    st.builds(refs.Ref, model=models, back=st.integers(0, 99))
    | st.builds(refs.Ref, model=models, number=numbers, registry=names)
    | st.builds(refs.Ref, model=models, alias=names, back=st.integers(0, 99))
    | st.builds(refs.Ref, model=models, prefix=prefixes)
    | st.builds(refs.Ref, prefix=prefixes)
)
def test_printing_is_the_inverse_of_parsing(ref):
    assert refs.parse(str(ref)) == ref


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("churn", refs.Ref("churn")),
        ("churn~", refs.Ref("churn", back=1)),
        ("churn~2", refs.Ref("churn", back=2)),
        ("churn:1.4.0", refs.Ref("churn", (1, 4, 0))),
        ("churn:1", refs.Ref("churn", (1,))),
        ("churn@production~1", refs.Ref("churn", alias="production", back=1)),
        ("churn#3fa9c2e1", refs.Ref("churn", prefix="3fa9c2e1")),
        ("#3fa9c2e1", refs.Ref(prefix="3fa9c2e1")),
        ("3fa9c2e1", refs.Ref(prefix="3fa9c2e1")),
        ("team/churn:1.4.0", refs.Ref("team/churn", (1, 4, 0))),
        ("hub::churn@production", refs.Ref("churn", alias="production", registry="hub")),
        ("now", refs.Ref(now=True)),
        (" churn ", refs.Ref("churn")),
    ],
)
def test_grammar(text, ref):
    assert refs.parse(text) == ref


@pytest.mark.parametrize(
    "text",
    ["", "  ", "churn:", "churn:01", "churn:1.2.3.4", "churn:x", "churn@", "churn~x", "churn#abc",
     "a:1@b", "churn#XYZ12345", ":1.0.0", "a/b/c", "a\nb", "churn~-1", "\N{BEL}", "~1", "@x"],
)  # fmt: skip
def test_what_is_no_reference_gets_one_sentence(text):
    with pytest.raises(SnapbookError) as caught:
        refs.parse(text)
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 240


@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused(text):
    try:
        ref = refs.parse(text)
    except (BadRef, BadName):
        return
    assert refs.parse(str(ref)) == ref


@pytest.mark.parametrize(
    ("name", "suggested"),
    [("churn model!", "churn-model"), ("now", "model-now"), ("deadbeef", "model-deadbeef"),
     ("con", "model-con"), ("churn.", "churn"), ("", "model"), ("a" * 200, "a" * 120),
     ("é", "model")],
)  # fmt: skip
def test_a_bad_name_gets_one_that_would_do(name, suggested):
    with pytest.raises(BadName) as caught:
        refs.check_model_name(name)
    assert caught.value.hint == suggested
    assert refs.check_model_name(suggested) == suggested


def test_the_sentence_for_a_bad_name_is_the_designed_one():
    with pytest.raises(BadName) as caught:
        refs.check_model_name("churn model!")
    assert str(caught.value) == (
        '"churn model!" cannot be a model name (letters, digits, . _ -). Try: churn-model'
    )
