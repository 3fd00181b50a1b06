"""What remembering costs each cell: 1,000 small cells in a bare kernel, with snapbook, in auto mode.

Three real kernels side by side, cells sent in turns of fifty, so that what else the machine does
falls on all of them alike.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from importlib.metadata import version

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from rows import row

CELLS = 1000
TURN = 50


def begin(folder: str, *first: str) -> BlockingKernelClient:
    """A kernel in ``folder`` in which the cells ``first`` have run."""
    _, client = start_new_kernel(
        kernel_name="python3", cwd=folder, extra_arguments=["--Application.log_level=50"]
    )
    for cell in first:
        client.execute_interactive(cell, output_hook=lambda message: None, timeout=60)
    return client


def turn(client: BlockingKernelClient, start: int) -> float:
    """Seconds for a turn of small cells, each waited for until the kernel is idle again."""
    begun = time.perf_counter()
    for n in range(start, start + TURN):
        client.execute_interactive(f"a_{n % 7} = {n} + 1", output_hook=lambda message: None)
    return time.perf_counter() - begun


def main() -> None:
    """Print the two rows."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SNAPBOOK_CONFIG"] = f"{folder}/config"
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        load = "%load_ext snapbook"
        clients = {
            "bare": begin(folder),
            "log": begin(folder, load),
            "auto": begin(folder, load, "%snapbook auto on"),
        }
        taken = dict.fromkeys(clients, 0.0)
        for start in range(0, CELLS, TURN):
            for name, client in clients.items():
                taken[name] += turn(client, start)
        for client in clients.values():
            client.shutdown()
    peer = f"ipykernel {version('ipykernel')} round trip"
    row("1,000 small cells, log", taken["log"], taken["bare"], peer, 1.05)
    row("1,000 small cells, auto mode on", taken["auto"], taken["bare"], peer, 1.25)


if __name__ == "__main__":
    main()
