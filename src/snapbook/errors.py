"""The error tree: what a user reads when something did not happen.

Knows the form of a message (what did not happen, why, what to type) and groups errors by what the
caller would do about them. Knows nothing of faces: a hint is a verb with arguments, and each face
writes it in its own grammar, so that one error reads right in a notebook, a shell and a browser.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """The next act: a verb of the verb table and its arguments, as a face would be given them."""

    verb: str
    args: tuple[str, ...] = ()

    @property
    def call(self) -> str:
        """The act as a call in Python: snapbook.verbs.save("churn", model="rf")."""
        words: list[str] = []
        for word in self.args:
            if word.startswith("--"):
                name = word[2:].replace("-", "_")
                words.append(f"{name}{'_' if keyword.iskeyword(name) else ''}=True")
            elif words and words[-1].endswith("=True"):
                words[-1] = words[-1].removesuffix("True") + _literal(word)
            else:
                words.append(_literal(word))
        return f"snapbook.verbs.{self.verb.replace('-', '_')}({', '.join(words)})"


def _literal(word: str) -> str:
    text = repr(word)
    return f'"{word}"' if text == f"'{word}'" and '"' not in word else text


class SnapbookError(Exception):
    """One sentence: what did not happen and why; then one act.

    ``what`` and ``why`` are in the user's names and end without a full stop. ``act`` introduces the
    hint ("Keep one without running again"); ``hint`` is a `Hint`, or literal text to type where the
    act is no verb of ours. ``kind`` is stable and may be relied on by programs.
    """

    kind = "internal"
    exit_code = 70

    def __init__(
        self,
        what: str,
        why: str = "",
        *,
        act: str = "",
        hint: Hint | str | None = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(what, why)
        self.what = what
        self.why = why
        self.act = act
        self.hint = hint
        if kind is not None:
            self.kind = kind

    def __reduce__(self) -> tuple[object, ...]:
        """Survives pickling, for callers that run us in another process."""
        return (_rebuild, (type(self), self.what, self.why, self.act, self.hint, self.kind))

    @property
    def sentence(self) -> str:
        """What did not happen and why, with its full stop."""
        text = f"{self.what}: {self.why}" if self.why else self.what
        return text if text.endswith((".", "?")) else text + "."

    def __str__(self) -> str:
        """The sentence and the act, with the hint as a call: who reads this called from Python."""
        typed = self.hint.call if isinstance(self.hint, Hint) else self.hint or ""
        tail = f"{self.act}: {typed}" if self.act and typed else self.act or typed
        return f"{self.sentence} {tail}".rstrip()


def _rebuild(
    cls: type[SnapbookError], what: str, why: str, act: str, hint: Hint | str | None, kind: str
) -> SnapbookError:
    return cls(what, why, act=act, hint=hint, kind=kind)


class Usage(SnapbookError, ValueError):
    """The request is worded wrongly: the caller corrects it."""

    kind = "usage"
    exit_code = 2


class BadName(Usage):
    """A model, alias or tag name breaks the rules for names."""

    kind = "name"


class BadRef(Usage):
    """A reference does not parse."""

    kind = "ref"


class BadOption(Usage):
    """An option is unknown or its value is not one of those it takes."""

    kind = "option"


class BadExpression(Usage):
    """A search expression does not parse or names what is not there."""

    kind = "expression"


class Unclear(Usage):
    """What to version cannot be told from the cell: the caller names it."""

    kind = "unclear"


class NotFound(SnapbookError, KeyError):
    """No such model, version, blob or name."""

    kind = "not-found"
    exit_code = 3


class Conflict(SnapbookError, RuntimeError):
    """Somebody else was there first: the caller looks again."""

    kind = "conflict"
    exit_code = 4


class Refused(SnapbookError, PermissionError):
    """Trust, role or policy forbids it."""

    kind = "refused"
    exit_code = 5


class Untrusted(Refused):
    """Loading would execute somebody else's code."""

    kind = "untrusted"


class Unreachable(SnapbookError, OSError):
    """A disk, server or folder does not answer, is full or may not be written."""

    kind = "unreachable"
    exit_code = 6


class DiskFull(Unreachable):
    """No room for what was to be written."""

    kind = "disk-full"


class ReadOnly(Unreachable):
    """The place may not be written."""

    kind = "read-only"


class Damaged(SnapbookError, ValueError):
    """Stored bytes are not what their digest says, or are cut."""

    kind = "damaged"
    exit_code = 1


class NewerFormat(SnapbookError, ValueError):
    """The repository was written by a later snapbook."""

    kind = "newer-format"
    exit_code = 1


class NotRestorable(SnapbookError, RuntimeError):
    """What was kept cannot be made into an object here (package absent, other version)."""

    kind = "not-restorable"
    exit_code = 1


class NotKept(SnapbookError, TypeError):
    """An object cannot be made into bytes; ``why`` names the attribute that stands in the way."""

    kind = "not-kept"
    exit_code = 1


class Interrupted(SnapbookError, RuntimeError):
    """The user stopped the act; nothing was changed."""

    kind = "interrupted"
    exit_code = 1


def nearest(word: str, names: object, most: int = 3, distance: int = 2) -> list[str]:
    """The names within ``distance`` single edits of ``word`` (Damerau, 1964), nearest first."""
    scored = []
    for name in names if isinstance(names, (list, tuple, set, frozenset, dict)) else ():
        if isinstance(name, str) and abs(len(name) - len(word)) <= distance:
            far = _edits(word.lower(), name.lower())
            if far <= distance:
                scored.append((far, name))
    return [name for _, name in sorted(scored)[:most]]


def _edits(a: str, b: str) -> int:
    """Optimal string alignment distance between two short words."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i] + [0] * len(b)
        for j, y in enumerate(b, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]
