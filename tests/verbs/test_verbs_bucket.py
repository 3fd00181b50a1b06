"""A bucket as a registry, without a server: added, pushed to, pulled and synced from."""

import json
import threading

import pytest
from faults import driver

from snapbook import places
from snapbook.errors import BadOption, Conflict, NewerFormat, NotFound
from snapbook.refs import parse
from snapbook.registry.agreed import Agreed
from snapbook.store.bucket import Bucket
from snapbook.verbs import VERBS, Here

obstore = pytest.importorskip("obstore")


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    """A user of his own: what he knows and what is remembered for him."""
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


@pytest.fixture(params=["memory", "s3"])
def url(request, tmp_path):
    """The address of an empty place, which the user knows as "team"."""
    if request.param == "memory":
        found = f"memory://{tmp_path.name}/models"
    else:
        found = request.getfixturevalue("s3").url
    run(tmp_path, "registry", "add", "team", found)
    Agreed(tmp_path / "config").add(found, rows=False)
    return found


def project(folder, *seeds):
    folder.mkdir()
    with places.make_repository(folder) as repository:
        for seed in seeds:
            driver.save(repository, "churn", seed)
    return folder


def run(folder, verb, *words):
    with Here(folder, face="cli") as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


def line(folder, verb, *words):
    return run(folder, verb, *words).lines[-1]


def seed(folder, ref):
    with places.find_repository(folder) as repository:
        return driver.seed_of(repository, repository.resolve(parse(ref)).manifest)


def test_push_pull_and_sync(url, tmp_path):
    ada, bob = project(tmp_path / "ada", 1, 2), project(tmp_path / "bob", 5)
    assert line(ada, "push", "churn:0.1.0").startswith("pushed as team::churn:0.1.0, ")
    assert line(ada, "push", "churn:0.1.0") == "team::churn:0.1.0 is there already"
    assert "(here 0.1.0, same #" in line(bob, "push", "churn")
    assert line(bob, "pull", "team::churn:0.1.0").startswith("pulled as ")
    assert seed(bob, "team::churn:0.1.0") == 1
    run(ada, "sync")
    run(bob, "sync")
    assert line(ada, "sync") == "team and this project have the same versions"
    with pytest.raises(Conflict):
        run(project(tmp_path / "eve", 9), "push", "churn", "--strict")


def test_nothing_there_yet_is_said(url, tmp_path):
    with pytest.raises(NotFound, match="nothing in team yet"):
        run(project(tmp_path / "ada"), "pull", "team::churn")
    assert list(Bucket(url).entries("events")) == []
    assert not Bucket(url).has("format")


def test_what_is_remembered_may_be_deleted(url, tmp_path):
    import shutil

    run(project(tmp_path / "ada", 1), "push", "churn")
    remembered = tmp_path / "cache" / "snapbook" / "registries"
    assert [path.name for path in remembered.glob("*/index.sqlite")] == ["index.sqlite"]
    shutil.rmtree(remembered)
    bob = project(tmp_path / "bob")
    assert line(bob, "pull", "team::churn").startswith("pulled as churn:0.1.0")


def test_a_newer_format_is_refused(url, tmp_path):
    obstore.put(Bucket(url)._store, "format", b'{"snapbook":99}\n')
    with pytest.raises(NewerFormat):
        run(project(tmp_path / "ada", 1), "push", "churn")
    assert list(Bucket(url).entries("packs")) == []


def test_the_first_pushes_of_several_people_at_once(url, tmp_path):
    """All of them arrive, each under a number of its own."""
    people = [project(tmp_path / f"p{number}", number) for number in range(4)]
    failures = []

    def push(folder):
        try:
            run(folder, "push", "churn")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=push, args=(folder,)) for folder in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    eve = project(tmp_path / "eve")
    run(eve, "sync")
    with places.find_repository(eve) as repository:
        seeds = {driver.seed_of(repository, row.manifest) for row in repository.every_version()}
        numbers = [row.number for row in repository.every_version()]
    assert seeds == {0, 1, 2, 3}
    assert len(set(numbers)) == 4


def test_words_of_a_bucket(url, tmp_path):
    assert "its credentials are in the environment" in line(tmp_path, "login", "team")
    listed = run(tmp_path, "registry", "list")
    assert listed.data["registries"] == [{"name": "team", "url": url}]
    assert "there are no roles" in line(tmp_path, "registry", "add", "two", "memory://two/x/")
    kept = json.loads((tmp_path / "config" / "registries.json").read_text())
    assert kept["two"]["url"] == "memory://two/x"


def test_credentials_in_an_address_are_refused(tmp_path):
    with pytest.raises(BadOption) as refused:
        run(tmp_path, "registry", "add", "team", "s3://AKIA:hunter2@bucket/x")
    assert "hunter2" not in str(refused.value)
    assert not (tmp_path / "config" / "registries.json").exists()
