"""Normal code: equal for the same code in another form, and the same text on every Python."""

from __future__ import annotations

import hashlib

import pytest

from snapbook.lineage.normal import normal_code

SAME = [
    ("x=1", "x = 1  # one\n\n"),
    ("%%version_model churn\nx = 1", "x = 1"),
    ("%%version_model churn -m 'a'\nx = 1", "# snapbook: version_model churn\nx = 1"),
    ("f(a,\n  b)", "f(a, b)"),
    ("x = 'a'", 'x = "a"'),
    ("x = 1_000", "x = 1000"),
    ("x = (1)", "x = 1"),
    ("%%time\nx = 1", "x = 1"),
    ("%time x = 1", "x = 1"),
    ("x = 'a' 'b'", "x = 'ab'"),
    ("x = f'{a}' 'b'", "x = f'{a}b'"),
    ("x = 1\r\ny = 2", "x = 1\ny = 2"),
    ("x = (", "x = (   \n"),
    ("%%version_model a\nx = (", "x = ("),
    ("%matplotlib inline\nx = 1", "%matplotlib inline\n\nx = 1"),
    ("%%version_model a\n%%bash\nls", "%%bash\nls"),
]
OTHER = [
    ("x = 1", "x = 1.0"),
    ("x = 1", "x = True"),
    ("x = 1", "x = '1'"),
    ("x = b'a'", "x = 'a'"),
    ("x = -0.0", "x = 0.0"),
    ("def f():\n    'a'", "def f():\n    'b'"),
    ("x = f'{a}'", "x = f'{a!r}'"),
    ("x = f'{a}'", "x = f'{a:2}'"),
    ("x = f'a'", "x = 'a'"),
    ("x = y", "x = z"),
    ("%pip install a", "%pip install b"),
    ("%%bash\nls", "%%bash\nls -l"),
    ("x: int = 1", "x = 1"),
    ("x = None", "x = ..."),
    ("f(x)", "f(*x)"),
    ("lambda: None", "lambda: ..."),
]
EVERYTHING = r'''
import a.b as c
from . import d
from e import *
@deco(1)
async def f(a, /, b: int = 2, *args, k, l=3, **kw) -> list[int]:
    """Doc."""
    async with a as b, c: pass
    async for i in j: await k
    return [x async for x in y if z]
def g(*, a=None): yield; yield from b
class K(Base, metaclass=M):
    x: int
    def m(self): return super().m()
if (n := 10) > 5 < 7: del n, m[0]
elif not a or b and c: raise E from e
else: assert x, "msg"
while True: break
for i, (j, *k) in l: continue
try: pass
except (A, B) as e: pass
except* C if False else D: pass
'''.replace("except* C if False else D: pass\n", "else: pass\nfinally: pass\n")
TABLE = [
    EVERYTHING,
    "try: pass\nexcept* A as e: pass",
    "match x:\n    case {'a': 1, **r}: pass\n    case [1, *_] | K(a, b=2): pass\n"
    "    case -1 | 1+2j | None | 'a' as z if z: pass\n    case _: pass",
    "x = f'{a}{b!r:>{w}.{p}}{c=} {{}} \\n {d[\"k\"]:%Y-%m}' rf'\\d{e}' 'tail'",
    "x = f'''{\n a }''' f\"{f'{b}'}\"",
    "x = [1, 2.5, 1e300, 1j, 0x1F, 10**3, True, None, ..., b'\\xff', 'é\\u2028\\U0001f600']",
    "x = " + "9" * 5_000,
    "x = '\\ud800'",
    "a = b[1:2, ..., ::3]; c = {**d, 'e': 1}; g = {1, *h}; i = (*j,); k[*l] = 1",
    "f(*a, b=1, **c); lambda x, *y: (yield); not -+~x ** 2 @ z // 1 << 3",
    "a += 1; b @= 2; c: int; global d; (e.f): int = 1; g = h if i else j",
    "%%time\n!ls {x}\nfiles = !ls\n%matplotlib inline\ndf?\nx = 1",
    "x = '\U0001fae8\u0378'",
]
GOLDEN = "33d28a8b95ee5362deeb715a572e7fea78b3f57104d3e5a15ca6bed32d915924"


@pytest.mark.parametrize(("one", "other"), SAME)
def test_form_makes_no_difference(one: str, other: str) -> None:
    assert normal_code(one) == normal_code(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_code_makes_a_difference(one: str, other: str) -> None:
    assert normal_code(one) != normal_code(other)


def test_a_short_one_in_full() -> None:
    assert normal_code("x = f(1, 'a')  # comment") == (
        "Module(body=[Assign(targets=[Name(id='x',),],value=Call(func=Name(id='f',),"
        "args=[Constant(value=0x1,),Constant(value='a',),],),),],)"
    )


def test_every_python_gives_the_same_text() -> None:
    """Golden: stored keys rest on it. Run on 3.11, 3.12 and 3.13."""
    text = "\n\n".join(normal_code(source) for source in TABLE)
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN


@pytest.mark.parametrize("source", ["x = 1\x00", "(" * 5_000, "-" * 100_000 + "1", "\ud800"])
def test_what_does_not_parse_is_its_text(source: str) -> None:
    assert normal_code(f"%%version_model a\n{source}  \n") == source
