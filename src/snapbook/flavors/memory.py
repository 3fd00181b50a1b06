"""What stands for arrays, tensors and buffers in the model digest: type, shape and the bytes.

Knows where memory holds more than values (padding of records, what lies under a mask) and takes the
digest of a large buffer from whoever has just computed it. Imports neither numpy nor torch.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from blake3 import blake3

from snapbook.flavors import records, tensors

LARGE = 4096  # bytes from which a buffer is hashed by itself, as its blob is


class PastBudget(Exception):
    """The walk takes longer, or meets more bytes, than it may; or there is no canonical form."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Hashes memory on behalf of a walk.

    ``known`` are digests by (address, bytes); ``spend`` counts bytes; ``node`` hashes an object
    that an array holds, ``join`` tagged parts, and ``other`` what is not plain memory.
    """

    known: Mapping[tuple[int, int], str]
    spend: Callable[[int], None]
    node: Callable[[Any], bytes]
    join: Callable[[bytes, Iterable[bytes]], bytes]
    other: Callable[[Any], bytes]
    dtypes: dict[Any, bytes] = field(default_factory=dict)

    def cases(self) -> dict[type, Callable[[Any], bytes]]:
        """What hashes which exact type, for the libraries that are imported."""
        cases: dict[type, Callable[[Any], bytes]] = {
            pickle.PickleBuffer: lambda obj: self.buffer(b"buffer", obj.raw())
        }
        if (numpy := sys.modules.get("numpy")) is not None:
            cases |= {numpy.ndarray: self.array, numpy.ma.MaskedArray: self.masked}
        if (torch := sys.modules.get("torch")) is not None and hasattr(torch, "nn"):
            cases |= {torch.Tensor: self.tensor, torch.nn.Parameter: self.tensor}
        return cases

    def is_scalar(self, kind: type) -> bool:
        """Whether ``kind`` is one of numpy's scalar types."""
        numpy = sys.modules.get("numpy")
        return numpy is not None and issubclass(kind, numpy.generic)

    def buffer(self, tag: bytes, data: Any) -> bytes:
        """Any bytes-like object."""
        raw = memoryview(data).cast("B")
        if raw.nbytes < LARGE:
            return self.join(tag, [raw.tobytes()])
        if (digest := self.known.get(records.address(raw))) is None:
            self.spend(raw.nbytes)
            digest = blake3(raw).hexdigest()
        return self.join(tag, [bytes.fromhex(digest)])

    def array(self, array: Any) -> bytes:
        """An array by type, shape, order and values; the gaps between fields count as zero."""
        head = self.dtype(array.dtype) + repr(array.shape).encode()
        if array.dtype.hasobject:
            if array.dtype.names is not None:
                raise PastBudget
            return self.join(b"objects" + head, [self.node(array.ravel().tolist())])
        order = b"C" if array.flags.c_contiguous else b"F" if array.flags.f_contiguous else b""
        if not order:
            array, order = array.copy(order="C"), b"C"
        tag = b"array" + order + head
        if array.nbytes < LARGE:
            return self.join(tag, [records.clean(array).tobytes("A")])
        digest = self.known.get(records.address(array))
        if digest is None:
            self.spend(array.nbytes)
            octets = records.clean(array).reshape(-1, order="A").view("u1")
            digest = blake3(octets).hexdigest()
        return self.join(tag, [bytes.fromhex(digest)])

    def masked(self, array: Any) -> bytes:
        """A masked array: what lies under the mask is no value."""
        numpy = sys.modules["numpy"]
        mask = numpy.ma.getmaskarray(array)
        data = array.data.copy()
        data[mask] = None if data.dtype.hasobject else numpy.zeros((), data.dtype)
        return self.join(b"masked", [self.array(data), self.array(mask)])

    def tensor(self, tensor: Any) -> bytes:
        """A tensor by type, shape and values, whatever storage it looks into."""
        if not tensors.plain(tensor):
            return self.other(tensor)
        flat = tensors.on_cpu(tensor.detach()).contiguous()
        octets = tensors.octets(flat.untyped_storage())
        start = flat.storage_offset() * flat.element_size()
        used = octets[start : start + flat.numel() * flat.element_size()]
        shape = tuple(tensor.shape)
        head = f"tensor {type(tensor).__name__} {tensor.dtype} {shape} {tensor.requires_grad}"
        return self.buffer(head.encode(), used)

    def dtype(self, dtype: Any) -> bytes:
        """What stands for a dtype: byte order, kind, size, fields."""
        if (known := self.dtypes.get(dtype)) is None:
            known = repr((dtype.str, dtype.descr if dtype.names else "")).encode()
            self.dtypes[dtype] = known
        return known
