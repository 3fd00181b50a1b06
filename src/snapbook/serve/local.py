"""What ties a worker to its front: a socket that nobody else reaches, and a leash.

The front holds tokens and bounds; whoever reaches the socket is believed. So the folder that it
lies in has to be its owner's alone.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from snapbook.errors import Refused, Unreachable, Usage

_LONGEST = 100  # bytes; some systems take 104
_PATIENCE_S = 40.0


def listen(path: Path) -> socket.socket:
    """An open, listening socket at ``path``. Raises Refused, Usage, Unreachable."""
    if not hasattr(socket, "AF_UNIX"):
        raise Refused("Not served: sockets with a path are not to be had on this system")
    if len(os.fsencode(path)) > _LONGEST:
        raise Usage("Not served: the path of the socket is too long", act="Take a shorter one")
    try:
        about = path.parent.stat()
    except OSError as error:
        raise Unreachable(f"Not served: there is no folder {path.parent.name}") from error
    if about.st_uid != os.getuid() or about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refused(
            f"Not served: others may enter {path.parent.name}",
            act="Keep the folder to yourself",
            hint=f"chmod 700 {path.parent.name}",
        )
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.bind(str(path))
        path.chmod(0o600)
        found.listen(2048)
    except OSError as error:
        found.close()
        raise Unreachable(
            f"Not served: {path.name} cannot be listened on", act="Take another --socket"
        ) from error
    return found


def leash(path: Path | None = None) -> None:
    """End this process, as SIGTERM does, when its standard input does: so it outlives nobody.

    What its front cannot clear away any more is cleared away: the socket at ``path``, and the
    folder it lies in with the last of them.
    """
    threading.Thread(target=_wait, args=(path,), daemon=True).start()


def _wait(path: Path | None) -> None:
    try:
        while os.read(sys.stdin.fileno(), 1):
            pass
    except OSError:
        pass
    if path is not None:
        with suppress(OSError):
            path.unlink(missing_ok=True)
            path.parent.rmdir()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_S)
    os._exit(1)
