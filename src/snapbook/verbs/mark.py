"""tag, note, rename, delete: words and names of versions, each one event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapbook import refs
from snapbook.errors import Hint, Usage
from snapbook.promote import policies
from snapbook.verbs import look, make, who
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked


def tag(here: Here, asked: Asked) -> Done:
    """Set tags (name=value, or a bare name), remove them (--remove), move aliases (@name)."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref)
    author = who.author(here.folder)
    aliases = [word[1:] for word in asked.tags if word.startswith("@")]
    tags = make.parse_tags([word for word in asked.tags if not word.startswith("@")])
    if not (aliases or tags or asked.remove):
        shown = ", ".join(f"{k}={v}" if v else k for k, v in version.tags.items()) or "no tags"
        return Done((f"{version.ref}: {shown}",), {"ref": version.ref, "tags": dict(version.tags)})
    for alias in aliases:
        if policies.in_force(repository, version.model)[0].protects(alias):
            raise Usage(
                f"@{alias} is moved by a promotion, not by tag",
                act="Promote it",
                hint=Hint("promote", (version.ref, alias)),
            )
        refs.check_alias(alias)
    if asked.dry_run:
        return Done((f"would tag {version.ref}: {' '.join(asked.tags)}",), {"dry_run": True})
    if tags or asked.remove:
        repository.tag(version, tags, asked.remove, author)
    for alias in aliases:
        repository.move_alias(version, alias, author)
    now = repository.resolve(refs.parse(version.ref))
    words = [f"{k}={v}" if v else k for k, v in now.tags.items()] + [
        f"@{name}" for name in now.aliases
    ]
    line = f"{now.ref}: {', '.join(words) or 'no tags'}"
    return Done(
        (*([echo] if echo else []), line),
        {"ref": now.ref, "tags": dict(now.tags), "aliases": list(now.aliases)},
    )


def note(here: Here, asked: Asked) -> Done:
    """Add words about a version."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref)
    text = " ".join(asked.text).strip()
    if not text:
        notes = repository.index.notes(version.manifest)
        lines = [f"{item.time[:16].replace('T', ' ')}  {item.text}" for item in notes]
        return Done(tuple(lines) or (f"{version.ref} has no notes",), {"notes": lines})
    if not asked.dry_run:
        repository.note(version, text, who.author(here.folder))
    return Done(
        (*([echo] if echo else []), f"{version.ref}: noted"), {"ref": version.ref, "note": text}
    )


def rename(here: Here, asked: Asked) -> Done:
    """Give a model another name; references by the old one keep working."""
    repository = here.repository()
    model = repository.known_model(asked.model_name)
    if asked.dry_run:
        refs.check_model_name(asked.to)
        return Done((f"would rename {model} to {asked.to}",), {"dry_run": True})
    repository.rename(model, asked.to, who.author(here.folder))
    if here.kernel is not None:
        here.kernel.renamed(model, asked.to)
    return Done(
        (f"{model} is {asked.to} now; {model} still finds it",), {"from": model, "to": asked.to}
    )


def delete(here: Here, asked: Asked) -> Done:
    """Delete a version. Its number is never used again; its bytes go with the next gc."""
    from snapbook.deploy import acts

    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref)
    children = [
        row.ref
        for row in repository.index.page(version.model, limit=200).rows
        if version.manifest in row.parents
    ]
    lines = [echo] if echo else []
    if children:
        lines.append(f"made from it: {', '.join(children[:5])} (they stay whole)")
    if asked.dry_run:
        return Done(
            (*lines, f"would delete {version.ref}"), {"ref": version.ref, "children": children}
        )
    if asked.yes:
        repository.delete(version, who.author(here.folder), force=True)
    else:
        acts.delete(repository, version, who.author(here.folder))
    lines.append(f"{version.ref} is deleted; {refs.number_text(version.number)} is not used again")
    return Done(tuple(lines), {"ref": version.ref, "deleted": True})
