"""predict: a file of rows in, the same rows with a version's predictions out."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook.batch import files, reading
from snapbook.batch.wanted import Wanted
from snapbook.errors import BadOption, DiskFull, ReadOnly, Usage
from snapbook.verbs.here import Here
from snapbook.verbs.opening import opened
from snapbook.verbs.release import free_path
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked

_GO_ON = "What is done is kept beside it: the same command goes on from there"


def predict(here: Here, asked: Asked) -> Done:
    """Predict each row of a file; where it was stopped before, the rest of them."""
    if here.face != "cli":
        typed = shlex.join(["snapbook", "predict", asked.ref, asked.input])
        raise Usage("A file is predicted from a shell", act="There", hint=typed)
    places = _places(here, asked)
    wanted = _wanted(asked, places.target_form)
    found = opened(here, asked.ref, "predict")
    model = found.model(asked.trust)

    def tell(done: int, of: int) -> None:
        here.progress("rows", done, of)

    try:
        made = files.predict(found.bundle, model, places, wanted, tell)
    except DiskFull as error:
        raise DiskFull(error.what, error.why, act=_GO_ON) from error
    except ReadOnly as error:
        raise ReadOnly(error.what, error.why, act="Name another place with -o") from error
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(f"{_GO_ON}.") from error
    counted = f"{made.rows:,} {'row' if made.rows == 1 else 'rows'}"
    lines = [f"wrote {places.target.name}: {counted} by {found.bundle.ref}"]
    if made.resumed:
        lines.append(f"{made.resumed:,} of them were done before")
    if made.spared:
        spared = f"{made.spared:,} {'row' if made.spared == 1 else 'rows'}"
        lines.append(f"{spared} could not be predicted; prediction_error says why")
    if not made.independent:
        lines.append(
            "no self-test shows that an answer is the same to the bit whatever rows are beside it"
        )
    facts = found.bundle.facts
    return Done(
        tuple(lines),
        {
            "files": [str(places.target)],
            "ref": found.bundle.ref,
            "manifest": str(facts["manifest"]),
            "rows": made.rows,
            "resumed": made.resumed,
            "errors": made.spared,
            "independent": made.independent,
        },
    )


def _places(here: Here, asked: Asked) -> files.Asked:
    """From where to where. Raises BadOption."""
    source = here.folder / Path(asked.input).expanduser()
    source_form = reading.form_of(source, asked.format)
    if asked.output:
        target = here.folder / Path(asked.output).expanduser()
        target_form = reading.form_of(target, asked.format)
    else:
        ending = source.suffix if source.suffix else f".{source_form}"
        target = free_path(source.with_name(f"{source.stem}-predicted{ending}"))
        target_form = source_form
    rows = asked.rows or "0"
    if (
        not rows.isascii()
        or not rows.isdecimal()
        or (asked.rows and not 1 <= int(rows[:9]) < 10**8)
    ):
        raise BadOption(f"--rows cannot be {rows}", act="It takes 1 to 99999999")
    return files.Asked(source, target, source_form, target_form, int(rows))


def _wanted(asked: Asked, form: str) -> Wanted:
    """What the result has. In CSV the version has no other place than columns."""
    keep = None
    if asked.keep is not None:
        keep = tuple(name for name in (one.strip() for one in asked.keep.split(",")) if name)
    return Wanted(
        keep, asked.probabilities, asked.columns or form == "csv", asked.on_error == "null"
    )
