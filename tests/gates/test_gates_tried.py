"""Gates that need the model: what they measure on real ones, and the same in every run."""

import re
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from trial.fitted import forest, linear, logistic, people

from snapbook.errors import BadOption
from snapbook.gates import known
from snapbook.gates.base import Verdict
from snapbook.gates.grid import opened, taken
from snapbook.gates.trial import Trial, predicted

pytestmark = pytest.mark.slow  # it waits for what runs beside it

ROWS, TARGET, GROUP = people()
MODEL = logistic(ROWS, TARGET)


def trial(model=MODEL, rows=ROWS, target=TARGET, settings=None, **more):
    facts = {"count": len(rows), "rows": "X_test", "bytes": 4096}
    return Trial(model, rows, target, None, "", settings or {}, facts=facts, **more)


class Slow:
    """A model that takes its time."""

    def __init__(self, seconds):
        self.seconds = seconds

    def predict(self, rows):
        time.sleep(self.seconds)
        return np.zeros(len(rows))


# -- latency


def test_latency_against_bounds():
    found = known.tried("latency", trial(settings={"p95_ms": 500, "repeat": 20}))
    assert found.passed, found.reason
    assert found.reason.startswith("one row ")
    times = found.facts["milliseconds"]["new"]
    assert 0 < times["p50_ms"] <= times["p95_ms"]
    assert found.facts["table"][0] == ["", "one row", "95 %", "1,000 rows", "95 %", "stored"]
    assert found.facts["table"][1][-1] == "4 KB"
    # A busy machine adds milliseconds: of a tenth of a second they are no digit that counts.
    slow = known.tried("latency", trial(Slow(0.1), settings={"p50_ms": 50, "repeat": 5}))
    assert not slow.passed
    assert re.match(r"one row 10\d ms, 50 ms is allowed$", slow.reason), slow.reason
    many = known.tried("latency", trial(Slow(0.1), settings={"batch_p50_ms": 50, "repeat": 5}))
    assert re.match(r"1,000 rows 10\d ms, 50 ms is allowed$", many.reason), many.reason


def test_latency_against_the_version_in_place():
    slower = replace(trial(Slow(0.008), settings={"repeat": 6}), baseline=Slow(0.002),
                     shown="1.4.0")  # fmt: skip
    found = known.tried("latency", slower)
    assert not found.passed
    assert "times 1.4.0; 2 is allowed" in found.reason
    assert known.tried("latency", replace(slower, settings={"times": 9, "repeat": 6})).passed
    assert set(found.facts["milliseconds"]) == {"new", "1.4.0"}
    assert known.compares("latency", {})
    assert known.compares("latency", {"p50_ms": 1, "times": 2})
    assert not known.compares("latency", {"p50_ms": 1})
    assert known.tried("latency", trial(settings={"repeat": 5})).passed, "nothing is in place"


# -- robustness


def test_robustness_is_the_same_in_every_run():
    first = known.tried("robustness", trial())
    assert first == known.tried("robustness", trial())
    assert first.facts["seed"] == 0
    assert first.facts["flips"] != known.tried(
        "robustness", trial(settings={"seed": 1})
    ).facts["flips"]  # fmt: skip
    names = [row[0] for row in first.facts["table"]]
    assert names == ["change", "none", "noise", "missing", "permuted", "extreme", "worst"]
    assert first.facts["before"] == pytest.approx((MODEL.predict(ROWS) == TARGET).mean())


def test_robustness_of_a_model_that_takes_no_missing_values():
    """It is told, and it is a fault only where the policy asks."""
    found = known.tried("robustness", trial())
    assert found.passed, found.reason
    missing = next(row for row in found.facts["table"] if row[0] == "missing")
    assert missing[1] == "fails"
    assert "NaN" in missing[3]
    asked = known.tried("robustness", trial(settings={"flips": {"missing": 0.5}}))
    assert not asked.passed
    assert asked.reason.startswith("missing: the model fails (ValueError: Input X contains NaN")
    trees = trial(forest(ROWS, TARGET), settings={"flips": {"missing": 0.5}})
    assert known.tried("robustness", trees).passed


def test_robustness_counts_what_flips():
    """A model that decides by the last digit changes its mind with every breath."""

    class Nervous:
        classes_ = (0, 1)

        def predict(self, rows):
            return (np.asarray(rows["income"]) * 1e6 % 2 > 1).astype(int)

    found = known.tried("robustness", trial(Nervous()))
    assert not found.passed
    assert found.facts["flips"]["noise"] == pytest.approx(0.5, abs=0.1)
    assert found.facts["flips"]["worst"] == 1.0
    assert found.reason == (
        f"noise flips {found.facts['flips']['noise']:.1%}, 5.0% is allowed,"
        " worst flips 100.0%, 10.0% is allowed"
    )
    calm = known.tried("robustness", trial(settings={"within": 0.0, "noise": 0.0}))
    assert calm.facts["flips"]["worst"] == calm.facts["flips"]["noise"] == 0.0


def test_robustness_of_amounts_and_what_it_costs():
    target = ROWS.income * 2 - ROWS.debt
    model = linear(ROWS)
    found = known.tried("robustness", trial(model, target=target, settings={
        "drops": {"noise": 0.01, "permuted": 0.5}, "seed": 3}))  # fmt: skip
    assert not found.passed
    assert found.reason.startswith("permuted costs ")
    assert found.facts["score"] == "R2"
    permuted = next(row for row in found.facts["table"] if row[0] == "permuted")
    assert permuted[3] == "most by income"
    none = known.tried("robustness", trial(target=None, settings={"drops": {"noise": 0.1}}))
    assert none.reason == "noise: nothing says what should come out, so no loss can be told"


@pytest.mark.parametrize("library", ["pandas", "numpy", "polars", "ints", "text"])
def test_rows_of_any_library_are_changed_and_left_alone(library):
    random = np.random.default_rng(0)
    values = random.normal(size=(30, 2))
    rows = {
        "pandas": lambda: pd.DataFrame(values, columns=["a", "a"]),
        "numpy": lambda: values.copy(),
        "polars": lambda: pytest.importorskip("polars").DataFrame(values, schema=["a", "b"]),
        "ints": lambda: pd.DataFrame({"a": range(30), "b": range(30)}),
        "text": lambda: pd.DataFrame({"a": ["x", "y"] * 15, "b": values[:, 0]}),
    }[library]()
    before = np.asarray(rows).copy()
    grid = opened(rows)
    at = grid.numbers[-1]
    changed = grid.with_columns({at: grid.amounts(at) + 1.0})
    assert type(changed) is type(rows)
    assert (np.asarray(rows) == before).all()
    assert (opened(changed).amounts(at) == grid.amounts(at) + 1.0).all()
    if library == "ints":
        assert changed["b"].dtype == rows["b"].dtype
        assert grid.with_columns({0: np.full(30, np.nan)})["a"].isna().all()
    assert len(np.asarray(taken(rows, np.array([3, 4])))) == 2
    with pytest.raises(TypeError, match="values of a dict cannot be changed"):
        opened({"a": 1})


# -- bias


def biased(rows, group):
    """A model that says no to all of b but every fourth."""

    class Biased:
        classes_ = (0, 1)

        def predict(self, seen):
            return np.where(group.loc[seen.index] == "a", 1, (seen.index % 4 == 0) * 1)

    return Biased()


def test_bias_is_what_fairlearn_says():
    metrics = pytest.importorskip("fairlearn.metrics")
    model = biased(ROWS, GROUP)
    settings = {"column": "group", "difference": {"selection_rate": 0.5}}
    found = known.tried("bias", trial(model, settings=settings, frames={"group": GROUP}))
    assert not found.passed
    said = model.predict(ROWS)
    frame = metrics.MetricFrame(
        metrics=metrics.selection_rate, y_true=TARGET, y_pred=said, sensitive_features=GROUP
    )
    assert found.facts["rates"]["b"]["selection_rate"] == pytest.approx(frame.by_group["b"])
    apart = frame.difference()
    assert found.reason == (
        f"selection_rate {frame.by_group['b']:.3g} for b, 1 for a:"
        f" apart by {apart:.3g}, 0.5 is allowed"
    )
    assert found.facts["column"] == "group"
    assert found.facts["positive"] == 1
    assert [row[0] for row in found.facts["table"]] == ["group", "a", "b"]
    fifths = known.tried("bias", trial(model, settings={"column": "group"},
                                       frames={"group": GROUP}))  # fmt: skip
    assert "a ratio of" in fifths.reason
    assert "0.8 is asked for" in fifths.reason


def test_bias_that_is_none():
    pytest.importorskip("fairlearn")
    settings = {"column": "people.group", "ratio": {"accuracy": 0.9},
                "difference": {"true_positive_rate": 0.2, "false_negative_rate": 0.2}}  # fmt: skip
    whole = pd.DataFrame({"group": GROUP, "age": ROWS.age})
    shuffled = whole.sample(frac=1, random_state=0)
    found = known.tried("bias", trial(settings=settings, frames={"people": shuffled}))
    assert found.passed, found.reason
    assert found.reason.endswith("between 2 groups of people.group")
    same = known.tried("bias", trial(settings=settings, frames={"people": whole}))
    assert same.facts["rates"] == found.facts["rates"], "rows are told by their labels"


def test_bias_by_amounts_and_of_amounts():
    pytest.importorskip("fairlearn")
    settings = {"column": "age", "edges": [30, 50], "difference": {"selection_rate": 0.9}}
    found = known.tried("bias", trial(settings=settings))
    assert list(found.facts["rates"]) == ["[-inf, 30)", "[30, 50)", "[50, inf)"]
    few = known.tried("bias", trial(settings={**settings, "edges": [19, 50]}))
    assert few.facts["too_few"] == ["[-inf, 19)"]
    assert few.facts["table"][1][0] == "[-inf, 19) (too few)"
    bounds = {"column": "group", "difference": {"mean_prediction": 1000}}
    model, groups = linear(ROWS), {"group": GROUP}
    amounts = trial(model, target=ROWS.income, frames=groups, settings=bounds)
    assert known.tried("bias", amounts).passed
    none = replace(amounts, settings={"column": "group"})
    assert known.tried("bias", none).reason.startswith("of amounts no bound is set")
    blind = replace(amounts, target=None, settings={
        "column": "group", "difference": {"mean_absolute_error": 1}})  # fmt: skip
    assert "cannot be told" in known.tried("bias", blind).reason


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"column": "nose"}, "no frame at hand has a column nose"),
        ({"column": "income"}, "tells 400 groups: give the bounds between them as edges"),
        ({"column": "group", "positive": "yes"}, "no answer is yes: there are 0, 1"),
        ({"column": "short"}, "short has 3 rows, 400 are judged"),
        ({"column": "other"}, "its rows are not those that are judged"),
        ({"column": "one"}, "one tells fewer than two groups that are large enough"),
    ],
)
def test_bias_that_cannot_be_told(settings, said):
    pytest.importorskip("fairlearn")
    frames = {
        "group": GROUP,
        "short": np.array(["a", "b", "a"]),
        "other": GROUP.set_axis(GROUP.index + 7),
        "one": pd.Series(["same"] * len(ROWS)),
    }
    found = known.tried("bias", trial(settings=settings, frames=frames))
    assert not found.passed
    assert said in found.reason


# -- score


def test_score_of_both_on_the_same_rows():
    worse = forest(ROWS.iloc[:40], 1 - TARGET.iloc[:40])
    found = known.tried("score", replace(trial(worse), baseline=MODEL, shown="1.4.0"))
    assert not found.passed
    assert "1.4.0 has" in found.reason
    assert found.facts["table"][0] == ["score", "new", "1.4.0"]
    better = replace(trial(), baseline=worse, shown="1.4.0")
    assert known.tried("score", better).passed
    auc = replace(better, settings={"names": ["roc_auc"], "least": {"roc_auc": 0.9}})
    assert known.tried("score", auc).reason.startswith("roc_auc 1 vs 0.")
    assert not known.tried("score", replace(auc, settings={"least": {"roc_auc": 1.1}})).passed
    blind = known.tried("score", trial(target=None))
    assert blind.reason == "nothing says what should come out"


# -- all of them


@pytest.mark.parametrize("library", ["torch", "xgboost", "numpy"])
def test_models_of_other_libraries_are_asked(library):
    if library == "torch":
        torch = pytest.importorskip("torch")
        model = torch.nn.Linear(3, 2)
        assert set(predicted(model, ROWS)) <= {0, 1}
    elif library == "xgboost":
        xgboost = pytest.importorskip("xgboost")
        booster = xgboost.train({}, xgboost.DMatrix(ROWS, TARGET), 2)
        assert predicted(booster, ROWS).shape == (len(ROWS),)
    else:
        assert predicted(lambda rows: np.ones((len(rows), 1)), ROWS).shape == (len(ROWS),)
        with pytest.raises(ValueError, match="3 dimensions"):
            predicted(lambda rows: np.ones((4, 4, 4)), ROWS)


@pytest.mark.parametrize(
    ("gate", "settings", "said"),
    [
        ("latency", {"p95": 3}, "takes no p95"),
        ("latency", {"repeat": 0}, "repeat has to be a count, 1 or more"),
        ("robustness", {"flips": 0.1}, "flips has to be a table of numbers"),
        ("bias", {}, "needs the column that tells the groups"),
        ("bias", {"column": "g", "difference": {"speed": 1}}, "knows no speed"),
        ("bias", {"column": "g", "edges": [2, 1]}, "edges has to be a list of numbers, the least"),
        ("score", {"rows": ""}, "rows has to be a text"),
        ("calibrated", {"own": True, "rows": 1}, "rows has to be a text"),
        ("calibrated", {"own": "yes"}, "There is no gate calibrated"),
    ],
)
def test_settings_that_do_not_fit(gate, settings, said):
    with pytest.raises(BadOption) as told:
        known.check(gate, settings)
    assert said in str(told.value)


def test_a_gate_of_one_s_own_takes_any_setting():
    known.check("calibrated", {"own": True, "most": 0.1, "rows": "X_test"})
    assert known.is_tried("calibrated", {"own": True})
    assert not known.is_tried("metric", {})
    assert known.tried("calibrated", trial(), lambda t: Verdict("calibrated", True, "yes")).passed
    assert not known.tried("calibrated", trial()).passed
