"""Two lists of cells compared: which cell became which, and the lines that differ.

Pure, on sources alone. Cells are paired by id, then by text, then by likeness; lines by the ones
that are unique on both sides (Cohen, "patience diff"), the rest by difflib. Work is bounded: large
or wholly different texts are told as replaced.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snapbook.canonical import Json
from snapbook.lineage.log import Cell
from snapbook.lineage.normal import normal_code
from snapbook.lineage.syntax import own_line
from snapbook.parts.base import Change

MOST_LINES = 2_000  # of one cell's diff
_LIKE = 0.5  # share of common words from which two cells are the same one, edited
_COMPARED = 20_000  # pairs of cells compared by their words
_SQUARE = 250_000  # old lines x new lines given to difflib
_WORD = re.compile(r"\w+")
_COMMENT = re.compile(r"#.*")
_DEEPEST = 50  # anchors within the gaps between anchors
_WORDS = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Changes in the order of the new cells (removed ones where they stood), and how many cells
    are the same.
    """

    changes: tuple[Change, ...]
    same: int


def compare(old: Sequence[Cell], new: Sequence[Cell]) -> Comparison:
    """What became of the cells of ``old``."""
    before, after = [_code(cell.source) for cell in old], [_code(cell.source) for cell in new]
    pairs, guessed = pair([cell.id for cell in old], before, [cell.id for cell in new], after)
    moved = _moved(pairs)
    origin = {there: here for here, there in pairs.items()}
    told: list[tuple[float, Change]] = []
    same = 0
    for there, cell in enumerate(new):
        here = origin.get(there)
        if here is None:
            told.append((there, _alone("added", cell, after[there])))
        elif before[here] != after[there]:
            told.append(
                (there, _edited(old[here], cell, before[here], after[there], here in guessed))
            )
        elif here in moved:
            told.append((there, _change("moved", cell, _numbers(old[here], cell))))
        else:
            same += 1
    place = -1.0
    for here, cell in enumerate(old):
        if here in pairs:
            place = pairs[here]
        else:
            told.append((place + 0.5, _alone("removed", cell, before[here])))
    return Comparison(tuple(change for _, change in sorted(told, key=lambda item: item[0])), same)


def pair(
    old_ids: Sequence[str], old: Sequence[str], new_ids: Sequence[str], new: Sequence[str]
) -> tuple[dict[int, int], frozenset[int]]:
    """Which old place became which new one, and the old places paired by likeness alone.

    Ids may be empty; one that stands several times (a cell run again) pairs in order.
    """
    pairs: dict[int, int] = {}
    left, right = list(range(len(old))), list(range(len(new)))
    keyed_old = [(name, text) for name, text in zip(old_ids, old, strict=True)]
    keyed_new = [(name, text) for name, text in zip(new_ids, new, strict=True)]
    # The same cell with the same text first, so that re-runs of it pair rightly.
    for keys_old, keys_new in ((keyed_old, keyed_new), (old_ids, new_ids), (old, new)):
        _pair_equal(keys_old, keys_new, left, right, pairs)
        taken = set(pairs.values())
        left = [here for here in left if here not in pairs]
        right = [there for there in right if there not in taken]
    alike = _pair_alike(old, new, left, right, pairs) if left and right else {}
    pairs.update(alike)
    return pairs, frozenset(alike)


def _pair_equal(
    old: Sequence[object],
    new: Sequence[object],
    left: Iterable[int],
    right: Iterable[int],
    pairs: dict[int, int],
) -> None:
    """Pair places of equal, non-empty keys, in order."""
    where: dict[object, list[int]] = defaultdict(list)
    for there in reversed(list(right)):
        where[new[there]].append(there)
    for here in left:
        key = old[here]
        if key and (not isinstance(key, tuple) or key[0]) and where.get(key):
            pairs[here] = where[key].pop()


def _pair_alike(
    old: Sequence[str], new: Sequence[str], left: list[int], right: list[int], known: dict[int, int]
) -> dict[int, int]:
    """Pair what is left by common words, the most alike first, near ones before far ones."""
    bags_old = {here: Counter(_WORDS.findall(old[here][:20_000])) for here in left}
    bags_new = {there: Counter(_WORDS.findall(new[there][:20_000])) for there in right}
    scored = []
    for here in left:
        expected = _expected(here, known)
        near = sorted(right, key=lambda there: abs(there - expected))
        for there in near[: max(1, _COMPARED // len(left))]:
            score = _alike(bags_old[here], bags_new[there])
            if score >= _LIKE:
                scored.append((-score, abs(there - expected), here, there))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, here, there in sorted(scored):
        if here not in pairs and there not in taken:
            pairs[here] = there
            taken.add(there)
    return pairs


def _expected(here: int, known: dict[int, int]) -> int:
    """Where an old place would be, were it moved like the paired one before it."""
    for back in range(here, -1, -1):
        if back in known:
            return known[back] + here - back
    return here


def _alike(a: Counter[str], b: Counter[str]) -> float:
    size = a.total() + b.total()
    if not size or 2 * min(a.total(), b.total()) < _LIKE * size:
        return 0.0
    if len(b) < len(a):
        a, b = b, a
    return 2 * sum(min(count, b[word]) for word, count in a.items() if word in b) / size


def _moved(pairs: dict[int, int]) -> set[int]:
    """Old places outside of the longest run of pairs that kept their order."""
    ends: list[int] = []
    run: list[int] = []
    before: dict[int, int] = {}
    for here in sorted(pairs):
        place = bisect_left(ends, pairs[here])
        if place:
            before[here] = run[place - 1]
        ends[place : place + 1] = [pairs[here]]
        run[place : place + 1] = [here]
    kept = set()
    here_now = run[-1] if run else None
    while here_now is not None:
        kept.add(here_now)
        here_now = before.get(here_now)
    return set(pairs) - kept


def _code(source: str) -> str:
    """A cell's text without the line that asks for the version."""
    text = source.strip("\n")
    if own_line(text):
        text = text.partition("\n")[2]
    return text.rstrip()


def _code_words(code: str) -> list[str]:
    return _WORD.findall(_COMMENT.sub("", code))


def _alone(what: str, cell: Cell, code: str) -> Change:
    mark = "+ " if what == "added" else "- "
    lines = [mark + line for line in _split(code)]
    return _change(what, cell, {}, _bounded(lines))


def _edited(old: Cell, new: Cell, before: str, after: str, guessed: bool) -> Change:
    facts = _numbers(old, new)
    if guessed:
        facts["guessed"] = True
    # Parsing is dear, and other words are other code.
    if _code_words(before) == _code_words(after) and normal_code(before) == normal_code(after):
        facts["form_only"] = True
    return _change("changed", new, facts, _bounded(line_diff(before, after)))


def _change(what: str, cell: Cell, facts: dict[str, Json], lines: tuple[str, ...] = ()) -> Change:
    if cell.id:
        facts["id"] = cell.id
    name = f"cell {cell.n}" if cell.n else f"cell at {cell.index + 1}"
    old, new = facts.pop("old", None), facts.pop("new", None)
    return Change("code", name, what, old, new, lines, facts=facts)


def _numbers(old: Cell, new: Cell) -> dict[str, Json]:
    return {"old": old.n, "new": new.n}


def _bounded(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    return (*lines[:MOST_LINES], f"... {len(lines) - MOST_LINES:,} more lines")


def line_diff(old: str, new: str) -> list[str]:
    """The lines that differ, "- " before those of ``old`` and "+ " before those of ``new``."""
    out: list[str] = []
    _lines(_split(old), _split(new), out, 0)
    return out


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n") if text else []


def _lines(old: list[str], new: list[str], out: list[str], depth: int) -> None:
    start = 0
    while start < len(old) and start < len(new) and old[start] == new[start]:
        start += 1
    stop = 0
    most = min(len(old), len(new)) - start
    while stop < most and old[-1 - stop] == new[-1 - stop]:
        stop += 1
    old, new = old[start : len(old) - stop], new[start : len(new) - stop]
    if not old or not new:
        out.extend(f"- {line}" for line in old)
        out.extend(f"+ {line}" for line in new)
        return
    anchors = _anchors(old, new) if depth < _DEEPEST else []
    if not anchors:
        _rest(old, new, out)
        return
    here = there = 0
    for next_here, next_there in [*anchors, (len(old), len(new))]:
        _lines(old[here:next_here], new[there:next_there], out, depth + 1)
        here, there = next_here + 1, next_there + 1


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Lines that stand once on both sides, in the longest common order."""
    once_old = {line for line, count in Counter(old).items() if count == 1}
    once = once_old & {line for line, count in Counter(new).items() if count == 1}
    if not once:
        return []
    where = {line: there for there, line in enumerate(new) if line in once}
    places = {here: where[line] for here, line in enumerate(old) if line in once}
    moved = _moved(places)
    return sorted((here, there) for here, there in places.items() if here not in moved)


def _rest(old: list[str], new: list[str], out: list[str]) -> None:
    if len(old) * len(new) > _SQUARE:
        out.extend(f"- {line}" for line in old)
        out.extend(f"+ {line}" for line in new)
        return
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            out.extend(f"- {line}" for line in old[i1:i2])
            out.extend(f"+ {line}" for line in new[j1:j2])
