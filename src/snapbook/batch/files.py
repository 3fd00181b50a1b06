"""A file of rows in, a file of predictions out: piece by piece, resumable, whole or not there.

Memory holds one piece. What was done before a kill, Ctrl+C or a full disk is kept beside the result
and gone on from; what an input makes impossible leaves nothing. Knows no repository: the caller
opened the bundle and asked trust.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook.batch import reading, writing
from snapbook.batch.answers import Answers
from snapbook.batch.fields import WHY
from snapbook.batch.job import Job, identity
from snapbook.batch.wanted import Wanted
from snapbook.canonical import Json
from snapbook.errors import Conflict, SnapbookError, Unreachable, Usage
from snapbook.store import durable

if TYPE_CHECKING:
    from snapbook.serve.load import Bundle

ROWS = 65_536  # of a piece
_CELLS = 4_000_000  # of a piece of many columns
_FORM = 1

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """From which file to which, of which formats, and how many rows are predicted together (0: so
    many that a piece is some 30 MB).
    """

    source: Path
    target: Path
    source_form: str
    target_form: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """How many rows were predicted, how many of them in an earlier try, and how many have null
    because they could not be; ``independent`` as in `Answers`.
    """

    rows: int
    resumed: int
    spared: int
    independent: bool


def predict(bundle: Bundle, model: Any, asked: Asked, wanted: Wanted, tell: Progress) -> Made:
    """Predict the rows of a file into another. ``tell`` hears (rows done, rows in all or 0).

    Raises Usage (also Unfit, which names column and row), NotFound, Conflict, Damaged, DiskFull,
    Unreachable; then there is no result.
    """
    _checked(asked)
    answers = Answers(bundle, model, wanted)
    source = reading.opened(asked.source, asked.source_form, answers.schema)
    names = answers.kept(source.names)
    if source.rows == 0:
        raise _nothing(asked)
    count = asked.rows or max(min(ROWS, _CELLS // max(len(source.names), 1)), 256)
    read = _identities(asked)
    what = {
        "batch": _FORM,
        "bundle": bundle.digest,
        "input": read,
        "form": asked.source_form,
        "keep": names,
        "answers": answers.fields.serialize().to_pybytes().hex(),
        "rows": count,
    }
    folder = asked.target.with_name(f"{asked.target.name}.partial")
    with durable.told(folder.parent, what="Not predicted"):
        job = Job(folder, what)
        keep = True
        try:
            resumed = job.rows
            spared = _grow(job, asked, source, answers, names, count, tell)
            if not job.count:
                raise _nothing(asked)
            if _identities(asked) != read:
                raise Conflict(
                    "Not predicted",
                    f"{asked.source.name} was changed while it was read",
                    act="Wait until nobody writes it, and predict it then",
                )
            _finish(job, asked, bundle)
            keep = False
        except Unreachable:
            raise
        except SnapbookError:
            keep = False  # the input has to be another one: nothing of this is of use
            raise
        finally:
            job.close(keep=keep)
        return Made(job.rows, resumed, spared, answers.independent)


def _grow(
    job: Job,
    asked: Asked,
    source: reading.Source,
    answers: Answers,
    names: list[str],
    count: int,
    tell: Progress,
) -> int:
    """Make the pieces that are not there yet; gives how many rows have null in all of them."""
    first = job.rows
    tell(first, source.rows or 0)
    inputs = list(dict.fromkeys([*names, *answers.schema.names]))
    for piece in reading.pieces(source, asked.source, first, count, inputs):
        if not job.count:
            writing.check(piece.select(names).schema, asked.target_form)
        found = answers.answer(piece, first)
        kept = piece.select(names)
        for place, field in enumerate(found.schema):
            kept = kept.append_column(field, found.column(place))
        job.add(kept.replace_schema_metadata().unify_dictionaries())
        first += piece.num_rows
        tell(first, source.rows or 0)
    if not answers.wanted.spare:
        return 0
    return sum(piece.num_rows - int(piece.column(WHY).null_count) for piece in job.pieces())


def _finish(job: Job, asked: Asked, bundle: Bundle) -> None:
    """Put the pieces together beside the result, and then give it its place."""
    whole = job.folder / "result.tmp"
    schema = next(iter(job.pieces())).schema.with_metadata(
        {
            "snapbook.ref": bundle.ref,
            "snapbook.digest": str(bundle.facts.get("manifest")),
            "snapbook.bundle": bundle.digest,
        }
    )
    pieces = (piece.replace_schema_metadata(schema.metadata) for piece in job.pieces())
    writing.write(whole, asked.target_form, schema, pieces)
    if asked.target.exists():
        raise Conflict(f"{asked.target.name} was made meanwhile", act="Name another place with -o")
    os.replace(whole, asked.target)


def _checked(asked: Asked) -> None:
    """Raise for names that cannot be, and for a result that is there."""
    for path in (asked.source, asked.target):
        try:
            os.fspath(path).encode()
        except UnicodeEncodeError as error:
            shown = ascii(path.name)[:80]
            raise Usage("Not predicted", f"{shown} is no UTF-8", act="Rename it") from error
    with durable.told(asked.target.parent, what="Not predicted"):
        taken = asked.target.exists()
    if taken:
        raise Conflict(f"{asked.target.name} is there already", act="Name another place with -o")


def _identities(asked: Asked) -> list[Json]:
    """What tells the input from what it may become."""
    with reading.told(asked.source):
        return [identity(one) for one in reading.files_of(asked.source)]


def _nothing(asked: Asked) -> Usage:
    return Usage("Not predicted", f"{asked.source.name} has no rows")
