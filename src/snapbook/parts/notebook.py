"""The notebook document as it stands on disk, beside the cells that really ran.

Knows the .ipynb format as far as it must, and checks it itself: a document is whatever an editor
last left, and nbformat answers malformed ones with seven kinds of exception. Never required:
without a document a version is complete. Nothing is ever written into it. Outputs are bounded in
size, redacted, and kept as blobs of their own, so that one that did not change costs nothing.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.errors import Damaged
from snapbook.parts.base import Change, Notice, Part
from snapbook.parts.celldiff import pair
from snapbook.store.base import Writer

LARGEST_OUTPUT = 1_000_000  # bytes as JSON; a larger one is told by digest and size
LARGEST_DOCUMENT = 200_000_000  # bytes; a larger one is not read
_LARGEST_RAW = 4_000_000  # bytes kept of a document that is no notebook
_OWN_BLOB = 2_048  # bytes; smaller outputs stay in the document
_SECONDS = 2.0  # after that, outputs are told by digest and size
_BINARY = ("image/", "audio/", "video/", "application/pdf", "application/octet-stream")

Get = Callable[[str], bytes]
Redact = Callable[[str], str]


def find(namespace: Mapping[str, object], environ: Mapping[str, str] = os.environ) -> Path | None:
    """The document that this kernel serves, as the front end tells: VS Code in the namespace,
    Jupyter's server in the environment. None where nobody tells or it is not there.
    """
    for told in (namespace.get("__vsc_ipynb_file__"), environ.get("JPY_SESSION_NAME")):
        if type(told) is str and told.endswith(".ipynb"):
            try:
                path = Path(told).absolute()
                if path.is_file():
                    return path
            except (OSError, ValueError):
                continue
    return None


def capture(
    path: Path, writer: Writer, redact: Redact, project: Path | None = None
) -> tuple[Part | None, list[Notice]]:
    """The document as a Part, or None with a Notice why not.

    ``project`` is the folder that paths are told from; of a document outside of it, or without
    one, only the file's name is told.
    """
    name = _told(path, project)
    try:
        if path.stat().st_size > LARGEST_DOCUMENT:
            return None, [Notice("not-kept", name, "the document is too large")]
        data = path.read_bytes()
    except OSError as error:
        return None, [Notice("not-kept", name, error.strerror or "it cannot be read")]
    document, reason = _parsed(data)
    if document is None:
        return _raw(name, data, reason, writer, redact)
    try:
        return _Keeping(writer, redact).part(name, document)
    except (ValueError, TypeError, RecursionError) as error:
        return _raw(name, data, str(error), writer, redact)


def restore(part: Part, get: Get) -> dict[str, Any] | bytes:
    """The document as JSON; the bytes as they were where it was no notebook.

    Outputs that were too large stand as a line of text. Raises Damaged, NotFound.
    """
    if not part.facts.get("valid"):
        return get(part.blobs[0])
    document = _decoded(get(part.blobs[0]))
    for cell in document["cells"]:
        if isinstance(cell.get("outputs"), list):
            cell["outputs"] = [restored_output(output, get) for output in cell["outputs"]]
    return dict(document)


def stored_cells(part: Part, get: Get) -> list[dict[str, Any]]:
    """The document's cells, their outputs as they are stored: see `restored_output`.

    None where it was no notebook. Raises Damaged, NotFound.
    """
    return _cells(part, get) if part.facts.get("valid") and part.blobs else []


def diff(old: Part, new: Part, get: Get) -> list[Change]:
    """Whether the document changed, and how many of its cells; outputs are folded into a count."""
    if old.blobs == new.blobs:
        return []
    if not (old.facts.get("valid") and new.facts.get("valid")):
        return [Change("code", new.name, "changed")]
    before, after = _cells(old, get), _cells(new, get)
    pairs, _ = pair(
        [str(cell.get("id", "")) for cell in before],
        [_source(cell) for cell in before],
        [str(cell.get("id", "")) for cell in after],
        [_source(cell) for cell in after],
    )
    edited = sum(_source(before[here]) != _source(after[there]) for here, there in pairs.items())
    outputs = sum(
        before[here].get("outputs") != after[there].get("outputs") for here, there in pairs.items()
    )
    counts = {
        "edited": edited,
        "added": len(after) - len(pairs),
        "removed": len(before) - len(pairs),
        "outputs": outputs,
    }
    words = (f"{count} {word}" for word, count in counts.items() if count)
    line = "cells of the document: " + (", ".join(words) or "only metadata differ")
    return [
        Change("code", new.name, "changed", len(before), len(after), (line,), facts=dict(counts))
    ]


class _Keeping:
    """One capture: what was kept, what was left out, when to stop."""

    def __init__(self, writer: Writer, redact: Redact) -> None:
        self._writer = writer
        self._redact = redact
        self._until = time.monotonic() + _SECONDS
        self._blobs: dict[str, None] = {}
        self._left_out = 0
        self._output_bytes = 0

    def part(self, name: str, document: dict[str, Any]) -> tuple[Part, list[Notice]]:
        """The Part of a document that has a notebook's form."""
        cells = [self._cell(cell) for cell in document["cells"]]
        rest = {key: value for key, value in document.items() if key != "cells"}
        body = canonical.encode({**self._clean(rest), "cells": cells})
        code = sum(cell["cell_type"] == "code" for cell in cells)
        facts = {
            "valid": True,
            "cells": len(cells),
            "code_cells": code,
            "output_bytes": self._output_bytes,
            "left_out": self._left_out,
        }
        notices = []
        if self._left_out:
            word = "output is" if self._left_out == 1 else "outputs are"
            notices = [Notice("hash-only", name, f"{self._left_out} large {word} kept as digest")]
        return Part("notebook", name, facts, (self._writer.add(body), *self._blobs)), notices

    def _cell(self, cell: dict[str, Any]) -> dict[str, Any]:
        kept = self._clean({key: value for key, value in cell.items() if key != "outputs"})
        if "outputs" in cell:
            outputs = cell["outputs"] if isinstance(cell["outputs"], list) else []
            kept["outputs"] = [self._output(output) for output in outputs]
        return dict(kept)

    def _output(self, output: Any) -> Any:
        size = _size(output)
        self._output_bytes += size
        if size > LARGEST_OUTPUT or time.monotonic() > self._until:
            self._left_out += 1
            raw = json.dumps(output, sort_keys=True).encode()
            return {"left_out": {"digest": canonical.digest(raw), "bytes": size}}
        cleaned = self._clean(output)
        if size <= _OWN_BLOB and isinstance(output, dict) and "output_type" in output:
            return cleaned
        digest = self._writer.add(canonical.encode(cleaned))
        self._blobs[digest] = None
        return {"kept": digest}

    def _clean(self, value: Any, kind: str = "") -> Any:
        """``value`` with every text redacted; lists of lines become one text."""
        if isinstance(value, str):
            return self._text(value, kind)
        if isinstance(value, dict):
            return {_storable(key): self._clean(item, key) for key, item in value.items()}
        if isinstance(value, list):
            if value and kind != "tags" and all(isinstance(item, str) for item in value):
                # A secret may stand across the lines that the format cuts a text into.
                whole = kind == "traceback"
                text = self._text(("\n" if whole else "").join(value), kind)
                return text.split("\n") if whole else text
            return [self._clean(item, kind) for item in value]
        return value

    def _text(self, text: str, kind: str) -> str:
        text = _storable(text)
        return text if kind.startswith(_BINARY) else self._redact(text)


def _raw(
    name: str, data: bytes, reason: str, writer: Writer, redact: Redact
) -> tuple[Part | None, list[Notice]]:
    """A document that is no notebook: its bytes, redacted as text."""
    if len(data) > _LARGEST_RAW:
        return None, [Notice("not-kept", name, f"it is no notebook ({reason}) and large")]
    text = redact(data.decode("utf-8", "surrogateescape"))
    digest = writer.add(text.encode("utf-8", "surrogateescape"))
    part = Part("notebook", name, {"valid": False, "bytes": len(data)}, (digest,))
    return part, [Notice("not-valid", name, f"it is no valid notebook ({reason}), kept as it is")]


def _parsed(data: bytes) -> tuple[dict[str, Any] | None, str]:
    """The document if it has the form of a notebook of format 4, else None and what is wrong."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        return None, "not JSON" if isinstance(error, ValueError) else "nested too deeply"
    if not isinstance(document, dict):
        return None, "no JSON object"
    if document.get("nbformat") != 4:
        return None, "not of format 4"
    cells = document.get("cells")
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        return None, "its cells have another form"
    return document, ""


def _is_cell(cell: object) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    source = cell.get("source")
    return isinstance(source, str) or (
        isinstance(source, list) and all(isinstance(line, str) for line in source)
    )


def _size(value: Any) -> int:
    """About the bytes that ``value`` takes as JSON; stops counting past the limit's double."""
    total, queue = 0, [value]
    while queue:
        item = queue.pop()
        if isinstance(item, str):
            total += len(item) + 2
        elif isinstance(item, dict):
            queue.extend(item.values())
            total += sum(len(key) + 4 for key in item)
        elif isinstance(item, list):
            queue.extend(item)
            total += 2
        else:
            total += 8
    return total


def _storable(text: str) -> str:
    """``text`` without lone surrogates, which JSON can carry and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _told(path: Path, project: Path | None) -> str:
    if project is not None:
        try:
            return path.resolve().relative_to(project.resolve()).as_posix()
        except (ValueError, OSError, RuntimeError):
            pass
    return _storable(path.name)


def _cells(part: Part, get: Get) -> list[dict[str, Any]]:
    return list(_decoded(get(part.blobs[0]))["cells"])


def _source(cell: Mapping[str, Any]) -> str:
    return str(cell.get("source", ""))


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        document: Any = canonical.decode(data)
    except ValueError as error:
        raise Damaged("A stored notebook cannot be read", str(error)) from error
    if not isinstance(document, dict) or not all(map(_is_cell, document.get("cells", [None]))):
        raise Damaged("A stored notebook cannot be read", "it has another form")
    return document


def restored_output(output: Any, get: Get) -> Any:
    """A stored output as the document had it. Raises Damaged, NotFound."""
    if not isinstance(output, dict) or "output_type" in output:
        return output
    if isinstance(output.get("kept"), str):
        try:
            return canonical.decode(get(output["kept"]))
        except ValueError as error:
            raise Damaged("A stored output cannot be read", str(error)) from error
    if isinstance(output.get("left_out"), dict):
        size = output["left_out"].get("bytes", 0)
        text = f"[an output of {size:,} bytes was not kept]"
        return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
    return output
