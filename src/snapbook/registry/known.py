"""The registries that a user knows: names, addresses, tokens. A file in his configuration folder.

A token goes into the system's keyring where the package `keyring` finds one, else into a file that
only its owner reads. An address is one of http and https, of file, a folder that others reach too,
or of a bucket: in both the roles are those of whoever keeps the disk or the bucket.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from snapbook.errors import BadOption, Conflict, Damaged, Hint, NotFound, nearest
from snapbook.refs import check_model_name
from snapbook.registry import signin
from snapbook.registry.http import checked_url
from snapbook.store import bucket

_FILE = "registries.json"
_SERVICE = "snapbook registry"
_TOKEN = "SNAPBOOK_TOKEN"


@dataclass(frozen=True, slots=True)
class Known:
    """A registry by the name that the user gave it; ``key`` is what it is known by, "" for none."""

    name: str
    url: str
    key: str = ""

    @property
    def folder(self) -> Path | None:
        """The folder of a file address; None for a server or a bucket."""
        parts = urlsplit(self.url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None

    @property
    def bucket(self) -> bool:
        """Whether it is a bucket without a server."""
        return urlsplit(self.url).scheme in bucket.SCHEMES


class Book:
    """The registries written down in ``folder``, the user's configuration."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def all(self) -> list[Known]:
        """All of them, in the order they were added."""
        return [
            Known(name, str(entry["url"]), str(entry.get("key", "")))
            for name, entry in self._read().items()
        ]

    def get(self, name: str) -> Known:
        """The registry called ``name``; "" is the only one. Raises NotFound."""
        known = {found.name: found for found in self.all()}
        if not name and len(known) == 1:
            return next(iter(known.values()))
        if name in known:
            return known[name]
        if not known:
            raise NotFound(
                "No registry is known here yet",
                act="Add one",
                hint=Hint("registry", ("add", "team", "https://models.example.com")),
                kind="no-registry",
            )
        if not name:
            raise NotFound(
                "There are several registries", ", ".join(known), act="Name one with --registry"
            )
        near = nearest(name, list(known))
        guess = f" (did you mean {' or '.join(near)}?)" if near else ""
        raise NotFound(
            f"No registry is called {name}{guess}",
            act="All",
            hint=Hint("registry"),
            kind="no-registry",
        )

    def add(self, name: str, url: str) -> Known:
        """Remember an address under ``name``; one that is known keeps its key.

        Raises BadName, BadOption, Conflict.
        """
        check_model_name(name)
        if "/" in name:
            raise BadOption(f"{name} cannot name a registry", "it has a slash")
        book = self._read()
        known = Known(name, checked(url))
        if name in book and book[name]["url"] != known.url:
            raise Conflict(
                f"{name} is {book[name]['url']} already",
                act="Remove it first",
                hint=Hint("registry", ("remove", name)),
            )
        self._write({**book, name: {**book.get(name, {}), "url": known.url}})
        return self.get(name)

    def pin(self, known: Known, key: str) -> Known:
        """From now on the registry is known by ``key``; gives it with that."""
        book = self._read()
        if known.name in book:  # else it was only looked at
            self._write({**book, known.name: {**book[known.name], "key": key}})
        return replace(known, key=key)

    def remove(self, name: str) -> Known:
        """Forget a registry and its token. Raises NotFound."""
        known = self.get(name)
        self.forget_token(known)
        self._write({n: entry for n, entry in self._read().items() if n != known.name})
        return known

    def token(self, known: Known) -> str:
        """The token for it, "" for none: the environment's, else the keyring's, else the file's.

        SNAPBOOK_TOKEN_TEAM is for the registry called team alone and goes before SNAPBOOK_TOKEN.
        Where one signed in elsewhere, a sign-in that ends is renewed. Raises Refused, Unreachable.
        """
        if token := os.environ.get(variable(known.name)) or os.environ.get(_TOKEN):
            return token
        kept = self._kept(known)
        if (signed := signin.signed_of(kept)) is None:
            return kept
        if (renewed := signin.fresh(signed)) != signed:
            self.keep_token(known, str(renewed))
        return renewed.id_token

    def _kept(self, known: Known) -> str:
        if (ring := _keyring()) is not None and (found := ring.get_password(_SERVICE, known.url)):
            return str(found)
        return str(self._read().get(known.name, {}).get("token", ""))

    def keep_token(self, known: Known, token: str) -> str:
        """Keep the token; gives where ("the keyring" or the file's name)."""
        if (ring := _keyring()) is not None:
            ring.set_password(_SERVICE, known.url, token)
            return "the keyring"
        book = self._read()
        self._write({**book, known.name: {**book[known.name], "token": token}})
        return _FILE

    def forget_token(self, known: Known) -> None:
        """Drop the token wherever it is."""
        ring = _keyring()
        if ring is not None and ring.get_password(_SERVICE, known.url):
            ring.delete_password(_SERVICE, known.url)
        book = self._read()
        if "token" in book.get(known.name, {}):
            entry = {word: value for word, value in book[known.name].items() if word != "token"}
            self._write({**book, known.name: entry})

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            book = json.loads(self._path.read_text("utf-8"))
            return {str(name): dict(entry, url=str(entry["url"])) for name, entry in book.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Damaged(
                "The list of registries cannot be read",
                act=f"Move {self._path.name} away and add them again",
            ) from error

    def _write(self, book: Mapping[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._path.with_name(f".{_FILE}-{os.getpid()}")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(book, file, indent=1)
        partial.replace(self._path)


def variable(name: str) -> str:
    """The environment variable that holds the token for the registry called ``name`` alone."""
    return f"{_TOKEN}_{re.sub('[^A-Z0-9]', '_', name.upper())}"


def checked(url: str) -> str:
    """The address of a registry, in one form. Raises BadOption."""
    if urlsplit(url).scheme in bucket.SCHEMES:
        return bucket.checked(url)
    if not url.startswith("file:"):
        return checked_url(url)
    path = Path(unquote(urlsplit(url).path))
    if not path.is_absolute():
        raise BadOption("A file address needs a whole path", act="Like: file:///shared/models")
    return path.as_uri()


def _keyring() -> Any:
    """The system's keyring, where the package is installed and finds one; else None."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        return None
    ring = keyring.get_keyring()
    return None if isinstance(ring, fail.Keyring | null.Keyring) else ring
