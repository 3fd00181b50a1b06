"""MLflow's calls as plain HTTP: what nobody's client would send, drafts, pages and ordinals."""

import http.client
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflows import fitted, push, save

from snapbook import places
from snapbook.errors import BadExpression, NotRestorable
from snapbook.export.mlflow import folder as exported
from snapbook.parts import model
from snapbook.refs import parse
from snapbook.registry.mlflow import filters, mlmodel, shelves
from snapbook.repository import Author
from snapbook.verbs import VERBS, Here

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
MLMODEL = """\
flavors:
  python_function: {loader_module: mlflow.sklearn, model_path: model.pkl}
  sklearn: {pickled_model: model.pkl, sklearn_version: 1.9.1}
signature: {inputs: '[{"type": "double", "name": "age"}]', outputs: null}
"""


class Caller:
    """MLflow's REST API, as one who has a token."""

    def __init__(self, registry, *grants, name="someone"):
        token = registry.tokens.make(name, grants) if grants else registry.token
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=registry.url, headers=headers, timeout=30)

    def __call__(self, method, path, status=200, **sent):
        where = "params" if method == "GET" else "json"
        answer = self.http.request(method, f"{API}/{path}", **{where: sent})
        assert answer.status_code == status, answer.text
        return answer.json()

    def put(self, path, data, status=200):
        answer = self.http.put(f"{FILES}/{path}", content=data)
        assert answer.status_code == status, answer.text

    def get(self, path, status=200):
        answer = self.http.get(f"{FILES}/{path}")
        assert answer.status_code == status, answer.text
        return answer.content


@pytest.fixture
def root(registry):
    caller = Caller(registry)
    yield caller
    caller.http.close()


@pytest.fixture(scope="module")
def shared(lasting):
    """Of a registry that tests share; each uses names of its own."""
    caller = Caller(lasting)
    caller("POST", "registered-models/create", name="churn")
    yield caller
    caller.http.close()


@pytest.fixture
def another_one(registry):
    caller = Caller(registry, "writer", name="eve")
    yield caller
    caller.http.close()


def logged(caller, text=MLMODEL, data=b"\x80\x05N.", **files):
    """A logged model with its files: its id."""
    info = caller("POST", "logged-models", experiment_id="0", name="model")["model"]["info"]
    where = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for path, content in {"MLmodel": text.encode(), "model.pkl": data, **files}.items():
        caller.put(f"{where}/{path}", content)
    return info["model_id"]


def test_a_version_is_made_once_of_one_source(registry, root):
    root("POST", "registered-models/create", name="churn")
    id_ = logged(root)
    made = [
        root("POST", "model-versions/create", name="churn", source=f"models:/{id_}")
        for _ in range(3)
    ]
    assert [one["model_version"]["version"] for one in made] == ["1"] * 3
    with places.open_folder(registry.folder) as there:
        assert [event.type for event in there.catalog.read()] == ["model", "version"]
    # Its files are the version's by now, and read by its id all the same.
    listed = root.http.get(FILES, params={"path": f"0/models/{id_}/artifacts"}).json()["files"]
    assert [(one["path"], one["is_dir"]) for one in listed] == [
        ("MLmodel", False), ("model.pkl", False),
    ]  # fmt: skip
    assert root.get(f"0/models/{id_}/artifacts/model.pkl") == b"\x80\x05N."


def test_two_at_once_make_one(registry, root):
    root("POST", "registered-models/create", name="churn")
    source = f"models:/{logged(root, data=bytes(3_000_000))}"
    with ThreadPoolExecutor(4) as pool:
        asks = [
            pool.submit(root, "POST", "model-versions/create", name="churn", source=source)
            for _ in range(4)
        ]
        assert [ask.result()["model_version"]["version"] for ask in asks] == ["1"] * 4
    with places.open_folder(registry.folder) as there:
        assert there.index.count("churn") == 1


def test_who_repeats_where_a_version_comes_from_is_not_taken_for_it(registry, root, another_one):
    root("POST", "registered-models/create", name="churn")
    source = f"models:/{(id_ := logged(root))}"
    root("POST", "model-versions/create", name="churn", source=source)
    another_one("POST", "registered-models/create", name="evil")
    evil = {"mlflow.source": source, "mlflow.run_id": "a" * 32}
    other = f"models:/{logged(another_one, data=b'evil')}"
    made = another_one(
        "POST", "model-versions/create", name="evil", source=other,
        tags=[{"key": key, "value": text} for key, text in evil.items()],
    )["model_version"]  # fmt: skip
    another_one(
        "POST", "model-versions/set-tag", 403, name="evil", version="1", key="mlflow.source",
        value=source,
    )  # fmt: skip
    assert "run_id" not in made
    with places.open_folder(registry.folder) as there:
        there.tag(there.resolve(parse("evil")), evil, (), Author("eve"))
    reader = Caller(registry, "reader", name="ada")
    assert reader.get(f"0/models/{id_}/artifacts/model.pkl") == b"\x80\x05N."
    reader.http.close()


def test_a_line_that_was_cut_costs_no_other(registry, root):
    run = root("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
    (log,) = registry.folder.glob("mlflow/*/*/log")
    with log.open("ab") as file:
        file.write(b'{"params": {"cu')
    root("POST", "runs/log-parameter", run_id=run, key="a", value="1")
    data = root("GET", "runs/get", run_id=run)["run"]["data"]
    assert data["params"] == [{"key": "a", "value": "1"}]


def test_what_it_logged_is_told_before_it_is_loaded(registry, root):
    """Loading executes, so a reader is told what it would import, and what it needs."""
    root("POST", "registered-models/create", name="churn")
    source = f"models:/{logged(root, data=pickle.dumps(print))}"
    root("POST", "model-versions/create", name="churn", source=source)
    with places.open_folder(registry.folder) as there:
        (row,) = there.index.page("churn").rows
        part = next(p for p in there.parts(row.manifest) if p.kind == "model")
        assert part.facts["executes"] is True
        assert model.imports(part, there.store.get) == ("builtins:print",)
        if find_spec("mlflow") is None:
            with pytest.raises(NotRestorable, match="churn needs the module mlflow, absent here"):
                model.restore(part, there.store.get, "churn")


def test_drafts_are_their_makers_alone(registry, root, another_one):
    id_ = logged(root)
    run = root("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
    root("POST", "registered-models/create", name="churn")
    another_one("GET", f"logged-models/{id_}", 404)
    another_one("GET", "runs/get", 404, run_id=run)
    another_one("POST", "runs/log-metric", 404, run_id=run, key="a", value=1)
    another_one("POST", "model-versions/create", 404, name="churn", source=f"models:/{id_}")
    another_one.get(f"0/models/{id_}/artifacts/model.pkl", 404)
    another_one.put(f"0/models/{id_}/artifacts/model.pkl", b"evil", 404)
    assert another_one("POST", "logged-models/search", experiment_ids=["0"]) == {"models": []}
    assert len(root("POST", "logged-models/search", experiment_ids=["0"])["models"]) == 1


def test_old_drafts_are_swept(registry, root):
    old = logged(root)
    (log,) = registry.folder.glob("mlflow/*/*/log")
    os.utime(log, (0, 0))
    new = logged(root)
    root("GET", f"logged-models/{old}", 404)
    root("GET", f"logged-models/{new}")
    assert len(list(registry.folder.glob("mlflow/*/*"))) == 1


@pytest.mark.parametrize(
    "path",
    [
        "0/models/{id}/artifacts/../../../../evil",
        "0/models/{id}/artifacts/a/../evil",
        "0/models/{id}/artifacts/%2e%2e/evil",
        "0/models/{id}/artifacts/a%2f..%2fevil",
        "0/models/{id}/artifacts/a%5cevil",
        "0/models/{id}/artifacts/%00evil",
        "0/models/{id}/artifacts/a%0aevil",
        "0/models/{id}/artifacts//evil",
        "0/models/{id}/artifacts/./evil",
        "0/models/{id}/artifacts/" + "a" * 200 + "evil",
        "0/models/{id}/artifacts/" + "a/" * 100 + "evil",
        "0/models/{id}/artifacts/",
        "0/models/{id}/evil",
        "0/models/../{id}/artifacts/evil",
        "../0/models/{id}/artifacts/evil",
        "/etc/evil",
        "versions/" + "a" * 64 + "/evil",
        "evil",
    ],
)
def test_no_path_leads_out_of_a_draft(lasting, shared, path):
    id_ = logged(shared)
    before = everything(lasting)
    host = httpx.URL(lasting.url)
    for method in ("PUT", "GET"):
        # By a client that does not tidy paths up.
        line = http.client.HTTPConnection(host.host, host.port, timeout=30)
        headers = {"Authorization": f"Bearer {lasting.token}"}
        line.request(method, f"{FILES}/{path.replace('{id}', id_)}", b"evil", headers)
        answer = line.getresponse()
        assert 400 <= answer.status < 500, answer.read()
        line.close()
    assert everything(lasting) == before


def everything(registry):
    """All files of a registry and beside it, but for those of its index."""
    found = registry.folder.parent.rglob("*")
    return {path for path in found if not path.name.startswith("index.sqlite")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "MLmodel"),
        ("[1, 2]", "no table"),
        ("flavors: 3", "names no flavors"),
        ("!!python/object/apply:os.system ['true']", "cannot be read"),
        ("[" * 50_000, "cannot be read"),
        (
            "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(2000)),
            "names no flavors",
        ),
        ("\x00", "cannot be read"),
        ("a: 1\n" * 100_000, "MLmodel"),
    ],
)
def test_an_mlmodel_that_is_none(lasting, shared, text, words):
    id_ = logged(shared, text)
    told = shared("POST", "model-versions/create", 400, name="churn", source=f"models:/{id_}")
    assert (told["error_code"], words in told["message"]) == ("INVALID_PARAMETER_VALUE", True)
    assert shared("GET", "model-versions/search") == {"model_versions": []}


def test_files_that_are_too_large_are_cut_off(another):
    registry = another(pack_bytes=1000)
    caller = Caller(registry)
    info = caller("POST", "logged-models", experiment_id="0")["model"]["info"]
    where = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    caller.put(f"{where}/large", b"x" * 1001, 413)
    caller.get(f"{where}/large", 404)
    assert not [p for p in registry.folder.rglob("*") if p.is_file() and p.stat().st_size == 1001]
    caller.http.close()


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "registered-models/create", {"name": 7}),
        ("POST", "registered-models/create", {"name": ""}),
        ("POST", "registered-models/create", {"name": "a/b/c"}),
        ("POST", "registered-models/create", {"name": "x", "tags": {"a": 1}}),
        ("POST", "registered-models/create", {"name": "x", "tags": [{"key": "a", "value": 1}]}),
        ("POST", "registered-models/create", {"name": "x", "tags": [{"key": "\n", "value": ""}]}),
        ("POST", "registered-models/create", {"name": "x", "description": []}),
        ("GET", "registered-models/search", {"max_results": "-1"}),
        ("GET", "registered-models/search", {"max_results": "0"}),
        ("GET", "registered-models/search", {"max_results": "9999"}),
        ("GET", "registered-models/search", {"page_token": "x"}),
        ("GET", "registered-models/search", {"page_token": "W10="}),
        ("GET", "registered-models/search", {"page_token": "WyJ4IixbMV1d"}),
        ("GET", "registered-models/search", {"order_by": "name; DROP TABLE"}),
        ("GET", "registered-models/search", {"order_by": "depth"}),
        ("GET", "model-versions/search", {"filter": "name = 'a' OR 1 = 1"}),
        ("POST", "runs/create", {"experiment_id": 0}),
        ("POST", "runs/create", {"experiment_id": "0", "start_time": "now"}),
        ("POST", "experiments/create", {"name": "x" * 500}),
        ("POST", "experiments/create", {"name": "\u202e"}),
        ("POST", "logged-models", {"experiment_id": "0", "params": [3]}),
    ],
)
def test_what_is_of_another_type_is_said(lasting, shared, method, path, sent):
    assert shared(method, path, 400, **sent)["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("id_", ["1", "x", "xff", "x0", "y61", "x" + "61" * 300, "x0a", "-1"])
def test_an_experiment_that_is_none(lasting, shared, id_):
    told = shared("GET", "experiments/get", 404, experiment_id=id_)
    assert told["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    shared("POST", "runs/create", 404, experiment_id=id_)


def test_any_name_is_an_experiment_and_keeps_it(registry, root):
    for name in ("Default", "risk", "ä/b c", "0"):
        made = root("POST", "experiments/create", name=name)["experiment_id"]
        found = root("GET", "experiments/get-by-name", experiment_name=name)["experiment"]
        again = root("GET", "experiments/get", experiment_id=made)["experiment"]
        assert found == again
        assert (found["name"], found["experiment_id"]) == (name, made)


def test_a_run_says_so_much_and_no_more(registry, root, monkeypatch):
    monkeypatch.setattr(shelves, "_MOST_LOG", 2000)
    run = root("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
    root("POST", "runs/log-parameter", run_id=run, key="a", value="1")
    root("POST", "runs/log-parameter", 400, run_id=run, key="a", value="2")
    root("POST", "runs/log-parameter", 413, run_id=run, key="b", value="x" * 3000)
    root("POST", "runs/log-metric", 400, run_id=run, key="m", value="high")
    root("POST", "runs/log-metric", run_id=run, key="m", value="NaN")
    data = root("GET", "runs/get", run_id=run)["run"]["data"]
    assert data["params"] == [{"key": "a", "value": "1"}]
    assert data["metrics"] == [{"key": "m", "value": "NaN", "timestamp": 0, "step": 0}]


def test_the_same_version_is_the_same_folder_everywhere(registry, tmp_path, root):
    """Put together from blobs by a server and by a project: equal bytes, and an ordinary pickle."""
    with places.make_repository(tmp_path / "here") as here:
        row = push(here, save(here, fitted(3, 50), "churn"), registry)
        parts = here.parts(row.manifest)
        time = here.manifest(row.manifest).time
        files = exported(row.manifest, time, parts, here.store.get)
        mine = {file.path: b"".join(file.read()) for file in files}
    theirs = {path: root.get(f"versions/{row.manifest}/{path}") for path in mine}
    assert mine == theirs
    assert sorted(mine) == [
        "MLmodel", "conda.yaml", "model.pkl", "python_env.yaml", "requirements.txt",
    ]  # fmt: skip
    assert str(pickle.loads(mine["model.pkl"])) == str(fitted(3, 50))
    told = mlmodel.read(mine["MLmodel"])
    assert (told.loader, told.framework) == ("mlflow.sklearn", "sklearn")
    root.get(f"versions/{row.manifest}/other", 404)
    root.get(f"versions/{row.manifest[::-1]}/MLmodel", 404)


def test_push_into_a_registry_of_ours_by_mlflows_calls(registry, tmp_path, monkeypatch):
    """The other direction needs no MLflow at all: both ends are ours here."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", registry.token)
    with places.make_repository(tmp_path / "here") as here:
        save(here, fitted(), "risk/churn", message="who leaves")
    to = f"mlflow+{registry.url}"
    with Here(tmp_path / "here", face="cli") as at:
        words = VERBS["push"].parse(["risk/churn", "--to", to])
        first, again = (VERBS["push"].run(at, words) for _ in range(2))
    assert first.data["there"] == again.data["there"] == "models:/risk~churn/1"
    assert (first.data["new"], again.data["new"]) == (True, False)
    with places.open_folder(registry.folder) as there:
        (row,) = there.index.page("risk/churn").rows
        assert (row.message, row.class_name) == ("who leaves", "sklearn")
        assert row.params["max_depth"] == "2"


def test_what_is_held_or_pointed_at_is_not_deleted(registry, root, tmp_path):
    with places.make_repository(tmp_path / "here") as here:
        row = push(here, save(here, fitted(), "churn"), registry)
    root("POST", "registered-models/alias", name="churn", version="1", alias="champion")
    for what in ({"name": "churn"}, {"name": "churn", "version": "1"}):
        room = "model-versions" if "version" in what else "registered-models"
        assert "@champion" in root("DELETE", f"{room}/delete", 403, **what)["message"]
    root("DELETE", "registered-models/alias", name="churn", alias="champion")
    with places.open_folder(registry.folder) as there:
        there.hold(there.resolve(parse(row.ref)), "audit", Author("root"))
    for what in ({"name": "churn"}, {"name": "churn", "version": "1"}):
        room = "model-versions" if "version" in what else "registered-models"
        assert "is held" in root("DELETE", f"{room}/delete", 403, **what)["message"]
    with places.open_folder(registry.folder) as there:
        assert there.index.count("churn") == 1


def test_a_page_begins_after_the_last_of_the_one_before(registry, root):
    for name in ("a", "b", "c", "e"):
        root("POST", "registered-models/create", name=name)
    page = root("GET", "registered-models/search", max_results=2)
    assert [one["name"] for one in page["registered_models"]] == ["a", "b"]
    root("POST", "registered-models/create", name="aa")
    root("POST", "registered-models/create", name="d")
    root("DELETE", "registered-models/delete", name="b")
    token = page["next_page_token"]
    rest = root("GET", "registered-models/search", max_results=2, page_token=token)
    assert [one["name"] for one in rest["registered_models"]] == ["c", "d"]
    # A token is for the search that it was given for.
    other = {"page_token": token, "filter": "name != 'x'"}
    root("GET", "registered-models/search", 400, **other)


ATTRIBUTES = {"name": str, "version_number": int}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("name = 'churn'", True),
        ("  name='churn'  AND version_number>2 ", True),
        ("name != 'churn'", False),
        ("name LIKE 'ch%n' AND name ILIKE '%HUR_'", True),
        ("name LIKE 'CH%'", False),
        ("attribute.name IN ('a', 'churn')", True),
        ("attributes.`name` NOT IN ('a', 'churn')", False),
        ("version_number <= 3 and version_number >= 3 AND version_number < 4", True),
        ("version_number != -1", True),
        ("tags.`who did` = 'a''b'", None),
        ("tags.`who did` = 'ada'", True),
        ('tag."who did" LIKE "a_a"', True),
        ("tags.other = 'x'", False),
        ("tags.other != 'x'", False),
        ("tags.`mlflow.prompt.is_prompt` != 'true'", True),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", False),
        (r"name = 'chu\rn'", True),
        ("name = 'a.c' OR name = 'b'", None),
        ("name > 'a'", None),
        ("name = 3", None),
        ("version_number = '3'", None),
        ("version_number LIKE 3", None),
        ("version_number = 3.5", None),
        ("metrics.auc > 1", None),
        ("owner = 'x'", None),
        ("name =", None),
        ("name IN ()", None),
        ("name IN ('a'", None),
        ("= 'x'", None),
        ("name = 'x' AND", None),
        ("name = 'x'; DROP TABLE versions", None),
        (" AND ".join(["name = 'x'"] * 101), None),
    ],
)
def test_filters(text, holds):
    if holds is None:
        with pytest.raises(BadExpression):
            filters.parse(text, ATTRIBUTES)
        return
    values, tags = {"name": "churn", "version_number": 3}, {"who did": "ada"}
    assert all(one.holds(values, tags) for one in filters.parse(text, ATTRIBUTES)) is holds


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="nameAND tags.`'\"\\=<>!%_()LIKE 0123,-", max_size=60))
def test_any_text_is_a_filter_or_none(text):
    try:
        clauses = filters.parse(text, ATTRIBUTES)
    except BadExpression:
        return
    for clause in clauses:
        clause.holds({"name": "a", "version_number": 1}, {"a": "b"})


def test_a_like_cannot_be_slow():
    (clause,) = filters.parse("name LIKE '" + "%a" * 40 + "b'", ATTRIBUTES)
    assert not clause.holds({"name": "a" * 128}, {})
