"""ONNX kept and asked: graphs that a user has, and files that were converted."""

import os

import numpy as np
import pandas as pd
import pytest

from snapbook.errors import NotKept
from snapbook.flavors import modelish, onnxed, registry
from snapbook.flavors.onnxed import Onnx, Telling
from snapbook.parts import model as parts
from snapbook.store.memory import MemoryStore

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.filterwarnings("ignore")  # what these libraries say to each other
FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})


def sums(elements=onnx.TensorProto.FLOAT):
    """A graph that adds up two columns, each an input of its own."""
    given = [onnx.helper.make_tensor_value_info(n, elements, [None, 1]) for n in ("a", "b")]
    out = onnx.helper.make_tensor_value_info("sum", elements, [None, 1])
    node = onnx.helper.make_node("Add", ["a", "b"], ["sum"])
    graph = onnx.helper.make_graph([node], "sums", given, [out])
    opset = [onnx.helper.make_opsetid("", 17)]
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)


def weighing(weights, kind=onnx.TensorProto.FLOAT):
    """A graph of one matrix: its columns, each by a weight, added up."""
    held = onnx.numpy_helper.from_array(np.array(weights, "float32").reshape(-1, 1), "w")
    given = onnx.helper.make_tensor_value_info("X", kind, [None, len(weights)])
    out = onnx.helper.make_tensor_value_info("y", kind, [None, 1])
    node = onnx.helper.make_node("MatMul", ["X", "w"], ["y"])
    graph = onnx.helper.make_graph([node], "weighing", [given], [out], [held])
    opset = [onnx.helper.make_opsetid("", 17)]
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)


def classifier(target, **options):
    """A logistic regression as ONNX, and the model itself."""
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.linear_model import LogisticRegression

    fit = LogisticRegression().fit(FRAME.to_numpy(), target)
    types = [("X", skl2onnx.common.data_types.FloatTensorType([None, 2]))]
    return skl2onnx.convert_sklearn(fit, "fit", types, options=options), fit


def through(model):
    """The model back, what answers in its place, and what it was kept as."""
    flavor = registry.find(model)
    store = MemoryStore()
    writer = store.writer()
    encoded = flavor.dump(model, writer)
    writer.commit()
    words = (encoded.layout, encoded.blobs, store.get)
    return flavor.load(*words), flavor.answering(*words), encoded


def test_a_graph_comes_back_as_a_graph_and_answers():
    graph = sums()
    assert modelish.looks_like_model(graph)
    found, answering, encoded = through(graph)
    assert type(found) is type(graph)
    assert found.SerializeToString() == graph.SerializeToString()
    assert encoded.executes is False
    assert encoded.canonical is True
    for rows in (FRAME, FRAME.to_numpy(), dict(FRAME), FRAME.to_records(index=False)):
        assert answering.predict(rows).ravel().tolist() == [5.0, 7.0, 9.0]
    assert not hasattr(answering, "predict_proba")


def test_what_is_told_of_a_graph():
    told = registry.find(graph := weighing([1.0, 10.0])).describe(graph)
    assert (told.class_name, told.framework) == ("ModelProto", "onnx")
    assert told.structure == {"operators": {"MatMul": 1}, "parameters": 2, "opset": 17}
    assert told.inputs == ({"name": "x0", "type": ""}, {"name": "x1", "type": ""})
    assert told.outputs == ({"name": "y", "type": "float32"},)
    told = registry.find(graph := sums()).describe(graph)
    assert told.inputs == ({"name": "a", "type": "float32"}, {"name": "b", "type": "float32"})


def test_an_opened_file_is_kept_and_opened_again():
    model = Telling(weighing([1.0, 10.0]).SerializeToString(), "int32")
    assert modelish.looks_like_model(model)
    found, _, encoded = through(model)
    assert (type(found), found.data, found.label) == (Telling, model.data, "int32")
    assert found.predict(FRAME).dtype == np.int32
    assert found.predict(FRAME).ravel().tolist() == [41, 52, 63]
    assert through(found)[2].digest == encoded.digest
    writer = MemoryStore().writer()
    part, _ = parts.capture(Onnx(model.data), "model", writer)
    assert (part.facts["class_name"], part.facts["flavor"]) == ("Onnx", "onnx")


@pytest.mark.parametrize("zipmap", [True, False])
def test_classes_and_probabilities_in_both_forms(zipmap):
    """As skl2onnx writes them: a dictionary a row, or a matrix."""
    graph, fit = classifier(["stays", "goes", "goes"], zipmap=zipmap)
    told = registry.find(graph).describe(graph)
    assert told.outputs[0]["values"] == ["goes", "stays"]
    _, found, _ = through(graph)
    assert found.predict(FRAME).tolist() == fit.predict(FRAME.to_numpy()).tolist()
    wanted = fit.predict_proba(FRAME.to_numpy())
    assert np.abs(found.predict_proba(FRAME) - wanted).max() < 1e-6


def test_missing_numbers_are_numbers_and_missing_texts_are_refused():
    model = onnxed.opened(sums().SerializeToString())
    told = model.predict({"a": np.array([1, None], dtype=object), "b": np.array([1.0, 2.0])})
    assert told[0, 0] == 2.0
    assert np.isnan(told[1, 0])
    given = [onnx.helper.make_tensor_value_info("city", onnx.TensorProto.STRING, [None, 1])]
    out = [onnx.helper.make_tensor_value_info("same", onnx.TensorProto.STRING, [None, 1])]
    node = onnx.helper.make_node("Identity", ["city"], ["same"])
    graph = onnx.helper.make_graph([node], "same", given, out)
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)],
                                  ir_version=9)  # fmt: skip
    model = onnxed.opened(made.SerializeToString())
    assert model.predict(pd.DataFrame({"city": ["Bern", "Graz"]})).ravel().tolist() == [
        "Bern",
        "Graz",
    ]
    for missing in (None, np.nan):
        with pytest.raises(ValueError, match="no word for a text that is missing"):
            model.predict(pd.DataFrame({"city": ["Bern", missing]}, dtype=object))
    with pytest.raises(ValueError, match="ONNX has no times"):
        model.predict(pd.DataFrame({"city": pd.to_datetime(["2020-01-01"])}))


def test_pictures_are_no_rows():
    given = [onnx.helper.make_tensor_value_info("X", onnx.TensorProto.FLOAT, [None, 3, 8, 8])]
    out = [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [None, 3, 8, 8])]
    node = onnx.helper.make_node("Identity", ["X"], ["y"])
    made = onnx.helper.make_model(
        onnx.helper.make_graph([node], "same", given, out),
        opset_imports=[onnx.helper.make_opsetid("", 17)],
        ir_version=9,
    )
    with pytest.raises(ValueError, match="its input X takes no rows"):
        onnxed.opened(made.SerializeToString())


def test_numbers_in_other_files_are_neither_kept_nor_read(tmp_path, monkeypatch):
    """A stranger's file could name any that lies where the server was started."""
    (tmp_path / "secret").write_bytes(np.array([7.0, 7.0], "float32").tobytes())
    monkeypatch.chdir(tmp_path)
    graph = weighing([1.0, 10.0])
    held = graph.graph.initializer[0]
    held.ClearField("raw_data")
    held.data_location = onnx.TensorProto.EXTERNAL
    held.external_data.add(key="location", value="secret")
    with pytest.raises(NotKept, match="its numbers lie in files beside it"):
        through(graph)
    with pytest.raises(Exception, match="External data"):
        onnxed.opened(graph.SerializeToString())


def test_the_engine_is_told_to_be_silent_and_to_work_alone(monkeypatch):
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    model = onnxed.opened(sums().SerializeToString())
    assert os.environ.pop("ORT_DISABLE_TELEMETRY") == "1"
    assert model.session.get_session_options().intra_op_num_threads == 1
