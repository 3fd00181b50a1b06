"""PyTorch tensors in pickles: their storages as plain buffers, not as archives in the stream.

A tensor's own pickle holds its storage as an archive inside the stream, which is copied several
times and moves with every change. Here each storage becomes one buffer, shared by all tensors
that look into it. Tensors come back on the CPU. Never imports torch at save: without it there
are no tensors. `rebuild` and `rebuild_parameter` stand by name in stored pickles: they may
change, but never go.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

Reducers = dict[type, Callable[[Any], Any]]


def reducers(kept: list[object]) -> Reducers:
    """Reducers for one pickling run by exact type; ``kept`` holds on to what must not be freed."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "nn"):
        return {}
    storages: dict[tuple[int, int], Any] = {}

    def tensor(value: Any) -> Any:
        if not plain(value):
            return NotImplemented  # torch's own way keeps it, or says what is wrong with it
        value = on_cpu(value)
        storage = value.untyped_storage()
        place = (storage.data_ptr(), storage.nbytes())
        if place not in storages:
            kept.append(storage)
            storages[place] = octets(storage)
        where = (value.storage_offset(), tuple(value.size()), tuple(value.stride()))
        name = str(value.dtype).removeprefix("torch.")
        return rebuild, (storages[place], name, *where, value.requires_grad)

    def parameter(value: Any) -> Any:
        if not plain(value):
            return NotImplemented
        return rebuild_parameter, (value.data, value.requires_grad)

    return {torch.Tensor: tensor, torch.nn.Parameter: parameter}


def plain(tensor: Any) -> bool:
    """Whether ``tensor`` is memory, shape and strides, and nothing besides."""
    torch = sys.modules["torch"]
    return (
        tensor.layout is torch.strided
        and not tensor.is_quantized
        and tensor.device.type != "meta"
        and not vars(tensor)
    )


def on_cpu(tensor: Any) -> Any:
    """``tensor`` in main memory, conjugations carried out; itself if it is there already."""
    tensor = tensor.resolve_conj().resolve_neg()
    return tensor if tensor.device.type == "cpu" else tensor.detach().cpu()


def octets(storage: Any) -> Any:
    """The memory of a storage as an array of bytes, not copied: (bytes,) of uint8."""
    torch = sys.modules["torch"]
    return torch.empty(0, dtype=torch.uint8).set_(storage).numpy()


def rebuild(
    storage: Any, dtype: str, offset: int, size: Any, stride: Any, requires_grad: bool
) -> Any:
    """The tensor that looks into ``storage`` (bytes as uint8) this way."""
    import torch

    empty = torch.empty(0, dtype=getattr(torch, dtype))
    tensor = empty.set_(torch.from_numpy(storage).untyped_storage(), offset, size, stride)
    tensor.requires_grad = requires_grad
    return tensor


def rebuild_parameter(data: Any, requires_grad: bool) -> Any:
    """The parameter around ``data``."""
    import torch

    return torch.nn.Parameter(data, requires_grad)
