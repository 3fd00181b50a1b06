"""What a registry counts, as Prometheus reads it.

Several processes of one registry count into files of one folder, and each tells the sum. Knows the
names of the metrics. Labels are a method, a route's template and a status: neither models nor
people, so that their number stays small and nothing is told of what is kept.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name for where that folder is named
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 30)


class Meters:
    """The counts of one process, or of all that share the folder."""

    def __init__(self) -> None:
        self._all = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(
            "snapbook_requests", "Requests that were answered", labels, registry=self._all
        )
        self._seconds = Histogram(
            "snapbook_request_seconds",
            "From the first byte of a request to the last of its answer",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._all,
        )
        self._open = Gauge(
            "snapbook_requests_open",
            "Requests that are being answered",
            registry=self._all,
            multiprocess_mode="livesum",
        )
        self._bytes = Counter(
            "snapbook_bytes", "Bytes of bodies, by way", ("way",), registry=self._all
        )
        self._events = Gauge(
            "snapbook_events",
            "Events in the chain",
            registry=self._all,
            multiprocess_mode="mostrecent",
        )

    def begun(self) -> None:
        """A request came."""
        self._open.inc()

    def ended(
        self, method: str, route: str, status: int, seconds: float, up_bytes: int, down_bytes: int
    ) -> None:
        """It was answered."""
        self._open.dec()
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        self._bytes.labels("in").inc(up_bytes)
        self._bytes.labels("out").inc(down_bytes)

    def text(self, events: int) -> bytes:
        """All of it, with as many ``events`` in the chain."""
        self._events.set(events)
        if not os.environ.get(SHARED):
            return generate_latest(self._all)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
