"""IPython's syntax made plain Python, line for line.

Knows magics, shell escapes and help; knows nothing of what the code means. Pure text: IPython is
not imported, so that stored cells can be read where it is absent. Lines keep their numbers.
"""

from __future__ import annotations

import ast
import itertools
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

# Cell magics whose body runs as Python in the notebook's namespace.
_PYTHON_BODY = {
    "version_model", "time", "capture", "prun", "memit", "mprun", "debug", "lprun", "scalene",
    "snapbook", "wandb", "heat", "notify", "timer",
}  # fmt: skip
# Their body runs in a function of its own: it binds nothing.
_PRIVATE_BODY = {"timeit"}
_TIMERS = {"time", "prun", "memit", "lprun", "mprun", "timeit"}
_OURS = re.compile(r"%%?(version_model|snapbook|versions?|\w+_versions?)\b|#\s*snapbook:")
_CELL_MAGIC = re.compile(r"%%([A-Za-z_][\w.]*)[ \t]*(.*)")
_LINE_MAGIC = re.compile(r"(\s*)(?:([\w., \t\[\]'\"]+?)\s*=\s*)?([%!])(?![=])(.*)", re.DOTALL)
_HELP = re.compile(r"\s*(\?{1,2}\s*%{0,2}[\w.*]+|%{0,2}[\w.*\[\]'\"]+\s*\?{1,2})\s*(#.*)?$")
_AUTOCALL = re.compile(r"/([A-Za-z_][\w.]*)[ \t]*(.*)")
_OPTIONS = re.compile(r"(?:\s*-[A-Za-z](?:\s*\d+)?(?=\s))*\s*")
_SCAN = re.compile(r'"""|\'\'\'|"|\'|#|[()\[\]{}]|\\')
_INTERPOLATED = re.compile(r"\{([^{}]+)\}|\$([A-Za-z_]\w*)")
_PROMPT = re.compile(r"(>>> |\.\.\. ?|In \[\d+\]: )")
_ANALYSED = 400_000  # characters; more is data pasted in, and would take seconds


@dataclass(frozen=True, slots=True)
class Plain:
    """A cell as Python.

    ``tree`` is None where it does not parse or is no Python. ``magics`` are the lines that were
    taken out and do something; ``star`` says that names may have been bound that nobody can see
    (%run, %pylab); ``private`` that the body binds nothing (%%timeit).
    """

    tree: ast.Module | None
    magics: tuple[str, ...] = ()
    star: bool = False
    private: bool = False
    broken: bool = False


@lru_cache(maxsize=256)
def plain(source: str) -> Plain:
    """``source`` as Python. Never raises but on KeyboardInterrupt."""
    if len(source) > _ANALYSED:
        return Plain(None, broken=True)
    text = _dedent(source.replace("\r\n", "\n").replace("\r", "\n"))
    first = text.lstrip()[:1]
    if first not in ("%", "!", "?", "/", ">"):
        tree = _parse(text)
        if tree is not None:
            return Plain(tree)
    return _translate(text)


def own_line(source: str) -> bool:
    """Whether the first line of ``source`` is one of our magics, in either form."""
    return _OURS.match(source.lstrip()) is not None


def _parse(text: str) -> ast.Module | None:
    try:
        # "\d" warns on each Python in its own way, and may be made an error by the user.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None


def _dedent(text: str) -> str:
    """IPython takes the first line's indent and classic prompts off all lines."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    if first.startswith((">>> ", "In [")) and _PROMPT.match(first):
        return "\n".join(_PROMPT.sub("", line, count=1) for line in text.split("\n"))
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    if not indent:
        return text
    return "\n".join(line.removeprefix(indent) for line in text.split("\n"))


def _translate(text: str) -> Plain:
    lines = text.split("\n")
    magics: list[str] = []
    extra: list[str] = []
    private = False
    for position, line in enumerate(lines):
        if not line.strip():
            continue
        found = _CELL_MAGIC.match(line)
        if found is None:
            if line.lstrip().startswith("#"):
                continue
            break
        name, rest = found.groups()
        lines[position] = ""
        extra.extend(_outputs(name, rest))
        if name not in _PYTHON_BODY | _PRIVATE_BODY:
            return _assemble(
                [*extra, *_reads(rest)], ("\n".join((line, *lines[position + 1 :])).strip(),)
            )
        private = private or name in _PRIVATE_BODY
        if name not in _TIMERS and not _OURS.match(line):
            magics.append(line.strip())
    star = _line_magics(lines, magics)
    tree = _parse("\n".join(lines) + "".join(f"\n{line}" for line in extra))
    return Plain(tree, tuple(magics), star, private, tree is None)


def _assemble(lines: list[str], magics: tuple[str, ...]) -> Plain:
    tree = _parse("\n".join(lines))
    return Plain(tree or ast.Module([], []), magics)


def _line_magics(lines: list[str], magics: list[str]) -> bool:
    """Replace line magics in place; says whether one of them binds names unseen."""
    star = False
    open_quote, depth = "", 0
    position = 0
    while position < len(lines):
        line, start = lines[position], position
        if not open_quote and depth == 0 and line.strip():
            stripped = line.lstrip()
            taken = None
            if stripped[0] in "%!" or _HELP.match(line) or "%" in line or "!" in line:
                taken = _magic(line, lines, position)
            elif stripped[0] == "/" and (call := _AUTOCALL.match(stripped)):
                taken = f"{call[1]}({', '.join(call[2].split())})", "", False
            if taken is not None:
                code, kept, unseen = taken
                while lines[position].endswith("\\") and position + 1 < len(lines):
                    position += 1
                    lines[position] = ""
                lines[start] = code
                star = star or unseen
                if kept and not _OURS.match(kept):
                    magics.append(kept)
                position += 1
                continue
        open_quote, depth = _scan(line, open_quote, depth)
        position += 1
    return star


def _magic(line: str, lines: list[str], position: int) -> tuple[str, str, bool] | None:
    """(Python in its place, text kept, whether it binds unseen names), or None for no magic."""
    if _HELP.match(line):
        return "", "", False
    found = _LINE_MAGIC.match(line)
    if found is None:
        return None
    indent, target, mark, rest = found.groups()
    while rest.endswith("\\") and position + 1 < len(lines):
        position += 1
        rest = rest[:-1] + lines[position]
    rest = rest.strip()
    name, _, arguments = rest.partition(" ")
    assign = f"{target} = " if target else ""
    kept = line.strip()
    if mark == "%" and name in _TIMERS:
        options = _OPTIONS.match(" " + arguments)
        code = arguments[options.end() - 1 :] if options and arguments else "pass"
        if name == "timeit" and (timed := _parse(code.strip())) is not None:
            code = f"({', '.join(_loads(timed))},)"  # it binds nothing
        return f"{indent}{assign}{code.strip() or 'pass'}", "", False
    reads = ", ".join(_reads(rest))
    value = f"({reads},)" if reads else "None"
    if mark == "%" and name == "store" and arguments.startswith("-r "):
        return f"{indent}{' = '.join([*arguments[3:].split(), 'None'])}", kept, False
    if mark == "%" and name in ("cd", "env", "set_env", "chdir"):
        return f"{indent}{assign}__process__({reads})", kept, False
    code = f"{indent}{assign}{value}" if assign or reads else f"{indent}pass"
    return code, kept, mark == "%" and name in ("run", "pylab", "load_model")


def _reads(text: str) -> list[str]:
    """The Python expressions that a magic's or shell's line takes in by {x} and $x."""
    found = [(match[1] or match[2]).strip() for match in _INTERPOLATED.finditer(text)]
    return [code for code in found if (tree := _parse(code)) and _is_expression(tree)]


def _loads(tree: ast.Module) -> list[str]:
    """The names that ``tree`` looks up and does not bind, and a 0."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    return [*dict.fromkeys(node.id for node in names if node.id not in bound), "0"]


def _is_expression(tree: ast.Module) -> bool:
    return len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)


def _outputs(name: str, rest: str) -> list[str]:
    """Assignments for the names that a cell magic binds: %%capture out, %%bash --out text."""
    words = rest.split()
    if name == "capture":
        return [f"{word} = None" for word in words if word.isidentifier()][:1]
    names = [b for a, b in itertools.pairwise(words) if a in ("--out", "--err")]
    return [f"{word} = None" for word in names if word.isidentifier()]


def _scan(line: str, quote: str, depth: int) -> tuple[str, int]:
    """The open triple quote and the bracket depth after ``line``."""
    at = 0
    while True:
        if quote:
            end = line.find(quote, at)
            if end < 0:
                # A single quote ends with its line, unless the line is continued.
                return (quote if len(quote) == 3 or line.endswith("\\") else ""), depth
            if end and line[end - 1] == "\\":
                at = end + 1
                continue
            at, quote = end + len(quote), ""
            continue
        found = _SCAN.search(line, at)
        if found is None or found[0] == "#":
            return "", depth
        at = found.end()
        if found[0] in "([{":
            depth += 1
        elif found[0] in ")]}":
            depth = max(0, depth - 1)
        elif found[0] != "\\":
            quote = found[0]
