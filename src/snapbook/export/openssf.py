"""Exported files under a signature that others' tools verify: OpenSSF model signing, version 1.0.

A file, or a folder with all that is in it, as an in-toto statement in a DSSE envelope in a Sigstore
bundle, signed with ECDSA over P-256; `model_signing verify key` takes it as it is. That key signs
exported files alone and lies beside the author's own, which signs it in turn; the statement says
which version the files are of, and who signed that.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import signing
from snapbook.errors import Damaged
from snapbook.trust import Claim

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

KEY_FILE = "key-p256.pem"
PURPOSE = "openssf-key"
_TYPE = "application/vnd.in-toto+json"
_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
# What the verifier's own tool leaves out, too.
_IGNORED = (".git", ".gitattributes", ".github", ".gitignore")


class Signer:
    """The key in ``folder``, made on first use (0600), which the author's key there vouches for."""

    def __init__(self, folder: Path) -> None:
        self._private = _own(folder / KEY_FILE)
        self._author = signing.own_key(folder)

    @property
    def pem(self) -> str:
        """The public half, for whoever verifies."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self._private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, target: Path, claim: Claim) -> str:
        """The bundle for the file or folder ``target``, which is of the version in ``claim``."""
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.hashes import SHA256

        payload = json.dumps(self._statement(target, claim), sort_keys=True).encode()
        signature = self._private.sign(_framed(payload), ECDSA(SHA256()))
        bundle = {
            "mediaType": _BUNDLE,
            "verificationMaterial": {
                "publicKey": {"hint": hashlib.sha256(self.pem.encode()).hexdigest()},
                "tlogEntries": [],
            },
            "dsseEnvelope": {
                "payload": _text(payload),
                "payloadType": _TYPE,
                "signatures": [{"sig": _text(signature), "keyid": ""}],
            },
        }
        return json.dumps(bundle) + "\n"

    def _statement(self, target: Path, claim: Claim) -> Mapping[str, Any]:
        digests = _digests(target)
        whole = hashlib.sha256(b"".join(bytes.fromhex(found) for found in digests.values()))
        return {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": target.name, "digest": {"sha256": whole.hexdigest()}}],
            "predicateType": "https://model_signing/signature/v1.0",
            "predicate": {
                "serialization": {
                    "method": "files",
                    "hash_type": "sha256",
                    "allow_symlinks": False,
                    "ignore_paths": list(_IGNORED),
                },
                "resources": [
                    {"name": name, "algorithm": "sha256", "digest": digest}
                    for name, digest in digests.items()
                ],
                "snapbook": self._origin(claim),
            },
        }

    def _origin(self, claim: Claim) -> Mapping[str, Any]:
        """Which version it is, who signed that, and whose key this one is."""
        return {
            "model": claim.model,
            "manifest": claim.manifest,
            "author": claim.author,
            "key": claim.key,
            "signature": claim.signature,
            "exporter": {
                "key": self._author.public,
                "signature": self._author.sign(PURPOSE, {"pem": self.pem}),
            },
        }


def _digests(target: Path) -> dict[str, str]:
    """SHA-256 of each file by its name in ``target``, in the order of names; "." for one alone."""
    if target.is_file():
        return {".": hashlib.sha256(target.read_bytes()).hexdigest()}
    found = {
        path.relative_to(target).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in target.rglob("*")
        if path.is_file() and path.relative_to(target).parts[0] not in _IGNORED
    }
    return {name: found[name] for name in sorted(found)}


def _framed(payload: bytes) -> bytes:
    """What is signed of ``payload``: the pre-authentication encoding of DSSE, version 1."""
    return b" ".join([b"DSSEv1", b"%d" % len(_TYPE), _TYPE.encode(), b"%d" % len(payload), payload])


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _own(path: Path) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise _unfit(path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise _unfit(path)
    return key


def _unfit(path: Path) -> Damaged:
    return Damaged(
        f"The key for exported files {path.name} cannot be read",
        act="Move it away; a new one is made at the next signed export",
    )


def _make(path: Path) -> None:
    """Exclusive, so that two exports at once end up with one key."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            os.link(name, path)
    except FileExistsError:
        pass  # the other one's counts
    finally:
        os.unlink(name)
