"""The names at the package's root, typed: what a script or a cell calls without a magic."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from snapbook import choose, refs
from snapbook.batch.portable import Portable
from snapbook.batch.wanted import Wanted
from snapbook.capture import Request
from snapbook.catalog.rows import VersionRow
from snapbook.kernel import Kernel, running
from snapbook.lineage.log import Cell
from snapbook.repository import Repository, Wish
from snapbook.verbs import VERBS, here_now, make, run
from snapbook.verbs.here import Here
from snapbook.verbs.report import report
from snapbook.verbs.values import Compared, Done, Listing, Restored, Saved, Shown


def save(
    model: object,
    name: str,
    *,
    data: Mapping[str, object] | None = None,
    metrics: Mapping[str, object] | None = None,
    message: str = "",
    tags: Mapping[str, str] | None = None,
    bump: str = "",
    number: str = "",
    attach: Sequence[str | Path] = (),
    store: bool | None = None,
    train: str | Sequence[str] = (),
) -> Saved:
    """Version ``model`` under ``name``, with frames by name and metrics by name.

    ``train`` names those of ``data`` that the model was trained on, which drift is told against;
    left out, the code tells it, or names like X_train and y_train do.

    In a notebook the executed cells are kept as well; in a script, the script. Raises
    SnapbookError.
    """
    here = here_now()
    kernel = running()
    frames = dict(data or {})
    refs.check_model_name(name)
    trained = (train,) if isinstance(train, str) else tuple(train)
    for one in trained:
        if one not in frames:
            raise choose.no_such_name(one, frames)
    variable = refs.suggestion(name.rpartition("/")[2]).replace("-", "_").replace(".", "_")
    space = {variable: model, **frames, **(metrics or {})}
    log: Sequence[Cell]
    if kernel is None:
        kernel = Kernel.start(space, None)
        kernel.session.append(Cell(0, 0, "", _script(), outcome="unknown", kind="script"))
        log = kernel.session.cells
    else:
        log = kernel.log() or [Cell(0, 0, "", "", kind="call")]
    seen = kernel.seen_as({**kernel.namespace, **space})
    request = Request(
        name,
        variable,
        tuple(metrics or ()),
        tuple(frames) if frames else ("none",),
        store,
        tuple(Path(path) for path in attach),
        train=trained,
    )
    exact = refs.parse_number(number) if number else None
    wish = Wish(message, make.parse_tags(tags), bump, exact)
    chosen = choose.Candidate(variable, model, None)
    with here:
        repository = here.writable()
        draft, made = make.keep(here, repository, seen, request, wish, chosen, log, len(log) - 1)
        return report(kernel, draft, made, request)


def _script() -> str:
    """The source of the script that runs, "" in a plain interpreter."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace") if path else ""
    except OSError:
        return ""


def load(ref: str) -> Any:
    """The model of a version. Raises Untrusted where it is somebody else's pickle, NotFound."""
    from snapbook.verbs import take

    with here_now() as here:
        return take.load(here, VERBS["show"].ask((ref,), {}))


def predictor(
    ref: str,
    *,
    like: object = None,
    keep: Sequence[str] | None = None,
    probabilities: bool = False,
    columns: bool = False,
    trust: bool = False,
) -> Portable:
    """A version, or a bundle, as a function of partitions that other processes can be given.

    For Dask's map_partitions, Spark's mapInPandas and Ray's map_batches. It gives predictions
    alone; with ``like``, a frame of the kind that it will be given, all columns of that as well, or
    those of ``keep``. ``columns`` adds the version and its digest. Raises Untrusted, NotFound,
    Unclear.
    """
    from snapbook.batch import held
    from snapbook.verbs import opening

    with here_now() as here:
        found = opening.opened(here, ref, "predict")
    kept = tuple(keep) if keep is not None else () if like is None else None
    trusted = trust or found.trusted
    wanted = Wanted(kept, probabilities, columns)
    return held.portable(found.path, found.bundle, found.model(trust), trusted, wanted, like)


def versions(name: str = "", *, where: str = "", limit: int = 50) -> tuple[VersionRow, ...]:
    """Versions, newest first, of one model or all."""
    asked = VERBS["list"].ask((name,) if name else (), {"where": where or None, "limit": limit})
    return cast(Listing, run(here_now(), asked)).rows


def show(ref: str) -> Shown:
    """One version in full."""
    return cast(Shown, run(here_now(), VERBS["show"].ask((ref,), {})))


def diff(old: str, new: str = "") -> Compared:
    """What differs between two versions; with one reference, from the version before it."""
    return cast(Compared, run(here_now(), VERBS["diff"].ask((old, new) if new else (old,), {})))


def restore(ref: str, **options: object) -> Restored:
    """Bring a version back into the kernel; ``options`` as on the command line (what, yes)."""
    return cast(Restored, run(here_now(), VERBS["restore"].ask((ref,), options)))


def tag(ref: str, *tags: str) -> Done:
    """Set tags on a version: "team=risk" or a bare name."""
    return cast(Done, run(here_now(), VERBS["tag"].ask((ref, *tags), {})))


def open(folder: str | Path = ".") -> Repository:
    """The repository for ``folder``, for reading. The caller closes it, best by `with`."""
    return Here(Path(folder)).repository()
