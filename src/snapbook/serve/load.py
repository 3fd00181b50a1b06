"""A bundle that was opened: what it says of itself, and its model.

The model comes only out of bytes that are proven to be its author's: the Manifest has the digest of
the model's part, the part those of all blobs, and the file has to give those blobs. Whether that
author may be trusted is the caller's question, and so is asked before `Bundle.model`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snapbook import canonical, refs
from snapbook.errors import Damaged, NewerFormat, NotRestorable, SnapbookError, Usage
from snapbook.flavors import bundled, codeless, pickled, registry
from snapbook.flavors.arrays import NotAllowed as NotAllowed
from snapbook.flavors.pickler import said
from snapbook.serve import folder
from snapbook.serve.modules import Modules

FORMAT = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_JSON = 256 << 20  # bytes of any one of the bundle's own documents
_MOST_BYTES = 1 << 50
_LONGEST_NUMBER = 100


@dataclass(frozen=True, slots=True)
class Author:
    """Who signed which Manifest for which model; "" where nobody signed."""

    model: str
    manifest: str
    author: str
    key: str
    signature: str


def open_bundle(path: str | Path) -> Bundle:
    """The bundle in a folder or a .zip. Reads its list of files; see `Bundle.check` for the rest.

    Raises NotFound, NewerFormat, and Damaged where it is no bundle, or not a whole one.
    """
    files = folder.opened(Path(path))
    if "bundle.json" not in files.sizes:
        raise Damaged("Not a bundle", f"{Path(path).name} has no bundle.json")
    facts = _document(files, "bundle.json")
    form = facts.get("bundle")
    if type(form) is int and form > FORMAT:
        raise NewerFormat("Not opened", "the bundle was written by a later snapbook",
                          act="Upgrade snapbook")  # fmt: skip
    listed = facts.get("files")
    if type(form) is not int or form != FORMAT or not isinstance(listed, dict):
        raise Damaged("Not a bundle", "its bundle.json is of another format")
    if not isinstance(facts.get("load"), dict):
        raise Damaged("Not a bundle", "its bundle.json is of another format")
    for name, entry in listed.items():
        folder.checked(name)
        if not isinstance(entry, dict) or not _sound(entry):
            raise Damaged("The bundle is not whole", f"its list does not tell what {name} is")
    _compare(listed, files)
    _named(facts.get("model"), facts.get("number"))
    return Bundle(files, facts)


class Bundle:
    """One bundle. ``facts`` are its bundle.json, see docs/bundle.md."""

    def __init__(self, files: folder.Files, facts: Mapping[str, Any]) -> None:
        self._files = files
        self.facts = facts
        self.signature: Mapping[str, Any] = self._optional("signature.json") or {}
        self.profile: Mapping[str, Any] = self._optional("profile.json") or {}
        self.sample: Mapping[str, Any] | None = self._optional("sample.json")

    @property
    def ref(self) -> str:
        """The version it was made of: churn:1.4.0."""
        return f"{self.facts.get('model')}:{self.facts.get('number')}"

    @property
    def digest(self) -> str:
        """The SHA-256 of its bundle.json, which tells it from every other bundle."""
        return hashlib.sha256(self._files.read("bundle.json")).hexdigest()

    @property
    def author(self) -> Author:
        """Whose version it is, as the bundle says: nothing is verified here."""
        told = self._optional("author.json") or {}
        said = {name: str(told.get(name) or "") for name in ("model", "author", "key", "signature")}
        return Author(manifest=canonical.digest(self.read("manifest.json")), **said)

    @property
    def executes(self) -> bool:
        """Whether loading the model can run code that came with it."""
        return codeless.executes(self._part("model"))

    @property
    def form(self) -> str:
        """The form in which its model was stored: see docs/format.md."""
        return str(self._part("model")["layout"].get("format"))

    @property
    def imports(self) -> tuple[str, ...]:
        """What loading would import ("module:name"), as far as was told when it was versioned."""
        listed = self._part("model").get("imports")
        return tuple(map(str, listed)) if isinstance(listed, list) else ()

    def read(self, name: str) -> bytes:
        """The bytes of one of its files, compared with the list. Raises Damaged."""
        entry = self.facts["files"].get(name)
        if entry is None:
            raise Damaged("The bundle is not whole", f"it has no {name}")
        data = self._files.read(name)
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise Damaged("The bundle is not whole", f"{name} was changed")
        return data

    def check(self) -> int:
        """Compare every file with the list; gives how many there are. Raises Damaged."""
        for name in self.facts["files"]:
            self.read(name)
        return len(self.facts["files"])

    def blobs(self) -> Mapping[str, memoryview]:
        """The model as the blobs that its author signed. Raises Damaged where they are others."""
        facts, digests = self._part("model"), self._digests("model")
        return bundled.blobs_of(
            self.facts["load"], facts["layout"], digests, lambda name: self.read(f"model/{name}")
        )

    def model(self, *, plain: bool = False) -> Any:
        """The model, of bytes that are proven to be its author's.

        Loading may execute: the caller has asked trust. With ``plain`` nothing is executed, and
        what would need that raises NotAllowed. Raises Damaged, NotRestorable.
        """
        facts, digests, held = self._part("model"), self._digests("model"), self.blobs()
        layout, flavor = facts["layout"], facts.get("flavor")
        get: Any = held.__getitem__
        if plain:
            if flavor != "sklearn" or layout.get("format") != pickled.FORMAT:
                raise NotAllowed("it is not a model of scikit-learn")
            return pickled.fetch_plain(layout, digests, get)
        if self.executes:  # else nobody was asked whether modules of his may be imported
            self._modules().install()
        try:
            kept: Any = registry.named(str(flavor))
            # Of ONNX a user gets back a graph, which only describes; here it has to answer.
            return getattr(kept, "answering", kept.load)(layout, digests, get)
        except SnapbookError:
            raise
        except ModuleNotFoundError as error:
            raise NotRestorable(
                "Not loaded",
                f"{self.ref} needs the module {error.name}, absent here",
                act="The bundle's environment/needed.txt says what it needs",
            ) from error
        except Exception as error:
            raise NotRestorable(
                "Not loaded", f"{self.ref} does not load ({said(error)})"
            ) from error

    def part(self, name: str) -> bytes:
        """A part of the signed Manifest, as it was stored. Raises Damaged where it is another."""
        data = self.read(f"parts/{name}.json")
        manifest = _parsed(self.read("manifest.json"), "manifest.json")
        listed = manifest.get("parts")
        known = [ref.get("part") for ref in listed if isinstance(ref, dict)] if listed else []
        if canonical.digest(data) not in known:
            raise Damaged("The bundle is not whole", f"parts/{name}.json is not of its manifest")
        return data

    def _part(self, name: str) -> Mapping[str, Any]:
        facts = _parsed(self.part(name), f"parts/{name}.json").get("facts")
        if not isinstance(facts, dict) or (
            name == "model" and type(facts.get("layout")) is not dict
        ):
            raise Damaged("The bundle is not whole", f"parts/{name}.json is no part")
        return facts

    def _digests(self, name: str) -> tuple[str, ...]:
        listed = _parsed(self.part(name), f"parts/{name}.json").get("blobs")
        return tuple(map(str, listed)) if isinstance(listed, list) else ()

    def _modules(self) -> Modules:
        """The author's own modules, each as it was signed."""
        files: dict[str, str] = {}
        sources: dict[str, bytes] = {}
        there = "parts/modules.json" in self.facts["files"]
        listed = self._part("modules").get("files") if there else ()
        for entry in listed if isinstance(listed, list) else ():
            name = str(entry.get("module") or "") if isinstance(entry, dict) else ""
            if name:
                place = module_file(name, str(entry.get("path")))
                data = self.read(place)
                if canonical.digest(data) != entry.get("digest"):
                    raise Damaged("The bundle is not whole", f"{place} is not what was signed")
                files[name], sources[place] = place, data
        return Modules(files, sources)

    def _optional(self, name: str) -> Any:
        return _parsed(self.read(name), name) if name in self.facts["files"] else None


def module_file(module: str, path: str) -> str:
    """Where the source of a module of the author's lies in a bundle."""
    place = module.replace(".", "/")
    return f"code/{place}/__init__.py" if path.endswith("__init__.py") else f"code/{place}.py"


def _document(files: folder.Files, name: str) -> dict[str, Any]:
    if files.sizes[name] > _MOST_JSON:
        raise Damaged("Not a bundle", f"{name} is too large to be one")
    return _parsed(files.read(name), name)


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    try:
        found: Any = canonical.decode(data) if len(data) <= _MOST_JSON else None
    except ValueError as error:
        raise Damaged("The bundle is not whole", f"{name} is cut, or no JSON") from error
    if not isinstance(found, dict):
        raise Damaged("The bundle is not whole", f"{name} says nothing")
    return found


def _named(model: Any, number: Any) -> None:
    """Raise Damaged unless these name a version."""
    try:
        if type(model) is not str or type(number) is not str or len(number) > _LONGEST_NUMBER:
            raise Usage("no name")
        refs.check_model_name(model)
        refs.parse_number(number)
    except Usage as error:
        raise Damaged("Not a bundle", "its bundle.json names no version") from error


def _sound(entry: Mapping[str, Any]) -> bool:
    size, digest = entry.get("bytes"), entry.get("sha256")
    return (
        type(size) is int
        and 0 <= size <= _MOST_BYTES
        and type(digest) is str
        and _DIGEST.fullmatch(digest) is not None
    )


def _compare(listed: Mapping[str, Any], files: folder.Files) -> None:
    """Raise Damaged unless the files are those of the list, as long as it says."""
    there = {name: size for name, size in files.sizes.items() if name != "bundle.json"}
    for name, entry in listed.items():
        if name not in there:
            raise Damaged("The bundle is not whole", f"{name} is missing")
        if there.pop(name) != entry["bytes"]:
            raise Damaged("The bundle is not whole", f"{name} is not as long as it was")
    for name in there:
        raise Damaged("The bundle is not whole", f"{name} is one file too many")
