"""export --to onnx: real models, converted in a process of their own and compared on real rows."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trial.fitted import forest, key, linear, logistic, people, save

import snapbook
from snapbook import places, settings
from snapbook.errors import BadOption, Conflict, NotFound, NotRestorable, Untrusted
from snapbook.export import agreeing, conversion, converting
from snapbook.export.agreeing import Answers
from snapbook.export.converting import Told
from snapbook.flavors import onnxed
from snapbook.parts import frame, model
from snapbook.store.memory import MemoryStore
from snapbook.trial.job import Folder
from snapbook.verbs import VERBS, Here, deriving

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything here imports it
ROWS, TARGET, GROUP = people(300)
FRAMES = {"X_train": (ROWS, "train"), "X_test": (ROWS.iloc[:200], "test")}
# What these libraries say to each other is not ours.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def packages():
    for package in ("onnx", "onnxruntime", "skl2onnx"):
        pytest.importorskip(package)


def converted(path, fit, rows, inputs=()):
    """What becomes of a model, in this process: (what is told, the file or None)."""
    path.mkdir(exist_ok=True)
    writer, folder = MemoryStore().writer(), Folder(path)
    part, _ = model.capture(fit, "model", writer)
    data = frame.capture(rows, "X", writer, role="test").part
    job = {
        "model": folder.add_part(part, writer.get),
        "rows": folder.add_part(data, writer.get),
        "inputs": list(inputs),
        "props": {"snapbook.ref": "churn:0.1.0"},
    }
    (path / converting.JOB).write_text(json.dumps(job))
    converting.main(path)
    told = Told(**json.loads((path / converting.SAID).read_text()))
    made = path / converting.FILE
    return told, made.read_bytes() if made.exists() else None


def mixed():
    """A pipeline over columns of several types, and its rows."""
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows = ROWS.assign(group=GROUP.to_numpy())
    columns = ColumnTransformer(
        [("number", StandardScaler(), ["income", "age"]), ("text", OneHotEncoder(), ["group"])]
    )
    return make_pipeline(columns, LogisticRegression()).fit(rows, TARGET), rows


def boosted():
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(n_estimators=20).fit(ROWS.to_numpy(), ROWS.income**2)


def histogram():
    """What is missing goes one way or the other in each of its trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = ROWS.mask(np.random.default_rng(0).random(ROWS.shape) < 0.1)
    return HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(rows, TARGET), rows


@pytest.mark.parametrize(
    ("made", "outputs"),
    [
        (histogram, ["label", "probabilities"]),
        (lambda: (logistic(ROWS, TARGET), ROWS), ["label", "probabilities"]),
        (lambda: (forest(ROWS, TARGET.map({0: "stays", 1: "goes"})), ROWS),
         ["label", "probabilities"]),
        (mixed, ["label", "probabilities"]),
        (lambda: (linear(ROWS), ROWS), ["variable"]),
        (lambda: (boosted(), ROWS.to_numpy()), ["variable"]),
    ],
    ids=["histogram", "logistic", "forest of texts", "columns", "linear", "array"],
)  # fmt: skip
def test_the_file_says_what_the_model_says(tmp_path, made, outputs):
    import onnxruntime

    fit, rows = made()
    told, data = converted(tmp_path / "one", fit, rows)
    assert (told.why, told.differing, told.rows) == ("", 0, 300)
    assert list(told.outputs) == outputs
    # Once more, by hand, in the largest numbers that it takes.
    session = onnxruntime.InferenceSession(data)
    kind = f"float{told.floats}"
    feed = {"X": np.asarray(rows, kind)} if told.inputs.keys() == {"X"} else {
        name: rows[[name]].to_numpy().astype(str if name == "group" else kind).astype(
            object if name == "group" else kind)
        for name in told.inputs
    }  # fmt: skip
    said = session.run(None, feed)
    wanted = fit.predict(rows)
    if outputs == ["variable"]:
        assert said[0].ravel() == pytest.approx(wanted, rel=1e-4)
    else:
        assert list(said[0]) == list(wanted)
        assert np.abs(said[1] - fit.predict_proba(rows)).max() <= 1e-4
    assert session.get_modelmeta().custom_metadata_map == {"snapbook.ref": "churn:0.1.0"}
    assert converted(tmp_path / "two", fit, rows)[1] == data  # the same bytes


@pytest.mark.parametrize(
    "labels",
    [{0: False, 1: True}, {0: 1.0, 1: 2.0}, {0: 7, 1: -3}, {0: "stays", 1: "goes"}],
    ids=["bool", "float", "int", "text"],
)
def test_labels_come_out_as_the_model_gave_them(tmp_path, labels):
    fit = forest(ROWS, TARGET.map(labels))
    told, data = converted(tmp_path, fit, ROWS)
    assert (told.why, told.differing, told.probable) == ("", 0, True)
    wanted, found = fit.predict(ROWS), onnxed.opened(data, told.label, told.probable).predict(ROWS)
    assert found.tolist() == wanted.tolist()
    assert list(map(type, found.tolist()[:1])) == list(map(type, wanted.tolist()[:1]))


def test_scores_are_not_passed_off_as_probabilities(tmp_path):
    """A support vector machine tells none; its file has scores in that place."""
    from sklearn.svm import LinearSVC

    told, data = converted(tmp_path, LinearSVC().fit(ROWS, TARGET), ROWS)
    assert (told.why, told.differing, told.probable) == ("", 0, False)
    assert not hasattr(onnxed.opened(data, told.label, told.probable), "predict_proba")


def test_numbers_as_large_as_the_model_needs(tmp_path):
    """Rows that 32 bits cannot tell apart: 64 are taken."""
    from sklearn.linear_model import LinearRegression

    rows = pd.DataFrame({"time": 1e9 + np.arange(200)})
    told, _ = converted(tmp_path, LinearRegression().fit(rows, np.arange(200.0)), rows)
    assert (told.why, told.differing, told.floats) == ("", 0, 64)


def test_what_says_something_else_is_shown(tmp_path):
    fit = logistic(ROWS, TARGET)
    inner = fit.predict
    fit.predict = lambda rows: np.where(rows.age > 60, 1 - inner(rows), inner(rows))
    told, data = converted(tmp_path, fit, ROWS)
    assert data is None
    assert told.differing == int((ROWS.age > 60).sum())
    assert told.worst.startswith("row ")
    assert "(age 6" in told.worst or "(age 7" in told.worst
    assert " as ONNX, " in told.worst


def test_what_has_no_form_in_onnx_says_which(tmp_path):
    from sklearn.semi_supervised import LabelPropagation

    fit = LabelPropagation().fit(ROWS, TARGET)
    told, data = converted(tmp_path, fit, ROWS)
    assert data is None
    assert "LabelPropagation" in told.why


def test_how_far_apart_is_too_far():
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0]})

    def difference(wanted, found, probable=None, other=None):
        return agreeing.compared(
            Answers(np.array(wanted), None if probable is None else np.array(probable)),
            Answers(np.array(found), None if other is None else np.array(other)),
            table,
        )

    assert difference([1.0, np.nan, 0.0], [1.00005, np.nan, 0.0]).differing == 0
    far = difference([1.0, 2.0, 100.0], [1.0, 2.1, 100.0])
    assert (far.differing, far.worst) == (1, "row 1 (a 2): 2.1 as ONNX, 2 from the model")
    assert difference([1.0, 2.0, 3.0], [1.0, np.nan, 3.0]).differing == 1
    assert difference(["x", "y", "z"], ["x", "y", "z"]).differing == 0
    assert difference(["x", "y", "z"], ["x", "z", "y"]).differing == 2
    shares = [[0.5, 0.5], [0.9, 0.1], [1.0, 0.0]]
    near = [[0.50005, 0.49995], [0.9, 0.1], [1.0, 0.0]]
    assert difference([0, 0, 0], [0, 0, 0], shares, near).differing == 0
    near[1] = [0.8, 0.2]
    far = difference([0, 0, 0], [0, 0, 0], shares, near)
    assert (far.differing, round(far.largest, 6)) == (1, 0.1)
    assert far.worst == (
        "row 1 (a 2): 0 (probability 0.8) as ONNX, 0 (probability 0.9) from the model"
    )


def test_nothing_of_ours_lets_the_engine_tell_of_itself():
    """Whatever imports onnxruntime says so first."""
    source = Path(snapbook.__file__).parent
    found = [path.read_text() for path in source.rglob("*.py")]
    importing = [text for text in found if "import onnxruntime" in text]
    assert importing
    for text in importing:
        assert text.index("ORT_DISABLE_TELEMETRY") < text.index("import onnxruntime")


# --- the verb -------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_AUTHOR", "bob")
    folder = tmp_path / "project"
    folder.mkdir()
    with places.make_repository(folder) as repository:
        save(repository, logistic(ROWS, TARGET), FRAMES, key(settings.folder()))
    return folder


def run(folder, *words):
    with Here(folder, face="cli") as here:
        return VERBS["export"].run(here, VERBS["export"].parse([*words, "--to", "onnx"]))


def test_a_version_is_exported_by_a_process_that_tells_nobody(project, monkeypatch):
    import onnxruntime

    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    done = run(project, "churn:0.1.0")
    (path,) = done.data["files"]
    assert done.lines[0].startswith("wrote churn-0.1.0.onnx: 32-bit numbers, opset ")
    assert done.lines[1].startswith("on 200 rows it says what churn:0.1.0 says: no number differs")
    session = onnxruntime.InferenceSession(path)
    assert session.get_modelmeta().custom_metadata_map["snapbook.ref"] == "churn:0.1.0"
    assert "ORT_DISABLE_TELEMETRY" not in os.environ  # it is the other process that sets it


@pytest.mark.slow
def test_it_is_converted_once_and_copied_from_then_on(project, tmp_path, monkeypatch):
    first = run(project, "churn:0.1.0", "-o", "one.onnx")
    assert first.lines[-1] == "kept as churn.onnx:0.1.0: exported again it is the same bytes"
    monkeypatch.setattr(
        conversion, "find_spec", lambda name: None
    )  # nothing to convert with any more
    again = run(project, "churn:0.1.0", "-o", "two.onnx")
    assert again.lines[-1] == "as it was kept in churn.onnx:0.1.0"
    assert again.lines[1] == first.lines[1]
    assert (project / "two.onnx").read_bytes() == (project / "one.onnx").read_bytes()
    own = run(project, "churn.onnx", "-o", "own.onnx")
    assert own.lines[-1] == "wrote own.onnx: the file that churn.onnx:0.1.0 is"
    with pytest.raises(Conflict, match=r"own\.onnx is there already"):
        run(project, "churn.onnx", "-o", "own.onnx")
    assert (project / "own.onnx").read_bytes() == (project / "one.onnx").read_bytes()
    with places.open_folder(places.place(project).folder) as repository:
        (kept,) = repository.index.page("churn.onnx").rows
        assert kept.tags == {"of": "churn:0.1.0"}
        parts = repository.parts(kept.manifest)
        (held,) = [part for part in parts if part.kind == "model"]
        assert (held.facts["flavor"], held.facts["executes"]) == ("onnx", False)
        data = b"".join(map(repository.store.get, held.blobs))
        assert data == (project / "one.onnx").read_bytes()
        assert {part.name for part in parts if part.kind == "frame"} == {"X_train", "X_test"}
    with Here(project, face="cli") as here:
        for name in ("list", "show", "verify"):
            VERBS[name].run(here, VERBS[name].parse(["churn.onnx"]))
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "another"))
    with pytest.raises(Untrusted):  # for somebody else it is a stranger's word, as the model is
        run(project, "churn:0.1.0", "-o", "three.onnx")


def test_a_model_of_that_name_is_left_alone(project):
    with places.open_folder(places.place(project).folder) as repository:
        save(repository, linear(ROWS), FRAMES, key(settings.folder()), name="churn.onnx")
        version = repository.index.newest("churn")
        said = deriving.keep(repository, version, "onnx", b"bytes", {}, project)
        assert said == "not kept: churn.onnx is a model of its own"
        assert repository.index.count("churn.onnx") == 1


def test_whom_nobody_trusts_is_not_converted(project, tmp_path):
    with places.open_folder(places.place(project).folder) as repository:
        theirs = save(repository, linear(ROWS), FRAMES, key(tmp_path / "eve"), "eve")
    with pytest.raises(Untrusted, match=r"churn:0\.2\.0 is a pickle by eve"):
        run(project, theirs.ref)


def test_without_what_it_takes_nothing_is_written(project, monkeypatch):
    with places.open_folder(places.place(project).folder) as repository:
        bare = save(repository, linear(ROWS), {}, key(settings.folder()))
    with pytest.raises(NotFound, match="keeps no rows to compare ONNX with it on"):
        run(project, bare.ref)
    xgboost = pytest.importorskip("xgboost")
    boosted = xgboost.train({}, xgboost.DMatrix(ROWS, TARGET), 2)
    with places.open_folder(places.place(project).folder) as repository:
        other = save(repository, boosted, FRAMES, key(settings.folder()))
    with pytest.raises(NotRestorable, match="it is of xgboost; scikit-learn's and PyTorch's can"):
        run(project, other.ref)
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)
    with pytest.raises(BadOption, match="the package skl2onnx is not installed"):
        run(project, "churn")
    assert list(project.glob("*.onnx")) == []


def test_what_says_something_else_is_not_written(project):
    fit = logistic(ROWS, TARGET)
    fit.predict = lambda rows: 1 - (rows.income > 40).astype(int)
    with places.open_folder(places.place(project).folder) as repository:
        other = save(repository, fit, FRAMES, key(settings.folder()))
    with pytest.raises(NotRestorable, match=r"says something else on \d+ of 200 rows") as error:
        run(project, other.ref)
    assert "the worst, row " in str(error.value)
    assert list(project.glob("*.onnx")) == []
