"""The IPython face: a versioned cell stays an ordinary cell; we look before and after.

firstline.py takes the `%%version_model` line off, face.py looks before and after a cell, names.py
holds the line magics. Heavy rooms are imported when a version is made, not when the extension is
loaded.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from snapbook.magics.face import Face

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_ATTRIBUTE = "_snapbook_face"
_GREETED = "_snapbook_greeted"


def load(shell: InteractiveShell) -> None:
    """Attach to ``shell``: transformer, cell events, magics. Loading twice is loading once."""
    if getattr(shell, _ATTRIBUTE, None) is not None:
        return
    try:
        os.getcwd()
    except OSError:
        # Raised and not printed: else IPython counts us as loaded, and a second try does nothing.
        raise UsageError(
            "snapbook is not loaded: this kernel's folder is gone."
            " %cd to one that is there, then %load_ext snapbook again"
        ) from None
    face = Face(shell)
    setattr(shell, _ATTRIBUTE, face)
    for line in face.greeting(first=not getattr(shell, _GREETED, False)):
        print(line)  # noqa: T201 - what a cell prints, on its stdout
    setattr(shell, _GREETED, True)


def unload(shell: InteractiveShell) -> None:
    """Take everything off again."""
    face = getattr(shell, _ATTRIBUTE, None)
    if face is not None:
        face.detach()
        delattr(shell, _ATTRIBUTE)
