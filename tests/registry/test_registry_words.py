"""Notes, tags and names that came after a version travel both ways, with who said them."""

import random
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from faults import driver

from snapbook import events, places, sayings
from snapbook.errors import BadOption, NotFound, Refused
from snapbook.refs import parse
from snapbook.registry.agreed import Agreed
from snapbook.registry.known import Book
from snapbook.repository import Author, Wish
from snapbook.transfer import Local, transfer
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

ADA, BOB, EVE = Author("ada"), Author("bob"), Author("eve")


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch, registry):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SNAPBOOK_TOKEN", registry.token)
    Book(tmp_path / "config").add("team", registry.url)
    Agreed(tmp_path / "config").add(registry.url, rows=False)


@pytest.fixture
def two(tmp_path):
    """ada's project and bob's, both with churn:0.1.0 from the registry."""
    for name in ("ada", "bob"):
        (tmp_path / name).mkdir()
    with places.make_repository(tmp_path / "ada") as repository:
        driver.save(repository, "churn", 1)
    run(tmp_path / "ada", "push", "churn")
    run(tmp_path / "bob", "pull", "churn")
    return tmp_path / "ada", tmp_path / "bob"


def run(folder, verb, *words):
    with Here(folder, face="cli") as here:
        return VERBS[verb].run(here, VERBS[verb].parse(list(words)))


def act(folder, name, *args, ref="churn"):
    with places.open_folder(places.place(folder).folder) as repository:
        getattr(repository, name)(repository.resolve(parse(ref)), *args)


def told(folder, ref="churn"):
    """(tags, notes) of the version there."""
    with places.open_folder(places.place(folder).folder) as repository:
        row = repository.resolve(parse(ref))
        notes = repository.index.notes(row.manifest)
        return dict(row.tags), [(note.author, note.text) for note in notes]


def there(registry):
    with places.open_folder(registry.folder) as repository:
        row = repository.resolve(parse("churn"))
        return dict(row.tags), [
            (note.author, note.text) for note in repository.index.notes(row.manifest)
        ]


def test_what_was_said_later_goes_with_the_next_push_and_pull(two, registry):
    ada, bob = two
    act(ada, "note", "looks good", ADA)
    act(ada, "tag", {"team": "risk", "old": ""}, (), ADA)
    act(ada, "tag", {}, ("old",), ADA)
    assert "has now all that is here" in run(ada, "push", "churn").lines[-1]
    assert there(registry) == ({"team": "risk"}, [("ada", "looks good")])
    act(bob, "note", "does not", BOB)
    run(bob, "pull", "churn")
    assert told(bob) == (
        {"team": "risk"}, [("ada", "looks good"), ("bob", "does not")],
    )  # fmt: skip
    run(bob, "push", "churn")
    run(ada, "pull", "churn")
    assert told(ada) == told(bob) == there(registry)
    # What came back from where it was sent counts once, and nothing goes round for ever.
    count = len(list_events(ada)), len(list_events(bob))
    for folder in (ada, bob, ada, bob):
        assert run(folder, "sync").lines == ("team and this project have the same versions",)
    assert (len(list_events(ada)), len(list_events(bob))) == count


def list_events(folder):
    with places.open_folder(places.place(folder).folder) as repository:
        return list(repository.catalog.read())


def test_one_tag_set_by_two_is_the_later_one_s_everywhere(two, registry):
    ada, bob = two
    act(ada, "tag", {"team": "first", "a": "1"}, (), ADA)
    act(bob, "tag", {"team": "second", "b": "2"}, (), BOB)
    # The earlier one reaches the registry last.
    run(bob, "sync")
    run(ada, "sync")
    run(bob, "sync")
    expected = {"team": "second", "a": "1", "b": "2"}
    assert told(ada)[0] == told(bob)[0] == there(registry)[0] == expected
    # The same from the chain alone, and a removal that is older than a tag removes nothing.
    (ada / ".snapbook" / "index.sqlite").unlink()
    assert told(ada)[0] == expected


def test_a_clock_that_goes_back_loses_no_tag(tmp_path, two, monkeypatch):
    ada, _ = two
    act(ada, "tag", {"team": "now"}, (), ADA)
    from snapbook.repository import acting

    monkeypatch.setattr(acting.events, "time_text", lambda _when: "2001-01-01T00:00:00.000000Z")
    act(ada, "tag", {"team": "later"}, (), ADA)
    monkeypatch.undo()
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    assert told(ada)[0] == {"team": "later"}
    with places.open_folder(places.place(ada).folder) as repository:
        row = repository.resolve(parse("churn"))
        times = [one.time for one in repository.index.sayings(row.manifest, "churn")]
    assert times == sorted(times)
    assert times[0][:4] != "2001"


def test_a_model_s_new_name_travels(two, registry):
    ada, bob = two
    run(ada, "rename", "churn", "leaving")
    with places.open_folder(places.place(ada).folder) as repository:
        driver.save(repository, "leaving", 2)
    run(ada, "sync")
    with places.open_folder(registry.folder) as repository:
        assert repository.index.models() == ["leaving"]
        assert repository.resolve(parse("churn")).ref == "leaving:0.2.0"
    run(bob, "sync")
    with places.open_folder(places.place(bob).folder) as repository:
        assert repository.index.models() == ["leaving"]
    # And back again: whoever renames last has it.
    run(bob, "rename", "leaving", "churn")
    run(bob, "sync")
    run(ada, "sync")
    with places.open_folder(places.place(ada).folder) as repository:
        assert repository.index.models() == ["churn"]


def test_who_may_not_write_the_old_name_renames_nothing(two, registry):
    ada, _ = two
    run(ada, "rename", "churn", "mine")
    with places.open_folder(places.place(ada).folder) as repository:
        row = repository.resolve(parse("mine"))
        with (
            registry.remote("writer:mine", "reader", model="mine") as remote,
            pytest.raises((Refused, NotFound)),
        ):
            transfer(Local(repository), remote, row, EVE)
    with places.open_folder(registry.folder) as repository:
        assert repository.index.models() == ["churn"]


def test_words_cost_no_further_request(two, registry, monkeypatch):
    ada, _ = two
    made = []
    send = httpx.Client.send

    def counted(self, request, **named):
        made.append((request.method, request.url.path.rpartition("/")[2][:8]))
        return send(self, request, **named)

    with places.open_folder(places.place(ada).folder) as repository:
        driver.save(repository, "churn", 2)
        row = repository.resolve(parse("churn"))
        repository.note(row, "fresh", ADA)
        row = repository.resolve(parse("churn"))
        with registry.remote(model="churn") as remote:
            monkeypatch.setattr(httpx.Client, "send", counted)
            transfer(Local(repository), remote, row, EVE)
    assert made == [("POST", "missing"), ("POST", "versions")]


@pytest.mark.parametrize(
    "said",
    [
        {"type": "alias", "texts": "0" * 64, "author": "x", "time": "t"},
        {"type": "note", "texts": "0" * 63, "author": "x", "time": "t"},
        {"type": "note", "texts": "0" * 64, "author": 1, "time": "t"},
        {"type": "note", "texts": "0" * 64, "author": "x", "time": "yesterday"},
        {"type": "tag", "texts": "0" * 64, "author": "x", "time": "t", "removed": 1},
        "words",
    ],
)
def test_words_that_are_none_are_refused(said):
    with pytest.raises(BadOption, match="no words about a version"):
        sayings.checked({"said": [said]})


def test_texts_that_were_not_sent_are_not_taken(two, registry):
    ada, _ = two
    with places.open_folder(places.place(ada).folder) as repository:
        row = repository.resolve(parse("churn"))
        offer = dict(Local(repository).offer(row).body)
        now = events.time_text(datetime.now(UTC))
        offer["said"] = [{"type": "note", "texts": "a" * 64, "author": "x", "time": now}]
        with (
            registry.remote(model="churn") as remote,
            closing(remote.store.writer()) as writer,
            pytest.raises(NotFound),
        ):
            remote.accept(writer, offer, EVE, strict=False)
    assert there(registry)[1] == []


def test_a_long_stream_says_where_it_stands(tmp_path, two):
    ada, bob = two
    with places.open_folder(places.place(ada).folder) as repository:
        writer = repository.store.writer()
        draft = driver.draft("large", 5, writer)
        blob = writer.add(random.Random(1).randbytes(5 << 20))
        part = replace(draft.parts[0], blobs=(*draft.parts[0].blobs, blob))
        digests = (writer.add(part.encode()), *draft.digests[1:])
        draft = replace(draft, parts=(part, *draft.parts[1:]), digests=digests)
        repository.save(draft, writer, Wish(), ADA)
        writer.close()
    told = []
    for folder, words in ((ada, ("push", "large")), (bob, ("pull", "large"))):
        with Here(folder, face="cli", progress=lambda *at: told.append(at)) as here:
            VERBS[words[0]].run(here, VERBS[words[0]].parse([words[1]]))
    sent = [(done, of) for what, done, of in told if what == "kB sent"]
    assert len(sent) >= 5
    assert [done for done, _ in sent] == sorted(done for done, _ in sent)
    assert all(done < of for done, of in sent)
    fetched = [done for what, done, _ in told if what == "kB fetched"]
    assert fetched[-1] >= 5 << 10
