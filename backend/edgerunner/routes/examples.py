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

CREATE_STRATEGY: Final[Examples] = {
    "sma": {
        "summary": "A moving average cross on the simulated Bybit",
        "value": {
            "strategy_id": "sample-sma",
            "class": "SmaCross",
            "parameters": {"fast": 10, "slow": 30, "quantity": 0.01},
            "connection_id": "bybit-sim",
            "instrument_ids": ["BTCUSDT-LINEAR.BYBIT"],
            "timeframe": "1m",
        },
    },
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

CLOSE_BY: Final[Examples] = {
    "tickets": {
        "summary": "Two tickets of a hedging account",
        "value": {"connection_id": "mt5-sim", "position_id": "1000042", "opposite_position_id": "1000043"},
    },
}

SIGNAL: Final[Examples] = {
    "buy": {
        "summary": "Buy at the market",
        "value": {
            "secret": "the strategy's secret",
            "action": "buy",
            "quantity": "0.01",
            "id": "BTCUSDT 2026-11-23T04:00:00Z",
        },
    },
    "close": {
        "summary": "Close what the strategy holds",
        "value": {"secret": "the strategy's secret", "action": "close", "instrument_id": "BTCUSDT-LINEAR.BYBIT"},
    },
}

SIGNAL_SECRET: Final[Examples] = {
    "at once": {"summary": "The old secret ends now", "value": {"keep_old_s": 0}},
    "a day": {"summary": "Both are good for a day, to change the alerts over", "value": {"keep_old_s": 86_400}},
}

RISK_LIMITS: Final[Examples] = {
    "account": {
        "summary": "One account, at most 5 percent beyond the market and 1,000 lost a day",
        "value": {
            "scope": "account:bybit-sim:SIM1000001",
            "limits": {"price_collar": "0.05", "max_daily_loss": "1000", "max_open_orders": 50},
        },
    },
    "everything": {
        "summary": "Every account, by itself",
        "value": {"scope": "all", "limits": {"price_collar": "0.1", "max_quote_age_s": "10"}},
    },
}

RISK_HALT: Final[Examples] = {
    "everything": {"summary": "Stop all trading and cancel what works", "value": {"scope": "all"}},
    "flatten": {
        "summary": "Stop one connection, cancel and close all of it",
        "value": {"scope": "connection:bybit-sim", "cancel_orders": True, "flatten": True, "reason": "fat finger"},
    },
}

RISK_RESUME: Final[Examples] = {"everything": {"summary": "Trade again", "value": {"scope": "all"}}}

RISK_ARM: Final[Examples] = {
    "a quarter of an hour": {
        "summary": "Let a live account trade for 15 minutes",
        "value": {"connection_id": "bybit-live", "account_id": "123456", "confirm": "123456", "minutes": 15},
    },
}

RISK_DISARM: Final[Examples] = {
    "now": {"summary": "End it", "value": {"connection_id": "bybit-live", "account_id": "123456"}},
}

UPLOAD_DATASET: Final[Examples] = {
    "metatrader": {
        "summary": "Bars exported by MetaTrader 5; send the export in the field file",
        "value": {"file": "EURUSD_H1.csv", "instrument_id": "EURUSD.MT5", "timezone": "Europe/Athens"},
    },
}

DOWNLOAD_DATASET: Final[Examples] = {
    "a month": {
        "summary": "Minute bars of one month",
        "value": {
            **_LINEAR,
            "timeframe": "1m",
            "start": "2026-10-01T00:00:00Z",
            "end": "2026-11-01T00:00:00Z",
        },
    },
    "until now": {
        "summary": "Hours until now",
        "value": {**_LINEAR, "timeframe": "1h", "start": "2026-01-01T00:00:00Z"},
    },
}

LAUNCH_EXPERT: Final[Examples] = {
    "reference": {
        "summary": "The reference EA on the simulated terminal",
        "value": {"terminal": "sim", "expert": "EdgerunnerBridge", "symbol": "EURUSD", "period": "M5"},
    },
    "inputs": {
        "summary": "An EA whose source is not beside it",
        "value": {
            "terminal": "sim",
            "expert": "Own/Breakout",
            "symbol": "EURUSD",
            "inputs": {"Lots": "0.10", "Filter": True},
            "input_schema": [
                {"name": "Lots", "kind": "number", "minimum": "0.01", "maximum": "1"},
                {"name": "Filter", "kind": "boolean"},
            ],
        },
    },
}

BACKTEST_EXPERT: Final[Examples] = {
    "test": {
        "summary": "One test",
        "value": {
            "terminal": "sim",
            "expert": "Examples/Moving Averages",
            "symbol": "EURUSD",
            "from_date": "2026-09-01",
            "to_date": "2026-09-30",
            "inputs": {"InpFastPeriod": 5, "InpSlowPeriod": 20, "InpLots": "0.1"},
        },
    },
    "optimization": {
        "summary": "Every value of a range",
        "value": {
            "terminal": "sim",
            "expert": "Examples/Moving Averages",
            "symbol": "EURUSD",
            "from_date": "2026-09-01",
            "to_date": "2026-09-30",
            "optimization": "complete",
            "ranges": {"InpFastPeriod": {"start": "5", "step": "5", "stop": "15"}},
        },
    },
}

MESSAGE_EXPERT: Final[Examples] = {
    "ping": {"summary": "Is it there?", "value": {"name": "ping"}},
    "subscribe": {"summary": "Ticks of one more symbol", "value": {"name": "subscribe", "args": {"symbol": "XAUUSD"}}},
}

BACKTEST: Final[Examples] = {
    "dataset": {
        "summary": "A shipped strategy on a dataset",
        "value": {
            "strategy": "SmaCross",
            "parameters": {"fast": 10, "slow": 30, "quantity": 0.01},
            "instrument_id": "BTCUSDT-LINEAR.BYBIT",
            "timeframe": "1m",
            "data": {"dataset_id": "01JD8Z4K3V7Q2M5N9R1T6W8X0Y"},
            "initial_cash": "10000",
            "fees": {"maker": "0.0002", "taker": "0.00055"},
        },
    },
    "connection": {
        "summary": "The newest history of a connection",
        "value": {
            "strategy": "SmaCross",
            "instrument_id": "BTCUSDT-LINEAR.BYBIT",
            "timeframe": "5m",
            "start": "2026-11-20T00:00:00Z",
            "data": {"connection_id": "bybit-sim"},
            "initial_cash": "10000",
        },
    },
}
