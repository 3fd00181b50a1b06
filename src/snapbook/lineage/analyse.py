"""What one cell does to names: its Uses, from the source alone.

Pure and cached by source, so that a cell is walked once however often it is asked about. Never
raises: what does not parse, or is too deep to walk, has empty Uses with ``broken``.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from snapbook.lineage import words
from snapbook.lineage.flow import Flow
from snapbook.lineage.syntax import plain
from snapbook.lineage.uses import Bind, Body, Event, Read, Uses
from snapbook.lineage.walk import Walk

_BROKEN = Uses(broken=True)


@lru_cache(maxsize=16_384)
def analyse(source: str) -> Uses:
    """The Uses of a cell, IPython's syntax included."""
    python = plain(source)
    if python.tree is None:
        return _BROKEN
    walk = Walk()
    try:
        walk.body(python.tree.body)
        events = _private(walk.events) if python.private else tuple(walk.events)
        flow = Flow()
        flow.step(0, events)
    except RecursionError:
        return _BROKEN
    binds = [event for event in events if isinstance(event, Bind) and event.name[0] != "#"]
    names = {event.name for event in binds}
    definite = {event.name for event in binds if event.definite}
    hidden = {words.PROCESS}
    return Uses(
        reads=frozenset(flow.free - hidden),
        binds=frozenset(names - walk.deletes) | (frozenset(names) & walk.deletes & _rebound(binds)),
        maybe=frozenset(names - definite),
        mutates=frozenset(flow.changed - hidden) | frozenset(walk.deletes),
        deletes=frozenset(walk.deletes),
        calls=tuple(walk.calls),
        imports=frozenset(walk.imports),
        functions=_functions(binds),
        events=events,
        star=walk.star or python.star,
    )


def _private(events: list[Event]) -> tuple[Event, ...]:
    """The events of code that runs in a function of its own: what it binds is gone after it."""
    bound = {event.name for event in events if isinstance(event, Bind)}
    return tuple(
        event
        for event in events
        if not isinstance(event, Bind) and not (isinstance(event, Read) and event.name in bound)
    )


def _rebound(binds: list[Bind]) -> frozenset[str]:
    """Names bound more than once: a deleted one may be back."""
    times = Counter(event.name for event in binds)
    return frozenset(name for name, count in times.items() if count > 1)


def _functions(binds: list[Bind]) -> dict[str, Body]:
    return {event.name: event.bodies[-1] for event in binds if event.bodies}
