"""What this process counts and times, for Prometheus: https://prometheus.io/docs/practices/naming/.

Everything is per process and may be used from any thread. Labels are bounded: connections, brokers, steps, and codes
of our own; never an order, an instrument or a text. What is merely looked up when somebody asks (open orders, queues)
is not here but in ``routes.metrics``. ``docs/operations.md`` describes each.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY: Final = CollectorRegistry()

_FAST: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SLOW: Final = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)

ORDER_STEP_SECONDS: Final = Histogram(
    "edgerunner_order_step_seconds",
    "Seconds of one step of an order's way, from the step before: decided (checked, from the request's arrival), "
    "committed (in the journal), sent (handed to the socket), acknowledged (the broker's answer), "
    "first_fill (booked, from sending).",
    ("step", "broker", "connection_id"),
    buckets=_FAST,
    registry=REGISTRY,
)
ORDER_EVENTS: Final = Counter(
    "edgerunner_order_events",
    "What happened to orders: submitted, denied, rejected, filled (each execution), canceled, expired.",
    ("event", "connection_id"),
    registry=REGISTRY,
)
DENIALS: Final = Counter(
    "edgerunner_order_denials", "Orders that our own checks refused, by code.", ("code",), registry=REGISTRY
)
OUTCOMES_UNKNOWN: Final = Counter(
    "edgerunner_orders_outcome_unknown",
    "Commands whose outcome was unknown at first.",
    ("connection_id",),
    registry=REGISTRY,
)
OUTCOME_RESOLUTION_SECONDS: Final = Histogram(
    "edgerunner_order_outcome_resolution_seconds",
    "Seconds until an unknown outcome was known.",
    ("connection_id",),
    buckets=_SLOW,
    registry=REGISTRY,
)

JOURNAL_COMMIT_SECONDS: Final = Histogram(
    "edgerunner_journal_commit_seconds",
    "Seconds to make one group of journal writes durable.",
    buckets=_FAST,
    registry=REGISTRY,
)
JOURNAL_COMMIT_WRITES: Final = Histogram(
    "edgerunner_journal_commit_writes",
    "Writes that shared one commit of the journal.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    registry=REGISTRY,
)
JOURNAL_REFUSALS: Final = Counter(
    "edgerunner_journal_refusals",
    "Writes that the journal could not take: locked, full disk, owned by another process.",
    registry=REGISTRY,
)

STREAM_LAG_SECONDS: Final = Histogram(
    "edgerunner_stream_lag_seconds",
    "Seconds from a change's commit to the frame that tells a reader; class kept is never dropped, conflated may be.",
    ("class",),
    buckets=_FAST,
    registry=REGISTRY,
)
STREAM_CLOSED_SLOW: Final = Counter(
    "edgerunner_stream_clients_closed_slow", "Readers that were closed because they were too slow.", registry=REGISTRY
)

CONNECTION_LOSSES: Final = Counter(
    "edgerunner_connection_losses",
    "Times a link to a broker went down, by what it was called.",
    ("connection_id", "link", "reason"),
    registry=REGISTRY,
)
CONNECTION_RECONNECTS: Final = Counter(
    "edgerunner_connection_reconnects",
    "Times a link to a broker came up again.",
    ("connection_id", "link"),
    registry=REGISTRY,
)

STRATEGY_TURN_SECONDS: Final = Histogram(
    "edgerunner_strategy_turn_seconds",
    "Seconds a strategy's process took for one turn.",
    buckets=_FAST,
    registry=REGISTRY,
)
STRATEGY_TURNS_OVER_LIMIT: Final = Counter(
    "edgerunner_strategy_turns_over_limit", "Turns of strategies that were ended for their length.", registry=REGISTRY
)
STRATEGY_FAULTS: Final = Counter("edgerunner_strategy_faults", "Strategies that ended with a fault.", registry=REGISTRY)

EVENT_LOOP_LAG_SECONDS: Final = Histogram(
    "edgerunner_event_loop_lag_seconds",
    "Seconds that a timer of the event loop came late; measured twice a second.",
    buckets=_FAST,
    registry=REGISTRY,
)
RATE_LIMIT_REFUSALS: Final = Counter(
    "edgerunner_rate_limit_refusals", "Requests that were refused for their number, by limit.", ("limit",),
    registry=REGISTRY,
)  # fmt: skip
SIGN_IN_FAILURES: Final = Counter(
    "edgerunner_sign_in_failures", "Sign-ins and credentials that were refused, by reason.", ("reason",),
    registry=REGISTRY,
)  # fmt: skip
