"""Trust: own work loads, others' work is refused until it is trusted by key or by name."""

from __future__ import annotations

import stat

import pytest

from snapbook import signing, trust
from snapbook.errors import Damaged, Hint, Untrusted

MANIFEST = "3f" * 32


@pytest.fixture
def mine(tmp_path):
    return tmp_path / "mine"


@pytest.fixture
def theirs(tmp_path):
    return signing.own_key(tmp_path / "theirs")


def claim(key, model="churn", manifest=MANIFEST, signed_for=None):
    said = trust.statement(signed_for or model, manifest)
    return trust.Claim(model, manifest, "somebody", key.public, key.sign(trust.AUTHOR, said))


def test_own_work_is_trusted(mine):
    assert trust.Trust(mine).allows(claim(signing.own_key(mine)))


def test_others_work_is_refused_with_author_imports_and_command(mine, theirs):
    with pytest.raises(Untrusted) as caught:
        trust.Trust(mine).check(claim(theirs), "churn:1.4.0", ("risklib", "os"))
    assert caught.value.sentence == (
        "Not loaded: churn:1.4.0 is a pickle by somebody that imports risklib, os."
    )
    assert caught.value.act == "If you trust them for churn"
    assert caught.value.hint == Hint("trust", ("churn:1.4.0",))


def test_a_version_trusted_by_name_loads_under_that_name_only(mine, theirs):
    book = trust.Trust(mine)
    book.trust_version("churn", MANIFEST)
    assert book.allows(claim(theirs))
    assert not book.allows(claim(theirs, model="fraud"))
    assert not book.allows(claim(theirs, manifest="aa" * 32))


def test_a_key_is_trusted_for_its_models_and_until_revoked(mine, theirs):
    book = trust.Trust(mine)
    book.trust_key(theirs.public, "churn")
    assert book.allows(claim(theirs))
    assert not book.allows(claim(theirs, model="fraud"))
    assert book.revoke(theirs.public)
    assert not book.revoke(theirs.public)
    assert not book.allows(claim(theirs))


def test_a_signature_for_another_name_manifest_or_purpose_counts_for_nothing(mine, theirs):
    book = trust.Trust(mine)
    book.trust_key(theirs.public, "*")
    assert book.allows(claim(theirs))
    assert not book.allows(claim(theirs, signed_for="fraud"))
    other = claim(theirs, manifest="aa" * 32)
    assert not book.allows(
        trust.Claim("churn", MANIFEST, "somebody", theirs.public, other.signature)
    )
    approved = theirs.sign("approve", trust.statement("churn", MANIFEST))
    assert not book.allows(trust.Claim("churn", MANIFEST, "somebody", theirs.public, approved))
    for signature in ("", "00", "not hex", "00" * 64):
        assert not book.allows(trust.Claim("churn", MANIFEST, "x", theirs.public, signature))
    assert not book.allows(trust.Claim("churn", MANIFEST, "x", "", ""))


def test_a_claim_to_my_key_without_my_signature_is_refused(mine, theirs):
    key = signing.own_key(mine)
    forged = theirs.sign(trust.AUTHOR, trust.statement("churn", MANIFEST))
    assert not trust.Trust(mine).allows(trust.Claim("churn", MANIFEST, "me", key.public, forged))


def test_the_key_is_for_its_owner_alone_and_made_once(mine):
    first = signing.own_key(mine)
    assert stat.S_IMODE((mine / signing.KEY_FILE).stat().st_mode) == 0o600
    assert signing.own_key(mine).public == first.public
    assert sorted(path.name for path in mine.iterdir()) == [signing.KEY_FILE]


def test_a_rotated_key_is_kept_and_another_signs(mine):
    first = signing.own_key(mine)
    old, new = signing.rotate(mine)
    assert old == first.public != new.public
    assert signing.own_key(mine).public == new.public
    assert (mine / f"key-{old[:8]}.pem").exists()


@pytest.mark.parametrize("text", ["not json", "[]", "3"])
def test_a_damaged_list_of_signers_is_said_and_trusts_nobody(mine, theirs, text):
    mine.mkdir()
    (mine / "trust.json").write_text(text)
    with pytest.raises(Damaged):
        trust.Trust(mine).allows(claim(theirs))


def test_a_damaged_key_is_said(mine):
    mine.mkdir()
    (mine / signing.KEY_FILE).write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n")
    with pytest.raises(Damaged, match="signing key"):
        signing.own_key(mine)
