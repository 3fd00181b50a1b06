"""The extension point: what a Jupyter server starts, and what it stops."""

from __future__ import annotations

from typing import Any

from jupyter_server.extension.application import ExtensionApp

from snapbook.server.routes import ROUTES
from snapbook.server.service import Service


class ServerPart(ExtensionApp):
    """snapbook in a Jupyter server: routes, events, and the service behind them."""

    name = "snapbook"
    load_other_extensions = True

    def initialize_settings(self) -> None:
        """Make the service that all handlers share."""
        assert self.serverapp is not None
        events = self.serverapp.event_logger
        assert events is not None
        self.service = Service(events)
        self.settings["snapbook"] = self.service

    def initialize_handlers(self) -> None:
        """Add the routes; the server puts its base URL in front."""
        handlers: list[Any] = self.handlers
        handlers.extend(ROUTES)

    async def stop_extension(self) -> None:
        """End every thread and let go of every file."""
        await self.service.close()
