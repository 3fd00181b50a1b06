"""clone from a server: what one may read, and nothing without a token."""

import pytest
from faults import driver

from snapbook import places
from snapbook.errors import Refused
from snapbook.registry.known import Book
from snapbook.settings import folder as settings_folder
from snapbook.verbs import VERBS, Here


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


def run(folder, verb, *words):
    with Here(folder, face="cli") as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


def test_what_one_may_read_comes_from_a_server(tmp_path, registry, monkeypatch):
    with places.open_folder(registry.folder) as repository:
        driver.save(repository, "churn", 1)
        driver.save(repository, "churn", 2)
        driver.save(repository, "hidden", 3)
    # A server that knows us not: the address is kept, and a login is all that is missing.
    with pytest.raises(Refused, match="does not know you"):
        run(tmp_path, "clone", registry.url, "--registry", "team")
    assert not (tmp_path / "team").exists()
    known = Book(settings_folder()).get("team")
    assert known.url == registry.url
    Book(settings_folder()).keep_token(known, registry.tokens.make("bob", ("reader:churn",)))
    said = run(tmp_path, "clone", "team")
    assert said.data["models"] == ["churn"]
    with places.open_folder(tmp_path / "team" / places.NAME) as repository:
        assert {row.ref for row in repository.every_version()} == {"churn:0.1.0", "churn:0.2.0"}
