"""Which packages a model needs to be loaded and asked, told without loading it.

What its pickle imports, what its local modules import, its framework, and what tables are made of;
each by the version that was installed when the model was made. What these need in turn is left to
whoever installs them, held to the same versions by the lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from snapbook.lineage.analyse import analyse
from snapbook.parts import files, lock
from snapbook.parts.base import Part
from snapbook.parts.environment import Get
from snapbook.serve.pins import pins

_ALWAYS = ("numpy", "pandas")
_WITHOUT_FRAMES = {"onnx": ("numpy",)}  # by framework, of which nothing takes frames
# What a module is called, and what gives it; of several the first that was installed.
_GIVES: Mapping[str, tuple[str, ...]] = {
    "sklearn": ("scikit-learn",),
    "skimage": ("scikit-image",),
    "imblearn": ("imbalanced-learn",),
    "xgboost": ("xgboost", "xgboost-cpu"),
    "onnx": ("onnxruntime", "onnxruntime-gpu"),  # which answers, where onnx only describes
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "cv2": ("opencv-python", "opencv-python-headless"),
    "PIL": ("pillow",),
    "yaml": ("pyyaml",),
}


def needed(model: Part, modules: Part | None, surroundings: Part, get: Get) -> str:
    """What the model needs, as a requirements file of pins, sorted."""
    locked = pins(lock.requirements(surroundings, get))
    tops = [*_tops(model), *_imported(modules, get)]
    named = {name for top in tops for name in _given(top, locked)}
    always = _WITHOUT_FRAMES.get(str(model.facts.get("framework")), _ALWAYS)
    kept = {name for name in {*named, *always} if name in locked}
    python = surroundings.facts.get("python")
    version = str(python.get("version", "")) if isinstance(python, Mapping) else ""
    head = ["# What the model needs; the rest of what was installed: requirements.txt",
            f"# Python {'.'.join(version.split('.')[:2])}"]  # fmt: skip
    return "\n".join([*head, *(f"{name}=={locked[name]}" for name in sorted(kept))]) + "\n"


def _tops(model: Part) -> list[str]:
    listed = model.facts.get("imports")
    names = [str(one) for one in listed] if isinstance(listed, list | tuple) else []
    tops = [re.split(r"[.:]", name)[0] for name in names]
    return [*tops, str(model.facts.get("framework") or "")]


def _imported(modules: Part | None, get: Get) -> Iterable[str]:
    for entry in files.entries(modules):
        if not entry.get("module"):
            continue  # a script: nothing imports it
        source = get(str(entry["digest"])).decode("utf-8", "replace")
        yield from (name.partition(".")[0] for name in analyse(source).imports)


def _given(top: str, locked: Mapping[str, str]) -> list[str]:
    likely = _GIVES.get(top, (re.sub(r"[-_.]+", "-", top).lower(),))
    return [name for name in likely if name in locked][:1]
