"""Version the models that you make in notebooks: `%load_ext snapbook`, then `%%version_model NAME`.

The names below are the whole of the package's root; other verbs are `snapbook.verbs.NAME`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapbook.errors import SnapbookError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from snapbook.api import diff, load, open, predictor, restore, save, show, tag, versions
    from snapbook.widgets import browse

__all__ = [
    "SnapbookError",
    "browse",
    "diff",
    "load",
    "load_ipython_extension",
    "open",
    "predictor",
    "restore",
    "save",
    "show",
    "tag",
    "versions",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext snapbook` calls."""
    from snapbook import magics

    magics.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What `%unload_ext snapbook` calls."""
    from snapbook import magics

    magics.unload(shell)


def __getattr__(name: str) -> Any:
    """The verbs of the root, imported when they are first used: `import snapbook` stays light."""
    if name == "browse":
        from snapbook import widgets

        return widgets.browse
    if name in __all__:
        from snapbook import api

        return getattr(api, name)
    raise AttributeError(f"module 'snapbook' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
