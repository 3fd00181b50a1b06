"""PyTorch: the bytes of every tensor apart, and a pickle that only says how they hang together.

The pickle of a module holds its class by name, or by value if it was defined in the notebook,
and points into the storages. A plain ``state_dict`` has no pickle at all, and the one of a
module can be read without loading the module (`state`), so neither needs trust.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged, NotKept
from snapbook.flavors import facts, modeldigest, native, pickled, records, tensors
from snapbook.flavors.base import Description, Encoded
from snapbook.flavors.pickler import OUT_OF_BAND, said
from snapbook.flavors.weights import STATE
from snapbook.store.base import Writer

_SCRIPT = "torchscript"
Get = Callable[[str], bytes]


class TorchFlavor:
    """Modules, scripted modules, and state dicts."""

    name = "torch"

    def accepts(self, model: object) -> bool:
        """Whether it is a Module, or a dict of names to tensors."""
        return facts.descends(model, "torch", "Module") or _is_state(model)

    def fitted(self, model: object) -> bool | None:
        """None: a network does not know whether it was trained."""
        del model
        return None

    def members(self, model: object) -> tuple[object, ...]:
        """The modules within a module."""
        module: Any = model
        inner: list[object] = facts.attempt(lambda: list(module.modules()), [])
        return tuple(one for one in inner if one is not model)

    def describe(self, model: object) -> Description:
        """Counts of parameters and the shapes by layer."""
        return Description(
            class_name=facts.class_name(model),
            framework="torch",
            framework_version=facts.version_of("torch"),
            structure=facts.attempt(lambda: _structure(model), {}),
            inputs=facts.attempt(lambda: _inputs(model), ()),
        )

    def dump(self, model: object, writer: Writer) -> Encoded:
        """Tensors by storage; around them nothing, a pickle, or TorchScript's own archive."""
        if _is_state(model):
            return _keep_state(model, writer)
        if facts.descends(model, "torch", "ScriptModule"):
            return _keep_script(model, writer)
        kept = pickled.write(model, writer)
        encoded = pickled.encoded(model, kept)
        held = _state_of(model)
        listed, blobs = _entries(held, encoded.blobs, kept.known, writer)
        return Encoded(
            {**encoded.layout, "blobs": len(encoded.blobs), **listed},
            blobs,
            encoded.digest,
            encoded.canonical,
            executes=True,
            imports=encoded.imports,
            stored_bytes=encoded.stored_bytes,
        )

    def load(self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> object:
        """The module, or the state dict."""
        form = layout.get("format")
        if form == STATE:
            return _ordered(state(layout, blobs, get), layout)
        if form == _SCRIPT:
            import torch

            (archive,), _ = native.fetch(_SCRIPT, layout, blobs, get)
            return torch.jit.load(io.BytesIO(archive), map_location="cpu")
        return pickled.fetch(layout, pickles(layout, blobs), get)


def pickles(layout: Mapping[str, Json], blobs: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a module's blobs that its pickle is; the rest are small tensors once more."""
    count = layout.get("blobs")
    return blobs[:count] if type(count) is int else blobs


def state(layout: Mapping[str, Json], blobs: Sequence[str], get: Get) -> dict[str, Any]:
    """Tensors by name, of a module or a state dict, executing nothing. They share what was shared.

    Raises Damaged where the layout does not fit the bytes.
    """
    import torch

    entries = layout.get("state")
    if not isinstance(entries, list):
        raise Damaged("A stored model cannot be read", "its layout has no tensors")
    held: dict[Any, Any] = {}
    found: dict[str, Any] = {}
    try:
        for name, dtype, shape, stride, blob, start in entries:
            kind = getattr(torch, dtype)
            if not isinstance(kind, torch.dtype):
                raise TypeError(f"{dtype} is no type of numbers")
            if prod(shape) == 0:
                found[str(name)] = torch.empty(shape, dtype=kind)
                continue
            if blob not in held:
                held[blob] = torch.frombuffer(bytearray(get(blobs[blob])), dtype=torch.uint8)
            reach = 1 + sum((extent - 1) * step for extent, step in zip(shape, stride, strict=True))
            octets = held[blob][start : start + reach * kind.itemsize]
            if blob == layout.get("small"):  # so that each may be kept by itself again
                octets = held.setdefault((start, reach), octets.clone())
            found[str(name)] = octets.view(kind).as_strided(shape, stride)
    except (TypeError, ValueError, AttributeError, IndexError, RuntimeError) as error:
        raise Damaged("A stored model cannot be read", said(error)) from error
    return found


def _is_state(model: Any) -> bool:
    """A dict or OrderedDict of texts to tensors that are nothing but memory."""
    if type(model) is not dict and not facts.descends(model, "collections", "OrderedDict"):
        return False
    return len(model) > 0 and all(
        type(key) is str and facts.descends(value, "torch", "Tensor") and tensors.plain(value)
        for key, value in model.items()
    )


def _state_of(module: Any) -> dict[str, Any]:
    """Parameters and buffers that are plain memory; ``state_dict`` may be the user's own."""
    found: dict[str, Any] = facts.attempt(lambda: dict(module.state_dict()), {})
    return {
        key: value
        for key, value in found.items()
        if type(key) is str and facts.descends(value, "torch", "Tensor") and tensors.plain(value)
    }


def _entries(
    tensors_by_name: Mapping[str, Any],
    blobs: tuple[str, ...],
    known: Mapping[tuple[int, int], str],
    writer: Writer,
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The layout of tensors, and all blobs.

    Each stands as [name, dtype, shape, strides, number of its blob, first byte in it].

    What has no blob yet is added; storages below a page share one blob.
    """
    places = {digest: number for number, digest in enumerate(blobs)}
    added = list(blobs)
    small = bytearray()
    starts: dict[tuple[int, int], int] = {}
    entries: list[list[Any]] = []
    for name, tensor in tensors_by_name.items():
        tensor = tensors.on_cpu(tensor.detach())
        octets = tensors.octets(tensor.untyped_storage())
        first = tensor.storage_offset() * tensor.element_size()
        shape, stride = list(tensor.shape), list(tensor.stride())
        entry = [name, str(tensor.dtype).removeprefix("torch."), shape, stride]
        if octets.nbytes < OUT_OF_BAND:
            place = records.address(octets)
            if place not in starts:
                starts[place] = len(small)
                small += octets.tobytes()
                small += bytes(-len(small) % 16)
            entries.append([*entry, -1, starts[place] + first])
            continue
        digest = known.get(records.address(octets)) or writer.add(octets.data)
        if digest not in places:
            places[digest] = len(added)
            added.append(digest)
        entries.append([*entry, places[digest], first])
    if small:
        added.append(writer.add(bytes(small)))
    for listed in entries:
        if listed[4] == -1:
            listed[4] = len(added) - 1
    return {"state": entries, "small": len(added) - 1 if small else -1}, tuple(added)


def _keep_state(model: Any, writer: Writer) -> Encoded:
    held = dict(model)  # also holds on to the tensors while their addresses are compared
    listed, blobs = _entries(held, (), {}, writer)
    ordered: Json = type(model) is not dict
    layout: dict[str, Json] = {"format": STATE, **listed, "ordered": ordered}
    layout["metadata"] = facts.attempt(lambda: _metadata(model), None)
    stored = sum(value.numel() * value.element_size() for value in model.values())
    found = modeldigest.model_digest(held, {}, 4 * stored + (1 << 20))
    return Encoded(
        layout,
        blobs,
        found or canonical.digest(canonical.encode([layout, *blobs])),
        canonical=found is not None,
        executes=False,
        stored_bytes=stored,
    )


def _metadata(model: Any) -> Json:
    """The versions of modules that ``state_dict`` notes beside its tensors; None without any."""
    noted = {key: dict(value) for key, value in model._metadata.items()}
    canonical.encode(noted)
    return noted


def _ordered(found: dict[str, Any], layout: Mapping[str, Json]) -> dict[str, Any]:
    if not layout.get("ordered"):
        return found
    ordered: Any = OrderedDict(found)
    if isinstance(noted := layout.get("metadata"), Mapping):
        ordered._metadata = OrderedDict(noted)
    state: dict[str, Any] = ordered
    return state


def _keep_script(model: Any, writer: Writer) -> Encoded:
    import torch

    sink = io.BytesIO()
    try:
        torch.jit.save(model, sink)
    except RuntimeError as error:
        raise NotKept("The scripted module cannot be kept", said(error)) from error
    return native.keep(_SCRIPT, [sink.getvalue()], {}, writer, executes=True)


def _inputs(model: Any) -> tuple[Mapping[str, Json], ...]:
    """x0, x1, ... of a network whose first layer with numbers of its own is a linear one: that
    says how many it takes, and nothing which. None of any other, which may take anything.
    """
    import torch

    modules = () if _is_state(model) else model.modules()
    first = next((one for one in modules if any(True for _ in one.parameters(recurse=False))), None)
    if not isinstance(first, torch.nn.Linear) or first.in_features > facts.MOST:
        return ()
    return tuple({"name": f"x{place}", "type": ""} for place in range(first.in_features))


def _structure(model: Any) -> dict[str, Json]:
    if _is_state(model):
        held = dict(model)
        return {"parameters": sum(v.numel() for v in held.values()), "layers": _shapes(held)}
    parameters = list(model.parameters())
    devices = sorted({str(one.device) for one in parameters})
    found: dict[str, Json] = {
        "parameters": sum(one.numel() for one in parameters),
        "trainable": sum(one.numel() for one in parameters if one.requires_grad),
        "modules": sum(1 for _ in model.modules()),
        "layers": _shapes(_state_of(model)),
    }
    if devices and devices != ["cpu"]:
        found["devices"] = list(devices)
    return found


def _shapes(held: Mapping[str, Any]) -> dict[str, Json]:
    told: dict[str, Json] = {
        facts.text(name): f"{'x'.join(map(str, tensor.shape)) or 'scalar'} "
        + str(tensor.dtype).removeprefix("torch.")
        for name, tensor in list(held.items())[: facts.MOST]
    }
    return told


flavor = TorchFlavor()
