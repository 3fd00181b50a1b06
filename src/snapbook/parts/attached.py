"""What can be told of an attached file: its media type, and the text by which it is found.

Reads bytes only, executes and fetches nothing. Text comes from plain text, Markdown, tables, JSON,
YAML, code, HTML (tags taken off) and notebooks; a PDF's when pypdf is installed.
"""

from __future__ import annotations

import functools
import json
import mimetypes
import re
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

MOST_TEXT = 200_000
_MOST_PAGES = 200
# fmt: off
_TEXTS = frozenset((
    "txt", "md", "rst", "csv", "tsv", "json", "jsonl", "yaml", "yml", "toml", "ini", "cfg",
    "conf", "env", "log", "py", "r", "R", "jl", "sql", "sh", "html", "htm", "xml", "tex",
    "bib", "ipynb", "js", "ts", "css", "svg", "properties",
))
# fmt: on
_TYPES = {
    "md": "text/markdown",
    "ipynb": "application/x-ipynb+json",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "toml": "application/toml",
    "parquet": "application/vnd.apache.parquet",
    "py": "text/x-python",
    "jsonl": "application/jsonl",
    "svg": "image/svg+xml",
}


def media_type(name: str) -> str:
    """The media type by the file's name, the same on every machine."""
    ending = name.rpartition(".")[2].lower()
    guess = _TYPES.get(ending) or _known_types().guess_type(name, strict=False)[0]
    return guess or ("text/plain" if is_text(name) else "application/octet-stream")


@functools.cache
def _known_types() -> mimetypes.MimeTypes:
    # Python's own table alone: the module's functions add what the machine's files say
    return mimetypes.MimeTypes()


def is_text(name: str) -> bool:
    """Whether a file of this name is text, to be scanned for secrets before it is kept."""
    stem, dot, ending = name.rpartition(".")
    return ending in _TEXTS or (not dot and stem == "") or name.startswith(".env")


def decoded(data: bytes) -> str | None:
    """``data`` as text if it is UTF-8 (or UTF-16 with its mark), else None."""
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16")
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text[:4096] else text


def words(name: str, data: bytes) -> str:
    """The text by which a file is searched, at most 200,000 characters; "" where it has none."""
    ending = name.rpartition(".")[2].lower()
    if ending == "pdf":
        return _pdf(data)
    text = decoded(data[: 8 * MOST_TEXT]) if is_text(name) else None
    if text is None:
        return ""
    if ending in ("html", "htm", "xml", "svg"):
        text = _untagged(text)
    elif ending == "ipynb":
        text = _notebook(text)
    return re.sub(r"[ \t]{2,}", " ", text)[:MOST_TEXT].strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.out.append(data)


def _untagged(text: str) -> str:
    parser = _Text()
    try:
        parser.feed(text)
        parser.close()
    except (AssertionError, ValueError):
        return ""  # the parser gives up on a few malformed declarations
    return re.sub(r"\s*\n\s*", "\n", " ".join(parser.out))


def _notebook(text: str) -> str:
    try:
        cells: Any = json.loads(text)["cells"]
        sources = [cell["source"] for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    listed = ("".join(map(str, one)) if isinstance(one, list) else str(one) for one in sources)
    return "\n".join(listed)


def _pdf(data: bytes) -> str:
    try:
        import pypdf  # type: ignore[import-not-found, unused-ignore]  # may be absent
    except ImportError:
        return ""
    try:
        pages = pypdf.PdfReader(BytesIO(data)).pages[:_MOST_PAGES]
        return "\n".join(page.extract_text() for page in pages)[:MOST_TEXT].strip()
    except Exception:  # noqa: BLE001 - malformed PDFs raise anything
        return ""
