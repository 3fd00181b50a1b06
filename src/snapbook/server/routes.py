"""The table of routes. What is not in it is not served; a test walks it."""

from __future__ import annotations

from snapbook.server.about import AboutRoute
from snapbook.server.diff import DiffRoute
from snapbook.server.handler import Route
from snapbook.server.place import PlaceRoute
from snapbook.server.version import VersionRoute
from snapbook.server.versions import VersionsRoute

API = "/snapbook/api"

ROUTES: tuple[tuple[str, type[Route]], ...] = (
    (f"{API}/about", AboutRoute),
    (f"{API}/place", PlaceRoute),
    (f"{API}/versions", VersionsRoute),
    (f"{API}/version", VersionRoute),
    (f"{API}/diff", DiffRoute),
)
