"""A proxy that puts a registry below a path, as one in front of many services does."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

PREFIX = "/tools/models"
_OWN = {"connection", "transfer-encoding", "content-encoding", "content-length"}


class Behind:
    """``url`` is the registry at ``target``, below `PREFIX`, which the registry never sees."""

    def __init__(self, target: str) -> None:
        asking = httpx.Client(base_url=target, timeout=30)

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if not self.path.startswith(f"{PREFIX}/"):
                    self.send_error(404)
                    return
                told = asking.request(
                    self.command,
                    self.path.removeprefix(PREFIX),
                    headers=[(k, v) for k, v in self.headers.items() if k.lower() != "host"],
                    content=body,
                )
                asking.cookies.clear()
                self.send_response(told.status_code)
                for name, value in told.headers.multi_items():
                    if name.lower() not in _OWN:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(told.content)))
                self.end_headers()
                self.wfile.write(told.content)

            do_GET = do_HEAD = do_POST = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._asking = asking
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{PREFIX}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._asking.close()
