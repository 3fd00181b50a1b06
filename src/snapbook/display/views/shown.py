"""What a stored output may be shown as: one form of it, as text or as the bytes of a picture.

An output is whatever a program once printed. Nothing of it is trusted: forms that can run something
are flagged, so that they are shown in a closed frame and only when asked for.
"""

from __future__ import annotations

import json
import re
from typing import Any

LARGEST = 5_000_000
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_ACTIVE = ("image/svg+xml", "text/html")
# The richest that can be shown comes first.
_ORDER = (*_PICTURES, *_ACTIVE, "text/markdown", "text/latex", "application/json", "text/plain")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def forms(output: Any) -> dict[str, str]:
    """Every form of an output that can be shown, by media type, the richest first."""
    if not isinstance(output, dict):
        return {}
    kind = output.get("output_type")
    if kind == "stream":
        return {"text/plain": _plain(_text(output.get("text")))}
    if kind == "error":
        trace = output.get("traceback")
        lines = trace if isinstance(trace, str) else "\n".join(map(_text, trace or ()))
        return {"text/plain": _plain(lines or _text(output.get("evalue")))}
    data = output.get("data")
    if not isinstance(data, dict):
        return {}
    known = {mime: _text(data[mime]) for mime in _ORDER if mime in data}
    return {m: t for m, t in known.items() if m not in _PICTURES or _BASE64.fullmatch(t)}


def kind_of(output: Any) -> str:
    """What an output is in one word: stream, error, or the media type that is shown."""
    kind = str(output.get("output_type", "")) if isinstance(output, dict) else ""
    return kind if kind in ("stream", "error") else next(iter(forms(output)), "other")


def size_of(output: Any) -> int:
    """About the bytes of the form that is shown."""
    return len(next(iter(forms(output).values()), ""))


def shown(output: Any, wanted: str = "") -> dict[str, Any] | None:
    """An output in the form ``wanted``, else in its richest; None where it has no such form."""
    found = forms(output)
    mime = wanted or next(iter(found), "")
    if mime not in found:
        return None
    told: dict[str, Any] = {"mime": mime, "data": found[mime], "mimes": list(found)}
    told["flagged"] = mime in _ACTIVE
    if mime in _PICTURES:
        told |= {"encoding": "base64", "data": "".join(found[mime].split())}
    return told


def _text(value: Any) -> str:
    """A text of the format, which may be cut into lines; anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "".join(value)
    return json.dumps(value, ensure_ascii=False, indent=1) if value is not None else ""


def _plain(text: str) -> str:
    """Text of a terminal without its colours and other commands."""
    return _ANSI.sub("", text)
