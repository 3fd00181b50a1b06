"""Keras: the members of its own archive, the weights cut by content. Loading an archive executes.

Keras writes files only, so the archive passes through a temporary folder. Its date is dropped,
so that the same model is the same bytes.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import Damaged
from snapbook.flavors import facts, native
from snapbook.flavors.base import Description, Encoded
from snapbook.store.base import Writer

_FORMAT = "keras-archive"
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip archive can tell
Get = Callable[[str], bytes]


class KerasFlavor:
    """Keras 3 models on any of its backends."""

    name = "keras"

    def accepts(self, model: object) -> bool:
        """Whether keras.Model is among its ancestors."""
        return facts.descends(model, "keras", "Model")

    def fitted(self, model: object) -> bool | None:
        """None: a network does not know whether it was trained."""
        del model
        return None

    def members(self, model: object) -> tuple[object, ...]:
        """The layers, and models among them."""
        network: Any = model
        layers: list[object] = facts.attempt(lambda: list(network._flatten_layers()), [])
        return tuple(layer for layer in layers if layer is not model)

    def describe(self, model: object) -> Description:
        """Counts of weights, the shapes by layer, the optimizer, the signature."""
        network: Any = model
        none: tuple[Mapping[str, Json], ...] = ()
        return Description(
            class_name=facts.class_name(model),
            framework="keras",
            framework_version=facts.version_of("keras"),
            structure=facts.attempt(lambda: _structure(network), {}),
            inputs=facts.attempt(lambda: _tensors(network.inputs), none),
            outputs=facts.attempt(lambda: _tensors(network.outputs), none),
        )

    def dump(self, model: object, writer: Writer) -> Encoded:
        """Every member of the .keras archive as a file of its own."""
        network: Any = model
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            network.save(path)
            with zipfile.ZipFile(path) as archive:
                members = {name: archive.read(name) for name in sorted(archive.namelist())}
        _settle(members, "metadata.json", _drop_date)
        _settle(members, "config.json", lambda config: _share(config, {}))
        files = list(members.values())
        _settle(members, "config.json", lambda config: _share(config, None))
        return native.keep(
            _FORMAT, files, {"names": list(members)}, writer, True, list(members.values())
        )

    def load(self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> object:
        """The model, compiled as it was; layers with code in their archive are executed."""
        import keras

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            path.write_bytes(archive(layout, blobs, get))
            return keras.saving.load_model(path, safe_mode=False)


def archive(layout: Mapping[str, Json], blobs: Sequence[str], get: Get) -> bytes:
    """The model's .keras file, put together without loading anything. Raises Damaged."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        for name, pieces in _members(layout, blobs).items():
            made.writestr(zipfile.ZipInfo(name, _DATE), b"".join(map(get, pieces)))
    return sink.getvalue()


def foreign(layout: Mapping[str, Json], blobs: Sequence[str], get: Get) -> str | None:
    """What Keras by itself does not load in the model: the name of a class or function, or None.

    Read from what the archive says of itself; nothing is loaded. Raises Damaged.
    """
    told = b"".join(map(get, _members(layout, blobs).get("config.json", ())))
    try:
        return next(_foreign(json.loads(told)), None)
    except (ValueError, RecursionError) as error:
        raise Damaged("A stored model cannot be read", "it does not say what it is") from error


def _members(layout: Mapping[str, Json], blobs: Sequence[str]) -> dict[str, Sequence[str]]:
    """The files of the archive, and the blobs that each is. Raises Damaged."""
    files, extra = native.parted(_FORMAT, layout, blobs)
    names = extra.get("names")
    if not isinstance(names, list) or len(names) != len(files):
        raise Damaged("A stored model cannot be read", "its files have no names")
    return dict(zip(map(str, names), files, strict=True))


def _foreign(config: Any) -> Iterator[str]:
    if isinstance(config, list):
        for item in config:
            yield from _foreign(item)
    elif isinstance(config, dict):
        if config.get("class_name") == "__lambda__":
            yield "a lambda"
        # What Keras exports itself is registered under no name.
        own, module = config.get("registered_name"), str(config.get("module"))
        if own and not module.startswith("keras."):
            yield str(own).rpartition(">")[2]
        for item in config.values():
            yield from _foreign(item)


def _settle(members: dict[str, bytes], name: str, change: Callable[[Any], Any]) -> None:
    """Replace a JSON member of the archive by its changed self."""
    if name in members:
        members[name] = json.dumps(change(json.loads(members[name]))).encode()


def _drop_date(metadata: Any) -> Any:
    return {key: value for key, value in metadata.items() if key != "date_saved"}


def _share(config: Any, numbers: dict[int, int] | None) -> Any:
    """``config`` with its addresses of shared objects counted from 0; without numbers, dropped."""
    if isinstance(config, list):
        return [_share(item, numbers) for item in config]
    if not isinstance(config, dict):
        return config
    changed = {}
    for key, value in config.items():
        if key != "shared_object_id":
            changed[key] = _share(value, numbers)
        elif numbers is not None and value is not None:
            changed[key] = numbers.setdefault(value, len(numbers))
    return changed


def _structure(network: Any) -> dict[str, Json]:
    weights = list(network.weights)
    found: dict[str, Json] = {
        "parameters": int(network.count_params()),
        "layers": {
            facts.text(str(weight.path)): "x".join(map(str, weight.shape)) or "scalar"
            for weight in weights[: facts.MOST]
        },
    }
    compiled: dict[str, Any] = facts.attempt(
        lambda: {"optimizer": network.optimizer, "loss": network.loss}, {}
    )
    return found | {key: facts.brief(value) for key, value in compiled.items() if value is not None}


def _tensors(symbols: Any) -> tuple[Mapping[str, Json], ...]:
    return tuple(
        {
            "name": facts.text(str(one.name)),
            "type": facts.text(str(one.dtype)),
            "shape": [facts.brief(extent) for extent in one.shape],
        }
        for one in symbols[: facts.MOST]
    )


flavor = KerasFlavor()
