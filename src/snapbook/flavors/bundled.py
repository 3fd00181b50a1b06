"""A stored model as files that others read, and those files as the blobs that it was stored as.

The first makes what leaves for production, copying bytes and loading nothing. The second proves
where it came from: whoever has the part that an author signed has the digests of its blobs, and
`blobs_of` gives back those very blobs or says that they are others. Knows layouts, no folders.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged, NotRestorable
from snapbook.flavors import keras, native, opcodes, pickled, weights

Get = Callable[[str], bytes]
Put = Callable[[str, Iterable[bytes]], None]
_PICKLE = "model.joblib"
# The files of a framework's own form, in the order that its flavor keeps them in.
_NATIVE = {
    "xgboost-ubj": ("model.ubj", "model.config.json"),
    "lightgbm-text": ("model.txt",),
    "torchscript": ("model.pt",),
    "onnx-file": ("model.onnx",),
    "skops-file": ("model.skops",),
}
_KERAS = "keras-archive"
_ARCHIVE = "model.keras"
_TENSORS = "model.safetensors"


def write(layout: Mapping[str, Json], blobs: Sequence[str], get: Get, put: Put) -> dict[str, Json]:
    """Give the model's files to ``put``; gives how they are read again.

    Raises NotRestorable for a form that nothing could load out of files, Damaged.
    """
    form = str(layout.get("format"))
    if form == pickled.FORMAT:
        return _write_pickle(layout, tuple(blobs), get, put)
    if form == _KERAS or form in _NATIVE:
        return _write_native(form, layout, blobs, get, put)
    if form == weights.STATE:
        return _write_tensors(layout, blobs, get, put)
    raise _none(f"its form ({form}) is one that no server could load", "Version the model itself")


def blobs_of(
    load: Mapping[str, Any], layout: Mapping[str, Json], blobs: Sequence[str], read: Get
) -> dict[str, memoryview]:
    """The blobs by digest, out of the files that `write` gave; ``read`` gives a file by its name.

    Raises Damaged where one of them is not what was signed.
    """
    form = layout.get("format")
    if form == pickled.FORMAT:
        whole = memoryview(read(_PICKLE))
        stream, buffers = opcodes.parted(whole, _edits(load.get("edits")))
        pieces = [*_cut(memoryview(stream), load.get("pieces")), *buffers]
        wanted = _own(layout, blobs)
    elif form == weights.STATE:
        tensors, data = weights.listed(layout, len(blobs)), memoryview(read(_TENSORS))
        found = weights.storages(tensors, layout, len(blobs), data)
        if found is None:
            raise _foreign()
        pieces, wanted = found, tuple(blobs)
    else:
        if form == _KERAS:
            files = _members(read(_ARCHIVE))
        else:
            files = [read(name) for name in _NATIVE.get(str(form), ())]
        lengths = load.get("pieces")
        if not isinstance(lengths, list) or len(lengths) != len(files):
            raise _foreign()
        pieces = [
            piece
            for data, each in zip(files, lengths, strict=True)
            for piece in _cut(memoryview(data), each)
        ]
        wanted = tuple(blobs)
    if [canonical.digest(piece) for piece in pieces] != list(wanted):
        raise _foreign()
    return dict(zip(wanted, pieces, strict=True))


def same_pickle(data: bytes, layout: Mapping[str, Json], blobs: Sequence[str], get: Get) -> bool:
    """Whether ``data`` is the ordinary pickle that `write` makes of these blobs, byte for byte."""
    own, place = _own(layout, blobs), 0
    for piece in pickled.plain_pieces(layout, own, get):
        if data[place : place + len(piece)] != piece:
            return False
        place += len(piece)
    return place == len(data)


def _write_pickle(
    layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get, put: Put
) -> dict[str, Json]:
    own = _own(layout, blobs)
    stream = pickled.stream(layout, own, get)
    count: Any = layout["pieces"]
    edits: list[list[int]] = []
    put(_PICKLE, opcodes.pieces(stream, map(get, own[count:]), edits))
    lengths: list[Json] = [len(get(digest)) for digest in own[:count]]
    return {"kind": "joblib", "file": _PICKLE, "edits": edits, "pieces": lengths}


def _write_native(
    form: str, layout: Mapping[str, Json], blobs: Sequence[str], get: Get, put: Put
) -> dict[str, Json]:
    listed, _ = native.parted(form, layout, blobs)
    names = (_ARCHIVE,) if form == _KERAS else _NATIVE[form]
    if form == _KERAS:
        put(_ARCHIVE, (keras.archive(layout, blobs, get),))
    else:
        for name, pieces in zip(names, listed, strict=True):
            put(name, map(get, pieces))
    lengths: list[Json] = [[len(get(piece)) for piece in pieces] for pieces in listed]
    return {"kind": "native", "form": form, "file": names[0], "pieces": lengths}


def _write_tensors(
    layout: Mapping[str, Json], blobs: Sequence[str], get: Get, put: Put
) -> dict[str, Json]:
    try:
        tensors = weights.listed(layout, len(blobs))
    except NotRestorable as error:
        raise _none(error.why, "Version the module itself") from error
    if (name := weights.hidden(tensors, layout, blobs, get)) is not None:
        raise _none(
            f"{name} shows a part of its storage, and no tensor the rest",
            "Version clones, {name: tensor.clone() for name, tensor in state.items()}",
        )
    put(_TENSORS, weights.pieces(tensors, {}, blobs, get))
    return {"kind": "native", "form": weights.STATE, "file": _TENSORS}


def _own(layout: Mapping[str, Json], blobs: Sequence[str]) -> tuple[str, ...]:
    """The blobs that a pickle is made of; a network's weights may be kept a second time."""
    count = layout.get("blobs")
    return tuple(blobs[:count] if type(count) is int else blobs)


def _cut(data: memoryview, lengths: Any) -> Iterator[memoryview]:
    if not isinstance(lengths, list) or not all(type(one) is int and one >= 0 for one in lengths):
        raise _foreign()
    if sum(lengths) != len(data):
        raise _foreign()
    start = 0
    for length in lengths:
        yield data[start : start + length]
        start += length


def _edits(listed: Any) -> Iterator[list[int]]:
    if not isinstance(listed, list):
        raise _foreign()
    for edit in listed:
        if not isinstance(edit, list) or len(edit) != 3 or not all(type(n) is int for n in edit):
            raise _foreign()
        yield edit


def _members(data: bytes) -> list[bytes]:
    """The members of an archive of ours: none of them is packed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            if any(member.file_size != member.compress_size for member in listed):
                raise _foreign()
            if sum(member.file_size for member in listed) > len(data):
                raise _foreign()
            return [archive.read(member) for member in listed]
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError) as error:
        raise _foreign() from error


def _none(why: str, act: str) -> NotRestorable:
    return NotRestorable("No bundle can be made of it", why, act=act)


def _foreign() -> Damaged:
    return Damaged("The model is not the one that its author signed", "its bytes are others")
