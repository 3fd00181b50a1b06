"""Which flavor of MLflow loads a model, and the files that it wants: one function a flavor.

All of it is made of stored bytes, none of which are loaded. What no flavor reads is refused in a
sentence that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import NotRestorable
from snapbook.export import torchfile
from snapbook.export.files import File, whole
from snapbook.flavors import keras, native, onnx, pickled, skops
from snapbook.parts.base import Part

Get = Callable[[str], bytes]
Layout = Mapping[str, Json]
_PICKLES = "mlflow.pytorch.pickle_module"
_RESTORE = "Restore it with snapbook, and log it with MLflow"


@dataclass(frozen=True, slots=True)
class Form:
    """The model's files, and what MLmodel says of them.

    ``loader`` is the module of MLflow that loads them, ``pyfunc`` what the flavor python_function
    has beside what all have, and ``flavor`` the model's own. ``code`` are files of code that its
    pickle needs, below the folder code.
    """

    files: tuple[File, ...]
    loader: str
    pyfunc: Mapping[str, Json]
    flavor: Mapping[str, Json]
    code: tuple[File, ...] = ()


def form(model: Part, layout: Layout, get: Get) -> Form:
    """What MLflow loads ``model`` by. Raises NotRestorable where no flavor of its reads it."""
    make = _FORMS.get((str(layout.get("format")), str(model.facts.get("framework"))))
    make = make or _FORMS.get((str(layout.get("format")), ""))
    if make is None:
        raise _unread(model, "its bytes are kept in a form that no flavor of MLflow reads")
    return make(model, layout, get)


def _sklearn(model: Part, layout: Layout, get: Get) -> Form:
    path = "model.pkl"
    file = File(path, None, lambda: pickled.plain_pieces(layout, model.blobs, get))
    return Form((file,), "mlflow.sklearn", {"model_path": path, "predict_fn": "predict"}, {
        "pickled_model": path,
        "serialization_format": "cloudpickle" if layout.get("by_value") else "pickle",
        "sklearn_version": _version(model, "sklearn"),
    })  # fmt: skip


def _skops(model: Part, layout: Layout, get: Get) -> Form:
    file = _native(model, layout, "model.skops", get)
    _, extra = native.parted(skops.FORMAT, layout, model.blobs)
    return Form((file,), "mlflow.sklearn", {"model_path": file.path, "predict_fn": "predict"}, {
        "pickled_model": file.path,  # whatever it is
        "serialization_format": "skops",
        "skops_trusted_types": extra.get("types"),
        "sklearn_version": _version(model, "sklearn"),
    })  # fmt: skip


def _onnx(model: Part, layout: Layout, get: Get) -> Form:
    del layout, get
    raise _unread(
        model,
        "MLflow gives a file of ONNX its columns, and takes answers from it, in another shape",
        "Export the version that it was made of",
    )


def _xgboost(model: Part, layout: Layout, get: Get) -> Form:
    file = _native(model, layout, "model.ubj", get)
    return Form((file,), "mlflow.xgboost", {"data": file.path}, {
        "data": file.path,
        "model_class": "xgboost.core.Booster",
        "model_format": "ubj",
        "xgb_version": _version(model, "xgboost"),
    })  # fmt: skip


def _lightgbm(model: Part, layout: Layout, get: Get) -> Form:
    file = _native(model, layout, "model.lgb", get)
    return Form((file,), "mlflow.lightgbm", {"data": file.path}, {
        "data": file.path,
        "model_class": "lightgbm.basic.Booster",
        "lgb_version": _version(model, "lightgbm"),
    })  # fmt: skip


def _torch(model: Part, layout: Layout, get: Get) -> Form:
    file = File("data/model.pth", None, lambda: torchfile.pieces(layout, model.blobs, get))
    return _pytorch(model, file, (whole(f"code/{torchfile.MODULE}.py", torchfile.code()),))


def _script(model: Part, layout: Layout, get: Get) -> Form:
    return _pytorch(model, _native(model, layout, "data/model.pth", get), ())


def _pytorch(model: Part, file: File, code: tuple[File, ...]) -> Form:
    told: dict[str, Json] = {
        "data": "data",
        "pickle_module_name": _PICKLES,
        "model_config": {"device": None},
    }
    files = (file, whole("data/pickle_module_info.txt", _PICKLES.encode()))
    version = _version(model, "torch")
    entries: dict[str, Json] = {"model_data": "data", "pytorch_version": version}
    return Form(files, "mlflow.pytorch", told, entries, code)


def _state(model: Part, layout: Layout, get: Get) -> Form:
    del layout, get
    raise _unread(
        model,
        "it is a state_dict, tensors without the module that they belong to",
        "Version the module itself: MLflow loads nothing less",
    )


def _keras(model: Part, layout: Layout, get: Get) -> Form:
    if (own := keras.foreign(layout, model.blobs, get)) is not None:
        raise _unread(model, f"it has {own} in it, which Keras alone does not know")

    def read() -> Iterator[bytes]:
        yield keras.archive(layout, model.blobs, get)

    files = (File("data/model.keras", None, read), whole("data/keras_module.txt", b"keras"))
    return Form(files, "mlflow.keras", {}, {
        "data": "data",
        "keras_version": _version(model, "keras"),
        "save_exported_model": False,
    })  # fmt: skip


_FORMS: Mapping[tuple[str, str], Callable[[Part, Layout, Get], Form]] = {
    (pickled.FORMAT, "torch"): _torch,
    (pickled.FORMAT, ""): _sklearn,
    ("xgboost-ubj", ""): _xgboost,
    ("lightgbm-text", ""): _lightgbm,
    ("torchscript", ""): _script,
    ("torch-state", ""): _state,
    ("keras-archive", ""): _keras,
    (skops.FORMAT, ""): _skops,
    (onnx.FORMAT, ""): _onnx,
}


def _native(model: Part, layout: Layout, path: str, get: Get) -> File:
    """The first of a framework's own files; the rest is what only we want to have again."""
    form = str(layout["format"])
    return File(path, None, lambda: iter(native.fetch(form, layout, model.blobs, get)[0][:1]))


def _version(model: Part, framework: str) -> str:
    known = model.facts.get("framework") == framework
    return str(model.facts.get("framework_version") or "") if known else ""


def _unread(model: Part, why: str, act: str = _RESTORE) -> NotRestorable:
    named: Any = model.facts.get("class_name") or model.name
    return NotRestorable(f"{named} cannot be handed to MLflow", why, act=act)
