"""list --registry: the same questions to a server, page by page, and only of what one may read."""

import pytest
from faults import driver

from snapbook import places
from snapbook.errors import BadExpression, BadOption
from snapbook.registry.known import Book
from snapbook.repository import Author
from snapbook.verbs import VERBS, Here


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch, registry):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_TOKEN", registry.token)
    Book(tmp_path / "config").add("team", registry.url)
    with places.open_folder(registry.folder) as repository:
        for seed in range(12):
            driver.save(repository, "churn" if seed % 2 else "hidden", seed)
        row = repository.index.newest("hidden")
        repository.tag(row, {"secret": "1"}, (), Author("ada"))


def listed(folder, *words):
    with Here(folder, face="cli") as here:
        return VERBS["list"].run(here, VERBS["list"].parse(list(words)))


def test_a_registry_answers_as_one_s_own_versions_do(tmp_path):
    told = listed(tmp_path, "--registry", "team", "--where", "accuracy > 0.008")
    assert [row.ref for row in told.rows] == ["churn:0.6.0", "hidden:0.6.0", "churn:0.5.0"]
    assert told.models == 2
    assert told.note == "3 of team"
    assert len(listed(tmp_path, "churn", "--registry", "team").rows) == 6
    assert listed(tmp_path, "--registry", "team", "-n", "5").note == (
        "The first 5 of team; more: -n 50"
    )
    assert listed(tmp_path, "--registry", "team", "--where", "model = none").note == (
        "Nothing in team matches model = none."
    )
    assert listed(tmp_path, "--registry", "team", "--where", "tag.secret").rows[0].ref == (
        "hidden:0.6.0"
    )


def test_a_folder_and_a_server_answer_alike(tmp_path, registry):
    Book(tmp_path / "config").add("folder", registry.folder.as_uri())
    for words in ((), ("--where", "accuracy > 0.004"), ("churn",), ("--where", "param.seed < 5")):
        one = listed(tmp_path, *words, "--registry", "team")
        other = listed(tmp_path, *words, "--registry", "folder")
        assert [row.ref for row in one.rows] == [row.ref for row in other.rows]


def test_what_one_may_not_read_is_neither_found_nor_hinted_at(tmp_path, registry, monkeypatch):
    token = registry.tokens.make("bob", ("reader:churn",))
    monkeypatch.setenv("SNAPBOOK_TOKEN", token)
    assert {row.model for row in listed(tmp_path, "--registry", "team").rows} == {"churn"}
    asked = ("tag.secret", "tag.secrt", "tag.nothing", "model = hidden")
    answers = [listed(tmp_path, "--registry", "team", "--where", text) for text in asked]
    assert all(answer.rows == () for answer in answers)


def test_mistakes_are_told_without_asking(tmp_path, registry):
    registry.stop()
    with pytest.raises(BadExpression, match="a value belongs"):
        listed(tmp_path, "--registry", "team", "--where", "accuracy >")
    with pytest.raises(BadOption, match="--sort does not go with --registry"):
        listed(tmp_path, "--registry", "team", "--sort", "accuracy")
