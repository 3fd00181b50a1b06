"""promote, rollback, request, approve, reject, review, policy: the words, here and in a folder."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from promote.parties import ADA, made

from snapbook import places
from snapbook.errors import BadOption, Conflict, NotFound, Refused, SnapbookError, Usage
from snapbook.refs import parse
from snapbook.verbs import VERBS, Here


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    """Bob asks; the versions are Ada's."""
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_AUTHOR", "bob")
    monkeypatch.delenv("SNAPBOOK_TOKEN", raising=False)


@pytest.fixture(params=["here", "registry"])
def ask(request, tmp_path):
    """A call of a verb in a project, or about the same versions in a registry that is a folder."""
    project, shared = tmp_path / "project", tmp_path / "shared"
    project.mkdir()
    if request.param == "registry":
        run(project, "registry", "add", "team", shared.as_uri())
        places.create(shared)
        opened = places.open_folder(shared)
    else:
        opened = places.make_repository(project)
    with opened as repository:
        for accuracy in (0.90, 0.95, 0.92):
            made(repository, ADA, accuracy=accuracy)
    where = ("--registry", "team") if request.param == "registry" else ()

    def asked(verb, *words):
        return run(project, verb, *words, *where)

    asked.project = project
    asked.folder = shared if where else places.place(project).folder
    asked.where = " ".join(("", *where))
    return asked


def run(folder, verb, *words, face="cli"):
    with Here(folder, face=face) as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


def live(ask, alias="production"):
    with places.open_folder(ask.folder) as repository:
        return repository.resolve(parse(f"churn@{alias}")).ref


def as_(monkeypatch, name):
    monkeypatch.setenv("SNAPBOOK_AUTHOR", name)


def test_promote_and_take_it_back(ask):
    done = ask("promote", "churn:0.1.0", "production", "--reason", "begin")
    assert done.lines == (
        "production of churn is churn:1.0.0",
        "  0.1.0 and 1.0.0 are one version: the first in production",
        "  passes signature (nothing is there to compare with); metric (accuracy 0.9; nothing is"
        " there to compare with)",
    )
    done = ask("promote", "churn:0.2.0", "production")
    assert re.fullmatch(
        r"production of churn is churn:0\.2\.0 \(was 1\.0\.0 for .*second.*\)", done.lines[0]
    )
    assert done.lines[-1] == f"  take it back: snapbook rollback churn{ask.where}"
    assert (done.data["ref"], done.data["before"]["ref"]) == ("churn:0.2.0", "churn:1.0.0")
    done = ask("promote", "churn:0.3.0", "production")
    assert done.lines[1] == ("  warns  metric: accuracy 0.95 -> 0.92, worse by 0.03")
    back = done.lines[-1].removeprefix("  take it back: snapbook ").split()
    done = run(ask.project, *back)
    assert done.lines[0].startswith("production of churn is churn:0.2.0 again (was 0.3.0 for ")
    assert live(ask) == "churn:0.2.0"
    again = done.lines[-1].removeprefix("  take it back: snapbook ").split()
    run(ask.project, *again)
    assert live(ask) == "churn:0.3.0"
    assert ask("promote", "churn:0.3.0", "production").lines == (
        "production of churn is churn:0.3.0 already",
    )


def test_rollback_to_an_earlier_one(ask):
    for number in ("0.1.0", "0.2.0", "0.3.0"):
        ask("promote", f"churn:{number}", "staging")
    rehearsed = ask("rollback", "churn", "staging", "--to", "0.1.0", "--dry-run")
    assert rehearsed.lines[0].startswith("staging of churn would be churn:0.1.0 again (was 0.3.0")
    assert live(ask, "staging") == "churn:0.3.0"
    done = ask("rollback", "churn", "staging", "--to", "0.1.0")
    assert done.lines[1] == f"  take it back: snapbook rollback churn staging{ask.where}"
    assert live(ask, "staging") == "churn:0.1.0"
    with pytest.raises(NotFound, match="was nowhere else before"):
        ask("rollback", "churn")


def test_what_one_saw_counts(ask):
    ask("promote", "churn:0.1.0", "production")
    ask("promote", "churn:0.2.0", "production")
    with pytest.raises(Conflict) as told:
        ask("promote", "churn:0.3.0", "production", "--seen", "0.1.0")
    assert re.fullmatch(
        r"Not promoted: production moved to 0\.2\.0 \(by bob, \d s ago\) while you were looking at"
        r" 1\.0\.0\. Look again: snapbook\.verbs\.review\((.*)\)",
        str(told.value),
    )[1] == ('"churn", registry="team"' if ask.where else '"churn"')
    ask("promote", "churn:0.3.0", "production", "--seen", "0.2.0")
    assert live(ask) == "churn:0.3.0"


def test_a_rehearsal(ask):
    done = ask("promote", "churn:0.2.0", "production", "--dry-run")
    assert done.lines[0] == "would be: production of churn is churn:0.2.0, as 1.0.0"
    with pytest.raises(NotFound):
        live(ask)


def test_asked_for_approved_promoted(ask, monkeypatch):
    (ask.project / "policy.toml").write_text("[production]\napprovals = 2\n")
    assert ask("policy", "churn", "policy.toml").lines[0] == "churn: policy 1 is in force"
    as_(monkeypatch, "ada")
    done = ask("request", "churn:0.2.0", "production", "--reason", "better")
    assert done.lines == (
        "asked for churn:0.2.0 in production; missing: 2 of 2 approvals are missing",
    )
    with pytest.raises(Refused, match=r"Not approved: you made 0\.2\.0, and someone else approves"):
        ask("approve", "churn:0.2.0", "production")
    as_(monkeypatch, "bob")
    with pytest.raises(Refused, match="Not promoted to production: 2 of 2 approvals are missing"):
        ask("promote", "churn:0.2.0", "production")
    done = ask("approve", "churn:0.2.0", "production", "--reason", "checked drift")
    assert done.lines == (
        "approved churn:0.2.0 for production; missing: 1 of 2 approvals is missing",
    )
    with pytest.raises(Usage, match="A rejection needs a reason"):
        ask("reject", "churn:0.2.0", "production")
    # One machine has one key: who signs with it is one person, whatever he calls himself.
    as_(monkeypatch, "eve")
    assert "1 of 2" in ask("approve", "churn:0.2.0", "production").lines[0]
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(ask.project / "eve"))
    if ask.where:
        run(ask.project, "registry", "add", "team", ask.folder.as_uri())
    done = ask("approve", "churn:0.2.0", "production")
    act = f"snapbook promote churn:0.2.0 production{ask.where}"
    assert done.lines == (f"approved churn:0.2.0 for production; next: {act}",)
    run(ask.project, *act.split()[1:])
    assert live(ask) == "churn:1.0.0"


def test_review(ask, monkeypatch):
    ask("promote", "churn:0.1.0", "production", "--reason", "begin")
    ask("request", "churn:0.2.0", "production")
    done = ask("review", "churn")
    lines = done.lines
    assert lines[0] == "churn  production"
    assert re.match(
        r"live       churn:1\.0\.0  accuracy 0\.9  since \d{4}-.* \(.*\), by bob", lines[1]
    )
    assert re.match(r"candidate  churn:0\.2\.0  accuracy 0\.95  made \d{4}-.* by ada$", lines[2])
    assert lines[3] == "changes    accuracy 0.9 -> 0.95 better"
    assert "  passes signature (as 1.0.0 has it); metric (accuracy 0.95 (+0.050) vs 1.0.0)" in lines
    assert any(line.startswith("said       bob asked for it ") for line in lines)
    assert f"next       snapbook promote churn:0.2.0 production{ask.where}" in lines
    assert lines[-1].endswith("to now  churn:1.0.0  by bob, begin")
    assert done.data["live"]["ref"] == "churn:1.0.0"
    # Enough to draw it: the versions' rows, and what Bob may do with Ada's.
    assert done.data["candidate"]["metrics"]["accuracy"]["value"] == 0.95
    assert done.data["may"] == {
        "request": True, "approve": True, "reject": True, "promote": True, "rollback": False,
        "why": "",
    }  # fmt: skip
    as_(monkeypatch, "ada")
    assert ask("review", "churn").data["may"]["why"] == "You made 0.2.0: someone else approves."
    as_(monkeypatch, "bob")
    assert done.data["gates"][1]["facts"]["accuracy"] == {"new": 0.95, "old": 0.9}
    other = ask("review", "churn:0.3.0", "--alias", "staging")
    assert other.lines[1:3] == ("live       nothing", other.lines[2])
    assert other.data["candidate"]["ref"] == "churn:0.3.0"


def test_what_was_live_then(ask):
    before = datetime.now(UTC)
    ask("promote", "churn:0.1.0", "production")
    ask("promote", "churn:0.2.0", "production")
    after = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    done = ask("review", "churn", "--at", after)
    assert (done.data["ref"], done.data["author"]) == ("churn:0.2.0", "bob")
    assert re.match(
        r"production of churn at .*: churn:0\.2\.0 \(from .* to now, by bob\)", done.lines[0]
    )
    first = done.data["since"]
    then = datetime.fromisoformat(first) - timedelta(microseconds=1)
    # Written in the user's own time, without a zone.
    local = then.astimezone().replace(tzinfo=None).isoformat()
    assert ask("review", "churn", "--at", local).data["ref"] == "churn:1.0.0"
    long_ago = (before - timedelta(days=1)).isoformat()
    assert ask("review", "churn", "--at", long_ago).data["ref"] is None
    with pytest.raises(BadOption, match="--at cannot be yesterday"):
        ask("review", "churn", "--at", "yesterday")


def test_policies_are_shown_and_compared(ask):
    assert ask("policy", "churn").lines[0] == "# churn: policy 0, the default"
    file = ask.project / "strict.toml"
    file.write_text("[production]\napprovals = 1\n")
    rehearsed = ask("policy", "churn", "strict.toml", "--dry-run")
    assert rehearsed.lines[0] == "would change the policy of churn"
    assert "  +approvals = 1" in rehearsed.lines
    assert ask("policy", "churn").data["policy"] == 0
    ask("policy", "churn", "strict.toml")
    assert ask("policy", "churn", "strict.toml").lines == ("churn: policy 1 says so already",)
    file.write_text("[production]\napprovals = 2\n")
    done = ask("policy", "churn", "strict.toml")
    assert done.lines == ("churn: policy 2 is in force", "   [production]", "  -approvals = 1",
                          "  +approvals = 2")  # fmt: skip
    assert ask("policy", "churn").data["text"] == "[production]\napprovals = 2\n"
    assert ask("policy", "churn", "--number", "1").data["text"] == "[production]\napprovals = 1\n"
    assert ask("policy", "churn", "--number", "0").data["policy"] == 0
    with pytest.raises(NotFound, match=r"churn has no policy 7 \(newest: 2\)"):
        ask("policy", "churn", "--number", "7")


def test_a_policy_brings_its_lists_along(ask, tmp_path):
    file = ask.project / "strict.toml"
    file.write_text('[production.gates.environment]\nbad_file = "bad.txt"\n')
    with pytest.raises(NotFound, match=r"bad\.txt cannot be read"):
        ask("policy", "churn", "strict.toml")
    (ask.project / "bad.txt").write_text("numpy<3\n")
    ask("policy", "churn", "strict.toml")
    (ask.project / "bad.txt").unlink()
    with pytest.raises(Refused, match=r"environment: numpy 2\.1\.0 \(numpy<3\)"):
        ask("promote", "churn:0.2.0", "production")
    (tmp_path / "secret.txt").write_text("x")
    file.write_text('[production.gates.environment]\nbad_file = "../secret.txt"\n')
    with pytest.raises(BadOption, match="lies outside the folder"):
        ask("policy", "churn", "strict.toml")
    with pytest.raises(NotFound, match=r"absent\.toml cannot be read"):
        ask("policy", "churn", "absent.toml")


def test_tag_moves_no_protected_alias(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    with places.make_repository(project) as repository:
        made(repository)
    for alias in ("production", "Production", "staging"):
        with pytest.raises(Usage, match="is moved by a promotion, not by tag"):
            run(project, "tag", "churn", f"@{alias}")
    (project / "p.toml").write_text("[canary]\napprovals = 1\n")
    run(project, "tag", "churn", "@canary")
    run(project, "policy", "churn", "p.toml")
    with pytest.raises(Usage, match="is moved by a promotion, not by tag"):
        run(project, "tag", "churn", "@canary")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("promote", "chrn", "production"), "no-model"),
        (("promote", "churn:9.9.9", "production"), "no-version"),
        (("promote", "churn", "no name"), "name"),
        (("rollback", "churn"), "no-version"),
        (("approve", "churn:9.9.9", "production"), "no-version"),
        (("review", "chrn"), "no-model"),
        (("policy", "chrn"), "no-model"),
    ],
)
def test_what_is_not_there(ask, words, kind):
    with pytest.raises(SnapbookError) as told:
        ask(*words)
    assert told.value.kind == kind


def test_what_was_decided_stands_in_the_history(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    with places.make_repository(project) as repository:
        for accuracy in (0.90, 0.85):
            made(repository, ADA, accuracy=accuracy)
    run(project, "promote", "churn:0.1.0", "production", "--reason", "begin")
    run(project, "request", "churn:0.2.0", "production", "--reason", "cheaper")
    run(project, "promote", "churn:0.2.0", "production")
    first = [act.text for act in run(project, "show", "churn:0.1.0").events]
    assert first[1:] == [
        "@production moved here, as 1.0.0: begin (signature passed, metric passed)",
        "@production moved away",
    ]
    second = [act.text for act in run(project, "show", "churn:0.2.0").events]
    assert second[1:] == [
        "asked for @production: cheaper",
        "@production moved here (signature passed, metric not passed)",
    ]


def test_looking_makes_no_key(ask):
    ask("review", "churn")
    ask("policy", "churn")
    assert not list(ask.project.parent.glob("config/key*"))
