"""A registry that really listens on loopback, over a repository of its own."""

from __future__ import annotations

import threading
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
MISSING = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]


def pytest_collection_modifyitems(items):
    """Without the extra `registry` these tests say that they were not run."""
    for item in items:
        if MISSING and HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"{', '.join(MISSING)} not installed"))


class Standing:
    """A registry in a thread of this process; ``token`` may do everything."""

    def __init__(self, folder, **limits):
        from snapbook import places, web
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
        self._listening = serve.listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._server = serve.server(self.service, page=web.page())
        self.app = self._server.config.app
        self._thread = threading.Thread(
            target=lambda: self._server.run(sockets=[self._listening]), daemon=True
        )
        self._thread.start()
        until = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < until, "the registry did not start"
            time.sleep(0.01)

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
        self._listening.close()


@pytest.fixture
def registry(tmp_path):
    """A registry of this test alone."""
    standing = Standing(tmp_path / "registry")
    yield standing
    standing.stop()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A registry of all tests of a file, for those that leave it as it is."""
    # Without a pace: what walks over all routes as nobody is quicker than any.
    standing = Standing(tmp_path_factory.mktemp("lasting") / "registry", requests_per_s=0)
    yield standing
    standing.stop()


@pytest.fixture
def another(tmp_path):
    """More registries: called with limits, it gives one."""
    standing = []

    def make(**limits):
        standing.append(Standing(tmp_path / f"registry-{len(standing)}", **limits))
        return standing[-1]

    yield make
    for found in standing:
        found.stop()


@pytest.fixture
def remote(registry):
    """Its administrator's client."""
    return registry.remote()
