"""Rows and tensors that the model does not take: each is refused with its column and the reason."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plates import MIXED, ROW, Plate, mixed, numbers

from snapbook.errors import Damaged, Unclear
from snapbook.serve import tensors
from snapbook.serve.given import arrays, frames
from snapbook.serve.predictor import Predictor
from snapbook.serve.refusal import Unfit
from snapbook.serve.rows import Rows, parsed
from snapbook.serve.schema import PREDICT, PROBA, schema
from snapbook.serve.table import joined, layout
from snapbook.serve.v2 import Reader


def reader(plate, most=100):
    told = schema(plate.facts, plate.signature)
    laid = layout(told)
    return Rows(told, laid, most), laid, told


def refused(act):
    with pytest.raises(Unfit) as caught:
        act()
    return caught.value


@pytest.mark.parametrize(
    ("change", "column", "why"),
    [
        ({"age": "20"}, "age", "age in row 1 is text, it takes a whole number"),
        ({"age": True}, "age", "age in row 1 is true or false, it takes a whole number"),
        ({"age": 20.5}, "age", "age in row 1 has a fraction, it takes whole numbers"),
        ({"age": 300}, "age", "age in row 1 is outside what int8 holds"),
        ({"age": None}, "age", "age in row 1 is null, which it may not be"),
        ({"pay": [1]}, "pay", "pay in row 1 is a list, it takes a number"),
        ({"pay": 1e300}, "pay", "pay in row 1 is too large or infinite"),
        ({"pay": 10**400}, "pay", "pay in row 1 is too large"),
        ({"member": 1}, "member", "member in row 1 is a number, it takes true or false"),
        ({"city": 3}, "city", "city in row 1 is a number, it takes text"),
        ({"kind": {"x": 1}}, "kind", 'kind in row 1 is an object, it takes "x" or "y"'),
        ({"count": 2**70}, "count", "count in row 1 is outside what Int64 holds"),
    ],
)
def test_a_value_that_does_not_fit(change, column, why):
    rows, *_ = reader(mixed())
    error = refused(lambda: rows.table([MIXED, MIXED | change]))
    assert (error.column, error.row, error.why) == (column, 1, why)


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({}, "the rows are no list of objects"),
        ([], "there is no row"),
        ([3], "row 0 is no object"),
        ([{"a": 1}], "row 0 has no b"),
        ([ROW, ROW | {"aa": 1}], "there is no column 'aa' (did you mean a?)"),
        ([ROW] * 101, "101 rows came, a request may have 100"),
        ([ROW | {"c": math.inf}], "c in row 0 is too large or infinite"),
        ([ROW | {"c": False}], "c in row 0 is true or false, it takes a number"),
        ([ROW, ROW | {"d": None}], "d in row 1 is null, which it may not be"),
        ([ROW | {"c": 10**400}], "c in row 0 is too large"),
    ],
)
def test_rows_that_do_not_fit(given_, why):
    rows, *_ = reader(numbers())
    assert refused(lambda: rows.table(given_)).why == why


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the body is no JSON (Expecting value at character 0)"),
        (b"\xff", "the body is no UTF-8"),
        (b"[" * 100_000, "the JSON is nested too deeply"),
        (b'{"a":' * 100_000, "the JSON is nested too deeply"),
        (b"[NaN]", "NaN is no JSON; send null where a column may be empty"),
        (b"[-Infinity]", "-Infinity is no JSON; send null where a column may be empty"),
        (b"9" * 10_000, "the body holds a number that is too long"),
    ],
)
def test_a_body_that_is_none(body, why):
    assert refused(lambda: parsed(body)).why == why


def test_a_frame_is_what_training_had():
    rows, laid, told = reader(mixed())
    empty = MIXED | {"pay": None, "count": None, "city": None, "kind": "z"}
    frame = frames(told, laid)(rows.table([MIXED, empty]))
    types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert types == {one["name"]: one["type"] for one in mixed().signature["inputs"]}
    assert frame.iloc[0].to_dict() == MIXED
    assert frame.isna().iloc[1].to_dict() == {name: empty[name] is None for name in MIXED}
    assert frame["kind"].tolist() == ["x", "z"]  # the model sees it, and decides


def timed():
    inputs = [
        {"name": "at", "type": "datetime64[ns]", "nullable": True},
        {"name": "zoned", "type": "datetime64[us, UTC]", "nullable": False},
    ]
    return Plate(None, {"inputs": inputs, "container": "table"})


def test_times_are_text():
    rows, laid, told = reader(timed())
    row = {"at": "2026-01-02T03:04:05", "zoned": "2026-01-02T03:04:05+02:00"}
    frame = frames(told, laid)(
        rows.table([row, row | {"at": None, "zoned": "2026-01-02T01:04:05Z"}])
    )
    assert [str(one) for one in frame.dtypes] == ["datetime64[ns]", "datetime64[us, UTC]"]
    assert frame["at"].isna().tolist() == [False, True]
    assert frame["zoned"][0] == frame["zoned"][1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"at": "soon"}, "at in row 0 is no time as ISO 8601"),
        ({"at": 5}, "at in row 0 is a number, it takes a time as ISO 8601 text"),
        ({"at": "2026-01-02T03:04:05Z"}, "at in row 0 has a time zone, and may have none"),
        ({"zoned": "2026-01-02"}, "zoned in row 0 needs a time zone"),
        ({"zoned": None}, "zoned in row 0 is null, which it may not be"),
    ],
)
def test_times_that_are_none(change, why):
    rows, *_ = reader(timed())
    row = {"at": "2026-01-02", "zoned": "2026-01-02T03:04:05Z"}
    assert refused(lambda: rows.table([row | change])).why == why


def test_a_model_of_arrays_gets_arrays():
    inputs = [{"name": f"x{n}", "type": "", "nullable": None} for n in range(3)]
    told = schema(numbers().facts, {"inputs": inputs, "container": "array"})
    table = Rows(told, layout(told), 9).table([{"x0": 1, "x1": None, "x2": 2.5}])
    (row,) = arrays(layout(told))(table).tolist()
    assert (row[0], math.isnan(row[1]), row[2]) == (1.0, True, 2.5)


@given(st.lists(st.tuples(*[st.floats(-1e300, 1e300) | st.integers(-9, 9)] * 4), min_size=1))
@settings(max_examples=50, deadline=None)
def test_numbers_come_through_as_they_are(values):
    rows, laid, told = reader(numbers())
    table = rows.table([dict(zip("abcd", row, strict=True)) for row in values])
    frame = frames(told, laid)(table)
    assert frame.to_numpy().tolist() == [list(map(float, row)) for row in values]
    assert joined([table, table]).arrays[0].tolist() == frame.to_numpy().tolist() * 2


@pytest.mark.parametrize("signature", [{}, {"inputs": [{}]}, {"inputs": [{"name": "a"}] * 2}])
def test_a_signature_that_is_none(signature):
    with pytest.raises(Damaged):
        schema(numbers().facts, signature)


def test_a_model_of_which_no_inputs_are_known():
    with pytest.raises(Unclear, match=r"churn:1\.4\.0 does not say what it takes"):
        schema(numbers().facts, {"inputs": []})


def asked(told, rest=b"", plate=None, cut=0):
    rows, laid, shape = reader(plate or numbers())
    head = json.dumps(told).encode()
    length = len(head) - cut if rest or cut else None
    return Reader(shape, laid, rows, (PREDICT, PROBA)).infer(head + rest, length)


def tensor(name, values, datatype="FP64", shape=None, **parameters):
    told = {"name": name, "datatype": datatype, "shape": shape or [len(values)], "data": values}
    return told | ({"parameters": parameters} if parameters else {})


def sized(name, size, shape=(1,), datatype="FP64"):
    told = {"name": name, "datatype": datatype, "shape": list(shape)}
    return told | {"parameters": {"binary_data_size": size}}


FOUR = [tensor(name, [ROW[name]]) for name in "abcd"]


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ([], "the inputs are no list of tensors"),
        ([3], "the inputs are no list of tensors"),
        (FOUR * 2, "8 inputs came, the model takes 4"),
        ([*FOUR[:3], FOUR[0]], "each input needs a name of its own"),
        (FOUR[:3], "there is no input for d"),
        ([*FOUR[:3], tensor("e", [1.0])], "there is no column 'e'"),
        ([*FOUR[:3], tensor("d", [1.0, 2.0])], "d has the shape [2], [1] is needed"),
        ([*FOUR[:3], tensor("d", ["1"], "BYTES")], "d came as BYTES, it is FP64"),
        ([*FOUR[:3], tensor("d", ["1"])], "d in row 0 is text, it takes a number"),
        ([*FOUR[:3], tensor("d", [1.0], shape=[3])], "d has 1 values, its shape [3] needs 3"),
        (
            [*FOUR[:3], tensor("d", [1.0], shape=[-1])],
            "d needs a shape of one or two whole numbers",
        ),
        (
            [*FOUR[:3], tensor("d", [1.0], shape=[1, 1, 1])],
            "d needs a shape of one or two whole numbers",
        ),
        (
            [*FOUR[:3], tensor("d", [1.0], shape=[True])],
            "d needs a shape of one or two whole numbers",
        ),
        (
            [*FOUR[:3], tensor("d", [1.0], "FP8")],
            f"d needs a datatype: {', '.join(tensors.DATATYPES)}",
        ),
        (
            [*FOUR[:3], tensor("d", [1.0], shape=[10**9])],
            "1,000,000,000 rows came, a request may have 100",
        ),
        (
            [tensor("x", [[1.0, 2.0, 3.0]], shape=[1, 3])],
            "x has the shape [1, 3], [rows, 4] is needed",
        ),
        ([tensor("x", [[1.0] * 4, [1.0] * 3], shape=[2, 4])], "row 1 of x has not 4 values"),
        (
            [tensor("a", [1.0], shared_memory_region="r")],
            "a asks for shared_memory_region, which is not done here",
        ),
    ],
)
def test_tensors_that_do_not_fit(inputs, why):
    assert refused(lambda: asked({"inputs": inputs})).why == why


@pytest.mark.parametrize(
    ("inputs", "rest", "why"),
    [
        ([sized("x", 32, (1, 4))], b"\0" * 40, "8 bytes came that belong to no input"),
        ([sized("x", 99, (1, 4))], b"\0" * 32, "x names binary_data_size that did not come"),
        ([sized("x", -1, (1, 4))], b"\0" * 32, "x names binary_data_size that did not come"),
        ([sized("x", True, (1, 4))], b"\0" * 32, "x names binary_data_size that did not come"),
        ([sized("x", 24, (1, 4))], b"\0" * 24, "x has 24 bytes, [1, 4] of FP64 needs 32"),
        (
            [sized("x", 32, (1, 4)) | {"data": [1]}],
            b"\0" * 32,
            "x names binary_data_size that did not come",
        ),
        (
            [sized("x", 32, (1, 4))],
            struct.pack("<4d", 1, 2, math.inf, 4),
            "c in row 0 is too large or infinite",
        ),
        (
            [sized("x", 32, (1, 4))],
            struct.pack("<4d", 1, math.nan, 3, 4),
            "b in row 0 is null, which it may not be",
        ),
        (
            [sized("x", 4, (1, 4), "BOOL")],
            b"\1\0\1\0",
            "a in row 0 is true or false, it takes a number",
        ),
        ([sized("x", 4, (1, 4), "BOOL")], b"\1\0\7\0", "x has bytes that are neither 0 nor 1"),
        ([sized("x", 3, (1, 4), "BYTES")], b"\1\0\0", "x ends inside the length of a text"),
        ([sized("x", 5, (1, 4), "BYTES")], b"\7\0\0\0x", "x ends inside a text"),
        ([sized("x", 5, (1, 1), "BYTES")], b"\1\0\0\0\xff", "x has a text that is no UTF-8"),
    ],
)
def test_bytes_that_lie(inputs, rest, why):
    assert refused(lambda: asked({"inputs": inputs}, rest)).why == why


def test_a_length_of_json_that_lies():
    told = {"inputs": FOUR}
    assert refused(lambda: asked(told, cut=-5)).why.startswith(str(len(json.dumps(told)) + 5))
    assert "no JSON" in refused(lambda: asked(told, cut=5)).why


def test_all_ways_to_send_a_row_are_one():
    model = Predictor(mixed().model, schema(mixed().facts, mixed().signature))
    rows, *_ = reader(mixed())
    wanted = rows.table([MIXED, MIXED | {"age": 50}])
    listed = [
        tensor("age", [20, 50], "INT8"),
        tensor("pay", [[1.5], [1.5]], "FP32", [2, 1]),
        tensor("member", [True, True], "BOOL"),
        tensor("city", ["Bern", "Bern"], "BYTES"),
        tensor("kind", ["x", "x"], "BYTES"),
        tensor("count", [1, 1], "INT64"),
    ]
    texts = b"".join(struct.pack("<I", len(one)) + one for one in (b"Bern", b"Bern"))
    parts = [
        np.array([20, 50], "<i4").tobytes(), np.array([1.5, 1.5]).tobytes(), b"\1\1", texts,
        b"\1\0\0\0x" * 2, np.array([1, 1], "<i8").tobytes(),
    ]  # fmt: skip
    types = ("INT32", "FP64", "BOOL", "BYTES", "BYTES", "INT64")
    binary = [
        sized(name, len(part), (2,), datatype)
        for name, part, datatype in zip(MIXED, parts, types, strict=True)
    ]
    for table in (
        asked({"inputs": listed}, plate=mixed()).table,
        asked({"inputs": binary}, b"".join(parts), plate=mixed()).table,
    ):
        assert [one.tolist() for one in table.arrays] == [one.tolist() for one in wanted.arrays]
        assert model.answer(PREDICT, table).tolist() == model.answer(PREDICT, wanted).tolist()


@given(st.binary(max_size=200), st.integers(-5, 250) | st.none())
@settings(max_examples=200, deadline=None)
def test_whatever_comes_is_refused_in_a_sentence(data, length):
    rows, laid, told = reader(mixed())
    with pytest.raises(Unfit):
        Reader(told, laid, rows, (PREDICT,)).infer(data, length)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["name", "shape", "datatype", "data", "parameters", "inputs", "outputs"]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON, JSON, JSON)
@settings(max_examples=50, deadline=None)
def test_whatever_json_comes_is_refused_in_a_sentence(inputs, shape, data, parameters):
    rows, laid, told = reader(mixed())
    one = {"name": "age", "datatype": "INT8", "shape": shape, "data": data}
    for body in (inputs, {"inputs": inputs}, {"inputs": [one | {"parameters": parameters}]}):
        with pytest.raises(Unfit):
            Reader(told, laid, rows, (PREDICT,)).infer(json.dumps(body).encode(), None)
    with pytest.raises(Unfit):
        rows.table(inputs)


@pytest.mark.parametrize(
    ("array", "datatype"),
    [
        (np.array([1.5, math.nan]), "FP64"),
        (np.array([[1, 2], [3, 4]], "int32"), "INT32"),
        (np.array([True, False]), "BOOL"),
        (np.array(["Bern", "Zürich"], object), "BYTES"),
        (np.array(["Bern", "Graz"]), "BYTES"),
    ],
)
def test_answers_as_bytes_and_back(array, datatype):
    assert tensors.datatype(array) == datatype
    back = tensors.unpacked(memoryview(tensors.packed(array)), datatype, array.shape, "x")
    assert json.dumps(back.tolist()) == json.dumps(array.tolist())
    assert None in tensors.listed(np.array([math.inf]))
    assert math.nan not in tensors.listed(array)
