"""hold, and retention by policy: what may go, what never does, said before it is done."""

from datetime import UTC, datetime, timedelta

import pytest
from faults import driver
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook import gc, places
from snapbook.errors import BadOption, Refused, Usage
from snapbook.promote import policies, policy, retention
from snapbook.refs import parse
from snapbook.repository import Author
from snapbook.verbs import Here, run_words
from snapbook.verify import verify

ADA = Author("ada")
LATER = datetime.now(UTC) + timedelta(days=400)


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


@pytest.fixture
def ada(tmp_path):
    """A project with ten versions of churn and one of risk, whose policy keeps the newest two."""
    folder = tmp_path / "ada"
    folder.mkdir()
    with places.make_repository(folder) as repository:
        for seed in range(10):
            driver.save(repository, "churn", seed)
        driver.save(repository, "risk", 50)
        policies.change(repository, "churn", "[retention]\nkeep_last = 2\n", {}, ADA)
    return folder


def run(folder, *words):
    with Here(folder, face="cli") as here:
        return run_words(here, words[0], list(words[1:]))


def opened(folder):
    return places.open_folder(places.place(folder).folder)


def refs(folder):
    with opened(folder) as repository:
        return {row.ref for row in repository.every_version()}


def test_a_held_version_cannot_be_deleted_until_it_is_let_go(ada):
    run(ada, "hold", "churn:0.1.0", "--reason", "audit of 2026")
    with opened(ada) as repository:
        assert repository.resolve(parse("churn:0.1.0")).held == "audit of 2026"
    for words in (("delete", "churn:0.1.0"), ("delete", "churn:0.1.0", "--yes")):
        with pytest.raises(
            Refused, match=r"Not deleted: churn:0\.1\.0 is held: audit of 2026\."
        ) as told:
            run(ada, *words)
    verb, args = told.value.hint.verb, told.value.hint.args
    assert run(ada, verb, *args).lines == ("churn:0.1.0 is held no more: TEXT",)
    run(ada, "delete", "churn:0.1.0")
    with pytest.raises(Usage, match="hold needs a reason"):
        run(ada, "hold", "churn:0.2.0")


def test_what_a_policy_lets_go_is_said_first_and_deleted_then(ada):
    with opened(ada) as repository:
        repository.move_alias(repository.resolve(parse("churn:0.1.0")), "candidate", ADA)
        repository.move_alias(repository.resolve(parse("churn:0.2.0")), "candidate", ADA)
        repository.tag(repository.resolve(parse("churn:0.3.0")), {"paper": ""}, (), ADA)
        repository.hold(repository.resolve(parse("churn:0.4.0")), "a lawsuit", ADA)
        repository.queue(
            repository.resolve(parse("churn:0.5.0")), "team", ADA, rows=False, strict=False
        )
    before = refs(ada)
    gone = {"churn:0.6.0", "churn:0.7.0", "churn:0.8.0"}
    said = run(ada, "gc", "--expire", "--dry-run")
    assert said.lines[0] == (
        "would delete 3 versions by policy: churn:0.6.0, churn:0.7.0, churn:0.8.0"
    )
    with pytest.raises(Refused, match="Nothing was deleted: by policy 3 versions would go") as told:
        run(ada, "gc", "--expire")
    assert refs(ada) == before
    done = run(ada, told.value.hint.verb, *told.value.hint.args)
    assert set(done.data["expired"]) == gone
    assert done.data["bytes"] > 0
    assert refs(ada) == before - gone
    with opened(ada) as repository:
        found = verify(repository, None, lambda *_: None)
        assert (found.problems, found.broken) == ((), ())
    assert run(ada, "gc", "--expire", "--yes").lines[0] == "no policy lets a version go"


def test_gc_keeps_what_an_alias_or_a_hold_keeps_though_it_was_deleted(ada):
    with opened(ada) as repository:
        rows = [repository.resolve(parse(f"churn:0.{n}.0")) for n in (1, 2)]
        repository.move_alias(rows[0], "production", ADA)
        run(ada, "delete", rows[0].ref, "--yes")
        # A chain of another program may say so.
        body = {"model": "churn", "number": "0.2.0", "manifest": rows[1].manifest}
        repository.hold(rows[1], "kept", ADA)
        repository._act("delete", body, ADA)
        gc.gc(repository, ADA)
        for row in rows:
            assert driver.seed_of(repository, row.manifest) in (0, 1)


def test_a_served_folder_expires_as_well(ada):
    words = ("registry", "gc", "--expire", "--folder", ".snapbook")
    with pytest.raises(Refused, match="by policy 8 versions would go") as told:
        run(ada, *words)
    done = run(ada, told.value.hint.verb, *told.value.hint.args)
    assert done.lines[0].startswith("deleted 8 versions by policy: churn:0.1.0, ")
    assert refs(ada) == {"churn:0.9.0", "churn:0.10.0", "risk:0.1.0"}


def test_a_hold_lives_in_the_chain(ada):
    run(ada, "hold", "churn:0.1.0", "--reason", "audit")
    (ada / ".snapbook" / "index.sqlite").unlink()
    with opened(ada) as repository:
        assert repository.resolve(parse("churn:0.1.0")).held == "audit"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[retention]\n", "retention keeps nothing"),
        ("[retention]\nkeep_lsat = 3\n", "did you mean keep_last"),
        ("[retention]\nkeep_last = 0\n", "at least 1"),
        ("[retention]\nkeep_days = -1\n", "at least 0"),
        ("[retention]\nkeep_last = true\n", "has to be a count"),
        ("[retention]\nkeep_last = 3\nkeep_tagged = 1\n", "true or false"),
        ("retention = 3\n", "retention is no table"),
    ],
)
def test_a_policy_that_cannot_work_is_refused_when_it_is_set(text, said):
    with pytest.raises(BadOption, match=said):
        policy.parse(text)


def test_retention_stands_beside_rules(ada):
    text = "[retention]\nkeep_days = 30\n[production]\napprovals = 2\n"
    found = policy.parse(text)
    assert found.retention == retention.Retention(None, 30)
    assert found.rule("production").approvals == 2
    assert not found.protects("retention")
    assert policy.decode(found.encode()).retention == found.retention
    assert policy.default().retention is None


@given(last=st.none() | st.integers(1, 12), days=st.none() | st.integers(0, 800))
@settings(max_examples=15, deadline=None)
def test_what_is_kept_is_kept_by_either(shared_ten, last, days):
    if (last is None and days is None) or days == 400:
        return
    repository = shared_ten
    kept = retention.Retention(last, days)
    gone = retention.expired(repository, "churn", kept, LATER)
    rows = [row for row in repository.every_version() if row.model == "churn"]
    assert rows[0] not in gone
    young = days is not None and days > 400
    assert len(gone) == (0 if young else 10 - min(10, last or 1))


@pytest.fixture(scope="module")
def shared_ten(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ten")
    with places.make_repository(folder) as repository:
        for seed in range(10):
            driver.save(repository, "churn", seed)
        yield repository
