"""A version as an image that serves it: a base, its environment, this package, the bundle.

Made of bytes alone, by no engine, and so the same digest for the same bundle, base and packages,
whoever makes it and wherever. What changes least lies lowest: versions with one lock share all
layers but the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import SnapbookError
from snapbook.export import installed, ours
from snapbook.export.artifact import Artifact, artifact
from snapbook.export.base import Base
from snapbook.export.files import File, whole
from snapbook.export.layer import Blob, blob, layer, tree
from snapbook.export.mlflow import DIGEST, REF
from snapbook.serve import start
from snapbook.serve.load import Bundle

CONFIG = "application/vnd.oci.image.config.v1+json"
HOME = "/opt/snapbook"
PORT = 8080
USER = "10001:10001"  # nobody's, and not root: with numbers nothing has to know its name
PROGRAM = f"{HOME}/bin/snapbook-serve"
_TITLE = "org.opencontainers.image"
_SCRIPT = f"""#!/usr/bin/env python3
import site
import sys

sys.path.insert(0, "{HOME}/lib")  # before what the base has
site.addsitedir("{HOME}/lib")

from snapbook.serve.start import main

sys.exit(main())
"""


def image(opened: Bundle, bundle: Path, lib: Path, found: Base) -> Artifact:
    """The image of the bundle in the folder ``bundle``, with the packages in the folder ``lib``."""
    lowest = HOME.lstrip("/")
    packages = installed.files(lib, f"{lowest}/lib")
    programs = installed.programs(lib, f"{lowest}/lib")
    own = [*program(lowest), *ours.files(f"{lowest}/lib")]
    layers = (
        layer(packages, programs),
        layer(own, frozenset({PROGRAM.lstrip("/")})),
        layer(tree(bundle, f"{lowest}/bundle")),
    )
    config = blob(CONFIG, canonical.encode(_config(opened, found, layers)))
    said = {f"{_TITLE}.base.digest": found.digest, **told_of(opened)}
    if found.name:
        said[f"{_TITLE}.base.name"] = found.name
    return artifact(config, (*found.layers, *layers), said)


def program(below: str) -> Iterator[File]:
    """What is run."""
    yield whole(f"{below}/bin/snapbook-serve", _SCRIPT.encode())


def told_of(opened: Bundle) -> dict[str, str]:
    """What is said of any image of the version."""
    return {
        f"{_TITLE}.title": str(opened.facts["model"]),
        f"{_TITLE}.version": str(opened.facts["number"]),
        REF: opened.ref,
        DIGEST: str(opened.facts["manifest"]),
    }


def entrypoint(opened: Bundle) -> list[str]:
    """How it is run. Whoever makes an image of a pickle has decided to trust it."""
    words = [PROGRAM, f"{HOME}/bundle", "--host", "0.0.0.0", "--port", str(PORT)]
    key = opened.author.key
    try:
        start.check_signed(opened, key)
    except SnapbookError:
        return [*words, *(["--trust"] if opened.executes else [])]
    return [*words, "--key", key]


def _config(opened: Bundle, found: Base, layers: Sequence[Blob]) -> dict[str, Json]:
    run: dict[str, Any] = {name: value for name, value in found.run.items() if name not in _OF_BASE}
    labels = run.get("Labels")
    run |= {
        "User": USER,
        "WorkingDir": "/",
        "Entrypoint": entrypoint(opened),
        "ExposedPorts": {f"{PORT}/tcp": {}},
        "StopSignal": "SIGTERM",
        "Labels": {**(labels if isinstance(labels, dict) else {}), **told_of(opened)},
    }
    kept = {
        name: found.config[name]
        for name in ("os", "architecture", "variant")
        if name in found.config
    }
    history = found.config.get("history")
    steps = ("packages", "snapbook", f"bundle of {opened.ref}")
    said = [{"created_by": f"snapbook export: {step}"} for step in steps]
    contents = [one.digest for one in layers]
    return {
        **kept,
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [*found.contents, *contents]},
        "history": [*(history if isinstance(history, list) else ()), *said],
    }


# What the base runs is not what we run.
_OF_BASE = frozenset(
    {"Cmd", "Entrypoint", "ArgsEscaped", "Healthcheck", "OnBuild", "Image", "Hostname"}
)
