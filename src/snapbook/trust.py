"""What may be unpickled or executed: own work, work signed by a trusted key for that model, or a
version trusted by name.

Decides from signatures and a small file in the user's configuration folder; loads nothing. A blob's
digest alone never carries trust: somebody else's pickle attached to my version stays theirs, for a
signature covers a whole Manifest under one model name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snapbook import signing
from snapbook.canonical import Json
from snapbook.errors import Damaged, Hint, Untrusted

AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a version says of its origin: who signed which Manifest for which model."""

    model: str
    manifest: str
    author: str
    key: str
    signature: str


def statement(model: str, manifest: str) -> Mapping[str, Json]:
    """What an author signs: this Manifest, for this model name."""
    return {"model": model, "manifest": manifest}


@dataclass(frozen=True, slots=True)
class Trust:
    """The trusted keys (public key -> model names, "*" for all) and (model, manifest) pairs."""

    folder: Path

    def allows(self, claim: Claim) -> bool:
        """Whether the version may be executed. A signature that is wrong counts for nothing."""
        book = self._read()
        if [claim.model, claim.manifest] in book["versions"]:
            return True
        models = book["keys"].get(claim.key, [])
        if claim.key == signing.existing_public(self.folder):
            models = ["*"]
        if "*" not in models and claim.model not in models:
            return False
        said = statement(claim.model, claim.manifest)
        return signing.verify(claim.key, claim.signature, AUTHOR, said)

    def check(self, claim: Claim, shown: str, imports: tuple[str, ...], reason: str = "") -> None:
        """Raise Untrusted, with who made it and what it would import, unless `allows`.

        ``reason`` is why it is not one of those that need no trust.
        """
        if self.allows(claim):
            return
        brings = ", ".join(imports[:6]) + (f", +{len(imports) - 6}" if len(imports) > 6 else "")
        raise Untrusted(
            "Not loaded",
            f"{shown} is a pickle by {claim.author or 'nobody who signed it'}"
            f" that imports {brings or 'nothing that can be told'}"
            + (f" ({reason})" if reason else ""),
            act=f"If you trust them for {claim.model}",
            hint=Hint("trust", (shown,)),
        )

    def trust_version(self, model: str, manifest: str) -> None:
        """Trust this one Manifest under this name."""
        book = self._read()
        if [model, manifest] not in book["versions"]:
            book["versions"].append([model, manifest])
            self._write(book)

    def trust_key(self, key: str, model: str) -> None:
        """Trust all that ``key`` signs for ``model`` ("*": for every model)."""
        book = self._read()
        models = book["keys"].setdefault(key, [])
        if model not in models:
            models.append(model)
            self._write(book)

    def revoke(self, key: str) -> bool:
        """Stop trusting ``key``; whether it was trusted."""
        book = self._read()
        known = book["keys"].pop(key, None) is not None
        if known:
            self._write(book)
        return known

    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """The trusted keys and the model names each is trusted for."""
        return {key: tuple(models) for key, models in self._read()["keys"].items()}

    def _read(self) -> dict[str, Any]:
        path = self.folder / "trust.json"
        try:
            book: Any = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            book = {}
        except ValueError as error:
            raise Damaged(
                "The list of trusted signers cannot be read", f"{path.name}: {error}"
            ) from error
        if not isinstance(book, dict):
            raise Damaged("The list of trusted signers cannot be read", f"{path.name}: no table")
        return {"keys": dict(book.get("keys", {})), "versions": list(book.get("versions", []))}

    def _write(self, book: Mapping[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self.folder / f".trust-{os.getpid()}"
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(book, file, indent=1)
        partial.replace(self.folder / "trust.json")
