"""The trees of a forest laid into one tree, which answers for all of them in one call.

To ask a hundred trees takes a hundred calls, and for few rows these take longer than the trees. So
their nodes are copied into one, below a few that lead to each by its number: each row is asked once
a tree, with that number as one column more. What compares and what is found are scikit-learn's own
(`Tree` of tree/_tree.pyx, made as its pickles are), so the bits are the same. Only for forests that
are small enough to be there twice.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

_MOST_NODES = 1 << 19  # some 40 MB
_MOST_ROWS = 256  # beyond, a call a tree is nothing
_MOST_NUMBERS = 1 << 20  # that are asked of at once


@dataclass(frozen=True, slots=True)
class Laid:
    """``tree`` for so many trees over ``width`` columns."""

    tree: Any
    count: int
    width: int

    def takes(self, rows: int) -> bool:
        """Whether so many rows are few."""
        return rows <= _MOST_ROWS and rows * self.count * (self.width + 1) <= _MOST_NUMBERS

    def answers(self, matrix: Array) -> Array:
        """What each tree answers to ``matrix`` (rows, columns): (trees, rows, values)."""
        import numpy as np

        rows = len(matrix)
        asked = np.empty((self.count, rows, self.width + 1), dtype=np.float32)
        asked[:, :, :-1] = matrix
        asked[:, :, -1] = np.arange(self.count, dtype=np.float32)[:, None]
        told = self.tree.predict(asked.reshape(self.count * rows, self.width + 1))
        found: Array = told.reshape(self.count, rows, -1)
        return found


def laid(trees: Sequence[Any], width: int) -> Laid | None:
    """``trees``, of one output and ``width`` columns, as one; None where they are too large, or of
    a version of scikit-learn that keeps its trees in another way.
    """
    if len(trees) - 1 + sum(tree.node_count for tree in trees) > _MOST_NODES:
        return None
    try:
        return Laid(_made(trees, width), len(trees), width)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _made(trees: Sequence[Any], width: int) -> Any:
    import numpy as np

    head = len(trees) - 1
    states = [tree.__getstate__() for tree in trees]
    ends = np.cumsum([head, *(len(state["nodes"]) for state in states)]).tolist()
    nodes = np.zeros(ends[-1], dtype=states[0]["nodes"].dtype)
    values = np.zeros((ends[-1], *states[0]["values"].shape[1:]))
    for state, begin, end in zip(states, ends, ends[1:], strict=False):
        nodes[begin:end], values[begin:end] = state["nodes"], state["values"]
        inner = nodes["left_child"][begin:end] >= 0  # a leaf has none
        for side in ("left_child", "right_child"):
            nodes[side][begin:end][inner] += begin
    _lead(nodes, ends, width)
    kind = sys.modules["sklearn.tree._tree"].Tree
    tree = kind(width + 1, np.array([values.shape[2]], dtype=np.intp), 1)
    depth = max(one.max_depth for one in trees) + head
    tree.__setstate__(
        {"max_depth": depth, "node_count": len(nodes), "nodes": nodes, "values": values}
    )
    return tree


def _lead(nodes: Array, begins: Sequence[int], column: int) -> None:
    """Make the nodes before ``begins[0]`` lead to where each tree begins, by its number in
    ``column``, by halves.
    """
    made = 0

    def lead(first: int, until: int) -> int:
        nonlocal made
        if until - first == 1:
            return begins[first]
        place, made = made, made + 1
        middle = (first + until) // 2
        left, right = lead(first, middle), lead(middle, until)
        nodes["feature"][place], nodes["threshold"][place] = column, middle - 0.5
        nodes["left_child"][place], nodes["right_child"][place] = left, right
        return place

    lead(0, len(begins) - 1)
