"""version, cells, output, file, diff, containing over HTTP: everything is read, nothing runs."""

from __future__ import annotations

import pytest
from written import HOSTILE, SOURCES, document, save

from snapbook import places
from snapbook.refs import parse
from snapbook.repository import Author

pytestmark = pytest.mark.slow  # it waits for what runs beside it


@pytest.fixture
def project(jp_root_dir, monkeypatch):
    monkeypatch.chdir(jp_root_dir)
    path = document(jp_root_dir)
    save(jp_root_dir, 1, notebook_path=path)
    save(jp_root_dir, 2, notebook_path=path, message="deeper")
    return jp_root_dir


async def test_a_version_in_full(fetch, project):
    with places.make_repository(project) as repository:
        row = repository.resolve(parse("churn:0.2.0"))
        repository.note(row, "the committee agreed", Author("eve"))
        repository.tag(row, {"team": "risk", "exp": ""}, (), Author("eve"))
        repository.tag(row, {}, ("exp",), Author("ada"))
        repository.move_alias(row, "production", Author("ada"))
    told = (await fetch("version", path="train.ipynb", ref="churn@production")).value
    assert told["version"]["ref"] == told["row"]["ref"] == "churn:0.2.0"
    assert told["row"]["previous"]["ref"] == "churn:0.1.0"
    assert told["echo"] == "churn@production -> churn:0.2.0"
    assert [event["kind"] for event in told["events"]] == ["version", "note", "tag", "tag", "alias"]
    assert [event["text"] for event in told["events"]] == [
        "churn:0.2.0  deeper",
        "the committee agreed",
        "exp, team=risk",
        "without exp",
        "@production moved here",
    ]
    assert [event["author"] for event in told["events"]] == ["ada", "eve", "eve", "ada", "ada"]
    assert told["summary"]["set_params"] == {"depth": 2}
    assert "depth 1 -> 2" in told["summary"]["changed"]
    kinds = [part["kind"] for part in told["parts"]]
    assert kinds.count("frame") == 2
    assert (await fetch("version", path="", ref="churn:0.1.0")).value["summary"]["changed"] == []
    brief = (
        await fetch("version", path="train.ipynb", ref=told["version"]["manifest"], brief="1")
    ).value
    assert brief == {"row": told["row"]}


async def test_the_graph_leads_from_files_to_aliases(fetch, project):
    with places.make_repository(project) as repository:
        repository.move_alias(repository.resolve(parse("churn")), "production", Author("ada"))
    graph = (await fetch("version", path="", ref="churn")).value["graph"]
    nodes = {node["id"]: node for node in graph["nodes"]}
    assert {node["kind"] for node in nodes.values()} == {
        "file", "module", "frame", "cell", "model", "alias",
    }  # fmt: skip
    edges = {tuple(edge) for edge in graph["edges"]}
    assert {edge for pair in edges for edge in pair} <= nodes.keys()
    assert edges >= {
        ("file:data/churn.csv", "cell:0"),
        ("module:helpers.py", "cell:0"),
        ("cell:0", "cell:1"),
        ("cell:1", "frame:X_train"),
        ("frame:X_train", "cell:3"),
        ("cell:3", "model:churn:0.2.0"),
        ("model:churn:0.2.0", "alias:production"),
    }
    assert "cell:2" not in nodes  # the model does not depend on it
    assert nodes["cell:3"]["detail"].startswith("model = Forest")
    assert nodes["frame:X_train"]["detail"] == "X_train 426x30 train"


async def test_cells_stand_in_their_order_with_their_outputs_told(fetch, project):
    cells = (await fetch("cells", path="", ref="churn")).value["cells"]
    assert [cell["made"] for cell in cells] == [True, True, False, True]
    assert [cell["number"] for cell in cells] == [1, 2, 3, 4]
    assert cells[3]["source"] == SOURCES[3].format(depth=2)
    kinds = [output["kind"] for output in cells[2]["outputs"]]
    assert kinds == ["stream", "image/png", "text/html", "error", "not kept", "other"]
    assert all(type(output["bytes"]) is int for output in cells[2]["outputs"])
    assert cells[2]["outputs"][4]["bytes"] > 1_000_000


async def test_outputs_are_text_or_pictures(fetch, project):
    async def one(at, **more):
        return await fetch("output", path="", ref="churn", cell="2", at=at, **more)

    stream = (await one(0)).value
    assert stream["mime"] == "text/plain"
    assert "\x1b" not in stream["data"]
    assert "<img src=x onerror=alert(1)>red </script>" in stream["data"]
    picture = (await one(1)).value
    assert (picture["mime"], picture["encoding"]) == ("image/png", "base64")
    assert picture["mimes"] == ["image/png", "text/plain"]
    assert (await one(1, mime="text/plain")).value["data"] == "a picture"
    page = (await one(2)).value
    assert page["flagged"] is True
    assert page["data"].startswith(HOSTILE[:10])
    assert (await one(3)).value["data"] == "E"
    assert "was not kept" in (await one(4)).value["data"]
    assert (await one(5)).status == 404
    assert (await one(6)).status == 404
    assert (await one("x")).status == 400
    by_id = await fetch("output", path="", ref="churn", cell="cell2", at=1)
    assert by_id.value == picture
    assert (await fetch("output", path="", ref="churn", cell="ghost", at=0)).status == 404


async def test_answers_are_json_that_no_browser_takes_for_a_page(fetch, project):
    for route, more in (("cells", {}), ("output", {"cell": "2", "at": "2"}), ("version", {})):
        answer = await fetch(route, path="", ref="churn", **more)
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_kept_files_are_text(fetch, project):
    notes = await fetch("file", path="", ref="churn", name="notes.md")
    assert notes.value["text"] == "what the committee asked for\n"
    module = await fetch("file", path="", ref="churn", name="helpers.py")
    assert module.value["text"] == "def f(): pass\n"
    binary = await fetch("file", path="", ref="churn", name="big.bin")
    assert (binary.status, binary.value["kind"]) == (400, "not-text")
    read = await fetch("file", path="", ref="churn", name="data/churn.csv")
    assert (read.status, read.value["kind"]) == (404, "not-kept")
    for name in ("../../etc/passwd", "/etc/passwd", "train.ipynb", "notes.md\0"):
        assert (await fetch("file", path="", ref="churn", name=name)).status == 404


async def test_a_diff_is_told_as_data_and_as_text(fetch, project):
    with_before = await fetch("diff", path="", old="churn:0.2.0")
    both = await fetch("diff", path="", old="churn:0.1.0", new="churn:0.2.0")
    assert with_before.value["changes"] == both.value["changes"]
    assert both.value["text"][0].startswith("churn:0.1.0 -> churn:0.2.0")
    assert any("depth" in line for line in both.value["text"])
    params = await fetch("diff", path="", old="churn", what="params")
    assert {change["section"] for change in params.value["changes"]} == {"params"}
    now = await fetch("diff", path="", old="churn", new="now")
    assert (now.status, now.value["kind"]) == (400, "needs-kernel")
    assert (await fetch("diff", path="", old="churn", what="<b>")).status == 400
    first = await fetch("diff", path="", old="churn:0.1.0")
    assert (first.status, first.value["kind"]) == (404, "no-version")


async def test_versions_that_contain_a_cell(fetch, project):
    async def found(source):
        answer = await fetch("containing", {"path": "", "source": source})
        return [row["ref"] for row in answer.value["rows"]]

    assert await found(SOURCES[1]) == ["churn:0.2.0", "churn:0.1.0"]
    spaced = "# why\nX_train=df.drop( columns='y' )\n\ny_train = df['y']"
    assert await found(spaced) == ["churn:0.2.0", "churn:0.1.0"]
    assert await found(SOURCES[3].format(depth=1)) == ["churn:0.1.0"]
    assert await found("model = Forest(depth=1).fit(X_train, y_train)\naccuracy = 0.9") == [
        "churn:0.1.0"
    ]
    assert await found("print('nothing')") == []
    assert await found("def (") == []
    assert (await fetch("containing", {"path": "", "source": "  "})).status == 400


async def test_reading_never_executes(fetch, project):
    # The model's bytes are a pickle that would make a file: every route that reads was asked.
    for route, more in (
        ("version", {}), ("cells", {}), ("diff", {"old": "churn"}),
        ("output", {"cell": "2", "at": "0"}), ("file", {"name": "notes.md"}),
    ):  # fmt: skip
        assert (await fetch(route, path="", ref="churn", **more)).status == 200
    answer = await fetch("verbs/verify", {"path": ""})
    assert answer.value["value"]["ok"] is True
    assert not (project / "executed").exists()
