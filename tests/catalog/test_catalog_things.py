"""Searching by what versions hold: columns, packages, frames' digests, and text of cells."""

import pytest
from packaging.version import Version

from snapbook import canonical, places
from snapbook.capture import Draft
from snapbook.catalog import things
from snapbook.catalog.where import parse
from snapbook.errors import BadExpression, NotFound
from snapbook.lineage.log import Cell
from snapbook.parts import cells
from snapbook.parts.base import Part
from snapbook.repository import Author, Wish

ADA = Author("ada")


def digest(text):
    return canonical.digest(text.encode())


def frame(name, of, *columns):
    told = [{"name": column} for column in columns]
    return Part("frame", name, {"digest": digest(of), "columns": told, "stored": False})


def save(repository, model, packages, frames, sources, **wish):
    """A version with these packages, frames and executed cells."""
    writer = repository.store.writer()
    try:
        log = [
            Cell(id="", index=at, n=at + 1, source=source, outcome="ok")
            for at, source in enumerate(sources)
        ]
        listed = writer.add(canonical.encode(packages))
        parts = (
            Part("model", "model", {"class_name": "Hand"}),
            Part("environment", "environment", {}, (listed,)),
            *frames,
            cells.capture(log, [len(log) - 1], len(log) - 1, writer),
        )
        digests = tuple(writer.add(part.encode()) for part in parts)
        return repository.save(Draft(model, parts, digests, ""), writer, Wish(**wish), ADA).version
    finally:
        writer.close()


@pytest.fixture
def kept(tmp_path):
    """churn:0.1.0 with numpy 1, churn:0.2.0 and risk:0.1.0 with numpy 2."""
    yield from filled(tmp_path)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """The same, for tests that leave it as it is."""
    yield from filled(tmp_path_factory.mktemp("lasting"))


def filled(tmp_path):
    sources = [f"x{n} = {n}" for n in range(20)]
    with places.make_repository(tmp_path) as repository:
        old = {"numpy": "1.26.4", "Scikit_Learn": "1.4.0rc1"}
        new = {"numpy": "2.1.0", "scikit-learn": "1.10", "torch": "2.13.0+cpu"}
        first, second = frame("X", "a", "age", "income"), frame("X", "b", "age", 7, None)
        save(repository, "churn", old, [first], [*sources, "model = fit(X)"], message="bare 50%")
        save(repository, "churn", new, [second], [*sources, "model = Fit(X, seed=1)"])
        risky = [second, frame("y", "c", "label")]
        row = save(repository, "risk", new, risky, ["import secretlib", "model = 1"])
        repository.note(row, "to be looked at by carol", ADA)
        yield repository


def found(repository, text, **more):
    return {row.ref for row in repository.index.page(None, parse(text, **more)).rows}


C1, C2, R1 = "churn:0.1.0", "churn:0.2.0", "risk:0.1.0"


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        ("column = age", {C1, C2, R1}),
        ("column = income", {C1}),
        ("column = '7'", {C2, R1}),
        ("column = None", {C2, R1}),
        ("column ~ 'COM'", {C1}),
        ("column in (income, label)", {C1, R1}),
        ("column = nothing", set()),
        ("column", {C1, C2, R1}),
        ("not column = income", {C2, R1}),
        ("package.numpy < 2", {C1}),
        ("package.numpy >= 2", {C2, R1}),
        ("package.numpy = 1", {C1}),
        ("package.numpy = 1.26", {C1}),
        ("package.numpy = 1.2", set()),
        ("package.numpy > 1.26.4", {C2, R1}),
        ("package.numpy <= 1.26", {C1}),
        ("package.numpy > 1.26", {C2, R1}),
        ("package.numpy != 1.26.4", {C2, R1}),
        ("package.numpy in (1.26, 3)", {C1}),
        ("package.scikit-learn > 1.9", {C2, R1}),
        ("package.SciKit_Learn < 1.9", {C1}),
        ("package.torch", {C2, R1}),
        ("package.torch = 2.13", {C2, R1}),
        ("package.torch ~ cpu", {C2, R1}),
        ("package.numpy < 2 and model = churn", {C1}),
        (f"frame = {digest('b')}", {C2, R1}),
        (f"frame = {digest('a')[:8]}", {C1}),
        ("frame = y", {R1}),
        ("frame ~ x", {C1, C2, R1}),
        ("text ~ 'fit(x'", {C1, C2}),
        ("text ~ secretlib", {R1}),
        ("text ~ 'x19 = 19'", {C1, C2}),
        ("text ~ 'carol'", {R1}),
        ("text ~ '50%'", {C1}),
        ("text ~ 'e 5_%'", set()),
        ("text ~ secretlib or package.numpy < 2", {C1, R1}),
    ],
)
def test_what_is_found(lasting, text, refs):
    assert found(lasting, text) == refs


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("package", "package needs a name, like package.numpy"),
        ("package.numpy < many", "a version like 1.26 belongs"),
        ("column < 3", "column is compared with = ~ or in"),
        ("column.age", "column has no parts"),
        ("text", "text is looked for like"),
        ("text in (a)", "text is looked for like"),
        ("frame > 3", "frame is compared with = ~ or in"),
    ],
)
def test_what_is_no_question_is_a_sentence(lasting, text, said):
    with pytest.raises(BadExpression, match=said):
        found(lasting, text)


@pytest.mark.parametrize(
    ("kind", "facts", "blob"),
    [
        ("environment", {}, None),
        ("environment", {}, b"[1]"),
        ("environment", {}, b"{"),
        ("environment", {}, b'{"numpy": "\\ud800"}'),
        ("frame", {"digest": "xyz", "columns": [{"name": "a"}]}, None),
        ("frame", {"digest": None, "columns": 3}, None),
        ("frame", {"columns": [{"name": {"tuple": 3}}, 7]}, None),
        ("cells", {}, None),
        ("cells", {"count": 3}, None),
        ("cells", {"count": 3}, b'{"source": "\\ud800"}\n[]\n7'),
        ("cells", {"count": 10**300}, b"{}"),
    ],
)
def test_parts_of_any_shape_stop_nothing(tmp_path, kind, facts, blob):
    """A registry takes parts that others wrote."""
    with places.make_repository(tmp_path) as repository:
        writer = repository.store.writer()
        part = Part(kind, "odd", facts, () if blob is None else (writer.add(blob),))
        draft = Draft("odd", (part,), (writer.add(part.encode()),), "")
        repository.save(draft, writer, Wish(), ADA)
        writer.close()
        assert [row.ref for row in repository.index.page().rows] == ["odd:0.1.0"]
        assert repository.index.broken() == []


def test_names_that_nobody_has_are_told_unless_quiet(kept):
    kept.tag(kept.index.page().rows[0], {"team": "risk"}, (), ADA)
    with pytest.raises(BadExpression, match="did you mean team"):
        found(kept, "tag.taem = risk")
    assert found(kept, "tag.taem = risk", quiet=True) == set()


def test_what_versions_share_stands_once(kept, tmp_path):
    import sqlite3

    with sqlite3.connect(tmp_path / places.NAME / "index.sqlite") as db:
        (count,) = db.execute("SELECT count(*) FROM sources WHERE text = 'x3 = 3'").fetchone()
        (blocks,) = db.execute("SELECT count(*) FROM things").fetchone()
    assert count == 1
    # 3 frames, 2 environments; of cells one block of 16 and three of what is left.
    assert blocks == 9


def test_a_purged_cell_is_found_no_more_and_damage_stops_nothing(kept):
    assert found(kept, "text ~ secretlib") == {R1}
    manifest = kept.index.page().rows[0].manifest
    block = cells.block_digests(
        next(part for part in kept.parts(manifest) if part.kind == "cells")
    )[0]
    get = kept.store.get

    def without(wanted):
        if wanted == block:
            raise NotFound("purged")
        return get(wanted)

    kept._index._applier.content._get = without
    kept._act("purged", {"blobs": [block]}, ADA)
    assert found(kept, "text ~ secretlib") == set()
    assert found(kept, "column = label") == {R1}


@pytest.mark.parametrize(
    "version", ["1", "1.2", "1.10", "1.2.3", "2", "10.0", "2026.11.21", "1.2.3.4", "20240115"]
)
def test_releases_sort_as_versions_do(version):
    others = ["1.1", "1.2.1", "1.9", "1.11", "3", "9", "2025.1"]
    for other in others:
        pad = ".000000000" * 3
        a, b = ((things.release(v) + pad)[:39] for v in (version, other))
        assert (a < b) == (Version(version) < Version(other))
    assert things.release("v1.2rc1") == things.release("1.2") == things.release("1!1.2+local")
