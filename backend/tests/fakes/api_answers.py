"""Answers of the API, complete, to be varied by the tests."""

from typing import Any, cast

from edgerunner.client.account_types import AccountSummary, Position
from edgerunner.client.types import Connection, Order

TIME = "2026-11-23T04:00:00.000000Z"


def order(**changes: Any) -> Order:
    plain: dict[str, Any] = {
        "client_order_id": "A1",
        "venue_order_id": "V1",
        "connection_id": "bybit-sim",
        "account_id": "1",
        "instrument_id": "BTCUSDT-LINEAR.BYBIT",
        "strategy_id": None,
        "source": "api",
        "side": "buy",
        "order_type": "limit",
        "quantity": "0.01",
        "quantity_unit": "coins",
        "price": "60000",
        "trigger_price": None,
        "trailing_offset": None,
        "time_in_force": "gtc",
        "post_only": False,
        "reduce_only": False,
        "position_id": None,
        "status": "accepted",
        "outcome_unknown": None,
        "held": None,
        "needs_operator": None,
        "filled_quantity": "0",
        "average_price": None,
        "fees": [],
        "parent_id": None,
        "denied": None,
        "broker": {"status": None, "code": None, "text": None},
        "created_at": TIME,
        "updated_at": TIME,
    }
    return cast("Order", {**plain, **changes})


def position(**changes: Any) -> Position:
    plain: dict[str, Any] = {
        "connection_id": "bybit-sim",
        "account_id": "1",
        "instrument_id": "BTCUSDT-LINEAR.BYBIT",
        "position_id": "net",
        "side": "long",
        "quantity": "0.01",
        "quantity_unit": "coins",
        "average_price": "60000",
        "mark_price": "60100",
        "currency": "USDT",
        "unrealized_pnl": "1",
        "realized_pnl": "0",
        "leverage": "10",
        "take_profit": None,
        "stop_loss": None,
        "protection": "none",
        "as_of": TIME,
    }
    return cast("Position", {**plain, **changes})


def connection(**changes: Any) -> Connection:
    link = {"status": "up", "since": TIME, "latency_ms": 1.5}
    plain: dict[str, Any] = {
        "connection_id": "bybit-sim",
        "broker": "bybit",
        "environment": "simulated",
        "execution": "broker",
        "status": "connected",
        "accounts": [{"account_id": "1", "mode": "netting", "currency": "USDT", "live": False}],
        "health": {"data": link, "orders": link},
        "capabilities": None,
        "last_error": None,
        "connected_at": TIME,
    }
    return cast("Connection", {**plain, **changes})


def account(**changes: Any) -> AccountSummary:
    plain: dict[str, Any] = {
        "connection_id": "bybit-sim",
        "account_id": "1",
        "environment": "simulated",
        "execution": "broker",
        "currency": "USD",
        "balance": "100000",
        "equity": "100001",
        "margin_initial": "60",
        "margin_maintenance": "30",
        "margin_available": "99940",
        "unrealized_pnl": "1",
        "realized_pnl": "-2",
        "balances": [],
        "as_of": TIME,
    }
    return cast("AccountSummary", {**plain, **changes})
