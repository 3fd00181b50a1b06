"""Other people's models of scikit-learn: loaded without trust where nothing is executed for it."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.cross_decomposition import PLSRegression
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from trial.fitted import key, save

from snapbook import places
from snapbook.errors import Untrusted
from snapbook.verbs import VERBS, Here

X, Y = make_classification(60, 4, random_state=0)


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_AUTHOR", "bob")


def load(folder, ref):
    from snapbook.verbs import take

    with Here(folder, face="cli") as here:
        return take.load(here, VERBS["restore"].parse([ref]))


def test_models_of_others(tmp_path):
    eve = key(tmp_path / "eve")
    plain = [
        make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y),
        RandomForestClassifier(4).fit(X, Y),
        SVC().fit(X, Y),
    ]
    more = {
        "it makes sklearn.cross_decomposition._pls.PLSRegression": PLSRegression().fit(X, Y),
        "it makes sklearn.preprocessing._function_transformer.FunctionTransformer": make_pipeline(
            FunctionTransformer(np.abs), LogisticRegression()
        ).fit(X, Y),
        "it keeps numpy.sin": LogisticRegression(class_weight=None).fit(X, Y).set_params(C=np.sin),
    }
    folder = tmp_path / "project"
    folder.mkdir()
    with places.make_repository(folder) as repository:
        for model in (*plain, *more.values()):
            save(repository, model, {}, eve, "eve")
    for number, model in enumerate(plain, 1):
        back = load(folder, f"churn:0.{number}.0")
        assert np.array_equal(back.predict(X), model.predict(X))
    for number, why in enumerate(more, len(plain) + 1):
        with pytest.raises(Untrusted) as told:
            load(folder, f"churn:0.{number}.0")
        said = str(told.value)
        assert "is a pickle by eve that imports" in said
        assert said.partition("(")[2].partition(")")[0] == why
        hint = told.value.hint
        with Here(folder, face="cli") as here:
            VERBS[hint.verb].run(here, VERBS[hint.verb].parse(list(hint.args)))
        assert type(load(folder, f"churn:0.{number}.0")) is type(
            list(more.values())[number - len(plain) - 1]
        )
