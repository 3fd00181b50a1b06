"""The unmodified MLflow client against a registry of ours."""

import pytest
from mlflows import Mlflow, MlflowError, fitted, needed, push, save, table

from snapbook import places
from snapbook.promote import policies
from snapbook.repository import Author
from snapbook.transfer import Local, transfer

pytestmark = [pytest.mark.slow, needed]
LOG = """
from sklearn.linear_model import LogisticRegression
fit = LogisticRegression(C=2.0).fit(TABLE, LABELS)
mlflow.set_experiment("risk")
with mlflow.start_run(run_name="first") as run:
    mlflow.log_params({"depth": 2, "kind": "linear"})
    mlflow.log_metric("auc", 0.5, step=1)
    mlflow.log_metric("auc", 0.875, step=2)
    mlflow.set_tag("team", "risk")
    info = mlflow.sklearn.log_model(
        fit, name="model", registered_model_name=name, input_example=TABLE.head(2),
        pip_requirements=["scikit-learn==1.2.3", "numpy"],
    )
    mlflow.log_metric("latency", 12.5)
"""


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    client = Mlflow(tmp_path_factory.mktemp("mlflow"))
    yield client
    client.close()


@pytest.fixture(scope="module")
def known(lasting, tmp_path_factory):
    """churn has two versions, risk/churn one; the project that they came from."""
    with places.make_repository(tmp_path_factory.mktemp("project")) as here:
        for name, depth, wish in (
            ("churn", 2, {"message": "a start", "tags": {"team": "crm"}}),
            ("churn", 3, {}),
            ("risk/churn", 3, {}),
        ):
            push(here, save(here, fitted(depth), name, **wish), lasting)
        yield here


def predicted(fit):
    return fit.predict(table()[0]).tolist()


def test_it_loads_versions_by_number_alias_and_stage(lasting, known, mlflow):
    code = """
client.set_registered_model_alias("churn", "champion", "2")
result = [mlflow.pyfunc.load_model(uri).predict(TABLE).tolist() for uri in (
    "models:/churn/1", "models:/churn@champion", "models:/churn/latest", "models:/risk~churn/1")]
"""
    assert mlflow.run(lasting, code) == [predicted(fitted(depth)) for depth in (2, 3, 3, 3)]
    got = mlflow.run(lasting, 'm = mlflow.sklearn.load_model("models:/churn/1"); result = str(m)')
    assert got == str(fitted(2))


def test_a_version_as_it_is_told(lasting, known, mlflow):
    code = """
one = client.get_model_version("churn", 1)
uri = client.get_model_version_download_uri("churn", 1)
told = mlflow.models.get_model_info("models:/churn/1")
result = {**dict(one), "uri": uri, "flavors": sorted(told.flavors), "metadata": told.metadata,
          "inputs": told.signature and told.signature.inputs.to_dict()}
"""
    told = mlflow.run(lasting, code)
    row = known.index.page("churn").rows[-1]
    assert (told["name"], told["version"], told["status"]) == ("churn", "1", "READY")
    assert (told["description"], told["user_id"]) == ("a start", "ada")
    assert told["tags"] == {
        "team": "crm", "snapbook.ref": "churn:0.1.0", "snapbook.digest": row.manifest,
    }  # fmt: skip
    files = f"/api/2.0/mlflow-artifacts/artifacts/versions/{row.manifest}"
    assert told["uri"] == lasting.url + files
    assert told["flavors"] == ["python_function", "sklearn"]
    assert told["metadata"] == {"snapbook.digest": row.manifest}


def test_models_without_versions(registry, mlflow):
    code = """
made = client.create_registered_model("empty", {"a": "1", "b": "2"}, "nothing yet")
client.delete_registered_model_tag("empty", "a")
client.set_registered_model_tag("empty", "c d/e", "3")
client.update_registered_model("empty", "still nothing")
client.rename_registered_model("empty", "full")
one = client.get_registered_model("full")
result = [one.name, one.description, one.tags, one.latest_versions,
          made.creation_timestamp == one.creation_timestamp <= one.last_updated_timestamp,
          [m.name for m in client.search_registered_models()]]
client.delete_registered_model("full")
result += [len(client.search_registered_models())]
"""
    told = mlflow.run(registry, code)
    tags = {"b": "2", "c d/e": "3"}
    assert told == ["full", "still nothing", tags, [], True, ["full"], 0]
    with places.open_folder(registry.folder) as there:
        kinds = [event.type for event in there.catalog.read()]
        assert kinds == ["model"] * 4 + ["rename", "model"]
        assert all(event.rest["via"]["who"] == "root" for event in there.catalog.read())
        assert list(there.catalog.verify()) == []


def test_versions_described_tagged_found_and_deleted(registry, tmp_path, mlflow):
    with places.make_repository(tmp_path / "here") as here:
        for depth in (1, 2, 3, 4, 5):
            push(here, save(here, fitted(depth, 2), "churn", tags={"depth": str(depth)}), registry)
        push(here, save(here, fitted(1, 3), "price"), registry)
    code = """
def found(filter, **named):
    return [m.name + m.version for m in client.search_model_versions(filter, **named)]
client.update_model_version("churn", 2, "better")
client.set_model_version_tag("churn", 2, "seen by", "ada")
client.set_model_version_tag("churn", 2, "gone", "x")
client.delete_model_version_tag("churn", 2, "gone")
client.delete_model_version("churn", 3)
two = client.get_model_version("churn", 2)
page = client.search_model_versions("name = 'churn'", 3, ["version_number ASC"])
rest = client.search_model_versions("name = 'churn'", 3, ["version_number ASC"], page.token)
result = {
    "two": [two.description, two.tags["seen by"], "gone" in two.tags],
    "newest words": found("name = 'churn'", max_results=1),
    "pages": [[m.version for m in page], [m.version for m in rest], rest.token],
    "number": found("version_number >= 4 AND name LIKE 'chu%'", order_by=["version_number"]),
    "tag": found("tags.`seen by` ILIKE 'AD_'"),
    "list": found("name IN ('price', 'none')"),
    "not": found("name != 'churn'"),
    "depth": found("tag.depth = '5' and attribute.name = 'churn'"),
    "models": [m.name for m in client.search_registered_models("name ILIKE '%R%'",
               order_by=["name DESC"])],
    "latest": [m.version for m in client.get_latest_versions("churn", ["None"])],
}
"""
    assert mlflow.run(registry, code) == {
        "two": ["better", "ada", False],
        "newest words": ["churn2"],
        "pages": [["1", "2", "4"], ["5"], ""],
        "number": ["churn4", "churn5"],
        "tag": ["churn2"],
        "list": ["price1"],
        "not": ["price1"],
        "depth": ["churn5"],
        "models": ["price", "churn"],
        "latest": ["5"],
    }
    with pytest.raises(MlflowError, match="churn has no version 3") as error:
        mlflow.run(registry, 'client.get_model_version("churn", 3)')
    assert error.value.code == "RESOURCE_DOES_NOT_EXIST"


def test_its_error_codes(lasting, known, mlflow):
    for code, wanted, words in (
        ('client.create_registered_model("churn")', "RESOURCE_ALREADY_EXISTS", "a model already"),
        ('client.create_registered_model("a b")', "INVALID_PARAMETER_VALUE", "cannot be"),
        ('client.get_registered_model("none")', "RESOURCE_DOES_NOT_EXIST", "no model none"),
        ('client.get_model_version("churn", 99)', "RESOURCE_DOES_NOT_EXIST", "no version 99"),
        ('client.get_model_version_by_alias("churn", "x")', "RESOURCE_DOES_NOT_EXIST", "no alias"),
        ('client.rename_registered_model("churn", "risk~churn")', "RESOURCE_ALREADY_EXISTS",
         "a model already"),
        ('client.search_model_versions("depth = 1")', "INVALID_PARAMETER_VALUE", "depth is none"),
        ('client.create_model_version("churn", "s3://b/m")', "INVALID_PARAMETER_VALUE",
         "Log the model with this registry"),
        ('client.get_run("a" * 32)', "RESOURCE_DOES_NOT_EXIST", "no run"),
        ('client.delete_experiment("0")', "ENDPOINT_NOT_FOUND", "does not answer"),
    ):  # fmt: skip
        with pytest.raises(MlflowError, match=words) as error:
            mlflow.run(lasting, code)
        assert error.value.code == wanted, code
    with pytest.raises(MlflowError, match="does not know you") as error:
        mlflow.run(lasting, "client.search_registered_models()", token="snapbook_x_y")
    assert error.value.code == "UNAUTHENTICATED"


def test_a_token_goes_as_the_password_of_any_name(lasting, known, mlflow):
    token = lasting.tokens.make("ada", ("writer:price",))
    code = """
client.create_registered_model("price")
with mlflow.start_run() as run:
    mlflow.log_text("hello", "notes.txt")
result = [[m.name for m in client.search_registered_models()],
          mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes.txt")]
"""
    assert mlflow.run(lasting, code, token=token, user="whoever") == [["price"], "hello"]
    lasting.tokens.revoke(token.split("_")[1])
    with pytest.raises(MlflowError, match="does not know you") as error:
        mlflow.run(lasting, "client.search_registered_models()", token=token, user="ada")
    assert error.value.code == "UNAUTHENTICATED"


def test_what_one_may_not_read_does_not_exist(lasting, known, mlflow):
    token = lasting.tokens.make("eve", ("reader:risk/*",))
    code = """
result = [[m.name for m in client.search_registered_models()],
          [m.name for m in client.search_model_versions()],
          mlflow.pyfunc.load_model("models:/risk~churn/1").predict(TABLE).tolist()]
"""
    told = mlflow.run(lasting, code, token=token)
    assert told == [["risk~churn"], ["risk~churn"], predicted(fitted(3))]
    hidden = known.index.page("churn").rows[-1]
    path = f"{lasting.url}/api/2.0/mlflow-artifacts/artifacts/versions/{hidden.manifest}"
    for code, wanted in (
        ('client.get_model_version("churn", 1)', "RESOURCE_DOES_NOT_EXIST"),
        ('client.create_registered_model("churn")', "RESOURCE_DOES_NOT_EXIST"),
        ('client.set_registered_model_alias("churn", "a", 1)', "RESOURCE_DOES_NOT_EXIST"),
        ('client.delete_registered_model("risk~churn")', "PERMISSION_DENIED"),
        ('client.set_model_version_tag("risk~churn", 1, "a", "b")', "PERMISSION_DENIED"),
        ('client.set_registered_model_alias("risk~churn", "a", 1)', "PERMISSION_DENIED"),
        ("mlflow.start_run()", "PERMISSION_DENIED"),
        (f'mlflow.artifacts.download_artifacts("{path}/MLmodel")', "HTTPError"),
    ):
        with pytest.raises(MlflowError) as error:
            mlflow.run(lasting, code, token=token)
        assert error.value.code == wanted, (code, str(error.value))


def test_a_protected_alias_moves_as_its_policy_says(registry, tmp_path, mlflow):
    with places.make_repository(tmp_path / "here") as here:
        for depth in (2, 3):
            push(here, save(here, fitted(depth), "churn"), registry)
    with places.open_folder(registry.folder) as there:
        policies.change(there, "churn", "[production]\napprovals = 1\n", {}, Author("root"))
    act = 'client.set_registered_model_alias("churn", "production", 2)'
    stage = 'client.transition_model_version_stage("churn", 2, "Production")'
    writer = registry.tokens.make("bob", ("writer",))
    for code, token in ((act, writer), (stage, writer), (act, ""), (stage, "")):
        with pytest.raises(MlflowError, match=r"approv|promote") as error:
            mlflow.run(registry, code, token=token)
        assert error.value.code == "PERMISSION_DENIED"
    with places.open_folder(registry.folder) as there:
        free = "[production]\napprovals = 0\n[staging]\n"
        policies.change(there, "churn", free, {}, Author("root"))
    code = """
def stages():
    return [client.get_model_version("churn", n).current_stage for n in (1, 2)]
result = []
client.transition_model_version_stage("churn", 1, "Staging"); result += [stages()]
client.transition_model_version_stage("churn", 2, "Production"); result += [stages()]
client.set_registered_model_alias("churn", "production", 1); result += [stages()]
client.delete_registered_model_alias("churn", "production")
client.transition_model_version_stage("churn", 1, "archived"); result += [stages()]
result += [client.get_registered_model("churn").aliases]
"""
    told = mlflow.run(registry, code)
    assert told[:3] == [["Staging", "None"], ["Staging", "Production"], ["Production", "Archived"]]
    assert told[3:] == [["Archived", "Archived"], {}]
    with places.open_folder(registry.folder) as there:
        moves = [event for event in there.catalog.read() if event.type == "alias"]
        assert [event.body.get("way") for event in moves] == ["promote"] * 3 + [None] * 2
        assert list(there.catalog.verify()) == []


def test_what_it_logs_is_a_version(registry, tmp_path, mlflow):
    code = (
        LOG
        + """
one = client.get_model_version("tree", 1)
result = {"number": one.version, "run": one.run_id == run.info.run_id, "tags": one.tags,
          "loaded": mlflow.pyfunc.load_model("models:/tree/1").predict(TABLE).tolist(),
          "by id": mlflow.pyfunc.load_model(info.model_uri).predict(TABLE).tolist(),
          "of the run": [m.name for m in client.search_model_versions(f"run_id='{one.run_id}'")],
          "metrics": client.get_run(one.run_id).data.metrics,
          "history": [m.value for m in client.get_metric_history(one.run_id, "auc")],
          "experiment": client.get_experiment(run.info.experiment_id).name}
"""
    )
    told = mlflow.run(registry, code, name="tree")
    assert (told["number"], told["run"], told["of the run"]) == ("1", True, ["tree"])
    assert told["loaded"] == told["by id"] == table()[1]
    assert told["metrics"] == {"auc": 0.875, "latency": 12.5}
    assert (told["history"], told["experiment"]) == ([0.5, 0.875], "risk")
    # What the run said after its model was registered is said of the version.
    assert (told["tags"]["team"], told["tags"]["latency"]) == ("risk", "12.5")
    with registry.remote("reader") as side, places.make_repository(tmp_path / "here") as here:
        transfer(side, Local(here), side.resolve("tree"), Author("pull"))
        (row,) = here.index.page("tree").rows
        assert (row.class_name, row.author, row.damage) == ("sklearn", "root", "")
        assert row.params == {"depth": "2", "kind": "linear"}
        assert {name: metric.value for name, metric in row.metrics.items()} == {"auc": 0.875}
        parts = {part.kind: part for part in here.parts(row.manifest)}
        assert [one["name"] for one in parts["model"].facts["inputs"]] == ["age", "visits"]
        assert parts["environment"].facts["imported"]["scikit-learn"] == "1.2.3"
        assert here.whole(row)


def test_what_it_logged_is_restored_where_mlflow_is(registry, mlflow):
    mlflow.run(registry, LOG, name="tree")
    code = """
import pathlib
from snapbook import places
from snapbook.parts import model
with places.open_folder(pathlib.Path(folder)) as there:
    (row,) = there.index.page("tree").rows
    part = next(part for part in there.parts(row.manifest) if part.kind == "model")
    fit = model.restore(part, there.store.get)
result = [type(fit).__name__, fit.predict(TABLE).tolist()]
"""
    told = mlflow.run(registry, code, folder=str(registry.folder))
    assert told == ["LogisticRegression", table()[1]]


def test_a_model_logged_twice_costs_its_few_own_words(registry, mlflow):
    # MLflow's default form, skops, writes other bytes each time.
    plain = LOG.replace('name="model",', 'name="model", serialization_format="cloudpickle",')
    large = "from sklearn.ensemble import RandomForestClassifier as LogisticRegression"
    plain = plain.replace("from sklearn.linear_model import LogisticRegression", large)
    plain = plain.replace("(C=2.0)", "(300, random_state=0)")
    sizes = []
    for _ in range(2):
        mlflow.run(registry, plain, name="tree")
        with places.open_folder(registry.folder) as there:
            sizes.append(sum(len(there.store.get(digest)) for digest in there.store.digests()))
            facts = [parts_of(there, row) for row in there.index.page("tree").rows]
    assert [one["digest"] for one in facts] == [facts[0]["digest"]] * 2
    assert facts[0]["stored_bytes"] > 150_000
    assert sizes[1] - sizes[0] < sizes[0] / 4


def parts_of(repository, row):
    return next(p.facts for p in repository.parts(row.manifest) if p.kind == "model")


def test_copies_and_a_model_of_a_run(registry, mlflow):
    code = (
        LOG
        + """
again = mlflow.register_model(f"runs:/{run.info.run_id}/model", "again")
twice = mlflow.register_model(f"runs:/{run.info.run_id}/model", "again")
copy = client.copy_model_version("models:/tree/1", "copied")
result = [[m.name, m.version, m.tags["snapbook.digest"]] for m in (again, twice, copy)]
result += [mlflow.pyfunc.load_model("models:/copied/1").predict(TABLE).tolist()]
"""
    )
    *made, answer = mlflow.run(registry, code, name="tree")
    assert [one[:2] for one in made] == [["again", "1"], ["again", "1"], ["copied", "1"]]
    assert len({one[2] for one in made}) == 1
    assert answer == table()[1]


def test_files_of_a_run_are_a_model_too(registry, mlflow):
    code = """
from sklearn.linear_model import LogisticRegression
fit = LogisticRegression().fit(TABLE, LABELS)
mlflow.sklearn.save_model(fit, "saved", pip_requirements=["scikit-learn"])
with mlflow.start_run() as run:
    mlflow.log_artifacts("saved", "deep/model")
    mlflow.log_text("hello", "notes.txt")
made = mlflow.register_model(f"runs:/{run.info.run_id}/deep/model", "plain")
result = [made.version, mlflow.pyfunc.load_model("models:/plain/1").predict(TABLE).tolist(),
          sorted(f.path for f in client.list_artifacts(run.info.run_id)),
          mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes.txt")]
"""
    told = mlflow.run(registry, code)
    assert told[0] == "1"
    assert len(told[1]) == 40
    assert told[2:] == [["deep", "notes.txt"], "hello"]
