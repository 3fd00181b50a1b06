"""Where a version came from, what happened to it, what it says of itself: from stored parts."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook import canonical, places
from snapbook.capture import Draft
from snapbook.display.data import plain
from snapbook.display.text import text
from snapbook.lineage.log import Cell
from snapbook.lineage.slice import slice_for
from snapbook.parts import cells
from snapbook.parts.base import Part
from snapbook.refs import parse
from snapbook.repository import Author, Wish
from snapbook.verbs import VERBS, run
from snapbook.verbs.here import Here
from snapbook.verbs.history import history
from snapbook.verbs.origin import graph

pytestmark = pytest.mark.slow  # it waits for what runs beside it

SOURCES = (
    "import helpers\nimport pandas as pd",
    "raw = pd.read_csv('data/churn.csv')",
    "print(raw)",
    "X_train = helpers.clean(raw)\ny_train = raw['y']",
    "def fit(X, y):\n    return Forest(depth=3).fit(X, y)",
    "%%version_model churn\n# deeper\nmodel = fit(X_train, y_train)\naccuracy = 0.9",
)
LISTED = """
churn -> churn:0.1.0
churn:0.1.0  came from
files   churn.csv  data/churn.csv
        notes.txt
module  helpers    helpers.py
cells   [1]        import helpers                       <- helpers
        [2]        raw = pd.read_csv('data/churn.csv')  <- churn.csv, [1]
        [4]        X_train = helpers.clean(raw)         <- [1], [2]
        [5]        def fit(X, y):
        [6]        model = fit(X_train, y_train)        <- [5], X_train, y_train
frames  X_train    9x2 train                            <- [4]
        y_train    9x2 train                            <- [4]
model   model      Forest                               <- [6]
"""
FRAMES = {"X_train": "train", "y_train": "train"}
READ = ("data/churn.csv", "notes.txt")


@pytest.fixture
def repository(tmp_path):
    with places.make_repository(tmp_path) as found:
        yield found


def save(repository, sources=SOURCES, frames=FRAMES, read=READ, number=1, **wish):
    """A version of these cells, as a kernel would have made it; gives its row."""
    writer = repository.store.writer()
    try:
        log = [Cell(at, at + 1, f"c{at}", source) for at, source in enumerate(sources)]
        made = slice_for(log, len(log) - 1).indices if log else ()
        params = {"values": {"depth": number, "seed": 0}, "set": ["depth"]}
        entries = {
            "read": [{"path": path, "size": 1, "digest": None} for path in read],
            "modules": [{"module": "helpers", "path": "helpers.py", "digest": "0" * 64}],
        }
        parts = [
            Part("model", "model", {"class_name": "Forest", "digest": f"{number:064x}"}),
            Part("params", "params", params),
            *(
                Part("frame", name, {"role": role, "shape": [9, 2], "digest": "1" * 64})
                for name, role in frames.items()
            ),
            *(Part("files", name, {"files": listed}) for name, listed in entries.items()),
            cells.capture(log, made, len(log) - 1, writer),
        ]
        digests = tuple(writer.add(part.encode()) for part in parts)
        draft = Draft("churn", tuple(parts), digests, canonical.digest(str(number).encode()))
        return repository.save(draft, writer, Wish(**wish), Author("ada")).version
    finally:
        writer.close()


def edges(found):
    ids = {node.id for node in found.nodes}
    assert len(ids) == len(found.nodes)
    assert {end for edge in found.edges for end in edge} <= ids
    return set(found.edges)


def test_from_files_to_aliases(repository):
    row = save(repository)
    repository.move_alias(row, "candidate", Author("ada"))
    found = graph(repository, repository.resolve(parse("churn")))
    assert edges(found) == {
        ("file:data/churn.csv", "cell:1"),
        ("module:helpers.py", "cell:0"),
        ("cell:0", "cell:1"),
        ("cell:0", "cell:3"),
        ("cell:1", "cell:3"),
        ("cell:3", "frame:X_train"),
        ("cell:3", "frame:y_train"),
        ("cell:4", "cell:5"),
        ("frame:X_train", "cell:5"),
        ("frame:y_train", "cell:5"),
        ("cell:5", "model:churn:0.1.0"),
        ("model:churn:0.1.0", "alias:candidate"),
    }
    nodes = {node.id: node for node in found.nodes}
    assert "cell:2" not in nodes  # the model does not depend on it
    assert (nodes["cell:5"].label, nodes["cell:5"].detail) == (
        "[6]", "model = fit(X_train, y_train)"
    )  # fmt: skip
    assert nodes["frame:X_train"].detail == "X_train 9x2 train"
    assert {node.section for node in found.nodes} == {"files", "cells", "data", "model", "events"}
    assert "file:notes.txt" in nodes  # of few files none is left out


def test_the_verb_as_a_list_and_as_json(repository, tmp_path):
    save(repository)
    with Here(tmp_path, face="cli") as here:
        value = run(here, VERBS["lineage"].parse(["churn"]))
    assert text(value) == LISTED.strip().splitlines()
    told = plain(value)
    assert set(told) == {"ref", "nodes", "edges", "folded", "echo"}
    assert told["edges"][0] == list(value.edges[0])


def test_a_frame_that_is_changed_on_the_way(repository):
    row = save(
        repository,
        ("X = load()", "X['z'] = 1", "model = Forest().fit(X)"),
        {"X": "train"},
        (),
    )
    assert edges(graph(repository, row)) == {
        ("cell:0", "cell:1"),
        ("cell:1", "frame:X"),
        ("frame:X", "cell:2"),
        ("cell:2", "model:churn:0.1.0"),
    }


def test_the_model_comes_from_the_cell_that_fitted_it(repository):
    sources = ("model = Forest().fit(X)", "accuracy = model.score(X)")
    row = save(repository, sources, {}, ())
    assert ("cell:0", "model:churn:0.1.0") in edges(graph(repository, row))


def test_what_no_cell_names_is_folded_where_there_is_much_of_it(repository):
    row = save(repository, read=("data/churn.csv", *(f"img/{n}.png" for n in range(50))))
    found = graph(repository, row)
    assert [node.id for node in found.nodes if node.kind == "file"] == ["file:data/churn.csv"]
    assert found.folded == 50


def test_at_most_so_many_nodes_and_soon(repository):
    chain = [
        "x0 = 1",
        *(f"x{n} = x{n - 1} + 1" for n in range(1, 500)),
        "model = Forest().fit(x499)",
    ]
    row = save(repository, chain, {"x7": "train"}, ())
    begun = time.perf_counter()
    found = graph(repository, row)
    assert time.perf_counter() - begun < 2
    assert len(found.nodes) <= 200
    assert len(found.nodes) + found.folded == 501 + 3  # the model, the frame, a module
    assert found.folded
    edges(found)
    assert text(found)[-1] == f"and {found.folded} things more"
    assert len(graph(repository, row, most=5).nodes) == 5


def test_nothing_is_executed_and_hostile_text_is_only_text(repository, tmp_path):
    (tmp_path / "made").unlink(missing_ok=True)
    sources = (
        f"open({str(tmp_path / 'made')!r}, 'w')",
        "<b>not python</b>\x1b[31m",
        "%%bash\nrm -rf /",
        "model = Forest().fit(__import__('os').system('true'))",
    )
    row = save(repository, sources, {"<script>alert(1)</script>": "train\x1b"}, ("<i>.csv",))
    found = graph(repository, row)
    edges(found)
    assert not (tmp_path / "made").exists()
    assert any("<script>" in node.label for node in found.nodes)  # a face escapes it
    assert all("\x1b" not in line for line in text(found))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([*SOURCES, "X_train = X_train + 1", "", "del raw"]), max_size=12))
def test_edges_go_from_the_earlier_to_the_later(tmp_path_factory, sources):
    with places.make_repository(tmp_path_factory.mktemp("any")) as repository:
        found = graph(repository, save(repository, sources))
    waiting, done = edges(found), set()
    while waiting:  # no circle: something has always nothing before it
        first = {source for source, _ in waiting} - {target for _, target in waiting} - done
        assert first
        done |= first
        waiting = {edge for edge in waiting if edge[0] not in done}


# --- events and summary ---------------------------------------------------------------------------


def test_what_happened_to_a_version(repository, tmp_path):
    row = save(repository, message="deeper")
    repository.note(row, "the committee agreed", Author("eve"))
    repository.tag(row, {"team": "risk", "exp": ""}, (), Author("eve"))
    repository.tag(row, {}, ("exp",), Author("ada"))
    repository.move_alias(row, "candidate", Author("ada"))
    other = save(repository, number=2)
    repository.move_alias(other, "candidate", Author("bob"))
    acts = history(repository, repository.resolve(parse("churn:0.1.0")))
    assert [(act.kind, act.author, act.text) for act in acts] == [
        ("version", "ada", "churn:0.1.0  deeper"),
        ("note", "eve", "the committee agreed"),
        ("tag", "eve", "exp, team=risk"),
        ("tag", "ada", "without exp"),
        ("alias", "ada", "@candidate moved here"),
        ("alias", "bob", "@candidate moved away"),
    ]
    assert [act.n for act in acts] == [1, 2, 3, 4, 5, 7]
    assert all(act.time.endswith("Z") for act in acts)
    assert [act.kind for act in history(repository, other)] == ["version", "alias"]
    with Here(tmp_path, face="cli") as here:
        shown = run(here, VERBS["show"].parse(["churn:0.1.0"]))
    assert shown.events == acts
    lines = text(shown)
    assert any(line.startswith("events ") and "team=risk" in line for line in lines)
    assert sum("the committee agreed" in line for line in lines) == 1
    assert plain(shown)["events"][1]["text"] == "the committee agreed"


def test_events_that_cannot_be_read_are_left_out(repository):
    row = save(repository)
    repository.note(row, "one", Author("eve"))
    repository.note(row, "two", Author("eve"))
    repository.index.notes(row.manifest)
    event = next(path for path in repository.folder.rglob("*0000002") if path.is_file())
    event.chmod(0o600)
    event.write_bytes(b"torn")
    assert [act.text for act in history(repository, row)][1:] == ["two"]


def test_a_version_says_what_was_set_and_what_changed(repository, tmp_path):
    save(repository)
    save(repository, (*SOURCES[:4], SOURCES[4].replace("3", "4"), SOURCES[5]), number=2)
    with Here(tmp_path, face="cli") as here:
        first, second = (
            run(here, VERBS["show"].parse([ref])) for ref in ("churn:0.1.0", "churn:0.2.0")
        )
    assert (first.summary.set_params, first.summary.since, first.summary.changed) == (
        {"depth": 1}, "", ()
    )  # fmt: skip
    assert second.summary.since == "churn:0.1.0"
    assert "depth 1 -> 2" in second.summary.changed
    assert any(line.startswith("cell") for line in second.summary.changed)
    assert any(line.startswith("changed since churn:0.1.0: ") for line in text(second))
