"""Automatic versions: made without a word, named by the variable, nothing where nothing changed."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.slow

FIT = (
    "model = LogisticRegression(C={c}).fit(X_train, y_train)\n"
    "accuracy = model.score(X_test, y_test)"
)


@pytest.fixture
def auto(fitted):
    assert fitted.card("%version_model --auto on")[0].startswith("auto: on.")
    return fitted


def test_a_version_each_time_a_cell_fits(auto):
    assert auto.card(FIT.format(c=2.0)) == []
    assert auto.card(FIT.format(c=2.0)) == []
    assert auto.card("rf = LogisticRegression(C=3.0)\nrf.fit(X_train, y_train);") == []
    assert auto.card("1 + 1") == ["Out[8]: 2"]
    assert [row.ref for row in auto.rows()] == ["rf:0.1.0", "model:0.1.0", "churn:0.1.0"]
    newest = auto.rows()[0]
    assert newest.auto
    assert auto.card(FIT.format(c=4.0)) == []
    assert auto.rows()[0].ref == "model:0.2.0"
    assert auto.rows()[0].reason == "C 2.0 -> 4.0"


def test_two_models_are_two_versions(auto):
    fit = "fit(X_train, y_train)"
    cell = f"a = LogisticRegression().{fit}; b = LogisticRegression(C=2).{fit}"
    assert auto.card(cell) == []
    assert {row.ref for row in auto.rows()} == {"a:0.1.0", "b:0.1.0", "churn:0.1.0"}


def test_what_makes_no_version(auto):
    for cell in (
        "unfitted = LogisticRegression()",
        "from sklearn.preprocessing import StandardScaler; scaler = StandardScaler().fit(X_train)",
        "model.predict(X_test).sum();",
        "scaled = X_train * 2",
        "_hidden = LogisticRegression().fit(X_train, y_train)",
    ):
        auto.run(cell)
    assert auto.run("broken = LogisticRegression().fit(nothing)") != ""
    assert len(auto.rows()) == 1, [row.ref for row in auto.rows()]


def test_a_named_version_continues_while_auto_is_on(auto):
    line = auto.card("%%version_model churn\n" + FIT.format(c=2.0))[0]
    assert line.startswith("churn:0.2.0  minor: C 1.0 -> 2.0")
    assert len(auto.rows()) == 2


def test_what_cannot_be_kept_is_silent_and_waits_in_status(auto):
    cell = (
        "bad = LogisticRegression().fit(X_train, y_train); bad.log = (i for i in range(3))\n"
        "good = LogisticRegression(C=3).fit(X_train, y_train)"
    )
    assert auto.run(cell) == ""
    assert auto.rows()[0].ref == "good:0.1.0"
    assert "its log is a running generator" in auto.kernel.complaint


def test_off_again(auto):
    assert auto.card("%snapbook auto off") == ["auto: off"]
    auto.card(FIT.format(c=9.0))
    assert len(auto.rows()) == 1


def test_cells_that_fit_nothing_are_not_slowed(auto):
    """What auto mode adds to a small cell, in this process: well under the cell itself."""

    def seconds(count=60):
        begun = time.perf_counter()
        for number in range(count):
            auto.shell.run_cell(f"step = {number}", store_history=True)
        return (time.perf_counter() - begun) / count

    seconds(20)
    on = min(seconds() for _ in range(3))
    auto.run("%snapbook auto off")
    off = min(seconds() for _ in range(3))
    assert on - off < 0.001, (on, off)
