"""A real Jupyter kernel for tests: cells go in, what a person would see comes out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_core.utils import ensure_event_loop

SRC = Path(__file__).resolve().parent.parent / "src"


@dataclass
class Ran:
    """What one cell gave: the reply's status and everything that appeared, in order."""

    status: str = ""
    stdout: str = ""
    stderr: str = ""
    displays: list[dict[str, str]] = field(default_factory=list)
    value: str | None = None
    error: str = ""
    traceback: str = ""
    order: list[str] = field(default_factory=list)
    live: list[str] = field(default_factory=list)
    beside: list[dict[str, Any]] = field(default_factory=list)
    count: int | None = None

    @property
    def card(self) -> str:
        """The text of the last display."""
        return self.displays[-1]["text/plain"] if self.displays else ""

    @property
    def html(self) -> str:
        return self.displays[-1].get("text/html", "") if self.displays else ""

    @property
    def said(self) -> str:
        """All that can be read, the way the cell's output looks."""
        return "\n".join(
            [self.stdout, self.stderr, *(d["text/plain"] for d in self.displays), self.value or ""]
        )


class Kernel:
    """One running kernel. `cell` runs a cell; `project` moves it to a fresh project.

    The client lives in a thread of its own: its event loop is bound to the context that made it,
    and pytest gives each fixture and each test another one.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._thread.submit(self._start, folder, environment).result()

    def _start(self, folder: Path, environment: dict[str, str]) -> None:
        self.manager = KernelManager()
        self.manager.kernel_spec.argv[0] = sys.executable
        self.manager.start_kernel(
            cwd=str(folder), env=environment_of(folder, **environment), stderr=subprocess.DEVNULL
        )
        self.client: BlockingKernelClient = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def cell(
        self,
        source: str,
        *,
        silent: bool = False,
        store_history: bool = True,
        interrupt_after: float = 0,
        metadata: dict[str, Any] | None = None,
        timeout: float = 120,
    ) -> Ran:
        """Run a cell and collect what appears until the kernel is idle again."""
        return self._thread.submit(
            self._cell, source, silent, store_history, interrupt_after, metadata, timeout
        ).result()

    def _cell(
        self,
        source: str,
        silent: bool,
        store_history: bool,
        interrupt_after: float,
        metadata: dict[str, Any] | None,
        timeout: float,
    ) -> Ran:
        content = {
            "code": source,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        ran = Ran()
        shown: dict[str, int] = {}
        if interrupt_after:
            process = self.manager.provisioner.process
            threading.Timer(interrupt_after, process.send_signal, [signal.SIGINT]).start()
        while True:
            got = self.client.get_iopub_msg(timeout=timeout)
            if got["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if got["msg_type"] == "status" and got["content"]["execution_state"] == "idle":
                break
            _take(got, ran, shown)
        while True:
            reply = self.client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                break
        ran.status = reply["content"]["status"]
        ran.count = reply["content"].get("execution_count")
        return ran

    def send(self, kind: str, content: dict[str, Any], timeout: float = 60) -> list[Any]:
        """Send a message that has no reply (a comm's); gives what appeared until it was idle."""
        return self._thread.submit(self._sent, kind, content, timeout).result()

    def _sent(self, kind: str, content: dict[str, Any], timeout: float) -> list[Any]:
        message = self.client.session.msg(kind, content)
        self.client.shell_channel.send(message)
        seen = []
        while True:
            got = self.client.get_iopub_msg(timeout=timeout)
            if got["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            seen.append(got)
            if got["msg_type"] == "status" and got["content"]["execution_state"] == "idle":
                return seen

    def complete(self, source: str) -> str:
        """What the kernel says of whether the source is complete."""
        return self._thread.submit(self._complete, source).result()

    def _complete(self, source: str) -> str:
        sent = self.client.is_complete(source)
        while True:
            reply = self.client.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == sent:
                return str(reply["content"]["status"])

    def project(self, folder: Path, *, load: bool = True) -> Ran:
        """A fresh project, settings and names, as in a kernel that starts in ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.cell("%unload_ext snapbook")
        self.cell("%reset -f")
        self.cell(
            "import os as _os\n"
            f"_os.chdir({str(folder)!r})\n"
            "for _name in [n for n in _os.environ if n.startswith('SNAPBOOK_')]:\n"
            "    del _os.environ[_name]\n"
            f"_os.environ['SNAPBOOK_CONFIG'] = {str(config_of(folder))!r}\n"
            "get_ipython().history_manager.reset()\n"
            "get_ipython().__dict__.pop('_snapbook_greeted', None)\n"
            "get_ipython().execution_count = 1",
            store_history=False,
        )
        return self.cell("%load_ext snapbook") if load else Ran()

    def stop(self) -> None:
        self._thread.submit(self._stop).result()
        self._thread.shutdown()

    def _stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
        ensure_event_loop().close()


def config_of(folder: Path) -> Path:
    """The user's configuration folder in tests of ``folder``: beside it, not in it."""
    return folder.parent / f"{folder.name}-config"


def environment_of(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a process that a test starts: the sources, a configuration of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SNAPBOOK_", "PYTHONDONT"))}
    return kept | {
        "PYTHONPATH": os.pathsep.join([str(SRC), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "SNAPBOOK_CONFIG": str(config_of(folder)),
        **more,
    }


def _take(got: dict[str, Any], ran: Ran, shown: dict[str, int]) -> None:
    kind, content = got["msg_type"], got["content"]
    if kind == "stream":
        if content["name"] == "stdout":
            ran.stdout += content["text"]
        else:
            ran.stderr += content["text"]
        ran.order.append(content["name"])
    elif kind == "display_data":
        ran.beside.append(content.get("transient", {}))
        if name := content.get("transient", {}).get("display_id"):
            shown[name] = len(ran.displays)
            ran.live.append(content["data"]["text/plain"])
        ran.displays.append(content["data"])
        ran.order.append("display")
    elif kind == "update_display_data":
        at = shown[content["transient"]["display_id"]]
        ran.displays[at] = content["data"]
        ran.beside[at] = content["transient"]
        ran.live.append(content["data"]["text/plain"])
    elif kind == "execute_result":
        ran.value = content["data"]["text/plain"]
        ran.order.append("value")
    elif kind == "error":
        ran.error = f"{content['ename']}: {content['evalue']}"
        ran.traceback = "\n".join(content["traceback"])
        ran.order.append("error")
