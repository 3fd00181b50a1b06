"""The table of routes. What is not in it is not served; a test walks it."""

from __future__ import annotations

from snapbook.server.about import AboutRoute
from snapbook.server.cells import CellsRoute
from snapbook.server.containing import ContainingRoute
from snapbook.server.count import CountRoute
from snapbook.server.diff import DiffRoute
from snapbook.server.file import FileRoute
from snapbook.server.handler import Route
from snapbook.server.output import OutputRoute
from snapbook.server.pins import PinsRoute
from snapbook.server.place import PlaceRoute
from snapbook.server.production import ProductionRoute
from snapbook.server.series import SeriesRoute
from snapbook.server.verbs import CancelRoute, VerbRoute
from snapbook.server.version import VersionRoute
from snapbook.server.versions import VersionsRoute

API = "/snapbook/api"

ROUTES: tuple[tuple[str, type[Route]], ...] = (
    (f"{API}/about", AboutRoute),
    (f"{API}/place", PlaceRoute),
    (f"{API}/versions", VersionsRoute),
    (f"{API}/count", CountRoute),
    (f"{API}/series", SeriesRoute),
    (f"{API}/pins", PinsRoute),
    (f"{API}/production", ProductionRoute),
    (f"{API}/version", VersionRoute),
    (f"{API}/cells", CellsRoute),
    (f"{API}/output", OutputRoute),
    (f"{API}/diff", DiffRoute),
    (f"{API}/file", FileRoute),
    (f"{API}/containing", ContainingRoute),
    (f"{API}/verbs/([A-Za-z][A-Za-z0-9_-]*)", VerbRoute),
    (f"{API}/cancel", CancelRoute),
)
