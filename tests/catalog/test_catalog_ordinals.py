"""Models by themselves, and versions counted in the order of the chain."""

import pytest

from snapbook import canonical
from snapbook.catalog import ordinals
from snapbook.catalog.index import Index
from snapbook.catalog.memory import MemoryCatalog
from snapbook.errors import Damaged
from snapbook.store.memory import MemoryStore

TIME = "2026-11-22T08:00:{:02}.000000Z"


class Chain:
    """A chain written by hand, and the index over it."""

    def __init__(self):
        self.store, self.catalog = MemoryStore(), MemoryCatalog()
        self.index = Index(None, self.store.get)

    def add(self, kind, **body):
        head = self.catalog.head()
        self.catalog.append(kind, body, "ada", TIME.format(head.n), head)
        self.index.follow(self.catalog)

    def version(self, model, number, seed):
        self.add("version", model=model, number=number, manifest=of(seed), key="", texts="")

    def words(self, **words):
        writer = self.store.writer()
        digest = writer.add(canonical.encode({"salt": "", **words}))
        writer.commit()
        return digest

    def counted(self, **wanted):
        rows = self.index.ask(lambda db: ordinals.counted(db, **wanted))
        return [(row.model, row.ordinal, row.manifest) for row in rows]

    def models(self):
        return self.index.ask(ordinals.registered)


def of(seed):
    return canonical.digest(str(seed).encode())


@pytest.fixture
def chain():
    return Chain()


def test_versions_count_in_the_order_of_the_chain_and_keep_their_place(chain):
    chain.version("churn", "0.1.0", 1)
    chain.version("price", "0.1.0", 1)
    chain.version("churn", "0.3.0", 2)
    chain.version("churn", "0.2.0", 3)
    chain.add("delete", model="churn", number="0.3.0", manifest=of(2))
    chain.version("churn", "0.4.0", 4)
    chain.add("rename", model="churn", to="leave")
    assert chain.counted(model="leave") == [
        ("leave", 1, of(1)),
        ("leave", 3, of(3)),
        ("leave", 4, of(4)),
    ]
    assert chain.counted(model="leave", ordinal=3) == [("leave", 3, of(3))]
    assert chain.counted(model="leave", ordinal=2) == []
    assert chain.counted(manifest=of(1)) == [("leave", 1, of(1)), ("price", 1, of(1))]
    before = chain.counted()
    chain.index.rebuild()
    assert chain.counted() == before


def test_one_more_number_counts_with_the_first(chain):
    chain.version("churn", "0.1.0", 1)
    further = {"number": "1.0.0", "manifest": of(1), "key": "", "texts": ""}
    chain.add("alias", model="churn", name="production", old="", new=of(1), way="promote",
              version=further)  # fmt: skip
    chain.version("churn", "1.1.0", 2)
    assert chain.counted() == [("churn", 1, of(1)), ("churn", 2, of(2))]
    chain.add("delete", model="churn", number="0.1.0", manifest=of(1))
    assert chain.counted() == [("churn", 1, of(1)), ("churn", 2, of(2))]


def test_one_more_number_counts_with_the_one_that_lives(chain):
    """The same Manifest deleted, and made again."""
    chain.version("churn", "0.1.0", 1)
    chain.add("delete", model="churn", number="0.1.0", manifest=of(1))
    chain.version("churn", "0.2.0", 1)
    further = {"number": "1.0.0", "manifest": of(1), "key": "", "texts": ""}
    chain.add("alias", model="churn", name="production", old="", new=of(1), way="promote",
              version=further)  # fmt: skip
    assert chain.counted() == [("churn", 2, of(1))]


def test_a_model_by_itself(chain):
    tags = chain.words(tags={"team": "risk", "since": "2026"}, text="who leaves")
    chain.add("model", model="churn", way="create", texts=tags)
    (made,) = chain.models()
    assert (made.name, made.description) == ("churn", "who leaves")
    assert made.tags == {"team": "risk", "since": "2026"}
    assert made.made == made.touched == TIME.format(0)
    assert chain.counted() == []
    assert chain.index.models() == []
    chain.add("model", model="CHURN", way="change", texts=chain.words(text=""), removed=["team"])
    (made,) = chain.models()
    assert (made.name, made.description, made.tags) == ("churn", "", {"since": "2026"})
    assert (made.made, made.touched) == (TIME.format(0), TIME.format(1))
    assert tags in chain.index.roots().texts


def test_a_model_that_is_gone_is_made_again_by_a_version_and_counts_on(chain):
    chain.version("churn", "0.1.0", 1)
    chain.add("model", model="churn", way="change", texts=chain.words(tags={"a": "1"}))
    chain.add("model", model="churn", way="delete")
    assert chain.models() == []
    assert chain.counted() == []
    chain.version("churn", "0.2.0", 2)
    assert chain.counted() == [("churn", 2, of(2))]
    assert [(model.name, model.tags) for model in chain.models()] == [("churn", {})]


@pytest.mark.parametrize(
    "body", [{"way": "elsewhere"}, {}, {"way": "change"}, {"way": "create", "texts": "x"}]
)
def test_an_event_that_makes_no_sense_is_recorded_and_passed_over(chain, body):
    chain.add("model", model="churn", **body)
    assert [broken.n for broken in chain.index.broken()] == [1]
    assert chain.models() == []


def test_behind_an_event_that_cannot_be_read_nothing_is_counted(tmp_path):
    from faults import driver

    from snapbook import places

    with places.make_repository(tmp_path) as repository:
        for seed in (1, 2, 3):
            driver.save(repository, "churn", seed)
        event = repository.folder / "events" / "0000000" / "0000000002"
        whole = event.read_bytes()
        event.write_bytes(whole.replace(b"churn", b"chur!"))
    (tmp_path / ".snapbook" / "index.sqlite").unlink()
    with places.make_repository(tmp_path) as repository:
        index = repository.index
        assert len(index.ask(lambda db: ordinals.counted(db, "churn", 1))) == 1
        with pytest.raises(Damaged, match="event 2 of the registry cannot be read"):
            index.ask(lambda db: ordinals.counted(db, "churn"))
        event.write_bytes(whole)
    with places.make_repository(tmp_path) as repository:
        found = repository.index.ask(lambda db: ordinals.counted(db, "churn"))
        assert [row.ordinal for row in found] == [1, 2, 3]
