"""What a cell does to names, as values: events in order, bodies of functions, and their sum.

Knows nothing of how they are found (`walk`) or used (`flow`, `slice`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Read:
    """A name is looked up."""

    name: str


@dataclass(frozen=True, slots=True)
class Bind:
    """A name is bound. ``definite`` is False where that may not happen (a branch, a loop).

    ``sources`` say what the value shares with other names, as (how, name): same, part (it is a
    part of name), hold (it holds name), copy (same elements), arg:KEY (name went into the call of
    a function as argument KEY), callee (it came from calling name), method (from a method of it).
    """

    name: str
    definite: bool = True
    sources: tuple[tuple[str, str], ...] = ()
    immutable: bool = False
    bodies: tuple[Body, ...] = ()
    module: bool = False


@dataclass(frozen=True, slots=True)
class Mutate:
    """The object of a name is changed in place; ``deep`` also what it holds."""

    name: str
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """``holder`` holds ``part`` from now on."""

    holder: str
    part: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call ``callee(...)`` or ``callee.method(...)``.

    ``arguments`` are (position or keyword, base name). ``discarded``: nobody takes the value, so
    it is made for what it changes.
    """

    callee: str
    method: str
    arguments: tuple[tuple[int | str, str], ...]
    discarded: bool


Event: TypeAlias = "Read | Bind | Mutate | Link | Call"


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What running a function, or using an object of a class, does to names outside of it.

    ``changed`` are parameters changed in place; ``passes`` are (callee, key, parameter, discarded)
    for parameters handed on; ``gives`` are parameters that the result may share its value with.
    ``methods`` those of a class, and ``changers`` the methods that
    change their object.
    """

    name: str
    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    mutates: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()
    passes: tuple[tuple[str, int | str, str, bool], ...] = ()
    gives: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    changers: frozenset[str] = frozenset()
    is_class: bool = False


@dataclass(frozen=True, slots=True)
class Uses:
    """What one cell does to names.

    ``reads`` are free names, also those of functions that it defines and uses, and not those it
    binds first. ``binds`` are names bound at top level, ``maybe`` those of them that may not be.
    ``mutates`` are changed in place (or deleted: ``deletes``). ``calls`` are dotted names in
    order, ``imports`` module names. ``star``: it may bind names that nobody can see. ``broken``:
    it does not parse, and all else is empty.
    """

    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    mutates: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    calls: tuple[str, ...] = ()
    imports: frozenset[str] = frozenset()
    functions: Mapping[str, Body] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    star: bool = False
    broken: bool = False
