"""Slices of hand-written notebooks, keys of their code, and ten thousand cells."""

from __future__ import annotations

import time

import pytest

from snapbook.lineage.log import Cell
from snapbook.lineage.slice import Lineage, code_key, slice_for


def log(*sources: str, failed: tuple[int, ...] = ()) -> list[Cell]:
    return [
        Cell(i, i + 1, "", source, outcome="error: E" if i in failed else "ok")
        for i, source in enumerate(sources)
    ]


NOTEBOOKS = [
    # Each: cells, indices of the slice of the last one.
    (["a = 1", "b = 2", "c = b"], [1, 2]),
    (["a = 1", "a = 2", "b = a"], [1, 2]),
    (["df = load()", "df['x'] = 1", "y = df"], [0, 1, 2]),
    (["df = load()", "df.head()", "print(df)", "df.plot()", "y = df"], [0, 4]),
    (["def f(): return K", "K = 1", "x = f()", "K = 2", "y = x"], [0, 1, 2, 4]),
    (["def f(): return K", "K = 1", "K = 2", "y = f()"], [0, 2, 3]),
    (["def f(): return g()", "def g(): return K", "K = 1", "z = 1", "y = f()"], [0, 1, 2, 4]),
    (["class A:\n def m(self): return K", "K = 1", "a = A()", "K = 2", "y = a.m()"],
     [0, 1, 2, 3, 4]),  # the constructor may have run any method
    (["xs = []", "xs.append(1)", "ys = xs", "ys.append(2)", "z = xs"], [0, 1, 2, 3, 4]),
    (["xs = []", "ys = list(xs)", "ys.append(2)", "z = xs"], [0, 3]),
    (["m = A()", "m.fit(X)", "n = B()", "n.fit(X)", "p = n"], [2, 3, 4]),
    (["net = Net()", "opt = Adam(net.parameters())", "opt.step()", "y = net"], [0, 1, 2, 3]),
    (["if p:\n x = 1", "y = x"], [0, 1]),
    (["x = 0", "if p:\n x = 1", "y = x"], [0, 1, 2]),
    (["x = 0", "if p:\n x = 1\nelse:\n x = 2", "y = x"], [1, 2]),
    (["import numpy as np", "np.random.seed(0)", "z = 1", "y = np.random.rand()"], [0, 1, 3]),
    (["import sys", "sys.path.append('..')", "import helper", "y = helper.f()"], [0, 1, 2, 3]),
    (["%run helper.py", "y = made_there"], [0, 1]),
    (["from m import *", "print(1)"], [1]),
    (["x = 1", "del x", "x = 2", "y = x"], [2, 3]),
    (["a = [1]", "b = [2]", "a, b = b, a", "a.append(3)", "y = b"], [0, 1, 2, 4]),
    (["depth = 3", "m = RF(depth)", "m.fit(X)", "y = depth"], [0, 3]),
    (["acc = m.score(X)", "accs = []", "accs.append(acc)", "accs.append(1)", "y = acc"], [0, 4]),
    (["a, b = [1], [[2]]", "b[0] = a\na, b = b, a", "b += [3]", "y = a"], [0, 1, 2, 3]),
    (["a, b = [1], [[2]]", "a += b", "b[0].append(0)", "y = a"], [0, 1, 2, 3]),
    (["a, b = [1], [[2]]", "a += [b]", "b.append(0)", "y = a"], [0, 1, 2, 3]),
    (["a, b = [1], [[2]]", "c = a + [b]", "b.append(0)", "y = c"], [0, 1, 2, 3]),
    (["a, b = [1], [2]", "a += b", "b.append(0)", "y = a"], [0, 1, 3]),
    (["def prep(d):\n d = d.copy()\n d['x'] = 1\n return d", "df = load()", "e = prep(df)",
      "e['z'] = 1", "y = df"], [1, 4]),
    (["%%bash\nls", "x = 1", "%%time\ny = x"], [1, 2]),
    (["x = (", "x = 1", "y = x"], [1, 2]),
    (["z = " + "-" * 100_000 + "1", "y = z"], [0, 1]),  # ran, though we cannot read it
    (["a = {}", "b = a.get('k')", "b['n'] = 1", "y = a"], [0, 1, 2, 3]),
]  # fmt: skip


@pytest.mark.parametrize(("sources", "expected"), NOTEBOOKS)
def test_the_slice_of_the_last_cell(sources: list[str], expected: list[int]) -> None:
    assert list(slice_for(log(*sources), len(sources) - 1).indices) == expected


EXPLORING = [
    "import pandas as pd\nimport matplotlib.pyplot as plt\n%matplotlib inline",
    "data = load_breast_cancer(as_frame=True)\ndf = data.frame",
    "df.head()",
    "df.describe()\ndf.info()",
    "fig, ax = plt.subplots()\nax.hist(df['mean radius'])\nax.set_title('x')\nplt.show()",
    "import seaborn as sns\nsns.pairplot(df[['mean radius', 'target']])",
    "for col in df.columns[:3]:\n    print(col, df[col].nunique())",
    "X = df.drop(columns='target')\ny = df['target']",
    "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)",
    "X_train.shape, y_train.mean()",
    "gb = GradientBoostingClassifier().fit(X_train, y_train)\ngb.score(X_test, y_test)",
    "results = {}\nresults['gb'] = gb.score(X_test, y_test)",
    "def evaluate(m, X, y):\n    print((m.predict(X) == y).mean())",
    "evaluate(gb, X_test, y_test)",
    "rf = RandomForestClassifier()\nrf.fit(X_train, y_train)\nevaluate(rf, X_test, y_test)",
    "!pip list",
    "%%version_model churn\nmodel = RandomForestClassifier(max_depth=8).fit(X_train, y_train)\n"
    "accuracy = model.score(X_test, y_test)",
]
TRAINING = [
    "import torch, torch.nn as nn",
    "torch.manual_seed(0)",
    "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.l = nn.Linear(3, 1)\n    def forward(self, x):\n        return self.l(x)",
    "x = torch.randn(10, 3); y = torch.randn(10, 1)",
    "net = Net()\nopt = torch.optim.Adam(net.parameters(), lr=0.1)",
    "def train(m, o, n):\n    for _ in range(n):\n        o.zero_grad()\n"
    "        loss = ((m(x) - y) ** 2).mean()\n        loss.backward()\n        o.step()",
    "plot = 1",
    "train(net, opt, 10)",
    "print(net(x))",
    "%%version_model net\nval = ((net(x) - y) ** 2).mean().item()",
]


def test_looking_at_data_and_trying_models_stays_out_of_the_slice() -> None:
    assert slice_for(log(*EXPLORING), 16).indices == (1, 7, 8, 16)
    assert slice_for(log(*TRAINING), 9).indices == (0, 1, 2, 3, 4, 5, 7, 9)


def test_a_cell_that_failed_may_have_bound_its_names_or_not() -> None:
    cells = log("x = 1", "x = 2\nboom", "y = x", failed=(1,))
    assert slice_for(cells, 2).indices == (0, 1, 2)


def test_a_slice_for_names_leaves_the_cell_itself_out() -> None:
    cells = log("a = 1", "m = fit(a)", "b = 2", "print(b)")
    assert slice_for(cells, 3, ["m"]).indices == (0, 1)
    assert slice_for(cells, 0, ["m"]).indices == ()


def test_what_comes_from_outside_is_told() -> None:
    made = slice_for(
        log("import pandas as pd", "def f(): return g", "y = f() + len(z) + pd.x + _"), 2
    )
    assert made.reads == {"g", "z"}
    assert made.imports == {"pandas"}
    assert made.functions == {"f"}
    assert made.whole
    assert not slice_for(log("%run a.py", "y = z"), 1).whole


def test_a_lineage_that_grows_tells_the_same() -> None:
    sources = [source for notebook, _ in NOTEBOOKS for source in notebook]
    cells = log(*sources)
    lineage = Lineage()
    for count in range(1, len(cells) + 1):
        lineage.extend(cells[:count])
    for target in range(len(cells)):
        assert lineage.slice(target) == slice_for(cells, target)


def test_keys_are_of_the_code_and_not_of_its_form() -> None:
    one = log("import a", "x=1", "%%version_model m\ny = f(x)")
    other = log("import a  # b", "other = 1", "x = 1", "# snapbook: version_model m\ny = f( x )")
    changed = log("import a", "x=2", "%%version_model m\ny = f(x)")
    keys = [
        code_key(cells, slice_for(cells, len(cells) - 1), {}) for cells in (one, other, changed)
    ]
    assert keys[0] == keys[1] != keys[2]
    made = slice_for(one, 2)
    assert code_key(one, made, {"helper": "a"}) != code_key(one, made, {"helper": "b"})


def test_a_cell_run_again_does_not_change_the_key() -> None:
    cells = log("m = RF()", "m.fit(X)", "m.fit(X)", "m.fit(X)")
    keys = {code_key(cells, slice_for(cells, last), {}) for last in (1, 2, 3)}
    assert len(keys) == 1


@pytest.mark.slow
def test_ten_thousand_cells_grow_in_proportion() -> None:
    """By ratio: ten times the cells take about ten times as long, and one more next to nothing."""

    def cells(count: int) -> list[Cell]:
        many = (
            f"x{i % 50} = f(x{(i + 1) % 50}, {i % 7})\ndf['a'] = x{i % 50}" for i in range(count)
        )
        return log(*many)

    def cost(count: int) -> float:
        many = cells(count)
        start = time.perf_counter()
        slice_for(many, count - 1)
        return time.perf_counter() - start

    cost(1_000)
    small, large = min(cost(1_000) for _ in range(3)), min(cost(10_000) for _ in range(2))
    assert large < 40 * small
    many = cells(10_001)
    lineage = Lineage()
    lineage.extend(many[:10_000])
    start = time.perf_counter()
    lineage.extend(many)
    assert time.perf_counter() - start < small


@pytest.mark.slow
def test_a_thicket_of_shared_objects_is_bounded() -> None:
    many = log(*(f"a{i} = b{i}.v\nb{i + 1} = a{i}['k']\na{i}.x = 1" for i in range(600)))
    start = time.perf_counter()
    made = slice_for(many, 599)
    assert made.indices == tuple(range(600))
    assert time.perf_counter() - start < 20


def test_long_chains_and_diamonds_of_functions() -> None:
    chain = [f"def f{i}(d):\n    f{i + 1}(d)\n    return f{i + 1}(d)" for i in range(1_500)]
    made = slice_for(log(*chain, "def f1500(d): d['x'] = K", "K = 1", "df = {}", "f0(df)"), 1_503)
    assert made.indices == tuple(range(1_504))
    cells = log(*chain, "def f1500(d): d['x'] = K", "K = 1", "df = {}", "f0(df)", "y = df")
    assert 1_503 in slice_for(cells, 1_504).indices


def test_an_interrupted_step_can_be_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = log("xs = []", "xs.append(1)", "xs.append(2)", "y = xs")
    lineage = Lineage()
    lineage.extend(cells[:2])
    with monkeypatch.context() as patched:
        patched.setattr("snapbook.lineage.slice.frozenset", _interrupt, raising=False)
        with pytest.raises(KeyboardInterrupt):
            lineage.extend(cells)
    lineage.extend(cells)
    assert lineage.slice(3).indices == (0, 1, 2, 3)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
