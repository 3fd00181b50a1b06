"""What an image is built on: another image, by reference. Its layers stay where they are.

Nothing of it is unpacked here. An index of images for several machines is looked through for the
one that is meant; media types of Docker are told as those of OCI that mean the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from snapbook.errors import Damaged, NotFound, Refused
from snapbook.export.address import Address
from snapbook.export.artifact import parsed
from snapbook.export.distribution import Registry
from snapbook.export.layer import LAYER, Blob
from snapbook.export.layout import checked

ARCHITECTURES: Mapping[str, str] = {"amd64": "x86_64", "arm64": "aarch64"}  # and what uv calls them
_CHANGED = "application/vnd.docker.image.rootfs.diff.tar"
_MEDIA: Mapping[str, str] = {
    LAYER: LAYER,
    f"{LAYER}+gzip": f"{LAYER}+gzip",
    f"{LAYER}+zstd": f"{LAYER}+zstd",
    _CHANGED: LAYER,
    f"{_CHANGED}.gzip": f"{LAYER}+gzip",
}


class Source(Protocol):
    """Where a base lies."""

    def manifest(self, digest: str = "") -> bytes:
        """Its manifest or index; with ``digest`` one of those that the index names."""

    def document(self, digest: str) -> bytes:
        """Its configuration."""

    def blob(self, described: Mapping[str, Any], media: str) -> Blob:
        """One of its layers."""


class Remote:
    """A base in a registry. Raises NotFound, Refused, Unreachable, Damaged."""

    def __init__(self, registry: Registry, at: Address) -> None:
        self._registry, self._at = registry, at

    def manifest(self, digest: str = "") -> bytes:
        """See `Source.manifest`."""
        at = Address(self._at.host, self._at.name, digest=digest) if digest else self._at
        data, _ = self._registry.manifest(at)
        if at.digest and _digest(data) != at.digest:
            raise Damaged(f"{at} was not read", "its registry gave another one")
        return data

    def document(self, digest: str) -> bytes:
        """See `Source.document`."""
        data = b"".join(self._registry.blob(self._at.name, digest))
        if _digest(data) != digest:
            raise Damaged(f"{self._at} was not read", "its registry gave another configuration")
        return data

    def blob(self, described: Mapping[str, Any], media: str) -> Blob:
        """See `Source.blob`."""
        digest, size = str(described.get("digest")), int(described.get("size", 0))

        def read() -> Iterator[bytes]:
            return checked(self._registry.blob(self._at.name, digest), digest, size)

        return Blob(media, digest, size, read, self._at.place)


@dataclass(frozen=True, slots=True)
class Base:
    """An image to build on. ``name`` is "" where it lay in a folder: no path goes into an image."""

    name: str
    digest: str
    config: Mapping[str, Any]
    layers: Sequence[Blob]

    @property
    def architecture(self) -> str:
        """As uv calls it."""
        return ARCHITECTURES[str(self.config["architecture"])]

    @property
    def python(self) -> str:
        """Its Python as "3.11", "" where it does not tell (the images called `python` do)."""
        listed = self.run.get("Env")
        told = dict(str(one).partition("=")[::2] for one in listed or ())
        return ".".join(told.get("PYTHON_VERSION", "").split(".")[:2])

    @property
    def run(self) -> Mapping[str, Any]:
        """How it is run: user, variables, ..."""
        found = self.config.get("config")
        return found if isinstance(found, dict) else {}

    @property
    def contents(self) -> list[str]:
        """The digests of its layers' contents."""
        found: Any = self.config["rootfs"]["diff_ids"]
        return [str(one) for one in found]


def base(source: Source, name: str, architecture: str) -> Base:
    """The base in ``source`` for that architecture ("amd64")."""
    data = source.manifest()
    told = parsed(data, "its manifest")
    if isinstance(told.get("manifests"), list):
        data = source.manifest(_chosen(told["manifests"], architecture))
        told = parsed(data, "its manifest")
    listed, config = told.get("layers"), told.get("config")
    if not isinstance(listed, list) or not isinstance(config, dict):
        raise Damaged("The base is no image", "its manifest is of another format")
    found = parsed(source.document(str(config.get("digest"))), "its configuration")
    layers = tuple(_layer(source, one) for one in listed)
    made = Base(name, _digest(data), found, layers)
    if found.get("architecture") not in ARCHITECTURES or found.get("os") != "linux":
        raise Refused("The base cannot be used", "it is for another kind of machine",
                      act=f"Take one for Linux on {' or '.join(ARCHITECTURES)}")  # fmt: skip
    try:
        same = len(made.contents) == len(layers)
    except (KeyError, TypeError):
        same = False
    if not same:
        raise Damaged("The base is no image", "its configuration is of another format")
    return made


def _chosen(listed: Sequence[Any], architecture: str) -> str:
    for one in listed:
        platform = one.get("platform") if isinstance(one, dict) else None
        told = platform if isinstance(platform, dict) else {}
        if (told.get("os"), told.get("architecture")) == ("linux", architecture):
            return str(one.get("digest"))
    raise NotFound(f"The base has no image for linux/{architecture}")


def _layer(source: Source, described: Any) -> Blob:
    media = _MEDIA.get(str(described.get("mediaType"))) if isinstance(described, dict) else None
    if media is None or described.get("urls"):
        raise Refused("The base cannot be used", "a layer of it is of a kind that is not known")
    return source.blob(described, media)


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
