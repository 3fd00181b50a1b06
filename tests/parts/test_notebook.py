"""The notebook document as it stands: found, bounded, redacted, never a reason to fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapbook.parts import notebook as part_of
from snapbook.parts.base import Notice, Part
from snapbook.store.memory import MemoryStore


def same(text: str) -> str:
    return text


def hide(text: str) -> str:
    return text.replace("hunter2", "{{secret:1}}")


def document(*sources: str, outputs: list[Any] | None = None) -> dict[str, Any]:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    if outputs is not None:
        made.cells[0].outputs = [nbformat.from_dict(output) for output in outputs]
    return json.loads(nbformat.writes(made))


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def kept(
    path: Path, store: MemoryStore, redact: Any = same
) -> tuple[Part | None, list[Notice], int]:
    writer = store.writer()
    part, notices = part_of.capture(path, writer, redact, path.parent)
    new = writer.new_bytes
    writer.commit()
    writer.close()
    return part, notices, new


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_it_is_found_where_the_front_end_tells(tmp_path: Path) -> None:
    path = write(tmp_path / "train.ipynb", document("x = 1"))
    assert part_of.find({}, {"JPY_SESSION_NAME": str(path)}) == path
    assert part_of.find({"__vsc_ipynb_file__": str(path)}, {}) == path
    assert part_of.find({}, {}) is None
    assert part_of.find({}, {"JPY_SESSION_NAME": "console-1"}) is None
    assert part_of.find({}, {"JPY_SESSION_NAME": str(tmp_path / "gone.ipynb")}) is None
    assert part_of.find({"__vsc_ipynb_file__": 3}, {"JPY_SESSION_NAME": "\0.ipynb"}) is None


def test_it_comes_back_as_a_valid_notebook(tmp_path: Path) -> None:
    shown = [stream("hello\n"), stream("long " * 2_000)]
    original = document("x = 1", "y = 2", outputs=shown)
    store = MemoryStore()
    part, notices, _ = kept(write(tmp_path / "a.ipynb", original), store)
    assert part is not None
    assert notices == []
    back = part_of.restore(part, store.get)
    assert isinstance(back, dict)
    made = nbformat.from_dict(back)
    nbformat.validate(made)
    assert [cell.source for cell in made.cells] == ["x = 1", "y = 2"]
    assert [output.text for output in made.cells[0].outputs] == ["hello\n", "long " * 2_000]
    assert part.facts["cells"] == 2
    assert str(tmp_path) not in part.encode().decode()


def test_secrets_are_redacted_everywhere_also_across_lines(tmp_path: Path) -> None:
    value = document("p = 'hunter2'", outputs=[{**stream(""), "text": ["hun", "ter2\n"]}])
    value["metadata"]["note"] = {"deep": ["hunter2"]}
    value["cells"][0]["metadata"]["x"] = "hunter2"
    value["cells"][0]["outputs"].append(
        {"output_type": "error", "ename": "E", "evalue": "hunter2", "traceback": ["a", "hunter2"]}
    )
    value["cells"].append({"cell_type": "markdown", "id": "m", "metadata": {}, "source": "hunter2"})
    store = MemoryStore()
    part, _, _ = kept(write(tmp_path / "a.ipynb", value), store, hide)
    assert part is not None
    assert not any(b"hunter2" in blob for blob in store.blobs.values())
    back = nbformat.from_dict(part_of.restore(part, store.get))
    nbformat.validate(back)
    assert back.cells[0].outputs[1].traceback == ["a", "{{secret:1}}"]


def test_images_are_not_searched(tmp_path: Path) -> None:
    image = {"output_type": "display_data", "data": {"image/png": "hunter2"}, "metadata": {}}
    store = MemoryStore()
    part, _, _ = kept(write(tmp_path / "a.ipynb", document("x", outputs=[image])), store, hide)
    assert part is not None
    back = part_of.restore(part, store.get)
    assert isinstance(back, dict)
    assert back["cells"][0]["outputs"][0]["data"]["image/png"] == "hunter2"


def test_a_50_mb_output_is_a_digest_and_a_size(tmp_path: Path) -> None:
    value = document("x", outputs=[stream("z" * 50_000_000), stream("small")])
    store = MemoryStore()
    part, notices, new = kept(write(tmp_path / "a.ipynb", value), store)
    assert part is not None
    assert new < 2_000
    assert part.facts["left_out"] == 1
    assert [(notice.kind, notice.name) for notice in notices] == [("hash-only", "a.ipynb")]
    back = nbformat.from_dict(part_of.restore(part, store.get))
    nbformat.validate(back)
    assert "50,0" in back.cells[0].outputs[0].data["text/plain"]


def test_an_output_that_did_not_change_costs_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    shown = [stream("z" * 500_000)]
    kept(write(tmp_path / "a.ipynb", document("x = 1", outputs=shown)), store)
    _, _, new = kept(write(tmp_path / "a.ipynb", document("x = 2", outputs=shown)), store)
    assert new < 1_500


BROKEN: list[Any] = [
    b"",
    b"not JSON",
    b"\xff\xfe\x00",
    b"[1]",
    b"3",
    b"[" * 100_000,
    b'{"nbformat": 4}',
    b'{"nbformat": 4, "cells": {}}',
    b'{"nbformat": 4, "cells": [3]}',
    b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}',
    b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}',
    b'{"nbformat": 3, "worksheets": []}',
    b'{"nbformat": 4, "cells": [], "x": 1' + b"0" * 5_000 + b"}",
    b'{"nbformat": 4, "cells": [], "x": ' + b"[" * 300 + b"]" * 300 + b"}",
]


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_notebook_is_kept_as_it_is(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(data)
    store = MemoryStore()
    part, notices, _ = kept(path, store)
    assert part is not None
    assert [notice.kind for notice in notices] == ["not-valid"]
    assert part_of.restore(part, store.get) == data


ODD: list[Any] = [
    {"nbformat": 4, "cells": [], "x": "\ud800", "\ud800": float("nan"), "big": 10**30},
    {"nbformat": 4, "cells": [{"cell_type": "code", "source": ["a\n", "b"], "outputs": 3}]},
    {"nbformat": 4, "cells": [{"cell_type": "x", "source": "", "outputs": [3, None, "t", {}]}]},
    {"nbformat": 4, "cells": [{"cell_type": "c", "source": "", "outputs": [{"kept": "ab"}]}]},
    {"nbformat": 4, "cells": [{"cell_type": "c", "source": "", "outputs": [{"left_out": {}}]}]},
    {"nbformat": 4, "cells": [{"cell_type": "c", "source": "", "id": 3, "metadata": None}]},
]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_odd_notebooks_are_kept_and_come_back(tmp_path: Path, value: Any) -> None:
    store = MemoryStore()
    part, _, _ = kept(write(tmp_path / "a.ipynb", value), store)
    assert part is not None
    assert part.facts["valid"] is True
    back = part_of.restore(part, store.get)
    assert isinstance(back, dict)
    assert len(back["cells"]) == len(value["cells"])
    assert part_of.diff(part, part, store.get) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(json_values, max_size=4), json_values)
def test_any_outputs_and_metadata_never_raise(
    tmp_path: Path, outputs: list[Any], metadata: Any
) -> None:
    value = document("x = 1")
    value["cells"][0]["outputs"] = outputs
    value["metadata"] = metadata
    store = MemoryStore()
    part, _, _ = kept(write(tmp_path / "a.ipynb", value), store)
    assert part is not None
    assert len(part_of.restore(part, store.get)["cells"][0]["outputs"]) == len(outputs)


def test_a_document_that_cannot_be_read_is_a_notice(tmp_path: Path) -> None:
    store = MemoryStore()
    part, notices, _ = kept(tmp_path / "gone.ipynb", store)
    assert part is None
    assert [notice.kind for notice in notices] == ["not-kept"]
    large = tmp_path / "large.ipynb"
    with large.open("wb") as file:
        file.truncate(part_of.LARGEST_DOCUMENT + 1)
    part, notices, _ = kept(large, store)
    assert part is None
    assert notices[0].why == "the document is too large"


def test_a_document_outside_the_project_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "project" / "sub").mkdir(parents=True)
    inside = write(tmp_path / "project" / "sub" / "a.ipynb", document("x"))
    outside = write(tmp_path / "b.ipynb", document("x"))
    store = MemoryStore()
    writer = store.writer()
    names = [
        part.name
        for path in (inside, outside)
        if (part := part_of.capture(path, writer, same, tmp_path / "project")[0])
    ]
    writer.close()
    assert names == ["sub/a.ipynb", "b.ipynb"]


def test_a_diff_folds_outputs_into_a_count(tmp_path: Path) -> None:
    store = MemoryStore()
    one, _, _ = kept(
        write(tmp_path / "a.ipynb", document("x = 1", "y", outputs=[stream("1")])), store
    )
    other, _, _ = kept(
        write(tmp_path / "a.ipynb", document("x = 1", "y + 2", "z", outputs=[stream("2")])), store
    )
    assert one is not None
    assert other is not None
    (change,) = part_of.diff(one, other, store.get)
    assert change.lines == ("cells of the document: 1 edited, 1 added, 1 outputs",)
    assert (change.old, change.new) == (2, 3)
