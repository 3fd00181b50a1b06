"""The policies of a model in its repository: the one in force, those before it, and a change of it.

Knows how they are kept (a blob that an event names) and that nobody's change is lost; what a policy
says is policy.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Conflict, Hint, NotFound, Usage
from snapbook.promote import signed
from snapbook.promote.policy import DEFAULT, Policy, decode, default, parse
from snapbook.promote.records import Kept
from snapbook.refs import parse_number
from snapbook.repository import Author, Repository


def in_force(repository: Repository, model: str) -> tuple[Policy, str]:
    """The policy of ``model`` and its digest, "" for the default one. Raises Damaged, NotFound."""
    newest = next(iter(repository.known.rulings(model, "policy", 1)), None)
    if newest is None:
        return default(), ""
    return decode(repository.store.get(newest.kept)), newest.kept


def benchmark(repository: Repository, model: str, name: str) -> VersionRow:
    """The version that a policy names as a benchmark: by an alias of the model, or by its number.

    Raises NotFound where there is none of that name.
    """
    held = {alias.lower(): manifest for alias, manifest in repository.known.aliases(model).items()}
    rows = repository.known.of_manifest(held.get(name.lower(), ""), model) if held else []
    found = next((row for row in rows if not row.deleted), None)
    if found is None:
        with suppress(Usage):
            found = repository.known.numbered(model, parse_number(name))
    if found is None or found.deleted:
        raise NotFound(
            f"{model} has no benchmark {name}",
            "the policy compares with it",
            act="Name one",
            hint=Hint("tag", (model, f"@{name}")),
            kind="no-version",
        )
    return found


def all_of(repository: Repository, model: str) -> list[Kept]:
    """Every policy that ``model`` had, the one in force first; the default one is the last."""
    rulings = repository.index.rulings(model, "policy")
    found = [
        Kept(
            model,
            len(rulings) - at,
            decode(repository.store.get(ruling.kept)).text,
            ruling.author,
            ruling.time,
            ruling.kept,
        )
        for at, ruling in enumerate(rulings)
    ]
    return [*found, Kept(model, 0, DEFAULT, "", "", "")]


def change(
    repository: Repository,
    model: str,
    text: str,
    files: Mapping[str, str],
    author: Author,
    *,
    seen: str | None = None,
) -> bool:
    """Put a policy in force; whether it is another than before.

    ``seen`` is the digest of the policy that the asker looked at, "" for the default one: where
    another is in force by now, Conflict is raised. Raises BadOption for a text that is no policy.
    """
    policy = parse(text, files)
    writer = repository.store.writer()
    try:
        digest = writer.add(policy.encode())
        writer.commit()

        def decide() -> tuple[str, Mapping[str, Json]] | None:
            newest = next(iter(repository.known.rulings(model, "policy", 1)), None)
            old = newest.kept if newest is not None else ""
            if old == digest:
                return None
            if newest is not None and seen is not None and old != seen:
                raise Conflict(
                    f"Not changed: {newest.author} changed the policy of {model} meanwhile",
                    act="Look again",
                    hint=Hint("policy", (model,)),
                    kind="moved",
                )
            said = {"model": model, "policy": digest, "old": old}
            return "policy", signed.with_signature(said, "policy", said, author)

        return repository.act(decide, author, writer) > 0
    finally:
        writer.close()
