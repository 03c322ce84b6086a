"""The first tables: journal, projections, connections, equity."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cash_movements",
        sa.Column("movement_no", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("movement_id", sa.Text(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("movement_no"),
    )
    op.create_index(
        "ix_cash_movements_client_order_id",
        "cash_movements",
        ["client_order_id"],
        unique=False,
        sqlite_where=sa.text("client_order_id IS NOT NULL"),
    )
    op.create_index("ix_cash_movements_connection_id", "cash_movements", ["connection_id"], unique=False)
    op.create_index(
        "ix_cash_movements_movement_id", "cash_movements", ["connection_id", "account_id", "movement_id"], unique=True
    )
    op.create_table(
        "connections",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("execution", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ns", sa.BigInteger(), nullable=False),
        sa.Column("desired", sa.Text(), nullable=False),
        sa.Column("reconciled_until_ns", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id"),
    )
    op.create_table(
        "equity_points",
        sa.Column("point_no", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("equity", sa.Text(), nullable=True),
        sa.Column("balance", sa.Text(), nullable=True),
        sa.Column("ts_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("point_no"),
    )
    op.create_index("ix_equity_points_account", "equity_points", ["connection_id", "account_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=True),
        sa.Column("strategy_id", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("ts_event_ns", sa.BigInteger(), nullable=True),
        sa.Column("ts_arrival_ns", sa.BigInteger(), nullable=True),
        sa.Column("ts_init_ns", sa.BigInteger(), nullable=False),
        sa.Column("owner_epoch", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(
        "ix_events_client_order_id",
        "events",
        ["client_order_id"],
        unique=False,
        sqlite_where=sa.text("client_order_id IS NOT NULL"),
    )
    op.create_index("ix_events_event_id", "events", ["event_id"], unique=True)
    op.create_table(
        "fills",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.Text(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(
        "ix_fills_client_order_id",
        "fills",
        ["client_order_id"],
        unique=False,
        sqlite_where=sa.text("client_order_id IS NOT NULL"),
    )
    op.create_index("ix_fills_connection_id", "fills", ["connection_id"], unique=False)
    op.create_index("ix_fills_trade_id", "fills", ["connection_id", "account_id", "trade_id"], unique=True)
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key"),
    )
    op.create_index("ix_idempotency_created_ns", "idempotency", ["created_ns"], unique=False)
    op.create_table(
        "orders",
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("venue_order_id", sa.Text(), nullable=True),
        sa.Column("is_open", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("first_seq"),
    )
    op.create_index("ix_orders_client_order_id", "orders", ["client_order_id"], unique=True)
    op.create_index("ix_orders_connection_id", "orders", ["connection_id"], unique=False)
    op.create_index("ix_orders_open", "orders", ["first_seq"], unique=False, sqlite_where=sa.text("is_open = 1"))
    op.create_index(
        "ix_orders_venue_order_id",
        "orders",
        ["connection_id", "venue_order_id"],
        unique=False,
        sqlite_where=sa.text("venue_order_id IS NOT NULL"),
    )
    op.create_table(
        "owner",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("claimed_at_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("id = 1", name="ck_owner_single"),
    )
    op.create_table(
        "positions",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("instrument_id", sa.Text(), nullable=False),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "account_id", "instrument_id", "leg"),
    )
    op.create_index(
        "ix_positions_open", "positions", ["connection_id"], unique=False, sqlite_where=sa.text("is_open = 1")
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        )
