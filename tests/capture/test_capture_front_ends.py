"""Cells as each front end sends them, replayed into a real kernel; and IPython in a terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from snapbook import places
from snapbook.parts import cells as cells_part

pytestmark = pytest.mark.slow

REQUESTS = Path(__file__).parent.parent / "data" / "front_ends"


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory):
    base = tmp_path_factory.mktemp("front_ends")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNAPBOOK_CONFIG", str(base / "config"))
        patch.setenv("IPYTHONDIR", str(base / "ipython"))
        patch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path))
        patch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        patch.delenv("JPY_SESSION_NAME", raising=False)
        yield base


def replay(name: str, project: Path) -> list[str]:
    """Send the requests of one front end to a new kernel; what each cell printed."""
    project.mkdir()
    nbformat.write(nbformat.v4.new_notebook(), project / "work.ipynb")
    text = (REQUESTS / f"{name}.json").read_text().replace("{project}", project.as_posix())
    requests = json.loads(text)
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(project))
    printed = []
    try:
        for request in (*requests["start"], *requests["cells"]):
            message = client.session.msg(
                "execute_request", request["content"], metadata=request["metadata"]
            )
            client.shell_channel.send(message)
            printed.append(_output(client, message["header"]["msg_id"]))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return printed[len(requests["start"]) :]


def _output(client, request: str) -> str:
    text = ""
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            text += content["text"]
        elif message["msg_type"] == "update_display_data":
            text = content["data"]["text/plain"]  # the card, in the place of the live line
        elif message["msg_type"] in ("display_data", "execute_result"):
            text += content["data"]["text/plain"]
        elif message["msg_type"] == "error":
            text += "\n".join(content["traceback"])
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            return text


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("name", "ids", "document"),
    [
        (
            "jupyterlab",
            [
                "6f2b1a34-0d9c-4c1e-9a55-2f1f0f5f7d01",
                "c0ffee00-5b7a-4a39-8f4e-3c2d1b0a9e02",
                "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c03",
            ],
            True,
        ),
        ("notebook7", None, True),
        ("vscode", ["W0sZmlsZQ3D3D", "W1sZmlsZQ3D3D", "W2sZmlsZQ3D3D"], True),
        ("nbclient", ["", "", ""], False),
    ],
)
def test_cells_of_a_front_end(surroundings, monkeypatch, name, ids, document):
    project = surroundings / name
    if name in ("jupyterlab", "notebook7"):  # Jupyter's server tells where the notebook is
        monkeypatch.setenv("JPY_SESSION_NAME", str(project / "work.ipynb"))
    printed = replay(name, project)
    assert ":0.1.0  first version  LinearRegression `model`" in printed[-1], printed
    repository = places.find_repository(project)
    (row,) = repository.every_version()
    parts = {(part.kind, part.name): part for part in repository.parts(row.manifest)}
    log = cells_part.restore(parts["cells", "cells"], repository.store.get)
    # Neither what the front end runs for itself, nor where the notebook lies.
    assert [cell.source.splitlines()[0].split()[0] for cell in log] == [
        "%load_ext",
        "from",
        "%%version_model",
    ]
    if ids is not None:
        assert [cell.id.rpartition("-")[0] if name == "vscode" else cell.id for cell in log] == ids
    assert str(project) not in str(log)
    assert [cell.n for cell in log] == [1, 2, 3]
    assert (("notebook", "work.ipynb") in parts) is document


@pytest.mark.kernel
def test_plain_ipython_in_a_terminal(surroundings):
    pexpect = pytest.importorskip("pexpect")
    project = surroundings / "terminal"
    project.mkdir()
    child = pexpect.spawn(
        sys.executable,
        [
            "-m",
            "IPython",
            "--simple-prompt",
            "--no-banner",
            "--colors=NoColor",
            "--no-confirm-exit",
        ],
        cwd=str(project),
        encoding="utf-8",
        timeout=60,
    )
    try:
        for number, line in enumerate(
            (
                "%load_ext snapbook",
                "from sklearn.linear_model import LinearRegression; import numpy as np",
                "X = np.arange(8.0).reshape(4, 2); y = X[:, 0]",
                "model = LinearRegression().fit(X, y)",
                "%version_model line",
            ),
            1,
        ):
            child.expect_exact(f"In [{number}]: ")
            child.sendline(line)
        child.expect_exact("line:0.1.0  first version  LinearRegression `model`")
        child.expect_exact("In [6]: ")
    finally:
        child.close(force=True)
    repository = places.find_repository(project)
    (row,) = repository.every_version()
    part = next(part for part in repository.parts(row.manifest) if part.kind == "cells")
    log = cells_part.restore(part, repository.store.get)
    assert [cell.n for cell in log] == [1, 2, 3, 4, 5]
    assert log[part.facts["current"]].source == "model = LinearRegression().fit(X, y)"
