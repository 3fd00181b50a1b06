"""What is the same content, what is a new version, and the reason that the card gives."""

import pytest

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
            "churn:0.2.0  minor: input age is float32, was float64, callers must change",
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
