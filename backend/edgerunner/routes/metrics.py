"""Prometheus metrics: what the middleware counts, and what is true when somebody asks."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edgerunner.routes.context import Services

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STATUSES = ("connecting", "reconciling", "connected", "degraded", "disconnected", "failed")


class Metrics:
    """The registry of one application."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "edgerunner_http_requests", "HTTP requests.", ("method", "path", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "edgerunner_http_request_seconds",
            "Seconds from request to the end of the answer.",
            ("method", "path"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._registry.register(_State(services))
        ProcessCollector(registry=self._registry)

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one HTTP request; ``path`` is the route's pattern."""
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(method, path).observe(seconds)

    def render(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _State(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Read the present state."""
        status = GaugeMetricFamily(
            "edgerunner_connection_status", "1 for the status a connection is in.", labels=("connection_id", "status")
        )
        for view in self._services.connections.views():
            for word in _STATUSES:
                status.add_metric((view.connection_id, word), float(view.status == word))
        yield status
        open_orders = len(self._services.journal.open_orders())
        yield GaugeMetricFamily("edgerunner_orders_open", "Orders that can still change.", value=open_orders)
        last_seq = self._services.journal.last_seq
        yield GaugeMetricFamily("edgerunner_journal_last_seq", "Newest event of the journal.", value=last_seq)
        clients = self._services.hub.client_count
        yield GaugeMetricFamily("edgerunner_stream_clients", "Clients that read a channel.", value=clients)
        waiting = self._services.journal.waiting
        yield GaugeMetricFamily("edgerunner_journal_waiting", "Writes of the journal without an answer.", value=waiting)
        queued = self._services.hub.longest_queue
        yield GaugeMetricFamily(
            "edgerunner_stream_longest_queue", "Frames that wait for the slowest client.", value=queued
        )
