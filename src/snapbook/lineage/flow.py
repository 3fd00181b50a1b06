"""Names followed through cells: who wrote each last, what shares its value, which code it carries.

A `Flow` takes cells in the order of their execution and says for each which earlier cells it needs.
It knows events, not Python. One dictionary lookup an event, so that ten thousand cells are nothing.

A cell that changes a name in place, or may have bound it, needs the cell that wrote it before:
therefore one last writer a name is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from snapbook.lineage import words
from snapbook.lineage.uses import Bind, Body, Call, Event, Mutate, Read

# How a change reaches a name: its object, also what that holds, something in it, anything in it.
_TOUCHED = 256  # names changed at once; beyond, the cell counts as having changed all
_SELF, _DEEP, _WITHIN, _WITHIN_ALL = range(4)


class Flow:
    """The state of all names after the cells seen so far.

    ``guess``: functions that are not known may give their arguments back (inside of bodies).
    """

    def __init__(self, guess: bool = False) -> None:
        self._guess = guess
        self._taken: set[tuple[str, str]] = set()
        self.writers: dict[str, list[int]] = {}
        self.bodies: dict[str, list[tuple[int, frozenset[Body]]]] = {}
        self._same: dict[str, set[str]] = {}
        self._holds: dict[str, set[str]] = {}
        self._held_by: dict[str, set[str]] = {}
        self._immutable: set[str] = set()
        self._modules: set[str] = set()
        self._copies = 0
        self._star: int | None = None
        self._begin(-1, True)

    def _begin(self, index: int, complete: bool) -> None:
        self._now = index
        self._complete = complete
        self.needs: set[int] = set()
        self.free: set[str] = set()
        self.changed: set[str] = set()
        self._bound: set[str] = set()
        self._used: set[Body] = set()

    def step(
        self, index: int, events: Iterable[Event], *, complete: bool = True, star: bool = False
    ) -> frozenset[int]:
        """Take the cell at ``index`` (larger than all before); give the cells it needs directly.

        ``complete`` is False for a cell that failed: what it binds may not be bound.
        """
        self._begin(index, complete)
        for event in events:
            if isinstance(event, Read):
                self._read(event.name)
            elif isinstance(event, Bind):
                self._bind(event)
            elif isinstance(event, Call):
                self._call(event)
            elif isinstance(event, Mutate):
                self._mutate(event.name, event.deep)
            else:
                self._link(event.holder, event.part)
        if star:
            self._scatter()
        self.needs.discard(index)
        return frozenset(self.needs)

    def carried(self, name: str) -> frozenset[Body]:
        """The bodies of functions and classes that the value of ``name`` would run."""
        history = self.bodies.get(name)
        return history[-1][1] if history else frozenset()

    # -- reading ---------------------------------------------------------------------------------

    def _read(self, name: str) -> None:
        """The name is looked up, and what its functions would look up may be."""
        changed: list[str] = []
        queue = [name]
        for here in queue:
            if here not in self._bound:
                self.free.add(here)
                self._need(here)
            for body in self.carried(here) - self._used:
                self._used.add(body)
                queue.extend(body.reads)
                changed.extend(body.mutates)
                for written in body.binds:
                    self._write(written, False)
        for other in changed:
            self._mutate(other, True)

    def _need(self, name: str) -> None:
        if name in self._bound:
            return
        writers = self.writers.get(name)
        if writers:
            # Of a step that was interrupted and is taken again, this cell may be the last.
            again = writers[-1] == self._now and len(writers) > 1
            self.needs.add(writers[-2] if again else writers[-1])
        elif name in words.BUILTIN or name[0] in "<#":
            return  # not looked for in what a cell may have bound unseen
        if self._star is not None and (not writers or writers[-1] < self._star):
            self.needs.add(self._star)

    def _scatter(self) -> None:
        """The cell may have written any name."""
        if self._star is not None:
            self.needs.add(self._star)
        self._star = self._now

    # -- writing ---------------------------------------------------------------------------------

    def _write(self, name: str, definite: bool) -> None:
        if not definite:
            self._need(name)
        writers = self.writers.setdefault(name, [])
        if not writers or writers[-1] != self._now:
            writers.append(self._now)
        if definite:
            self._bound.add(name)

    def _bind(self, event: Bind) -> None:
        name, definite = event.name, event.definite and self._complete
        carried = frozenset(event.bodies).union(*self._inherited(event.sources))
        before = self.carried(name)
        self._write(name, definite)
        links = list(event.sources)
        if definite:
            ghost = self._forget(name, any(other == name for _, other in links))
            links = [(how, ghost if other == name else other) for how, other in links]
        else:
            carried |= before
        if carried or before:
            self._carry(name, carried)
        if event.immutable and definite:
            self._immutable.add(name)
            return
        self._immutable.discard(name)
        (self._modules.add if event.module else self._modules.discard)(name)
        for how, other in links:
            self._relate(name, how, other, event.sources)

    def _inherited(self, sources: Iterable[tuple[str, str]]) -> Iterator[frozenset[Body]]:
        for how, other in sources:
            bodies = self.carried(other)
            if how == "callee":
                yield frozenset(body for body in bodies if body.is_class)
            elif bodies:
                yield bodies

    def _carry(self, name: str, carried: frozenset[Body]) -> None:
        history = self.bodies.setdefault(name, [])
        if history and history[-1][0] == self._now:
            history[-1] = (self._now, carried)
        else:
            history.append((self._now, carried))

    def _relate(
        self, name: str, how: str, other: str, sources: tuple[tuple[str, str], ...]
    ) -> None:
        if other == name or other in self._immutable or other in self._modules:
            return
        if how == "same":
            self._share(name, other)
        elif how == "part":
            self._link(other, name, taken=True)
        elif how == "hold":
            self._link(name, other)
        elif how == "copy":
            for part in self._elements(other):
                self._link(name, part)
            self._copies += 1
            self._link(name, element := f"##{self._copies}", taken=True)
            self._link(other, element, taken=True)
        elif how == "method" and any(body.is_class for body in self.carried(other)):
            self._link(other, name, taken=True)
        elif how.startswith("arg") and self._gives_back(how[4:], sources):
            self._share(name, other)

    def _gives_back(self, key: str, sources: tuple[tuple[str, str], ...]) -> bool:
        """Whether the function that was called may give its argument ``key`` back."""
        for how, callee in sources:
            if how == "callee":
                bodies = self.carried(callee)
                place = int(key) if key.isdigit() else key
                met = [(body, _parameter(body, place)) for body in bodies]
                if any(name is None or name in body.gives or body.is_class for body, name in met):
                    return True
                if self._guess and not bodies and callee not in words.CONTAINERS:
                    return not words.pure(callee)
        return False

    def _share(self, name: str, other: str) -> None:
        self._same.setdefault(name, set()).add(other)
        self._same.setdefault(other, set()).add(name)

    def _elements(self, name: str) -> set[str]:
        """What is known to be held by the object, under all its names."""
        names = {name}
        queue = [name]
        for here in queue:
            fresh = self._same.get(here, set()) - names
            names |= fresh
            queue.extend(fresh)
        return set().union(*(self._holds.get(here, ()) for here in names))

    def _link(self, holder: str, part: str, taken: bool = False) -> None:
        """``taken``: the part was taken out of the holder, not put in."""
        if holder == part or part in self._immutable or part in self._modules:
            return
        if taken:
            self._taken.add((holder, part))
        self._holds.setdefault(holder, set()).add(part)
        self._held_by.setdefault(part, set()).add(holder)

    def _forget(self, name: str, used: bool) -> str:
        """The name means another object now; those who shared the old one still share it.

        Gives a name for the old object; ``used``: the new one is made of it.
        """
        shared, parts, holders = self._unlink(name)
        self._copies += 1
        ghost = f"##{self._copies}"
        if used or ((shared or holders) and len(shared) + len(parts) + len(holders) > 1):
            for other in shared:
                self._share(ghost, other)
            for part in parts:
                self._link(ghost, part, (name, part) in self._taken)
            for holder in holders:
                self._link(holder, ghost, (holder, name) in self._taken)
        self._taken -= {(name, part) for part in parts} | {(holder, name) for holder in holders}
        # Only now: a ghost that the name alone held to others is held by the new one.
        self._tidy(shared | parts | holders | (set() if used else {ghost}))
        return ghost

    def _tidy(self, names: Iterable[str]) -> None:
        """Take out the ghosts among ``names`` that join nothing any more, and those behind them."""
        queue = [name for name in names if _is_ghost(name)]
        for ghost in queue:
            if self._degree(ghost) < 2:
                behind = set().union(*self._unlink(ghost))
                self._taken = {pair for pair in self._taken if ghost not in pair}
                queue.extend(filter(_is_ghost, behind))

    def _unlink(self, name: str) -> tuple[set[str], set[str], set[str]]:
        """Take a name out of all relations; gives what shared it, what it held and what held it."""
        shared = self._same.pop(name, set())
        parts = self._holds.pop(name, set())
        holders = self._held_by.pop(name, set())
        for others, table in (
            (shared, self._same),
            (parts, self._held_by),
            (holders, self._holds),
        ):
            for other in others:
                table[other].discard(name)
                if not table[other]:
                    del table[other]
        return shared, parts, holders

    def _degree(self, name: str) -> int:
        return sum(len(table.get(name, ())) for table in (self._same, self._holds, self._held_by))

    def reach(self, name: str) -> list[str]:
        """The names whose values share something with that of ``name``."""
        return self._reach(name, True)

    # -- changing in place -----------------------------------------------------------------------

    def _mutate(self, name: str, deep: bool) -> None:
        self._read(name)
        touched_names = self._reach(name, deep)
        if len(touched_names) > _TOUCHED:
            self._scatter()
        for touched in touched_names:
            self._write(touched, False)
            if touched[0] != "#":
                self.changed.add(touched)

    def _reach(self, name: str, deep: bool) -> list[str]:
        """The names whose value changes with ``name``.

        Upwards: what holds it. Downwards, if ``deep``: what it holds. Sideways: things taken out
        of one container may be the same thing; two that were put in are not.
        """
        if name not in self._same and name not in self._holds and name not in self._held_by:
            return [name]
        start = (name, _DEEP if deep else _SELF)
        seen = {start}
        queue = [start]
        for here, mode in queue:
            if len(queue) > _TOUCHED:
                break
            for step in self._steps(here, mode):
                if step not in seen:
                    seen.add(step)
                    queue.append(step)
        names = [here for here, _ in queue]
        return names if len(names) > _TOUCHED else list(dict.fromkeys(names))

    def _steps(self, here: str, mode: int) -> Iterator[tuple[str, int]]:
        for other in self._same.get(here, ()):
            yield other, mode
        for holder in self._held_by.get(here, ()):
            taken = (holder, here) in self._taken
            yield holder, _WITHIN_ALL if taken or mode == _WITHIN_ALL else _WITHIN
        for part in self._holds.get(here, ()):
            if mode in (_DEEP, _WITHIN_ALL) or (mode == _WITHIN and (here, part) in self._taken):
                yield part, _DEEP

    def _call(self, event: Call) -> None:
        bodies = self.carried(event.callee)
        if event.method:
            self._call_method(event, bodies)
        elif bodies:
            for body in bodies:
                for parameter in self.changes(body):
                    for name in _given(body, parameter, event):
                        self._mutate(name, True)
        elif event.discarded and not words.pure(event.callee):
            for _, name in event.arguments:
                self._mutate(name, True)

    def _call_method(self, event: Call, bodies: frozenset[Body]) -> None:
        name, method = event.callee, event.method
        known = [body for body in bodies if method in body.methods]
        if known:
            if any(method in body.changers for body in known):
                self._mutate(name, True)
        elif name in self._modules:
            if event.discarded and name not in words.PLOTTING and not words.pure(method):
                for _, argument in event.arguments:
                    self._mutate(argument, True)
        elif method in words.SHALLOW:
            self._mutate(name, False)
            self._take_in(event)
        elif method in words.DEEP or method.endswith("_"):
            self._mutate(name, True)
        elif event.discarded and name not in words.PLOTTING and not words.pure(method):
            self._mutate(name, True)
            self._take_in(event)

    def _take_in(self, event: Call) -> None:
        for _, argument in event.arguments:
            self._link(event.callee, argument)

    def changes(self, body: Body) -> frozenset[str]:
        """The parameters of ``body`` that it changes in place, by itself or through others."""
        handed = {parameter for _, _, parameter, _ in body.passes}
        return body.changed | {name for name in handed if self._ends_changed(body, name)}

    def _ends_changed(self, body: Body, parameter: str) -> bool:
        """Whether a function that the parameter is handed on to changes it."""
        queue = [(body, parameter)]
        seen = set(queue)
        for here, name in queue:
            if name in here.changed:
                return True
            for callee, key, handed, discarded in here.passes:
                if handed != name:
                    continue
                called = self.carried(callee)
                if not called and discarded and not words.pure(callee):
                    return True
                for inner in called:
                    met = _parameter(inner, key)
                    if met is None:
                        return True
                    if (inner, met) not in seen:
                        seen.add((inner, met))
                        queue.append((inner, met))
        return False


def _is_ghost(name: str) -> bool:
    """Whether no code says ``name`` again: old objects and parameters, not the places of a swap."""
    return name[0] == "#" and not name[1].isdigit()


def _parameter(body: Body, key: int | str) -> str | None:
    """The parameter that an argument meets; None where it cannot be told (*args)."""
    if isinstance(key, str):
        return key if key in body.parameters else None
    place = key + body.is_class
    return body.parameters[place] if 0 <= place < len(body.parameters) else None


def _given(body: Body, parameter: str, event: Call) -> Iterator[str]:
    for key, name in event.arguments:
        met = _parameter(body, key)
        if met is None or met == parameter:
            yield name
