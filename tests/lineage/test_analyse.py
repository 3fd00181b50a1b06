"""What cells do to names: tables of sources and what must be told of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from snapbook.lineage.analyse import analyse
from snapbook.lineage.words import PROCESS

BINDS = [
    ("x = 1", "x"),
    ("x: int = 1", "x"),
    ("x: int", ""),
    ("a, (b, *c) = y", "a b c"),
    ("x += 1", "x"),
    ("import os.path, numpy as np", "os np"),
    ("from a.b import c, d as e", "c e"),
    ("def f(): y = 1", "f"),
    ("class A:\n    z = 1", "A"),
    ("for i, j in z: k = 1", "i j k"),
    ("async for i in z: pass", "i"),
    ("with open(p) as f: pass", "f"),
    ("async with s as (a, b): pass", "a b"),
    ("print(y := 1)", "y"),
    ("[y := v for v in z]", "y"),
    ("try:\n    pass\nexcept E as e:\n    h = 1", "e h"),
    ("match z:\n    case {'k': a, **r}: b = 1\n    case [c, *d] as e: pass", "a r b c d e"),
    ("while p: q = 1", "q"),
    ("del x", ""),
    ("del x\nx = 1\nx = 2", "x"),
    ("[v for v in z]", ""),
    ("r = await f()", "r"),
    ("%%time\nx = 1", "x"),
    ("%time x = 1", "x"),
    ("%timeit x = 1", ""),
    ("%%timeit\nx = 1", ""),
    ("%%capture out\nx = 1", "out x"),
    ("%%version_model churn -m 'a'\nx = 1", "x"),
    ("%%version_model churn\n%%time\nx = 1", "x"),
    ("# snapbook: version_model churn\nx = 1", "x"),
    ("%%bash\nx=1", ""),
    ("%%bash --out text\nls", "text"),
    ("files = !ls\nx = 1", "files x"),
    ("out = %env HOME", "out"),
    ("%store -r x", "x"),
    ("!pip install a \\\n  b\nx = 1", "x"),
    ("df?\nx = 1", "x"),
    ("?df\nx = 1", "x"),
    (">>> x = 1\n... y = 2", "x y"),
    ("    x = 1\n    y = 2", "x y"),
    ("x = '''\n%time not = magic\n'''\n%matplotlib inline\ny = 1", "x y"),
    ("x = (1\n% 2)\n%matplotlib inline\ny = 1", "x y"),
    ("/f a\nx = 1", "x"),
    ("if a:\n    %time x = 1", "x"),
]

READS = [
    ("y = x", "x"),
    ("x = 1\ny = x", ""),
    ("y = x\nx = 1", "x"),
    ("x += 1", "x"),
    ("if a:\n    x = 1\ny = x", "a x"),
    ("if a:\n    x = 1\nelse:\n    x = 2\ny = x", "a"),
    ("for i in z:\n    t = i", "z i"),
    ("def f(): return g", ""),
    ("def f(): return g\nf()", "f_ g"),
    ("def f(): return g\ng = 1\nf()", ""),
    ("def f(): return h()\ndef h(): return k\nf()", "k"),
    ("def f(p, q=d): return p + q\nf(1)", "d"),
    ("def f():\n    x = 1\n    return [x + y for _ in z]\nf()", "y z"),
    ("class A(B):\n    c = k\n    def m(self): return g", "B k"),
    ("class A:\n    def m(self): return g\nA().m()", "g"),
    ("df.apply(lambda r: r * k)", "df k"),
    ("[v + w for v in z if v in u]", "z w u"),
    ("[v for v in v]", "v"),
    ("model.fit(X_train[cols], y.values)", "model X_train cols y"),
    ("@deco\ndef f(a: T) -> R: pass", "deco T R"),
    ("with open(p) as f: t = f.read()", "open p"),
    ("d['k'] = v", "d v"),
    ("print(f'{x:{w}}')", "print x w"),
    ("import numpy as np\nnp.array(x)", "x"),
    ("!echo {name} $other", "name other"),
    ("%%bash -s {arg}\nls", "arg"),
    ("%time model.fit(X)", "model X"),
    ("%%timeit\ny = x\nz = y", "x"),
    ("%%time\ny = x", "x"),
    ("global x\nx = 1\ny = x", ""),
    ("match z:\n    case A(b): c = b", "z A b"),
    ("try:\n    x = f()\nexcept E:\n    x = g()\ny = x", "f E g x"),
    ("await go(x)", "go x"),
]

MUTATES = [
    ("df['x'] = 1", "df"),
    ("df.loc[0, 'x'] = 1", "df"),
    ("df.columns = names", "df"),
    ("df.drop(columns=c, inplace=True)", "df"),
    ("e = df.drop(columns=c, inplace=False)", ""),
    ("y = df.drop(columns=c)", ""),
    ("df.head()", ""),
    ("df.plot(x='a')", ""),
    ("print(df)", ""),
    ("x.append(1)", "x"),
    ("v = x.pop()", "x"),
    ("model.fit(X, y)", "model"),
    ("m = model.fit(X, y)", "model"),
    ("model.coef_[0] = 1", "model"),
    ("del d['k']", "d"),
    ("del x", "x"),
    ("x += 1", "x"),
    ("import random\nrandom.shuffle(xs)", "xs"),
    ("from heapq import heappush\nheappush(h, 1)", "h"),
    ("import numpy as np\na = np.append(b, c)", ""),
    ("setattr(o, 'a', 1)", "o"),
    ("v = next(it)", "it"),
    ("for row in rows:\n    row['x'] = 1", "rows row"),
    ("d = config['model']\nd['depth'] = 3", "config d"),
    ("optimizer = Adam(net.parameters())\noptimizer.step()", "optimizer net"),
    ("Pipeline([('s', scaler)]).fit(X)", "scaler"),
    ("depth = 3\nmodel = RF(depth)\nmodel.fit(X)", "model"),
    ("def f(d):\n    d['x'] = 1\nf(df)", "df"),
    ("def f(d):\n    return d.copy()\nf(df)", ""),
    ("def f(d):\n    e = d\n    e['x'] = 1\nf(df)", "df"),
    ("def g(d):\n    d['x'] = 1\ndef f(d):\n    g(d)\nf(df)", "df"),
    ("def f():\n    cache.append(1)\nf()", "cache"),
    ("def f():\n    global n\n    n = 1\nf()", ""),
    ("class A:\n    def put(self, v):\n        self.v = v\na = A()\na.put(1)", "a"),
    ("class A:\n    def put(self, v):\n        print(v)\na = A()\na.put(1)", ""),
    ("plt.plot(x)", ""),
    ("sns.heatmap(df)", ""),
    ("df.to_csv(p)", ""),
    ("w.add_(1)", "w"),
]


def words(text: str) -> set[str]:
    return {word for word in text.split() if not word.endswith("_")}


@pytest.mark.parametrize(("source", "expected"), BINDS)
def test_names_bound_at_top_level(source: str, expected: str) -> None:
    uses = analyse(source)
    assert not uses.broken
    assert uses.binds == words(expected)


@pytest.mark.parametrize(("source", "expected"), READS)
def test_names_read_before_they_are_bound(source: str, expected: str) -> None:
    uses = analyse(source)
    assert not uses.broken
    assert uses.reads == words(expected)


@pytest.mark.parametrize(("source", "expected"), MUTATES)
def test_names_changed_in_place(source: str, expected: str) -> None:
    assert analyse(source).mutates == set(expected.split())


def test_imports_calls_and_stars() -> None:
    uses = analyse("import a.b\nfrom c import d\nfrom . import e\nm = d.fit(X).score(e)\nprint(m)")
    assert uses.imports == {"a.b", "c", "."}
    assert uses.calls == ("d.fit", "().score", "print")
    assert not uses.star
    assert analyse("from c import *").star
    assert analyse("%run helper.py").star
    assert analyse("%pylab inline").star
    assert analyse("exec(text)").star


def test_functions_are_told_with_what_they_use() -> None:
    body = analyse("def f(df, k=1):\n    df['x'] = g(k)\n    return H").functions["f"]
    assert body.parameters == ("df", "k")
    assert body.changed == {"df"}
    assert body.reads - {PROCESS} == {"g", "H"}


@pytest.mark.parametrize(
    "source",
    [
        "x = (",
        "x = 1\x00",
        "x = '\ud800'",
        "%%time\nx = (",
        "return\n  x",
        "(" * 5_000 + ")" * 5_000,
        "-" * 100_000 + "1",
        "x" + ".a" * 50_000,
        "x = " + "+".join(["1"] * 50_000),
        "f" + "(f" * 3_000 + ")" * 3_000,
        "\n".join(" " * depth + "if x:" for depth in range(150)),
        "x = 1\n" * 1_000_000,
    ],
    ids=range(12),
)
def test_hostile_sources_are_broken_and_never_raise(source: str) -> None:
    uses = analyse(source)
    assert uses.broken
    assert not uses.binds
    assert not uses.reads


def test_warnings_of_the_parser_are_not_ours() -> None:
    # Under filterwarnings=error an invalid escape would make the cell "broken".
    assert analyse("x = '\\d'\ny = 1 is 1").binds == {"x", "y"}


def test_the_rooms_import_nothing_heavy() -> None:
    code = (
        "import sys, snapbook.lineage.slice, snapbook.lineage.roles\n"
        "assert not {'IPython', 'pandas', 'numpy', 'nbformat'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
