"""Files as a part: attachments that the user names, and what differs between two sets of files.

Attachments are kept whole, cut by content where large. Text is scanned for secrets first. Restoring
writes into one folder and never out of it, whatever a stored name says.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import BadOption, Conflict, Damaged, nearest
from snapbook.parts import attached, checkout
from snapbook.parts.base import Change, Notice, Part
from snapbook.parts.reads import shown_path
from snapbook.secrets import Redactor
from snapbook.store.base import Writer

Get = Callable[[str], bytes]
_WHOLE = 256 * 1024  # up to here a file is one blob
_AVERAGE = 64 * 1024
_READ = 16 * 1024 * 1024
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def capture_attachments(
    paths: Sequence[str | Path],
    writer: Writer,
    project: str | Path,
    redactor: Redactor | None = None,
) -> tuple[Part, tuple[Notice, ...]]:
    """The files as a part. Folders give the files in them.

    Raises BadOption before anything is kept if a path is missing or is no file.
    """
    found = _listed(paths, project)
    redactor = redactor or Redactor()
    entries: list[Json] = []
    blobs: list[str] = []
    notices: list[Notice] = []
    for shown, path in found.items():
        facts, mine = _keep(shown, path, writer, redactor)
        entries.append(facts)
        blobs += mine
        if not facts.get("text") and shown.lower().endswith(".pdf"):
            notices.append(Notice("no-text", shown, "is kept, but its text cannot be searched"))
    return Part("files", "attachments", {"files": entries}, tuple(blobs)), tuple(notices)


def restore(part: Part, folder: str | Path, get: Get, *, replace: bool = False) -> list[Path]:
    """Write the files of ``part`` below ``folder`` and give their paths.

    A file that is there with other bytes is not touched and nothing is written: Conflict, unless
    ``replace``. A name that would leave the folder is Damaged.
    """
    base = Path(folder).resolve()
    planned: list[tuple[Path, list[str]]] = []
    for entry in entries(part):
        blobs: Any = entry.get("blobs")
        if isinstance(blobs, list) and blobs:
            planned.append((_safe(base, str(entry.get("path", ""))), blobs))
    taken = [
        place.name
        for place, blobs in planned
        if place.exists() and not replace and not _equal(place, blobs, get)
    ]
    if taken:
        raise Conflict(
            "Files not restored",
            f"{', '.join(taken[:3])} {'is' if len(taken) == 1 else 'are'} there with other content",
            act="Name another folder",
        )
    for place, blobs in planned:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(place, blobs, get)
    return [place for place, _ in planned]


def entries(part: Part | None) -> list[dict[str, Any]]:
    """The facts of each file of a part of kind files, sorted by path."""
    listed: Any = part.facts.get("files") if part is not None else None
    found = (
        [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    )
    return sorted(found, key=lambda entry: str(entry.get("path", "")))


def texts(part: Part, get: Get) -> dict[str, str]:
    """Path -> the text by which a file is searched, for those that have any."""
    return {
        str(entry["path"]): get(str(entry["text"])).decode("utf-8", "replace")
        for entry in entries(part)
        if entry.get("text")
    }


def diff(old: Part | None, new: Part | None, get: Get | None = None) -> list[Change]:
    """Files added, removed and changed, for any part of kind files: attached, read or modules.

    With ``get`` a changed text has its first differing lines.
    """
    before = {str(entry.get("path")): entry for entry in entries(old)}
    after = {str(entry.get("path")): entry for entry in entries(new)}
    role = (new or old or Part("files", "", {})).name
    section = "code" if role == "modules" else "files"
    changes = []
    for path in sorted(before.keys() | after.keys()):
        was, now = before.get(path, {}), after.get(path, {})
        if was and now and was.get("digest") == now.get("digest"):
            continue
        what = "added" if not was else "removed" if not now else "changed"
        lines = _lines(was, now, get) if get and what == "changed" else ()
        facts = {"role": role}
        sizes = (was.get("size"), now.get("size"))
        changes.append(Change(section, path, what, *sizes, lines=lines, facts=facts))
    return changes


def _listed(paths: Sequence[str | Path], project: str | Path) -> dict[str, Path]:
    """Shown path -> file, checked to be there."""
    base = checkout.root(project)
    found: dict[str, Path] = {}
    for given in paths:
        path = Path(given).expanduser()
        if not path.is_absolute() and not path.exists():
            path = Path(project) / path
        if path.is_dir():
            inside = sorted(
                p for p in path.rglob("*") if p.is_file() and ".snapbook" not in p.parts
            )
        elif path.exists() and stat.S_ISREG(path.stat().st_mode):
            inside = [path]
        else:
            raise _absent(path)
        for one in inside:
            shown, outside = shown_path(str(one), base)
            shown = one.relative_to(path.parent).as_posix() if outside else shown
            while found.get(shown, one) != one:
                stem, dot, ending = shown.partition(".")
                shown = f"{stem}_{dot}{ending}"
            found[shown] = one
    return found


def _absent(path: Path) -> BadOption:
    if path.exists():
        return BadOption(f"Not attached: {path.name} is no file", "nothing was kept")
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, beside[:5000])
    said = f"there is no file {path.name}" + (f" (did you mean {near[0]}?)" if near else "")
    return BadOption(
        "Nothing was kept", said, act="Name a file that is there", hint="--attach PATH"
    )


def _keep(
    shown: str, path: Path, writer: Writer, redactor: Redactor
) -> tuple[dict[str, Json], list[str]]:
    try:
        size = path.stat().st_size
        text = attached.is_text(path.name) and size <= 50_000_000
        data = path.read_bytes() if text or size <= _READ else None
    except OSError as error:
        raise BadOption(
            "Nothing was kept", f"{path.name} cannot be read ({error.strerror or error})"
        ) from error
    if data is not None and text:
        data = _redacted(data, shown, redactor)
    if data is not None:
        blobs = _pieces(data, writer)
        digest, kept = canonical.digest(data), len(data)
        searched = attached.words(path.name, data)
    else:
        blobs, digest, kept = _stream(path, writer)
        searched = ""
    facts: dict[str, Json] = {
        "path": shown,
        "size": kept,
        "digest": digest,
        "type": attached.media_type(path.name),
        "blobs": blobs,
    }
    if searched:
        # a blob of its own: what lists and compares versions reads no long texts
        clean = redactor.redact(searched, shown).encode("utf-8", "replace")
        facts["text"] = writer.add(clean)
        return facts, [*blobs, str(facts["text"])]
    return facts, blobs


def _redacted(data: bytes, shown: str, redactor: Redactor) -> bytes:
    text = attached.decoded(data)
    if text is None:
        return data
    clean = redactor.redact(text, shown)
    return data if clean == text else clean.encode("utf-8", "surrogatepass")


def _pieces(data: bytes, writer: Writer) -> list[str]:
    if len(data) <= _WHOLE:
        return [writer.add(data)]
    from snapbook.chunk import cut

    return [writer.add(piece) for piece in cut(data, _AVERAGE)]


def _stream(path: Path, writer: Writer) -> tuple[list[str], str, int]:
    """A large file without holding it in memory: read in blocks, each cut by content."""
    import blake3

    blobs: list[str] = []
    hasher = blake3.blake3()
    size = 0
    with path.open("rb") as file:
        while block := file.read(_READ):
            hasher.update(block)
            size += len(block)
            blobs += _pieces(block, writer)
    return blobs, hasher.hexdigest(), size


def _safe(base: Path, name: str) -> Path:
    """The place of a stored name below ``base``, whatever a hostile one says."""
    parts = re.split(r"[/\\]", name)
    bad = (
        not name
        or len(name) > 1000
        or any(part in ("", ".", "..") or _DEVICES.fullmatch(part) for part in parts)
        or re.match(r"[A-Za-z]:", name)
        or any(not c.isprintable() or c in '<>:"|?*' for c in name)
        or any(part.endswith((".", " ")) for part in parts)
    )
    place = base.joinpath(*parts) if not bad else base
    # a link inside the folder may lead out of it
    if bad or not place.parent.resolve().is_relative_to(base) or place.is_symlink():
        shown = "".join(c if c.isprintable() else "?" for c in name[:60])
        raise Damaged("Files not restored", f'"{shown}" is no name for a file in one folder')
    return place


def _equal(place: Path, blobs: Iterable[str], get: Get) -> bool:
    try:
        with place.open("rb") as file:
            for blob in blobs:
                data = get(blob)
                if file.read(len(data)) != data:
                    return False
            return not file.read(1)
    except OSError:
        return False


def _write(place: Path, blobs: Iterable[str], get: Get) -> None:
    """Whole or not at all: into a new file beside it, then renamed."""
    half = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with half.open("xb") as file:
            for blob in blobs:
                file.write(get(blob))
        os.replace(half, place)
    finally:
        half.unlink(missing_ok=True)


def _lines(was: Mapping[str, Any], now: Mapping[str, Any], get: Get) -> tuple[str, ...]:
    import difflib

    texts = []
    for entry in (was, now):
        blobs = entry.get("blobs") or ([entry["blob"]] if entry.get("blob") else [])
        if not blobs or int(entry.get("size") or 0) > 1_000_000:
            return ()
        text = attached.decoded(b"".join(map(get, blobs)))
        if text is None:
            return ()
        texts.append(text.splitlines())
    found = difflib.unified_diff(texts[0], texts[1], lineterm="", n=0)
    return tuple(line for line in found if not line.startswith(("---", "+++", "@@")))[:40]
