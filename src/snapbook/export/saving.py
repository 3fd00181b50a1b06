"""The process in which a Keras model becomes a SavedModel: loads it on the backend that it is used
with, asks it, has TensorFlow make a SavedModel in a process of its own, and compares both.

Started with a folder by `export.network`, and given nothing else; whoever started it decided that
the model may be loaded. Keras runs on one backend in a process, and TensorFlow may be installed in
another Python alone; a Keras archive is the same for all backends.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook.export import layer, saved
from snapbook.export.tensors import Told, asked, compared, told
from snapbook.flavors import keras
from snapbook.parts.base import Part
from snapbook.trial.job import Folder

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

JOB, SAID, FILE = "savedmodel.json", "said.json", "model.tar"
_BACKENDS = ("tensorflow", "torch", "jax")


def command(folder: Path) -> list[str]:
    """How the process is started."""
    return [sys.executable, "-m", "snapbook.export.saving", str(folder)]


def main(path: Path) -> None:
    """Convert the model that lies in the folder ``path``."""
    told(path, SAID, lambda: _tried(path, json.loads((path / JOB).read_text())))


def _tried(path: Path, job: Mapping[str, Any]) -> Told:
    folder = Folder(path)
    part = folder.part(job["model"])
    there = path / "there"
    there.mkdir()
    (there / saved.MODEL).write_bytes(_archive(part, folder))
    net = _loaded(there / saved.MODEL)
    given = asked(folder, job["frames"], lambda rows: net.predict(rows, verbose=0))
    made = _made(job["python"], there, given.rows)
    import numpy as np

    answers = np.load(there / saved.ANSWERS, allow_pickle=False)
    found = compared(given.rows, given.said, answers, "SavedModel")
    if found.differing:
        return Told("", len(given.rows), **asdict(found))
    extra = there / saved.TREE / "assets.extra"  # whose contents TensorFlow leaves to others
    extra.mkdir(exist_ok=True)
    (extra / "snapbook.json").write_text(json.dumps(job["props"], sort_keys=True) + "\n")
    pieces = layer.archive(layer.tree(there / saved.TREE, saved.TREE))
    (path / FILE).write_bytes(b"".join(pieces))
    return Told("", len(given.rows), 0, found.largest, "", **made)


def _archive(part: Part, folder: Folder) -> bytes:
    layout: Any = part.facts["layout"]
    if (own := keras.foreign(layout, part.blobs, folder.get)) is not None:
        raise ValueError(f"it has {own} in it, which Keras alone does not know")
    return keras.archive(layout, part.blobs, folder.get)


def _loaded(path: Path) -> Any:
    """The model, for asking alone: its optimizer is of the backend that it was trained on."""
    os.environ.setdefault("KERAS_BACKEND", _backend())
    from keras.saving import load_model

    return load_model(path, compile=False)


def _backend() -> str:
    """What Keras is set to, which it is by itself where nobody chose; else one that is there."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    try:
        chosen = str(json.loads((home / "keras.json").read_text())["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        chosen = _BACKENDS[0]
    there = [name for name in (chosen, *_BACKENDS) if find_spec(name) is not None]
    return next(iter(there), chosen)


def _made(python: str, there: Path, rows: Array) -> dict[str, Any]:
    """Have ``python`` make the SavedModel in ``there`` and ask it; what it tells of it."""
    import numpy as np

    np.save(there / saved.ROWS, rows, allow_pickle=False)
    program = there / "saved.py"  # alone there: beside it lie files that are called as packages are
    shutil.copy(saved.__file__, program)
    ran = subprocess.run(
        [python, program], cwd=there, env=_environment(python), capture_output=True
    )
    if ran.returncode:
        lines = ran.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(lines[-1] if lines else f"TensorFlow's process ended ({ran.returncode})")
    made: dict[str, Any] = json.loads((there / saved.TOLD).read_text())
    return made


def _environment(python: str) -> dict[str, str]:
    dropped = () if python == sys.executable else ("PYTHONHOME", "PYTHONPATH")  # meant for this one
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
