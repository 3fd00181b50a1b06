"""The seam to model frameworks: a flavor imports its framework only for an object that is of it.

One flavor a file. Others add theirs through the entry-point group ``snapbook.flavors`` (name ->
`Flavor` instance); ours are named in registry.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from snapbook.canonical import Json
from snapbook.store.base import Writer


@dataclass(frozen=True, slots=True)
class Encoded:
    """A model as bytes: ``blobs`` in the order `Flavor.load` takes them back.

    ``layout`` is what load needs beside the blobs. ``digest`` is the model digest: equal for the
    same fit in two processes; ``canonical`` is False where it is only the digest of the stored
    bytes. ``executes`` says whether loading can run code, and so needs trust; ``imports`` are the
    modules and names that loading would import ("module:name"), as far as can be told without
    loading. ``stored_bytes`` is the length of all blobs together.
    """

    layout: Mapping[str, Json]
    blobs: tuple[str, ...]
    digest: str
    canonical: bool = True
    executes: bool = True
    imports: tuple[str, ...] = ()
    stored_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Description:
    """What can be said of a model without its bytes.

    ``params`` are the settings, flat ("step__alpha"), ``set_params`` the names of those that differ
    from the class's defaults; ``structure`` small facts that a diff shows (trees, nodes, layer
    shapes, coefficients by feature); ``inputs`` and ``outputs`` the signature as far as the model
    itself knows it: lists of {"name", "type"}; ``search`` the tried points of a hyper-parameter
    search: {"points": [{...}], "scores": [...], "best": index}, else None.
    """

    class_name: str
    framework: str
    framework_version: str
    params: Mapping[str, Json] = field(default_factory=dict)
    set_params: tuple[str, ...] = ()
    structure: Mapping[str, Json] = field(default_factory=dict)
    inputs: tuple[Mapping[str, Json], ...] = ()
    outputs: tuple[Mapping[str, Json], ...] = ()
    search: Mapping[str, Json] | None = None


class Flavor(Protocol):
    """One framework. All methods may meet hostile objects; what they raise, the caller reports."""

    name: str

    def accepts(self, model: object) -> bool:
        """Whether this flavor is at home with ``model``: told from its type, without imports."""

    def fitted(self, model: object) -> bool | None:
        """Whether ``model`` was fitted; None where the question has no meaning."""

    def members(self, model: object) -> tuple[object, ...]:
        """Models inside ``model`` (steps, estimators), which do not count as models of the cell."""

    def describe(self, model: object) -> Description:
        """Facts, bounded in size and time."""

    def dump(self, model: object, writer: Writer) -> Encoded:
        """Write the model's bytes as blobs."""

    def load(
        self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Callable[[str], bytes]
    ) -> object:
        """The model. Trust was checked by the caller. Raises NotRestorable with what is missing."""
