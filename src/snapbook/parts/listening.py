"""One ear on what Python tells audit hooks (PEP 578): files that are opened, code that is executed.

A hook cannot be taken out of a process again, and it is called for every event there is. So there
is one for all of us; it looks an event up in a table and is silent where nobody listens.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

Listener = Callable[[tuple[object, ...]], None]

_table: dict[str, tuple[Listener, ...]] = {}
_hooked: list[bool] = []


def listen(event: str, listener: Listener) -> None:
    """Call ``listener`` with the arguments of each ``event`` from now on. It must be quick: it runs
    inside the user's own call. What it raises is dropped, for it would fail that call.
    """
    if listener not in _table.get(event, ()):
        _table[event] = (*_table.get(event, ()), listener)
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_make_hook())


def unlisten(event: str, listener: Listener) -> None:
    """Call it no longer. Unknown listeners are no error."""
    left = tuple(one for one in _table.get(event, ()) if one != listener)
    if left:
        _table[event] = left
    else:
        _table.pop(event, None)


def _make_hook() -> Callable[[str, tuple[object, ...]], None]:
    find = _table.get  # bound here: at the interpreter's end module globals are gone

    def hook(event: str, args: tuple[object, ...]) -> None:
        listeners = find(event)
        if listeners is not None:
            for listener in listeners:
                try:
                    listener(args)
                except Exception:  # noqa: BLE001 - must not fail what the user does
                    continue

    return hook
