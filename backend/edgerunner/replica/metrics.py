"""Prometheus metrics of a replica."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edgerunner.metrics import REGISTRY
from edgerunner.replica.parts import Replica
from edgerunner.routes.fanout_metrics import redis_metrics

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ReplicaMetrics:
    """The registry of one replica; requests are counted under the owner's names."""

    def __init__(self, replica: Replica) -> None:
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
        self._registry.register(_State(replica))
        ProcessCollector(registry=self._registry)

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one HTTP request; what is passed on has the path of all such calls."""
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(method, path).observe(seconds)

    def render(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self._registry) + generate_latest(REGISTRY)


class _State(Collector):
    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def collect(self) -> Iterator[Metric]:
        """Read the present state."""
        replica = self._replica
        for name, text, value in (
            ("edgerunner_replica_journal_seq", "Newest event that was told here.", replica.feed.last_seq),
            ("edgerunner_replica_corrections", "States that the tables corrected: 0.", replica.feed.corrections),
            ("edgerunner_replica_owner_up", "1 while the owner's stream is read.", replica.mirror.silent is None),
            ("edgerunner_stream_clients", "Clients that read a channel.", replica.hub.client_count),
            ("edgerunner_stream_longest_queue", "Frames that wait for the slowest client.", replica.hub.longest_queue),
        ):
            yield GaugeMetricFamily(name, text, value=float(value))
        yield from redis_metrics(replica.redis)
