"""Which data are kept, how much of them, and what the card says where they are not."""

from __future__ import annotations

import sys

import hebo_record
import numpy as np
import pytest

pytestmark = pytest.mark.slow  # it waits for what runs beside it

FIT = """\
%%version_model churn{words}
model = LogisticRegression(C={c}).fit(X_train, y_train)
accuracy = model.score(X_test, y_test)
"""


def cell(words="", c=2.0):
    return FIT.format(words=" " + words if words else "", c=c)


def frames(notebook):
    return {name: part.facts for (kind, name), part in notebook.parts().items() if kind == "frame"}


def test_frames_with_roles_and_rows(fitted):
    kept = frames(fitted)
    assert {name: facts["role"] for name, facts in kept.items()} == {
        "X_train": "train",
        "y_train": "train",
        "X_test": "test",
        "y_test": "test",
    }
    assert all(facts["stored"] for facts in kept.values())


def test_named_and_none(fitted):
    fitted.card(cell("--data X", 2.0))
    assert set(frames(fitted)) == {"X_train", "y_train", "X_test", "y_test", "X"}
    fitted.card(cell("--data none", 3.0))
    assert frames(fitted) == {}
    fitted.card(cell("--data none X", 4.0))
    assert set(frames(fitted)) == {"X"}


def test_a_name_that_is_not_there_is_said_before_anything_is_kept(fitted):
    text = fitted.run(cell("--data X_trian"))
    assert text.startswith("Not versioned: nothing is called X_trian (did you mean X_train")
    assert fitted.error is None
    assert len(fitted.rows()) == 1


def test_no_store(fitted):
    fitted.card(cell("--no-store"))
    kept = frames(fitted)
    assert all(facts["digest"] and not facts["stored"] for facts in kept.values())


def test_past_the_budget_only_hashes_are_kept(notebook, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_DATA_MAX_STORE", "1 MB")
    notebook.run(
        "import numpy as np, pandas as pd\nfrom sklearn.linear_model import LinearRegression\n"
        "rng = np.random.default_rng(0)\n"
        "big = pd.DataFrame(rng.normal(size=(60_000, 4))); small = big[0]"
    )
    source = "%%version_model line{}\nmodel = LinearRegression().fit(big, small)"
    lines = notebook.card(source.format(""))
    assert lines[0].startswith("line:0.1.0  first version")
    said = [line for line in lines if "big 60,000x4: rows not stored" in line]
    assert len(said) == 1, lines
    assert "(limit 1 MB), hash kept.  Store anyway: %version_model line --store" in said[0]
    kept = frames(notebook)
    assert kept["big"]["digest"]
    assert not kept["big"]["stored"]
    assert notebook.card(source.format("")) == ["line:0.1.0  unchanged"]
    # What the card says to type works, and once is enough.
    assert notebook.card("%version_model line --store") == ["line:0.1.1  patch: rows of big stored"]
    assert frames(notebook)["big"]["stored"]
    assert notebook.card(source.format("")) == ["line:0.1.1  unchanged"]


def test_past_the_time_nothing_is_hashed_and_full_hashes(notebook, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CAPTURE_MAX_SECONDS", "0")
    notebook.run(
        "import numpy as np, pandas as pd\nfrom sklearn.linear_model import LinearRegression\n"
        "rng = np.random.default_rng(0)\n"
        "big = pd.DataFrame(rng.normal(size=(200_000, 4))); target = big[0]"
    )
    source = "%%version_model line{}\nmodel = LinearRegression().fit(big, target)"
    lines = notebook.card(source.format(""))
    assert any("big: " in line and "--full" in line for line in lines), lines
    assert frames(notebook)["big"]["digest"] is None
    assert frames(notebook)["big"]["shape"] == [200_000, 4]
    # What was not hashed equals nothing.
    assert notebook.card(source.format(""))[0].startswith("line:0.")
    notebook.card(source.format(" --full"))
    assert frames(notebook)["big"]["digest"]


def test_a_split_costs_next_to_nothing(notebook):
    notebook.run(
        "import numpy as np, pandas as pd\nfrom sklearn.linear_model import LinearRegression\n"
        "from sklearn.model_selection import train_test_split\n"
        "X = pd.DataFrame(np.random.default_rng(0).normal(size=(20_000, 5))); y = X[0]\n"
        "A, B, a, b = train_test_split(X, y, random_state=0)"
    )
    notebook.card(
        "%%version_model line --data X\n"
        "model = LinearRegression().fit(A, a)\nr2 = model.score(B, b)"
    )
    kept = notebook.parts()
    size = sum(
        file.stat().st_size
        for file in (notebook.project / ".snapbook" / "packs").rglob("*")
        if file.is_file()
    )
    assert kept["frame", "A"].facts["stored"]
    assert size < 20_000 * 5 * 8 * 1.15


@pytest.mark.parametrize(
    ("before", "body", "names"),
    [
        ("def fit():\n    return LogisticRegression().fit(X_train, y_train)", "model = fit()",
         {"X_train", "y_train"}),
        ("def part():\n    return X_test\n"
         "def fit():\n    return LogisticRegression().fit(part(), y_test)",
         "model = fit()", {"X_test", "y_test"}),
        ("", "mine = X[:30]\nmodel = LogisticRegression().fit(mine, y[:30])", {"X", "mine", "y"}),
        ("import polars as pl\ntable = pl.DataFrame({'a': [0.0, 1, 2, 3]})",
         "model = LogisticRegression().fit(table.to_numpy(), [0, 1, 0, 1])", {"table"}),
        ("arrays = [X_train.to_numpy()]", "model = LogisticRegression().fit(arrays[0], y_train)",
         {"y_train"}),
    ],
)  # fmt: skip
def test_frames_that_are_found(fitted, before, body, names):
    if before:
        fitted.run(before)
    fitted.card(f"%%version_model other\n{body}")
    assert set(frames(fitted)) == names


def test_a_study_that_the_cell_used_is_kept(fitted):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    fitted.run("import optuna; unused = optuna.create_study()")
    fitted.run(
        "study = optuna.create_study(direction='maximize')\n"
        "def goal(trial):\n"
        "    return LogisticRegression(C=trial.suggest_float('C', 0.1, 1)).fit(X_train, y_train)"
        ".score(X_test, y_test)\n"
        "study.optimize(goal, n_trials=3)"
    )
    best = "model = LogisticRegression(C=study.best_params['C']).fit(X_train, y_train)"
    fitted.card(f"%%version_model tuned\n{best}")
    kept = {name: part for (kind, name), part in fitted.parts().items() if kind == "params"}
    assert set(kept) == {"params", "study"}
    assert len(kept["study"].facts["search"]["points"]) == 3
    assert fitted.card(f"%%version_model tuned\n{best}") == ["tuned:0.1.0  unchanged"]


HEBO = """\
%%version_model boosted
from hebo.optimizers.hebo import HEBO
optimiser = HEBO(None, rand_sample=4)
for _ in range(8):
    tried = optimiser.suggest(n_suggestions=1)
    losses = [[(np.log10(row.lr) + 2) ** 2 + abs(row.depth - 5) + (row.kind == "dart")]
              for row in tried.itertuples()]
    optimiser.observe(tried, np.array(losses, dtype=float))
best = optimiser.X.iloc[int(optimiser.y.argmin())]
model = LogisticRegression(C=float(best["lr"])).fit(X_train, y_train)
"""


def test_a_hebo_optimiser_that_the_cell_used_is_kept(fitted, monkeypatch):
    for name, module in hebo_record.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    fitted.card(HEBO)
    part = fitted.parts()["params", "optimiser"]
    found = part.facts["search"]
    assert found["from"] == "hebo"
    assert found["points"] == hebo_record.X.to_dict("records")
    assert np.allclose(found["scores"], hebo_record.Y[:, 0])
    assert found["best"] == int(hebo_record.Y.argmin())
    params = fitted.parts()["params", "params"].facts["values"]
    assert params["C"] == found["points"][found["best"]]["lr"]
    assert fitted.card(HEBO) == ["boosted:0.1.0  unchanged"]


def test_main_metric_and_direction_are_remembered(fitted):
    more = "gap = 0.5 - model.coef_[0][0] * 0\n"
    line = fitted.card(cell("--metric gap:min", 2.0) + more)[0]
    assert "gap 0.500  accuracy" in line
    fitted.run("%reload_ext snapbook")
    line = fitted.card(cell("", 3.0) + more.replace("0.5", "0.25"))[0]
    assert "C 2.0 -> 3.0" in line
    facts = fitted.parts()["metrics", "metrics"].facts
    assert "gap" not in facts["values"] or facts["main"] == "gap"
    line = fitted.card(cell("--metric gap", 4.0) + more.replace("0.5", "0.125"))[0]
    assert "gap" in line
    assert fitted.parts()["metrics", "metrics"].facts["directions"]["gap"] == "min"
