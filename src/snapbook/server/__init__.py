"""The Jupyter Server part: versions over HTTP for the sidebar. It reads, names and frees; it never
captures, because it has no kernel's namespace, and it never unpickles or executes.

Only this room imports jupyter_server, and only when a Jupyter server loads it.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What a Jupyter server asks a package that is enabled as its extension."""
    from snapbook.server.app import ServerPart

    return [{"module": "snapbook.server", "app": ServerPart}]
