"""Pickles that are read without trust: scikit-learn's as they are, and every attack refused."""

import builtins
import codecs
import copy
import copyreg
import functools
import operator
import os
import pickle
import struct
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn")

from numpy._core.multiarray import _reconstruct, scalar
from numpy._core.numeric import _frombuffer
from scipy import sparse, stats
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, SGDClassifier
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KDTree, KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree

from snapbook.errors import Damaged
from snapbook.flavors import pickler, restricted
from snapbook.flavors.arrays import NotAllowed

X, Y = make_classification(80, 4, random_state=0)
WIDE, THREE = make_classification(90, 6, n_classes=3, n_informative=4, random_state=0)
SCORED = make_scorer(accuracy_score)
CODES = pd.DataFrame({"a": X[:, 0], "b": pd.Categorical(np.where(X[:, 1] > 0, "x", "y"))})
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(e=np.where(X[:, 0] > 0, "x", "y"))


def read(model):
    kept = pickler.dump(model)
    return restricted.load(kept.stream, [bytes(buffer) for buffer in kept.buffers])


def read_plain(stream, *buffers):
    return restricted.load(stream, buffers)


MODELS = [
    LogisticRegression(),
    RandomForestClassifier(5, random_state=0),
    GradientBoostingClassifier(n_estimators=5),
    GradientBoostingRegressor(n_estimators=5, random_state=1),
    AdaBoostClassifier(n_estimators=3),
    DecisionTreeClassifier(),
    GaussianNB(),
    MLPClassifier(max_iter=5),
    SGDClassifier(random_state=np.random.RandomState(3)),
    CalibratedClassifierCV(DummyClassifier()),
    VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression())]),
    make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
    LinearSVC(),
    SVC(),
    SVC(kernel="poly", probability=True),
    NuSVC(kernel="linear"),
    SVR(),
    OneClassSVM(),
    KNeighborsClassifier(),
    KNeighborsClassifier(algorithm="brute"),
    KNeighborsClassifier(p=3, weights="distance"),
    KNeighborsRegressor(algorithm="ball_tree", p=1, leaf_size=7),
    HistGradientBoostingClassifier(max_iter=3),
    HistGradientBoostingRegressor(max_iter=3, loss="quantile", quantile=0.3, early_stopping=True),
    GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-8]}, cv=2),
    GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=KFold(2), scoring="roc_auc"),
    GridSearchCV(
        LogisticRegression(), {"C": [1], "solver": ["lbfgs"]}, cv=2, refit="f1",
        scoring=["f1", "neg_log_loss"],
    ),
    RandomizedSearchCV(
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": stats.loguniform(1e-2, 10), "svc__degree": stats.randint(2, 4)},
        n_iter=2, cv=2, random_state=np.random.RandomState(0),
    ),
]  # fmt: skip
ASKED = ("predict", "predict_proba", "decision_function", "kneighbors", "score_samples")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_models_come_back_as_they_were(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, Y)
        back = read(model)
        assert type(back) is type(model)
        for name in ASKED:
            if hasattr(model, name):
                assert np.array_equal(getattr(back, name)(X), getattr(model, name)(X))
        if hasattr(model, "score"):
            assert back.score(X, Y) == model.score(X, Y)
    back.set_params(**model.get_params(deep=False))
    assert np.array_equal(read(back).predict(X), model.predict(X))


def test_a_pipeline_over_a_frame():
    model = Pipeline([
        ("columns", ColumnTransformer([
            ("numbers", StandardScaler(), list("abcd")), ("words", OneHotEncoder(), ["e"]),
        ])),
        ("fit", LogisticRegression()),
    ]).fit(FRAME, Y)  # fmt: skip
    back = read(model)
    assert np.array_equal(back.predict(FRAME), model.predict(FRAME))
    assert list(back.feature_names_in_) == list("abcde")


@pytest.mark.parametrize(
    "model",
    [SVC(probability=True), KNeighborsClassifier(), HistGradientBoostingClassifier(max_iter=2)],
    ids=lambda model: type(model).__name__,
)
def test_models_of_more_than_two_classes(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(WIDE, THREE)
        assert np.array_equal(read(model).predict_proba(WIDE), model.predict_proba(WIDE))


def test_neighbours_of_several_answers_and_of_none():
    both = KNeighborsClassifier().fit(X, np.column_stack([Y, 1 - Y]))
    assert np.array_equal(read(both).predict(X), both.predict(X))
    near = NearestNeighbors(algorithm="kd_tree").fit(X)
    assert np.array_equal(read(near).kneighbors(X)[0], near.kneighbors(X)[0])
    assert np.array_equal(read(near).radius_neighbors(X)[1][0], near.radius_neighbors(X)[1][0])


def test_what_a_search_tried_is_all_there():
    model = GridSearchCV(
        LogisticRegression(), [{"C": [1, 2]}, {"solver": ["newton-cg"]}], cv=2
    ).fit(X, Y)
    tried = read(model).cv_results_
    for name, column in model.cv_results_.items():
        assert type(tried[name]) is type(column)
        assert str(tried[name]) == str(column)
    assert tried["param_C"].fill_value == model.cv_results_["param_C"].fill_value


def test_models_that_were_never_fitted():
    for model in (SVC(), KNeighborsRegressor(), HistGradientBoostingRegressor()):
        assert read(model).get_params() == model.get_params()


def test_training_goes_on():
    model = RandomForestClassifier(3, warm_start=True, random_state=0).fit(X, Y)
    back = read(model).set_params(n_estimators=5).fit(X, Y)
    assert len(back.estimators_) == 5


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (FunctionTransformer(np.sin), "it makes sklearn.preprocessing._function_transformer"),
        (SelectKBest(k=2).fit(X, Y), "it makes sklearn.feature_selection"),
        (GridSearchCV(GaussianNB(), {}, cv=2, scoring=SCORED).fit(X, Y), "it scores by a function"),
        (GridSearchCV(GaussianNB(), {}, scoring=[np.mean]), r"it keeps numpy\.mean"),
        (KNeighborsClassifier(metric=np.dot), r"it keeps numpy\.dot"),
        (KNeighborsClassifier(metric_params={"w": np.ones(4)}).fit(X, Y), "numbers of its own"),
        (KNeighborsClassifier(algorithm="brute", metric="canberra").fit(X, Y), "do not fit"),
        (SVC(kernel="precomputed").fit(X @ X.T, Y), "a kernel of another kind"),
        (SVC().fit(sparse.csr_array(X), Y), "scipy"),
        (HistGradientBoostingClassifier(warm_start=True), "is to be trained on"),
        (
            HistGradientBoostingClassifier(max_iter=1).fit(CODES, Y),
            "it makes sklearn.preprocessing._function",
        ),
        (KMeans(2, n_init=1).fit(X), "it makes sklearn.cluster"),
        (Pipeline([("a", GaussianNB())], memory="cache"), "keeps results in a folder"),
        (Lasso(warm_start=True), "is to be trained on from what it keeps"),
        (LogisticRegression(C=np.mean), r"it keeps numpy\.mean"),
        (LogisticRegression(C=os.path.join), r"it keeps posixpath\.join"),
        (LogisticRegression(C=[{"deep": (print,)}]), r"it keeps builtins\.print"),
        (LogisticRegression(C=LogisticRegression), r"it keeps sklearn\.linear_model\._logistic"),
        (LogisticRegression(C=type), r"it keeps builtins\.type"),
        (LogisticRegression(C=range(3)), r"it calls builtins\.range"),
        (LogisticRegression(C=pd.Timestamp(0)), "it calls pandas"),
        (LogisticRegression(C=np.rec.array([(1,)])), "it makes an array of another class"),
        (pd.DataFrame({"a": [1]}), "it (makes|calls) pandas"),
        (lambda: 1, "it calls cloudpickle"),
    ],
    ids=range(24),
)
def test_what_takes_functions_or_hands_sizes_to_compiled_code_needs_trust(model, why):
    with pytest.raises(NotAllowed, match=why):
        read(model)


# --- attacks --------------------------------------------------------------------------------------


class Call:
    """Pickles as a call of ``function``."""

    def __init__(self, function, *args, state=None):
        self._reduced = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self._reduced


def new(cls, state):
    """The object of ``cls`` with that state, as a stream."""
    made = cls.__new__(cls)
    vars(made).update(state)
    return made


@pytest.fixture
def mark(tmp_path):
    """A file that each attack would make."""
    path = tmp_path / "owned"
    yield str(path)
    assert not path.exists()


def test_calls_of_whatever_there_is(mark):
    touch = f"touch {mark}"
    write = f"open({mark!r}, 'w')"
    attacks = [
        Call(os.system, touch),
        Call(subprocess.call, ["touch", mark]),
        Call(builtins.eval, write),
        Call(builtins.exec, write),
        Call(builtins.compile, write, "x", "exec"),
        Call(builtins.open, mark, "w"),
        Call(builtins.__import__, "os"),
        Call(builtins.getattr, Call(builtins.__import__, "os"), "system"),
        Call(getattr, [], "append"),
        Call(operator.attrgetter("system").__class__, "system"),
        Call(operator.methodcaller, "system", touch),
        Call(functools.partial, os.system, touch),
        Call(functools.reduce, operator.add, [[1], [2]]),
        Call(map, os.system, [touch]),
        Call(copyreg._reconstructor, LogisticRegression, object, None),
        Call(codecs.decode, "x", "rot13"),
        Call(pickle.loads, pickle.dumps(1)),
        Call(np.load, mark),
        Call(np.frombuffer, b"12345678"),
        Call(np.ndarray, (2,)),
        Call(np.memmap, mark),
        Call(np.fromfile, mark),
        Call(np.vectorize, os.system),
        Call(np.exp, 1.0),
        Call(np.lib.npyio.NpzFile, mark),
        Call(pd.read_pickle, mark),
        Call(LogisticRegression),
        Call(LogisticRegression, "l2"),
        Call(RandomForestClassifier, 3),
        Call(sys.exit),
        Call(setattr, [], "x", 1),
        Call(type, "x", (), {}),
        Call(str, b"x", "utf-8"),
        Call(dict, [(1, 2)]),
    ]
    joblib = pytest.importorskip("joblib.numpy_pickle")
    attacks.append(joblib.NumpyArrayWrapper(np.ndarray, (2,), "C", np.dtype("O")))
    attacks.append(Call(joblib.load, mark))
    for attack in attacks:
        for stream in (
            pickle.dumps(attack, 5),
            pickle.dumps([attack], 4),
            pickle.dumps(new(LogisticRegression, {"C": attack}), 5),
            pickle.dumps({"a": (1, [attack])}, 5),
        ):
            with pytest.raises(NotAllowed):
                read_plain(stream)


def text(word):
    return b"\x8c" + bytes([len(word)]) + word.encode()


def name(module, word):
    return text(module) + text(word) + b"\x93"


MADE = name("sklearn.naive_bayes", "GaussianNB") + b")\x81"  # a new GaussianNB


@pytest.mark.parametrize(
    "stream",
    [
        b"cos\nsystem\n(S'true'\ntR.",  # protocol 0
        b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.",
        b"(S'true'\nios\nsystem\n.",  # INST
        b"(cos\nsystem\nS'true'\no.",  # OBJ
        b"\x80\x02\x82\x01.",  # an extension code
        b"\x80\x02\x83\x01\x00.",
        b"\x80\x02\x84\x01\x00\x00\x00.",
        b"Pwho\n.",  # a persistent id
        b"\x80\x022Q.",
        b"\x80\x05]q\x00h\x00h\x00\x92.",  # NEWOBJ_EX
        b"\x80\x05" + name("os", "system") + text("true") + b"\x85R.",
        b"\x80\x05" + name("sklearn.naive_bayes", "os.system") + text("true") + b"\x85R.",
        b"\x80\x05" + name("sklearn.utils._joblib", "os") + b".",
        b"\x80\x05" + name("sklearn.naive_bayes", "GaussianNB") + b".",  # the class itself
        b"\x80\x05" + name("sklearn.naive_bayes", "GaussianNB") + b")R.",  # called
        b"\x80\x05" + name("sklearn.naive_bayes", "GaussianNB.fit") + b")\x81.",
        b"\x80\x05" + name("sklearn.naive_bayes", "BaseEstimator") + b")\x81.",
        b"\x80\x05" + name("numpy", "dtype") + name("os", "system") + b"\x85R.",
        b"\x80\x05]" + name("numpy", "dtype") + b"\x93.",  # a name of what is no text
        b"\x80\x05" + MADE + b"K\x01b.",  # a state that is no table
        b"\x80\x05" + MADE + b"}K\x01K\x02sb.",  # with an attribute that is no name
        b"\x80\x05" + MADE + b"}" + text("__class__") + b"K\x01sb.",
        b"\x80\x05" + MADE + b"}" + text("__dict__") + b"}sb.",
        b"\x80\x05" + MADE + b"}" + text("__reduce__") + b"K\x01sb.",
        b"\x80\x05" + MADE + b"}" + text("predict") + b"K\x01sb.",
        b"\x80\x05" + MADE + b"}" + text("_repr_html_inner") + b"K\x01sb.",
        b"\x80\x05" + MADE + b"}" + text("_doc_link_template") + text("javascript:") + b"sb.",
        b"\x80\x05" + MADE + b"}" + text("a b") + b"K\x01sb.",
        b"\x80\x05" + MADE + b"}}K\x01sb.",  # a table as a key
        b"\x80\x05}" + MADE + b"K\x01s.",  # an estimator as a key
        b"\x80\x05\x8f(" + MADE + b"\x90.",  # in a set
        b"\x80\x05" + MADE + b"K\x01a.",  # appended to what is no list
        b"\x80\x05}K\x01a.",
        b"\x80\x05]}b.",  # a list with a state
        b"\x80\x05]\x94h\x00a.",  # it holds itself
        b"\x80\x05}\x94K\x01h\x00s.",
        b"\x80\x05(.",  # a mark at the end
        b"\x80\x05.",
        b"\x80\x05]].",
        b"\x80\x05t.",
        b"\x80\x05\x86.",
        b"\x80\x05a.",
        b"\x80\x05s.",
        b"\x80\x05R.",
        b"\x80\x05b.",
        b"\x80\x05h\x05.",
        b"\x80\x05j\xff\xff\xff\xff.",
        b"\x80\x05\x94.",
        b"\x80\x05\x8a\xff" + b"\x01" * 255 + b".",  # a number without end
        b"\x80\x05\x8b" + struct.pack("<i", 4) + b"\x01\x01\x01\x01.",
        b"\x80\x05(((" + b"K\x01" * 3 + b"t.",
        b"\x80\x05" + b"]" * 100 + b"a" * 99 + b".",  # deeper than a model is
        b"\x80\x05" + b")" + b"\x85" * 100_000 + b".",
        b"\x80\x05}" + b")" + b"\x85" * 100_000 + b"K\x01s.",  # as a key
        b"\x80\x05K\x01" + b"\x94" * 1 + b"\x98.",
    ],
    ids=range(55),
)
def test_streams_that_no_pickler_writes(stream):
    with pytest.raises((NotAllowed, Damaged)):
        read_plain(stream)


def test_what_unfolds_without_end():
    lists = b"\x80\x05(]\x94"
    for at in range(40):
        lists += b"](" + b"h" + bytes([at]) + b"h" + bytes([at]) + b"e\x94"
    with pytest.raises(NotAllowed, match="unfolds to more"):
        read_plain(lists + b"t.")
    with pytest.raises(Damaged):
        read_plain(b"\x80\x05" + b"\x97.")
    with pytest.raises(Damaged):
        read_plain(b"\x80\x05\x8e" + struct.pack("<Q", 1 << 60) + b"x.")


def array(function, *args, state=None):
    return pickle.dumps(new(GaussianNB, {"priors": Call(function, *args, state=state)}), 5)


OBJECT, DOUBLE = np.dtype("O"), np.dtype("f8")


@pytest.mark.parametrize(
    "stream",
    [
        array(_frombuffer, b"\x01" * 8, OBJECT, (1,), "C"),  # addresses as objects
        array(_frombuffer, b"\x01" * 8, DOUBLE, (2,), "C"),
        array(_frombuffer, b"\x01" * 8, DOUBLE, (1 << 62, 1 << 62), "C"),
        array(_frombuffer, b"\x01" * 8, DOUBLE, (-1,), "C"),
        array(_frombuffer, b"\x01" * 8, DOUBLE, (True,), "C"),
        array(_frombuffer, b"\x01" * 8, DOUBLE, [1], "C"),
        array(_frombuffer, b"\x01" * 8, DOUBLE, (1,), "K"),
        array(_frombuffer, "x" * 8, DOUBLE, (1,), "C"),
        array(_frombuffer, b"\x01" * 8, np.dtype([("a", "O")]), (1,), "C"),
        array(_frombuffer, b"\x01" * 8, np.dtype(("f4", (2,))), (1,), "C"),
        array(_reconstruct, np.ndarray, (0,), b"b", state=(1, (5,), OBJECT, False, [None])),
        array(_reconstruct, np.ndarray, (0,), b"b", state=(1, (1,), OBJECT, False, b"\x01" * 8)),
        array(_reconstruct, np.ndarray, (0,), b"b", state=(1, (2,), DOUBLE, False, b"\x01" * 8)),
        array(_reconstruct, np.ndarray, (0,), b"b", state=(1, (1,), DOUBLE, False, [1.0])),
        array(_reconstruct, np.ndarray, (0,), b"b", state=(1, (1,), OBJECT, False, [print])),
        array(_reconstruct, np.recarray, (0,), b"b"),
        array(_reconstruct, np.matrix, (0,), b"b"),
        array(scalar, OBJECT, b"\x01" * 8),
        array(scalar, DOUBLE, b"\x01" * 4),
        array(scalar, OBJECT, print),
        array(np.dtype, "f8,O"),
        array(np.random.RandomState),
        array(np.random._pickle.__randomstate_ctor, "MT19937"),
        array(np.random._pickle.__bit_generator_ctor, "PCG64"),
        array(slice, 1, print, 2),
    ],
    ids=range(25),
)
def test_arrays_that_lie(stream):
    with pytest.raises(NotAllowed):
        read_plain(stream)


@pytest.mark.parametrize("pos", [-1, 625, 1 << 40, 1.0, None])
def test_a_source_of_chance_that_points_outside(pos):
    state = np.random.RandomState(0)
    inner = state.get_state(legacy=False)
    inner["state"]["pos"] = pos
    stream = array(
        np.random._pickle.__randomstate_ctor, np.random.MT19937(0), state={**inner, "gauss": 0.0}
    )
    with pytest.raises(NotAllowed):
        read_plain(stream)


def grown(**changed):
    """A tree whose nodes are otherwise than they grew: (state, arguments)."""
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, Y)
    _, (features, classes, outputs), state = model.tree_.__reduce__()
    given = {"features": features, "classes": classes, "outputs": outputs, **changed}
    nodes = state["nodes"].copy()
    for field, value in changed.items():
        if field in nodes.dtype.names:
            nodes[field][0] = value
    state = {**state, "nodes": nodes, **{k: v for k, v in changed.items() if k in state}}
    tree = Call(Tree, given["features"], given["classes"], given["outputs"], state=state)
    own = {**vars(model), "tree_": tree, "n_features_in_": changed.get("n_features_in_", 4)}
    return new(DecisionTreeClassifier, own)


def test_a_tree_that_is_sound():
    back = restricted.load(pickle.dumps(grown(), 5), ())
    assert back.predict(X).shape == (80,)


@pytest.mark.parametrize(
    "changed",
    [
        {"left_child": 1 << 40}, {"left_child": -5}, {"left_child": 0}, {"right_child": 10_000},
        {"right_child": -1}, {"feature": 4}, {"feature": -7}, {"feature": 1 << 40},
        {"node_count": 10_000}, {"node_count": 0}, {"max_depth": "x"}, {"max_depth": 0},
        {"max_depth": 2}, {"max_depth": -1}, {"max_depth": 1 << 40}, {"features": 1 << 40},
        {"features": 9}, {"n_features_in_": 1}, {"n_features_in_": None}, {"outputs": 2},
        {"outputs": 0}, {"classes": np.array([1 << 40])}, {"classes": np.array([-1])},
        {"classes": np.array([1.0])}, {"values": np.zeros((1, 1, 2))}, {"nodes": np.zeros(3)},
        {"nodes": []},
    ],
    ids=str,
)  # fmt: skip
def test_trees_that_point_to_what_is_not_there(changed):
    with pytest.raises(NotAllowed):
        restricted.load(pickle.dumps(grown(**changed), 5), ())


def test_trees_that_do_not_fit_together():
    tree = DecisionTreeClassifier().fit(X, Y)
    wide = DecisionTreeClassifier().fit(np.hstack([X, X]), Y)
    forest = RandomForestClassifier(2, random_state=0).fit(X, Y)
    boosted = GradientBoostingClassifier(n_estimators=2).fit(X, Y)
    cases = [
        new(RandomForestClassifier, {**vars(forest), "estimators_": [tree, wide]}),
        new(RandomForestClassifier, {**vars(forest), "n_features_in_": 1}),
        new(RandomForestClassifier, {**vars(forest), "estimators_": [GaussianNB()]}),
        new(GradientBoostingClassifier, {**vars(boosted), "n_trees_per_iteration_": 9}),
        new(GradientBoostingClassifier, {**vars(boosted), "n_features_in_": 1}),
        # A bare tree is asked without a look at what it is asked with.
        new(AdaBoostClassifier, {"estimators_": [tree.tree_]}),
        new(GaussianNB, {"tree_": tree.tree_}),
        tree.tree_,
    ]
    for case in cases:
        with pytest.raises(NotAllowed):
            read(case)


def changed(model, **state):
    """``model`` with something of its state otherwise, as it comes back."""
    return read(new(type(model), {**vars(model), **state}))


HUGE = np.full(2, 1 << 30, np.int32)


@pytest.fixture(scope="module")
def vectors():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return SVC(probability=True).fit(X, Y)


@pytest.mark.parametrize(
    "state",
    [
        {"support_": np.zeros(10_000, np.int32)}, {"support_": np.zeros((1, 2), np.int32)},
        {"support_": np.int32(3)}, {"support_": [1]}, {"_n_support": HUGE},
        {"_n_support": -HUGE}, {"_n_support": np.array([1000, -970], np.int32)},
        {"_n_support": np.ones(3, np.int32)}, {"_n_support": np.zeros(0, np.int32)},
        {"_n_support": np.ones(2)}, {"support_vectors_": np.zeros((1, 4))},
        {"support_vectors_": np.zeros((0, 0))}, {"_dual_coef_": np.zeros((1, 1))},
        {"_dual_coef_": np.zeros((0, 0))}, {"_intercept_": np.zeros(0)}, {"_probA": np.zeros(9)},
        {"_probB": np.zeros(2)}, {"classes_": np.arange(3)}, {"classes_": np.arange(1)},
        {"classes_": [0, 1]}, {"kernel": "precomputed"}, {"kernel": GaussianNB()},
        {"kernel": "none"}, {"_sparse": True}, {"_sparse": None}, {"n_features_in_": 9},
        {"n_features_in_": None}, {"_impl": "epsilon_svr"},
    ],
    ids=str,
)  # fmt: skip
def test_support_vectors_that_lie(vectors, state):
    with pytest.raises(NotAllowed):
        changed(vectors, **state)
    kept = dict(vars(vectors))
    del kept["_n_support"]
    with pytest.raises(NotAllowed, match="its support vectors are none"):
        read(new(SVC, kept))


@pytest.fixture(scope="module")
def near():
    return KNeighborsClassifier(algorithm="brute").fit(X, Y)


LABELS = np.zeros(80, np.int64)


@pytest.mark.parametrize(
    "state",
    [
        {"_y": LABELS + 2}, {"_y": LABELS - 1}, {"_y": LABELS[:9]}, {"_y": LABELS[:, None]},
        {"_y": LABELS * 0.5}, {"_y": LABELS[0]}, {"_y": None}, {"classes_": np.zeros(0)},
        {"classes_": [np.zeros(2)]}, {"outputs_2d_": True}, {"outputs_2d_": 0},
        {"n_neighbors": 81}, {"n_neighbors": 0}, {"n_neighbors": None}, {"n_samples_fit_": 1000},
        {"n_features_in_": 9}, {"_fit_X": np.zeros((80, 3))}, {"_fit_X": np.zeros(80)},
        {"_fit_X": np.full((80, 4), None)}, {"_fit_X": [[1.0]]}, {"metric": "seuclidean"},
        {"metric": "precomputed"}, {"metric": ["l1"]}, {"effective_metric_": "mahalanobis"},
        {"effective_metric_params_": {"V": np.ones(1)}}, {"effective_metric_params_": None},
        {"effective_metric_params_": {"w": np.ones(1)}}, {"metric_params": {"p": "x"}},
        {"_tree": GaussianNB()}, {"_tree": KDTree.__new__(KDTree)},
    ],
    ids=",".join,
)  # fmt: skip
def test_neighbours_that_lie(near, state):
    with pytest.raises(NotAllowed):
        changed(near, **state)


class Stored:
    """Pickles as a tree over points with that state."""

    def __init__(self, **changed):
        made, named, state = KDTree(X).__reduce__()
        state = list(state)
        for at, value in changed.items():
            state[int(at[1:])] = value
        self._reduced = (made, named, tuple(state))

    def __reduce__(self):
        return self._reduced


def test_of_a_tree_over_points_the_points_alone_are_taken():
    model = KNeighborsRegressor(algorithm="kd_tree").fit(X, Y)
    lies = Stored(
        _1=np.full(80, 1 << 40), _3=np.zeros((2, 1, 4)), _5=99, _6=10_000, _7=-1, _10=1 << 30
    )
    back = changed(model, _tree=lies)
    assert np.array_equal(back.predict(X), model.predict(X))
    assert back._tree.get_tree_stats() != (-1, 0, 0)
    other = KDTree(X, metric="chebyshev").__getstate__()[11]
    weighted = (
        NearestNeighbors(
            algorithm="ball_tree", metric="minkowski", p=3, metric_params={"w": np.ones(4)}
        )
        .fit(X)
        ._tree.__getstate__()[11]
    )
    assert changed(model, _tree=Stored(_11=other))._tree.query(X[:1])[0] == 0
    for lie in (
        {"_0": np.zeros(80)}, {"_0": np.full((80, 4), None)}, {"_0": X.astype("f4")},
        {"_0": np.full((80, 4), np.nan)}, {"_4": 0}, {"_4": -1}, {"_4": 1 << 40}, {"_4": "x"},
        {"_11": None}, {"_11": print}, {"_11": weighted}, {"_12": np.ones(80)},
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            changed(model, _tree=Stored(**lie))
    for elsewhere in (KDTree(X), other):
        with pytest.raises(NotAllowed, match="it keeps an object of"):
            read(new(GaussianNB, {"priors": elsewhere}))


@pytest.fixture(scope="module")
def boosted():
    return HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=5).fit(X, Y)


def with_nodes(boosted, **fields):
    """The model with its one tree changed in the node of that name's last letter."""
    tree = copy.deepcopy(boosted._predictors[0][0])
    for field, value in fields.items():
        tree.nodes[field][0] = value
    return changed(boosted, _predictors=[[tree]])


@pytest.mark.parametrize(
    "fields",
    [
        {"left": 0}, {"left": 10_000}, {"left": 0xFFFFFFFF}, {"right": 1}, {"right": 0},
        {"feature_idx": 4}, {"feature_idx": -1}, {"feature_idx": 1 << 40}, {"is_categorical": 1},
        {"is_leaf": 1},
    ],
    ids=str,
)  # fmt: skip
def test_boosted_trees_that_point_to_what_is_not_there(boosted, fields):
    assert np.array_equal(with_nodes(boosted).predict(X), boosted.predict(X))
    with pytest.raises(NotAllowed):
        with_nodes(boosted, **fields)


def test_boosted_trees_that_do_not_fit_together(boosted):
    tree, bins = boosted._predictors[0][0], boosted._bin_mapper

    def grown(nodes):
        return [[new(type(tree), {**vars(tree), "nodes": nodes})]]

    def binned(**state):
        return new(type(bins), {**vars(bins), **state})

    cases = [
        {"_predictors": grown(tree.nodes[:0])}, {"_predictors": grown(tree.nodes[:-1])},
        {"_predictors": grown(tree.nodes[:, None])}, {"_predictors": grown(None)},
        {"_predictors": grown(np.zeros(3))},
        {"_predictors": [[GaussianNB()]]}, {"_predictors": [tree]}, {"_predictors": None},
        {"_in_fit": True}, {"n_features_in_": 1}, {"n_features_in_": None},
        {"_preprocessor": GaussianNB()}, {"_bin_mapper": None}, {"_bin_mapper": GaussianNB()},
        {"_bin_mapper": binned(is_categorical_=np.ones(4, np.uint8))},
        {"_bin_mapper": binned(is_categorical_=np.zeros(1, np.uint8))},
        {"_bin_mapper": binned(bin_thresholds_=[])}, {"_bin_mapper": binned(random_state=print)},
        {"_bin_mapper": binned(n_bins_non_missing_=np.zeros(9))},
    ]  # fmt: skip
    for case in cases:
        with pytest.raises(NotAllowed):
            changed(boosted, **case)
    # Where nobody looks at what they are asked with.
    for part in (tree, bins):
        with pytest.raises(NotAllowed, match="it keeps an object of"):
            read(make_pipeline(part))
    with pytest.raises(NotAllowed):
        read(new(type(tree), {**vars(tree), "predict": print}))


def test_a_search_scores_by_scikit_learns_own_function_whatever_it_brings(mark):
    model = GridSearchCV(GaussianNB(), {}, cv=2, scoring="accuracy").fit(X, Y)
    model.scorer_._score_func = os.system
    model.scorer_._kwargs = {"command": f"touch {mark}"}
    assert read(model).score(X, Y) == accuracy_score(Y, model.predict(X))
    for state, why in (
        ({"scorer_": os.system}, None),
        ({"scoring": "os.system"}, "it scores by a function"),
        ({"scoring": ["accuracy", os.system]}, "it scores by a function"),
        ({"scoring": {"a": os.system}}, "it scores by a function"),
        ({"scoring": os.system}, "it scores by a function"),
        ({"pre_dispatch": f"__import__('os').system('touch {mark}')"}, "by a formula"),
        ({"pre_dispatch": "n_jobs.__class__"}, "by a formula"),
        ({"best_estimator_": os.system}, r"it keeps posix\.system"),
        ({"cv_results_": {"a": np.ma.array([os.system], dtype=object)}}, r"posix\.system"),
    ):
        if why is None:
            assert changed(model, **state).score(X, Y) > 0.5
            continue
        with pytest.raises(NotAllowed, match=why):
            changed(model, **state)
    with pytest.raises(NotAllowed, match="it keeps an object of Scorer"):
        read(new(GaussianNB, {"priors": get_scorer("accuracy")}))


def test_distributions_are_scipys_own_whatever_they_bring(mark):
    text = f"open({mark!r}, 'w')\n"
    for drawn in (stats.loguniform(1e-3, 10), stats.randint(1, 9), stats.uniform(loc=1, scale=2)):
        drawn.dist._parse_arg_template = text  # which scipy executes
        back = read(new(GaussianNB, {"priors": drawn})).priors
        assert (back.args, back.kwds, type(back)) == (drawn.args, drawn.kwds, type(drawn))
        assert np.array_equal(back.rvs(9, random_state=1), drawn.rvs(9, random_state=1))
    drawn = stats.uniform(loc=1)
    for state in (
        {"dist": GaussianNB()}, {"dist": None}, {"dist": print}, {"args": (print,)}, {"args": [1]},
        {"args": (1, 2, 3, 4)}, {"args": ([1] * 9,)}, {"kwds": {"loc": "x"}}, {"kwds": {"x": 1}},
        {"kwds": None}, {"kwds": {1: 1}}, {"dist": stats.randint(1, 9).dist},
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            changed(drawn, **state)
    frozen = name("scipy.stats._distn_infrastructure", "rv_continuous_frozen")
    with pytest.raises(NotAllowed):
        read_plain(b"\x80\x05" + frozen + b")\x81K\x01b.")
    for elsewhere in (drawn.dist, stats.t(3), np.vectorize(os.system)):
        with pytest.raises(NotAllowed):
            read(new(GaussianNB, {"priors": elsewhere}))


def masked(*state):
    return array(np.ma.core._mareconstruct, np.ma.MaskedArray, np.ndarray, (0,), b"b", state=state)


@pytest.mark.parametrize(
    "stream",
    [
        masked(1, (2,), DOUBLE, False, b"1" * 16, b"\0", None),
        masked(1, (1,), DOUBLE, False, b"1" * 16, b"\0", None),
        masked(1, (2,), OBJECT, False, [None], b"\0\0", None),
        masked(1, (1,), OBJECT, False, [print], b"\1", None),
        masked(1, (1,), DOUBLE, False, b"1" * 8, b"\0", print),
        masked(1, (1,), DOUBLE, False, b"1" * 8, b"\0", np.full((), print, object)),
        masked(1, (1,), np.dtype([("a", "f8")]), False, b"1" * 8, b"\0", None),
        masked(1, (1,), DOUBLE, False, b"1" * 8),
        array(np.ma.core._mareconstruct, np.ma.MaskedArray, np.recarray, (0,), b"b"),
        array(np.ma.core._mareconstruct, np.ma.mvoid, np.ndarray, (0,), b"b"),
    ],
    ids=range(10),
)
def test_arrays_with_a_mask_that_lie(stream):
    with pytest.raises(NotAllowed):
        read_plain(stream)


@pytest.mark.parametrize(
    "state",
    [
        {"state": {"state": 1 << 128, "inc": 1}}, {"state": {"state": -1, "inc": 1}},
        {"state": {"state": 1.5, "inc": 1}}, {"state": {}}, {"state": None}, {"has_uint32": 2},
        {"uinteger": 1 << 32}, {"bit_generator": "MT19937"},
    ],
    ids=str,
)  # fmt: skip
def test_generators_that_lie(state):
    kept = np.random.default_rng(0).bit_generator.state
    bits = Call(
        np.random._pickle.__bit_generator_ctor, np.random.PCG64, state=({**kept, **state}, None)
    )
    with pytest.raises(NotAllowed):
        read_plain(array(np.random._pickle.__generator_ctor, bits))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_stream_that_was_damaged_is_read_or_refused(data):
    """No byte that is changed makes anything but a model, or a sentence."""
    kept = DAMAGED[data.draw(st.integers(0, len(DAMAGED) - 1))]
    stream = bytearray(kept.stream)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(2, len(stream) - 1))
        stream[at] = data.draw(st.integers(0, 255))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            restricted.load(bytes(stream), [bytes(buffer) for buffer in kept.buffers])
    except (NotAllowed, Damaged):
        pass


DAMAGED = [
    pickler.dump(model.fit(X, Y))
    for model in (
        make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=2)),
        GridSearchCV(KNeighborsClassifier(), {"p": [1, 2]}, cv=2),
        HistGradientBoostingClassifier(max_iter=1),
        SVC(),
    )
]
