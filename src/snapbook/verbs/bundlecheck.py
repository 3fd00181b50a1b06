"""bundle check: a bundle looked at from outside, wherever it came from.

First all that can be told without running anything; then, where its author is trusted, its own
environment is built and its model asked what it was asked at export.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import canonical, settings, signing
from snapbook.errors import Damaged, NotRestorable
from snapbook.export import bundle as making
from snapbook.export import selftest
from snapbook.flavors import bundled, pickled, weights
from snapbook.parts import files
from snapbook.parts.base import Part
from snapbook.serve import environment, recipe, trying, wheels
from snapbook.serve.load import Bundle, module_file, open_bundle
from snapbook.trust import AUTHOR, Claim, Trust, statement
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked


def bundle(here: Here, asked: Asked) -> Done:
    """A bundle looked at from outside, and its model asked what it was asked at export.

    Raises Damaged for what is not as it was, also where the model answers otherwise.
    """
    path = Path(asked.path).expanduser()
    path = path if path.is_absolute() else here.folder / path
    opened = open_bundle(path)
    count = opened.check()
    trusted, signed = _signed(opened)
    try:
        _as_signed(opened)
    except (AttributeError, KeyError, TypeError) as error:  # parts that no snapbook wrote
        raise Damaged("The bundle is not whole", "its parts cannot be read") from error
    ran, line = _run(here, opened, path, asked, trusted)
    lines = (
        f"{opened.ref}: whole, {count + 1} files as listed",
        signed,
        "model: byte for byte what its manifest names",
        *line,
    )
    return Done(lines, {"ref": opened.ref, "files": count + 1, "trusted": trusted, "ran": ran})


def _signed(opened: Bundle) -> tuple[bool, str]:
    """Whether the author is trusted, and the line that says who that is. Raises Damaged."""
    author = opened.author
    if author.manifest != opened.facts.get("manifest"):
        raise Damaged("The bundle is not whole", "its manifest is another one")
    claim = Claim(author.model, author.manifest, author.author, author.key, author.signature)
    trusted = Trust(settings.folder()).allows(claim)
    if not author.key:
        return trusted, "not signed by anybody"
    said = statement(author.model, author.manifest)
    if not signing.verify(author.key, author.signature, AUTHOR, said):
        raise Damaged("The bundle is not whole", "the signature in it is not of its manifest")
    known = "whom you trust" if trusted else "whom you do not trust"
    if author.model != opened.facts["model"]:  # renamed since, or passed off as another
        known = f"as {author.model}, {known}"
    return trusted, f"signed by {author.author or 'somebody'} (key {author.key[:16]}), {known}"


def _as_signed(opened: Bundle) -> None:
    """Raise Damaged unless model and environment are what the signed parts make of themselves."""
    model = Part.decode(opened.part("model"))
    layout: Any = model.facts["layout"]
    held: Any = opened.blobs()
    if layout.get("format") == pickled.FORMAT:
        data = opened.read(f"model/{opened.facts['load'].get('file')}")
        if not bundled.same_pickle(data, layout, model.blobs, held.__getitem__):
            raise Damaged("The model is not the one that its author signed", "its bytes are others")
    if "parts/environment.json" not in opened.facts["files"]:
        return
    surroundings = Part.decode(opened.part("environment"))
    modules = None
    if "parts/modules.json" in opened.facts["files"]:
        modules = Part.decode(opened.part("modules"))
    texts = making.environment_files(model, modules, surroundings, _stored(opened, modules))
    for name, text in texts.items():
        if opened.read(f"environment/{name}") != text.encode():
            raise Damaged("The bundle is not whole", f"environment/{name} is not what was signed")


def _stored(opened: Bundle, modules: Part | None) -> Callable[[str], bytes]:
    """The blobs that the lists of packages are made of, out of the bundle's files."""
    names = ["parts/installed.json"] if "parts/installed.json" in opened.facts["files"] else []
    names += [module_file(str(entry["module"]), str(entry["path"]))
              for entry in files.entries(modules) if entry.get("module")]  # fmt: skip
    held = {canonical.digest(data): data for data in map(opened.read, names)}

    def get(digest: str) -> bytes:
        if digest not in held:
            raise Damaged("The bundle is not whole", "a file in it is not what was signed")
        return held[digest]

    return get


def _run(
    here: Here, opened: Bundle, path: Path, asked: Asked, trusted: bool
) -> tuple[bool, tuple[str, ...]]:
    """The self-test in the bundle's own environment, where uv can make it; else in this one."""
    if opened.form == weights.STATE:
        return False, ("not run: there is nothing to ask, tensors without their module",)
    if opened.sample is None:
        return False, ("not run: it was exported without a self-test",)
    if not selftest.sound(opened.sample):
        raise Damaged("The bundle is not whole", "sample.json is no self-test")
    trusted = trusted or asked.trust
    plain = opened.executes and not trusted
    with tempfile.TemporaryDirectory(prefix="snapbook-bundle-") as name:
        folder = Path(name)
        place: Sequence[str] = ()
        brought: tuple[str, ...] = ()
        if asked.here:
            why = "--here was given"
        elif not trusted:  # whose packages would be imported
            why = "its author is not one whom you trust"
        else:
            here.progress("environment", 0, 1)
            own, brought = _own_wheels(opened, asked.trust)
            why = _rebuilt(opened, folder, asked.offline, own)
            place = () if why else _words(folder)
        line = (f"environment: not rebuilt, {why}" if why else "environment: rebuilt from the lock",
                *brought)  # fmt: skip
        said = selftest.tried(
            path,
            opened.sample["rows"],
            settings.number("judge.max_seconds"),
            plain=plain,
            python=place,
        )
    if isinstance(said, str):
        if plain:
            act = "to run it all the same: --trust"
            return False, (*line, f"not run: its author is not one whom you trust; {act}")
        raise Damaged(f"{opened.ref} does not pass its self-test", said)
    if places := selftest.differing(opened.sample, said):
        row = places[0]
        raise Damaged(
            f"{opened.ref} does not pass its self-test",
            f"{len(places)} of {len(opened.sample['rows'])} rows are answered otherwise; row {row}:"
            f" {said['answers'][row]}, at export {opened.sample['answers'][row]}",
        )
    return True, (*line, f"self-test: {len(opened.sample['rows'])} rows are answered as at export")


def _own_wheels(opened: Bundle, all_trusted: bool) -> tuple[bool, tuple[str, ...]]:
    """Whether the wheels in it are installed, and the line on that: none where there are none.

    They are programs that its author did not sign; the word of somebody whom the user trusts for
    the model is needed that they are the right ones. The author is trusted by now.
    """
    if not wheels.names(opened):
        return False, ()
    key, book = wheels.signer(opened), Trust(settings.folder())
    models = book.keys().get(key, ())
    known = {signing.existing_public(settings.folder()), opened.author.key} - {"", None}
    if all_trusted or key in known or opened.author.model in models or "*" in models:
        return True, ("packages: from the wheels in it",)
    who = f"the key {key[:16]}, whom you do not trust" if key else "nobody"
    return False, (f"packages: not from the wheels in it, for which stands {who}",)


def _rebuilt(opened: Bundle, folder: Path, offline: bool, own_wheels: bool) -> str:
    """Make its environment anew; why it could not be made, "" where it was."""
    try:
        wanted = recipe.recipe(opened, recipe.TRYING)
    except NotRestorable as error:
        return error.why
    seconds = settings.number("judge.max_seconds")
    here = wheels.unpack(opened, folder / "wheels") if own_wheels else None
    return environment.make(folder, wanted, seconds, offline, here)


def _words(folder: Path) -> Sequence[str]:
    """What starts `serve.trying` in the environment that was made there."""
    return (str(environment.interpreter(folder / "env")), "-I", "-m", trying.__name__)
