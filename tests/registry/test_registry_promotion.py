"""Promotion over HTTP: decided by the server's chain, policy and roles, with the same texts."""

import math
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from promote.parties import ADA, made, row

from snapbook import events, places, signing, transfer
from snapbook.errors import BadOption, Conflict, NotFound, Refused, SnapbookError, Usage
from snapbook.registry.desk import HttpDesk
from snapbook.registry.remote import Remote
from snapbook.repository import Author
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

ONE = "[production]\napprovals = 1\n"


@pytest.fixture
def here(registry):
    """The repository behind the registry, with three versions of two models."""
    with places.open_folder(registry.folder) as repository:
        for model in ("churn", "risk/price"):
            for accuracy in (0.90, 0.95, 0.92):
                made(repository, ADA, model=model, accuracy=accuracy)
        yield repository


@pytest.fixture
def people(registry, here):
    """Desks by name and grants; closed at the end."""
    opened = []

    def desk(name, *grants, key=None):
        opened.append(Remote(registry.url, registry.tokens.make(name, grants)))
        return HttpDesk(opened[-1].http, Author(name, key))

    yield desk
    for remote in opened:
        remote.close()


def promote(desk, ref="churn:0.2.0", alias="production", seen=None, text="", dry=False):
    return desk.promote(ref, alias, seen, text, dry)


def test_a_whole_promotion(people, here, tmp_path):
    dan = people("dan", "writer")
    bob = people("bob", "approver", key=signing.own_key(tmp_path / "bob"))
    assert bob.change_policy("churn", ONE, {}, "")
    assert dan.say("churn:0.2.0", "production", "request", "please").ref == "churn:0.2.0"
    review = bob.review("churn", "production")
    assert review.candidate.ref == "churn:0.2.0"
    assert review.missing == ("1 of 1 approval is missing",)
    with pytest.raises(Refused, match="1 of 1 approval is missing") as told:
        promote(bob)
    assert told.value.kind == "policy"
    bob.say("churn:0.2.0", "production", "approve", "checked")
    said = bob.review("churn:0.2.0", "production").said
    assert [(one.word, one.author, one.text, one.signed) for one in said] == [
        ("approve", "bob", "checked", True), ("request", "dan", "please", False),
    ]  # fmt: skip
    assert promote(bob, dry=True).further == "0.2.0"
    moved = promote(bob, text="go")
    assert (moved.version.ref, moved.further, moved.before) == ("churn:1.0.0", "0.2.0", None)
    assert row(here, "churn@production").ref == "churn:1.0.0"
    stay = dan.review("churn", "production").history[0]
    assert (stay.ref, stay.author, stay.way, stay.text) == ("churn:1.0.0", "bob", "promote", "go")
    assert [kept.place for kept in dan.policies("churn")] == [1, 0]
    event = here.catalog.event(here.catalog.head().n)
    assert event.author == "bob"


def test_a_rollback(people, here):
    bob = people("bob", "approver")
    for number in ("0.1.0", "0.2.0", "0.3.0"):
        promote(bob, f"churn:{number}")
    moved = bob.rollback("churn", "production", "", None, "slow", False)
    assert (moved.version.ref, moved.before.ref) == ("churn:0.2.0", "churn:0.3.0")
    assert bob.rollback("churn", "production", "1.0.0", None, "", True).version.ref == "churn:1.0.0"
    assert row(here, "churn@production").ref == "churn:0.2.0"
    moved = bob.rollback("churn", "production", "1.0.0", moved.version.manifest, "", False)
    assert row(here, "churn@production").ref == "churn:1.0.0"


DENIED, ABSENT, DONE = "role", "not-found", ""
ROLES = ("reader", "writer", "approver", "admin", "writer:other")
MATRIX = {
    "review": (DONE, DONE, DONE, DONE, ABSENT),
    "aliases": (DONE, DONE, DONE, DONE, ABSENT),
    "policies": (DONE, DONE, DONE, DONE, ABSENT),
    "request": (DENIED, DONE, DONE, DONE, ABSENT),
    "approve": (DENIED, DENIED, DONE, DONE, ABSENT),
    "reject": (DENIED, DENIED, DONE, DONE, ABSENT),
    "policy": (DENIED, DENIED, DONE, DONE, ABSENT),
    "stage": (DENIED, DONE, DONE, DONE, ABSENT),
    "promote": (DENIED, DENIED, DONE, DONE, ABSENT),
    "rehearse": (DENIED, DENIED, DONE, DONE, ABSENT),
    "rollback": (DENIED, DENIED, DONE, DONE, ABSENT),
}
ACTS = {
    "review": lambda d: d.review("churn", "production"),
    "aliases": lambda d: d.aliases("churn"),
    "policies": lambda d: d.policies("churn"),
    "request": lambda d: d.say("churn", "production", "request", ""),
    "approve": lambda d: d.say("churn", "production", "approve", ""),
    "reject": lambda d: d.say("churn", "production", "reject", "no"),
    "policy": lambda d: d.change_policy("churn", ONE, {}, None),
    "stage": lambda d: promote(d, alias="staging"),
    "promote": lambda d: promote(d, "churn:0.3.0"),
    "rehearse": lambda d: promote(d, "churn:0.3.0", dry=True),
    "rollback": lambda d: d.rollback("churn", "production", "", None, "", False),
}


@pytest.mark.parametrize("act", MATRIX)
def test_who_may_do_what(people, here, act):
    root = people("root", "admin")
    promote(root, "churn:0.1.0")
    promote(root, "churn:0.2.0")
    for role, outcome in zip(ROLES, MATRIX[act], strict=True):
        before = here.catalog.head()
        try:
            ACTS[act](people(f"a {role}", role))
            said = DONE
        except SnapbookError as error:
            said = error.kind
        assert said == outcome, role
        if said:
            assert here.catalog.head() == before, role


def test_what_one_may_not_read_is_not_there(people, here):
    """Word for word what is said of a model that nobody has."""
    promote(people("root", "admin"), "risk/price:0.1.0")
    dan = people("dan", "approver:churn")
    for act in (
        lambda ref: dan.review(ref, "production"),
        lambda ref: dan.review(f"{ref}:0.1.0", "production"),
        lambda ref: dan.policies(ref),
        lambda ref: dan.aliases(ref),
        lambda ref: promote(dan, f"{ref}:0.1.0"),
        lambda ref: dan.rollback(ref, "production", "", None, "", False),
        lambda ref: dan.say(f"{ref}:0.1.0", "production", "approve", ""),
        lambda ref: dan.change_policy(ref, ONE, {}, None),
    ):
        with pytest.raises(NotFound) as hidden:
            act("risk/price")
        with pytest.raises(NotFound) as absent:
            act("risk/prize")
        assert str(hidden.value) == str(absent.value).replace("prize", "price")
    hidden = row(here, "risk/price:0.1.0").manifest
    with pytest.raises((NotFound, Refused)):
        dan.rollback("churn", "production", hidden, None, "", False)


def test_of_sixteen_one_wins_and_the_others_are_told(people, here):
    root = people("root", "admin")
    promote(root, "churn:0.1.0")
    seen = root.review("churn", "production").live.manifest
    desks = [people(f"mover {n}", "approver") for n in range(16)]

    def act(n):
        try:
            promote(desks[n], f"churn:0.{2 + n % 2}.0", seen=seen)
        except Conflict as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(act, range(16)))
    assert said.count("") == 1
    winner = said.index("")
    who = rf"0\.{2 + winner % 2}\.0 \(by mover {winner}, \d+ s ago\)"
    pattern = (
        rf"Not promoted: production moved to {who}"
        r" while you were looking at 1\.0\.0\. Look again: snapbook\.verbs\.review\(\"churn\"\)"
    )
    assert all(re.fullmatch(pattern, one) for one in said if one)
    here.follow()
    assert len(here.index.moves("churn", "production")) == 2
    assert not list(events.check_chain(here.catalog.read()))


def test_who_brought_a_version_may_not_approve_it(registry, people, tmp_path):
    bob = people("bob", "approver")
    bob.change_policy("churn", ONE, {}, None)
    with (
        places.make_repository(tmp_path / "laptop") as laptop,
        Remote(registry.url, registry.tokens.make("bob", ("writer",)), "churn") as remote,
    ):
        mine = made(laptop, Author("Robert"), accuracy=0.99)
        local, author = transfer.Local(laptop), Author("Robert")
        there = transfer.transfer(local, remote, mine, author).accepted.version
    with pytest.raises(Refused, match=r"Not approved: you made .*, and someone else approves"):
        bob.say(there.ref, "production", "approve", "")
    people("eve", "approver").say(there.ref, "production", "approve", "")
    assert promote(bob, there.ref).version.manifest == there.manifest


def test_signatures_are_checked(registry, people, here, tmp_path):
    key = signing.own_key(tmp_path / "bob")
    bob = people("bob", "approver", key=key)
    stolen = bob.http
    other = {"model": "churn", "manifest": row(here, "churn:0.3.0").manifest, "alias": "production"}
    for signature, error in (
        ({"key": key.public, "signature": key.sign("approval", other)}, Refused),
        ({"key": key.public, "signature": key.sign("author", other)}, Refused),
        ({"key": "nonsense", "signature": "nonsense"}, Refused),
        ({"key": 1}, Refused),
        ("x", BadOption),
    ):
        head = here.catalog.head()
        body = {"ref": "churn:0.2.0", "alias": "production", "word": "approve",
                "signature": signature}  # fmt: skip
        with pytest.raises(error):
            stolen.once("POST", "/opinions", json=body)
        assert here.catalog.head() == head


def test_what_is_no_number_travels(people, here):
    bob = people("bob", "approver")
    promote(bob, "churn:0.2.0")
    odd = made(here, ADA, accuracy=math.nan)
    review = bob.review(odd.ref, "production")
    metric = review.judged[1].verdict
    assert (metric.passed, metric.reason) == (False, "accuracy 0.95 -> nan, worse by nan")
    assert math.isnan(metric.facts["accuracy"]["new"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/promotions", {}),
        ("/promotions", {"ref": "churn:0.1.0"}),
        ("/promotions", {"ref": "churn:0.1.0", "alias": "no name"}),
        ("/promotions", {"ref": "churn:0.1.0", "alias": "production", "seen": 1}),
        ("/promotions", {"ref": "churn:0.1.0", "alias": "production", "text": "x" * 10_001}),
        ("/promotions", {"ref": 1, "alias": "production"}),
        ("/rollbacks", {"model": "churn"}),
        ("/opinions", {"ref": "churn:0.1.0", "alias": "production", "word": "maybe"}),
        ("/opinions", {"ref": "churn:0.1.0", "alias": "production", "word": "reject"}),
        ("/policies", {"model": "churn", "text": "[production"}),
        ("/policies", {"model": "churn", "text": "", "files": ["x"]}),
        ("/policies", {"model": "churn", "text": "", "files": {"x": 1}}),
        ("/policies", {"model": "churn", "text": 1}),
    ],
)
def test_what_is_worded_wrongly_changes_nothing(people, here, path, body):
    root = people("root", "admin")
    head = here.catalog.head()
    with pytest.raises(Usage):
        root.http.once("POST", path, json=body)
    assert here.catalog.head() == head


def test_the_verbs_say_the_same(registry, here, tmp_path, monkeypatch):
    """What stands on the terminal is what it is for a project, word for word."""
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_TOKEN", registry.tokens.make("bob", ("approver",)))
    monkeypatch.setenv("SNAPBOOK_AUTHOR", "bob")
    project = tmp_path / "project"
    project.mkdir()
    with places.make_repository(project) as local:
        for accuracy in (0.90, 0.95, 0.92):
            made(local, ADA, accuracy=accuracy)
    (project / "policy.toml").write_text(ONE)

    def run(*words):
        with Here(project, face="cli") as asked:
            verb = VERBS[words[0]]
            try:
                return "\n".join(verb.run(asked, verb.parse(list(words[1:]))).lines)
            except SnapbookError as error:
                return str(error)

    def plain(text):
        times = r"\d{4}-\d\d-\d\d \d\d:\d\d|\d+ seconds?|\d+ s(?= ago)|less than a second"
        text = re.sub(times, "TIME", text)
        for asked in ("TIME", " --registry team", ', registry="team"'):
            text = text.replace(asked, "")
        return text

    run("registry", "add", "team", registry.url)
    for words in (
        ("review", "churn"),
        ("promote", "churn:0.1.0", "production", "--reason", "begin"),
        ("promote", "churn:0.2.0", "staging", "--dry-run"),
        ("policy", "churn", "policy.toml"),
        ("policy", "churn", "policy.toml"),
        ("policy", "churn"),
        ("promote", "churn:0.2.0", "production"),
        ("request", "churn:0.2.0", "production", "--reason", "better"),
        ("approve", "churn:0.2.0", "production", "--reason", "seen"),
        ("review", "churn"),
        ("promote", "churn:0.2.0", "production", "--seen", "0.3.0"),
        ("promote", "churn:0.2.0", "production", "--seen", "1.0.0"),
        ("promote", "churn:0.2.0", "production"),
        ("rollback", "churn"),
        ("reject", "churn:0.3.0", "production"),
        ("reject", "churn:0.3.0", "production", "--reason", "no"),
        ("review", "churn:0.3.0"),
        ("review", "churn", "--at", "2020-01-01"),
        ("promote", "churn:9.0.0", "production"),
        ("promote", "churn:0.1.0", "no name"),
    ):
        there, own = run(*words, "--registry", "team"), run(*words)
        assert plain(there) == plain(own), words
    assert run("review", "team::churn").splitlines()[0] == "churn  production"
