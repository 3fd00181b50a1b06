"""judge: real models tried in their own process, in a project and for a registry over HTTP."""

import pytest
from trial.fitted import forest, key, linear, logistic, people, save

from snapbook import canonical, places, settings
from snapbook.errors import BadOption, NotFound, Refused, Untrusted
from snapbook.kernel import Kernel
from snapbook.promote import policies
from snapbook.repository import Author
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

POLICY = """\
[production.gates.robustness]
sample = 50
tries = 4
[production.gates.bias]
column = "group"
ratio = { selection_rate = 0.5 }
[production.gates.score]
[staging]
[staging.gates.calibrated]
own = true
most = 0.25
"""
ROWS, TARGET, GROUP = people(300)
FRAMES = {
    "X_train": (ROWS, "train"),
    "X_test": (ROWS.iloc[:200], "test"),
    "y_test": (TARGET.iloc[:200], "test"),
    "who": (GROUP.to_frame(), ""),
}


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_AUTHOR", "bob")
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


@pytest.fixture
def project(tmp_path):
    """Two versions by the user himself, the second of them with another sort of model."""
    folder = tmp_path / "project"
    folder.mkdir()
    mine = key(settings.folder())
    with places.make_repository(folder) as repository:
        save(repository, logistic(ROWS, TARGET), FRAMES, mine)
        save(repository, forest(ROWS, TARGET), FRAMES, mine)
        policies.change(repository, "churn", POLICY, {}, Author("ada"))
    return folder


def run(folder, *words, kernel=None):
    with Here(folder, kernel=kernel, face="cli") as here:
        done = VERBS[words[0]].run(here, VERBS[words[0]].parse(list(words[1:])))
        return "\n".join(done.lines)


def evidence(folder, gate):
    with places.open_folder(places.place(folder).folder) as repository:
        ruling = next(r for r in repository.index.rulings("churn", "verdict") if r.word == gate)
        return canonical.decode(repository.store.get(ruling.kept))


def test_a_version_is_judged_and_promoted(project):
    with pytest.raises(Refused, match="robustness: not judged yet"):
        run(project, "promote", "churn:0.1.0", "production")
    said = run(project, "judge", "churn:0.1.0", "production")
    assert said.startswith("judged churn:0.1.0 for production\n  passes robustness (noise flips ")
    assert "of 50 rows (judged by bob))" in said
    assert said.endswith("next: snapbook promote churn:0.1.0 production")
    kept = evidence(project, "bias")
    assert kept["facts"]["rows"] == "X_test"
    assert kept["facts"]["rows_from"] == "churn:0.1.0"
    assert kept["facts"]["column"] == "group"
    assert set(kept["with"]) == {"python", "snapbook"}
    run(project, "promote", "churn:0.1.0", "production")
    review = run(project, "review", "churn:0.2.0")
    assert "fails  score: not judged yet" in review
    review = run(project, "review", "churn:0.1.0", "--alias", "staging")
    assert "calibrated: not judged yet" in review
    said = run(project, "judge", "churn:0.2.0", "production")
    assert "score (accuracy" in said or "score: accuracy" in said
    review = run(project, "review", "churn:0.2.0")
    assert "robustness\n  change    flips" in review
    assert "bias\n  group  rows  selection_rate" in review
    assert "score\n  score     new" in review


def test_metrics_by_group_come_into_the_card(project):
    """As text, page, data and metadata, and into the gate that asks for them."""
    assert "By group: not stated." in run(project, "card", "churn:0.1.0")
    policy = "[staging.gates.card]\nsections = ['Metrics by group']\n"
    with places.open_folder(places.place(project).folder) as repository:
        policies.change(repository, "churn", f"{POLICY}{policy}", {}, Author("ada"))
    asked = ("churn:0.1.0", "staging", "--dry-run")
    with pytest.raises(Refused, match="not stated: Metrics by group"):
        run(project, "promote", *asked)
    run(project, "judge", "churn:0.1.0", "production", "--gate", "bias")
    said = run(project, "card", "churn:0.1.0")
    assert "By group, in X\\_test; judged by bob, 20" in said
    facts = evidence(project, "bias")["facts"]
    rates, count = facts["rates"], facts["rows_by_group"]["a"]
    rate = rates["a"]["selection_rate"]
    (row,) = [line for line in said.splitlines() if line.startswith(f"| a | {count} | ")]
    assert f" {rate:.3g} |" in row
    with Here(project, face="cli") as here:
        data = VERBS["card"].run(here, VERBS["card"].parse(["churn:0.1.0"])).data
    (told,) = [one for one in data["sections"] if one["title"] == "Metrics by group"]
    assert row == f"| {' | '.join(told['table'][1])} |"
    first = data["metadata"]["model-index"][0]["results"][0]
    assert first["dataset"]["args"] == {"column": "group", "group": "a", "rows": count}
    assert {one["type"]: one["value"] for one in first["metrics"]} == rates["a"]
    run(project, "card", "churn:0.1.0", "-o", "card.html")
    page = (project / "card.html").read_text()
    assert "<title>selection rate</title>" in page
    assert "not stated: Metrics by group" not in str(refusal(project, *asked))
    assert "By group: not stated." not in said
    assert "By group: not stated." in run(project, "card", "churn:0.2.0")


def refusal(folder, *words):
    with pytest.raises(Refused) as refused:
        run(folder, "promote", *words)
    return refused.value


def test_dry_run_and_what_is_not_there(project):
    with places.open_folder(places.place(project).folder) as repository:
        head = repository.catalog.head()
        words = ("churn:0.1.0", "production", "--gate", "robustness", "--dry-run")
        said = run(project, "judge", *words)
        assert said.startswith("would judge churn:0.1.0 for production\n  passes robustness: noise")
        assert repository.catalog.head() == head
    with pytest.raises(BadOption, match="production asks for no gate latency"):
        run(project, "judge", "churn", "production", "--gate", "latency")
    with pytest.raises(BadOption, match="There is no frame X_new here"):
        run(project, "judge", "churn", "production", "--data", "X_new")
    with pytest.raises(NotFound, match="Gate calibrated is a function of your own"):
        run(project, "judge", "churn", "staging")
    assert run(project, "judge", "churn", "candidate") == (
        "no gate of candidate needs the model of churn:0.2.0"
    )


def test_a_function_of_the_notebook_and_its_frames(project):
    source = (
        "def calibrated(model, X, y, settings):\n"
        "    token = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'\n"
        "    value = float(((model.predict_proba(X)[:, 1] - y) ** 2).mean())\n"
        "    return value < settings['most'], f'Brier {value:.3f}'\n"
    )
    (project / "gates.py").write_text(source)
    space = {"X_new": ROWS.iloc[200:], "y_new": TARGET.iloc[200:]}
    exec(compile(source, str(project / "gates.py"), "exec"), space)
    kernel = Kernel.start(space, None)
    said = run(project, "judge", "churn:0.1.0", "staging", "--data", "X_new",
               "--target", "y_new", kernel=kernel)  # fmt: skip
    assert "calibrated (Brier 0." in said
    kept = evidence(project, "calibrated")
    assert kept["source"].startswith("def calibrated(model, X, y, settings):")
    assert "ghp_" not in kept["source"]
    assert kept["facts"]["rows_from"] == "the kernel"
    assert (kept["facts"]["rows"], kept["facts"]["target"]) == ("X_new", "y_new")
    assert kept["facts"]["count"] == 100
    run(project, "promote", "churn:0.1.0", "staging")


def test_rows_of_a_benchmark(project):
    """The frame that the policy names by an alias, and no other."""
    with places.open_folder(places.place(project).folder) as repository:
        golden = repository.index.numbered("churn", (0, 2, 0))
        repository.move_alias(golden, "golden", Author("ada"))
        text = '[production.gates.score]\nrows_of = "golden"\nrows = "X_train"\n'
        policies.change(repository, "churn", text, {}, Author("ada"))
    space = {"X_new": ROWS.iloc[200:]}
    with pytest.raises(BadOption, match="Gate score asks for the rows of golden"):
        run(project, "judge", "churn:0.1.0", "production", "--data", "X_new",
            kernel=Kernel.start(space, None))  # fmt: skip
    with places.open_folder(places.place(project).folder) as repository:
        wrong = text.replace("X_train", "X_old")
        policies.change(repository, "churn", wrong, {}, Author("ada"))
    with pytest.raises(NotFound, match="Nothing to judge on: X_old"):
        run(project, "judge", "churn:0.1.0", "production")


def test_whom_nobody_trusts_is_not_loaded(project, tmp_path):
    """Neither the version nor the one it is compared with."""
    eve = key(tmp_path / "eve")
    with places.open_folder(places.place(project).folder) as repository:
        theirs = save(repository, linear(ROWS), FRAMES, eve, "eve")
        head = repository.catalog.head()
        with pytest.raises(Untrusted, match=r"churn:0\.3\.0 is a pickle by eve that imports"):
            run(project, "judge", theirs.ref, "production")
        repository.move_alias(theirs, "production", Author("eve"))
        with pytest.raises(Untrusted):
            run(project, "judge", "churn:0.1.0", "production")
        assert repository.catalog.head().n == head.n + 1


def test_rows_that_were_not_kept(project):
    import pandas as pd

    with places.open_folder(places.place(project).folder) as repository:
        mine = key(settings.folder())
        save(repository, logistic(ROWS, TARGET), {"X_train": (ROWS, "train")}, mine)
        with pytest.raises(NotFound, match=r"Nothing to judge on: no test data are known of it"):
            run(project, "judge", "churn", "production")
        whole = pd.concat([ROWS, TARGET, GROUP], axis=1)
        save(repository, logistic(ROWS, TARGET), {"holdout": (whole, "test")}, mine)
        text = POLICY.replace("[staging]", 'target = "paid"\n[staging]')
        policies.change(repository, "churn", text, {}, Author("ada"))
    said = run(project, "judge", "churn", "production")
    assert "score (accuracy 1 on 300 rows" in said, "the columns that the model takes, of more"
    assert "selection_rate in a ratio" in said


# -- for a registry


@pytest.fixture
def team(project, tmp_path, monkeypatch):
    """A real registry with the project's versions and policy; gives a change of the token."""
    pytest.importorskip("uvicorn")
    from registry.conftest import Standing

    standing = Standing(tmp_path / "registry")
    run(project, "registry", "add", "team", standing.url)

    def as_(name, *grants):
        monkeypatch.setenv("SNAPBOOK_TOKEN", standing.tokens.make(name, grants))
        monkeypatch.setenv("SNAPBOOK_AUTHOR", name)

    as_("root", "admin")
    for ref in ("churn:0.1.0", "churn:0.2.0"):
        run(project, "push", ref, "--rows", "--yes", "--registry", "team")
    gate = "[production.gates.robustness]\nsample = 50\ntries = 4\n"
    (project / "policy.toml").write_text(f'[production]\njudges = "approver"\n{gate}')
    run(project, "policy", "team::churn", "policy.toml")
    standing.as_ = as_
    yield standing
    standing.stop()


def test_judged_for_a_registry(team, project, tmp_path, monkeypatch):
    """The model is loaded here, and only words go there."""
    team.as_("wes", "writer")
    said = run(project, "judge", "team::churn:0.1.0", "production")
    assert "what wes found does not count, the policy asks for an approver" in said
    team.as_("bob", "approver")
    said = run(project, "judge", "team::churn:0.1.0", "production")
    assert said.endswith("next: snapbook promote churn:0.1.0 production --registry team")
    said = run(project, "promote", "team::churn:0.1.0", "production")
    assert "judged by bob" in said
    with places.open_folder(team.folder) as there:
        event = there.catalog.event(there.index.rulings("churn", "verdict")[0].n)
    assert event.body["role"] == "approver"
    assert event.rest["via"]["who"] == "bob"
    team.as_("rita", "reader")
    with pytest.raises(Refused):
        run(project, "judge", "team::churn:0.2.0", "production")
    team.as_("sam", "approver:other")
    with pytest.raises(NotFound, match="There is no model churn here"):
        run(project, "judge", "team::churn:0.2.0", "production")
    # Whoever knows nobody of them loads nothing.
    team.as_("bob", "approver")
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "elsewhere"))
    run(project, "registry", "add", "team", team.url)
    with pytest.raises(Untrusted, match="Pull it first, and trust it here: ") as told:
        run(project, "judge", "team::churn:0.2.0", "production")
    run(project, told.value.hint.verb, *told.value.hint.args)
    run(project, "trust", "churn:0.2.0")
    said = run(project, "judge", "team::churn:0.2.0", "production", "--gate", "robustness")
    assert "robustness (noise" in said
