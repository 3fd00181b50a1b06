"""A front in a thread of this process, over workers that are real processes of real bundles."""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

MINE = """
import os
import time

from sklearn.base import BaseEstimator


class Mine(BaseEstimator):
    '''Rows tell it what to do: to sleep, to end its process, to fail, that which triples more.'''

    def __init__(self, factor=2):
        self.factor = factor

    def fit(self, frame):
        self.feature_names_in_ = list(frame.columns)
        return self

    def predict(self, frame):
        if (frame["kill"] > 0).any():
            os._exit(9)
        time.sleep(float(frame["sleep"].max()))
        if (frame["a"] == 700).any() or self.factor == 3 and (frame["a"] == 500).any():
            raise RuntimeError("too much")
        if self.factor == 3 and (frame["a"] == 600).any():
            return frame["a"][:0]
        return frame["a"] * self.factor
"""


def made(folder: Path, patch) -> dict[str, Path]:
    """Bundles of own:0.1.0, which doubles, and of own:0.2.0, which triples."""
    import pandas as pd

    import snapbook

    patch.chdir(folder)
    patch.setenv("SNAPBOOK_CONFIG", str(folder / "config"))
    (folder / "mine.py").write_text(MINE)
    patch.syspath_prepend(folder)
    import mine

    frame = pd.DataFrame({"a": [1.0, 2.0], "sleep": [0.0, 0.0], "kill": [0.0, 0.0]})
    found = {}
    try:
        for factor, number in ((2, "0.1.0"), (3, "0.2.0")):
            model = mine.Mine(factor).fit(frame)
            snapbook.save(model, "own", data={"X_train": frame}, store=True)
            place = folder / f"{number}.bundle"
            snapbook.verbs.export(f"own:{number}", to="bundle", output=str(place), no_sample=True)
            found[f"own:{number}"] = place
    finally:
        sys.modules.pop("mine", None)
    return found


class Fronting:
    """A front over ``bundles`` by the names of their workers; ``url`` once it answers."""

    def __init__(self, bundles, traffic, tokens=(), **limits):
        from snapbook.listening import listen
        from snapbook.serve import public
        from snapbook.serve.limits import Limits
        from snapbook.serve.start import Serving
        from snapbook.serve.tokens import Tokens

        self._bundles, self._traffic = bundles, traffic
        self._asked = Serving("127.0.0.1", 0, Tokens(tokens), 0.0, Limits(**limits))
        self._listening = listen("127.0.0.1", 0)
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._began = threading.Event()
        self._error = None
        self._thread = threading.Thread(target=self._run, args=(public,), daemon=True)
        self._thread.start()
        assert self._began.wait(60), "the front did not start"
        if self._error is not None:
            self._listening.close()
            raise self._error

    def _run(self, public):
        try:
            public.loop(self._main(public))
        except BaseException as error:
            self._error = error
            self._began.set()

    async def _main(self, public):
        from snapbook.serve.router import Router
        from snapbook.serve.worker import Worker

        self.loop = asyncio.get_running_loop()
        self._until = asyncio.Event()
        self.router = Router(self._asked.limits)
        try:
            workers = [Worker(name, path, trust=True) for name, path in self._bundles.items()]
            await asyncio.gather(*map(self.router.add, workers))
            await self.router.switch(self._traffic)
            await public.run(
                self.router, self._listening, self._asked, self._began.set, self._until
            )
        finally:
            await self.router.close()

    def do(self, awaited, patience_s=60):
        """What comes of a coroutine of the router, in its loop."""
        return asyncio.run_coroutine_threadsafe(awaited, self.loop).result(patience_s)

    def stop(self):
        self.loop.call_soon_threadsafe(self._until.set)
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._listening.close()


def row(a=1.0, sleep=0.0, kill=0.0):
    return {"a": a, "sleep": sleep, "kill": kill}


class Asking:
    """A client that keeps its connection."""

    def __init__(self, port, patience_s=60):
        self._kept = http.client.HTTPConnection("127.0.0.1", port, timeout=patience_s)

    def predict(self, one, **headers):
        """Status, version, and the first prediction or the answer."""
        self._kept.request("POST", "/predict", json.dumps([one]), headers)
        reply = self._kept.getresponse()
        told = json.loads(reply.read())
        version = reply.headers.get("Snapbook-Version", "")
        return reply.status, version, told["predictions"][0] if reply.status == 200 else told

    def close(self):
        self._kept.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def predicted(port, one, **headers):
    """What one request is answered, on a connection of its own."""
    with Asking(port) as client:
        return client.predict(one, **headers)


class Crowd:
    """Clients that ask without a pause until they are told to stop."""

    def __init__(self, port, count=8):
        self.found = []
        self.failures = []
        self._port = port
        self._on = True
        self._threads = [threading.Thread(target=self._ask) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _ask(self):
        client = Asking(self._port)
        while self._on:
            begun = time.monotonic()
            try:
                status, version, told = client.predict(row())
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(error)
                client.close()
                client = Asking(self._port)
                continue
            if status != 200:
                self.failures.append((status, told))
            self.found.append((begun, time.monotonic(), version, told))
        client.close()

    def stop(self):
        self._on = False
        for thread in self._threads:
            thread.join(60)


@contextmanager
def crowd(port, count=8):
    """A crowd while the block lasts, that has begun to be answered."""
    asking = Crowd(port, count)
    try:
        wait(lambda: len(asking.found) > 2 * count)
        yield asking
    finally:
        asking.stop()


def wait(seen, patience_s=30.0):
    """Return when ``seen`` gives something true; that is what comes back."""
    until = time.monotonic() + patience_s
    while not (found := seen()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.01)
    return found
