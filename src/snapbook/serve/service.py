"""One served model: what reads its requests, what predicts, its limits, tokens and counts.

Made of a Bundle that was opened and may be loaded. Whether requests may be predicted together is
seen here, on the bundle's own sample rows, and not only believed. Knows no HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from snapbook.errors import Damaged
from snapbook.serve import logs
from snapbook.serve.blame import Blame
from snapbook.serve.body import Purse
from snapbook.serve.limits import Limits
from snapbook.serve.logged import Logged
from snapbook.serve.meters import Meters
from snapbook.serve.noting import Noting
from snapbook.serve.predictor import Predictor
from snapbook.serve.refusal import Failed, Unfit
from snapbook.serve.rows import Rows
from snapbook.serve.schema import PREDICT, schema
from snapbook.serve.table import Table, joined
from snapbook.serve.together import Together
from snapbook.serve.tokens import Tokens
from snapbook.serve.v2 import Reader

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

_TRIED = 32  # sample rows at most, and as many as are answered in
_TRY_S = 1.0  # since the start waits for them
_TOGETHER = (2, 3, 8, 31, 256)  # what computes many rows may do so in other ways than few


class Served(Protocol):
    """What is needed of a Bundle beside its model."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What it is: model, number, manifest."""

    @property
    def signature(self) -> Mapping[str, Any]:
        """What the model takes and gives."""

    @property
    def sample(self) -> Mapping[str, Any] | None:
        """Rows, and the answers that the model gave at export; None where there are none."""

    @property
    def profile(self) -> Mapping[str, Any]:
        """What the training data looked like."""


class Service:
    """``model`` as the one that ``bundle`` describes, ready to be asked.

    Raises Unclear where no inputs are known, and Damaged; that also for a model which fails on the
    bundle's own rows. ``noting`` is what is kept of requests: left out, the newest in memory.
    """

    def __init__(
        self,
        bundle: Served,
        model: Any,
        limits: Limits | None = None,
        tokens: Tokens | None = None,
        version: str = "unknown",
        noting: Noting | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.tokens = tokens or Tokens()
        self.version = version
        self.leaving = False  # requests should go elsewhere
        self.draining = False  # and are refused
        self.quiet = False  # the front tells of requests
        self.schema = schema(bundle.facts, bundle.signature)
        self.predictor = Predictor(model, self.schema)
        self.methods = self.predictor.methods
        if PREDICT not in self.methods:
            raise Damaged("Not served", f"{self.schema.model} has nothing that predicts")
        self.logged = Logged(
            self.schema, self.predictor.layout, bundle.profile, _kind(bundle.signature), noting
        )
        self.meters = Meters(self.schema)
        self.purse = Purse(self.limits)
        self.rows = Rows(self.schema, self.predictor.layout, self.limits.rows)
        self.reader = Reader(self.schema, self.predictor.layout, self.rows, self.methods)
        self.example = _rows(bundle.sample)[:1]
        table = self._sample(bundle.sample)
        self.together = Together(
            self.predictor,
            self._alike(table),
            self.limits,
            self.meters.predicted,
            Blame(self.predictor, table),
        )
        self.meters.waits(lambda: self.together.waiting)

    @property
    def ready(self) -> bool:
        """Whether requests are answered now."""
        return not self.leaving and self.together.stuck_s() < self.limits.answer_s

    def drain(self) -> None:
        """Refuse what is new, and do not wait for what stands still before it is whole."""
        self.draining = True
        self.purse.drain()

    def _sample(self, sample: Mapping[str, Any] | None) -> Table | None:
        """The bundle's own rows, answered once: what is loaded late is loaded now."""
        rows = _rows(sample)
        if not rows or sample is None:
            return None
        try:
            table = Rows(self.schema, self.predictor.layout, len(rows)).table(rows)
        except Unfit as error:
            logs.say("the bundle's own rows do not fit its signature", error, why=error.why)
            return None
        try:
            found = self.predictor.answer(PREDICT, table)
        except Failed as error:
            logs.say("the model failed", error.cause)
            named = f"{self.schema.model}:{self.schema.number}"
            why = f"{named} fails on the bundle's own rows; the log says how"
            raise Damaged("Not served", why) from error
        if not _same_as_told(found, sample):
            logs.say("the model answers the bundle's own rows in another way than at export")
        self.predictor.shorten(table)
        return table

    def _alike(self, table: Table | None) -> frozenset[str]:
        """The methods that give each row the same answer, bit for bit, alone and in company."""
        told = self.schema.independent.intersection(self.methods)
        if table is None:
            return told
        return frozenset(method for method in told if self._is_alike(method, table))

    def _is_alike(self, method: str, table: Table) -> bool:
        begun = time.perf_counter()
        ones: list[Table] = []
        alone: list[Any] = []
        try:
            while len(ones) < min(table.rows, _TRIED):
                row = len(ones)
                ones.append(Table(1, tuple(array[row : row + 1] for array in table.arrays)))
                alone.append(self.predictor.answer(method, ones[-1])[0])
                if time.perf_counter() - begun > _TRY_S:
                    break
            for count in _TOGETHER:
                places = [place % len(ones) for place in range(count)]
                company = self.predictor.answer(method, joined([ones[place] for place in places]))
                if not all(map(_same, company, (alone[place] for place in places))):
                    return False
        except Failed:
            return False
        return True


def _kind(signature: Mapping[str, Any]) -> str:
    """What the model answers: "labels", "numbers", or "" where that is not told."""
    outputs = signature.get("outputs")
    told = outputs.get("kind") if isinstance(outputs, Mapping) else None
    return told if told in ("labels", "numbers") else ""


def _rows(sample: Mapping[str, Any] | None) -> list[Any]:
    rows = (sample or {}).get("rows")
    return list(rows) if isinstance(rows, list | tuple) else []


def _same(one: Any, other: Any) -> bool:
    import numpy as np

    first, second = np.asarray(one), np.asarray(other)
    if first.dtype.kind in "biuf":
        return first.tobytes() == second.tobytes()
    return bool(first.tolist() == second.tolist())


def _same_as_told(found: Array, sample: Mapping[str, Any]) -> bool:
    """Whether answers are those of a sample, whose numbers have a few digits."""
    import numpy as np

    told = sample.get("answers")
    if not isinstance(told, list | tuple):
        return True
    if found.dtype.kind != "f":
        return bool(found.tolist() == list(told))
    numbers = np.array(told, dtype=float)
    near = float(sample.get("tolerance") or 1e-4)
    return numbers.shape == found.shape and bool(
        np.allclose(found, numbers, rtol=near, atol=near, equal_nan=True)
    )
