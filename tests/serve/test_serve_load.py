"""A bundle is opened only if it is whole, and its model only if it is its author's."""

import hashlib
import json
import struct
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "export"))
import leaving

from snapbook import canonical, refs
from snapbook.errors import Damaged, NewerFormat, NotFound
from snapbook.export import bundle
from snapbook.serve import asking, trying
from snapbook.serve.load import NotAllowed, open_bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bundle of a forest, and the rows that it was fitted to."""
    folder = tmp_path_factory.mktemp("made")
    patch = pytest.MonkeyPatch()
    with leaving.project(folder, patch) as here:
        rows, target = leaving.numbers()
        frames = {"X": (rows, "train"), "y": (target, "train")}
        version = leaving.save(
            here,
            leaving.forest(rows, target),
            frames,
            key=leaving.own_key(),
            local={"a.b": "C = 1\n"},
        )
        (folder / "out").mkdir()
        writing = bundle.Writing(folder / "out")
        number = refs.number_text(version.number)
        bundle.write(writing, number, here.claim(version), version.model, here.store.get)
    patch.undo()
    return folder / "out", rows


@pytest.fixture
def folder(made, tmp_path):
    """A copy of the bundle, to be spoilt."""
    for path in made[0].rglob("*"):
        if path.is_file():
            there = tmp_path / "b" / path.relative_to(made[0])
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
    return tmp_path / "b"


def listed(folder):
    return json.loads((folder / "bundle.json").read_bytes())


def relist(folder, *names, **facts):
    """Make the list true again, as whoever forges a bundle would."""
    told = {**listed(folder), **facts}
    for name in names:
        data = (folder / name).read_bytes()
        told["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "bundle.json").write_text(json.dumps(told))


def test_what_a_bundle_says(made):
    opened = open_bundle(made[0])
    assert opened.ref == "churn:0.1.0"
    assert opened.check() == len(opened.facts["files"])
    assert opened.author.author == "ada"
    assert opened.author.manifest == opened.facts["manifest"]
    assert opened.executes
    assert "sklearn.ensemble._forest:RandomForestClassifier" in opened.imports
    assert opened.sample is None
    assert [field["name"] for field in opened.signature["inputs"]] == ["age", "income"]
    assert opened.profile["columns"]["age"]["kind"] == "numeric"
    assert opened.profile["target"]["name"] == "y"
    assert (opened.model().predict(made[1]) == opened.model(plain=True).predict(made[1])).all()


def without(name):
    return lambda folder: (folder / name).unlink()


def with_file(name, data=b"x"):
    def spoil(folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    return spoil


def cut(folder):
    path = folder / "model" / "model.joblib"
    path.write_bytes(path.read_bytes()[:-7])


def turned(folder):
    path = folder / "model" / "model.joblib"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def linked(folder):
    (folder / "card.md").unlink()
    (folder / "card.md").symlink_to("/etc/hostname")


def facts(**changes):
    return lambda folder: relist(folder, **changes)


def entry(name, value):
    def spoil(folder):
        told = listed(folder)
        told["files"][name] = value
        (folder / "bundle.json").write_text(json.dumps(told))

    return spoil


NONE = {"bytes": 1, "sha256": "0" * 64}
BAD = {
    "no-list": (without("bundle.json"), "Not a bundle: b has no bundle.json."),
    "cut-list": (
        lambda folder: (folder / "bundle.json").write_bytes(b'{"bundle": 1,'),
        "The bundle is not whole: bundle.json is cut, or no JSON.",
    ),
    "deep-list": (
        lambda folder: (folder / "bundle.json").write_bytes(b"[" * 200_000),
        "The bundle is not whole: bundle.json is cut, or no JSON.",
    ),
    "long-number": (
        lambda folder: (folder / "bundle.json").write_bytes(b'{"bundle": ' + b"9" * 5000 + b"}"),
        "The bundle is not whole: bundle.json is cut, or no JSON.",
    ),
    "other-list": (
        lambda folder: (folder / "bundle.json").write_bytes(b"[1]"),
        "The bundle is not whole: bundle.json says nothing.",
    ),
    "other-format": (facts(bundle="1"), "Not a bundle: its bundle.json is of another format."),
    "true-format": (facts(bundle=True), "Not a bundle: its bundle.json is of another format."),
    "no-name": (facts(model="../x"), "Not a bundle: its bundle.json names no version."),
    "no-number": (facts(number="1.0"), "Not a bundle: its bundle.json names no version."),
    "endless-number": (
        facts(number="9" * 9000 + ".0.0"), "Not a bundle: its bundle.json names no version."
    ),
    "no-files": (facts(files=[]), "Not a bundle: its bundle.json is of another format."),
    "gone": (without("card.md"), "The bundle is not whole: card.md is missing."),
    "more": (with_file("code/x.py"), "The bundle is not whole: code/x.py is one file too many."),
    "compiled": (
        with_file("code/__pycache__/a.cpython-311.pyc"),
        "The bundle is not whole: code/__pycache__/a.cpython-311.pyc is one file too many.",
    ),
    "cut": (cut, "The bundle is not whole: model/model.joblib is not as long as it was."),
    "turned": (turned, "The bundle is not whole: model/model.joblib was changed."),
    "linked": (linked, "The bundle is not whole: 'card.md' is no file."),
    "hidden": (
        with_file(".ssh/x"), "The bundle is not whole: no file in it can be called '.ssh/x'."
    ),
    "upwards": (
        entry("../x", NONE), "The bundle is not whole: no file in it can be called '../x'."
    ),
    "absolute": (
        entry("/etc/x", NONE), "The bundle is not whole: no file in it can be called '/etc/x'."
    ),
    "drive": (
        entry("c:\\x", NONE), "The bundle is not whole: no file in it can be called 'c:\\\\x'."
    ),
    "huge": (
        entry("card.md", {"bytes": 10**30, "sha256": "0" * 64}),
        "The bundle is not whole: its list does not tell what card.md is.",
    ),
    "negative": (
        entry("card.md", {"bytes": -1, "sha256": "0" * 64}),
        "The bundle is not whole: its list does not tell what card.md is.",
    ),
    "no-digest": (
        entry("card.md", {"bytes": 1931, "sha256": "z" * 64}),
        "The bundle is not whole: its list does not tell what card.md is.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_bundle_is_refused_in_a_sentence(folder, name):
    spoil, sentence = BAD[name]
    spoil(folder)
    with pytest.raises(Damaged) as found:
        open_bundle(folder).check()
    assert found.value.sentence == sentence


def test_a_later_format_and_no_place(folder, tmp_path):
    relist(folder, bundle=2)
    with pytest.raises(NewerFormat, match="written by a later snapbook"):
        open_bundle(folder)
    with pytest.raises(NotFound, match="There is no bundle nowhere"):
        open_bundle(tmp_path / "nowhere")


def other_pickle(folder):
    import joblib

    joblib.dump({"not": "it"}, folder / "model" / "model.joblib")
    relist(folder, "model/model.joblib")


def other_part(folder):
    path = folder / "parts" / "model.json"
    path.write_bytes(path.read_bytes().replace(b'"RandomForest', b'"SecondForest'))
    relist(folder, "parts/model.json")


def other_module(folder):
    (folder / "code" / "a" / "b.py").write_text("raise SystemExit\n")
    relist(folder, "code/a/b.py")


FORGED = {
    "pickle": (
        other_pickle,
        "The model is not the one that its author signed: its bytes are others.",
    ),
    "part": (other_part, "The bundle is not whole: parts/model.json is not of its manifest."),
    "module": (other_module, "The bundle is not whole: code/a/b.py is not what was signed."),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_bundle_is_never_loaded(folder, name):
    forge, sentence = FORGED[name]
    forge(folder)
    assert open_bundle(folder).check()  # the list is true
    with pytest.raises(Damaged) as found:
        open_bundle(folder).model()
    assert found.value.sentence == sentence


def zipped(path, entries, **kind):
    with zipfile.ZipFile(path, "w", **kind) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_STORED if not kind else None)
    return path


def test_archives_that_are_none(folder, tmp_path):
    bundle.pack(folder, good := tmp_path / "good.zip")
    assert open_bundle(good).check()
    data = good.read_bytes()
    (half := tmp_path / "half.zip").write_bytes(data[: len(data) // 2])
    with pytest.raises(Damaged, match=r"half\.zip is no archive, or a part of one"):
        open_bundle(half)
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bundle.json", b" " * 10_000_000)
    with pytest.raises(Damaged, match=r"bundle\.json is packed, which no bundle's is"):
        open_bundle(tmp_path / "packed.zip")
    with pytest.warns(UserWarning, match="Duplicate"):
        zipped(tmp_path / "twice.zip", [("bundle.json", b"{}"), ("bundle.json", b"{}")])
    with pytest.raises(Damaged, match=r"bundle\.json is in it twice"):
        open_bundle(tmp_path / "twice.zip")
    zipped(tmp_path / "up.zip", [("bundle.json", b"{}"), ("../../x", b"x")])
    with pytest.raises(Damaged, match="no file in it can be called"):
        open_bundle(tmp_path / "up.zip")


def test_an_archive_whose_files_lie_over_each_other(tmp_path):
    names = [f"f{place}" for place in range(50)]
    zipped(tmp_path / "bomb.zip", [(name, b"x" * 1000) for name in names])
    data = bytearray((tmp_path / "bomb.zip").read_bytes())
    start = data.index(b"PK\x01\x02")
    while (start := data.find(b"PK\x01\x02", start)) >= 0:
        struct.pack_into("<II", data, start + 20, 40_000, 40_000)  # each says it has them all
        struct.pack_into("<I", data, start + 42, 0)
        start += 4
    (tmp_path / "bomb.zip").write_bytes(data)
    with pytest.raises(Damaged, match=r"its files would be larger than itself|is no archive"):
        open_bundle(tmp_path / "bomb.zip")


def test_a_model_that_needs_trust_is_not_read_plainly(tmp_path, monkeypatch):
    with leaving.project(tmp_path, monkeypatch) as here:
        rows, _ = leaving.numbers()
        version = leaving.save(here, len, {"X": (rows, "train")})
        (tmp_path / "out").mkdir()
        bundle.write(
            bundle.Writing(tmp_path / "out"), "0.1.0", here.claim(version), "churn", here.store.get
        )
    with pytest.raises(NotAllowed):
        open_bundle(tmp_path / "out").model(plain=True)


def test_a_module_that_would_be_written_elsewhere(tmp_path, monkeypatch):
    with leaving.project(tmp_path, monkeypatch) as here:
        rows, target = leaving.numbers()
        fitted, frames = leaving.forest(rows, target), {"X": (rows, "train")}
        version = leaving.save(here, fitted, frames, local={"/../../../evil": "x = 1\n"})
        (tmp_path / "out").mkdir()
        writing = bundle.Writing(tmp_path / "out")
        with pytest.raises(Damaged, match="no file in it can be called"):
            bundle.write(writing, "0.1.0", here.claim(version), "churn", here.store.get)


def test_rows_become_what_the_model_was_trained_on():
    inputs = [
        {"name": "n", "type": "int64"}, {"name": "f", "type": "float64"},
        {"name": "c", "type": "category", "categories": ["a", "b"], "ordered": False},
        {"name": "t", "type": "datetime64[us]"}, {"name": "s", "type": "str"},
    ]  # fmt: skip
    rows = [{"n": 1, "f": None, "c": "b", "t": "2020-01-02T00:00:00", "s": None},
            {"n": 2, "f": 0.5, "c": None, "t": None, "s": "x"}]  # fmt: skip
    table = asking.table(rows, {"inputs": inputs, "container": "table"})
    assert [str(kind) for kind in table.dtypes][:4] == [
        "int64",
        "float64",
        "category",
        "datetime64[us]",
    ]
    assert list(table["c"].cat.categories) == ["a", "b"]
    assert table["t"].isna().tolist() == [False, True]
    array = asking.table([{"x0": 1.5, "x1": 2.0}], {"inputs": [], "container": "array"})
    assert array.tolist() == [[1.5, 2.0]]
    with pytest.raises((ValueError, TypeError)):
        asking.table([{"n": "many"}], {"inputs": inputs[:1]})


class Ranks:
    """Answers that depend on who asks beside one."""

    def predict(self, rows):
        import numpy

        return numpy.asarray(rows)[:, 0].argsort().argsort()

    def predict_proba(self, rows):
        import numpy

        return numpy.asarray(rows, dtype=float)[:, :1] * numpy.array([[0.5, 0.25]])


def test_rows_that_depend_on_each_other_are_found(made):
    rows = made[1].head(10)
    found = trying.independent(Ranks(), rows, asking.ask(Ranks(), rows))
    assert found == {"answers": False, "probabilities": True}
    forest = open_bundle(made[0]).model()
    assert trying.independent(forest, rows, asking.ask(forest, rows))["answers"] is True


def test_answers_have_the_digits_that_are_wanted():
    import numpy

    said = {"answers": numpy.array([1 / 3, 2e-9]), "probabilities": numpy.array([["a"], ["b"]])}
    assert asking.as_json(said, 6) == {
        "answers": [0.333333, 2e-09],
        "probabilities": [["a"], ["b"]],
    }
    assert canonical.encode(asking.as_json(said, 6))
