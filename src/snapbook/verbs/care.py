"""verify, gc, init, config, key, trust, autoload, help, bug-report: looking after a repository."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import gc as gc_of
from snapbook import places, refs, settings, signing
from snapbook import verify as verifying
from snapbook.errors import BadOption, Hint, NotFound, Usage
from snapbook.trust import Trust
from snapbook.verbs import keeping, look, who
from snapbook.verbs.here import Here
from snapbook.verbs.state import size_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.repository import Author, Repository
    from snapbook.verbs.table import Asked

_AUTOLOAD = 'c.InteractiveShellApp.extensions.append("snapbook")  # snapbook autoload'


def verify(here: Here, asked: Asked) -> Done:
    """Check every byte: packs, events, and that each version has all it needs. Repairs nothing."""
    repository = here.repository()
    only = look.resolve(repository, asked.ref)[0] if asked.ref else None
    return verified(verifying.verify(repository, only, here.progress))


def verified(found: verifying.Verified) -> Done:
    """What was checked and found, in words."""
    lines = [f"{problem.where}: {problem.why}" for problem in found.problems]
    lines += [f"{ref} cannot be restored whole" for ref in found.broken]
    lines += [f"{ref}: rows of it were not shared, its author has them" for ref in found.apart]
    checked = f"{found.versions:,} versions, {found.packs:,} packs, {found.events:,} events"
    if not found.problems and not found.broken:
        lines.append(f"all is well: {checked}")
    else:
        fine = found.versions - len(found.broken)
        lines.append(f"{fine:,} of {found.versions:,} versions are fine ({checked})")
    return Done(
        tuple(lines),
        {
            "ok": not (found.problems or found.broken),
            "problems": [{"where": p.where, "why": p.why} for p in found.problems],
            "broken": list(found.broken),
            "apart": list(found.apart),
            "versions": found.versions,
            "packs": found.packs,
            "events": found.events,
        },
        exit_code=1 if found.problems or found.broken else 0,
    )


def gc(here: Here, asked: Asked) -> Done:
    """Free what no version needs any more. Never deletes a version."""
    again = Hint("gc", ("--expire", "--yes"))
    return freed(here, asked, here.repository(), who.author(here.folder), again)


def freed(here: Here, asked: Asked, repository: Repository, author: Author, again: Hint) -> Done:
    """Let go what policies let go, where that is asked for (``again`` is how to), and free."""
    lines: list[str] = []
    expired: list[Json] = []
    dry = asked.dry_run
    if asked.expire:
        lines, expired = keeping.expire(repository, author, again, yes=asked.yes, dry=dry)
    got = gc_of.gc(repository, author, dry=dry, progress=here.progress)
    verb = "would free" if dry else "freed"
    files = f"{got.debris} unfinished file{'' if got.debris == 1 else 's'}"
    lines.append(f"{verb} {size_text(got.bytes)}: {_packs(got.packs)}, {files}")
    if got.later_packs:
        lines.append(
            f"{size_text(got.later_bytes)} in {_packs(got.later_packs)} "
            f"{'would go' if dry else 'go'} with a gc a day later: pushes may rely on them"
        )
    return Done(
        tuple(lines),
        {
            "expired": expired,
            "bytes": got.bytes,
            "packs": got.packs,
            "debris": got.debris,
            "later": {"bytes": got.later_bytes, "packs": got.later_packs},
            "dry_run": dry,
        },
    )


def _packs(count: int) -> str:
    return f"{count} pack{'' if count == 1 else 's'}"


def init(here: Here, asked: Asked) -> Done:
    """Make the repository now: in the project, or with --outside in the user's data folder."""
    place = places.place(here.folder)
    if place.exists:
        return Done(
            (f"versions of this project are in {place.folder} already",),
            {"repository": str(place.folder)},
        )
    folder = places.outside_folder(place.project) if asked.outside else place.folder
    if not asked.dry_run:
        places.create(folder)
    said = "would make" if asked.dry_run else "made"
    return Done((f"{said} {folder}",), {"repository": str(folder)})


def config(here: Here, asked: Asked) -> Done:
    """Show settings, or set one: config data.max_store "1 GB"; --unset takes it back."""
    del here
    if not asked.name:
        rows = [(name, settings.get(name), one.help) for name, one in settings.SETTINGS.items()]
        width = max(len(name) for name, _, _ in rows)
        lines = [f"{name:<{width}}  {value!s:<12}  {text}" for name, value, text in rows]
        return Done(tuple(lines), {name: value for name, value, _ in rows})
    if asked.value is None and not asked.unset:
        return Done(
            (f"{asked.name} = {settings.get(asked.name)}",), {asked.name: settings.get(asked.name)}
        )
    value = settings.put(asked.name, None if asked.unset else asked.value)
    return Done((f"{asked.name} = {value}",), {asked.name: value})


def key(here: Here, asked: Asked) -> Done:
    """The signing key: show, export (the public half), rotate, or revoke a trusted one.

    openssf: the public key of exported files, for others' tools.
    """
    del here
    folder = settings.folder()
    act = asked.act or "show"
    if act == "rotate":
        old, new = signing.rotate(folder)
        Trust(folder).trust_key(old, "*")
        return Done(
            (f"new key {new.public[:16]}; what {old[:16]} signed stays trusted here",),
            {"key": new.public, "old": old},
        )
    if act == "revoke":
        if not asked.key:
            raise Usage("revoke needs the public key to revoke", hint=Hint("key", ("show",)))
        book = Trust(folder)
        full = [known for known in tuple(book.keys()) if known.startswith(asked.key)]
        if len(full) != 1:
            raise NotFound(
                f"{len(full)} trusted keys begin with {asked.key}", act="Trusted", hint=Hint("key")
            )
        book.revoke(full[0])
        return Done((f"{full[0][:16]} is not trusted any more",), {"revoked": full[0]})
    if act == "openssf":
        from snapbook.export.openssf import Signer

        pem = Signer(folder).pem
        return Done(tuple(pem.splitlines()), {"pem": pem})
    public = signing.own_key(folder).public
    if act == "export":
        return Done((public,), {"key": public})
    trusted = {known: list(models) for known, models in Trust(folder).keys().items()}
    lines = [f"own      {public}"]
    lines += [
        f"trusted  {known[:16]}  for {', '.join(models)}" for known, models in trusted.items()
    ]
    return Done(tuple(lines), {"key": public, "trusted": trusted})


def trust(here: Here, asked: Asked) -> Done:
    """Allow a version to be loaded (trust churn:1.4.0), or all that a key signs (--key HEX)."""
    folder = settings.folder()
    book = Trust(folder)
    if asked.key:
        if len(asked.key) != 64 or set(asked.key) - set("0123456789abcdef"):
            raise BadOption(
                "--key is no public key", act="64 hex digits, as snapbook key export prints them"
            )
        model = asked.ref or "*"
        if model != "*":
            refs.check_model_name(model)
        book.trust_key(asked.key, model)
        return Done(
            (f"{asked.key[:16]} is trusted for {model}",), {"key": asked.key, "model": model}
        )
    if not asked.ref:
        raise Usage(
            "trust needs a version, or --key", act="Like this", hint=Hint("trust", ("churn:1.4.0",))
        )
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref)
    claim = repository.claim(version)
    book.trust_version(claim.model, claim.manifest)
    line = f"{version.ref} by {version.author} may be loaded (#{version.manifest[:12]})"
    return Done(
        (*([echo] if echo else []), line), {"ref": version.ref, "manifest": version.manifest}
    )


def autoload(here: Here, asked: Asked) -> Done:
    """Load snapbook in every IPython and Jupyter kernel: one line in the IPython profile."""
    del here
    from IPython.paths import get_ipython_dir

    path = Path(get_ipython_dir()) / "profile_default" / "ipython_kernel_config.py"
    shell = path.with_name("ipython_config.py")
    text = shell.read_text(encoding="utf-8") if shell.exists() else ""
    present = _AUTOLOAD in text
    if asked.state == "on" and not present:
        shell.parent.mkdir(parents=True, exist_ok=True)
        begin = "" if text else "c = get_config()  # noqa\n"
        glue = "" if not text or text.endswith("\n") else "\n"
        _write(shell, text + glue + begin + _AUTOLOAD + "\n", asked.dry_run)
    elif asked.state == "off" and present:
        kept = [line for line in text.splitlines(keepends=True) if _AUTOLOAD not in line]
        _write(shell, "".join(kept), asked.dry_run)
    said = {
        "on": "added to" if not present else "is already in",
        "off": "removed from" if present else "is not in",
    }
    return Done(
        (f"{_AUTOLOAD}", f"{said[asked.state]} {shell}"), {"file": str(shell), "state": asked.state}
    )


def _write(path: Path, text: str, dry: bool) -> None:
    if dry:
        return
    partial = path.with_name(f".{path.name}.snapbook")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def bug_report(here: Here, asked: Asked) -> Done:
    """What to put into a report: versions of everything that matters, no names, no data."""
    del asked
    import traceback
    from importlib.metadata import PackageNotFoundError, version

    rows: dict[str, Any] = {"python": platform.python_version(), "platform": platform.platform()}
    for name in (
        "snapbook",
        "ipython",
        "ipykernel",
        "pandas",
        "numpy",
        "blake3",
        "zstandard",
        "cloudpickle",
    ):
        try:
            rows[name] = version(name)
        except PackageNotFoundError:
            rows[name] = "absent"
    lines = [f"{name:<12}{value}" for name, value in rows.items()]
    fault = here.kernel.fault if here.kernel is not None else None
    if fault is not None:
        lines += "".join(traceback.format_exception(fault)).splitlines()
    return Done(tuple(lines), rows)


def help_verb(here: Here, asked: Asked) -> Done:
    """All verbs, or one with its options and examples."""
    from snapbook.verbs import VERBS, find, manual

    program = "%snapbook" if here.face == "magic" else "snapbook"
    if wanted := asked.values["verb"]:
        verb = find(wanted)
        return Done(tuple(manual.page(verb, program)), {verb.name: verb.help})
    lines = manual.index(VERBS.values(), program)
    return Done(tuple(lines), {verb.name: verb.help for verb in VERBS.values()})
