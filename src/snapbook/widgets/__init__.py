"""`snapbook.browse()`: versions to look at, compare and restore, in the output of a cell.

For where there is no sidebar: VS Code, Colab, a plain notebook. Standard ipywidgets alone, so that
keyboard and screen readers work as their front end made them; everything that is shown is text. The
acts are the verbs of the table; nothing is kept open between two of them.
"""

from __future__ import annotations

from typing import Any

__all__ = ["browse"]


def browse(model: str = "", *, where: str = "") -> Any:
    """A view of the versions of ``model`` (all models where none is named) that meet ``where``.

    Give it as the last value of a cell. Raises Unreachable where ipywidgets is absent.
    """
    try:
        from snapbook.widgets.browser import Browser
    except ModuleNotFoundError as error:
        from snapbook.errors import Unreachable

        raise Unreachable(
            "Not shown",
            f"{error.name} is absent here",
            act="%pip install ipywidgets, or in a cell: %versions",
        ) from error
    return Browser(model, where).view
