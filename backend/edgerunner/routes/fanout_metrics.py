"""Redis as metrics, and as a line of the health answer."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from edgerunner.schemas.operations import RedisAnswer
from edgerunner.services.fanout.link import RedisLink

_NS_PER_S = 1_000_000_000


def redis_metrics(link: RedisLink | None) -> Iterator[Metric]:
    """Say whether Redis answers and since when; nothing where none is configured."""
    if link is None:
        return
    since_s = link.state.since_ns / _NS_PER_S
    yield GaugeMetricFamily("edgerunner_redis_up", "1 while Redis answers.", value=float(link.state.is_up))
    yield GaugeMetricFamily(
        "edgerunner_redis_since_timestamp_seconds", "When Redis began to answer, or ceased to.", value=since_s
    )


def redis_answer(link: RedisLink | None) -> RedisAnswer | None:
    """Return what the health answer says of Redis; None where none is configured."""
    if link is None:
        return None
    state = link.state
    return RedisAnswer(status="up" if state.is_up else "down", since=state.since_ns, reason=state.reason)
