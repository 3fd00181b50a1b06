"""Models that their framework writes as files of its own: no pickle, and so mostly no trust."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from snapbook import canonical, chunk
from snapbook.canonical import Json
from snapbook.errors import Damaged
from snapbook.flavors.base import Encoded
from snapbook.store.base import Writer


def keep(
    form: str,
    files: Sequence[bytes],
    extra: Mapping[str, Json],
    writer: Writer,
    executes: bool,
    content: Sequence[bytes] | None = None,
) -> Encoded:
    """Write ``files`` cut by content.

    The model digest is over ``extra`` and ``content``, which is the files unless they hold what
    differs between two processes.
    """
    pieces = [[writer.add(piece) for piece in chunk.cut(data)] for data in files]
    layout: dict[str, Json] = {
        "format": form,
        "pieces": [len(each) for each in pieces],
        "extra": extra,
    }
    told: list[Json] = [canonical.digest(data) for data in (files if content is None else content)]
    return Encoded(
        layout,
        tuple(blob for each in pieces for blob in each),
        canonical.digest(canonical.encode([form, extra, *told])),
        canonical=True,
        executes=executes,
        stored_bytes=sum(map(len, files)),
    )


def fetch(
    form: str, layout: Mapping[str, Json], blobs: Sequence[str], get: Callable[[str], bytes]
) -> tuple[list[bytes], Mapping[str, Json]]:
    """The files and the extra that `keep` was given. Raises Damaged for another layout."""
    listed, extra = parted(form, layout, blobs)
    return [b"".join(map(get, pieces)) for pieces in listed], extra


def parted(
    form: str, layout: Mapping[str, Json], blobs: Sequence[str]
) -> tuple[list[Sequence[str]], Mapping[str, Json]]:
    """The blobs of each file, and the extra. Raises Damaged for another layout."""
    counts, extra = layout.get("pieces"), layout.get("extra")
    if (
        layout.get("format") != form
        or not isinstance(counts, list)
        or not all(type(count) is int and count >= 0 for count in counts)
        or sum(counts) != len(blobs)
        or not isinstance(extra, Mapping)
    ):
        raise Damaged("A stored model cannot be read", f"its layout is not one of {form}")
    files, place = [], 0
    for count in counts:
        files.append(blobs[place : place + count])
        place += count
    return files, extra
