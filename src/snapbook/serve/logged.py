"""What is kept of the requests that a model answered, beside the answering: no answer waits for it.

The event loop hands over what it has anyway, a tuple a request, and goes on. A thread makes columns
of it twice a second, for memory, and every other second writes them into the log, if there is one.
What comes faster than that is thinned out, and what cannot be kept is counted.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snapbook.serve import counts, logs
from snapbook.serve.columns import Clean, Columns, Seen, label
from snapbook.serve.counts import Ended
from snapbook.serve.noting import Noting
from snapbook.serve.recent import KNOWN, Recent
from snapbook.serve.refusal import Unfit, untaken
from snapbook.serve.schema import Schema
from snapbook.serve.table import Layout
from snapbook.watch import kept, quality, stored, window
from snapbook.watch.answers import Answers, Outcomes, Refused, Traffic, joined, texts
from snapbook.watch.kept import Keeping

if TYPE_CHECKING:
    from snapbook.serve.feedback import Item

_TICK_S = 0.5
_WRITE_S = 2.0
_COUNT_S = 10.0
_ROWS = 1_000  # a tick
_WAITING = 20_000  # requests, and the bytes that they came in
_WAITING_BYTES = 32 << 20
_REFUSED = 100  # a tick


class Logged:
    """What is kept of one served model, whose ``profile`` is its bundle's.

    ``kind`` is "numbers", "labels", or "" where that is not told: the first answer tells it.
    Raises NotFound where there is to be a log and pyarrow is absent.
    """

    def __init__(
        self,
        schema: Schema,
        layout: Layout,
        profile: Mapping[str, Any],
        kind: str,
        noting: Noting | None = None,
    ) -> None:
        self._noting = noting or Noting()
        self._known = window.trained(profile, kind)
        self._columns = Columns(schema, layout, self._noting.hidden, self._known.columns)
        self._clean = Clean()
        self._recent = Recent()
        self._waiting: deque[Ended] = deque()
        self._bytes = 0
        self._lost = 0
        self._lock = threading.Lock()
        self._measuring = threading.Lock()  # one at a time: it takes a while, and a core
        self._unwritten: list[Answers] = []
        self._uncounted: list[Traffic] = []
        self._wrote = self._counted = time.monotonic()
        self._complained = ""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="snapbook-log", daemon=True)
        self._keeping: Keeping | None = None
        if self._noting.folder is not None:
            about = {"model": schema.model, "number": schema.number, "manifest": schema.manifest}
            self._keeping = Keeping(self._noting.folder, about, self._noting.bounds)
            for requests in kept.requests(self._noting.folder, schema.manifest, KNOWN):
                self._recent.know(requests)

    def begin(self) -> None:
        """Keep from now on."""
        self._thread.start()

    def end(self) -> None:
        """Write what there is, and no more."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(5)
        with self._lock:
            self._take()
            self._write(last=True)
            if self._keeping is not None:
                self._keeping.close()

    def answered(self, id: bytes, status: int, seconds: float, met: object) -> None:
        """A request was answered; ``met`` is what was `Seen`, or why it was Unfit. Never waits."""
        size = met.size if isinstance(met, Seen) else 0
        if len(self._waiting) >= _WAITING or self._bytes + size > _WAITING_BYTES:
            self._lost += 1
            met, size = None, 0
            if len(self._waiting) >= 2 * _WAITING:
                return
        self._bytes += size
        self._waiting.append((time.time(), id.decode(), status, seconds * 1000, met))

    def told(self, items: Sequence[Item]) -> tuple[int, int]:
        """Take outcomes: how many were, and how many are of requests that were not kept here, or of
        rows that these did not have.

        Raises Unfit for a value that the model could not have answered, and where all are of rows
        beyond the last.
        """
        with self._lock:
            self._take()  # the first answers may tell what the model answers
            values = [self._outcome(item) for item in items]
            rows = [self._recent.knows(item.id) for item in items]
            pairs = [(item, value) for item, value, had in zip(items, values, rows, strict=True)
                     if item.row < had]  # fmt: skip
            if not pairs and (had := max(rows)):
                raise untaken(f"the request had {had} {'rows' if had > 1 else 'row'}, from 0 on")
            if pairs:
                outcomes = self._outcomes(pairs)
                self._recent.told(outcomes)
                self._keep(stored.OUTCOMES, outcomes)
        return len(pairs), len(items) - len(pairs)

    def window(self, seconds: float, least: int = window.LEAST_ROWS) -> dict[str, Any]:
        """What was met within the last ``seconds``: see `watch.window`."""
        with self._measuring:
            with self._lock:
                self._take()
                met, known = self._recent.met(time.time() - seconds), self._known
            return window.measured(met, known, seconds, least).said

    def _outcome(self, item: Item) -> Any:
        value = item.outcome
        if self._known.kind == "numbers":
            if type(value) not in (int, float) or not abs(value) <= quality.LARGEST:
                raise untaken("the outcome is no number, as the model's answers are")
            return float(value)
        said = label(value) if type(value) in (str, int, float, bool) else None
        if said is None:
            raise untaken("the outcome is no label: a text, a number, true or false")
        return self._clean.text("", said)

    def _outcomes(self, pairs: Sequence[tuple[Item, Any]]) -> Outcomes:
        import numpy as np

        values = [value for _, value in pairs]
        number = self._known.kind == "numbers"
        return Outcomes(
            np.full(len(pairs), time.time()),
            texts([item.id for item, _ in pairs]),
            np.array([item.row for item, _ in pairs], dtype=np.int32),
            np.array(values, dtype=np.float64) if number else texts(values),
        )

    def _work(self) -> None:
        while not self._end.wait(_TICK_S):
            try:
                with self._lock:
                    self._take()
                    self._write()
            except Exception as error:  # noqa: BLE001 - a bug of ours must not stop the keeping
                logs.say("requests were not kept", error)

    def _take(self) -> None:
        """Make columns of what waits."""
        every = []
        while self._waiting:
            every.append(self._waiting.popleft())
        if not every:
            return
        self._bytes = 0
        kept_rows, kept_lost = self._rows(every), self._lost
        self._lost = 0
        traffic = counts.counted(every, kept_rows, kept_lost)
        self._recent.counted(traffic)
        self._uncounted.append(traffic)
        refused = [one for one in every if isinstance(one[4], Unfit)][:_REFUSED]
        if refused:
            found = counts.refusals(refused)
            self._recent.refused(found)
            self._keep(stored.REFUSED, found)

    def _rows(self, every: Sequence[Ended]) -> int:
        seen = [
            (when, id, ms, met)
            for when, id, status, ms, met in every
            if status == 200 and isinstance(met, Seen) and self._sampled(id)
        ]
        step = max(1, -(-sum(min(met.table.rows, 100) for *_, met in seen) // _ROWS))
        seen = seen[::step]
        if seen and not self._known.kind:
            first = next((one[3].predicted for one in seen if one[3].predicted is not None), None)
            if first is not None:
                kind = "numbers" if first.dtype.kind == "f" else "labels"
                self._known = window.of_kind(self._known, kind)
        answers = self._columns.answers(seen, self._known.kind == "labels")
        if answers is None:
            return 0
        self._recent.answered(answers, frozenset(id for _, id, _, met in seen if met.instead))
        if self._keeping is not None:
            self._unwritten.append(answers)
        return len(answers)

    def _sampled(self, id: str) -> bool:
        if self._noting.share >= 1:
            return True
        digest = hashlib.blake2b(id.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") < self._noting.share * 2**64

    def _write(self, last: bool = False) -> None:
        now = time.monotonic()
        if self._unwritten and (last or now - self._wrote >= _WRITE_S):
            self._wrote = now
            answers, self._unwritten = joined(self._unwritten), []
            self._keep(stored.ANSWERS, answers)
        if self._uncounted and (last or now - self._counted >= _COUNT_S):
            self._counted = now
            traffic, self._uncounted = counts.summed(self._uncounted), []
            self._keep(stored.TRAFFIC, traffic)

    def _keep(self, kind: str, of: Answers | Outcomes | Traffic | Refused) -> None:
        if self._keeping is None:
            return
        self._keeping.add(kind, of)
        if self._keeping.fails and self._keeping.fails != self._complained:
            logs.say("the log cannot be written", why=self._keeping.fails)
        self._complained = self._keeping.fails
