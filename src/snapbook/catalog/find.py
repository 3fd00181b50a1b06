"""From what a person wrote to the version it means: references against an index.

Knows the sentences for what is not there, with what is near; the grammar of a reference is refs.py,
and what the index knows is index.py.
"""

from __future__ import annotations

from snapbook.catalog.index import Index
from snapbook.catalog.rows import VersionRow
from snapbook.errors import BadRef, Hint, NotFound, nearest
from snapbook.refs import Ref, number_text


def resolve(index: Index, ref: Ref) -> VersionRow:
    """The version that ``ref`` names now. Raises NotFound, or BadRef for a shared prefix."""
    if ref.registry:
        return _by_registry(index, ref)
    if ref.prefix:
        return _by_prefix(index, ref)
    model = known_model(index, ref.model)
    found: VersionRow | None
    if ref.alias:
        found = _by_alias(index, model, ref)
    elif ref.number:
        found = index.numbered(model, ref.number, ref.back)
        if found is not None and found.deleted:
            raise _deleted(found, model)
    else:
        found = index.newest(model, ref.back)
    if found is None:
        raise _absent(index, model, ref)
    return found


def known_model(index: Index, name: str) -> str:
    """The model that ``name`` means, by an earlier name too. Raises NotFound with near ones."""
    if (model := index.model(name)) is not None:
        return model
    models = index.models()
    near = nearest(name, models)
    guess = f" (did you mean {' or '.join(near)}?)" if near else ""
    if not models:
        raise NotFound(
            f"There is no version of {name} yet",
            act=f"Write  %%version_model {name}  on top of the cell that fits it",
            kind="no-model",
        )
    raise NotFound(
        f"No model is called {name}{guess}", act="All", hint=Hint("list"), kind="no-model"
    )


def _by_registry(index: Index, ref: Ref) -> VersionRow:
    """What is known here by a registry's number; anything else is for the registry to say."""
    if len(ref.number) == 3 and not ref.back:
        rows = index.of_shared(ref.registry, ref.model, number_text(ref.number))
        if living := [row for row in rows if not row.deleted]:
            return living[0]
    raise NotFound(
        f"{ref} is not here", act="Get it", hint=Hint("pull", (str(ref),)), kind="not-here"
    )


def _by_prefix(index: Index, ref: Ref) -> VersionRow:
    model = known_model(index, ref.model) if ref.model else None
    rows = index.of_prefix(ref.prefix, model)
    if len({row.manifest for row in rows}) > 1:
        shown = ", ".join(f"{row.ref} #{row.manifest[:12]}" for row in rows[:3])
        raise BadRef(f"{ref.prefix} is not one version", shown, act="Give more digits")
    if not rows:
        raise NotFound(
            f"No version has the digest {ref.prefix}",
            act="All",
            hint=Hint("list"),
            kind="no-version",
        )
    row = next((row for row in rows if not row.deleted), rows[0])
    if row.deleted:
        raise _deleted(row)
    if ref.back:
        older = index.numbered(row.model, row.number, ref.back)
        if older is None:
            raise _absent(index, row.model, ref)
        return older
    return row


def _by_alias(index: Index, model: str, ref: Ref) -> VersionRow | None:
    moves = [move for move in index.moves(model, ref.alias) if move.new]
    if not moves:
        aliases = sorted(index.aliases(model))
        there = f"there are: {', '.join(aliases)}" if aliases else "it has none"
        raise NotFound(
            f"{model} has no alias {ref.alias} ({there})",
            act="All",
            hint=Hint("list", (model,)),
            kind="no-alias",
        )
    if ref.back >= len(moves):
        return None
    rows = index.of_manifest(moves[ref.back].new, model)
    return rows[0] if rows else None


def _deleted(row: VersionRow, *listed: str) -> NotFound:
    return NotFound(f"{row.ref} was deleted", act="All", hint=Hint("list", listed), kind="deleted")


def _absent(index: Index, model: str, ref: Ref) -> NotFound:
    newest = index.newest(model)
    wanted = str(ref).partition("::")[2] or str(ref)
    what = number_text(ref.number) if ref.number and not ref.back else f"version {wanted}"
    now = f" (newest: {number_text(newest.number)})" if newest else ""
    return NotFound(
        f"{model} has no {what}{now}", act="All", hint=Hint("list", (model,)), kind="no-version"
    )
