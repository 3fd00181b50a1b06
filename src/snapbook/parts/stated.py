"""What people state of a model in words: the sections of an attachment called card.md.

Nothing else can tell them, so who looks for them (a model card, a gate) has one place to ask. Knows
Markdown's headings and no more of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from snapbook.parts import files
from snapbook.parts.base import Part
from snapbook.parts.environment import Get

SECTIONS = ("Intended use", "Limits", "Decision boundaries", "Ethical notes")
BY_GROUP = "Metrics by group"  # may be stated too, but there are gates that measure it
_FILE = "card.md"


def stated(parts: Sequence[Part], get: Get) -> dict[str, str]:
    """The text of each of the `SECTIONS`, and `BY_GROUP`, that is there and says something."""
    attached = next((part for part in parts if part.name == "attachments"), None)
    for entry in files.entries(attached):
        if str(entry.get("path")).rpartition("/")[2].lower() == _FILE:
            data = b"".join(get(str(digest)) for digest in entry.get("blobs") or ())
            return said_in(data.decode("utf-8", "replace"))
    return {}


def said_in(text: str) -> dict[str, str]:
    """The sections in a text of Markdown, each as one paragraph."""
    found: dict[str, str] = {}
    for title in (*SECTIONS, BY_GROUP):
        match = re.search(rf"(?im)^#+[ \t]*{title}[ \t]*$\n((?:(?!#).*\n?)*)", text)
        if match and (words := " ".join(match[1].split())):
            found[title] = words
    return found
