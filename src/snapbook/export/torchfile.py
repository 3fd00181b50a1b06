"""A module of PyTorch as the file that ``torch.load`` reads, made of stored bytes and never loaded.

It is torch's older form: four short pickles around that of the module, whose tensors lie in it.
What puts the tensors together there is not snapbook but two functions that go along with the file,
as a module of their own.
"""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Iterator, Mapping

from snapbook.canonical import Json
from snapbook.flavors import opcodes, pickled, tensors, torch

MODULE = "snapbook_flavors_tensors"  # as long as the name in stored pickles: nothing moves
_NAME = tensors.__name__.encode()
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_SYSTEM = {
    "protocol_version": _PROTOCOL,
    "little_endian": True,
    "type_sizes": {"short": 2, "int": 4, "long": 4},
}
_HEAD = '"""How snapbook keeps tensors: what a pickled module is put together with."""\n\n' \
        "from __future__ import annotations\n\nfrom typing import Any\n\n\n"  # fmt: skip


def pieces(
    layout: Mapping[str, Json], blobs: tuple[str, ...], get: Callable[[str], bytes]
) -> Iterator[bytes]:
    """The bytes of the file, with one tensor at a time in memory."""
    for told in (_MAGIC, _PROTOCOL, _SYSTEM):
        yield pickle.dumps(told, protocol=2)
    own = torch.pickles(layout, blobs)
    stream = _renamed(pickled.stream(layout, own, get))
    yield from opcodes.pieces(stream, map(get, pickled.buffers(layout, own)))
    yield pickle.dumps([], protocol=2)  # no storages beside it


def code() -> bytes:
    """The module ``MODULE``, which needs torch alone."""
    functions = [inspect.getsource(one) for one in (tensors.rebuild, tensors.rebuild_parameter)]
    return (_HEAD + "\n\n".join(functions)).encode()


def _renamed(stream: bytes) -> bytes:
    """``stream``, with what is in our module taken from ``MODULE``."""
    changed = bytearray(stream)
    for code_, place, after in opcodes.steps(stream):
        if opcodes.name(code_) == "SHORT_BINUNICODE" and stream[place + 2 : after] == _NAME:
            changed[place + 2 : after] = MODULE.encode()
    return bytes(changed)
