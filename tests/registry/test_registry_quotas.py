"""Quotas: what the versions of some models may take; more is refused in a sentence."""

import pytest
from faults import driver
from standing import Standing

from snapbook import places
from snapbook.errors import BadOption, Refused
from snapbook.refs import parse
from snapbook.registry import quotas
from snapbook.registry.quotas import Quota
from snapbook.repository import Author
from snapbook.transfer import Local, transfer

EVE = Author("eve")
ONE = 100_000  # some versions of the driver: 30 kB each, of which neighbours share 20 kB


@pytest.fixture
def limited(tmp_path):
    standing = Standing(
        tmp_path / "limited",
        quotas=(Quota("churn", ONE), Quota("risk/*", 40_000), Quota("*", 10 * ONE)),
    )
    yield standing
    standing.stop()


@pytest.fixture
def here(tmp_path):
    (tmp_path / "here").mkdir()
    with places.make_repository(tmp_path / "here") as repository:
        yield repository


def sent(limited, here, model, seed):
    version = driver.save(here, model, seed).version
    with limited.remote(model=model) as remote:
        return transfer(Local(here), remote, version, EVE)


def kept(limited):
    with places.open_folder(limited.folder) as repository:
        return [row.ref for row in repository.every_version()]


def test_what_is_over_the_quota_is_refused_and_nothing_is_kept(limited, here):
    said, pushed = "", 0
    for seed in range(0, 40, 4):  # neighbours of neighbours: nothing is shared
        try:
            sent(limited, here, "churn", seed)
            pushed += 1
        except Refused as error:
            said = f"{error.kind}: {error}"
            break
    assert pushed == 3
    assert said == (
        "quota: Not pushed: churn may take 98 kB in this registry: 92 kB are taken, churn would"
        " bring 31 kB. Ask its administrator for more, or for what can be deleted"
    )
    assert len(kept(limited)) == 3
    # Others are not held back by it.
    sent(limited, here, "other", 100)


def test_what_is_shared_counts_once_and_what_is_deleted_not_at_all(limited, here):
    for seed in (0, 1, 2, 3):  # they share their largest blob
        sent(limited, here, "churn", seed)
    sent(limited, here, "churn", 8)
    with pytest.raises(Refused, match="churn may take"):
        sent(limited, here, "churn", 12)
    with places.open_folder(limited.folder) as repository:
        repository.delete(repository.resolve(parse("churn:0.5.0")), EVE)
    sent(limited, here, "churn", 16)


def test_a_namespace_has_one_together(limited, here):
    sent(limited, here, "risk/a", 0)
    with pytest.raises(Refused, match=r"risk/\* may take"):
        sent(limited, here, "risk/b", 4)
    assert kept(limited) == ["risk/a:0.1.0"]


def test_who_has_nothing_left_is_told_before_he_sends(limited, here):
    sent(limited, here, "risk/a", 0)
    accounts = limited.service.ledger._accounts
    accounts[1] = (Quota("risk/*", 1000), accounts[1][1])
    version = driver.save(here, "risk/a", 4).version
    with (
        limited.remote(model="risk/a") as remote,
        pytest.raises(Refused, match="nothing is left"),
    ):
        remote.store.missing([version.manifest])


def test_doing_it_twice_takes_nothing_twice(limited, here):
    for seed in (0, 4, 8):
        sent(limited, here, "churn", seed)
    version = here.resolve(parse("churn:0.3.0"))
    with limited.remote(model="churn") as remote:
        assert not transfer(Local(here), remote, version, EVE).accepted.new


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("churn", "models and a size"),
        ("churn=many", "a size such as 512 MB"),
        ("a b=3 GB", "no pattern of models"),
    ],
)
def test_a_quota_that_is_none_is_a_sentence(text, said):
    with pytest.raises(BadOption, match=said):
        quotas.parse(text)


def test_a_quota_as_it_is_written():
    assert quotas.parse("risk/* = 50 GB") == Quota("risk/*", 50 << 30)
