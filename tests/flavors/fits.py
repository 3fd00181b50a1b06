"""Fits one model of each kind on fixed data. Run as a script it prints their digests as JSON."""

from __future__ import annotations

import json
import sys
import warnings
from importlib.util import find_spec

import numpy as np


def data():
    from sklearn.datasets import make_classification

    return make_classification(300, 8, random_state=0)


TEXTS = ["the cat sat", "the dog ran", "a cat and a dog", "no animal at all", "dog eat dog"] * 8
LABELS = [0, 1, 0, 1, 1] * 8


def sklearn_models():
    from sklearn.ensemble import (
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
    )
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
    from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    X, y = data()
    logistic = make_pipeline(StandardScaler(), LogisticRegression())
    grid = {"logisticregression__C": [0.1, 1.0]}
    words = TfidfVectorizer(stop_words=["the", "a", "and"])
    yield "forest", RandomForestClassifier(10, random_state=0).fit(X, y)
    yield "boosting", GradientBoostingClassifier(n_estimators=8, random_state=0).fit(X, y)
    yield (
        "histogram boosting",
        HistGradientBoostingClassifier(max_iter=8, random_state=0).fit(X, y),
    )
    yield "text", make_pipeline(words, LogisticRegression()).fit(TEXTS, LABELS)
    yield (
        "counts",
        make_pipeline(
            CountVectorizer(max_features=5, stop_words="english"),
            SGDClassifier(random_state=0),
        ).fit(TEXTS, LABELS),
    )
    yield "search", GridSearchCV(logistic, grid, cv=3).fit(X, y)
    yield (
        "random search",
        RandomizedSearchCV(logistic, grid, n_iter=2, cv=3, random_state=0).fit(X, y),
    )
    yield "svm", SVC(probability=False, random_state=0).fit(X, y)
    yield "neighbours", KNeighborsClassifier(algorithm="kd_tree").fit(X, y)
    yield "ball tree", NearestNeighbors(algorithm="ball_tree").fit(X)
    yield "mlp", MLPClassifier((16,), max_iter=20, random_state=0).fit(X, y)


def xgboost_models():
    import xgboost

    X, y = data()
    yield "xgboost", xgboost.XGBClassifier(n_estimators=8, random_state=0, n_jobs=1).fit(X, y)
    yield (
        "xgboost booster",
        xgboost.train({"max_depth": 3, "nthread": 1}, xgboost.DMatrix(X, y), 4),
    )


def lightgbm_models():
    import lightgbm

    X, y = data()
    sure = {"deterministic": True, "n_jobs": 1, "verbose": -1}
    yield "lightgbm", lightgbm.LGBMClassifier(n_estimators=8, random_state=0, **sure).fit(X, y)
    yield (
        "lightgbm booster",
        lightgbm.train(
            {"deterministic": True, "num_threads": 1, "verbose": -1}, lightgbm.Dataset(X, y), 4
        ),
    )


def torch_models():
    import torch

    class Net(torch.nn.Module):
        """Defined here, so by value where this file is the script."""

        def __init__(self):
            super().__init__()
            self.hidden = torch.nn.Linear(8, 64)
            self.norm = torch.nn.BatchNorm1d(64)
            self.last = torch.nn.Linear(64, 2)
            self.names = {"alpha", "beta", "gamma", "delta"}

        def forward(self, x):
            return self.last(torch.relu(self.norm(self.hidden(x))))

    torch.manual_seed(0)
    X, y = data()
    net = Net()
    steps = torch.optim.SGD(net.parameters(), 0.1)
    for _ in range(3):
        steps.zero_grad()
        found = net(torch.tensor(X, dtype=torch.float32))
        torch.nn.functional.cross_entropy(found, torch.tensor(y)).backward()
        steps.step()
    net.zero_grad(set_to_none=True)
    yield "torch", net.eval()
    yield "torch sequential", torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU())
    yield "torch state", net.state_dict()


def statsmodels_models():
    import pandas as pd
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    X, y = data()
    frame = pd.DataFrame(X, columns=[f"f{number}" for number in range(8)]).assign(y=y)
    yield "ols", sm.OLS(y, sm.add_constant(X[:, :4])).fit()
    yield "logit formula", smf.logit("y ~ f0 + f1", frame).fit(disp=0)


def other_models():
    factor = 3

    def scaled(x, names=frozenset({"one", "two", "three"})):
        return x * factor if "one" in names else np.asarray(x)

    class Own:
        """A class with fit and predict."""

        wanted = frozenset({"some", "more", "words"})

        def fit(self, X):
            self.mean_ = X.mean(axis=0)
            self.me = self
            return self

        def predict(self, X):
            return X @ self.mean_

    yield "function", scaled
    yield "class", Own
    yield "own", Own().fit(data()[0])


GROUPS = {
    "sklearn": sklearn_models,
    "xgboost": xgboost_models,
    "lightgbm": lightgbm_models,
    "torch": torch_models,
    "statsmodels": statsmodels_models,
    "numpy": other_models,
}


def main() -> None:
    from snapbook.parts import model as part
    from snapbook.store.memory import MemoryStore

    writer = MemoryStore().writer()
    found = {}
    for framework, group in GROUPS.items():
        if find_spec(framework) is None:
            continue
        for name, model in group():
            facts = part.capture(model, "model", writer)[0].facts
            found[name] = [facts["digest"], facts["canonical"]]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
