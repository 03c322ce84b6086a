"""Examples of request bodies for the OpenAPI document."""

from typing import Any, Final

Examples = dict[str, Any]

CONNECT: Final[Examples] = {
    "simulated": {
        "summary": "The simulated Bybit of this machine; it needs no credentials",
        "value": {"broker": "bybit", "environment": "simulated", "connection_id": "bybit-sim"},
    },
    "demo": {
        "summary": "A Bybit demo account",
        "value": {
            "broker": "bybit",
            "environment": "demo",
            "credentials": {"api_key": "your key", "api_secret": "your secret"},
        },
    },
}

_LINEAR = {"connection_id": "bybit-sim", "instrument_id": "BTCUSDT-LINEAR.BYBIT"}

TRADE: Final[Examples] = {
    "market": {
        "summary": "Buy at the market",
        "value": {**_LINEAR, "side": "buy", "order_type": "market", "quantity": "0.01"},
    },
    "limit": {
        "summary": "Sell at a price, only as maker",
        "value": {
            **_LINEAR,
            "side": "sell",
            "order_type": "limit",
            "quantity": "0.01",
            "price": "70000",
            "time_in_force": "gtc",
            "post_only": True,
            "client_order_id": "my-order-1",
        },
    },
}

MODIFY: Final[Examples] = {
    "price": {"summary": "Another price", "value": {"price": "69500"}},
    "quantity": {"summary": "Another total quantity", "value": {"quantity": "0.02"}},
}

CANCEL_ALL: Final[Examples] = {
    "connection": {"summary": "Everything of one connection", "value": {"connection_id": "bybit-sim"}},
    "instrument": {"summary": "One instrument", "value": _LINEAR},
}

CLOSE_POSITIONS: Final[Examples] = {
    "instrument": {"summary": "One instrument", "value": _LINEAR},
    "all": {
        "summary": "All of one connection, except spot holdings",
        "value": {"connection_id": "bybit-sim"},
    },
}
