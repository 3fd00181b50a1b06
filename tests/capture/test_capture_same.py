"""What is the same content, what is a new version, and the reason that the card gives."""

import pytest

pytestmark = pytest.mark.slow  # it waits for what runs beside it

FIT = """\
%%version_model churn
model = LogisticRegression(C=1.0).fit(X_train, y_train)
accuracy = model.score(X_test, y_test)
"""


@pytest.mark.parametrize(
    "cell",
    [
        FIT,
        FIT.replace("C=1.0", "C = 1.0,"),
        FIT.replace("model =", "# the model\nmodel ="),
        FIT.replace("%%version_model churn", "# snapbook: version_model churn"),
        FIT.replace("%%version_model churn", "%%version_model churn -m 'again'"),
    ],
    ids=["again", "white space", "comment", "comment form", "message"],
)
def test_equal_content_is_unchanged(fitted, cell):
    assert fitted.card(cell) == ["churn:0.1.0  unchanged"]
    assert len(fitted.rows()) == 1


def test_what_the_kernel_does_beside_changes_nothing(fitted):
    (fitted.project / "plotting.py").write_text("COLOUR = 'blue'\n")
    fitted.run("import statsmodels.api, plotting\nunrelated = pd.DataFrame({'a': [1]})")
    fitted.run("with open('notes.txt', 'w') as file:\n    file.write('x')")
    assert fitted.card(FIT) == ["churn:0.1.0  unchanged"]


@pytest.mark.parametrize(
    ("before", "cell", "said"),
    [
        ("", FIT.replace("C=1.0", "C=2.0"), "churn:0.2.0  minor: C 1.0 -> 2.0"),
        ("", FIT + "auc = 0.5\n", "churn:0.2.0  minor: cell 4 changed"),
        (
            "auc = 0.5",
            FIT.replace("churn\n", "churn --metric auc\n"),
            "churn:0.1.1  patch: +metric auc",
        ),
        (
            "",
            FIT.replace("churn\n", "churn --metric 'gap:min=1-accuracy'\n"),
            "churn:0.1.1  patch: +metric gap",
        ),
        (
            "from pathlib import Path\nPath('paper.txt').write_text('x')",
            FIT.replace("churn\n", "churn --attach paper.txt\n"),
            "churn:0.1.1  patch: paper.txt added",
        ),
        (
            "X_train = X[:50]; y_train = y[:50]",
            FIT,
            "churn:0.2.0  minor: X_train +10 rows, y_train +10 rows",
        ),
        (
            "X_train = X_train.drop(columns='age'); X_test = X_test.drop(columns='age')",
            FIT,
            "churn:0.2.0  minor: input age is gone, callers must change",
        ),
        (
            "X_train = X_train.astype('float32')",
            FIT,
            "churn:0.2.0  minor: input age is float32, was float64 +2, callers must change",
        ),
        (
            "X_train = X_train.copy(); X_train.loc[0, 'age'] = 9",
            FIT,
            "churn:0.2.0  minor: X_train values of age changed",
        ),
        (
            "from sklearn.linear_model import RidgeClassifier as LogisticRegression",
            FIT.replace("C=1.0", ""),
            "churn:0.2.0  minor: class LogisticRegression -> RidgeClassifier",
        ),
    ],
    ids=[
        *("param", "metric in code", "metric asked", "metric expression", "attachment"),
        *("rows", "input", "type", "value", "class"),
    ],
)
def test_changes_and_their_reasons(fitted, before, cell, said):
    if before:
        fitted.run(before)
    line = fitted.card(cell)[0]
    assert line.startswith(said), line


def test_a_refit_that_differs_is_a_patch(notebook):
    notebook.run(
        "import numpy as np\nfrom sklearn.ensemble import ExtraTreesClassifier\n"
        "X = np.arange(40.0).reshape(20, 2); y = np.arange(20) % 2"
    )
    cell = "%%version_model forest\nmodel = ExtraTreesClassifier(3).fit(X, y)"
    notebook.card(cell)
    assert notebook.card(cell) == ["forest:0.1.1  patch: refit, same cells and data"]


def test_a_noisy_metric_is_told_and_the_kept_one_stands(fitted):
    fitted.names["noise"] = 0.0
    cell = FIT + "accuracy = accuracy + noise\n"
    fitted.card(cell)
    fitted.names["noise"] = -0.125
    assert fitted.card(cell) == ["churn:0.2.0  unchanged  accuracy 0.725, kept 0.850"]


def test_code_elsewhere_counts_when_it_is_used(notebook):
    (notebook.project / "prepare.py").write_text("def scale(frame):\n    return frame * 2\n")
    notebook.run(
        "import prepare, importlib, numpy as np\n"
        "from sklearn.linear_model import LinearRegression\n"
        "X = np.arange(20.0).reshape(10, 2); y = X[:, 0]\n"
        "def fit(X, y):\n    return LinearRegression().fit(prepare.scale(X), y)"
    )
    cell = "%%version_model line\nmodel = fit(X, y)"
    notebook.card(cell)
    (notebook.project / "prepare.py").write_text("def scale(frame):\n    return frame * 2.0\n")
    notebook.run("importlib.reload(prepare)")
    assert notebook.card(cell) == ["line:0.2.0  minor: prepare.py changed"]
    notebook.run(
        "def fit(X, y):\n    return LinearRegression(positive=False).fit(prepare.scale(X), y)"
    )
    assert notebook.card(cell)[0].startswith("line:0.3.0  minor: cell ")
    assert notebook.card(cell) == ["line:0.3.0  unchanged"]


def test_numbers_that_are_asked_for(fitted):
    changed = FIT.replace("C=1.0", "C=2.0")
    line = fitted.card(changed.replace("churn\n", "churn --dry-run\n"))[0]
    assert line.startswith("would be churn:0.2.0  minor: C 1.0 -> 2.0")
    assert len(fitted.rows()) == 1
    bumped = changed.replace("churn\n", "churn --bump patch\n")
    assert fitted.card(bumped)[0].startswith("churn:0.1.1  patch: C 1.0 -> 2.0")
    assert fitted.card(bumped) == ["churn:0.1.1  unchanged"]
    assert fitted.card("%version_model churn --bump major")[0].startswith("churn:1.0.0  major: ")
    line = fitted.card(FIT.replace("C=1.0", "C=3.0").replace("churn\n", "churn --number 4.0.0\n"))[
        0
    ]
    assert line.startswith("churn:4.0.0  numbered: C 2.0 -> 3.0")
    text = fitted.run(FIT.replace("C=1.0", "C=4.0").replace("churn\n", "churn --number 2.0.0\n"))
    assert text.startswith("Not versioned: 2.0.0 is not after 4.0.0.")
    assert len(fitted.rows()) == 4


def test_a_deleted_number_is_not_used_again(fitted):
    fitted.card(FIT.replace("C=1.0", "C=2.0"))
    fitted.card("%snapbook delete churn:0.2.0 --yes")
    assert fitted.card(FIT.replace("C=1.0", "C=3.0"))[0].startswith("churn:0.3.0  minor: ")


def test_above_one_a_break_is_major(fitted):
    fitted.card("%version_model churn --bump major")
    fitted.run("X_train = X_train.drop(columns='age'); X_test = X_test.drop(columns='age')")
    assert fitted.card(FIT)[0].startswith(
        "churn:2.0.0  major: input age is gone, callers must change"
    )


def test_a_message_word_for_word_is_said(fitted):
    fitted.card(FIT.replace("C=1.0", "C=2.0").replace("churn\n", "churn -m deeper\n"))
    lines = fitted.card(FIT.replace("C=1.0", "C=3.0").replace("churn\n", "churn -m deeper\n"))
    assert lines[1] == "  message is the one of 0.2.0"


def test_two_models_and_the_choice_afterwards(fitted):
    two = (
        "%%version_model pair\nrf = LogisticRegression().fit(X_train, y_train)\n"
        "gb = LogisticRegression(C=2).fit(X_train, y_train)"
    )
    assert fitted.run(two) == (
        "Not versioned: the cell made two models, rf and gb. "
        "Keep one without running again: %version_model pair --model rf\n"
    )
    count = len(fitted.kernel.session)
    assert fitted.card("%version_model pair --model rf")[0].startswith(
        "pair:0.1.0  first version  LogisticRegression `rf`"
    )
    assert fitted.kernel.session.cells[count].source == "%version_model pair --model rf"
    made = fitted.parts()["cells", "cells"].facts["current"]
    assert fitted.kernel.session.cells[made].source == two
    assert fitted.card(two) == ["pair:0.1.0  unchanged"]  # the variable is remembered


def test_another_class_is_said(fitted):
    fitted.run("from sklearn.tree import DecisionTreeClassifier as Tree")
    lines = fitted.card(FIT.replace("LogisticRegression(C=1.0)", "Tree(max_depth=2)"))
    assert lines[0].startswith(
        "churn:0.2.0  minor: class LogisticRegression -> DecisionTreeClassifier"
    )
    assert (
        lines[1] == "  `model` is a DecisionTreeClassifier, last time it was a LogisticRegression."
    )


def test_a_typo_of_a_metric_is_said_and_the_hint_works(fitted):
    lines = fitted.card(
        FIT.replace("C=1.0", "C=2.0").replace("churn\n", "churn --metric accurracy\n")
    )
    hint = "%version_model churn --metric accuracy"
    assert lines[1] == (
        "  Nothing called `accurracy` after the cell (did you mean accuracy?). "
        f"churn:0.2.0 is saved without it: {hint}"
    )
    assert fitted.card(hint) == ["churn:0.2.0  unchanged"]


def test_at_most_twenty_metrics(fitted):
    many = "metrics = {f'm{i}': i / 100 for i in range(40)}\n"
    line = fitted.card(FIT + many)[0]
    assert len(fitted.parts()["metrics", "metrics"].facts["values"]) == 20
    assert line.endswith("+17")
