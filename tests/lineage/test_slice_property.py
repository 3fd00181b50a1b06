"""A slice run in a fresh namespace gives the names the values they had: random programs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from snapbook.lineage.log import Cell
from snapbook.lineage.slice import slice_for

pytestmark = pytest.mark.slow

NAMES = ("a", "b", "c", "d")
name = st.sampled_from(NAMES)
function = st.sampled_from(("f", "g"))
number = st.integers(0, 9)


def build(form: str, **parts: Any) -> Any:
    keys = list(parts)
    return st.tuples(*parts.values()).map(
        lambda got: form.format(**dict(zip(keys, got, strict=True)))
    )


simple = st.one_of(
    build("{x} = {k}", x=name, k=number),
    build("{x} = [{k}, {y}]", x=name, k=number, y=name),
    build("{x} = {{'k': {y}, 'n': {k}}}", x=name, y=name, k=number),
    build("{x} = {y}", x=name, y=name),
    build("{x} = {y}[0]", x=name, y=name),
    build("{x} = {y}['k']", x=name, y=name),
    build("{x} = list({y})", x=name, y=name),
    build("{x} = {y}[:2]", x=name, y=name),
    build("{x} = {y}.copy()", x=name, y=name),
    build("{x} = [v for v in {y}]", x=name, y=name),
    build("{x} = [{z} for v in {y}]", x=name, y=name, z=name),
    build("{x} = {y} + {z}", x=name, y=name, z=name),
    build("{x}, {y} = {y}, {x}", x=name, y=name),
    build("{x} += {y}", x=name, y=name),
    build("{x} += [{k}]", x=name, k=number),
    build("{x}[0] = {y}", x=name, y=name),
    build("{x}['n'] = {k}", x=name, k=number),
    build("{x}['k']['n'] = {k}", x=name, k=number),
    build("{x}.append({y})", x=name, y=name),
    build("{x}[0].append({k})", x=name, k=number),
    build("{x}['k'].append({k})", x=name, k=number),
    build("{x}.update(n={y})", x=name, y=name),
    build("{x}.pop()", x=name),
    build("{x} = {y}.pop()", x=name, y=name),
    build("del {x}", x=name),
    build("{x} = {f}({y})", x=name, f=function, y=name),
    build("{f}({y})", f=function, y=name),
    build("{f} = {g}", f=function, g=function),
    build("{x} = ({y} if {z} else {k})", x=name, y=name, z=name, k=number),
    build("{x} = {y} or {z}", x=name, y=name, z=name),
    build("print(({x} := {y}))", x=name, y=name),
    build("{x} = C({y})", x=name, y=name),
    build("{x}.v.append({k})", x=name, k=number),
    build("{x}.put({y})", x=name, y=name),
    build("{x} = {y}.get()", x=name, y=name),
    build("{x} = {y}.v", x=name, y=name),
    build("{x}.v = {y}", x=name, y=name),
)
block = st.one_of(
    simple,
    build("if {x}:\n    {s}\nelse:\n    {t}", x=name, s=simple, t=simple),
    build("if {x}:\n    {s}", x=name, s=simple),
    build("for v in list({x})[:3]:\n    {s}", x=name, s=simple),
    build("for {y} in list({x})[:3]:\n    {s}", x=name, y=name, s=simple),
    build("for v in list({x})[:3]:\n    v.append({k})", x=name, k=number),
    build("try:\n    {s}\nexcept Exception:\n    {t}", s=simple, t=simple),
    build("with N({x}) as {y}:\n    {s}", x=name, y=name, s=simple),
    build("def {f}(p):\n    p.append({x})\n    return {y}", f=function, x=name, y=name),
    build("def {f}(p):\n    return [p, {x}]", f=function, x=name),
    build("def {f}(p):\n    global {x}\n    {x} = p", f=function, x=name),
    build("def {f}(p):\n    {x}.append(p)", f=function, x=name),
    build("def {f}(p):\n    q = p[0]\n    q.append({k})\n    return q", f=function, k=number),
    build("def {f}(p):\n    if p:\n        return {g}(p[1:])\n    return {x}",
          f=function, g=function, x=name),
    build("{f} = lambda p: p + {x}", f=function, x=name),
    build("{f} = lambda p: p.append({x})", f=function, x=name),
    build("class C:\n    def __init__(self, v):\n        self.v = v\n    def put(self, w):\n"
          "        self.v.append(w)\n    def get(self):\n        return {x}", x=name),
    build("match {x}:\n    case [{y}, *_]:\n        {s}\n    case _:\n        {t}",
          x=name, y=name, s=simple, t=simple),
)  # fmt: skip
cell = st.lists(block, min_size=1, max_size=3).map("\n".join)
PRELUDE = """\
class N:
    def __init__(self, v): self.v = v
    def __enter__(self): return self.v
    def __exit__(self, *_): pass
a, b, c, d = [1], [[2], [3]], {'k': [4], 'n': 5}, 6
def f(p): return p
def g(p): return [p]
class C:
    def __init__(self, v): self.v = v
    def put(self, w): self.v = w
    def get(self): return self.v
"""


def run(source: str, namespace: dict[str, Any]) -> str:
    try:
        exec(compile(source, "cell", "exec"), namespace)
    except (Exception, RecursionError) as error:
        return f"error: {type(error).__name__}"
    return "ok"


def shown(value: Any, seen: tuple[int, ...] = ()) -> Any:
    """A comparable form: structure and values, no addresses."""
    if id(value) in seen:
        return "cycle"
    seen = (*seen, id(value))
    if isinstance(value, list):
        return [shown(item, seen) for item in value]
    if isinstance(value, dict):
        return {key: shown(item, seen) for key, item in value.items()}
    if callable(value):
        return "code"
    if hasattr(value, "__dict__"):
        return type(value).__name__, shown(vars(value), seen)
    return value


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cell, min_size=2, max_size=9), st.data())
def test_a_slice_reproduces_the_value(sources: list[str], data: Any) -> None:
    namespace: dict[str, Any] = {"print": lambda *_: None}
    cells = []
    for index, source in enumerate([PRELUDE, *sources]):
        cells.append(Cell(index, index + 1, "", source, outcome=run(source, namespace)))
        assume(all(len(v) < 500 for v in namespace.values() if isinstance(v, (list, str))))
    wanted = data.draw(name)
    made = slice_for(cells, len(cells) - 1, [wanted])
    again: dict[str, Any] = {"print": lambda *_: None}
    for index in made.indices:
        run(cells[index].source, again)
    marker = object()
    expected, got = namespace.get(wanted, marker), again.get(wanted, marker)
    if expected is marker:
        assert got is marker
    else:
        assert shown(got) == shown(expected)
