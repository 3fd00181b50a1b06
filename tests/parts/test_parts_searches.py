"""Tried points of an Optuna study and of a HEBO optimiser."""

import math

import hebo_record
import numpy as np
import optuna
import pytest

from snapbook.parts import searches
from snapbook.parts.base import Part

optuna.logging.set_verbosity(optuna.logging.ERROR)


def study(direction="minimize"):
    made = optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial):
        x = trial.suggest_float("x", -1, 1)
        kind = trial.suggest_categorical("kind", ["a", None])
        if trial.number == 1:
            raise optuna.TrialPruned
        return x * x + (kind is None)

    made.optimize(objective, n_trials=5)
    return made


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_study_gives_its_points_scores_states_and_best(direction):
    made = study(direction)
    found = searches.points(made)
    assert found["points"] == [trial.params for trial in made.trials]
    assert found["scores"] == [trial.value for trial in made.trials]
    assert found["states"] == ["complete", "pruned", "complete", "complete", "complete"]
    assert found["best"] == made.best_trial.number
    part = searches.capture(made, "study")
    assert Part.decode(part.encode()) == part


def test_several_objectives_have_no_best():
    made = optuna.create_study(directions=["minimize", "maximize"])
    made.optimize(lambda trial: (trial.suggest_int("x", 0, 9), 1.0), n_trials=2)
    found = searches.points(made)
    assert found["directions"] == ["min", "max"]
    assert "best" not in found
    assert [len(score) for score in found["scores"]] == [2, 2]


def test_a_study_without_trials():
    found = searches.points(optuna.create_study())
    assert found["points"] == []
    assert "best" not in found


def test_no_search_is_no_search():
    class Study:
        """A name is not enough."""

    assert not searches.is_search(Study())
    assert searches.points([1, 2]) is None
    assert searches.capture(object(), "x") is None


def test_a_broken_study_is_told_by_none():
    made = study()
    made._storage = None
    assert searches.is_search(made)
    assert searches.points(made) is None


def test_nan_is_never_the_best():
    made = optuna.create_study()
    made.add_trial(optuna.create_trial(state=optuna.trial.TrialState.COMPLETE, value=math.inf))
    made.add_trial(optuna.create_trial(state=optuna.trial.TrialState.COMPLETE, value=2.0))
    assert searches.points(made)["best"] == 1


def test_a_recorded_hebo_optimiser_gives_its_points():
    optimiser, record = hebo_record.rebuilt(), hebo_record.RECORD
    assert {"X", "y"} <= set(record["attributes"])
    found = searches.points(optimiser)
    assert [list(point.values()) for point in found["points"]] == record["X"]["rows"]
    assert set(map(type, found["points"][0].values())) == {float, int, str, bool}
    assert found["scores"] == [row[0] for row in record["y"]["values"]]
    assert found["scores"][found["best"]] == min(found["scores"])
    part = searches.capture(optimiser, "opt")
    assert Part.decode(part.encode()) == part


def test_a_hebo_optimiser_before_its_first_point():
    optimiser = hebo_record.rebuilt()
    optimiser.X = optimiser.X.iloc[:0]
    optimiser.y = np.zeros((0, 1))
    assert searches.points(optimiser)["points"] == []
