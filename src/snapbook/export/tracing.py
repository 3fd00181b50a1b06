"""The process in which a PyTorch network becomes ONNX: loads it, traces it, and asks both.

Started with a folder by `export.onnx`, and given nothing else; whoever started it decided that the
network may be loaded. PyTorch writes down what the network computes for a few rows. Whether that
holds for any number of them, and whether a row's answer is its own, is seen by asking: all rows at
once, each alone, and several at a time.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook.export.agreeing import Difference
from snapbook.export.converting import Told
from snapbook.export.tensors import asked, compared, told
from snapbook.flavors.onnxed import Onnx
from snapbook.parts import model
from snapbook.trial import choosing
from snapbook.trial.job import Folder

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Ask = Callable[[Array], Any]

JOB, SAID, FILE = "network.json", "said.json", "model.onnx"
_OPSET = 17  # the newest that engines of some years take as well
_INPUT, _OUTPUT, _ROWS = "x", "y", "rows"
_TRACED = 3  # rows: one would hide what PyTorch does otherwise for one
_SEVERAL = 7


def command(folder: Path) -> list[str]:
    """How the process is started."""
    return [sys.executable, "-m", "snapbook.export.tracing", str(folder)]


def main(path: Path) -> None:
    """Convert the network that lies in the folder ``path``."""
    # ONNX Runtime tells its makers about its use unless this is set before it is imported.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    told(path, SAID, lambda: _tried(path, json.loads((path / JOB).read_text())))


def _tried(path: Path, job: Mapping[str, Any]) -> Told:
    folder = Folder(path)
    net: Any = model.restore(folder.part(job["model"]), folder.get)
    _check_one(net)
    ask = partial(_said, net)
    given = asked(folder, job["frames"], ask)
    rows = _enough(given.rows)
    wanted = _array(ask(rows.copy()))
    _check_own(ask, rows, wanted)
    name = _free(folder, job["frames"])
    data = _traced(net, rows[:_TRACED], name, job["props"])
    made = Onnx(data)
    found = _worst(made, name, rows, wanted)
    if found.differing:
        return Told("", len(given.rows), **asdict(found))
    (path / FILE).write_bytes(data)
    shape = rows.shape[1:]
    beyond = "" if len(shape) == 1 else f"it takes arrays {shape}, and no rows of a table"
    told_in = {one.name: one.type for one in made.session.get_inputs()}
    return Told(
        rows=len(given.rows), largest=found.largest, opset=_OPSET, inputs=told_in,
        outputs=[_OUTPUT], beyond=beyond,
    )  # fmt: skip


def _check_one(net: Any) -> None:
    """Raise ValueError for a network that wants several tensors."""
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    wanted = [one.name for one in _parameters(net)
              if one.default is one.empty and one.kind not in open_ended]  # fmt: skip
    if len(wanted) > 1:
        raise ValueError(
            f"it takes {len(wanted)} tensors ({', '.join(wanted)}), where a row is one"
        )


def _parameters(net: Any) -> list[inspect.Parameter]:
    """What it can be given; none where it does not tell, which then says so when it is asked."""
    try:
        return list(inspect.signature(net.forward).parameters.values())
    except (TypeError, ValueError):
        return []


def _said(net: Any, rows: Array) -> Any:
    import torch

    net.eval()
    with torch.no_grad():
        said = net(torch.from_numpy(rows))
    return said.numpy() if isinstance(said, torch.Tensor) else said


def _array(said: Any) -> Array:
    import numpy as np

    if not isinstance(said, np.ndarray):
        raise ValueError("it answers with more than one array")
    return said


def _enough(rows: Array) -> Array:
    """``rows``, again and again where they are few: asked by several, too, they are other ones."""
    import numpy as np

    times = -(-(2 * _SEVERAL + 1) // len(rows))
    return np.concatenate([rows] * times)


def _check_own(ask: Ask, rows: Array, wanted: Array) -> None:
    """Raise ValueError unless the network answers each row by itself, whatever is beside it."""
    if _differs(rows, wanted, _array(ask(rows.copy()))):
        raise ValueError("it answers the same rows otherwise from one time to the next")
    for count in (1, _SEVERAL):
        if _differs(rows, wanted, _by(ask, rows, count)):
            raise ValueError("it answers a row otherwise when others are beside it")


def _by(ask: Ask, rows: Array, count: int) -> Array:
    """What is said to ``rows``, so many at a time. Raises ValueError where it is not one a row."""
    import numpy as np

    said = []
    for start in range(0, len(rows), count):
        given = rows[start : start + count]
        found = _array(ask(given.copy()))
        if found.shape[:1] != given.shape[:1]:
            some = "one row alone" if len(given) == 1 else f"{len(given)} rows"
            raise ValueError(f"it answers {some} with the shape {found.shape}, and not each")
        said.append(found)
    return np.concatenate(said)


def _differs(rows: Array, wanted: Array, found: Array) -> bool:
    return wanted.shape != found.shape or bool(compared(rows, wanted, found, "").differing)


def _free(folder: Folder, frames: Sequence[tuple[str, Sequence[str]]]) -> str:
    """What the input is called: not like a column, or a server would give it that one alone."""
    taken = {name for digest, _ in frames for name in choosing.columns(folder.part(digest))}
    name = _INPUT
    while name in taken:
        name += "_"
    return name


def _traced(net: Any, rows: Array, name: str, props: Mapping[str, str]) -> bytes:
    """The network as ONNX, of which the number of rows is free, with ``props`` written into it."""
    import onnx
    import torch

    sink = io.BytesIO()
    # What else it could take PyTorch would have as inputs: a sequence hands on rows alone.
    traced = torch.nn.Sequential(net).eval() if len(_parameters(net)) > 1 else net
    # The exporter that became the usual one needs one more package (onnxscript).
    torch.onnx.export(traced, (torch.from_numpy(rows.copy()),), sink, dynamo=False,
                      opset_version=_OPSET, input_names=[name], output_names=[_OUTPUT],
                      dynamic_axes={name: {0: _ROWS}, _OUTPUT: {0: _ROWS}})  # fmt: skip
    made = onnx.load_from_string(sink.getvalue())
    onnx.helper.set_model_props(made, dict(props))
    data: bytes = made.SerializeToString(deterministic=True)
    return data


def _worst(made: Onnx, name: str, rows: Array, wanted: Array) -> Difference:
    """How what ``made`` says differs from what the network does, where it differs most: for all
    rows at once, for several, and for each alone.
    """

    def ask(given: Array) -> Any:
        try:
            (found,) = made.session.run([_OUTPUT], {name: given})
        except Exception as error:
            if len(given) == _TRACED:
                raise
            ask(rows[:_TRACED])  # whether it is the number that it does not take
            why = f"PyTorch wrote a number of rows into it: as ONNX it does not take {len(given)}"
            raise ValueError(why) from error
        return found

    found = [compared(rows, wanted, _by(ask, rows, count), "ONNX")
             for count in (len(rows), _SEVERAL, 1)]  # fmt: skip
    return max(found, key=lambda one: (one.differing, one.largest))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
