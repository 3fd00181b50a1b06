"""What a server of predictions counts, as Prometheus reads it.

Labels are a route, a status, and the served version: a handful of series, however much is asked.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from snapbook.serve.schema import Schema

MEDIA_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 30)
_MANY = (1, 2, 4, 8, 16, 32, 64, 256, 1024, 4096)


class Meters:
    """The counts of one process."""

    def __init__(self, schema: Schema) -> None:
        self._all = CollectorRegistry()
        served = Gauge(
            "snapbook_served",
            "The version that is served",
            ("model", "number", "manifest"),
            registry=self._all,
        )
        served.labels(schema.model, schema.number, schema.manifest).set(1)
        self._requests = Counter(
            "snapbook_requests", "Requests answered", ("route", "status"), registry=self._all
        )
        self._seconds = Histogram(
            "snapbook_request_seconds",
            "From a request's head to its answer",
            ("route",),
            buckets=SECONDS,
            registry=self._all,
        )
        self._predictions = Histogram(
            "snapbook_predict_seconds",
            "What the model took, for all that were predicted together",
            buckets=SECONDS,
            registry=self._all,
        )
        self._together = Histogram(
            "snapbook_together",
            "Requests that were predicted together",
            buckets=_MANY,
            registry=self._all,
        )
        self._rows = Counter("snapbook_rows", "Rows that were predicted", registry=self._all)
        self._waiting = Gauge(
            "snapbook_waiting", "Requests that have no answer yet", registry=self._all
        )
        # Looking a series up by its labels costs more than counting in it.
        self._counted: dict[tuple[str, int], Counter] = {}
        self._timed: dict[str, Histogram] = {}

    def waits(self, count: Callable[[], float]) -> None:
        """What tells how many requests wait."""
        self._waiting.set_function(count)

    def ended(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        counted = self._counted.get((route, status))
        if counted is None:
            counted = self._counted[route, status] = self._requests.labels(route, str(status))
        timed = self._timed.get(route)
        if timed is None:
            timed = self._timed[route] = self._seconds.labels(route)
        counted.inc()
        timed.observe(seconds)

    def predicted(self, requests: int, rows: int, seconds: float) -> None:
        """The model answered ``requests`` at once."""
        self._together.observe(requests)
        self._rows.inc(rows)
        self._predictions.observe(seconds)

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self._all)
