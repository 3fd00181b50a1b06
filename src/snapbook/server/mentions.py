"""Versions that a notebook's cards name and this machine has not: a colleague made them.

Reads the notebook as text and believes nothing in it but the form of a reference.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from snapbook.errors import Usage
from snapbook.refs import parse
from snapbook.repository import Repository

CARD = "application/vnd.snapbook.card+json"
LARGEST = 100_000_000
MOST = 500


def mentions(repository: Repository, notebook: Path) -> list[str]:
    """References to versions that are not here, in the order of the notebook; [] if it has none."""
    try:
        facts = notebook.stat()
        if notebook.suffix != ".ipynb" or facts.st_size > LARGEST:
            return []
        named = _named(notebook, facts.st_mtime_ns, facts.st_size)
    except (OSError, ValueError, RecursionError):
        return []
    index = repository.index
    absent = []
    for text in named:
        ref = parse(text)
        model = index.model(ref.model)
        if model is None or index.numbered(model, ref.number) is None:
            absent.append(text)
    return absent


@lru_cache(maxsize=64)
def _named(notebook: Path, changed_ns: int, size: int) -> tuple[str, ...]:
    """The literal references of all cards. The times are there for the cache alone."""
    del changed_ns, size
    data = notebook.read_bytes()
    if CARD.encode() not in data:
        return ()
    document = json.loads(data)
    found: dict[str, None] = {}
    for cell in _list(document, "cells"):
        for output in _list(cell, "outputs"):
            card = _get(_get(output, "data"), CARD)
            ref = _get(card, "ref")
            if isinstance(ref, str) and len(found) < MOST and _literal(ref):
                found[ref] = None
    return tuple(found)


def _literal(text: str) -> bool:
    try:
        ref = parse(text)
    except Usage:
        return False
    return ref.literal and len(ref.number) == 3 and bool(ref.model)


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _list(value: Any, name: str) -> list[Any]:
    found = _get(value, name)
    return found if isinstance(found, list) else []
