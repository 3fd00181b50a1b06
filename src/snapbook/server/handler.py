"""The base of all routes: who may ask, where the work is done, what an answer looks like.

Each route says `@web.authenticated` and `@authorized` itself, where a reader (and the server's own
check of its routes) sees it. Blocking work never runs on the event loop: a route hands over a
function of an `Asking`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

from snapbook import failure
from snapbook.display.data import plain
from snapbook.errors import SnapbookError, Usage
from snapbook.server.asking import Asking
from snapbook.server.service import Service

LARGEST_BODY = 4 * 2**20
Act = Callable[[Asking], object]


class Route(APIHandler):
    """A route of ours. Its resource for authorizers is ``snapbook``: read by GET, write by POST."""

    auth_resource = "snapbook"

    @property
    def service(self) -> Service:
        """What all routes share."""
        service: Service = self.settings["snapbook"]
        return service

    async def tell(self, act: Act, *, acting: bool = False, **values: str) -> None:
        """Answer with what ``act`` gives; ``values`` come from the route itself."""
        try:
            asked = {**self._asked(), **values}
            hidden = bool(getattr(self.contents_manager, "allow_hidden", False))
            asking = Asking(asked, self.service, self._root(), hidden)
            body = await self.service.run(lambda: _encoded(act(asking)), acting=acting)
        except SnapbookError as error:
            self._refuse(error)
            return
        self._send(200, body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What tornado calls for every other failure: a status of its own, or a bug of ours."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, web.HTTPError):
            told = failure.told_status(status_code, error.reason or "")
        else:
            told = failure.told(failure.internal())
        self._send(status_code, _encoded(told))

    def _refuse(self, error: SnapbookError) -> None:
        self._send(failure.status_of(error), _encoded(failure.told(error)))

    def _send(self, status: int, body: bytes) -> None:
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(body)

    def _asked(self) -> Mapping[str, Any]:
        """The values of the query, or of the JSON object in the body. Raises Usage."""
        if self.request.method in ("GET", "HEAD"):
            return {name: _decoded(all_[-1]) for name, all_ in self.request.query_arguments.items()}
        if len(self.request.body) > LARGEST_BODY:
            raise Usage("The request is too large", kind="too-large")
        try:
            value = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise Usage("The request is no JSON", kind="argument") from error
        if not isinstance(value, dict):
            raise Usage("The request is no JSON object", kind="argument")
        return value

    def _root(self) -> Path:
        """The folder that is served; the contents manager's where it has one on disk."""
        served = getattr(self.contents_manager, "root_dir", None)
        return Path(served or self.settings["server_root_dir"]).expanduser()


def _encoded(value: object) -> bytes:
    try:
        return json.dumps(value, allow_nan=False, default=plain).encode("ascii")
    except (ValueError, TypeError):
        # NaN, or keys that are no text: looked for in every value only where there are some.
        return json.dumps(plain(value), allow_nan=False).encode("ascii")


def _decoded(value: bytes) -> str:
    # tornado's own getters turn control characters into spaces: a path would become another one.
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Usage("The request is not UTF-8", kind="argument") from error
