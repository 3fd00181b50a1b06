"""A pickle of scikit-learn read without trust: its opcodes followed by us, and nothing called.

Python's own unpickler is not used. Of the opcodes (PEP 307, PEP 574) those are known that Python's
pickler writes for data; names are words until `rebuilt` makes something of what it knows, and
`looked` goes through all that came of it. Limits bound time and memory. What is more than that is
refused with what it was: then trust decides, as ever.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from snapbook.errors import Damaged
from snapbook.flavors import looked, opcodes, rebuilt
from snapbook.flavors.arrays import NotAllowed

_MOST_STEPS = 20_000_000
_MOST_STACK = 5_000_000
_LONGEST_INT = 64  # bytes
_MARK = object()


def load(stream: bytes, buffers: Iterable[bytes]) -> Any:
    """The object that ``stream`` describes, if it is one that nobody has to be trusted for.

    Raises NotAllowed, which says what is more than that; Damaged for what is no stream.
    """
    machine = _Machine(stream, iter(buffers))
    try:
        found = machine.run()
    except Damaged:
        raise
    except (
        LookupError,
        ValueError,
        TypeError,
        ArithmeticError,
        RecursionError,
        struct.error,
    ) as error:
        # Of a stream that no pickler wrote; MemoryError is the user's to see.
        raise NotAllowed("it is put together as no pickler does") from error
    looked.check(found)
    return found


class _Machine:
    """Stack, marks and memo of one stream."""

    def __init__(self, stream: bytes, buffers: Iterator[bytes]) -> None:
        self._stream = stream
        self._buffers = buffers
        self._stack: list[Any] = []
        self._memo: list[Any] = []
        self._steps: dict[str, Callable[[int, int], None]] = {
            name: getattr(self, f"_{name.lower()}") for name in _KNOWN
        }

    def run(self) -> Any:
        """Follow the stream to its end."""
        for count, (code, place, after) in enumerate(opcodes.steps(self._stream)):
            name = opcodes.name(code)
            if name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name])
            elif name in _NUMBERS:
                self._stack.append(struct.unpack_from(_NUMBERS[name], self._stream, place + 1)[0])
            elif name in _TEXTS:
                data = self._stream[place + 1 + _TEXTS[name] : after]
                self._stack.append(data.decode("utf-8", "surrogatepass"))
            elif name in _BYTES:
                self._stack.append(self._stream[place + 1 + _BYTES[name] : after])
            elif (step := self._steps.get(name)) is not None:
                step(place, after)
            elif name == "STOP":
                (found,) = self._stack
                return found
            elif name not in _NOTHING:
                raise NotAllowed(f"it has an opcode of another kind ({name})")
            if count > _MOST_STEPS or len(self._stack) > _MOST_STACK:
                raise NotAllowed("it is longer than a model is")
        raise Damaged("A stored pickle cannot be read", "it has no end")

    def _marked(self) -> list[Any]:
        """All above the last mark, which goes with it."""
        stack = self._stack
        at = len(stack) - 1
        while stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise NotAllowed("it is put together as no pickler does")
        found = stack[at + 1 :]
        del stack[at:]
        return found

    def _mark(self, _place: int, _after: int) -> None:
        self._stack.append(_MARK)

    def _memoize(self, _place: int, _after: int) -> None:
        self._memo.append(self._stack[-1])

    def _binget(self, place: int, _after: int) -> None:
        self._stack.append(self._memo[self._stream[place + 1]])

    def _long_binget(self, place: int, _after: int) -> None:
        self._stack.append(self._memo[struct.unpack_from("<I", self._stream, place + 1)[0]])

    def _long1(self, place: int, after: int) -> None:
        if after - place - 2 > _LONGEST_INT:
            raise NotAllowed("a number in it is longer than any")
        self._stack.append(int.from_bytes(self._stream[place + 2 : after], "little", signed=True))

    def _bytearray8(self, place: int, after: int) -> None:
        self._stack.append(bytearray(self._stream[place + 9 : after]))

    def _next_buffer(self, _place: int, _after: int) -> None:
        data = next(self._buffers, None)
        if data is None:
            raise Damaged(
                "A stored pickle cannot be read", "it asks for more buffers than were kept"
            )
        self._stack.append(bytearray(data))

    def _readonly_buffer(self, _place: int, _after: int) -> None:
        self._stack.append(bytes(self._only(bytearray)))
        del self._stack[-2]

    def _empty_list(self, _place: int, _after: int) -> None:
        self._stack.append([])

    def _empty_dict(self, _place: int, _after: int) -> None:
        self._stack.append({})

    def _empty_tuple(self, _place: int, _after: int) -> None:
        self._stack.append(())

    def _empty_set(self, _place: int, _after: int) -> None:
        self._stack.append(set())

    def _tuple(self, _place: int, _after: int) -> None:
        self._stack.append(tuple(self._marked()))

    def _tuple1(self, _place: int, _after: int) -> None:
        self._last(1)

    def _tuple2(self, _place: int, _after: int) -> None:
        self._last(2)

    def _tuple3(self, _place: int, _after: int) -> None:
        self._last(3)

    def _last(self, count: int) -> None:
        if len(self._stack) < count:
            raise NotAllowed("it is put together as no pickler does")
        self._stack[-count:] = [tuple(self._stack[-count:])]

    def _frozenset(self, _place: int, _after: int) -> None:
        self._stack.append(frozenset(map(_key, self._marked())))

    def _additems(self, _place: int, _after: int) -> None:
        items = self._marked()
        self._only(set).update(map(_key, items))

    def _append(self, _place: int, _after: int) -> None:
        item = self._stack.pop()
        self._only(list).append(item)

    def _appends(self, _place: int, _after: int) -> None:
        items = self._marked()
        self._only(list).extend(items)

    def _setitem(self, _place: int, _after: int) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        dict.__setitem__(self._table(), _key(key), value)

    def _setitems(self, _place: int, _after: int) -> None:
        items = self._marked()
        target = self._table()
        for key, value in zip(items[::2], items[1::2], strict=True):
            dict.__setitem__(target, _key(key), value)

    def _table(self) -> dict[Any, Any]:
        """The top of the stack, which is a table."""
        table: dict[Any, Any] = self._stack[-1]
        if not looked.is_table(table):
            raise NotAllowed("it is put together as no pickler does")
        return table

    def _only(self, kind: type) -> Any:
        """The top of the stack, which is a ``kind`` and nothing that only behaves so."""
        if type(self._stack[-1]) is not kind:
            raise NotAllowed("it is put together as no pickler does")
        return self._stack[-1]

    def _stack_global(self, _place: int, _after: int) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(name) is not str or type(module) is not str:
            raise NotAllowed("it names what is no name")
        self._stack.append(rebuilt.named(f"{module}:{name}"))

    def _reduce(self, _place: int, _after: int) -> None:
        args, function = self._stack.pop(), self._stack.pop()
        self._stack.append(rebuilt.called(function, args))

    def _newobj(self, _place: int, _after: int) -> None:
        args, cls = self._stack.pop(), self._stack.pop()
        self._stack.append(rebuilt.made(cls, args))

    def _build(self, _place: int, _after: int) -> None:
        state = self._stack.pop()
        self._stack[-1] = rebuilt.given(self._stack[-1], state)


def _key(key: Any) -> Any:
    """A key of a table or an item of a set: plain, so that looking it up calls nothing."""
    if type(key) is tuple:
        return tuple(map(_key, key))
    if key is None or type(key) in (str, int, float, bool, bytes) or looked.is_number(key):
        return key
    raise NotAllowed("a key in it is no plain one")


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_NUMBERS = {"BININT": "<i", "BININT1": "<B", "BININT2": "<H", "BINFLOAT": ">d"}
_TEXTS = {"SHORT_BINUNICODE": 1, "BINUNICODE": 4, "BINUNICODE8": 8}
_BYTES = {"SHORT_BINBYTES": 1, "BINBYTES": 4, "BINBYTES8": 8}
_NOTHING = frozenset({"PROTO", "FRAME"})
_KNOWN = (
    "MARK", "MEMOIZE", "BINGET", "LONG_BINGET", "LONG1", "BYTEARRAY8", "NEXT_BUFFER",
    "READONLY_BUFFER", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_TUPLE", "EMPTY_SET", "TUPLE", "TUPLE1",
    "TUPLE2", "TUPLE3", "FROZENSET", "ADDITEMS", "APPEND", "APPENDS", "SETITEM", "SETITEMS",
    "STACK_GLOBAL", "REDUCE", "NEWOBJ", "BUILD",
)  # fmt: skip
