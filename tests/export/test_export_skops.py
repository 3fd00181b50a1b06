"""export --to skops: read again without a pickle, it answers byte for byte as the model does."""

from __future__ import annotations

import json

import leaving
import numpy as np
import pytest

import snapbook
from snapbook import verbs
from snapbook.errors import BadOption, NotFound, NotRestorable, Untrusted
from snapbook.export import conversion, skopsing

skops = pytest.importorskip("skops.io")
# What these libraries say to each other is not ours.
pytestmark = pytest.mark.filterwarnings("ignore")
SOURCE = """
from sklearn.base import BaseEstimator

class Ages(BaseEstimator):
    def fit(self, rows):
        self.middle_ = float(rows["age"].median())
        self.feature_names_in_ = list(rows.columns)
        return self

    def predict(self, rows):
        return (rows["age"].to_numpy() > self.middle_).astype(int)
"""


def mixed(rows, target):
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = ColumnTransformer(
        [("number", StandardScaler(), ["age", "income"]), ("text", OneHotEncoder(), ["plan"])]
    )
    return make_pipeline(columns, GradientBoostingClassifier(n_estimators=5)).fit(rows, target)


@pytest.mark.slow
def test_it_answers_the_same_and_is_converted_once(project, tmp_path, monkeypatch):
    rows, target = leaving.people()
    fitted = mixed(rows, target)
    frames = {"X": (rows, "test"), "y": (target, "train")}
    leaving.save(project, fitted, frames, key=leaving.own_key())
    done = verbs.export("churn", to="skops", output="one.skops")
    assert done.lines[-1] == "kept as churn.skops:0.1.0: exported again it is the same bytes"
    assert "on 60 rows it answers byte for byte what churn:0.1.0 does" in done.lines
    path = tmp_path / "one.skops"
    again = skops.load(path, trusted=done.data["types"])
    assert (again.predict_proba(rows) == fitted.predict_proba(rows)).all()
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)  # nothing to convert with now
    verbs.export("churn", to="skops", output="two.skops")
    assert (tmp_path / "two.skops").read_bytes() == path.read_bytes()
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "another"))
    with pytest.raises(Untrusted):
        verbs.export("churn", to="skops")
    kept = snapbook.load("churn.skops")  # which nobody has to be trusted for
    assert (kept.predict_proba(rows) == fitted.predict_proba(rows)).all()


@pytest.mark.slow
def test_what_is_not_read_without_trust_is_kept_as_a_file(project, tmp_path):
    from sklearn.feature_selection import SelectKBest
    from sklearn.pipeline import make_pipeline

    rows, target = leaving.numbers()
    fitted = make_pipeline(SelectKBest(k=1), leaving.logistic(rows, target)).fit(rows, target)
    leaving.save(project, fitted, {"X": (rows, "test")}, key=leaving.own_key(), name="chosen")
    done = verbs.export("chosen", to="skops", output="one.skops")
    chosen = "sklearn.feature_selection._univariate_selection.SelectKBest"
    assert done.data["beyond"] == f"it makes {chosen}"
    assert f"it is kept as a file and not as a model that is served: {done.data['beyond']}" in (
        done.lines
    )
    with pytest.raises(NotFound, match="holds no model"):
        verbs.export("chosen.skops", to="bundle")
    again = skops.load(tmp_path / "one.skops", trusted=done.data["types"])
    assert (again.predict(rows) == fitted.predict(rows)).all()
    verbs.export("chosen", to="skops", output="two.skops")
    assert (tmp_path / "two.skops").read_bytes() == (tmp_path / "one.skops").read_bytes()


def test_what_it_cannot_be_had_of_is_refused(project, monkeypatch):
    rows, target = leaving.numbers()
    key = leaving.own_key()
    leaving.save(project, leaving.logistic(rows, target), {}, key=key, name="bare")
    with pytest.raises(NotFound, match="keeps no rows to compare skops with it on"):
        verbs.export("bare", to="skops")
    leaving.save(project, leaving.duck(), {"X": (rows, "test")}, key=key, name="duck")
    with pytest.raises(NotRestorable):
        verbs.export("duck", to="skops")
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)
    with pytest.raises(BadOption, match="skops is not installed"):
        verbs.export("bare", to="skops")


def test_rows_that_differ_are_counted():
    one = np.array([[0.1, 0.9], [0.5, 0.5], [np.nan, 1.0]])
    assert skopsing._differ(one, one.copy()) == 0
    other = one.copy()
    other[1, 0] = np.nextafter(0.5, 1)
    assert skopsing._differ(one, other) == 1
    assert skopsing._differ(one, one[:2]) == 3
    assert skopsing._differ(np.array(["a", "b"], object), np.array(["a", "c"], object)) == 1
    assert skopsing._differ(np.array([1, 2]), np.array([1.0, 2.0])) == 2


def test_a_model_of_ones_own_says_what_its_reader_has_to_trust(tmp_path, monkeypatch):
    from snapbook.parts import frame, model
    from snapbook.store.memory import MemoryStore
    from snapbook.trial.job import Folder

    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "agesofours.py").write_text(SOURCE)
    import agesofours

    rows, _ = leaving.numbers()
    writer, folder = MemoryStore().writer(), Folder(tmp_path)
    part, _ = model.capture(agesofours.Ages().fit(rows), "model", writer)
    data = frame.capture(rows, "X", writer, role="test").part
    job = {"model": folder.add_part(part, writer.get), "rows": folder.add_part(data, writer.get)}
    (tmp_path / skopsing.JOB).write_text(json.dumps({**job, "inputs": []}))
    skopsing.main(tmp_path)
    told = skopsing.Told(**json.loads((tmp_path / skopsing.SAID).read_text()))
    assert (told.why, told.differing, told.rows) == ("", 0, 60)
    assert told.types == ["agesofours.Ages"]
    assert told.beyond == "it makes agesofours.Ages"
