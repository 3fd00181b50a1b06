"""A real Jupyter server on loopback, with folders and settings of its own.

It finds the sidebar in the sources (the bundle in src/, jupyter-config/ at the top), whether the
package was installed or is only on the path. JupyterLab and Notebook 7 answer from the same server.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import kernels

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "src" / "snapbook" / "labextension"
CONFIG = ROOT / "jupyter-config" / "server-config"
OWNER = "a-token-of-the-tests"
SILENT = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": False}


class Server:
    """One `jupyter lab` (or `jupyter notebook`) process; ``root`` is what it serves."""

    def __init__(
        self,
        folder: Path,
        *,
        app: str = "lab",
        base_url: str = "/",
        extension: bool = True,
        config: str = "",
        **environment: str,
    ) -> None:
        self.root = folder / "root"
        self.base_url = base_url
        self.port = _free_port()
        self.log = folder / "server.log"
        rooms = {
            f"JUPYTER_{name}_DIR": folder / "jupyter" / name.lower()
            for name in ("CONFIG", "DATA", "RUNTIME")
        } | {
            "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
            "IPYTHONDIR": folder / "ipython",
        }
        for room in (self.root, *rooms.values()):
            room.mkdir(parents=True, exist_ok=True)
        _put_extension(rooms["JUPYTER_DATA_DIR"], rooms["JUPYTER_CONFIG_DIR"], extension)
        _settings(rooms["JUPYTERLAB_SETTINGS_DIR"], "notification", SILENT)
        own = rooms["JUPYTER_CONFIG_DIR"] / "jupyter_server_config.py"
        own.write_text(config, "utf-8")
        # The user's folders come before those of the environment, where an older bundle may lie.
        self.environment = kernels.environment_of(
            folder, **{name: str(room) for name, room in rooms.items()}
        ) | {"JUPYTER_PREFER_ENV_PATH": "0", "TZ": "UTC", "SNAPBOOK_AUTHOR": "ada", **environment}
        words = [
            sys.executable, "-m", f"jupyter{app}" if app == "lab" else app,
            "--no-browser", "--allow-root",
            "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0", f"--ServerApp.base_url={base_url}",
            f"--IdentityProvider.token={OWNER}", f"--ServerApp.root_dir={self.root}",
            "--ServerApp.allow_unauthenticated_access=False",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
        ]  # fmt: skip
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                words,
                cwd=self.root,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_end_with_us if sys.platform == "linux" else None,
            )
        self._wait()

    def url(self, path: str, token: str = OWNER) -> str:
        """The address of ``path`` on this server, with the token."""
        sign = "&" if "?" in path else "?"
        return f"http://127.0.0.1:{self.port}{self.base_url}{path}{sign}token={token}"

    def get(self, path: str, token: str = OWNER) -> Any:
        """The JSON that ``path`` answers with."""
        with urllib.request.urlopen(self.url(path, token), timeout=60) as answer:
            return json.load(answer)

    def end_kernels(self, keep: str) -> None:
        """Shut down the kernels of all notebooks but those in the folder ``keep``."""
        for session in self.get("api/sessions"):
            if not session["path"].startswith(f"{keep}/"):
                gone = urllib.request.Request(
                    self.url(f"api/sessions/{session['id']}"), method="DELETE"
                )
                with urllib.request.urlopen(gone, timeout=60):
                    pass

    def stop(self) -> None:
        """End the process and its kernels."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _wait(self) -> None:
        until = time.monotonic() + 90
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                self.get("api/status")
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
            else:
                return
        raise RuntimeError(f"the server did not start:\n{self.log.read_text('utf-8')[-4000:]}")


def _end_with_us() -> None:
    """Let the kernel of the system end this process with its parent, however that ends."""
    parent_death_signal = 1
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _put_extension(data: Path, config: Path, enabled: bool) -> None:
    """Lay the bundle and the server's switch where an installed wheel has them."""
    if BUNDLE.is_dir():
        shutil.copytree(BUNDLE, data / "labextensions" / "snapbook")
    switches = config / "jupyter_server_config.d"
    switches.mkdir()
    for switch in CONFIG.glob("*.json"):
        text = switch.read_text("utf-8")
        (switches / switch.name).write_text(text if enabled else text.replace("true", "false"))


def _settings(folder: Path, plugin: str, values: dict[str, Any]) -> None:
    path = folder / "@jupyterlab" / "apputils-extension" / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), "utf-8")
