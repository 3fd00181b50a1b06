"""What an act had done when an interrupt came: read from the chain and the kernel, never guessed.

An event is there or it is not, whatever step the interrupt hit; so who is told that nothing was
changed can rely on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from snapbook.errors import Hint, SnapbookError
from snapbook.events import Event
from snapbook.kernel import Finished, Kernel
from snapbook.repository import Repository

_SAID = {
    "tag": "{version} was tagged",
    "note": "{version} was noted",
    "alias": "{version} became @{name}",
    "rename": "{model} was renamed to {to}",
    "delete": "{version} was deleted",
    "request": "{version} was asked for",
    "approval": "{version} was approved or rejected",
    "verdict": "{version} was judged",
    "rollout": "the rollout of {version} was begun, led on or ended",
    "policy": "the policy of {model} was changed",
}


def written(repository: Repository) -> Finished | None:
    """The events that were made through ``repository``, versions and freeing aside."""
    try:
        said = [_event(repository, event) for event in repository.written()]
    except SnapbookError:
        return None
    return Finished(_listed(said)) if any(said) else None


def restored(
    kernel: Kernel, ref: str, values: Mapping[str, object], files: Sequence[Path]
) -> Finished | None:
    """What of a restore is there: ``values`` in their variables, ``files`` that were absent."""
    space = kernel.namespace
    bound = bool(values) and all(space.get(name) is value for name, value in values.items())
    said = [f"{', '.join(values)} became {ref}"] if bound else []
    said += [f"{path.name} was written" for path in files if path.exists()]
    undo = Hint("restore", ("--undo",)) if bound else None
    return Finished(_listed(said), undo) if said else None


def _event(repository: Repository, event: Event) -> str:
    body = event.body
    manifest, model = str(body.get("manifest") or body.get("new")), str(body.get("model"))
    named = event.type not in ("rename", "policy")
    rows = repository.index.of_manifest(manifest, model) if named else []
    version = rows[0].ref if rows else f"a version of {model}"
    form = _SAID.get(event.type, "")
    return form.format(version=version, model=model, name=body.get("name"), to=body.get("to"))


def _listed(said: Sequence[str]) -> str:
    return " and ".join(filter(None, said))
