"""The flavor of whatever pickles: the stream cut by content, every large buffer a blob of its own.

So the 101st tree of a forest costs one tree. Other flavors keep their objects with `keep` and
get them back with `fetch`; this one is at home with everything and is asked last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged, NotKept
from snapbook.flavors import culprit, facts, modeldigest, opcodes, pickler, restricted
from snapbook.flavors.arrays import NotAllowed
from snapbook.flavors.base import Description, Encoded
from snapbook.flavors.pickler import Pickled
from snapbook.flavors.pieces import cut
from snapbook.store.base import Writer

FORMAT = "pickle5"
_LEAST_BUDGET = 1 << 20  # bytes that any model may cost to digest, however small its pickle
Get = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    """A pickle that was written: digests of the stream's pieces and of the buffers."""

    pickled: Pickled
    pieces: tuple[str, ...]
    buffers: tuple[str, ...]

    @property
    def known(self) -> dict[tuple[int, int], str]:
        """The digest of each large buffer by (address, bytes) of the original."""
        return dict(zip(self.pickled.addresses, self.buffers, strict=True))


def keep(model: object, writer: Writer) -> Encoded:
    """Write ``model`` as a stream in pieces and its buffers.

    Raises NotKept that names the attribute which stands in the way.
    """
    return encoded(model, write(model, writer))


def write(model: object, writer: Writer) -> Kept:
    """The blobs of ``model``; raises NotKept."""
    try:
        pickled = pickler.dump(model)
    except NotKept as error:
        raise culprit.explained(model, error) from error
    pieces = tuple(writer.add(piece) for piece in cut(pickled.stream))
    return Kept(pickled, pieces, tuple(writer.add(buffer) for buffer in pickled.buffers))


def encoded(model: object, kept: Kept) -> Encoded:
    """What ``kept`` is, with the model digest where the budget reaches."""
    blobs = (*kept.pieces, *kept.buffers)
    stored = len(kept.pickled.stream) + sum(buffer.nbytes for buffer in kept.pickled.buffers)
    layout: dict[str, Json] = {
        "format": FORMAT,
        "pieces": len(kept.pieces),
        "by_value": kept.pickled.by_value,
    }
    budget = max(4 * stored, _LEAST_BUDGET)
    found = modeldigest.model_digest(model, kept.known, budget, modeldigest.SECONDS)
    return Encoded(
        layout,
        blobs,
        found or canonical.digest(canonical.encode([layout, *blobs])),
        canonical=found is not None,
        executes=True,
        imports=kept.pickled.imports,
        stored_bytes=stored,
    )


def fetch(layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> Any:
    """The object that `keep` wrote. Executes code: the caller has checked trust."""
    rest = blobs[_pieces(layout, blobs) :]
    return pickler.load(stream(layout, blobs, get), map(get, rest))


def fetch_plain(layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> Any:
    """The object, if it is one that nobody has to be trusted for. Raises NotAllowed, Damaged."""
    if layout.get("by_value"):
        raise NotAllowed("it brings code of its own")
    rest = blobs[_pieces(layout, blobs) :]
    return restricted.load(stream(layout, blobs, get), map(get, rest))


def stream(layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> bytes:
    """The stream alone."""
    return b"".join(map(get, blobs[: _pieces(layout, blobs)]))


def buffers(layout: Mapping[str, Json], blobs: tuple[str, ...]) -> tuple[str, ...]:
    """The digests of the buffers alone, in the order in which the stream asks for them."""
    return blobs[_pieces(layout, blobs) :]


def plain_pickle(layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> bytes:
    """An ordinary pickle, put together without unpickling, that `pickle.loads` takes anywhere."""
    rest = blobs[_pieces(layout, blobs) :]
    return opcodes.whole(stream(layout, blobs, get), map(get, rest))


def plain_pieces(layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> Iterator[bytes]:
    """See `plain_pickle`; piece by piece, with one buffer at a time in memory."""
    rest = blobs[_pieces(layout, blobs) :]
    return opcodes.pieces(stream(layout, blobs, get), map(get, rest))


def imports(layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> tuple[str, ...]:
    """What loading would import ("module:name"), read from the stored stream itself."""
    return opcodes.imports(stream(layout, blobs, get))


def _pieces(layout: Mapping[str, Json], blobs: tuple[str, ...]) -> int:
    count = layout.get("pieces")
    if layout.get("format") != FORMAT or type(count) is not int or not 0 < count <= len(blobs):
        raise Damaged("A stored model cannot be read", "its layout is not one of a pickle")
    return count


class ByPickle:
    """What flavors have in common whose bytes are one pickle, large buffers apart."""

    def dump(self, model: object, writer: Writer) -> Encoded:
        """One pickle; see `keep`."""
        return keep(model, writer)

    def load(self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> object:
        """The object; see `fetch`."""
        return fetch(layout, blobs, get)


class PickledFlavor(ByPickle):
    """Whatever pickles, functions and classes of the notebook among it."""

    name = "pickled"

    def accepts(self, model: object) -> bool:
        """Everything: this flavor is asked last."""
        del model
        return True

    def fitted(self, model: object) -> bool | None:
        """True with an attribute that ends in an underscore, as is scikit-learn's convention."""
        return True if facts.has_fitted_attributes(model) else None

    def members(self, model: object) -> tuple[object, ...]:
        """None that we know of."""
        del model
        return ()

    def describe(self, model: object) -> Description:
        """Its class and where that comes from; the parameters if it has ``get_params``."""
        return facts.description(model)


flavor = PickledFlavor()
