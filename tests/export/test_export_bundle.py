"""export --to bundle: what is in it, that it is the same bytes each time, that nothing runs."""

import base64
import hashlib
import importlib.util
import json
import os
import pickle
import subprocess
import sys

import joblib
import leaving
import numpy as np
import pandas as pd
import pytest

import snapbook
from snapbook import refs, settings, verbs
from snapbook.errors import Conflict
from snapbook.export import bundle
from snapbook.serve import asking
from snapbook.serve.load import open_bundle
from snapbook.transfer import Local, transfer

pytestmark = pytest.mark.slow  # it waits for what runs beside it

MARK = "mark.txt"


class Marks:
    """Whoever unpickles it leaves a mark."""

    def predict(self, rows):
        return [0 for _ in range(len(rows))]

    def __reduce__(self):
        return (open, (MARK, "w"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    with leaving.project(tmp_path, monkeypatch) as here:
        yield here


def wrote(repository, version, folder):
    """The bundle of ``version``, without a self-test."""
    folder.mkdir()
    writing = bundle.Writing(folder)
    number = refs.number_text(version.number)
    bundle.write(writing, number, repository.claim(version), version.model, repository.store.get)
    return folder


def digest(folder):
    return hashlib.sha256((folder / "bundle.json").read_bytes()).hexdigest()


def test_a_bundle_has_all_that_serving_needs(project, tmp_path):
    rows, target = leaving.numbers()
    fitted = leaving.forest(rows, target)
    frames = {"X_train": (rows, "train"), "y_train": (target, "train")}
    leaving.save(project, fitted, frames, key=leaving.own_key())
    done = verbs.export("churn", to="bundle", output="out", no_sample=True)
    assert done.lines[1].startswith("wrote out: ")
    assert done.lines[2] == "no self-test: it was not asked for"
    folder = tmp_path / "out"
    told = json.loads((folder / "bundle.json").read_bytes())
    assert set(told["files"]) == {
        "author.json", "card.md", "environment/needed.txt", "environment/pylock.toml",
        "environment/requirements.txt", "manifest.json", "model/model.joblib",
        "parts/environment.json", "parts/installed.json", "parts/model.json", "profile.json",
        "sbom.cdx.json", "signature.json",
    }  # fmt: skip
    for name, entry in told["files"].items():
        data = (folder / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert (told["model"], told["number"], told["sample"]) == ("churn", "0.1.0", None)
    assert str(tmp_path) not in "".join(
        path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()
    )
    anywhere = joblib.load(folder / "model" / "model.joblib")
    assert (anywhere.predict_proba(rows) == fitted.predict_proba(rows)).all()
    assert (open_bundle(folder).model().predict(rows) == fitted.predict(rows)).all()


def test_a_bundle_can_be_signed_for_others_tools(project, tmp_path):
    rows, target = leaving.numbers()
    leaving.save(project, leaving.forest(rows, target), {"X": (rows, "train")})
    verbs.export("churn", to="bundle", output="out", no_sample=True, sign=True)
    told = json.loads((tmp_path / "out.sig").read_text())
    payload = json.loads(base64.b64decode(told["dsseEnvelope"]["payload"]))
    named = {one["name"]: one["digest"] for one in payload["predicate"]["resources"]}
    assert named["bundle.json"] == digest(tmp_path / "out")
    assert set(named) == {*open_bundle(tmp_path / "out").facts["files"], "bundle.json"}


def test_a_bundle_is_never_written_over_something(project, tmp_path):
    rows, target = leaving.numbers()
    leaving.save(project, leaving.logistic(rows, target), {"X": (rows, "train")})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(Conflict, match="out is there already"):
        verbs.export("churn", to="bundle", output="out", no_sample=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    verbs.export("churn", to="bundle", output="b.zip", no_sample=True)
    assert not [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_export_executes_nothing(project, tmp_path):
    rows, target = leaving.numbers()
    version = leaving.save(project, Marks(), {"X": (rows, "train"), "y": (target, "train")})
    wrote(project, version, tmp_path / "out")
    done = verbs.export("churn", to="bundle", output="other")
    assert done.lines[2] == "no self-test: its author is not one whom you trust"
    assert not (tmp_path / MARK).exists()
    pickle.loads((tmp_path / "out" / "model" / "model.joblib").read_bytes()).close()
    assert (tmp_path / MARK).exists()  # so it would have shown


EXPORT = """
import sys
from snapbook import verbs
done = verbs.export("churn", to="bundle", output=sys.argv[1], no_sample=True)
print(done.data["digest"])
"""


def test_the_same_version_is_the_same_bytes(project, tmp_path):
    rows, target = leaving.people()
    sources = ["import pandas as pd\nLIMIT = 3\ndef f(x): return x + LIMIT", "model = f"]
    names = {"zeta", "alpha", "beta"}
    fitted = leaving.forest(*leaving.numbers())
    fitted.names_ = names
    frames = {"X_train": (rows, "train"), "y_train": (target, "train")}
    version = leaving.save(project, fitted, frames, key=leaving.own_key(), sources=sources,
                           local={"risk.rates": "RATE = 1\n", "zoo": "import json\n"})  # fmt: skip
    first = digest(wrote(project, version, tmp_path / "one"))
    verbs.gc()
    assert digest(wrote(project, version, tmp_path / "two")) == first
    there = tmp_path / "elsewhere"
    there.mkdir()
    with leaving.places.make_repository(there) as copy:
        transfer(Local(project, rows=False), Local(copy), version, leaving.Author("bob"))
        twin = next(copy.every_version())
        assert digest(wrote(copy, twin, tmp_path / "three")) == first
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", EXPORT, f"seed{seed}"], cwd=tmp_path, check=True, text=True,
            capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert ran.stdout.strip() == first


def test_an_archive_is_the_same_bytes(project, tmp_path):
    rows, target = leaving.numbers()
    version = leaving.save(project, leaving.forest(rows, target), {"X": (rows, "train")})
    folder = wrote(project, version, tmp_path / "one")
    bundle.pack(folder, tmp_path / "one.zip")
    for path in folder.rglob("*"):
        os.utime(path, (1, 10**9))
    bundle.pack(folder, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert (open_bundle(tmp_path / "one.zip").model().predict(rows) ==
            open_bundle(folder).model().predict(rows)).all()  # fmt: skip


def test_boosters_leave_in_their_own_form(project, tmp_path):
    xgboost = pytest.importorskip("xgboost")
    lightgbm = pytest.importorskip("lightgbm")
    rows, target = leaving.numbers()
    data = xgboost.DMatrix(rows, target)
    one = xgboost.train({"max_depth": 2}, data, 4)
    version = leaving.save(project, one, {"X": (rows, "train")}, name="one")
    folder = wrote(project, version, tmp_path / "one")
    again = xgboost.Booster(model_file=folder / "model" / "model.ubj")
    assert (again.predict(data) == one.predict(data)).all()
    assert (open_bundle(folder).model().predict(data) == one.predict(data)).all()
    two = lightgbm.train({"verbose": -1}, lightgbm.Dataset(rows, target), 4)
    version = leaving.save(project, two, {"X": (rows, "train")}, name="two")
    folder = wrote(project, version, tmp_path / "two")
    again = lightgbm.Booster(model_file=folder / "model" / "model.txt")
    assert (again.predict(rows) == two.predict(rows)).all()
    assert (open_bundle(folder).model().predict(rows) == two.predict(rows)).all()


def test_modules_beside_a_model_that_needs_no_trust_are_not_imported(project, tmp_path):
    xgboost = pytest.importorskip("xgboost")
    rows, target = leaving.numbers()
    booster = xgboost.train({"max_depth": 2}, xgboost.DMatrix(rows, target), 2)
    version = leaving.save(
        project, booster, {"X": (rows, "train")}, local={"xgboost": "raise SystemExit('evil')\n"}
    )
    opened = open_bundle(wrote(project, version, tmp_path / "out"))
    hooks = list(sys.meta_path)
    assert not opened.executes
    assert opened.model().num_boosted_rounds() == 2
    assert sys.meta_path == hooks


def test_networks_leave_too(project, tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 40), torch.nn.ReLU(), torch.nn.Linear(40, 1))
    rows = np.ones((5, 2), "float32")
    version = leaving.save(project, net, {"X": (rows, "train")}, name="net")
    again = open_bundle(wrote(project, version, tmp_path / "net")).model()
    assert torch.equal(again(torch.from_numpy(rows)), net(torch.from_numpy(rows)))


@pytest.mark.parametrize("role", ["", "train", "test"])
def test_a_network_trained_by_a_loop_says_how_many_numbers_it_takes(project, tmp_path, role):
    """No call tells that an array is what it was trained on; it is as wide as the first layer."""
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3, 2))
    rows = np.arange(15, dtype="float32").reshape(5, 3)
    data = {"y": (np.ones(5), ""), "wide": (np.ones((5, 4)), ""), "X": (rows, role)}
    version = leaving.save(project, net, data, name="net", key=leaving.own_key())
    run = verbs.export("net", output=str(tmp_path / "net"))
    assert run.lines[-1].startswith("self-test: 5 rows of X")
    bundle = open_bundle(tmp_path / "net")
    assert bundle.ref == version.ref
    told = bundle.signature
    assert [(one["name"], one["type"]) for one in told["inputs"]] == [
        ("x0", "float32"), ("x1", "float32"), ("x2", "float32"),
    ]  # fmt: skip
    assert told["container"] == "array"
    assert {one["nullable"] for one in told["inputs"]} == {False if role == "train" else None}
    asked = snapbook.predictor(str(tmp_path / "net"), trust=True)(
        pd.DataFrame({"x0": [0.0], "x1": [1.0], "x2": [2.0]})
    )
    wanted = net(torch.from_numpy(rows[:1])).detach().numpy()
    assert np.allclose(asked[["prediction_0", "prediction_1"]], wanted)


def test_xgboost_takes_what_its_training_had_and_what_was_missing_there(project, tmp_path):
    xgboost = pytest.importorskip("xgboost")
    rows, target = leaving.numbers()
    rows.loc[::7, "income"] = np.nan
    fit = xgboost.XGBClassifier(n_estimators=3).fit(rows, target)
    frames = {"X": (rows, "train")}
    for name, known, null in (("told", frames, True), ("untold", {}, None)):
        version = leaving.save(project, fit, known, name=name)
        folder = wrote(project, version, tmp_path / name)
        told = json.loads((folder / "signature.json").read_text())["inputs"]
        assert [one["nullable"] for one in told] == [null and False, null]
        assert {one["type"] for one in told} <= {"int64", "float64"}
        # Alone, a value that is missing has no type of its own.
        asked = snapbook.predictor(str(folder), trust=True)(
            pd.DataFrame({"age": [30], "income": [None]})
        )
        wanted = fit.predict(pd.DataFrame({"age": [30], "income": [np.nan]}))
        assert list(asked["prediction"]) == list(wanted)


# Keras 3.15 on torch meets numpy 2 with a deprecated call.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keras_leaves_as_its_own_archive(project, tmp_path):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    rows = np.ones((5, 2), "float32")
    version = leaving.save(project, net, {"X": (rows, "train")}, name="net")
    folder = wrote(project, version, tmp_path / "net")
    again = keras.saving.load_model(folder / "model" / "model.keras")
    assert np.allclose(again.predict(rows, verbose=0), net.predict(rows, verbose=0))
    again = asking.ask(open_bundle(folder).model(), rows)
    assert np.allclose(again["answers"], net.predict(rows, verbose=0))


def test_a_function_of_the_notebook_leaves_with_its_code(project, tmp_path):
    space = {"__name__": "__main__", "pd": pd}
    source = "RATE = 2.0\n\ndef price(rows):\n    return rows.sum(axis=1) * RATE\n"
    exec(source, space)
    rows, _ = leaving.numbers()
    sources = ["import pandas as pd\nprint('loud')", source, "table = pd.read_csv('x.csv')"]
    version = leaving.save(project, space["price"], {"X": (rows, "train")}, sources=sources)
    folder = wrote(project, version, tmp_path / "out")
    again = open_bundle(folder).model()
    assert (again(rows) == space["price"](rows)).all()
    text = (folder / "code" / "churn_model.py").read_text()
    assert text == (
        '"""What churn needs of the notebook that made it."""\n\n'
        "RATE = 2.0\n\n\ndef price(rows):\n    return rows.sum(axis=1) * RATE\n"
    )
    spec = importlib.util.spec_from_file_location("churn_model", folder / "code" / "churn_model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (module.price(rows) == again(rows)).all()


def test_local_modules_come_out_of_the_bundle(project, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    source = (
        "class Rates:\n    def predict(self, rows):\n        return [7 for _ in range(len(rows))]\n"
    )
    (tmp_path / "ratesofours.py").write_text(source)
    import ratesofours

    rows, _ = leaving.numbers()
    version = leaving.save(
        project, ratesofours.Rates(), {"X": (rows, "train")}, local={"ratesofours": source}
    )
    folder = wrote(project, version, tmp_path / "out")
    (tmp_path / "ratesofours.py").write_text("raise SystemExit('not this one')\n")
    sys.modules.pop("ratesofours")
    hooks = list(sys.meta_path)
    try:
        assert open_bundle(folder).model().predict(rows)[0] == 7
    finally:
        sys.meta_path[:] = hooks
        sys.modules.pop("ratesofours", None)
    assert not list(folder.rglob("__pycache__"))
    assert open_bundle(folder).check()


def test_the_module_with_the_code_never_hides_another():
    assert bundle.code_name("team/churn-2", ()) == "churn_2_model"
    assert bundle.code_name("7up", ()) == "m_7up_model"
    assert bundle.code_name("churn", ["churn_model", "churn_model_2"]) == "churn_model_3"


def test_what_the_user_says_of_a_model_comes_into_its_card(project, tmp_path):
    rows, target = leaving.numbers()
    said = (
        "# Card\n## Intended use\nWhom to call\nfirst.\n\n## Limits\n\n<script>alert(1)</script>\n"
    )
    leaving.save(project, leaving.forest(rows, target), {"X": (rows, "train")}, attached=said,
                 metrics={"accuracy": 0.91}, message="a | b `c`")  # fmt: skip
    done = verbs.card("churn")
    text = "\n".join(done.lines)
    assert "## Intended use\n\nWhom to call first.\n" in text
    assert done.data["missing"] == ["Decision boundaries", "Ethical notes"]
    assert "| message | a \\| b \\`c\\` |" in text
    assert "<script>" not in text
    verbs.card("churn", output="card.html")
    page = (tmp_path / "card.html").read_text()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    verbs.card("churn", output="card.md")
    yaml = pytest.importorskip("yaml")
    front = yaml.safe_load((tmp_path / "card.md").read_text().split("---\n")[1])
    assert front["library_name"] == "sklearn"
    assert front["pipeline_tag"] == "tabular-classification"
    assert settings.folder().name == "config"


def test_the_bill_of_materials_keeps_to_its_schema(project, tmp_path):
    validators = pytest.importorskip("cyclonedx.validation.json")
    schema = pytest.importorskip("cyclonedx.schema")
    rows, target = leaving.numbers()
    version = leaving.save(project, leaving.forest(rows, target), {"X": (rows, "train")})
    text = (wrote(project, version, tmp_path / "out") / "sbom.cdx.json").read_text()
    found = validators.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(text)
    assert found is None
    scopes = {one["name"]: one["scope"] for one in json.loads(text)["components"]}
    assert (scopes["scikit-learn"], scopes["joblib"]) == ("required", "optional")
    wanted = (tmp_path / "out" / "environment" / "needed.txt").read_text().split("\n")[2:-1]
    assert [line.partition("==")[0] for line in wanted] == ["numpy", "pandas", "scikit-learn"]
