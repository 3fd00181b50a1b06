"""The content key: what makes two versions the same content, as one digest.

In it are the model's digest, the frames, parameters, the code that made the model, the local
modules and the packages which that code uses, names of metrics, attachments. Not in it: times,
outputs, the rest of the log, author, message, parents, values of metrics, comments and white space
of code, and whatever else the kernel happens to have imported.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.lineage.log import Cell
from snapbook.lineage.slice import Slice, code_key
from snapbook.parts import distributions, files
from snapbook.parts.base import Part

Get = Callable[[str], bytes]
# Code that may import what no text names.
_DYNAMIC = frozenset({"importlib", "runpy", "imp"})


def content_key(
    parts: Sequence[Part], log: Sequence[Cell], made: Slice, namespace: Mapping[str, Any], get: Get
) -> str:
    """The key of a version of these parts; "" where equality cannot be told (a frame that was not
    hashed). ``made`` are the cells that made the model, ``get`` gives stored bytes.
    """
    by_kind: dict[str, list[Part]] = {}
    for part in parts:
        by_kind.setdefault(part.kind, []).append(part)
    frames = by_kind.get("frame", [])
    if any(part.facts.get("digest") is None for part in frames):
        return ""
    metrics: Any = by_kind["metrics"][0].facts["values"] if "metrics" in by_kind else {}
    model = by_kind["model"][0]
    named = imported_by(made, model, namespace)
    local, named = _local_code(by_kind.get("files", ()), log, made, named, get)
    content: dict[str, Json] = {
        "model": model.facts["digest"],
        "frames": sorted(
            [str(part.facts.get("role", "")), str(part.facts["digest"])] for part in frames
        ),
        "params": [
            {name: part.facts[name] for name in ("values", "search") if name in part.facts}
            for part in by_kind.get("params", ())
        ],
        "code": code_key(log, made, local),
        "packages": dict(distributions.behind(named)),
        "metrics": sorted(metrics),
        "attachments": [
            dict(part.facts) for part in by_kind.get("files", ()) if part.name == "attachments"
        ],
    }
    return canonical.digest(canonical.encode(content))


def imported_by(made: Slice, model: Part, namespace: Mapping[str, Any]) -> set[str]:
    """The modules behind a model, dotted: those its cells import, those the stored model names,
    and those that its cells use but were put into the namespace otherwise (a start-up file).
    """
    found = set(made.imports)
    named: Any = model.facts.get("imports") or ()
    found.update(str(one).partition(":")[0] for one in named)
    if framework := str(model.facts.get("framework") or ""):
        found.add(framework)
    for name in made.reads:
        value = namespace.get(name)
        if issubclass(type(value), ModuleType):
            found.add(str(object.__getattribute__(value, "__dict__").get("__name__", "")))
    return {name for name in found if name}


def _local_code(
    parts: Sequence[Part], log: Sequence[Cell], made: Slice, named: set[str], get: Get
) -> tuple[dict[str, str], set[str]]:
    """The digests of local modules and scripts that the cells use, directly or by each other, and
    ``named`` with all that these import.
    """
    entries = [one for part in parts if part.name == "modules" for one in files.entries(part)]
    sources = [log[index].source for index in made.indices]
    everything = not made.whole or bool(_DYNAMIC & {name.partition(".")[0] for name in named})
    digests: dict[str, str] = {}
    named = set(named)
    waiting = [dict(one) for one in entries]
    while True:
        tops = {name.partition(".")[0] for name in named}
        used = [one for one in waiting if everything or _is_used(one, tops, sources)]
        if not used:
            return digests, named
        waiting = [one for one in waiting if one not in used]
        for one in used:
            digests[str(one.get("module") or one["path"])] = str(one["digest"])
            named |= _imports(get(str(one["digest"])))


def _is_used(entry: Mapping[str, Json], tops: set[str], sources: Sequence[str]) -> bool:
    """A module by its first word, a script (%run) by its file's name in a cell."""
    module = str(entry.get("module") or "")
    if module:
        return module.partition(".")[0] in tops
    stem = str(entry["path"]).rpartition("/")[2].rpartition(".")[0]
    return any(stem in source for source in sources)


@lru_cache(maxsize=512)
def _imports(source: bytes) -> frozenset[str]:
    """The modules that a local module's text imports, relative ones left out: they are its own."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return frozenset(found)
