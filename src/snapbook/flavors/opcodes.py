"""Reads pickle streams without executing them: what they would import, and how to make one whole.

Knows the opcodes (PEP 307, PEP 574, `pickletools`) and a model of the stack that is just large
enough to follow names to STACK_GLOBAL. Must never unpickle: it is what trust is decided on.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterable, Iterator, Sequence
from struct import Struct, pack

from snapbook.errors import Damaged

_LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: Struct("<B"),
    pickletools.TAKEN_FROM_ARGUMENT4: Struct("<i"),
    pickletools.TAKEN_FROM_ARGUMENT4U: Struct("<I"),
    pickletools.TAKEN_FROM_ARGUMENT8U: Struct("<Q"),
}
_SIZES: list[int | None] = [None] * 256
_NAMES = [""] * 256
for _code in pickletools.opcodes:
    _SIZES[ord(_code.code)] = 0 if _code.arg is None else _code.arg.n
    _NAMES[ord(_code.code)] = _code.name

_FRAME, _NEXT_BUFFER, _READONLY_BUFFER, _STOP = 0x95, 0x97, 0x98, 0x2E
_HEAD = 9  # bytes before a buffer in its place: an opcode and a length
_TEXTS = {"SHORT_BINUNICODE": 1, "BINUNICODE": 4, "BINUNICODE8": 8}
_PUTS = {"BINPUT": "<B", "LONG_BINPUT": "<I"}
_GETS = {"BINGET": "<B", "LONG_BINGET": "<I"}


def steps(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Each opcode up to STOP as (code, place of its first byte, place behind its argument).

    Raises Damaged for a stream that is cut or holds an unknown opcode.
    """
    place, end = 0, len(stream)
    while place < end:
        code = stream[place]
        after = _behind(stream, code, place + 1)
        if after > end:
            break
        yield code, place, after
        if code == _STOP:
            return
        place = after
    raise _damaged("it ends within an opcode")


def name(code: int) -> str:
    """What the opcode ``code`` is called in `pickletools`; "" for none."""
    return _NAMES[code]


def imports(stream: bytes) -> tuple[str, ...]:
    """What loading ``stream`` would import, as sorted "module:name".

    A name that the stream puts together in a way not followed here stands as "?:?", which nobody
    should trust. Extension codes (EXT1 and its like) stand as "copyreg:extension".
    """
    reader = _Names(stream)
    found: set[str] = set()
    for code, place, after in steps(stream):
        try:
            name = reader.read(_NAMES[code], place, after)
        except ValueError as error:
            raise _damaged("a text or number in it is none") from error
        if name:
            found.add(name)
    return tuple(sorted(found))


def texts(stream: bytes) -> frozenset[str]:
    """Every text in ``stream``: names of the notebook's own functions among them."""
    found = set()
    for code, place, after in steps(stream):
        if (size := _TEXTS.get(_NAMES[code])) is not None:
            found.add(stream[place + 1 + size : after].decode("utf-8", "surrogatepass"))
    return frozenset(found)


def whole(stream: bytes, buffers: Iterable[bytes]) -> bytes:
    """An ordinary pickle: ``stream`` with each of its out-of-band ``buffers`` put in its place.

    What was a read-only buffer becomes bytes, another one a bytearray. Raises Damaged if there are
    more or fewer buffers than the stream asks for.
    """
    return b"".join(pieces(stream, buffers))


def pieces(
    stream: bytes, buffers: Iterable[bytes], edits: list[list[int]] | None = None
) -> Iterator[bytes]:
    """See `whole`; piece by piece, with one buffer at a time in memory.

    ``edits`` is given what `parted` needs to undo it: [place in the outcome, opcode, number], where
    the number is that of the frame, or the length of the buffer.
    """
    waiting = iter(buffers)
    noted = [] if edits is None else edits
    copied = longer = 0  # longer: how much the outcome is ahead of the stream
    for code, place, after in steps(stream):
        if code == _FRAME:  # frames would no longer fit, and readers don't need them
            yield stream[copied:place]
            noted.append(
                [place + longer, code, int.from_bytes(stream[place + 1 : after], "little")]
            )
            longer -= after - place
            copied = after
        elif code == _NEXT_BUFFER:
            yield stream[copied:place]
            copied = after
            data = next(waiting, None)
            if data is None:
                raise _damaged("it asks for more buffers than were kept")
            constant = stream[after : after + 1] == b"\x98"
            noted.append([place + longer, _READONLY_BUFFER if constant else code, len(data)])
            longer += _HEAD + len(data) - 1
            yield (b"\x8e" if constant else b"\x96") + pack("<Q", len(data))
            yield data
        elif code == _READONLY_BUFFER:
            yield stream[copied:place]
            longer -= 1
            copied = after
    if next(waiting, None) is not None:
        raise _damaged("it asks for fewer buffers than were kept")
    yield stream[copied:]


def parted(data: memoryview, edits: Iterable[Sequence[int]]) -> tuple[bytes, list[memoryview]]:
    """The stream and the buffers that `pieces` made ``data`` of, by the ``edits`` that it noted.

    Raises Damaged for edits that lie outside of it; whether they are the true ones, digests tell.
    """
    stream: list[bytes | memoryview] = []
    buffers: list[memoryview] = []
    copied = 0
    for place, code, number in edits:
        after = place if code == _FRAME else place + _HEAD + number
        if not copied <= place <= after <= len(data) or not 0 <= number < 1 << 63:
            raise _damaged("its edits lie outside of it")
        stream.append(data[copied:place])
        if code == _FRAME:
            stream.append(b"\x95" + pack("<Q", number))
        else:
            stream.append(b"\x97\x98" if code == _READONLY_BUFFER else b"\x97")
            buffers.append(data[place + _HEAD : after])
        copied = after
    return b"".join([*stream, data[copied:]]), buffers


def _behind(stream: bytes, code: int, place: int) -> int:
    """Where the argument of ``code`` that begins at ``place`` ends."""
    size = _SIZES[code]
    if size is None:
        raise _damaged(f"unknown opcode 0x{code:02x}")
    if size >= 0:
        return place + size
    if size == pickletools.UP_TO_NEWLINE:
        lines = 2 if _NAMES[code] in ("GLOBAL", "INST") else 1
        for _ in range(lines):
            place = stream.find(b"\n", place) + 1
            if not place:
                raise _damaged("a line without end")
        return place
    length = _LENGTHS[size]
    if place + length.size > len(stream):
        raise _damaged("it ends within an opcode")
    count = int(length.unpack_from(stream, place)[0])
    if count < 0:
        raise _damaged("a negative length")
    return place + length.size + count


class _Names:
    """Follows texts through the memo to where STACK_GLOBAL takes the two last ones.

    Every pickler writes module and name directly before STACK_GLOBAL (perhaps memoised in between);
    anything else there is reported as unknown rather than guessed.
    """

    def __init__(self, stream: bytes) -> None:
        self.stream = stream
        self.memo: dict[int, str | None] = {}
        self.recent: list[str | None] = []

    def read(self, name: str, place: int, after: int) -> str | None:
        """Take in one opcode; the "module:name" that it imports, if any."""
        if name == "MEMOIZE":
            self.memo[len(self.memo)] = self.recent[-1] if self.recent else None
        elif name in _PUTS:
            self.memo[self._number(_PUTS[name], place)] = self.recent[-1] if self.recent else None
        elif name == "PUT":
            number = int(self.stream[place + 1 : after])
            self.memo[number] = self.recent[-1] if self.recent else None
        elif name in _TEXTS:
            self._push(self._text(place + 1 + _TEXTS[name], after))
        elif name in ("UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"):
            self._push(self._old_text(name, place, after))
        elif name in _GETS:
            self._push(self.memo.get(self._number(_GETS[name], place)))
        elif name == "GET":
            self._push(self.memo.get(int(self.stream[place + 1 : after])))
        elif name in ("GLOBAL", "INST"):
            module, _, rest = self._text(place + 1, after - 1).partition("\n")
            self._push(None)
            return f"{module}:{rest}"
        elif name == "STACK_GLOBAL":
            texts = self.recent[-2:]
            self._push(None)
            known = len(texts) == 2 and None not in texts
            return f"{texts[0]}:{texts[1]}" if known else "?:?"
        elif name.startswith("EXT"):
            self._push(None)
            return "copyreg:extension"
        elif name not in ("PROTO", "FRAME"):
            self._push(None)
        return None

    def _text(self, start: int, end: int) -> str:
        return self.stream[start:end].decode("utf-8", "surrogatepass")

    def _push(self, text: str | None) -> None:
        self.recent = [*self.recent[-1:], text]

    def _number(self, form: str, place: int) -> int:
        return int(Struct(form).unpack_from(self.stream, place + 1)[0])

    def _old_text(self, name: str, place: int, after: int) -> str:
        """A text of protocol 0 to 2."""
        if name == "UNICODE":
            return self.stream[place + 1 : after - 1].decode("raw-unicode-escape")
        if name == "STRING":
            return self.stream[place + 2 : after - 2].decode("latin-1")
        return self.stream[place + (5 if name == "BINSTRING" else 2) : after].decode("latin-1")


def _damaged(why: str) -> Damaged:
    return Damaged("A stored pickle cannot be read", why)
