"""A whole session of mt5cli, command after command: ``python mt5cli_session.py FOLDER [--login N ...]``.

Every command connects, exports one JSON file into the folder and disconnects. It runs in an environment that has
nothing of ours, prints its last line as JSON, and fails where a real terminal would have answered otherwise.
"""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mt5cli.cli import app

SYMBOL = "GBPUSD"
COMMENT = "mt5cli-session"
DEAL, PENDING, SLTP, REMOVE = 1, 5, 6, 8
BUY, BUY_LIMIT = 0, 2
FOK, RETURN = 0, 2
DONE, PLACED, INVALID_FILL = 10009, 10008, 10030


class CommandLine:
    """Runs commands of mt5cli as its ``main`` does, and reads what they export."""

    def __init__(self, folder: Path, connection: list[str]) -> None:
        self.folder = folder
        self.connection = connection
        self.count = 0

    def __call__(self, *command: str) -> list[dict[str, Any]]:
        self.count += 1
        output = self.folder / f"{self.count:02}-{command[0]}.json"
        app([*self.connection, "--output", str(output), *command], standalone_mode=False)
        rows: list[dict[str, Any]] = json.loads(output.read_text())
        return rows

    def send(self, request: dict[str, Any], *accepted: int) -> dict[str, Any]:
        (result,) = self("order-send", "--request", json.dumps(request), "--yes")
        assert result["retcode"] in accepted, result
        return result


def look(run: CommandLine) -> dict[str, Any]:
    """Read everything that needs no order; return the account."""
    (account,) = run("account-info")
    assert account["currency"] == "USD", account
    assert account["margin_free"] == account["balance"], account
    (terminal,) = run("terminal-info")
    assert terminal["connected"], terminal
    assert run("version")
    assert run("mt5-summary")
    assert {"EURUSD", "XAUUSD"} <= {row["name"] for row in run("symbols")}
    (tick,) = run("symbol-info-tick", "--symbol", SYMBOL)
    assert 0 < tick["bid"] < tick["ask"], tick
    bars = run("rates-from-pos", "--symbol", SYMBOL, "--timeframe", "H1", "--start-pos", "0", "--count", "24")
    assert len(bars) == 24, bars
    assert all(bar["low"] <= bar["close"] <= bar["high"] for bar in bars), bars
    since = datetime.fromisoformat(tick["time"]) - timedelta(hours=1)
    ticks = run("ticks-from", "--symbol", SYMBOL, "--date-from", since.isoformat(), "--count", "50", "--flags", "ALL")
    assert 0 < len(ticks) <= 50, ticks
    assert len(run("minimum-margins", "--symbol", SYMBOL)) == 1
    return account


def trade(run: CommandLine) -> tuple[list[int], int]:
    """Buy, protect, place and remove a pending order, close; return the order tickets and the position."""
    (info,) = run("symbol-info", "--symbol", SYMBOL)
    assert info["filling_mode"] == 1, info
    market = {
        "action": DEAL, "symbol": SYMBOL, "volume": 0.1, "type": BUY, "price": info["ask"], "deviation": 100,
        "comment": COMMENT, "type_filling": FOK,
    }  # fmt: skip
    (check,) = run("order-check", "--request", json.dumps(market))
    assert check["retcode"] == 0, check
    assert check["margin"] > 0, check
    bought = run.send(market, DONE)
    (position,) = run("positions", "--symbol", SYMBOL)
    assert position["volume"] == 0.1, (position, bought)
    assert position["price_open"] == bought["price"], (position, bought)
    levels = {"sl": round(info["bid"] - 0.02, 5), "tp": round(info["bid"] + 0.02, 5)}
    run.send({"action": SLTP, "symbol": SYMBOL, "position": position["ticket"], **levels}, DONE)
    (position,) = run("positions", "--ticket", str(position["ticket"]))
    assert {"sl": position["sl"], "tp": position["tp"]} == levels, position
    limit = market | {
        "action": PENDING,
        "type": BUY_LIMIT,
        "price": round(info["ask"] - 0.01, 5),
        "type_filling": RETURN,
    }
    placed = run.send(limit, DONE, PLACED)
    (order,) = run("orders", "--symbol", SYMBOL)
    assert order["ticket"] == placed["order"], order
    assert order["price_open"] == limit["price"], order
    run.send({"action": REMOVE, "order": placed["order"]}, DONE)
    assert run("orders") == []
    # mt5cli looks for SYMBOL_FILLING_FOK, which the package does not have, and then takes IOC.
    (refused,) = run("close-positions", "--symbol", SYMBOL, "--yes")
    assert refused["retcode"] == INVALID_FILL, refused
    (closed,) = run("close-positions", "--symbol", SYMBOL, "--filling-mode", "FOK", "--yes")
    assert closed["retcode"] == DONE, closed
    assert run("positions") == []
    return [bought["order"], placed["order"], closed["order_ticket"]], position["ticket"]


def look_back(run: CommandLine, tickets: list[int], position: int) -> float:
    """Find the orders and deals in the history; return the profit of the closed position."""
    # The commands take the trade server's wall clock, in which the last tick is stamped.
    (tick,) = run("symbol-info-tick", "--symbol", SYMBOL)
    now, day = datetime.fromisoformat(tick["time"]), timedelta(days=1)
    window = ("--date-from", (now - day).isoformat(), "--date-to", (now + day).isoformat())
    assert set(tickets) <= {row["ticket"] for row in run("history-orders", *window)}
    deals = [row for row in run("history-deals", *window) if row["position_id"] == position]
    assert [row["order"] for row in deals] == [tickets[0], tickets[-1]], deals
    return round(float(sum(row[part] for row in deals for part in ("profit", "commission", "swap", "fee"))), 2)


def main() -> None:
    run = CommandLine(Path(sys.argv[1]), sys.argv[2:])
    before = look(run)
    tickets, position = trade(run)
    profit = look_back(run, tickets, position)
    (after,) = run("account-info")
    assert round(after["balance"] - before["balance"], 2) == profit, (before, after, profit)
    sys.stdout.write(json.dumps({"login": after["login"], "balance": after["balance"], "orders": tickets}) + "\n")


main()
