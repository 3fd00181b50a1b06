"""A loaded model that answers Arrow tables: columns of predictions beside those that are kept.

Goes the way of a request: `columns` makes the checked Table, `serve.predictor` asks the model. What
the answers are called and of which type (`fields`) is settled before the first row, by the bundle's
own sample rows, so that all pieces of one result are alike. Knows no files and no engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.batch import columns, fields
from snapbook.batch.wanted import Wanted
from snapbook.errors import Damaged, NotFound, NotRestorable, Unclear, Usage, nearest
from snapbook.flavors.pickler import said
from snapbook.serve.predictor import Predictor
from snapbook.serve.refusal import Failed, Unfit
from snapbook.serve.rows import Rows
from snapbook.serve.schema import PREDICT, PROBA, Schema, schema
from snapbook.serve.table import Table

if TYPE_CHECKING:
    import numpy as np

    from snapbook.serve.load import Bundle

    Array: TypeAlias = "np.ndarray[Any, Any]"


class Answers:
    """``model``, the one of ``bundle``, and what is ``wanted`` of it.

    ``fields`` is the Arrow schema of what it adds. Raises Usage for probabilities of a model that
    has none, Unclear where the inputs or the answers are not known, NotRestorable where pyarrow is
    not installed, Damaged.
    """

    def __init__(self, bundle: Bundle, model: Any, wanted: Wanted) -> None:
        try:
            import pyarrow  # noqa: F401 - only whether it is here
        except ImportError as error:
            raise NotRestorable(
                "Not predicted",
                "pyarrow is not installed, which holds the rows",
                act="Install it",
                hint='pip install "snapbook[arrow]"',
            ) from error
        try:
            self.schema: Schema = schema(bundle.facts, bundle.signature)
        except Unclear as error:
            why = f"{bundle.ref} does not say what it takes"
            raise Unclear("Not predicted", why, act=error.act) from error
        self.ref = bundle.ref
        self.wanted = wanted
        self._predictor = Predictor(model, self.schema)
        methods = self._predictor.methods
        if PREDICT not in methods:
            raise Usage("Not predicted", f"{bundle.ref} has nothing that predicts")
        if wanted.probabilities and PROBA not in methods:
            raise Usage("Not predicted", f"{bundle.ref} tells no probabilities")
        self._methods = (PREDICT, PROBA) if wanted.probabilities else (PREDICT,)
        self._classes = fields.classes(model, self.schema)
        self.fields = self._settled(bundle)

    @property
    def independent(self) -> bool:
        """Whether a row's answer was shown not to depend on the rows beside it."""
        return all(method in self.schema.independent for method in self._methods)

    def kept(self, names: Sequence[str]) -> list[str]:
        """The columns of an input that stay. Raises NotFound, Unfit, and Usage for a name that the
        answers have.
        """
        listed = list(names)
        columns.checked_names(listed, self.schema)
        kept = listed if self.wanted.keep is None else list(self.wanted.keep)
        for name in kept:
            if name not in listed:
                near = nearest(name, listed, 1)
                meant = f"Did you mean {near[0][:100]}?" if near else "--keep names columns of it"
                raise NotFound(f"Not predicted: there is no column {name[:100]} to keep", act=meant)
            if name in self.fields.names:
                why = f"the input has a column {name} of its own"
                raise Usage("Not predicted", why, act="Name with --keep those that are to stay")
        return kept

    def answer(self, piece: Any, first: int) -> Any:
        """What the model says of ``piece``, an Arrow table that begins with row ``first`` of its
        input: a table of `fields`. Raises Unfit.
        """
        import pyarrow as pa

        if not piece.num_rows:
            return self.fields.empty_table()
        found = self._spared(piece, first) if self.wanted.spare else [self._whole(piece, first)]
        arrays = []
        for place, field in enumerate(self.fields):
            chunks = [fields.fitted(one[place], field, self.ref) for one in found]
            arrays.append(pa.chunked_array(chunks, field.type))
        return pa.table(arrays, schema=self.fields)

    def _whole(self, piece: Any, first: int) -> list[Any]:
        """The same, where each row can be predicted."""
        try:
            return self._asked(piece, first)
        except Failed as error:
            raise self._blamed(error, piece, first) from error.cause

    def _asked(self, piece: Any, first: int) -> list[Any]:
        """The columns of answers to ``piece``. Raises Unfit, Failed."""
        table = columns.table(piece, self.schema, self._predictor.layout, first)
        return self._columns([self._one(method, table) for method in self._methods])

    def _one(self, method: str, table: Table) -> Array:
        try:
            return self._predictor.answer(method, table)
        except Failed as error:
            if isinstance(error.cause, KeyboardInterrupt):
                raise KeyboardInterrupt from error
            raise

    def _blamed(self, error: Failed, piece: Any, first: int) -> Unfit:
        """What to say of ``piece``, which the model fails on: the first row that it fails on alone,
        found by halves.
        """
        whole, start = piece.num_rows, first
        while piece.num_rows > 1:
            half = piece.num_rows // 2
            found = self._failure(piece.slice(0, half), first)
            if found is None:
                piece, first = piece.slice(half), first + half
            else:
                piece, error = piece.slice(0, half), found
        if whole > 1:
            alone = self._failure(piece, first)
            if alone is None:
                many = f"rows {start} to {start + whole - 1} together"
                return Unfit(f"the model fails on {many} ({said(error.cause)})", None, start)
            error = alone
        table = columns.table(piece, self.schema, self._predictor.layout, first)
        if (unseen := self._predictor.unseen(table)) is not None:
            why = unseen.why.replace(" in row 0 ", f" in row {first} ", 1)
            return Unfit(why, unseen.column, first)
        return Unfit(f"the model fails on row {first} ({said(error.cause)})", None, first)

    def _failure(self, piece: Any, first: int) -> Failed | None:
        """How the model fails on ``piece``, None where it does not."""
        try:
            self._asked(piece, first)
        except Failed as error:
            return error
        return None

    def _spared(self, piece: Any, first: int) -> list[list[Any]]:
        """The same by pieces, where each row that cannot be predicted is one, with the reason."""
        try:
            return [self._asked(piece, first)]
        except (Unfit, Failed) as error:
            if piece.num_rows == 1:
                why = self._blamed(error, piece, first) if isinstance(error, Failed) else error
                empty: list[Any] = [[None]] * (len(self.fields) - self._constants - 1)
                return [self._finished(empty, 1, why.why)]
        half = piece.num_rows // 2
        return [
            *self._spared(piece.slice(0, half), first),
            *self._spared(piece.slice(half), first + half),
        ]

    def _columns(self, answers: Sequence[Array]) -> list[Any]:
        """Answers of the model, an array a method, as columns."""
        made = [column for array in answers for column in fields.split(array)]
        found = self._finished(made, len(answers[0]), None)
        if len(found) != len(self.fields):
            told = len(made) - len(found) + len(self.fields)
            why = f"{self.ref} gives {len(made)} answers a row, its bundle says {told}"
            raise Usage("Not predicted", why)
        return found

    def _finished(self, found: list[Any], rows: int, why: str | None) -> list[Any]:
        tail: list[Any] = [[why] * rows] if self.wanted.spare else []
        if self.wanted.named:
            tail += [[self.ref] * rows, [self.schema.manifest] * rows]
        return [*found, *tail]

    @property
    def _constants(self) -> int:
        return 2 if self.wanted.named else 0

    def _settled(self, bundle: Bundle) -> Any:
        """The schema of the answers, by what the model says of the bundle's sample rows, else by
        what the signature says.
        """
        rows = list((bundle.sample or {}).get("rows") or ())
        outputs = bundle.signature.get("outputs") or {}
        if not rows:
            made = fields.told(self.ref, outputs, self._classes, self.wanted.probabilities)
            return fields.schema(made, self.wanted.spare, self.wanted.named)
        try:
            read = Rows(self.schema, self._predictor.layout, len(rows)).table(rows)
            answers = [self._one(method, read) for method in self._methods]
        except (Unfit, Failed) as error:
            why = f"{self.ref} fails on the bundle's own rows"
            raise Damaged("Not predicted", why) from error
        self._predictor.shorten(read)
        made = fields.seen(answers, self._classes)
        return fields.schema(made, self.wanted.spare, self.wanted.named)
