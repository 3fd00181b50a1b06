"""How a diff reads: what another class brings is folded, lone things are marked."""

from snapbook.display.text import text
from snapbook.parts.base import Change
from snapbook.verbs.values import Compared


def test_another_class_folds_the_names_it_brings():
    """What only one of two classes has is one line, not thirty; few changes stay lines."""
    names = [f"p{number}" for number in range(9)]
    changes = (
        Change("params", "C", "changed", 1.0, 3.0),
        *(Change("params", name, "removed", 1, None) for name in names),
        Change("params", "depth", "added", None, None),
        Change("data", "X", "added", None, None, ("X 3x2",), facts={"short": "added"}),
        Change("data", "Y", "removed", None, None, ("Y 3",), facts={"short": "removed"}),
    )
    assert text(Compared("a:0.1.0", "a:0.2.0", "", changes, {})) == [
        "a:0.1.0 -> a:0.2.0",
        "params    C           1.0 -> 3.0",
        "          depth       None  (new)",
        "          9 gone: p0, p1, p2, p3 +5",
        "data      X           3x2  (new)",
        "          Y           3  (gone)",
    ]


def test_many_changed_coefficients_are_counted():
    changes = tuple(Change("model", f"c{n}", "changed", [0.1234], [n + 0.5]) for n in range(20))
    lines = text(Compared("a:0.1.0", "a:0.2.0", "", changes, {}))
    assert lines[1] == "model     c0          [0.123] -> [0.500]"
    assert lines[-1] == "          8 more; all: --json"
    assert len(lines) == 14
