"""Models that MLflow logged: its own folder of files, as it came, loaded by MLflow alone.

At home with no object: only a registry that MLflow logs to makes such parts. What the files are is
told by the one called MLmodel; nothing of them is read here but to give them back.
"""

from __future__ import annotations

import atexit
import importlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import Damaged, NotKept
from snapbook.flavors.base import Description, Encoded
from snapbook.store.base import Writer

FORMAT = "mlflow"
_SAFE = re.compile(r"[^/\\\0]+(/[^/\\\0]+)*")
_LOADER = re.compile(r"mlflow\.[a-z_]+")


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of the folder, by its path in it, and the blobs that it is."""

    path: str
    size: int
    blobs: tuple[str, ...]


def layout(files: list[Kept], loader: str) -> dict[str, Json]:
    """The layout of a part whose blobs are those of ``files``, one file after another.

    ``loader`` is the module of MLflow that loads them ("mlflow.sklearn").
    """
    listed: list[Json] = [[file.path, file.size, len(file.blobs)] for file in files]
    return {"format": FORMAT, "files": listed, "loader": loader}


def kept(layout: Mapping[str, Json], blobs: tuple[str, ...]) -> list[Kept]:
    """The files that `layout` told of. Raises Damaged where it fits neither them nor a folder."""
    files: list[Kept] = []
    at = 0
    try:
        listed: Any = layout["files"]
        for path, size, count in listed:
            files.append(Kept(str(path), int(size), blobs[at : at + count]))
            at += count
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged("its layout is not one of MLflow") from error
    if layout.get("format") != FORMAT or at != len(blobs) or not all(map(_safe, files)):
        raise _damaged("its layout is not one of MLflow")
    return files


class MlflowFlavor:
    """What MLflow logged; a flavor that only loads."""

    name = "mlflow"

    def accepts(self, model: object) -> bool:
        """Nothing: objects of MLflow's are kept as whatever else pickles."""
        del model
        return False

    def fitted(self, model: object) -> bool | None:
        """None: it is never asked."""
        del model
        return None

    def members(self, model: object) -> tuple[object, ...]:
        """None that we know of."""
        del model
        return ()

    def describe(self, model: object) -> Description:
        """Nothing: it is never asked."""
        del model
        return Description("", "mlflow", "")

    def dump(self, model: object, writer: Writer) -> Encoded:
        """Raises NotKept: such models come by MLflow's own client."""
        del model, writer
        raise NotKept("Not kept", "a model of MLflow is logged by its own client")

    def load(
        self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Callable[[str], bytes]
    ) -> object:
        """The model as its MLflow flavor gives it, else as a pyfunc. MLflow has to be installed."""
        files = kept(layout, blobs)
        loader = str(layout.get("loader") or "")
        name = loader if _LOADER.fullmatch(loader) else "mlflow.pyfunc"
        module: Any = importlib.import_module(name)
        folder = Path(tempfile.mkdtemp(prefix="snapbook-mlflow-"))
        # Some models read their files when they are used, not when they are loaded.
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for file in files:
            place = folder / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as out:
                out.writelines(read(file, get))
        if not hasattr(module, "load_model"):
            module = importlib.import_module("mlflow.pyfunc")
        return module.load_model(str(folder))


def read(file: Kept, get: Callable[[str], bytes]) -> Iterator[bytes]:
    """The bytes of ``file``, piece by piece."""
    return map(get, file.blobs)


def _safe(file: Kept) -> bool:
    steps = file.path.split("/")
    return bool(_SAFE.fullmatch(file.path)) and not {".", ".."} & set(steps)


def _damaged(why: str) -> Damaged:
    return Damaged("A stored model cannot be read", why)


flavor = MlflowFlavor()
