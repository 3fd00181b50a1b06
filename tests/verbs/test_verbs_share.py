"""push, pull, sync between projects and a registry that is a folder: numbers, refs, rows, words."""

import pytest
from faults import driver

from snapbook import places
from snapbook.errors import BadName, BadOption, Conflict, NotFound, SnapbookError, Usage
from snapbook.refs import parse
from snapbook.registry.agreed import Agreed
from snapbook.verbs import VERBS, Here
from snapbook.verbs import rows as rows_of


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    """A user who knows one registry, and has no token in his environment."""
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)
    url = (tmp_path / "shared").as_uri()
    run(tmp_path, "registry", "add", "team", url)
    Agreed(tmp_path / "config").add(url, rows=True)


@pytest.fixture
def ada(tmp_path):
    return project(tmp_path / "ada", 1, 2)


@pytest.fixture
def bob(tmp_path):
    return project(tmp_path / "bob", 5)


def project(folder, *seeds):
    folder.mkdir()
    with places.make_repository(folder) as repository:
        for seed in seeds:
            driver.save(repository, "churn", seed)
    return folder


def run(folder, verb, *words, face="cli"):
    with Here(folder, face=face) as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


def line(folder, verb, *words):
    return run(folder, verb, *words).lines[-1]


def rows(folder):
    with places.open_folder(places.place(folder).folder) as repository:
        return {row.ref: row for row in repository.every_version()}


def seed(folder, ref):
    with places.find_repository(folder) as repository:
        return driver.seed_of(repository, repository.resolve(parse(ref)).manifest)


def test_both_references_resolve_and_one_row_shows_both(ada, bob):
    assert line(ada, "push", "churn:0.1.0").startswith("pushed as team::churn:0.1.0, ")
    said = line(bob, "push", "churn")
    assert "pushed as team::churn:0.2.0 (here 0.1.0, same #" in said
    assert rows(bob)["churn:0.1.0"].shared == ("team::churn:0.2.0",)
    assert seed(bob, "churn:0.1.0") == seed(bob, "team::churn:0.2.0") == 5
    listed = run(bob, "list")
    assert [row.ref for row in listed.rows] == ["churn:0.1.0"]
    # What bob makes next comes after the highest number that he saw there.
    with places.open_folder(places.place(bob).folder) as repository:
        assert driver.save(repository, "churn", 6).version.ref == "churn:0.3.0"


def test_a_registry_s_reference_that_is_not_here_names_the_pull(ada, bob):
    run(ada, "push", "churn")
    with pytest.raises(NotFound) as told:
        run(bob, "show", "team::churn:0.2.0")
    assert str(told.value) == (
        'team::churn:0.2.0 is not here. Get it: snapbook.verbs.pull("team::churn:0.2.0")'
    )
    assert line(bob, "pull", "team::churn:0.2.0").startswith("pulled as churn:0.2.0, ")
    assert seed(bob, "team::churn:0.2.0") == 2
    assert line(bob, "pull", "team::churn:0.2.0") == "churn:0.2.0 is here already"


def test_pulled_numbers_that_are_taken_here(ada, bob):
    run(ada, "push", "churn:0.1.0")
    assert line(bob, "pull", "churn").startswith("pulled as churn:0.2.0 (there 0.1.0), ")
    assert seed(bob, "team::churn:0.1.0") == 1
    assert seed(bob, "churn:0.1.0") == 5


def test_sync_brings_two_projects_together(ada, bob):
    run(ada, "sync")
    run(bob, "sync")
    run(ada, "sync")
    for folder in (ada, bob):
        seeds = {seed(folder, ref) for ref in rows(folder)}
        assert seeds == {1, 2, 5}
        assert line(folder, "sync") == "team and this project have the same versions"


def test_what_was_deleted_here_stays_deleted(ada, bob):
    run(ada, "sync")
    run(bob, "sync")
    before = rows(bob)
    run(bob, "delete", "churn:0.1.0")
    assert line(bob, "sync") == "team and this project have the same versions"
    assert set(rows(bob)) == set(before) - {"churn:0.1.0"}
    # Who names it gets it all the same.
    assert "pulled as churn:" in line(bob, "pull", before["churn:0.1.0"].shared[0])


def test_words_of_each_event_are_in_the_history(ada, bob):
    run(ada, "push", "churn:0.1.0")
    run(bob, "pull", "churn:0.1.0")
    told = run(ada, "show", "churn:0.1.0").events
    assert told[-1].text == "pushed as team::churn:0.1.0"
    assert run(bob, "show", "team::churn:0.1.0").events[-1].text == "pulled from team::churn:0.1.0"


def test_strict_refuses_another_number(ada, bob):
    run(ada, "push", "churn:0.1.0")
    with pytest.raises(
        Conflict, match=r"Not pushed: churn:0\.1\.0 is taken there by other content"
    ):
        run(bob, "push", "churn", "--strict")
    assert rows(bob)["churn:0.1.0"].shared == ()


def test_a_dry_run_makes_nothing(ada, tmp_path):
    assert line(ada, "push", "churn", "--dry-run") == "would push churn:0.2.0 to team"
    assert not (tmp_path / "shared").exists()
    with pytest.raises(NotFound, match="There is nothing in team yet"):
        run(ada, "pull", "churn", "--dry-run")
    run(ada, "push", "churn")
    before = rows(ada)
    assert line(ada, "pull", "churn", "--dry-run") == "would pull team::churn:0.2.0"
    assert rows(ada) == before


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("add", "team", "https://other.example"), Conflict, "Remove it first"),
        (("add", "a b", "https://x"), BadName, "cannot be"),
        (("add", "a/b", "https://x"), BadOption, "slash"),
        (("add", "x", "ftp://x"), BadOption, "no address"),
        (("add", "x", "https://ada:secret@x"), BadOption, "password"),
        (("add", "x", "file:relative"), BadOption, "whole path"),
        (("add", "x"), Usage, "needs a name and an address"),
        (("remove", "tame"), NotFound, "did you mean team"),
        (("token", "bob"), Usage, "needs a name and what it may do"),
        (("tokens",), Usage, "There is no registry in"),
        (("serve", "--port", "many"), BadOption, "--port cannot be many"),
    ],
)
def test_mistakes_are_a_sentence(tmp_path, words, error, said):
    with pytest.raises(error) as told:
        run(tmp_path, "registry", *words)
    assert said in str(told.value)
    assert "secret" not in str(told.value)


def test_a_registry_is_served_from_a_shell_alone(tmp_path):
    for face in ("magic", "server", "python"):
        with pytest.raises(Usage, match="served from a shell"):
            run(tmp_path, "registry", "serve", face=face)


def test_a_registry_is_forgotten_with_its_token(tmp_path):
    run(tmp_path, "registry", "add", "other", "http://127.0.0.1:9")
    with pytest.raises(NotFound, match="several registries"):
        run(tmp_path, "pull", "churn")
    assert line(tmp_path, "registry", "remove", "other").startswith("other is forgotten here")
    assert [r["name"] for r in run(tmp_path, "registry").data["registries"]] == ["team"]


def test_a_list_of_registries_that_cannot_be_read(tmp_path):
    (tmp_path / "config" / "registries.json").write_text("[1")
    with pytest.raises(SnapbookError, match="cannot be read"):
        run(tmp_path, "registry")


def test_a_list_says_what_came_from_a_registry_and_what_was_not_pushed(ada, bob):
    def told(folder, name):
        with places.open_folder(places.place(folder).folder) as repository:
            found = rows_of.listed(repository, list(repository.every_version()), rows_of.Me(name))
            return {one.version.ref: (one.mine, one.provenance, one.pushed) for one in found}

    assert told(ada, "tester")["churn:0.1.0"] == (True, "", None)
    run(ada, "push", "churn:0.1.0")
    assert told(ada, "tester") == {
        "churn:0.1.0": (True, "", True),
        "churn:0.2.0": (True, "", False),
    }
    run(bob, "pull", "team::churn:0.1.0")
    assert told(bob, "bob")["churn:0.2.0"] == (False, "registry", True)
