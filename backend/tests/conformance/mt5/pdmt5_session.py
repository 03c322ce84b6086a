"""A whole session of pdmt5 with a terminal: ``python pdmt5_session.py '{"login": ..., "password": ...}'``.

It runs in an environment that has nothing of ours, prints its last line as JSON, and fails where a real terminal would
have answered otherwise.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from pdmt5 import Mt5Config, Mt5DataClient

SYMBOL = "EURUSD"
COMMENT = "pdmt5-session"


class Session:
    """One logged-in client and the tickets that it has seen."""

    def __init__(self, client: Mt5DataClient, login: int) -> None:
        self.client = client
        self.mt5 = client.mt5
        self.login = login
        self.tickets: list[int] = []

    def run(self) -> dict[str, Any]:
        before = self.account()
        self.market()
        position = self.buy()
        self.protect(position)
        self.pending()
        self.close(position)
        after = self.client.account_info_as_dict()
        profit = self.history(position)
        assert round(after["balance"] - before["balance"], 2) == profit, (before, after, profit)
        return {"login": self.login, "balance": after["balance"], "orders": self.tickets}

    def account(self) -> dict[str, Any]:
        account: dict[str, Any] = self.client.account_info_as_dict()
        assert account["login"] == self.login, account
        assert account["currency"] == "USD", account
        assert account["leverage"] == 100, account
        terminal = self.client.terminal_info_as_dict()
        assert terminal["connected"], terminal
        assert terminal["trade_allowed"], terminal
        assert self.client.version()[0] == 500
        assert self.client.positions_get_as_dicts() == []
        return account

    def market(self) -> None:
        names = set(self.client.symbols_get_as_df()["name"])
        assert {"EURUSD", "GBPUSD", "USDJPY", "XAUUSD", "GER40", "BTCUSD"} <= names, names
        assert set(self.client.symbols_get_as_df(group="*EUR*")["name"]) == {n for n in names if "EUR" in n}
        assert self.client.symbol_select(SYMBOL)
        info = self.client.symbol_info_as_dict(SYMBOL)
        assert info["digits"] == 5, info
        assert info["trade_contract_size"] == 100_000, info
        tick = self.client.symbol_info_tick_as_dict(SYMBOL, skip_to_datetime=True)
        assert 0 < tick["bid"] < tick["ask"] < 2 * tick["bid"], tick
        self.rates(tick["time"])
        since = datetime.fromtimestamp(tick["time"] - 3600, tz=UTC)
        ticks = self.client.copy_ticks_from_as_df(SYMBOL, since, 100, self.mt5.COPY_TICKS_ALL, skip_to_datetime=True)
        assert len(ticks) > 0, ticks
        assert ticks["time_msc"].is_monotonic_increasing, ticks
        assert (ticks["ask"] > ticks["bid"]).all()

    def rates(self, server_time: int) -> None:
        bars = self.client.copy_rates_from_pos_as_df(SYMBOL, self.mt5.TIMEFRAME_M1, 0, 100, skip_to_datetime=True)
        assert len(bars) == 100, bars
        assert (bars["time"].diff()[1:] == 60).all(), bars
        assert (bars["high"] >= bars[["open", "close", "low"]].max(axis=1)).all(), bars
        assert 0 <= server_time - bars["time"].iloc[-1] < 120, (server_time, bars.tail())
        first, last = (datetime.fromtimestamp(int(bars["time"].iloc[n]), tz=UTC) for n in (10, 19))
        ranged = self.client.copy_rates_range_as_df(SYMBOL, self.mt5.TIMEFRAME_M1, first, last, skip_to_datetime=True)
        assert ranged.to_dict("records") == bars.iloc[10:20].to_dict("records"), ranged

    def filling(self) -> int:
        mask: int = self.client.symbol_info_as_dict(SYMBOL)["filling_mode"]
        return int(self.mt5.ORDER_FILLING_FOK if mask & 1 else self.mt5.ORDER_FILLING_IOC)

    def send(self, request: dict[str, Any], *accepted: int) -> dict[str, Any]:
        result: dict[str, Any] = self.client.order_send_as_dict(request)
        assert result["retcode"] in accepted, result
        assert self.client.last_error() == (1, "Success")
        return result

    def deal(self, side: int, **rest: Any) -> dict[str, Any]:
        tick = self.client.symbol_info_tick_as_dict(SYMBOL)
        price = tick["ask"] if side == self.mt5.ORDER_TYPE_BUY else tick["bid"]
        request = {
            "action": self.mt5.TRADE_ACTION_DEAL, "symbol": SYMBOL, "volume": 0.1, "type": side, "price": price,
            "deviation": 100, "magic": 77, "comment": COMMENT, "type_filling": self.filling(), **rest,
        }  # fmt: skip
        check = self.client.order_check_as_dict(request)
        assert check["retcode"] == 0, check
        assert check["comment"] == "Done", check
        result = self.send(request, self.mt5.TRADE_RETCODE_DONE)
        assert result["deal"] > 0, result
        assert result["volume"] == 0.1, result
        self.tickets.append(result["order"])
        return result

    def buy(self) -> int:
        result = self.deal(self.mt5.ORDER_TYPE_BUY)
        (position,) = self.client.positions_get_as_dicts(symbol=SYMBOL)
        assert (position["volume"], position["magic"]) == (0.1, 77), position
        assert position["price_open"] == result["price"], (position, result)
        return int(position["ticket"])

    def protect(self, position: int) -> None:
        price = self.client.symbol_info_tick_as_dict(SYMBOL)["bid"]
        levels = {"sl": round(price - 0.02, 5), "tp": round(price + 0.02, 5)}
        request = {"action": self.mt5.TRADE_ACTION_SLTP, "symbol": SYMBOL, "position": position, **levels}
        self.send(request, self.mt5.TRADE_RETCODE_DONE)
        (held,) = self.client.positions_get_as_dicts(ticket=position)
        assert {"sl": held["sl"], "tp": held["tp"]} == levels, held

    def pending(self) -> None:
        price = round(self.client.symbol_info_tick_as_dict(SYMBOL)["ask"] - 0.01, 5)
        request = {
            "action": self.mt5.TRADE_ACTION_PENDING, "symbol": SYMBOL, "volume": 0.2, "price": price,
            "type": self.mt5.ORDER_TYPE_BUY_LIMIT, "type_time": self.mt5.ORDER_TIME_GTC, "comment": COMMENT,
            "type_filling": self.mt5.ORDER_FILLING_RETURN,
        }  # fmt: skip
        placed = self.send(request, self.mt5.TRADE_RETCODE_DONE, self.mt5.TRADE_RETCODE_PLACED)
        ticket = placed["order"]
        self.tickets.append(ticket)
        moved = {
            "action": self.mt5.TRADE_ACTION_MODIFY,
            "order": ticket,
            "symbol": SYMBOL,
            "price": round(price - 0.001, 5),
        }
        self.send(moved, self.mt5.TRADE_RETCODE_DONE)
        (order,) = self.client.orders_get_as_dicts(ticket=ticket)
        assert order["price_open"] == moved["price"], order
        self.send({"action": self.mt5.TRADE_ACTION_REMOVE, "order": ticket}, self.mt5.TRADE_RETCODE_DONE)
        assert self.client.orders_get_as_dicts() == []
        (gone,) = self.client.history_orders_get_as_dicts(ticket=ticket)
        assert gone["state"] == self.mt5.ORDER_STATE_CANCELED, gone

    def close(self, position: int) -> None:
        self.deal(self.mt5.ORDER_TYPE_SELL, position=position)
        assert self.client.positions_get_as_dicts() == []

    def history(self, position: int) -> float:
        now = datetime.now(UTC)
        window = {"date_from": now - timedelta(days=1), "date_to": now + timedelta(days=1)}
        deals = self.client.history_deals_get_as_df(**window)
        mine = deals[deals["position_id"] == position]
        assert list(mine["entry"]) == [self.mt5.DEAL_ENTRY_IN, self.mt5.DEAL_ENTRY_OUT], mine
        assert list(mine["order"]) == [self.tickets[0], self.tickets[-1]], mine
        orders = self.client.history_orders_get_as_df(**window)
        assert set(self.tickets) <= set(orders["ticket"]), orders
        return round(float(mine[["profit", "commission", "swap", "fee"]].to_numpy().sum()), 2)


def main() -> None:
    credentials = json.loads(sys.argv[1])
    with Mt5DataClient(config=Mt5Config(**credentials), retry_count=0) as client:
        sys.stdout.write(json.dumps(Session(client, credentials["login"]).run()) + "\n")


main()
