"""
A delivery as Prometheus figures, made of its history when somebody asks for them: they cost nothing in between.

Counters begin at 0 with the process, as Prometheus expects: what was done before a resume is not in them.
Needs the extra `metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from attio_ctl.delivery.account import VERDICTS
from attio_ctl.delivery.history import History

_PREFIX: Final = "attio_ctl_delivery_"


class DeliveryCollector(Collector):
    """The figures of one delivery; every one carries the workspace."""

    def __init__(self, workspace: str, history: Callable[[], History]) -> None:
        self._workspace = workspace
        self._history = history

    def collect(self) -> Iterator[Metric]:
        """What a scrape gets."""
        history = self._history()
        last, account, base, tally = history.samples[-1], history.account, history.base, history.tally
        verdicts = {v: getattr(account, v) - getattr(base, v) for v in VERDICTS if v != "pending"}
        yield self._counter(
            "events_read", "Events read, those that are not settled yet included.", last.read - base.read
        )
        events = self._counters("events", "Events settled, by what became of them.", "verdict")
        for verdict, count in verdicts.items():
            events.add_metric([self._workspace, verdict], count)
        yield events
        writes = self._counters(
            "writes", "Folded writes that Attio took, by the mapping with the newest word.", "mapping"
        )
        for mapping, count in sorted(tally.written.copy().items()):
            writes.add_metric([self._workspace, mapping], count)
        yield writes
        folded = self._counters(
            "mapped_writes", "Record writes that mappings made of events, before folding.", "mapping"
        )
        for mapping, count in sorted(tally.said.copy().items()):
            folded.add_metric([self._workspace, mapping], count)
        yield folded
        requests = self._counters("requests", "Requests sent, by what came back.", "answer")
        for answer, count in last.answers.items():
            requests.add_metric([self._workspace, answer], count)
        yield requests
        yield self._counter("retries", "Requests that were not the first attempt of their call.", last.retries)
        yield self._counter("throttled", "Requests answered with 429.", last.answers["throttled"])
        letters = self._counters("dead_letters", "Dead letters, by mapping and code.", "mapping", "code")
        for (mapping, code), count in sorted(tally.letters.copy().items()):
            letters.add_metric([self._workspace, mapping, code], count)
        yield letters
        yield self._gauge("pending_events", "Events that are read and not settled.", account.pending)
        yield self._gauge(
            "limit_use_ratio", "Writing requests as a share of the token's limit, lately.", history.limit_use
        )
        yield self._gauge("start_time_seconds", "When the delivery began, since the epoch.", history.began_at)
        yield self._gauge("duration_seconds", "How long it has been running, or ran.", history.seconds)

    def _counters(self, name: str, meaning: str, *labels: str) -> CounterMetricFamily:
        return CounterMetricFamily(_PREFIX + name, meaning, labels=("workspace", *labels))

    def _counter(self, name: str, meaning: str, value: float) -> CounterMetricFamily:
        family = self._counters(name, meaning)
        family.add_metric([self._workspace], value)
        return family

    def _gauge(self, name: str, meaning: str, value: float) -> GaugeMetricFamily:
        family = GaugeMetricFamily(_PREFIX + name, meaning, labels=("workspace",))
        family.add_metric([self._workspace], value)
        return family


def registry_of(workspace: str, history: Callable[[], History]) -> CollectorRegistry:
    """A registry of its own, without the process's and the platform's figures."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DeliveryCollector(workspace, history))
    return registry
