"""A network in a form of other engines, NNEF or SavedModel, taken only where it says what it says
here.

The conversion and the comparison happen in a process of their own, which loads the network: the
caller has asked trust. Each form is a folder of files, which is kept as one archive.
"""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from snapbook.canonical import Json
from snapbook.errors import BadOption, Damaged, Hint, NotRestorable
from snapbook.export import conversion, nnefing, saving, tensors
from snapbook.flavors import weights
from snapbook.parts.base import Part

Get = Callable[[str], bytes]
SAVEDMODEL = "savedmodel"
_BUNDLE = "A bundle serves the model itself, as it is"


@dataclass(frozen=True, slots=True)
class Converted:
    """The archive of its files, and what the comparison showed: see `tensors.Told`."""

    data: bytes
    told: tensors.Told


def converted(
    form: str,
    named: str,
    props: Mapping[str, str],
    parts: Sequence[Part],
    get: Get,
    project: Path,
    seconds: float,
    tensorflow: str = "",
) -> Converted:
    """The network of ``parts``, which a message calls ``named``, in ``form``, and ``props`` in it.
    ``tensorflow`` is a Python that has TensorFlow, "" for this one.

    Raises what `conversion.ran` does, and NotRestorable where it says something else than that.
    """
    process = FORMS[form]
    check_whole(process.form, named, conversion.taken(process, named, parts))
    more: dict[str, Json] = {"props": dict(props)}
    if form == SAVEDMODEL:
        more["python"] = _python(tensorflow)
    said, data = conversion.ran(process, named, parts, get, project, seconds, more)
    told = tensors.Told(**said)
    if told.differing:
        count = f"{told.differing:,} of {told.rows:,} rows"
        raise NotRestorable(
            f"Not exported: as {process.form} {named} says something else on {count}",
            f"the worst, {told.worst}",
            act=_BUNDLE,
        )
    return Converted(data, told)


def files(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of an archive that is kept, by their paths in the folder. Raises Damaged."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
                found = archive.extractfile(member) if member.isfile() else None
                if found is None:
                    continue
                if path.is_absolute() or ".." in path.parts or not path.parts:
                    raise Damaged("What is kept cannot be written", f"it has {member.name} in it")
                yield str(path), found.read()
    except tarfile.TarError as error:
        raise Damaged("What is kept cannot be written", "it is no archive") from error


def check_whole(form: str, named: str, model: Part) -> None:
    """Raise NotRestorable for tensors without a network."""
    layout = model.facts.get("layout")
    if isinstance(layout, Mapping) and layout.get("format") == weights.STATE:
        raise NotRestorable(
            f"{named} cannot be converted to {form}",
            "it is a state_dict, tensors without the module that they belong to",
            act="Version the module itself",
        )


def _python(named: str) -> str:
    """The Python that has TensorFlow. Raises BadOption where there is none."""
    if named:
        path = Path(named).expanduser()
        if path.is_file():
            return str(path.absolute())
        raise BadOption(f"export.tensorflow is {named}", "there is no such program", act="Name one")
    if find_spec("tensorflow") is not None:
        return sys.executable
    raise BadOption(
        "SavedModel cannot be written here",
        "TensorFlow is not installed",
        act="Install it with Keras, here or for another Python, and name that",
        hint=Hint("config", ("export.tensorflow", "PYTHON")),
    )


def _refused(form: str, named: str, why: str) -> NotRestorable:
    return NotRestorable(f"{named} cannot be converted to {form}", why, act=_BUNDLE)


FORMS = {
    "nnef": conversion.Process(
        "NNEF",
        ("torch", "onnx", "nnef_tools"),
        nnefing.command,
        nnefing.JOB,
        nnefing.SAID,
        nnefing.FILE,
        partial(_refused, "NNEF"),
        install="pip install onnx nnef-tools",
        framework="torch",
        whose="PyTorch's",
        tries=4,
    ),
    SAVEDMODEL: conversion.Process(
        "SavedModel",
        ("keras",),
        saving.command,
        saving.JOB,
        saving.SAID,
        saving.FILE,
        partial(_refused, "SavedModel"),
        install="pip install keras",
        framework="keras",
        whose="Keras'",
        tries=4,
    ),
}
