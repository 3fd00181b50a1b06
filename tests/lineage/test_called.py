"""Roles of data that pass through the notebook's own functions."""

import pytest

from snapbook.lineage.called import trained_and_tested


@pytest.mark.parametrize(
    ("before", "source", "train", "test"),
    [
        ("", "m = A().fit(X, y)\nm.score(T, t)", ("X", "y"), ("T", "t")),
        ("def f():\n    return A().fit(X, y)", "m = f()", ("X", "y"), ()),
        ("def f(a, b):\n    return A().fit(a, b)", "m = f(X[1:], b=y)", ("X", "y"), ()),
        ("def f(m, *, data):\n    return m.score(data, y)", "s = f(m, data=T)", (), ("T", "y")),
        (
            "def g(a):\n    return A().fit(a, y)\ndef f(a):\n    return g(a)",
            "m = f(X)",
            ("X", "y"),
            (),
        ),
        ("def f(a):\n    Z = a * 2\n    return A().fit(Z, y)", "m = f(X)", ("y",), ()),
        ("def f():\n    return f() or A().fit(X, y)", "m = f()", ("X", "y"), ()),
        ("def f(): return A().fit(X, y)", "def g():\n    return f()", (), ()),
        ("def f(", "m = f(X)", (), ()),
    ],
)
def test_roles_through_calls(before, source, train, test):
    assert trained_and_tested(source, [before]) == (train, test)


def test_the_last_definition_counts():
    before = ["def f():\n    A().fit(X)", "def f():\n    A().fit(Z)"]
    assert trained_and_tested("f()", before) == (("Z",), ())
