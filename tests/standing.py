"""A registry that really listens on loopback, in a thread of this process."""

from __future__ import annotations

import threading
import time


class Standing:
    """A registry in a thread of this process; ``token`` may do everything."""

    def __init__(self, folder, **limits):
        from snapbook import listening, places, web
        from snapbook.registry import serve
        from snapbook.registry.service import Limits, Service
        from snapbook.registry.tokens import Tokens

        places.create(folder)
        self.folder = folder
        self._remotes = []
        self.tokens = Tokens(folder)
        self.token = self.tokens.make("root", ("admin",))
        self.service = Service(
            folder,
            lambda: places.open_folder(folder),
            self.tokens,
            "test",
            limits=Limits(**limits),
        )
        self.listening = listening.listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self._server = serve.server(self.service, page=web.page())
        self.app = self._server.config.app
        self._thread = threading.Thread(
            target=lambda: self._server.run(sockets=[self.listening]), daemon=True
        )
        self._thread.start()
        until = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < until, "the registry did not start"
            time.sleep(0.01)

    @property
    def connections(self):
        """Those that are open now."""
        return self._server.server_state.connections

    def remote(self, *grants, model=""):
        """A client: with a token of its own for ``grants``, else with that of the administrator."""
        from snapbook.registry.remote import Remote

        token = self.tokens.make("someone", grants) if grants else self.token
        self._remotes.append(Remote(self.url, token, model))
        return self._remotes[-1]

    def stop(self):
        for remote in self._remotes:
            remote.close()
        self._server.should_exit = True
        self._thread.join(30)
        self.listening.close()
