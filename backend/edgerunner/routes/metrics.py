"""Prometheus metrics: what is counted as it happens, and what is true when somebody asks."""

import shutil
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edgerunner.domain.orders import Order
from edgerunner.metrics import REGISTRY
from edgerunner.risk.limits import TradingState
from edgerunner.routes.context import Services
from edgerunner.routes.fanout_metrics import redis_metrics
from edgerunner.services.connection_meter import ConnectionMeter
from edgerunner.services.loop_lag import LoopLag
from edgerunner.services.order_meter import OrderMeter
from edgerunner.storage.strategy_store import RunState

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STATUSES = ("connecting", "reconciling", "connected", "degraded", "disconnected", "failed")


class Metrics:
    """The registry of one application; ``start`` and ``stop`` bound what it listens to."""

    def __init__(self, services: Services) -> None:
        self._services = services
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
        self._loop_lag = LoopLag()
        self._unfollow: tuple[Callable[[], None], ...] = ()

    def start(self) -> None:
        """Begin to count orders and connections, and to watch the event loop."""
        orders = OrderMeter(self._services.journal.open_orders(), self._services.clock.now_ns)
        connections = ConnectionMeter()
        self._unfollow = (
            self._services.journal.add_listener(orders.on_commit),
            self._services.connections.add_listener(connections.on_connection),
        )
        self._loop_lag.start()

    async def stop(self) -> None:
        """Count no more."""
        for unfollow in self._unfollow:
            unfollow()
        self._unfollow = ()
        await self._loop_lag.stop()

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one HTTP request; ``path`` is the route's pattern."""
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(method, path).observe(seconds)

    def render(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self._registry) + generate_latest(REGISTRY)


class _State(Collector):
    """Looks the present up when it is asked."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Read the present state."""
        yield self._connections()
        yield from self._orders()
        yield from self._journal()
        yield from self._stream()
        yield self._risk()
        yield from self._work()
        yield from redis_metrics(self._services.redis)

    def _connections(self) -> Metric:
        words = {view.connection_id: view.status for view in self._services.connections.views()}
        text = "1 for the status a connection is in."
        return _states(
            "edgerunner_connection_status", text, words, key="connection_id", label="status", known=_STATUSES
        )

    def _orders(self) -> Iterator[Metric]:
        working = self._services.journal.open_orders()
        yield GaugeMetricFamily("edgerunner_orders_open", "Orders that can still change.", value=len(working))
        unknown = [order for order in working if order.outcome_unknown is not None]
        now_ns = self._services.clock.now_ns()
        yield GaugeMetricFamily(
            "edgerunner_orders_outcome_unknown_open", "Orders whose outcome is unknown now.", value=len(unknown)
        )
        oldest_s = max((_unknown_s(order, now_ns) for order in unknown), default=0.0)
        yield GaugeMetricFamily(
            "edgerunner_orders_outcome_unknown_oldest_seconds",
            "Seconds for which the oldest unknown outcome has been unknown; 0 without one.",
            value=oldest_s,
        )
        flagged = sum(order.needs_operator is not None for order in working)
        yield GaugeMetricFamily("edgerunner_orders_need_operator", "Open orders that need a person.", value=flagged)

    def _journal(self) -> Iterator[Metric]:
        journal = self._services.journal
        yield GaugeMetricFamily("edgerunner_journal_last_seq", "Newest event of the journal.", value=journal.last_seq)
        text = "Writes of the journal without an answer."
        yield GaugeMetricFamily("edgerunner_journal_waiting", text, value=journal.waiting)
        free = shutil.disk_usage(self._services.settings.data_dir).free
        yield GaugeMetricFamily("edgerunner_data_folder_free_bytes", "Room that is left for the journal.", value=free)

    def _stream(self) -> Iterator[Metric]:
        hub = self._services.hub
        yield GaugeMetricFamily("edgerunner_stream_clients", "Clients that read a channel.", value=hub.client_count)
        text = "Frames that wait for the slowest client."
        yield GaugeMetricFamily("edgerunner_stream_longest_queue", text, value=hub.longest_queue)
        text = "Frames (class kept) and conflated channels (class conflated) that wait for all clients together."
        queued = GaugeMetricFamily("edgerunner_stream_queued", text, labels=("class",))
        for name, waiting in zip(("kept", "conflated"), hub.queued, strict=True):
            queued.add_metric((name,), waiting)
        yield queued

    def _risk(self) -> Metric:
        words = {str(view.scope): str(view.state) for view in self._services.risk.scopes()}
        text = "1 for the trading state a scope is in."
        return _states("edgerunner_risk_state", text, words, key="scope", label="state", known=tuple(TradingState))

    def _work(self) -> Iterator[Metric]:
        states = Tally(view.stored.run_state for view in self._services.strategies.views())
        strategies = GaugeMetricFamily("edgerunner_strategies", "Strategies by state.", labels=("state",))
        for state in RunState:
            strategies.add_metric((str(state),), states[state])
        yield strategies
        text = "Strategies with a process that takes part in the market."
        live = sum(view.is_live for view in self._services.strategies.views())
        yield GaugeMetricFamily("edgerunner_strategy_processes", text, value=live)
        runs = GaugeMetricFamily("edgerunner_backtest_runs", "Backtests that wait or are under way.", labels=("state",))
        for name, count in zip(("queued", "running"), self._services.backtests.load, strict=True):
            runs.add_metric((name,), count)
        yield runs


def _states(
    name: str, text: str, words: Mapping[str, str], *, key: str, label: str, known: tuple[str, ...]
) -> GaugeMetricFamily:
    """Return 1 for the state each thing is in and 0 for all the others there are."""
    family = GaugeMetricFamily(name, text, labels=(key, label))
    for thing, state in words.items():
        for each in known:
            family.add_metric((thing, each), float(state == each))
    return family


def _unknown_s(order: Order, now_ns: int) -> float:
    return 0.0 if order.outcome_unknown is None else max(0, now_ns - order.outcome_unknown.since_ns) / 1e9
