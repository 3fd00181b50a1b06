"""`snapbook.save` and its like, called from cells."""

import pytest

from snapbook.parts import cells as cells_part

pytestmark = pytest.mark.slow  # it waits for what runs beside it


def test_save_from_a_cell_keeps_cells_and_what_was_given(fitted):
    cell = (
        "import snapbook\n"
        "done = snapbook.save(model, 'byhand', data={'train': X_train}, metrics={'r2': 0.5})\n"
        "done.version.ref"
    )
    assert fitted.card(cell)[-1] == "Out[4]: 'byhand:0.1.0'"
    parts = fitted.parts()
    assert {key for key in parts if key[0] == "frame"} >= {("frame", "train")}
    log = cells_part.restore(parts["cells", "cells"], fitted.repository().store.get)
    assert log[-1].source == cell
    assert parts["metrics", "metrics"].facts["values"] == {"r2": 0.5}
    assert "train" not in fitted.names
    assert "byhand" not in fitted.names


def test_load_and_diff_in_a_cell(fitted):
    fitted.run("import snapbook\nother = LogisticRegression(C=5).fit(X_train, y_train)")
    fitted.run("snapbook.save(other, 'churn');")
    assert [row.ref for row in fitted.rows()] == ["churn:0.2.0", "churn:0.1.0"]
    fitted.run("same = (snapbook.load('churn:0.1.0').coef_ == model.coef_).all()")
    assert fitted.names["same"]
    fitted.run("changes = snapbook.diff('churn').changes")
    assert ("params", "C") in {(one.section, one.name) for one in fitted.names["changes"]}


def test_restore_in_a_cell(fitted):
    fitted.card("%%version_model churn\nmodel = LogisticRegression(C=7.0).fit(X_train, y_train)")
    fitted.run("import snapbook\nback = snapbook.restore('churn:0.1.0')")
    assert fitted.error is None
    assert fitted.names["model"].C == 1.0
