"""The schema as it is now; ``migrations`` say how a file of an older version gets there.

Projection tables (orders, fills, cash_movements, positions) hold the whole value as JSON in
``state`` and repeat in columns only what is looked up by.
"""

from typing import Final

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    event,
    text,
)

metadata = MetaData()

ENCRYPTED: Final = {"edgerunner_encrypted": True}
"""``info`` of every column that holds a vault's tokens: a change of the master key finds the columns by it."""

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("client_order_id", Text),
    Column("strategy_id", Text),
    Column("actor", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("ts_event_ns", BigInteger),
    Column("ts_arrival_ns", BigInteger),
    Column("ts_init_ns", BigInteger, nullable=False),
    Column("owner_epoch", Integer, nullable=False),
    Column("payload", Text, nullable=False),
    Column("raw", Text),
    Index("ix_events_event_id", "event_id", unique=True),
    Index("ix_events_client_order_id", "client_order_id", sqlite_where=text("client_order_id IS NOT NULL")),
    Index("ix_events_strategy_id", "strategy_id", sqlite_where=text("strategy_id IS NOT NULL")),
)

owner = Table(
    "owner",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("claimed_at_ns", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="ck_owner_single"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("scope", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("client_order_id", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    PrimaryKeyConstraint("scope", "key"),
    Index("ix_idempotency_created_ns", "created_ns"),
)

orders = Table(
    "orders",
    metadata,
    Column("first_seq", Integer, primary_key=True),
    Column("client_order_id", Text, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("venue_order_id", Text),
    Column("is_open", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Index("ix_orders_client_order_id", "client_order_id", unique=True),
    Index("ix_orders_connection_id", "connection_id"),
    Index(
        "ix_orders_venue_order_id",
        "connection_id",
        "venue_order_id",
        sqlite_where=text("venue_order_id IS NOT NULL"),
    ),
    Index("ix_orders_open", "first_seq", sqlite_where=text("is_open = 1")),
)

fills = Table(
    "fills",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("connection_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("trade_id", Text, nullable=False),
    Column("client_order_id", Text),
    Column("state", Text, nullable=False),
    Index("ix_fills_trade_id", "connection_id", "account_id", "trade_id", unique=True),
    Index("ix_fills_client_order_id", "client_order_id", sqlite_where=text("client_order_id IS NOT NULL")),
    Index("ix_fills_connection_id", "connection_id"),
)

cash_movements = Table(
    "cash_movements",
    metadata,
    Column("movement_no", Integer, primary_key=True),
    Column("connection_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("movement_id", Text, nullable=False),
    Column("client_order_id", Text),
    Column("state", Text, nullable=False),
    Index("ix_cash_movements_movement_id", "connection_id", "account_id", "movement_id", unique=True),
    Index("ix_cash_movements_client_order_id", "client_order_id", sqlite_where=text("client_order_id IS NOT NULL")),
    Index("ix_cash_movements_connection_id", "connection_id"),
)

positions = Table(
    "positions",
    metadata,
    Column("connection_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("instrument_id", Text, nullable=False),
    Column("leg", Text, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("state", Text, nullable=False),
    PrimaryKeyConstraint("connection_id", "account_id", "instrument_id", "leg"),
    Index("ix_positions_open", "connection_id", sqlite_where=text("is_open = 1")),
)

connections = Table(
    "connections",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("broker", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("execution", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("credentials", LargeBinary, nullable=False, info=ENCRYPTED),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("desired", Text, nullable=False),
    Column("reconciled_until_ns", BigInteger),
)

equity_points = Table(
    "equity_points",
    metadata,
    Column("point_no", Integer, primary_key=True),
    Column("connection_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("equity", Text),
    Column("balance", Text),
    Column("ts_ns", BigInteger, nullable=False),
    Index("ix_equity_points_account", "connection_id", "account_id"),
)

signal_secrets = Table(
    "signal_secrets",
    metadata,
    Column("strategy_id", Text, primary_key=True),
    Column("secrets", LargeBinary, nullable=False, info=ENCRYPTED),
    Column("changed_at_ns", BigInteger, nullable=False),
)

signals = Table(
    "signals",
    metadata,
    Column("signal_no", Integer, primary_key=True),
    Column("signal_id", Text, nullable=False),
    Column("strategy_id", Text, nullable=False),
    Column("dedup_key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("instrument_id", Text, nullable=False),
    Column("quantity", Text),
    Column("price", Text),
    Column("state", Text, nullable=False),
    Column("client_order_id", Text),
    Column("reason", Text),
    Column("received_at_ns", BigInteger, nullable=False),
    Column("finished_at_ns", BigInteger),
    Index("ix_signals_signal_id", "signal_id", unique=True),
    Index("ix_signals_dedup_key", "strategy_id", "dedup_key"),
    Index("ix_signals_waiting", "signal_no", sqlite_where=text("state = 'accepted'")),
)

backtest_runs = Table(
    "backtest_runs",
    metadata,
    Column("run_no", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("metrics", Text),
    Column("assumptions", Text),
    Column("error", Text),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("started_at_ns", BigInteger),
    Column("finished_at_ns", BigInteger),
    Index("ix_backtest_runs_run_id", "run_id", unique=True),
)

risk_scopes = Table(
    "risk_scopes",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("actor", Text, nullable=False),
    Column("changed_at_ns", BigInteger, nullable=False),
    Column("limits", Text, nullable=False),
)

risk_baselines = Table(
    "risk_baselines",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("day", Text, nullable=False),
    Column("day_start", Text, nullable=False),
    Column("peak", Text, nullable=False),
)

strategies = Table(
    "strategies",
    metadata,
    Column("strategy_id", Text, primary_key=True),
    Column("class_name", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("account_id", Text),
    Column("instrument_ids", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("on_stop", Text, nullable=False),
    Column("run_state", Text, nullable=False),
    Column("reason", Text),
    Column("run_no", Integer, nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("started_at_ns", BigInteger),
    Column("kept", Text, nullable=False),
)

strategy_log = Table(
    "strategy_log",
    metadata,
    Column("line_no", Integer, primary_key=True),
    Column("strategy_id", Text, nullable=False),
    Column("ts_ns", BigInteger, nullable=False),
    Column("level", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_strategy_log_strategy_id", "strategy_id", "line_no"),
)

users = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("disabled", Integer, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("totp_secret", LargeBinary, info=ENCRYPTED),
    Column("totp_confirmed", Integer, nullable=False),
    Column("totp_last_step", BigInteger),
    Column("recovery_codes", Text, nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
)

user_sessions = Table(
    "user_sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("expires_at_ns", BigInteger, nullable=False),
    Index("ix_user_sessions_user_name", "user_name"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("used_at_ns", BigInteger),
    Index("ix_refresh_tokens_session_id", "session_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("user_name", Text),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("allowed_ips", Text, nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("expires_at_ns", BigInteger),
    Column("last_used_at_ns", BigInteger),
)

stream_tickets = Table(
    "stream_tickets",
    metadata,
    Column("ticket_hash", Text, primary_key=True),
    Column("credential", Text, nullable=False),
    Column("credential_id", Text),
    Column("credential_ends_ns", BigInteger),
    Column("expires_at_ns", BigInteger, nullable=False),
)

identity_state = Table(
    "identity_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("signing_keys", LargeBinary, info=ENCRYPTED),
    CheckConstraint("id = 1", name="ck_identity_state_single"),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_no", Integer, primary_key=True),
    Column("ts_ns", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

APPEND_ONLY = {
    f"{table}_no_{verb.lower()}": (
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the {name} is append-only'); END"
    )
    for table, name in (("events", "journal"), ("audit", "audit log"))
    for verb in ("UPDATE", "DELETE")
}
for _name, _statement in APPEND_ONLY.items():
    event.listen(metadata.tables[_name.partition("_")[0]], "after_create", DDL(_statement))  # type: ignore[no-untyped-call]  # its own
