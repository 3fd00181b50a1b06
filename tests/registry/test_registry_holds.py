"""Holds on a server: who may approve sets them; what is held cannot be deleted there."""

import pytest
from faults import driver

from snapbook import places
from snapbook.errors import Refused, Usage
from snapbook.refs import parse
from snapbook.registry.known import Book
from snapbook.verbs import Here, run_words


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch, registry):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_TOKEN", registry.tokens.make("carol", ("approver:churn",)))
    Book(tmp_path / "config").add("team", registry.url)
    with places.open_folder(registry.folder) as repository:
        driver.save(repository, "churn", 1)


def run(folder, *words):
    with Here(folder, face="cli") as here:
        return run_words(here, words[0], list(words[1:]))


def test_who_may_approve_holds_and_lets_go(tmp_path, registry, monkeypatch):
    words = ("hold", "churn", "--registry", "team", "--reason", "audit")
    assert run(tmp_path, *words).lines == ("churn:0.1.0 is held in team: audit",)
    with places.open_folder(registry.folder) as repository:
        row = repository.resolve(parse("churn"))
        assert row.held == "audit"
        event = list(repository.catalog.read())[-1]
        assert (event.type, event.author, event.rest["via"]["who"]) == ("hold", "carol", "carol")
        with pytest.raises(Refused, match="is held"):
            repository.delete(row, driver.AUTHOR, force=True)
    assert "held" in [
        row.held and "held" for row in run(tmp_path, "list", "--registry", "team").rows
    ]
    monkeypatch.setenv("SNAPBOOK_TOKEN", registry.tokens.make("bob", ("writer:churn",)))
    with pytest.raises(Refused):
        run(tmp_path, *words, "--release")
    monkeypatch.setenv("SNAPBOOK_TOKEN", registry.token)
    run(tmp_path, *words, "--release")
    with places.open_folder(registry.folder) as repository:
        assert repository.resolve(parse("churn")).held == ""


def test_a_hold_without_a_reason_is_none(registry):
    with registry.remote() as remote, pytest.raises(Usage, match="wants a reason"):
        remote.hold(remote.resolve("churn"), "", driver.AUTHOR, holding=True)
