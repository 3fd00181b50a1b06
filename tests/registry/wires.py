"""What stands between a client and a registry in tests: a line to cut, a server to kill."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress

import httpx


class Line:
    """A proxy on loopback that passes everything on and can be cut after so many bytes.

    `up` and `down` count what passed since `count`. After `cut` the next connections pass again,
    unless it is cut for good.
    """

    def __init__(self, url):
        self._host, port = url.removeprefix("http://").split(":")
        self._port = int(port)
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open = []
        self._plan = None
        self._dead = False
        self.passed = {"up": 0, "down": 0}
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def count(self):
        """Begin to count anew."""
        with self._lock:
            self.passed = {"up": 0, "down": 0}

    def cut(self, way, after, *, for_good=False, then=lambda: None):
        """Cut all connections once so many bytes more went ``way``; ``then`` is called before."""
        self.count()
        with self._lock:
            self._dead = False
            self._plan = (way, after, for_good, then)

    def mend(self):
        """Let everything pass."""
        with self._lock:
            self._plan, self._dead = None, False

    def close(self):
        self._listening.close()
        self._cut_all()

    def _accept(self):
        while True:
            try:
                client = self._listening.accept()[0]
            except OSError:
                return
            if self._dead:
                client.close()
                continue
            try:
                server = socket.create_connection((self._host, self._port), 10)
            except OSError:
                client.close()
                continue
            # What waits here at a cut is lost, however much it is: so it is little, either way.
            for end in (client, server):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
            with self._lock:
                self._open += [client, server]
            for way, source, sink in (("up", client, server), ("down", server, client)):
                threading.Thread(target=self._pump, args=(way, source, sink), daemon=True).start()

    def _pump(self, way, source, sink):
        with suppress(OSError):
            while data := source.recv(4096):
                then = self._counted(way, data)
                if then is None:
                    sink.sendall(data)
                    continue
                room, act = then
                sink.sendall(data[:room])
                act()
                self._cut_all()
                return
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _counted(self, way, data):
        """None to pass all of it on; else how much of it, and what to do then."""
        with self._lock:
            before = self.passed[way]
            self.passed[way] += len(data)
            if self._plan is None or self._plan[0] != way or self.passed[way] < self._plan[1]:
                return None
            _, after, self._dead, act = self._plan
            self._plan = None
            self.cuts += 1
            return after - before, act

    def _cut_all(self):
        with self._lock:
            ends, self._open = self._open, []
        for number, end in enumerate(ends):
            with suppress(OSError):
                if number % 4 < 2:  # half of them are reset, the others end
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Served:
    """`snapbook registry serve` in a process of its own."""

    def __init__(self, folder, port=0, *words, log=subprocess.DEVNULL):
        self.folder = folder
        self._words = words
        self._log = log
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = None
        self.start()

    def start(self):
        """Start it and wait until it answers."""
        words = ["registry", "serve", "--folder", str(self.folder), "--port", str(self.port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "snapbook", *words, *self._words],
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            env={**os.environ, "SNAPBOOK_CONFIG": str(self.folder.parent / "served")},
        )
        until = time.monotonic() + 30
        while True:
            assert self._process.poll() is None, "the registry ended"
            assert time.monotonic() < until, "the registry did not start"
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=1).status_code == 200:
                    return
            time.sleep(0.02)

    def stop(self):
        """Ask it to end, as `systemctl stop` does; gives how it ended."""
        self._process.terminate()
        status = self._process.wait(40)
        self._process = None
        return status

    def kill(self):
        """End it as a power cut would end the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]
