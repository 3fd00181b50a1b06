"""The table of verbs as faces with buttons use it: names, where a verb can run, on what."""

import re

import answered
import pytest

import snapbook
from snapbook.errors import SnapbookError
from snapbook.verbs import VERBS
from snapbook.verbs.here import Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

WORDS = {
    "list": ["churn"],
    "show": ["churn"],
    "lineage": ["churn"],
    "diff": ["churn"],
    "tag": ["churn", "team=risk"],
    "note": ["churn", "a word"],
    "rename": ["churn", "leaving"],
    "delete": ["churn:0.1.0"],
    "hold": ["churn:0.1.0", "--reason", "audit"],
    "verify": [],
    "gc": [],
    "audit": [],
    "status": [],
    "init": [],
    "config": ["card", "quiet"],
    "key": ["rotate"],
    "trust": ["churn"],
    "autoload": ["on"],
    "export": ["churn"],
    "serve": ["churn", "--port", "0"],
    "predict": ["churn", "rows.csv"],
    "monitor": ["churn", "-o", "churn.html"],
    "bug-report": [],
    "help": [],
    "save": ["churn"],
    "restore": ["churn"],
    "auto": ["on"],
    "registry": ["add", "other", "https://models.example.com"],
    "login": ["team"],
    "promote": ["churn:0.1.0", "staging"],
    "rollback": ["churn", "staging"],
    "deploy": ["churn:0.1.1", "--shadow"],
    "pause": ["churn"],
    "resume": ["churn"],
    "request": ["churn", "production"],
    "approve": ["churn", "production"],
    "reject": ["churn", "production", "--reason", "not yet"],
    "judge": ["churn:0.1.0", "production"],
    "review": ["churn"],
    "policy": ["churn", "policy.toml"],
    "watch": ["churn", "--timeout", "0"],
    "push": ["churn:0.1.0", "--yes"],
    "pull": ["team::churn"],
    "sync": ["--yes"],
    "clone": ["team", "--folder", "copy"],
    "bundle": ["check", "churn-bundle"],
    "card": ["churn", "-o", "card.md"],
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with two versions, and the settings of a user beside it."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    snapbook.verbs.registry("add", "team", (tmp_path / "shared").as_uri())
    snapbook.save({"a": 1}, "churn", metrics={"accuracy": 0.5})
    snapbook.save({"a": 2}, "churn", metrics={"accuracy": 0.6})
    (folder / "policy.toml").write_text("[production]\nauthor_may_approve = true\n")
    return folder


def everything(folder):
    """All files of the project and of the user, but for the index, which is a cache."""
    return {
        str(path.relative_to(folder.parent)): path.read_bytes()
        for path in folder.parent.rglob("*")
        if path.is_file() and "index.sqlite" not in path.name
    }


def ran(folder, name, *more):
    """One verb asked without a kernel; its error, if it ends with one."""
    try:
        asked = VERBS[name].parse([*WORDS[name], *more])
        with Here(folder, face="cli") as here:
            VERBS[name].run(here, asked)
    except SnapbookError as error:
        return error
    return None


def test_every_verb_is_walked():
    assert set(WORDS) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_what_is_said_of_a_verb_holds_together(verb):
    assert verb.label, "the palette needs a name"
    assert verb.label[0].isupper()
    assert verb.place in ("kernel", "shell", "anywhere")
    assert verb.on in ("version", "model", "repository", "session", "")
    assert verb.changes or not verb.button
    assert set(re.findall(r"{(\w+)}", verb.button)) <= {found.dest for found in verb.arguments}
    needed = [one.complete for one in verb.arguments if not one.names[0].startswith("-")]
    if verb.on == "version":
        assert "ref" in needed
    if verb.on == "model":
        assert "model" in needed
    options = {name for one in verb.arguments for name in one.names}
    assert verb.changes or not options & {"--yes", "--dry-run"}
    if "--yes" in options:
        assert verb.button


def test_labels_differ():
    labels = [verb.label for verb in VERBS.values()]
    assert len(set(labels)) == len(labels)
    assert VERBS["gc"].label == "Free Space…"


@pytest.mark.parametrize("name", [name for name in WORDS if not VERBS[name].changes])
def test_what_changes_nothing_changes_nothing(project, name):
    before = everything(project)
    assert ran(project, name) is None
    assert everything(project) == before


@pytest.mark.parametrize(
    "name", [n for n, v in VERBS.items() if v.place == "anywhere" and v.changes and n != "init"]
)
def test_what_changes_something_does(project, name):
    before_it = {"gc": ["delete"], "pull": ["push", "delete"], "approve": ["policy"]}
    before_it["clone"] = ["push"]
    for other in before_it.get(name, ()):
        assert ran(project, other) is None
    for ref in ("churn:0.1.0", "churn:0.1.1") if name == "rollback" else ():
        snapbook.verbs.promote(ref, "staging")
    if name in ("deploy", "pause", "resume"):
        snapbook.verbs.promote("churn:0.1.0", "production")
    if name in ("pause", "resume"):
        snapbook.verbs.deploy("churn:0.1.1", shadow=True)
    if name == "resume":
        snapbook.verbs.pause("churn")
    if name == "monitor":
        answered.log(project / "snapbook-log", snapbook.versions("churn")[0])
    if name == "bundle":
        snapbook.verbs.export("churn", to="bundle", output="churn-bundle", no_sample=True)
    before = everything(project)
    assert ran(project, name) is None
    # Nothing is to be freed there, no gate of its policy needs the model, no self-test runs it.
    assert everything(project) != before or name in ("gc", "judge", "bundle")


@pytest.mark.parametrize(
    "name",
    [n for n, v in VERBS.items() if any("--dry-run" in one.names for one in v.arguments)],
)
def test_a_dry_run_changes_nothing(project, name):
    before = everything(project)
    ran(project, name, "--dry-run")
    assert everything(project) == before


@pytest.mark.parametrize("name", [name for name, verb in VERBS.items() if verb.place == "kernel"])
def test_what_needs_a_kernel_says_so_without_one(project, name):
    assert "kernel" in str(ran(project, name))
