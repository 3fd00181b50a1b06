"""The counts of a front, and those of its workers under the version that each of them serves."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from snapbook.serve.meters import SECONDS
from snapbook.serve.router import Router


class FrontMeters:
    """What the front counts of each version that answered, and what its router tells."""

    def __init__(self, router: Router) -> None:
        self._all = CollectorRegistry()
        self._requests = Counter(
            "snapbook_front_requests",
            "Requests that the front answered, by whose answer it was",
            ("version", "route", "status"),
            registry=self._all,
        )
        self._seconds = Histogram(
            "snapbook_front_request_seconds",
            "From a request's head to its answer, workers included",
            ("version",),
            buckets=SECONDS,
            registry=self._all,
        )
        self._counted: dict[tuple[str, str, int], Counter] = {}
        self._timed: dict[str, Histogram] = {}
        self._all.register(_Told(router))

    def ended(self, version: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        counted = self._counted.get((version, route, status))
        if counted is None:
            counted = self._requests.labels(version, route, str(status))
            self._counted[version, route, status] = counted
        timed = self._timed.get(version)
        if timed is None:
            timed = self._timed[version] = self._seconds.labels(version)
        counted.inc()
        timed.observe(seconds)

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self._all)


class _Told(Collector):
    """What the router knows when it is asked."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        router, traffic = self._router, self._router.traffic
        share = GaugeMetricFamily(
            "snapbook_traffic_share", "The part of the requests that a version gets",
            labels=("version", "role"),
        )  # fmt: skip
        if traffic is not None:
            for name, role, part in (
                (traffic.stable, "stable", 1 - traffic.share),
                (traffic.canary, "canary", traffic.share),
                (traffic.shadow, "shadow", 0.0),
            ):
                if name in router.workers:
                    share.add_metric((router.workers[name].ref, role), part)
        yield share
        again = CounterMetricFamily(
            "snapbook_front_again", "Requests that were sent again", labels=("why",)
        )
        for why, count in router.again.items():
            again.add_metric((why,), count)
        yield again
        deaths = CounterMetricFamily(
            "snapbook_worker_deaths", "Processes that ended by themselves", labels=("version",)
        )
        for worker in router.workers.values():
            deaths.add_metric((worker.ref,), worker.deaths)
        yield deaths
        shadowed = CounterMetricFamily(
            "snapbook_shadow", "Copies of requests, by what became of them", labels=("outcome",)
        )
        counts = router.shadowed()
        for outcome, count in (
            ("same", counts.compared - counts.differ),
            ("differ", counts.differ),
            ("dropped", counts.dropped),
        ):
            shadowed.add_metric((outcome,), count)
        yield shadowed
        yield GaugeMetricFamily(
            "snapbook_front_waiting", "Requests that have no answer yet", router.pending
        )


def merged(texts: Iterable[tuple[str, str]]) -> str:
    """Counts of several versions as one text: pairs of a version and what its worker told."""
    families: dict[str, tuple[list[str], list[str]]] = {}
    for version, text in texts:
        escaped = version.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        label = f'version="{escaped}"'
        samples: list[str] = []
        for line in text.splitlines():
            if line.startswith("#"):
                name = line.split(" ", 3)[2]
                heads, samples = families.setdefault(name, ([], []))
                if line not in heads and len(heads) < 2:
                    heads.append(line)
            elif line:
                samples.append(_labelled(line, label))
    return "".join(
        "\n".join((*heads, *samples)) + "\n" for heads, samples in families.values() if samples
    )


def _labelled(line: str, label: str) -> str:
    name, brace, rest = line.partition("{")
    if brace:
        return f"{name}{{{label},{rest}"
    name, _, value = line.partition(" ")
    return f"{name}{{{label}}} {value}"
