"""Ed25519 signatures, each made for one purpose.

Knows keys and bytes. Does not know whom to trust (trust.py) nor what a version is: what is signed
is a small statement {"purpose", ...}, so that a signature given for one act can never be shown for
another. RFC 8032; the key stays in a file that only its owner reads.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = "key.pem"


@dataclass(frozen=True, slots=True)
class Key:
    """A private key and the hex of its public half (64 digits), which is the signer's identity."""

    public: str
    _private: Ed25519PrivateKey

    def sign(self, purpose: str, statement: Mapping[str, Json]) -> str:
        """The signature (hex) of ``statement`` for ``purpose``."""
        return self._private.sign(_message(purpose, statement)).hex()

    def pem(self) -> bytes:
        """The private key as unencrypted PKCS #8, for export by its owner."""
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def verify(public: str, signature: str, purpose: str, statement: Mapping[str, Json]) -> bool:
    """Whether ``public`` signed ``statement`` for ``purpose`` with ``signature``. Never raises."""
    try:
        return _signed(public, signature, _message(purpose, statement))
    except (ValueError, TypeError):
        return False


@lru_cache(maxsize=64)
def _signed(public: str, signature: str, message: bytes) -> bool:
    """Whether ``message`` is signed so: an offer is looked at more than once on its way."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def new() -> Key:
    """A key that nobody has; it is kept nowhere yet."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return _key(Ed25519PrivateKey.generate())


def from_pem(data: bytes, named: str, act: str) -> Key:
    """The key that `Key.pem` gave. Raises Damaged: the key ``named`` so, and what is to be done."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise Damaged(f"The signing key {named} cannot be read", act=act) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise Damaged(f"The signing key {named} is of another kind (ed25519 is needed)")
    return _key(private)


def own_key(folder: Path) -> Key:
    """The user's key in ``folder``, made on first use (0600). Raises Damaged, OSError."""
    path = folder / KEY_FILE
    try:
        return _read(path)
    except FileNotFoundError:
        return _make(path)


def existing_public(folder: Path) -> str:
    """The public half of the key in ``folder``, or "" where there is none yet."""
    try:
        return _read(folder / KEY_FILE).public
    except FileNotFoundError:
        return ""


def rotate(folder: Path) -> tuple[str, Key]:
    """Make a new key; the old one is kept beside it. Gives (old public half, new key)."""
    path = folder / KEY_FILE
    old = own_key(folder).public
    path.rename(folder / f"key-{old[:8]}.pem")
    return old, _make(path)


def _message(purpose: str, statement: Mapping[str, Json]) -> bytes:
    return b"snapbook signature v1\n" + canonical.encode({"purpose": purpose, **statement})


def _read(path: Path) -> Key:
    act = "Move it away; a new one is made at the next version"
    return from_pem(path.read_bytes(), path.name, act)


def _make(path: Path) -> Key:
    """Exclusive, so that two kernels starting at once end up with one key."""
    key = new()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key.pem())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return _read(path)
    finally:
        os.unlink(name)
    return key


def _key(private: Ed25519PrivateKey) -> Key:
    return Key(private.public_key().public_bytes_raw().hex(), private)
