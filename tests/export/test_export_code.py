"""The notebook's own code that a model needs, and no more of its cells."""

import ast

from snapbook.export import code, schema
from snapbook.parts.base import Part


def made(*sources, wanted=("f",)):
    return code.module(sources, wanted, "T")


def test_only_what_is_needed_and_in_order():
    text = made(
        "import numpy as np, os\nimport json\nprint('loud')",
        "%matplotlib inline\nRATE = 2 * 3\nOTHER = 1",
        "def g(x):\n    return np.sqrt(x) * RATE",
        "@staticmethod\ndef f(x):\n    # why\n    return g(x)\ntable = read()\n",
    )
    assert text == (
        '"""T"""\n\nimport numpy as np, os\nRATE = 2 * 3\n\n\n'
        "def g(x):\n    return np.sqrt(x) * RATE"
        "\n\n\n@staticmethod\ndef f(x):\n    # why\n    return g(x)\n"
    )
    ast.parse(text)


def test_what_only_running_gives_is_named_and_not_run():
    text = made("rates = load('x')\nN: int = 3\ndef f(x): return rates[x] + N")
    assert "# rates is made by running cells: it is not here." in text
    assert "load" not in text
    assert "N: int = 3" in text


def test_magics_are_left_out():
    text = made("%%capture out\ndef f(x):\n    return x\n", "%time y = f(1)\nout = 3")
    assert text == '"""T"""\n\ndef f(x):\n    return x\n'
    assert made("%%capture out\ndef f(): return out") == '"""T"""\n\ndef f(): return out\n'


def test_the_last_definition_counts():
    assert "return 2" in made("def f(): return 1", "def f(): return 2")
    assert "return 1" not in made("def f(): return 1", "def f(): return 2")


def test_nothing_where_nothing_is_needed():
    assert made("x = 1", "import os") == ""
    assert made("f = 3") == ""
    assert made("def f(:\n") == ""


def test_classes_bring_their_bases_and_several_on_a_line():
    text = made("class A: pass\nX = 1; Y = 2", "class f(A):\n    y = Y")
    assert text == '"""T"""\n\nclass A: pass\nY = 2\n\n\nclass f(A):\n    y = Y\n'


def part(kind, name, **facts):
    return Part(kind, name, facts)


def test_a_signature_tells_what_was_seen():
    string = {"string": "str"}
    columns = [
        {"name": "n", "dtype": "int64", "type": {"np": "i8"},
         "profile": {"kind": "numeric", "nulls": 0.0}},
        {"name": "c", "dtype": "category", "type": {"category": string, "ordered": False},
         "profile": {"nulls": 0.1, "top": [["b", 0.6], ["a", 0.4]]}},
        {"name": "o", "dtype": "category", "type": {"category": string, "ordered": True},
         "profile": {"nulls": 0.0, "top": [["b", 1.0]]}},
        {"name": "m", "dtype": "category", "type": {"category": string, "ordered": False},
         "profile": {"nulls": 0.0, "top": [["b", 0.5]], "rest": 0.5}},
        {"name": "late", "dtype": "object"},
    ]  # fmt: skip
    inputs = [{"name": column["name"], "type": column["dtype"]} for column in columns]
    frame = part(
        "frame", "X", role="train", type="pandas.DataFrame", shape=[9, 5], rows=9, columns=columns
    )
    outputs = [{"name": "class", "type": "str", "values": ["yes", "no"], "count": 2}]
    model = part("model", "m", inputs=inputs, outputs=outputs)
    told = schema.signature([model, frame])
    assert told["inputs"] == [
        {"name": "n", "type": "int64", "nullable": False},
        {"name": "c", "type": "category", "nullable": True, "ordered": False,
         "categories": ["a", "b"]},
        {"name": "o", "type": "category", "nullable": False, "ordered": True},
        {"name": "m", "type": "category", "nullable": False, "ordered": False},
        {"name": "late", "type": "object", "nullable": None},
    ]  # fmt: skip
    assert told["outputs"]["kind"] == "labels"
    assert told["rows_independent"] is None
    alone = schema.signature([part("model", "m", inputs=[], outputs=[])])
    assert alone["outputs"] == {"kind": None, "fields": [], "probabilities": None}
    assert schema.profile([model])["columns"] == {}
