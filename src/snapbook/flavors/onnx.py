"""ONNX: the file itself, which needs no trust; a description of a graph, or a model that answers.

Who keeps an `onnx.ModelProto` gets one back. Where a version is asked, by a server, a gate or in a
file of rows, it is opened by ONNX Runtime alone, so that nothing that makes ONNX need be installed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import NotKept
from snapbook.flavors import facts, native
from snapbook.flavors.base import Description, Encoded
from snapbook.flavors.onnxed import Onnx, Telling, opened
from snapbook.store.base import Writer

FORMAT = "onnx-file"
Get = Callable[[str], bytes]
_TYPES = {1: "float32", 10: "float16", 11: "float64", 6: "int32", 7: "int64", 8: "str", 9: "bool"}


class OnnxFlavor:
    """Graphs of ONNX, and files of it that were opened."""

    name = "onnx"

    def accepts(self, model: object) -> bool:
        """Whether it is a graph with what belongs to it, or a file that was opened."""
        return isinstance(model, Onnx) or facts.descends(model, "onnx", "ModelProto")

    def fitted(self, model: object) -> bool | None:  # noqa: ARG002 - the seam's shape
        """Nothing in a file tells."""
        return None

    def members(self, model: object) -> tuple[object, ...]:  # noqa: ARG002 - the seam's shape
        """None."""
        return ()

    def describe(self, model: object) -> Description:
        """Who made it, its operators, its numbers; inputs, outputs, classes."""
        import onnx

        graph: Any = onnx.load_from_string(model.data) if isinstance(model, Onnx) else model
        told = graph.graph
        operators = Counter(node.op_type for node in told.node)
        structure: dict[str, Json] = {
            "operators": dict(sorted(operators.items())),
            "opset": max(
                (one.version for one in graph.opset_import if not one.domain), default=None
            ),
        }
        if numbers := sum(_count(one.dims) for one in told.initializer):
            structure["parameters"] = numbers  # those of trees lie in their nodes
        producer = f"{graph.producer_name} {graph.producer_version}".strip()
        return Description(
            class_name=Onnx.__name__ if isinstance(model, Onnx) else facts.class_name(model),
            framework="onnx",
            framework_version=facts.version_of("onnx"),
            params={"producer": facts.text(producer)} if producer else {},
            structure=structure,
            inputs=tuple(_inputs(told)),
            outputs=tuple(_outputs(told)),
        )

    def dump(self, model: object, writer: Writer) -> Encoded:
        """The file. Raises NotKept for a graph whose numbers lie elsewhere."""
        if isinstance(model, Onnx):
            told = isinstance(model, Telling)
            extra: dict[str, Json] = {"label": model.label, "probabilities": told}
            return native.keep(FORMAT, [model.data], extra, writer, executes=False)
        graph: Any = model
        if any(one.data_location for one in graph.graph.initializer):
            raise NotKept("The model cannot be kept", "its numbers lie in files beside it",
                          act="Load it with onnx.load, which reads them")  # fmt: skip
        data = graph.SerializeToString(deterministic=True)
        return native.keep(FORMAT, [data], {"graph": True}, writer, executes=False)

    def load(self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> object:
        """The graph, where one was kept; else what answers."""
        (data,), extra = native.fetch(FORMAT, layout, blobs, get)
        if not extra.get("graph"):
            return self.answering(layout, blobs, get)
        import onnx

        return onnx.load_from_string(data)

    def answering(self, layout: Mapping[str, Json], blobs: tuple[str, ...], get: Get) -> object:
        """What answers, whichever was kept."""
        (data,), extra = native.fetch(FORMAT, layout, blobs, get)
        probable = extra.get("probabilities")
        label = str(extra.get("label") or "")
        return opened(data, label, None if probable is None else probable is True)


def _count(dims: Iterable[int]) -> int:
    count = 1
    for one in dims:
        count *= one
    return count


def _inputs(graph: Any) -> Iterable[Mapping[str, Json]]:
    """One of each column, x0, x1, ... of a matrix; what has a value of its own is none."""
    own = {one.name for one in graph.initializer}
    given = [one for one in graph.input if one.name not in own][: facts.MOST]
    for one in given:
        tensor = one.type.tensor_type
        dims = [dim.dim_value for dim in tensor.shape.dim]
        if len(given) == 1 and len(dims) == 2 and dims[1] > 1:
            yield from ({"name": f"x{n}", "type": ""} for n in range(min(dims[1], facts.MOST)))
        else:
            yield {"name": facts.text(one.name), "type": _TYPES.get(tensor.elem_type, "")}


def _outputs(graph: Any) -> Iterable[Mapping[str, Json]]:
    """What it answers, and of labels which there are; probabilities are told by the labels."""
    first, *others = graph.output[: facts.MOST]
    kind = _TYPES.get(first.type.tensor_type.elem_type, "")
    classes = _classes(graph) if kind in ("int64", "str") else []
    told: dict[str, Json] = {"name": facts.text(first.name), "type": kind}
    if not classes:
        yield told
        yield from ({"name": facts.text(one.name), "type": ""} for one in others)
        return
    yield {**told, "values": classes[: facts.WIDEST], "count": len(classes)}


def _classes(graph: Any) -> list[Json]:
    """The labels that its last classifier knows."""
    for node in reversed(graph.node):
        for one in node.attribute:
            if one.name.startswith("classlabels_") and (one.strings or one.ints):
                texts = [facts.text(text.decode("utf-8", "replace")) for text in one.strings]
                return [*texts, *one.ints]
    return []


flavor = OnnxFlavor()
