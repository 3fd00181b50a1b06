"""The ranks of docs/design.md: imports go down, lazy ones included."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src" / "snapbook"
RANKS = {
    0: "errors canonical refs settings",
    1: "chunk profile events formats signing secrets failure lines listening bounded process watch",
    2: "store flavors",
    3: "trust lineage serve",
    4: "parts batch",
    5: "manifest withheld capture choose compare inputs key kernel metrics namespace numbers"
    " catalog",
    6: "repository sayings offers transfer gc verify noticing",
    7: "gates trial promote deploy replay registry export",
    8: "places report",
    9: "verbs",
    10: "magics display completion widgets cli server web api __main__",
}
RANK = {room: rank for rank, rooms in RANKS.items() for room in rooms.split()}
FILES = sorted(path for path in SRC.rglob("*.py") if path != SRC / "__init__.py")


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imported(path: Path) -> set[str]:
    """Every snapbook module that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("snapbook"):
            if node.module == "snapbook":
                found |= {f"snapbook.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("snapbook.")}
        elif isinstance(node, ast.ImportFrom) and node.level:
            pytest.fail(f"{path.name} imports relatively: name the room")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_imports_go_down(path):
    here = path.relative_to(SRC).parts[0].removesuffix(".py")
    assert here in RANK, f"{here} has no rank: give it one here and in docs/design.md"
    for module in imported(path):
        there = room(module)
        assert there in RANK, f"{module} has no rank"
        if there != here:
            assert RANK[there] < RANK[here] or (
                RANK[there] == RANK[here] and here != there and _free(here, there)
            ), f"{here} (rank {RANK[here]}) imports {there} (rank {RANK[there]})"


def test_serving_knows_a_bundle_and_nothing_of_repositories():
    low = {room for room, rank in RANK.items() if rank < 2} | {"flavors", "serve"}
    for path in (SRC / "serve").rglob("*.py"):
        assert {room(module) for module in imported(path)} <= low, path.name


def _free(here: str, there: str) -> bool:
    """Rooms of one rank may import each other in one direction only; faces never do."""
    if RANK[here] == 10:
        # One face in three files: what the shell starts, what runs, what completes.
        # And what the shell serves.
        files = {("__main__", "cli"), ("cli", "completion"), ("cli", "web")}
        return there == "display" or (here, there) in files
    backwards = [
        path for path in FILES if path.relative_to(SRC).parts[0].removesuffix(".py") == there
    ]
    return not any(room(module) == here for path in backwards for module in imported(path))
