"""Meters of this process or, with PROMETHEUS_MULTIPROC_DIR, of all that share it on this machine.

The only module that imports the library, because of what has to be settled before.
"""

import os
from pathlib import Path

SHARED = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if SHARED:
    Path(SHARED).mkdir(parents=True, exist_ok=True)
else:  # the library would take an empty name for the current folder, and decides when it is imported
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)

from prometheus_client import (  # noqa: E402
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    Metric,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402
from prometheus_client.registry import Collector  # noqa: E402

__all__ = [
    "CONTENT_TYPE_LATEST",
    "Collector",
    "CounterMetricFamily",
    "GaugeMetricFamily",
    "Histogram",
    "Metric",
    "exposition",
    "serve",
]

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def registry() -> CollectorRegistry:
    """All meters, those of the sibling processes included."""
    if not SHARED:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together, SHARED)  # type: ignore[no-untyped-call]
    return together


def exposition(*more: Collector) -> bytes:
    """The text that Prometheus reads: the meters, and what the given collectors add."""
    extra = CollectorRegistry()
    for collector in more:
        extra.register(collector)
    return generate_latest(registry()) + generate_latest(extra)


def serve(port: int) -> None:
    """Show the meters of this machine's processes on a port; 0 shows nothing."""
    if port:
        start_http_server(port, registry=registry())
