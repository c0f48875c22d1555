"""Numbers for Prometheus, summed over the worker processes; never text, never keys.

prometheus_client decides at its import, by PROMETHEUS_MULTIPROC_DIR, whether processes share their
numbers; so it is imported when metrics are made, after the server has set the variable.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from classifier.prediction import Decision, Prediction

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram
    from prometheus_client.registry import Collector

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class _Series:
    requests: Counter
    seconds: Histogram
    texts: Counter
    shadow: Counter
    refused: Counter


class Metrics:
    """The service's numbers: requests by route and status, their time, texts by decision."""

    def __init__(self) -> None:
        from prometheus_client import (  # noqa: PLC0415  (see the module's docstring)
            CollectorRegistry,
            Counter,
            Histogram,
        )

        # Looking a child up in prometheus_client takes a lock and 10 µs.
        self._children: dict[tuple[str, ...], Counter] = {}
        self._timers: dict[str, Histogram] = {}
        self._collectors: list[Collector] = []
        self._registry = CollectorRegistry()
        self._series = _Series(
            Counter(
                "triage_requests",
                "Requests answered.",
                ["method", "route", "status"],
                registry=self._registry,
            ),
            Histogram(
                "triage_request_seconds",
                "Seconds from the first byte of a request read to its answer.",
                ["route"],
                buckets=_SECONDS,
                registry=self._registry,
            ),
            Counter(
                "triage_texts",
                "Texts classified.",
                ["outcome", "level", "priority", "model_version"],
                registry=self._registry,
            ),
            Counter(
                "triage_shadow_texts",
                "Texts that the candidate model judged too: same, different; or left_out.",
                ["result"],
                registry=self._registry,
            ),
            Counter(
                "triage_refused_requests",
                "Requests refused before they were read: overloaded, too_many_connections.",
                ["reason"],
                registry=self._registry,
            ),
        )

    def add(self, collector: Collector) -> None:
        """Also renders what a collector of this process finds."""
        self._collectors.append(collector)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one answered request; `route` is a template, never a path as sent."""
        labels = (method, route, str(status))
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self._series.requests.labels(*labels)
        child.inc()
        timer = self._timers.get(route)
        if timer is None:
            timer = self._timers[route] = self._series.seconds.labels(route)
        timer.observe(seconds)

    def count_text(self, prediction: Prediction, decision: Decision) -> None:
        """Counts one classified text."""
        level = str(prediction.intensity.level) if prediction.intensity else "none"
        outcome, version = prediction.outcome.value, prediction.model_version
        labels = (outcome, level, decision.priority.name, version)
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self._series.texts.labels(*labels)
        child.inc()

    def count_shadow(self, result: str) -> None:
        """Counts one text for the candidate: same, different or left_out."""
        self._series.shadow.labels(result).inc()

    def count_refused(self, reason: str) -> None:
        """Counts one request that was refused before it was read."""
        self._series.refused.labels(reason).inc()

    def render(self, environment: Mapping[str, str] = os.environ) -> bytes:
        """Every number in Prometheus's text format, of all worker processes."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        if FOLDER_VARIABLE not in environment:
            return generate_latest(self._registry) + self._own()
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=environment[FOLDER_VARIABLE])  # type: ignore[no-untyped-call]  # has no types
        return generate_latest(registry) + self._own()

    def _own(self) -> bytes:
        """What collectors find, which is the same in every process."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415

        registry = CollectorRegistry()
        for collector in self._collectors:
            registry.register(collector)
        return generate_latest(registry)
