"""Push and pull over HTTP: three requests up, two down, cut anywhere, seen by who may see."""

import pytest
from faults import driver

from snapbook import places
from snapbook.errors import BadOption, Conflict, NotFound, Refused, Unreachable
from snapbook.kernel import running
from snapbook.refs import parse
from snapbook.registry.remote import Remote
from snapbook.repository import Author
from snapbook.transfer import Local, transfer

pytestmark = pytest.mark.slow  # it waits for what runs beside it

PUSHER = Author("push")


@pytest.fixture
def here(tmp_path):
    with places.make_repository(tmp_path / "here") as repository:
        yield repository


@pytest.fixture
def elsewhere(tmp_path):
    with places.make_repository(tmp_path / "elsewhere") as repository:
        yield repository


def pushed(here, remote, seed=1, model="churn", **named):
    made = driver.save(here, model, seed).version
    return transfer(Local(here), remote, made, PUSHER, **named)


def counted(remote):
    """The requests that ``remote`` makes from here on, as they are made."""
    seen = []
    remote.http._client.event_hooks["request"].append(
        lambda request: seen.append(f"{request.method} {request.url.path}")
    )
    return seen


def test_up_in_three_requests_and_down_in_two(registry, here, elsewhere, remote):
    seen = counted(remote)
    moved = pushed(here, remote, 7)
    assert moved.accepted.new
    assert [line.split("/api/v1/")[1].split("/")[0] for line in seen] == [
        "missing", "packs", "versions",
    ]  # fmt: skip
    seen.clear()
    row = remote.resolve("churn")
    got = transfer(remote, Local(elsewhere), row, PUSHER).accepted
    assert [line.split("/api/v1/")[1] for line in seen] == ["version", "blobs"]
    assert driver.seed_of(elsewhere, got.version.manifest) == 7
    assert got.version.ref == "churn:0.1.0"
    assert elsewhere.claim(got.version) == here.claim(here.resolve(parse("churn")))


def test_the_registry_says_who_pushed_and_keeps_who_made(registry, here):
    row = pushed(here, registry.remote("writer")).accepted.version
    assert row.author == "tester"
    with places.open_folder(registry.folder) as there:
        assert next(there.catalog.read(row.n)).author == "someone"


def test_only_what_is_missing_goes_up(here, remote):
    whole = pushed(here, remote, 4)
    less = pushed(here, remote, 5)
    assert less.copied_bytes < whole.copied_bytes - 20_000
    again = transfer(Local(here), remote, here.resolve(parse("churn")), PUSHER)
    assert (again.accepted.new, again.copied_bytes) == (False, 0)


def test_numbers_that_are_taken(registry, here, elsewhere, remote):
    pushed(elsewhere, remote, 1)
    moved = pushed(here, remote, 2).accepted
    assert (moved.version.ref, moved.taken) == ("churn:0.2.0", (0, 1, 0))
    with pytest.raises(Conflict, match="is taken there by other content"):
        pushed(here, remote, 3, "price") and pushed(elsewhere, remote, 4, "price", strict=True)


def test_what_one_may_not_read_does_not_exist(registry, here, remote):
    pushed(here, remote, 1, "risk/churn")
    row = pushed(here, remote, 2, "price").accepted.version
    price = registry.remote("writer:price", model="price")
    risk = registry.remote("reader:risk/*")
    assert [found.ref for found in price.versions()] == ["price:0.1.0"]
    assert [found.ref for found in risk.versions()] == ["risk/churn:0.1.0"]
    assert [found.ref for found in remote.versions()] == ["price:0.1.0", "risk/churn:0.1.0"]
    # Word for word what is said of a model that nobody has.
    for ref, absent in (("price", "prize"), ("price:0.1.0", "prize:0.1.0")):
        with pytest.raises(NotFound) as told:
            risk.resolve(ref)
        with pytest.raises(NotFound) as other:
            risk.resolve(absent)
        assert str(told.value) == str(other.value).replace("prize", "price")
    with pytest.raises(NotFound) as told:
        risk.resolve(row.manifest[:12])
    assert "price" not in str(told.value)
    for digest in remote.offer(row).needed:
        with pytest.raises((NotFound, Refused)):
            risk.store.get(digest)
    with pytest.raises(NotFound):
        risk.store.fetch("risk/churn:0.1.0", [row.manifest], lambda *_: None)


def test_what_one_may_not_read_has_to_be_uploaded(registry, here, elsewhere, remote):
    """Nobody learns what is here by asking whether it is missing."""
    moved = pushed(here, remote, 4, "risk/churn")
    stranger = registry.remote("writer:price", model="price")
    made = driver.save(elsewhere, "price", 4).version
    own = transfer(Local(elsewhere), stranger, made, PUSHER)
    assert own.accepted.new
    assert own.copied_bytes > moved.copied_bytes - 1000


@pytest.mark.parametrize("grants", [("reader",), ("approver",), ("writer:price",)])
def test_who_may_not_write_pushes_nothing(registry, here, grants):
    remote = registry.remote(*grants, model="churn")
    with pytest.raises((Refused, NotFound)):
        pushed(here, remote)
    with places.open_folder(registry.folder) as there:
        assert there.catalog.head().n == 0
        assert list(there.store.digests()) == []


def test_a_revoked_or_expired_token_is_refused_at_once(registry, here):
    remote = registry.remote("writer")
    assert remote.about()["you"] == "someone"
    registry.tokens.revoke(next(t.id for t in registry.tokens.all() if t.name == "someone"))
    with pytest.raises(Refused, match="does not know you"):
        remote.about()
    old = registry.tokens.make("old", ("reader",), expires="2020-01-01T00:00:00.000000Z")
    for token in (old, "", "nonsense", registry.token[:-1], "caf\u00e9", "two\nlines"):
        with pytest.raises(Refused), Remote(registry.url, token) as bad:
            bad.about()


def test_nobody_there(here):
    with (
        pytest.raises(Unreachable, match="cannot be reached"),
        Remote("http://127.0.0.1:9", "") as no,
    ):
        no.about()


@pytest.mark.parametrize("url", ["ftp://x", "churn", "http://", "http://ada:secret@host"])
def test_addresses_that_are_none(url):
    with pytest.raises(BadOption) as told:
        Remote(url, "")
    assert "secret" not in str(told.value)


def test_metrics_that_are_no_finite_numbers(remote, elsewhere, tmp_path, monkeypatch):
    import snapbook

    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    folder = tmp_path / "odd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    metrics = {"accuracy": float("nan"), "loss": float("inf"), "$odd": 1.0}
    snapbook.save({"w": 1}, "odd", metrics=metrics)
    running().stop()  # what remembers this process
    with places.find_repository(folder) as source:
        made = source.resolve(parse("odd"))
        transfer(Local(source), remote, made, PUSHER)
    assert made.metrics.keys() == metrics.keys()
    row = remote.resolve("odd")
    assert str(row.metrics) == str(made.metrics)
    assert [found.ref for found in remote.versions()] == ["odd:0.1.0"]
    got = transfer(remote, Local(elsewhere), row, PUSHER).accepted.version
    assert str(got.metrics) == str(made.metrics)
