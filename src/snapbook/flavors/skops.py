"""skops: a model of scikit-learn as a file without a pickle, which needs no trust.

What is kept is the file as skops wrote it; what comes back is the model, read by `skopsed` and not
by skops, which need not be installed. A file with more in it than that reads is no model here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import NotRestorable
from snapbook.flavors import native, skopsed
from snapbook.flavors.arrays import NotAllowed
from snapbook.flavors.base import Description, Encoded
from snapbook.flavors.sklearn import flavor as sklearn
from snapbook.store.base import Writer

FORMAT = "skops-file"
Get = Callable[[str], bytes]


class Skops:
    """``data``, a file of skops, and the model that it describes; ``types`` are those that who
    reads it with skops has to trust.
    """

    def __init__(self, data: bytes, types: Sequence[str] = ()) -> None:
        """Raises NotAllowed for a file that cannot be read without trust."""
        self.data = data
        self.types = types
        self.model: Any = skopsed.load(data)


class SkopsFlavor:
    """Files of skops that were read."""

    name = "skops"

    def accepts(self, model: object) -> bool:
        """Whether it is a file that was read."""
        return isinstance(model, Skops)

    def fitted(self, model: object) -> bool | None:
        """What scikit-learn says of the model."""
        return sklearn.fitted(_of(model))

    def members(self, model: object) -> tuple[object, ...]:
        """The models within the model."""
        return sklearn.members(_of(model))

    def describe(self, model: object) -> Description:
        """The model, as it is described where it is kept as a pickle."""
        return sklearn.describe(_of(model))

    def dump(self, model: object, writer: Writer) -> Encoded:
        """The file."""
        given: Any = model
        return native.keep(FORMAT, [given.data], {"types": [*given.types]}, writer, executes=False)

    def load(self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> object:
        """The model. Raises NotRestorable for a file with more in it than is read without trust."""
        (data,), _ = native.fetch(FORMAT, layout, blobs, get)
        try:
            return skopsed.load(data)
        except NotAllowed as error:
            raise NotRestorable("Its file of skops is not read", str(error)) from error


def _of(model: Any) -> object:
    inner: object = model.model
    return inner


flavor = SkopsFlavor()
