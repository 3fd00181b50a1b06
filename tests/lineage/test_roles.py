"""The roles that calls give to names: a table."""

from __future__ import annotations

import pytest

from snapbook.lineage.roles import Roles, roles

FIT = "model = RandomForestClassifier(max_depth=8).fit(X_train, y_train)\n"

TRAIN_TEST = [
    (FIT, "X_train y_train", ""),
    (FIT + "model.score(X_test, y_test)", "X_train y_train", "X_test y_test"),
    ("m.fit(X_train[cols], y_train.values)", "X_train y_train", ""),
    ("m.fit(X=a, y=b, sample_weight=w)", "a b", ""),
    ("m.fit(df.drop(columns='y'), df['y'])", "df", ""),
    ("m.fit(df[df.year < 2020][cols], df.loc[mask, 'y'])", "df", ""),
    ("m.fit(np.log(X), y.to_numpy().ravel())", "X y", ""),
    ("m.fit(scaler.fit_transform(X), y)", "X y", ""),
    ("Xs = scaler.fit_transform(X)\nm.fit(Xs, y)", "X Xs y", ""),
    ("p = m.predict(scaler.transform(X_new))", "", "X_new"),
    ("Pipeline([('a', A()), ('b', B())]).fit(X, y)", "X y", ""),
    ("m.fit(X, y, eval_set=[(X_val, y_val)])", "X y", "X_val y_val"),
    ("m.partial_fit(X, y)", "X y", ""),
    ("s = cross_val_score(m, X, y, cv=5)", "X y", ""),
    ("auc = roc_auc_score(y_test, m.predict_proba(X_test)[:, 1])", "", "X_test y_test"),
    ("e = metrics.mean_squared_error(y, p)", "", "y p"),
    ("l = log_loss(y_true=a, y_pred=b)", "", "a b"),
    (
        "d = xgb.DMatrix(X, label=y)\nb = xgb.train(params, d, 10, evals=[(dv, 'v')])",
        "X y d",
        "dv",
    ),
    ("b = lgb.train(params, train_set, valid_sets=[v])", "train_set", "v"),
    ("for Xb, yb in batches:\n    m.partial_fit(Xb, yb)", "Xb yb", ""),
    ("with f:\n    m.fit(X, y)", "X y", ""),
    ("%time m.fit(X, y)", "X y", ""),
    ("%%version_model churn\n%%time\nm.fit(X, y)", "X y", ""),
    ("def train(m):\n    m.fit(X, y)", "", ""),
    ("m.fit(model)", "model", ""),
    ("base = LogisticRegression()\nm = Bagging(base).fit(X, y)", "X y", ""),
    ("x = (", "", ""),
]

METRICS = [
    ("accuracy = model.score(X, y)", "accuracy"),
    ("a = f1_score(y, p)\nb = roc_auc_score(y, p)", "a b"),
    ("rmse = np.sqrt(mean_squared_error(y, p))", "rmse"),
    ("r = round(model.score(X, y), 3)", "r"),
    ("err = 1 - model.score(X, y)", "err"),
    ("cv = cross_val_score(m, X, y).mean()", "cv"),
    ("best = search.best_score_", "best"),
    ("loss, acc = model.evaluate(X, y)", "loss acc"),
    ("a, b = m.score(X, y), m.score(U, v)", "a b"),
    ("a = m.score(X, y)\na = 3", ""),
    ("if (a := m.score(X, y)) > 0.5: pass", "a"),
    ("pred = model.predict(X)", ""),
    ("n = len(X)", ""),
]

MODELS = [
    (FIT, "model", "model"),
    ("m = RandomForestClassifier()", "m", ""),
    ("m = SVC()\nm.fit(X, y)", "m", "m"),
    ("clf.fit(X, y)", "", "clf"),
    ("m = make_pipeline(A(), B())", "m", ""),
    ("m = A().set_params(a=1).fit(X)", "m", "m"),
    ("a = A().fit(X)\nb = a", "a b", "a b"),
    ("s = GridSearchCV(A(), g).fit(X, y)\nm = s.best_estimator_", "s m", "s m"),
    ("b = xgb.train(p, d)", "b", "b"),
    ("df = pd.DataFrame(x)\np = Path('x')", "", ""),
    ("m = smf.ols('y ~ x', data=df).fit()", "m", "m"),
    ("net = Net().to(device)", "net", ""),
    ("m = A()\nm = 3", "", ""),
]


@pytest.mark.parametrize(("source", "train", "test"), TRAIN_TEST)
def test_data_have_the_roles_of_their_calls(source: str, train: str, test: str) -> None:
    found = roles(source)
    assert set(found.train) == set(train.split())
    assert set(found.test) == set(test.split())


@pytest.mark.parametrize(("source", "expected"), METRICS)
def test_metrics_are_what_came_from_scoring(source: str, expected: str) -> None:
    assert roles(source).metrics == tuple(expected.split())


@pytest.mark.parametrize(("source", "models", "fitted"), MODELS)
def test_models_are_fitted_or_constructed(source: str, models: str, fitted: str) -> None:
    found = roles(source)
    assert set(found.models) == set(models.split())
    assert set(found.fitted) == set(fitted.split())


@pytest.mark.parametrize(
    ("source", "last"),
    [("m = A()\nm", "m"), ("m.fit(X, y)", "m"), ("m.score(X)", ""), ("m = 1", ""), ("", "")],
)
def test_the_last_expression_names_the_model(source: str, last: str) -> None:
    assert roles(source).last == last


def test_a_metric_knows_its_data() -> None:
    found = roles("a = m.score(X_test, y_test)")
    assert found.scored == (("a", ("X_test", "y_test")),)


@pytest.mark.parametrize("source", ["\x00", "(" * 5_000, "x" + ".a" * 50_000, "f(" * 80 + ")" * 80])
def test_hostile_sources_have_no_roles(source: str) -> None:
    assert roles(source) == Roles()
