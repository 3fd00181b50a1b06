"""The code of a notebook that its model needs, as one module that can be imported.

From the cells that made the model, those statements alone that bind what the model's pickle names
(functions and classes of the notebook) and what these read in turn: imports, other definitions,
plain constants. Nothing else of a cell is in it, so that importing it neither reads data nor fits.
What a definition reads and only running cells can give is named in a comment.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from snapbook.lineage.syntax import plain

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_RUNS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.comprehension)


@dataclass(frozen=True, slots=True)
class _Statement:
    """One statement at the top of a cell: its text, the names it binds, those it may read."""

    text: str
    binds: frozenset[str]
    reads: frozenset[str]
    defines: bool
    runs: bool


def module(sources: Sequence[str], wanted: Iterable[str], title: str) -> str:
    """The module with what ``wanted`` names and all that this needs; "" where nothing is needed.

    ``sources`` are the cells in the order in which they ran, ``title`` its first line.
    """
    statements = [one for source in sources for one in _statements(source)]
    last = {name: place for place, one in enumerate(statements) for name in one.binds}
    roots = [
        name for name in sorted(set(wanted)) if name in last and statements[last[name]].defines
    ]
    places: set[int] = set()
    absent: set[str] = set()
    queue = list(roots)
    for name in queue:
        place = last[name]
        if statements[place].runs:
            absent.add(name)
        elif place not in places:
            places.add(place)
            queue += [read for read in sorted(statements[place].reads) if read in last]
    if not places:
        return ""
    lines = [f'"""{title}"""', ""]
    lines += [f"# {name} is made by running cells: it is not here." for name in sorted(absent)]
    texts = [statements[place].text for place in sorted(places)]
    for place, text in enumerate(texts):
        spaced = place and ("\n" in text or "\n" in texts[place - 1])
        lines += ["", "", text] if spaced else [text]
    return "\n".join(lines) + "\n"


def _statements(source: str) -> Iterator[_Statement]:
    tree = plain(source).tree
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for node in tree.body if tree is not None else ():
        text = _text(node, lines)
        binds = frozenset(_bound(node))
        if binds and text:
            names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            defines = isinstance(node, _DEFINITIONS)
            imports = isinstance(node, (ast.Import, ast.ImportFrom))
            runs = not defines and not imports and any(isinstance(n, _RUNS) for n in ast.walk(node))
            yield _Statement(text, binds, frozenset(names) - binds, defines, runs)


def _text(node: ast.stmt, lines: Sequence[str]) -> str:
    """The statement as it stands in its cell; "" where that is not Python by itself."""
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    end, column = node.end_lineno or node.lineno, node.end_col_offset
    if end > len(lines):
        return ""  # what a magic binds (%%capture out) has no line of its own
    text = "\n".join([*lines[first - 1 : end - 1], _until(lines[end - 1], column)])
    if first == node.lineno:
        text = text.encode()[node.col_offset :].decode(errors="replace")
    same = plain(text).tree
    kept = same is not None and len(same.body) == 1 and type(same.body[0]) is type(node)
    return text if kept and not text.lstrip().startswith(("%", "!")) else ""


def _until(line: str, column: int | None) -> str:
    return line.encode()[:column].decode(errors="replace")


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a definition, an import or a plain assignment binds; no other statement's."""
    if isinstance(node, _DEFINITIONS):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield (alias.asname or alias.name).partition(".")[0]
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for one in ast.walk(target):
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                    yield one.id
