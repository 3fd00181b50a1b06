"""What remembering costs each cell: 1,000 small ones in a bare kernel, with snapbook, in auto mode.

Three real kernels side by side, cells sent in turns of ten, so that what else the machine does
falls on all of them alike.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from importlib.metadata import version
from statistics import median

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from rows import row

CELLS = 1000
TURN = 10


def begin(folder: str, *first: str) -> BlockingKernelClient:
    """A kernel in ``folder`` in which the cells ``first`` have run."""
    _, client = start_new_kernel(
        kernel_name="python3", cwd=folder, extra_arguments=["--Application.log_level=50"]
    )
    for cell in first:
        client.execute_interactive(cell, output_hook=lambda _message: None, timeout=60)
    return client


def turn(client: BlockingKernelClient, start: int) -> float:
    """Seconds for a turn of small cells, each waited for until the kernel is idle again."""
    begun = time.perf_counter()
    for n in range(start, start + TURN):
        client.execute_interactive(f"a_{n % 7} = {n} + 1", output_hook=lambda _message: None)
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
        turns: dict[str, list[float]] = {name: [] for name in clients}
        for start in range(0, CELLS, TURN):
            for name, client in clients.items():
                turns[name].append(turn(client, start))
        for client in clients.values():
            client.shutdown()
    # Medians: a turn in which the machine did something else says nothing.
    taken = {name: median(seconds) * CELLS / TURN for name, seconds in turns.items()}
    peer = f"ipykernel {version('ipykernel')} round trip"
    row("1,000 small cells, log", taken["log"], taken["bare"], peer)
    row("1,000 small cells, auto mode on", taken["auto"], taken["bare"], peer)


if __name__ == "__main__":
    main()
