"""Copying versions between repositories: what travels, what stays the author's, what is refused."""

import pytest
from faults import driver

from snapbook import events, offers, places, signing, transfer, trust
from snapbook.catalog.index import Index
from snapbook.catalog.memory import MemoryCatalog
from snapbook.errors import BadName, BadOption, BadRef, Conflict, Damaged, NotFound, Refused
from snapbook.refs import parse
from snapbook.repository import Author, Repository, Wish
from snapbook.store.memory import MemoryStore
from snapbook.transfer import Local
from snapbook.transfer import transfer as copy
from snapbook.verify import verify


@pytest.fixture
def here(tmp_path):
    with places.make_repository(tmp_path / "here") as repository:
        yield repository


@pytest.fixture
def there(tmp_path):
    with places.make_repository(tmp_path / "there") as repository:
        yield repository


@pytest.fixture
def ada(tmp_path):
    return Author("ada", signing.own_key(tmp_path / "ada"))


PUSHER = Author("push")


def save(repository, seed, author=driver.AUTHOR, model="churn", **wish):
    writer = repository.store.writer()
    try:
        draft = driver.draft(model, seed, writer)
        return repository.save(draft, writer, Wish(**wish), author).version
    finally:
        writer.close()


def sent(repository, destination, version, author=PUSHER, **named):
    return copy(Local(repository), Local(destination), version, author, **named)


def troubles(repository):
    return verify(repository, None, lambda *_: None).problems


def offer_of(repository, version):
    return offers.offered(repository, version)


def accepted(repository, offer):
    writer = repository.store.writer()
    try:
        return transfer.accept(repository, writer, offer, PUSHER)
    finally:
        writer.close()


def test_a_copy_is_whole_and_stays_its_author_s(here, there, ada):
    made = save(here, 7, ada, message="seven", tags={"team": "risk"})
    moved = sent(here, there, made)
    copy = there.resolve(parse("churn:0.1.0"))
    assert moved.accepted == transfer.Accepted(copy, new=True)
    assert driver.seed_of(there, copy.manifest) == 7
    assert (copy.manifest, copy.author, copy.time) == (made.manifest, "ada", made.time)
    assert (copy.message, copy.tags, copy.key) == ("seven", {"team": "risk"}, made.key)
    assert next(there.catalog.read(copy.n)).author == "push"
    assert not troubles(there)


def test_only_missing_blobs_travel(here, there):
    first, second = save(here, 4), save(here, 5)  # they share their largest blob
    whole = sent(here, there, first)
    less = sent(here, there, second)
    assert whole.copied_bytes > 29_000 + 600
    assert less.copied_bytes < whole.copied_bytes - 20_000
    assert less.blobs < whole.blobs


def test_twice_is_once(here, there):
    made = save(here, 1)
    sent(here, there, made)
    head = there.catalog.head()
    again = sent(here, there, made)
    assert not again.accepted.new
    assert (again.blobs, again.copied_bytes) == (0, 0)
    assert there.catalog.head() == head


def test_a_taken_number_gives_the_next_free_one(here, there):
    save(there, 1)
    save(there, 2)
    made = save(here, 3)
    moved = sent(here, there, made)
    assert made.ref == "churn:0.1.0"
    assert moved.accepted.version.ref == "churn:0.3.0"
    assert moved.accepted.taken == (0, 1, 0)
    assert driver.seed_of(there, moved.accepted.version.manifest) == 3
    assert there.resolve(parse("churn:0.1.0")).manifest != made.manifest
    later = sent(here, there, save(here, 4))  # 0.2.0 here
    assert later.accepted.version.ref == "churn:0.4.0"


def test_strict_takes_no_other_number(here, there):
    save(there, 1)
    head = there.catalog.head()
    with pytest.raises(Conflict, match="is taken there by other content"):
        sent(here, there, save(here, 3), strict=True)
    assert there.catalog.head() == head


def test_an_older_number_that_is_free_is_kept(here, there):
    first, second, third = (save(here, seed) for seed in (1, 2, 3))
    sent(here, there, third)
    assert sent(here, there, first).accepted.version.number == first.number
    assert sent(here, there, second).accepted.version.number == second.number


def test_a_deleted_number_is_not_given_again(here, there):
    made = save(here, 1)
    row = sent(here, there, made).accepted.version
    there.delete(row, PUSHER)
    assert sent(here, there, made).accepted.version.ref == "churn:0.2.0"


def test_there_and_back_and_round(here, there, tmp_path):
    made = save(here, 1)
    with places.make_repository(tmp_path / "third") as third:
        sent(here, there, made)
        sent(there, third, there.resolve(parse("churn")))
        sent(third, here, third.resolve(parse("churn")))
        assert [row.ref for row in here.every_version()] == ["churn:0.1.0"]
        assert third.claim(third.resolve(parse("churn"))) == here.claim(made)


def test_the_signature_goes_along_and_opens_the_same_name_alone(here, there, ada, tmp_path):
    made = save(here, 1, ada)
    reader = trust.Trust(tmp_path / "reader")
    row = sent(here, there, made).accepted.version
    claim = there.claim(row)
    assert not reader.allows(claim)
    reader.trust_key(ada.key.public, "churn")
    assert reader.allows(claim)
    # Somebody else cannot make it a version of another model that is trusted.
    reader.trust_key(ada.key.public, "*")
    other = sent(here, there, made, model="price").accepted.version
    assert other.ref == "price:0.1.0"
    assert there.claim(other).key == ada.key.public
    assert not reader.allows(there.claim(other))
    # The author himself can.
    own = sent(here, there, made, ada, model="risk/churn").accepted.version
    assert reader.allows(there.claim(own))


def test_a_false_signature_is_refused(here, there, ada):
    made = save(here, 1, ada)
    other = save(here, 2, ada)
    sent(here, there, made)
    body = dict(offer_of(here, made), signature=offer_of(here, other)["signature"], number="9.0.0")
    head = there.catalog.head()
    with pytest.raises(Refused, match="is not by the key"):
        accepted(there, body)
    assert there.catalog.head() == head


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"model": "../etc"}, BadName),
        ({"model": 7}, BadOption),
        ({"number": "1"}, BadRef),
        ({"number": "01.2.3"}, BadRef),
        ({"manifest": "../../etc/passwd"}, BadOption),
        ({"manifest": "AB" * 32}, BadOption),
        ({"manifest": "ab" * 32}, NotFound),
        ({"key": "short"}, BadOption),
        ({"texts": None}, BadOption),
        ({"parents": "ab" * 32}, BadOption),
        ({"parents": [None]}, BadOption),
        ({"signature": "yes"}, BadOption),
        ({"signature": {"key": "zz", "signature": "00"}}, Refused),
        ({"signature": {"key": 1}}, BadOption),
    ],
    ids=str,
)
def test_what_is_no_offer_is_refused(here, there, change, error):
    made = save(here, 1)
    sent(here, there, made)
    head = there.catalog.head()
    with pytest.raises(error):
        accepted(there, {**offer_of(here, made), "model": "other", **change})
    assert there.catalog.head() == head


def test_a_manifest_without_its_blobs_makes_nothing(here, there):
    made = save(here, 1)
    writer = there.store.writer()
    writer.add(here.store.get(made.manifest))
    for ref in here.manifest(made.manifest).parts:
        writer.add(here.store.get(ref.digest))
    writer.commit()
    writer.close()
    with pytest.raises(NotFound):
        accepted(there, offer_of(here, made))
    assert there.catalog.head().n == 0


def test_bytes_that_are_no_manifest(here, there):
    writer = there.store.writer()
    digest = writer.add(b"not a manifest")
    writer.commit()
    writer.close()
    with pytest.raises(Damaged):
        accepted(there, {**offer_of(here, save(here, 1)), "manifest": digest})


def test_a_purged_text_does_not_stop_a_copy(here, tmp_path):
    made = save(here, 1, message="gone")
    hidden = MemoryStore()
    writer = hidden.writer()
    for digest in here.store.digests():
        if digest != made.texts:
            writer.add(here.store.get(digest))
    writer.commit()
    source = Repository(hidden, here.catalog, Index(None, hidden.get))
    target = MemoryStore()
    there = Repository(target, MemoryCatalog(), Index(None, target.get))
    row = sent(source, there, source.resolve(parse("churn"))).accepted.version
    assert row.message == ""
    assert driver.seed_of(there, row.manifest) == 1


def test_progress_ends_where_it_should(here, there):
    seen = []
    moved = sent(here, there, save(here, 1), progress=lambda done, of: seen.append((done, of)))
    assert seen[0] == (0, moved.blobs)
    assert seen[-1] == (moved.blobs, moved.blobs)


def test_what_was_condemned_meanwhile_is_written_anew(here, there, monkeypatch):
    """A sweep between the question and the event takes nothing that the version relies on."""
    from snapbook import gc

    first = save(here, 4)
    row = sent(here, there, first).accepted.version
    second = save(here, 5)
    there.delete(row, PUSHER)
    real = Local.accept

    def swept(self, *asked):
        with places.open_folder(there.folder) as other:
            gc.gc(other, PUSHER)
        return real(self, *asked)

    monkeypatch.setattr(Local, "accept", swept)
    moved = sent(here, there, second)
    assert driver.seed_of(there, moved.accepted.version.manifest) == 5
    with places.open_folder(there.folder) as again:
        assert not troubles(again)


def test_time_is_the_author_s_if_it_is_one(here, there):
    made = save(here, 1)
    row = sent(here, there, made).accepted.version
    assert row.time == made.time
    assert events.parse_time(row.time)
