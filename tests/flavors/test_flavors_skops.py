"""Files of skops that are read without trust: models as they are, and every attack refused."""

import copy
import io
import json
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn")
pytest.importorskip("skops")

import skops.io as skops
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from test_flavors_restricted import ASKED, FRAME, MODELS, THREE, WIDE, X, Y

from snapbook.errors import NotRestorable
from snapbook.flavors import codeless, registry, skopsed
from snapbook.flavors.arrays import NotAllowed
from snapbook.flavors.skops import Skops
from snapbook.parts import model as parts
from snapbook.store.memory import MemoryStore

pytestmark = pytest.mark.filterwarnings("ignore")
# skops itself cannot write scipy's distributions.
WRITTEN = [model for model in MODELS if not isinstance(model, RandomizedSearchCV)]


def dumped(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return skops.dumps(model)


@pytest.mark.parametrize("model", WRITTEN, ids=lambda model: type(model).__name__)
def test_models_come_back_as_they_were(model):
    model.fit(X, Y)
    back = skopsed.load(dumped(model))
    assert type(back) is type(model)
    for name in ASKED:
        if hasattr(model, name):
            assert np.array_equal(getattr(back, name)(X), getattr(model, name)(X))
    assert vars(back).keys() == vars(model).keys()


def test_what_stands_in_several_places_is_one_object():
    state = np.random.RandomState(3)
    pipe = make_pipeline(LogisticRegression(random_state=state), GaussianNB())
    pipe.shared_, pipe.both_ = state, (np.float32(1), {1: "a", 2.5: [None, True], "x": slice(1, 2)})
    back = skopsed.load(dumped(pipe))
    assert back.shared_ is back[0].random_state
    assert back.shared_.random_sample() == np.random.RandomState(3).random_sample()
    assert back.both_ == pipe.both_
    assert type(back.both_[0]) is np.float32


def test_texts_and_more_than_two_classes():
    words = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    words.fit(FRAME[["e"]], np.where(Y, "ja", "nein"))
    assert (
        skopsed.load(dumped(words)).predict(FRAME[["e"]]).tolist()
        == words.predict(FRAME[["e"]]).tolist()
    )
    boosted = HistGradientBoostingClassifier(max_iter=2).fit(WIDE, THREE)
    back = skopsed.load(dumped(boosted))
    assert np.array_equal(back.predict_proba(WIDE), boosted.predict_proba(WIDE))


def test_a_file_is_kept_as_it_is_and_comes_back_as_the_model():
    fit = RandomForestClassifier(3, random_state=0).fit(X, Y)
    data = dumped(fit)
    store = MemoryStore()
    writer = store.writer()
    part, notices = parts.capture(Skops(data), "churn", writer)
    writer.commit()
    assert notices == ()
    assert (part.facts["flavor"], part.facts["framework"]) == ("skops", "sklearn")
    assert (part.facts["class_name"], part.facts["structure"]["trees"]) == (
        "RandomForestClassifier", 3,
    )  # fmt: skip
    assert codeless.executes(part.facts) is False
    assert b"".join(map(store.get, part.blobs)) == data
    back = parts.restore(part, store.get)
    assert np.array_equal(back.predict_proba(X), fit.predict_proba(X))
    assert registry.find(Skops(data)).members(Skops(data)) != ()
    assert parts.is_fitted(Skops(data)) is True


def test_a_file_with_more_in_it_is_no_model():
    data = dumped(FunctionTransformer(np.sin))
    with pytest.raises(NotAllowed, match=r"it makes sklearn\.preprocessing\._function_transformer"):
        Skops(data)
    store = MemoryStore()
    writer = store.writer()
    good = Skops(dumped(GaussianNB().fit(X, Y)))
    good.data = data
    encoded = registry.find(good).dump(good, writer)
    writer.commit()
    with pytest.raises(NotRestorable, match="Its file of skops is not read"):
        registry.named("skops").load(encoded.layout, encoded.blobs, store.get)


# --- attacks --------------------------------------------------------------------------------------


def parted(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files.pop("schema.json")), files


def packed(tree, files, compression=zipfile.ZIP_STORED, also=()):
    sink = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(sink, "w", compression) as archive:
        warnings.simplefilter("ignore")
        for name, held in [*files.items(), ("schema.json", json.dumps(tree)), *also]:
            archive.writestr(name, held)
    return sink.getvalue()


@pytest.fixture(scope="module")
def logistic():
    return dumped(LogisticRegression().fit(X, Y))


@pytest.fixture(scope="module")
def tree():
    return dumped(DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, Y))


def node(loader, module, name, **more):
    return {"__loader__": loader, "__module__": module, "__class__": name, **more}


def number(value):
    return node("JsonNode", "builtins", "str", content=json.dumps(value))


def listed(*nodes, kind="list"):
    loader = {"list": "ListNode", "tuple": "TupleNode", "set": "SetNode"}[kind]
    return node(loader, "builtins", kind, content=list(nodes))


def table(**nodes):
    kinds = listed(*(node("TypeNode", "builtins", "str") for _ in nodes))
    return node("DictNode", "builtins", "dict", content=nodes, key_types=kinds)


TOUCH = {"mark": "touch owned"}


@pytest.mark.parametrize(
    "attack",
    [
        node("FunctionNode", "os", "system"),
        node("TypeNode", "os", "system"),
        node("TypeNode", "builtins", "eval"),
        node("ObjectNode", "os", "system", content=table(a=number(1))),
        node("ObjectNode", "subprocess", "Popen", content=table(args=number("touch owned"))),
        node("ObjectNode", "sklearn.naive_bayes", "BaseEstimator"),
        node("ObjectNode", "sklearn.naive_bayes", "GaussianNB", content=number(1)),
        node("ObjectNode", "sklearn.naive_bayes", "GaussianNB", content=table(predict=number(1))),
        node("ObjectNode", "sklearn.naive_bayes", "GaussianNB", content=table(__class__=number(1))),
        node("ObjectNode", "sklearn.neighbors._kd_tree", "KDTree"),
        node("ObjectNode", "sklearn.neighbors._kd_tree", "KDTree", content=listed(kind="tuple")),
        node("ObjectNode", "sklearn.metrics._dist_metrics", "PyFuncDistance64"),
        node("ObjectNode", "numpy", "memmap"),
        node("MethodNode", "builtins", "str", content={"func": "format", "obj": number("x")}),
        node("PartialNode", "functools", "partial", content={
            "func": node("FunctionNode", "os", "system"), "args": listed(number("x"), kind="tuple"),
            "kwds": table(), "namespace": number(None),
        }),
        node("OperatorFuncNode", "operator", "methodcaller", attrs=listed(number("x"))),
        node("ConstructorFromReduceNode", "os", "system", content=listed(number("x"))),
        node("DefaultDictNode", "collections", "defaultdict", content={
            "main": table(), "default_factory": node("FunctionNode", "os", "system"),
        }),
        node("DictNode", "os", "system", content={"a": number(1)}, key_types=listed()),
        node("DictNode", "sklearn.naive_bayes", "GaussianNB", content={}, key_types=listed()),
        node("DictNode", "builtins", "dict", content={"touch owned": number(1)},
             key_types=listed(node("TypeNode", "os", "system"))),
        node("DictNode", "builtins", "dict", content={"1": number(1)},
             key_types=listed(node("TypeNode", "builtins", "eval"))),
        node("DictNode", "builtins", "dict", content={"1": number(1)}, key_types=listed()),
        node("DictNode", "builtins", "dict", content={"x": number(1)},
             key_types=listed(node("TypeNode", "numpy", "int64"))),
        node("ListNode", "os", "system", content=[number("touch owned")]),
        node("ListNode", "builtins", "list", content="abc"),
        node("TupleNode", "os", "stat_result", content=[number(1)]),
        listed(listed(), kind="set"),
        node("LossNode", "os", "system", content=table(), __reduce__={
            "args": listed(number("touch owned"), kind="tuple"),
        }),
        node("LossNode", "sklearn.linear_model._sgd_fast", "Huber", content=table(), __reduce__={
            "args": listed(number("x"), kind="tuple"),
        }),
        node("TreeNode", "os", "system", content=table(), __reduce__={
            "args": listed(number("touch owned"), kind="tuple"),
        }),
        node("NdArrayNode", "os", "system", type="json", content=[number(1)],
             shape=listed(number(1), kind="tuple")),
        node("NdArrayNode", "numpy", "ndarray", type="json", content=[number(1)],
             shape=listed(number(2), kind="tuple")),
        node("NdArrayNode", "numpy", "ndarray", type="json", content=[number(1)],
             shape=listed(number(1), number(1), kind="tuple")),
        node("NdArrayNode", "numpy", "ndarray", type="json", content=[number(1)],
             shape=number(1)),
        node("NdArrayNode", "numpy", "ndarray", type="json", content=[],
             shape=listed(number(0), number(1 << 62), kind="tuple")),
        node("NdArrayNode", "numpy", "ndarray", type="json", shape=listed(number(1), kind="tuple"),
             content=[node("FunctionNode", "os", "system")]),
        node("NdArrayNode", "numpy", "ndarray", type="numpy", file="../../../etc/hostname"),
        node("NdArrayNode", "numpy", "ndarray", type="numpy", file="schema.json"),
        node("NdArrayNode", "numpy", "ndarray", type="numpy", file=["x"]),
        node("MaskedArrayNode", "numpy.ma", "mvoid", content={}),
        node("MaskedArrayNode", "numpy.ma", "MaskedArray",
             content={"data": number(1), "mask": number(True)}),
        node("RandomStateNode", "os", "system", content=table()),
        node("RandomStateNode", "numpy.random.mtrand", "RandomState", content=table()),
        node("RandomGeneratorNode", "numpy.random._generator", "Generator", content={
            "bit_generator": table(bit_generator=number("seed")), "seed_seq": table(),
        }),
        node("SliceNode", "builtins", "slice", content={"start": "x", "stop": 1, "step": None}),
        node("SparseMatrixNode", "scipy.sparse", "csr_matrix", type="scipy", file="x.npz"),
        node("BytesNode", "builtins", "bytes", file="none"),
        node("CachedNode", "builtins", "str", __id__=1),
        node("NoNode", "builtins", "str"),
        node(["JsonNode"], "builtins", "str", content="1"),
        node("TypeNode", 1, 2),
        node("JsonNode", "builtins", "str", content="[1]"),
        node("JsonNode", "builtins", "str", content=1),
        node("JsonNode", "builtins", "str", content="1" * 5000),
        number([1]), [], "x", None, 1, {},
    ],
    ids=range(61),
)  # fmt: skip
def test_nodes_that_skops_does_not_write(logistic, attack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    top, files = parted(logistic)
    inside = copy.deepcopy(top)
    inside["content"]["content"]["C"] = attack
    inside["content"]["content"]["penalty"] = attack
    for hostile in (inside, {**attack, "protocol": 2} if type(attack) is dict else attack):
        with pytest.raises(NotAllowed):
            skopsed.load(packed(hostile, files))
    assert list(tmp_path.iterdir()) == []


def test_archives_that_skops_does_not_write(logistic):
    top, files = parted(logistic)
    assert skopsed.load(packed(top, files)).predict(X).shape == (80,)
    for protocol in (0, 1, 3, "2", True, None):
        with pytest.raises(NotAllowed, match="it was written by another skops"):
            skopsed.load(packed({**top, "protocol": protocol}, files))
    with pytest.raises(NotAllowed, match="it is packed as skops does not"):
        skopsed.load(packed(top, files, zipfile.ZIP_DEFLATED))
    again = next(iter(files.items()))
    with pytest.raises(NotAllowed, match="it is packed as skops does not"):
        skopsed.load(packed(top, files, also=[again]))
    sealed = bytearray(logistic)  # the flag of a password, where a file is listed and where it lies
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = sealed.find(mark)
        while start >= 0:
            sealed[start + place] |= 1
            start = sealed.find(mark, start + 1)
    with pytest.raises(NotAllowed, match="put together as skops does not"):
        skopsed.load(bytes(sealed))
    for data in (b"", b"PK", logistic[:-30], logistic[:999], packed(top, {}), b"x" * 99):
        with pytest.raises(NotAllowed):
            skopsed.load(data)


def test_a_tree_of_nodes_without_end(logistic):
    top, files = parted(logistic)
    deep = '{"__loader__":"ListNode","__module__":"builtins","__class__":"list","content":['
    text = json.dumps(top)[:-1] + ',"x":' + deep * 9000 + "]}" * 9000 + "}"
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, held in files.items():
            archive.writestr(name, held)
        archive.writestr("schema.json", text)
    with pytest.raises(NotAllowed):
        skopsed.load(sink.getvalue())
    lists = listed(number(1))
    for at in range(1, 40):  # each holds the one before it twice, which is written once
        known = {**node("ListNode", "builtins", "list", content=[]), "__id__": at - 1}
        lists = {**listed({**lists, "__id__": at - 1}, known), "__id__": at}
    top["content"]["content"]["C"] = lists
    with pytest.raises(NotAllowed, match=r"unfolds to more|deeper"):
        skopsed.load(packed(top, files))


def saved(array, **changed):
    sink = io.BytesIO()
    np.save(sink, array, allow_pickle=True)
    data = sink.getvalue()
    for old, new in changed.values():
        data = data.replace(old, new)
    return data


@pytest.mark.parametrize(
    "data",
    [
        saved(np.array([print], object)),
        saved(np.zeros(4), a=(b"(4,)", b"(5,)")),
        saved(np.zeros(4), a=(b"(4,)", b"(-4,)")),
        saved(np.zeros(4), a=(b"(4,), }     ", b"(1<<60,), } ")),
        saved(np.zeros(4), a=(b"(4,), }               ", b"(1000000000000000,), }")),
        saved(np.zeros(4), a=(b"<f8", b"|O8")),
        saved(np.zeros(4), a=(b"'<f8'", b"print")),
        saved(np.zeros(4), a=(b"\x93NUMPY\x01", b"\x93NUMPY\x03")),
        saved(np.zeros(4))[:-1],
        saved(np.zeros(4)) + b"x",
        saved(np.zeros(4))[:20],
        b"",
        b"\x80\x05cos\nsystem\n.",
    ],
    ids=range(13),
)
def test_arrays_that_lie(logistic, data):
    top, files = parted(logistic)
    name = top["content"]["content"]["coef_"]["file"]
    with pytest.raises(NotAllowed):
        skopsed.load(packed(top, {**files, name: data}))


def test_an_array_is_read_once(logistic):
    """Else a short tree could ask for a long array again and again."""
    top, files = parted(logistic)
    again = {**top["content"]["content"]["coef_"], "__id__": None}
    top["content"]["content"]["C"] = listed(*[again] * 1000)
    with pytest.raises(NotAllowed, match="put together as skops does not"):
        skopsed.load(packed(top, files))


def test_a_number_is_of_the_type_that_it_says(logistic):
    top, files = parted(logistic)
    lies = (("float64", np.zeros(2)), ("int64", np.float64(1)), ("memmap", np.zeros(1)))
    for kind, array in lies:
        files["n.npy"] = saved(array)
        top["content"]["content"]["C"] = node(
            "NdArrayNode", "numpy", kind, type="numpy", file="n.npy"
        )
        with pytest.raises(NotAllowed, match="a number in it is none"):
            skopsed.load(packed(top, files))


def grown(tree, **changed):
    """The tree's file with something otherwise than it grew."""
    top, files = parted(tree)
    stored = top["content"]["content"]["tree_"]
    args, state = stored["__reduce__"]["args"]["content"], stored["content"]["content"]
    nodes = np.load(io.BytesIO(files[state["nodes"]["file"]]))
    for name, value in changed.items():
        if name in nodes.dtype.names:
            nodes[name][0] = value
        elif name in ("features", "outputs"):
            args[{"features": 0, "outputs": 2}[name]] = number(value)
        elif name == "classes":
            files[args[1]["file"]] = saved(value)
        elif name == "values":
            files[state["values"]["file"]] = saved(value)
        elif name == "nodes":
            nodes = value
        elif name == "n_features_in_":
            top["content"]["content"][name] = number(value)
        else:
            state[name] = number(value)
    files[state["nodes"]["file"]] = saved(nodes)
    return packed(top, files)


@pytest.mark.parametrize(
    "changed",
    [
        {"left_child": 1 << 40}, {"left_child": -5}, {"left_child": 0}, {"right_child": 10_000},
        {"right_child": -1}, {"feature": 4}, {"feature": -7}, {"node_count": 10_000},
        {"node_count": 0}, {"max_depth": "x"}, {"max_depth": 0}, {"max_depth": 1 << 40},
        {"features": 1 << 40}, {"features": 9}, {"n_features_in_": 1}, {"n_features_in_": None},
        {"outputs": 2}, {"outputs": 1 << 40}, {"outputs": 0}, {"classes": np.array([1 << 40])},
        {"classes": np.array([-1])}, {"classes": np.array([1.0])},
        {"values": np.zeros((1, 1, 2))}, {"nodes": np.zeros(3)}, {"nodes": np.zeros(0)},
    ],
    ids=str,
)  # fmt: skip
def test_trees_that_point_to_what_is_not_there(tree, changed):
    assert skopsed.load(grown(tree)).predict(X).shape == (80,)
    with pytest.raises(NotAllowed):
        skopsed.load(grown(tree, **changed))


DAMAGED = [
    dumped(model.fit(X, Y))
    for model in (
        make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=2)),
        GridSearchCV(KNeighborsClassifier(), {"p": [1, 2]}, cv=2),
        HistGradientBoostingClassifier(max_iter=1),
    )
]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_file_that_was_damaged_is_read_or_refused(data):
    """No byte that is changed ends the process, neither when it is read nor when it is asked."""
    tree, files = parted(DAMAGED[data.draw(st.integers(0, len(DAMAGED) - 1))])
    held = [("schema.json", json.dumps(tree).encode()), *files.items()]
    name, kept = held[data.draw(st.integers(0, len(held) - 1))]
    changed = bytearray(kept)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for each, old in held:
            archive.writestr(each, bytes(changed) if each == name else old)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = skopsed.load(sink.getvalue())
    except NotAllowed:
        return
    try:
        found.predict(X)
    except Exception:
        return  # scikit-learn's own word for numbers that fit nothing, of whatever kind
