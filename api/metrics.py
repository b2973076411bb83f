"""The web process's own counts, and the floor's counters in Prometheus' form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from control.protocol import Health, TroubleKind

_LABELLED = re.compile(r'([a-z_]+)\{([a-z_]+)="([a-z_]+)"\}')
_UNFIT = re.compile(r"[^a-zA-Z0-9_]")


class ApiMetrics:
    """Counters of one application, in a registry of its own (tests make many)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "plateau_api_requests",
            "Requests answered, by route and status class.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "plateau_api_request_seconds",
            "Time to answer.",
            ("method", "route"),
            registry=self.registry,
            buckets=(0.005, 0.02, 0.1, 0.5, 2.0, 10.0),
        )
        self.sign_ins = Counter(
            "plateau_api_sign_ins",
            "Attempts to sign in, by result.",
            ("result",),
            registry=self.registry,
        )
        self.streams = Gauge("plateau_api_streams", "Live streams open.", registry=self.registry)
        self.streams_dropped = Counter(
            "plateau_api_streams_dropped",
            "Live streams closed because their reader was too slow.",
            registry=self.registry,
        )


class _FloorCollector(Collector):
    def __init__(self, health: Health | None) -> None:
        self._health = health

    def collect(self) -> Iterable[Metric]:
        return _floor_metrics(self._health)


def _floor_metrics(health: Health | None) -> Iterator[Metric]:
    up = GaugeMetricFamily("plateau_floor_up", "1 if the floor answers the web process.")
    up.add_metric([], 0 if health is None else 1)
    yield up
    if health is None:
        return
    gauges = {
        "calls": ("Calls in progress.", health.calls),
        "agents_signed_in": ("Agents signed in.", health.agents_signed_in),
        "journal_behind": ("Journal entries not in SQL yet.", health.journal_behind),
        "journal_unkept": ("Entries that the disk refused.", health.journal_unkept),
        "journal_unkept_seconds": (
            "Age of the oldest of them.",
            0 if health.unkept_since is None else (health.now - health.unkept_since) / 1000,
        ),
        "store_failing": ("1 while SQL cannot be written.", int(health.store_error is not None)),
        "trunk_away": (
            "1 while calls outwards come no further than the trunk.",
            int(health.trunk_away_since is not None),
        ),
        "started_at_seconds": ("Start of the floor, Unix time.", health.started_at / 1000),
    }
    for name, (text, value) in gauges.items():
        gauge = GaugeMetricFamily(f"plateau_floor_{name}", text)
        gauge.add_metric([], value)
        yield gauge
    yield from _trouble_metrics(health)
    switch = GaugeMetricFamily(
        "plateau_floor_switch", "The connection to the switch: 1 for its state.", labels=["state"]
    )
    switch.add_metric([health.switch], 1)
    yield switch
    yield from _counter_metrics(health.counters)


def _counter_metrics(counters: Mapping[str, float]) -> Iterator[Metric]:
    """The floor's counters; one label may stand in a name, as Prometheus writes it."""
    families: dict[str, CounterMetricFamily] = {}
    for told, value in sorted(counters.items()):
        name, label, part = told, "", ""
        if found := _LABELLED.fullmatch(told):
            name, label, part = found.groups()
        fit = f"plateau_floor_{_UNFIT.sub('_', name).removesuffix('_total')}"
        if fit not in families:
            labels = [label] if label else []
            families[fit] = CounterMetricFamily(fit, "A counter of the floor.", labels=labels)
        families[fit].add_metric([part] if label else [], value)
    yield from families.values()


def _trouble_metrics(health: Health) -> Iterator[Metric]:
    """What keeps the floor from serving calls: each kind there is, so that an alarm can name it."""
    ready = GaugeMetricFamily("plateau_floor_ready", "1 while the floor does what calls need.")
    ready.add_metric([], int(health.switch == "connected" and not health.troubles))
    yield ready
    since = {trouble.kind: trouble.since for trouble in health.troubles}
    trouble = GaugeMetricFamily(
        "plateau_floor_trouble_seconds",
        "For how long this has not worked; 0 while it does.",
        labels=["kind"],
    )
    for kind in TroubleKind:
        began = since.get(kind)
        # An instant of this very moment is trouble too.
        trouble.add_metric([kind], 0 if began is None else max(1, health.now - began) / 1000)
    yield trouble


def exposition(metrics: ApiMetrics, health: Health | None) -> bytes:
    """All metrics in Prometheus' text format; `health` None: the floor is absent."""
    floor = CollectorRegistry()
    floor.register(_FloorCollector(health))
    return generate_latest(metrics.registry) + generate_latest(floor)
