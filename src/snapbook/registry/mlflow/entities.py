"""Models and versions as MLflow's client reads them: RegisteredModel and ModelVersion.

Knows what stands for what: the ordinal for its version, staging and production for its stages, the
newest words about a version for its description, our reference and digest as tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from snapbook.catalog import ordinals
from snapbook.catalog.ordinals import Counted, Registered
from snapbook.catalog.rows import VersionRow
from snapbook.errors import NotFound
from snapbook.export.mlflow import DIGEST, REF, named
from snapbook.registry.mlflow.call import Call
from snapbook.registry.mlflow.told import milliseconds, pairs, present
from snapbook.registry.roles import READ

NONE, STAGING, PRODUCTION, ARCHIVED = "None", "Staging", "Production", "Archived"
STAGES = (NONE, STAGING, PRODUCTION, ARCHIVED)
ALIASES = {STAGING: "staging", PRODUCTION: "production"}
ROOT = "versions"  # of the artifacts of versions
# Tags of a version that MLflow logged: where it came from. They are fields there, not tags.
RUN, RUN_NAME, EXPERIMENT, SOURCE = (
    "mlflow.run_id", "mlflow.run_name", "mlflow.experiment", "mlflow.source",
)  # fmt: skip
ORIGIN = frozenset({RUN, RUN_NAME, EXPERIMENT, SOURCE})


def found(call: Call, right: str = READ) -> tuple[Counted, VersionRow]:
    """The version that ``name`` and ``version`` of the call mean, for who has ``right`` to it."""
    model = call.readable(call.model())
    call.need(right, model)
    return by_ordinal(call, model, call.number("version"))


def by_ordinal(call: Call, model: str, ordinal: int) -> tuple[Counted, VersionRow]:
    """The version of ``model`` with this ordinal. Raises NotFound."""
    rows = call.repository.known.ask(lambda db: ordinals.counted(db, model, ordinal))
    if not rows or not ordinal:
        raise NotFound(f"{model} has no version {ordinal}", kind="no-version")
    return rows[0], call.repository.known.rows([rows[0].n])[0]


def by_manifest(call: Call, model: str, manifest: str) -> tuple[Counted, VersionRow]:
    """The version of ``model`` that is ``manifest``. Raises NotFound."""
    rows = call.repository.index.ask(lambda db: ordinals.counted(db, model, manifest=manifest))
    if not rows:
        raise NotFound(f"That version of {model} was deleted", kind="deleted")
    return rows[0], call.repository.known.rows([rows[0].n])[0]


def versions(call: Call, chosen: Sequence[Counted]) -> list[dict[str, Any]]:
    """ModelVersions of ``chosen``, in its order."""
    index = call.repository.known
    rows = {row.n: row for row in index.rows([one.n for one in chosen])}
    stood = {model: _stood(call, model) for model in {one.model for one in chosen}}
    return [_version(call, one, rows[one.n], stood[one.model]) for one in chosen]


def version(call: Call, one: Counted) -> dict[str, Any]:
    """The ModelVersion of ``one``."""
    return versions(call, [one])[0]


def model(call: Call, one: Registered) -> dict[str, Any]:
    """The RegisteredModel of ``one``."""
    index = call.repository.known
    counted = index.ask(lambda db: ordinals.counted(db, one.name))
    ordinal = {version.manifest: version.ordinal for version in counted}
    aliases = [
        {"alias": name, "version": str(ordinal[manifest])}
        for name, manifest in index.aliases(one.name).items()
        if manifest in ordinal
    ]
    return present(
        name=named(one.name),
        creation_timestamp=milliseconds(one.made),
        last_updated_timestamp=milliseconds(one.touched),
        description=one.description,
        latest_versions=latest(call, counted, STAGES),
        tags=pairs(one.tags),
        aliases=aliases,
    )


def latest(call: Call, counted: Sequence[Counted], stages: Sequence[str]) -> list[dict[str, Any]]:
    """The newest of ``counted``, which are of one model, in each of ``stages``."""
    if not counted:
        return []
    index, name = call.repository.known, counted[0].model
    stood = _stood(call, name)
    pointed = index.aliases(name)
    newest: dict[str, Counted] = {}
    for one in counted:
        aliases = [alias for alias, manifest in pointed.items() if manifest == one.manifest]
        newest[stage(aliases, one.manifest in stood)] = one
    return versions(call, [newest[stage] for stage in stages if stage in newest])


def stage(aliases: Sequence[str], stood: bool) -> str:
    """The stage of a version that ``aliases`` point at; ``stood`` if one of a stage ever did."""
    held = {alias.lower() for alias in aliases}
    for name in (PRODUCTION, STAGING):
        if ALIASES[name] in held:
            return name
    return ARCHIVED if stood else NONE


def description(call: Call, row: VersionRow) -> str:
    """The newest words about a version: its last note, else its message."""
    notes = call.repository.known.notes(row.manifest)
    return notes[-1].text if notes else row.message


def _version(call: Call, one: Counted, row: VersionRow, stood: frozenset[str]) -> dict[str, Any]:
    tags = {name: value for name, value in row.tags.items() if name not in ORIGIN}
    return present(
        name=named(one.model),
        version=str(one.ordinal),
        creation_timestamp=milliseconds(one.time),
        last_updated_timestamp=milliseconds(one.touched),
        user_id=row.author,
        current_stage=stage(row.aliases, one.manifest in stood),
        description=description(call, row),
        source=source(one.manifest),
        run_id=row.tags.get(RUN),
        status="READY",
        tags=pairs({REF: row.ref, DIGEST: one.manifest, **tags}),
        aliases=list(row.aliases),
    )


def _stood(call: Call, name: str) -> frozenset[str]:
    """The manifests of a model that were ever in a stage."""
    aliases = [*ALIASES.values()]
    return call.repository.known.ask(lambda db: ordinals.stood(db, name, aliases))


def source(manifest: str) -> str:
    """Where the files of a version are, for a client of this registry."""
    return f"mlflow-artifacts:/{ROOT}/{manifest}"
