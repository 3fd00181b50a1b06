"""What verbs return: values that faces write, each in its own way. Nothing here prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.manifest import Manifest
    from snapbook.parts.base import Change, Part


@dataclass(frozen=True, slots=True)
class Saved:
    """The outcome of a save.

    ``version`` is the new version, or the present one where ``unchanged``. ``metrics`` are in the
    order they are shown, main first. ``kept`` counts what the version holds ("5 cells"), ``folded``
    says it, one line a thing. ``unusual`` and ``not_kept`` are ready lines of the card (2 and 3).
    ``seconds`` is what the capture took. ``dry`` where nothing was written. ``row`` is the new
    version as lists tell it, so that whoever shows a list need not ask for it.
    """

    version: VersionRow
    unchanged: bool
    bump: str
    reason: str
    variable: str
    class_name: str
    metrics: tuple[Change, ...] = ()
    kept: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()
    unusual: tuple[str, ...] = ()
    not_kept: tuple[str, ...] = ()
    new_bytes: int = 0
    seconds: float = 0.0
    first_of_repository: bool = False
    dry: bool = False
    quiet: bool = False
    row: Listed | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Versions, newest first. ``note`` says why there are none, or how many more there are."""

    rows: tuple[VersionRow, ...]
    models: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Previous:
    """The version before one: its reference, and its value of the later one's main metric."""

    ref: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One version in a list.

    ``delta`` is how far the main metric moved since ``previous``; ``better`` is None where nothing
    moved or nobody said which way is better. ``mine``: the asker made it. ``provenance`` is "this"
    for a version of the notebook that was asked for, "other" for one of another notebook,
    "registry" for somebody else's that came from one, "" where nothing says. ``pushed`` is None
    where nothing was ever shared, ``reproduced`` while nothing can say.
    """

    version: VersionRow
    previous: Previous | None = None
    delta: float | None = None
    better: bool | None = None
    mine: bool = False
    provenance: str = ""
    pushed: bool | None = None
    reproduced: bool | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One event about a version: its place in the chain, UTC as events write it, by whom, of which
    type (version, note, tag, alias, ...), and what it did in words.
    """

    n: int
    time: str
    author: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Summary:
    """``set_params`` are the parameters that are not the default's; ``changed`` a line for each
    thing that differs from the version ``since`` ("" and none for a first version).
    """

    set_params: Mapping[str, Json]
    since: str = ""
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A thing that a model came from, or that points at it. ``kind`` is file, module, cell, frame,
    model or alias; ``section`` the part of a version's page that tells more.
    """

    id: str
    kind: str
    label: str
    detail: str
    section: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Where the version ``ref`` came from: edges are (earlier, later) ids of nodes; ``folded`` is
    how many nodes are left out.
    """

    ref: str
    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]
    folded: int = 0
    echo: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One version in full. ``echo`` is the resolution of a reference that was not literal.

    ``notes`` are (time, author, text); ``events`` all that happened to it, oldest first. ``apart``
    says which rows were not shared.
    """

    version: VersionRow
    manifest: Manifest
    parts: tuple[Part, ...]
    notes: tuple[tuple[str, str, str], ...] = ()
    echo: str = ""
    events: tuple[Act, ...] = ()
    summary: Summary | None = None
    apart: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions side by side: as references, what differs and what is the same."""

    old: str
    new: str
    apart: str
    changes: tuple[Change, ...]
    same: Mapping[str, int]
    echo: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """A variable's value that no version has: what it is, why it may be lost, when it was fitted
    (ISO 8601, "" if that is not known).
    """

    name: str
    what: str
    why: str
    time: str = ""


@dataclass(frozen=True, slots=True)
class Swap:
    """A variable before and after a restore, in words ("" where there is none yet); ``changes`` are
    its parameters that differ, ``same`` where nothing does.
    """

    name: str
    old: str
    new: str
    changes: tuple[str, ...] = ()
    same: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """Something more that a version could bring back: ``what`` as `--what` takes it, how many, the
    bytes in memory (None where that says nothing), and their names.
    """

    what: str
    count: int
    bytes: int | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did, or with ``preview`` would do.

    ``bound`` are (variable, what it is now); ``replaced`` (variable, where its old value is kept,
    "" if nowhere); ``files`` paths written; ``warnings`` environment differences. A preview also
    tells what would be ``lost``, each variable's ``swaps``, how many others are ``untouched``, and
    what ``more`` the version holds. ``apart`` says which rows were not shared.
    """

    ref: str
    bound: tuple[tuple[str, str], ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    echo: str = ""
    preview: bool = False
    undone: bool = False
    lost: tuple[Lost, ...] = ()
    swaps: tuple[Swap, ...] = ()
    untouched: int = 0
    more: tuple[Offer, ...] = ()
    apart: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A simple act: the lines to say, and the same as data for programs."""

    lines: tuple[str, ...]
    data: Mapping[str, Json] = field(default_factory=dict)
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Drawn(Done):
    """An act whose outcome can be looked at as well: ``html`` is a piece of a page, all escaped."""

    html: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """What bare `snapbook` says: the status and the newest versions."""

    status: Done
    newest: Listing
