"""What passes between a client and a server: a relay that counts bytes and requests both ways."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress

# A request line as HTTP/1.1 clients send it; bodies that hold one would be counted too.
_REQUEST = re.compile(rb"(?:^|\r\n)?(?:GET|HEAD|POST|PUT|PATCH|DELETE) /[^ ]* HTTP/1\.1\r\n")


class Counted:
    """Stands before the server at ``there`` while the block lasts; clients go to ``port``."""

    def __init__(self, there: int) -> None:
        self._there = there
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.bytes = 0
        self.requests = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Counted:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self._there))
            for end in (here, there):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target, asks in ((here, there, True), (there, here, False)):
                words = (source, target, asks)
                threading.Thread(target=self._pass, args=words, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                with self._lock:
                    self.bytes += len(piece)
                    self.requests += len(_REQUEST.findall(piece)) if asks else 0
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
