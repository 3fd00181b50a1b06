"""The process in which a PyTorch network becomes NNEF: loads it, writes it, reads it, asks both.

Started with a folder by `export.network`, and given nothing else; whoever started it decided that
the model may be loaded. PyTorch writes ONNX, Khronos' converter makes NNEF of that, and Khronos'
interpreter is asked what came of it, a row at a time, as NNEF's shapes are fixed.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook.export import layer
from snapbook.export.tensors import Told, asked, compared, told
from snapbook.parts import model
from snapbook.trial.job import Folder

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

JOB, SAID, FILE = "nnef.json", "said.json", "model.tar"
_TREE = "nnef"  # the folder in the archive
_OPSET = 13  # of ONNX: later ones have operators of their own for what NNEF composes


def command(folder: Path) -> list[str]:
    """How the process is started."""
    return [sys.executable, "-m", "snapbook.export.nnefing", str(folder)]


def main(path: Path) -> None:
    """Convert the network that lies in the folder ``path``."""
    told(path, SAID, lambda: _tried(path, json.loads((path / JOB).read_text())))


def _tried(path: Path, job: Mapping[str, Any]) -> Told:
    folder = Folder(path)
    net: Any = model.restore(folder.part(job["model"]), folder.get)
    given = asked(folder, job["frames"], lambda rows: _said(net, rows))
    tree = path / _TREE
    _convert(net, given.rows[:1], path / "model.onnx", tree)
    _name(tree / "graph.nnef", job["props"])
    found = compared(given.rows, given.said, _run(tree, given.rows), "NNEF")
    if found.differing:
        return Told("", len(given.rows), **asdict(found))
    (path / FILE).write_bytes(b"".join(layer.archive(layer.tree(tree, _TREE))))
    made = f"NNEF 1.0 by nnef-tools {importlib.metadata.version('nnef-tools')}"
    shape = [1, *given.rows.shape[1:]]
    return Told("", len(given.rows), 0, found.largest, "", made, {"x": f"scalar {shape}"}, ["y"])


def _said(net: Any, rows: Array) -> Any:
    import torch

    net.eval()
    with torch.no_grad():
        said = net(torch.from_numpy(rows))
    return said.numpy() if isinstance(said, torch.Tensor) else said


def _convert(net: Any, row: Array, path: Path, tree: Path) -> None:
    """Write ``net`` as ONNX to ``path``, and that as NNEF to the folder ``tree``."""
    import torch
    from nnef_tools.conversion import ConversionError
    from nnef_tools.conversion.onnx_to_nnef import Converter
    from nnef_tools.io.nnef import Writer
    from nnef_tools.io.onnx import Reader
    from nnef_tools.optimization.onnx_optimizer import Optimizer

    # The exporter that became the usual one needs one more package (onnxscript).
    torch.onnx.export(net, (torch.from_numpy(row.copy()),), str(path), dynamo=False,
                      opset_version=_OPSET, input_names=["x"], output_names=["y"])  # fmt: skip
    converter = Converter(keep_io_names=True)
    graph = Optimizer()(Reader()(str(path)), only_required=True)
    graph.sort()
    try:
        graph = converter(graph)
    except ConversionError as error:
        counted, *named = str(error).splitlines()  # how many operators, then each
        raise ValueError(named[0] if counted.startswith("Found") else counted) from error
    writer = Writer(
        fragments=converter.defined_operations(),
        fragment_dependencies=converter.defined_operation_dependencies(),
    )
    writer(graph, str(tree))


def _name(graph: Path, props: Mapping[str, str]) -> None:
    """Say in the graph which version it is, as NNEF's comments."""
    first, rest = graph.read_text().split("\n", 1)
    lines = [f"# {name}: {value}" for name, value in sorted(props.items())]
    graph.write_text("\n".join((first, *lines, rest)))


def _run(tree: Path, rows: Array) -> Array:
    import numpy as np
    import torch
    from nnef_tools.interpreter.pytorch import NNEFModule

    network = NNEFModule(str(tree))
    network.eval()
    with torch.no_grad():
        said = [network(torch.from_numpy(rows[place : place + 1])) for place in range(len(rows))]
    if len(said[0]) != 1:
        raise ValueError("as NNEF it answers with more than one array")
    return np.concatenate([np.atleast_1d(one[0].numpy()) for one in said])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
