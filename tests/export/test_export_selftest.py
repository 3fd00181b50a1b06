"""The self-test of a bundle, made at export and run again by `bundle check`, here and elsewhere."""

import json
import shutil
import sys
from pathlib import Path

import leaving
import numpy as np
import pandas as pd
import pytest

from snapbook import signing, verbs
from snapbook.errors import Damaged
from snapbook.export import selftest
from snapbook.serve import environment, recipe
from snapbook.serve.load import open_bundle
from snapbook.trust import Trust

pytestmark = pytest.mark.slow  # it waits for what runs beside it

UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


@pytest.fixture
def project(tmp_path, monkeypatch):
    with leaving.project(tmp_path, monkeypatch) as here:
        yield here


def saved(project, fit=leaving.forest, **more):
    rows, target = leaving.numbers()
    frames = {"X_train": (rows, "train"), "y_train": (target, "train"),
              "X_test": (rows.tail(30), "test")}  # fmt: skip
    leaving.save(project, fit(rows, target), frames, **more)
    return rows


def other_answers(folder):
    """Let the bundle say that its model answered otherwise."""
    told = json.loads((folder / "sample.json").read_bytes())
    told["answers"][3] = 1 - told["answers"][3]
    relist(folder, "sample.json", told)


def relist(folder, name, value):
    import hashlib

    data = json.dumps(value).encode()
    (folder / name).write_bytes(data)
    listed = json.loads((folder / "bundle.json").read_bytes())
    listed["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "bundle.json").write_text(json.dumps(listed))


def test_a_self_test_is_made_and_passes_until_something_changes(project, tmp_path):
    rows = saved(project, leaving.duck, key=leaving.own_key())
    done = verbs.export("churn", to="bundle", output="out")
    assert done.lines[2] == "self-test: 20 rows of X_test, independent of each other"
    opened = open_bundle(tmp_path / "out")
    model = opened.model()
    asked = pd.DataFrame(opened.sample["rows"])
    assert asked.equals(rows.tail(30).head(20).reset_index(drop=True))
    assert opened.sample["answers"] == model.predict(asked).tolist()
    assert opened.signature["rows_independent"] is True
    assert opened.signature["outputs"]["probabilities"] is True
    assert opened.facts["sample"] == 20
    checked = verbs.bundle("check", "out", here=True)
    assert checked.lines[0] == f"churn:0.1.0: whole, {checked.data['files']} files as listed"
    assert checked.lines[1].endswith(", whom you trust")
    assert checked.lines[2:] == (
        "model: byte for byte what its manifest names",
        "environment: not rebuilt, --here was given",
        "self-test: 20 rows are answered as at export",
    )
    other_answers(tmp_path / "out")
    with pytest.raises(Damaged) as found:
        verbs.bundle("check", "out", here=True)
    said, was = opened.sample["answers"][3], 1 - opened.sample["answers"][3]
    assert found.value.sentence == (
        "churn:0.1.0 does not pass its self-test: 1 of 20 rows are answered otherwise;"
        f" row 3: {said}, at export {was}."
    )


class Loud:
    """Whoever unpickles it leaves a mark."""

    def predict(self, rows):
        return np.zeros(len(rows))

    def __reduce__(self):
        return _loud, ()


def _loud():
    Path("mark.txt").write_text("ran")
    return Loud()


def test_what_is_not_trusted_is_not_run(project, tmp_path):
    stranger = signing.new()
    saved(project, lambda *_: Loud(), key=stranger)
    done = verbs.export("churn", to="bundle", output="out")
    assert done.lines[2] == "no self-test: its author is not one whom you trust"
    checked = verbs.bundle("check", "out", here=True)
    assert checked.lines[1].endswith("whom you do not trust")
    assert checked.lines[3] == "not run: it was exported without a self-test"
    assert checked.data["ran"] is False
    # Exported by who trusts it, looked at by who does not.
    trust = Trust(leaving.settings.folder())
    trust.trust_key(stranger.public, "churn")
    told = {"frame": "X", "rows": [{"age": 1, "income": 2.0}], "answers": [0.0]}
    relist(tmp_path / "out", "sample.json", told)
    trust.revoke(stranger.public)
    checked = verbs.bundle("check", "out", here=True)
    assert checked.lines[-1] == (
        "not run: its author is not one whom you trust; to run it all the same: --trust"
    )
    assert not list(tmp_path.rglob("mark.txt"))


def test_a_model_of_numbers_needs_no_trust(project):
    saved(project, leaving.logistic, key=signing.new())
    done = verbs.export("churn", to="bundle", output="out")
    assert done.lines[2].startswith("self-test: 20 rows of X_test, ")
    assert done.data["sample"] is True


def test_a_signature_of_something_else(project, tmp_path):
    saved(project, key=leaving.own_key())
    verbs.export("churn", to="bundle", output="out", no_sample=True)
    author = json.loads((tmp_path / "out" / "author.json").read_bytes())
    relist(tmp_path / "out", "author.json", {**author, "model": "credit"})
    with pytest.raises(Damaged, match="the signature in it is not of its manifest"):
        verbs.bundle("check", "out")


@pytest.mark.parametrize(
    "told",
    [{}, {"rows": [], "answers": []}, {"rows": [1], "answers": [1]}, {"rows": [{}], "answers": []},
     {"rows": [{}], "answers": [1], "probabilities": [1, 2]}],
)  # fmt: skip
def test_a_self_test_that_is_none(project, tmp_path, told):
    saved(project, key=leaving.own_key())
    verbs.export("churn", to="bundle", output="out", no_sample=True)
    relist(tmp_path / "out", "sample.json", told)
    with pytest.raises(Damaged, match=r"sample\.json is no self-test"):
        verbs.bundle("check", "out", here=True)


def test_a_name_that_was_not_signed_is_told(project, tmp_path):
    saved(project, key=leaving.own_key())
    verbs.export("churn", to="bundle", output="out", no_sample=True)
    told = json.loads((tmp_path / "out" / "bundle.json").read_bytes())
    (tmp_path / "out" / "bundle.json").write_text(json.dumps({**told, "model": "credit"}))
    checked = verbs.bundle("check", "out")
    assert checked.lines[0].startswith("credit:0.1.0: whole")
    assert checked.lines[1].endswith(", as churn, whom you trust")


@pytest.mark.parametrize("name", ["needed.txt", "requirements.txt", "pylock.toml"])
def test_a_package_smuggled_in_is_found(project, tmp_path, name):
    saved(project, key=leaving.own_key())
    verbs.export("churn", to="bundle", output="out", no_sample=True)
    path = tmp_path / "out" / "environment" / name
    path.write_text(path.read_text() + "evil==1.0\n")
    data = path.read_bytes()
    listed = json.loads((tmp_path / "out" / "bundle.json").read_bytes())
    entry = listed["files"][f"environment/{name}"]
    entry.update(bytes=len(data), sha256=__import__("hashlib").sha256(data).hexdigest())
    (tmp_path / "out" / "bundle.json").write_text(json.dumps(listed))
    with pytest.raises(Damaged, match=f"environment/{name} is not what was signed"):
        verbs.bundle("check", "out")


@pytest.mark.slow
@pytest.mark.skipif(UV is None, reason="uv is not installed")
def test_its_own_environment_is_built_anew(project, tmp_path):
    saved(project, leaving.duck, key=leaving.own_key())
    verbs.export("churn", to="bundle", output="out.zip")
    checked = verbs.bundle("check", "out.zip")
    if checked.lines[3] != "environment: rebuilt from the lock":
        pytest.skip(f"packages cannot be had here ({checked.lines[3]})")
    assert checked.lines[4] == "self-test: 20 rows are answered as at export"


@pytest.mark.skipif(UV is None, reason="uv is not installed")
def test_an_environment_that_cannot_be_made_says_why(monkeypatch, tmp_path):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    python = f"3.{sys.version_info.minor}"
    pins = {"numpy": "0.0.1"}
    wanted = recipe.Recipe(python, pins, pins)
    why = environment.make(tmp_path / "one", wanted, 60, offline=True)
    assert why.startswith("its process failed (")
    path = recipe.Recipe("/bin/sh", pins, pins)
    assert environment.make(tmp_path / "two", path, 60) == "its Python is not known"
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert environment.make(tmp_path / "three", wanted, 60) == "uv is not installed"


def test_rows_of_every_sort_become_json(project):
    rows, target = leaving.people()
    frames = {"X_train": (rows, "train"), "y": (target, "train")}
    version = leaving.save(project, leaving.forest(*leaving.numbers()), frames)
    named, asked = selftest.rows(project.parts(version.manifest), project.store.get)
    assert (named, len(asked)) == ("X_train", 20)
    assert asked[0] == {"age": int(rows.age[0]), "income": float(rows.income[0])}
    array = leaving.numbers()[0].to_numpy()
    version = leaving.save(
        project, leaving.forest(array, target), {"A": (array, "train")}, name="b"
    )
    named, asked = selftest.rows(project.parts(version.manifest), project.store.get)
    assert asked[0] == {"x0": array[0, 0], "x1": array[0, 1]}


def test_numbers_may_differ_a_little_and_labels_not_at_all():
    sample = {"answers": [1, 0], "probabilities": [[0.5, 0.5], [0.25, 0.75]]}
    near = {"answers": [1, 0], "probabilities": [[0.50001, 0.49999], [0.25, 0.75]]}
    far = {"answers": [1, 0], "probabilities": [[0.5, 0.5], [0.26, 0.74]]}
    assert selftest.differing(sample, near) == []
    assert selftest.differing(sample, far) == [1]
    assert selftest.differing(sample, {**near, "answers": [1, 1]}) == [1]
    assert selftest.differing(sample, {"answers": [1]}) == [0, 1]
    assert selftest.differing({"answers": [True]}, {"answers": [1]}) == [0]
