"""A whole session with metatrader-mcp-server over stdio: ``python metatrader_mcp_session.py COMMAND...`` starts it.

The command starts the unmodified server; this program is an MCP client like a chat program is. It runs in an
environment that has nothing of ours, prints its last line as JSON, and fails where a real terminal would have answered
otherwise.
"""

import asyncio
import csv
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

SYMBOL = "USDJPY"
PATIENCE_S = 60


class Tools:
    """Calls the server's tools by name and reads what they answer."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def text(self, name: str, **arguments: Any) -> str:
        answer = await self.session.call_tool(name, arguments)
        said = "\n".join(part.text for part in answer.content)
        assert not answer.isError, (name, said)
        return said

    async def value(self, name: str, **arguments: Any) -> Any:
        return json.loads(await self.text(name, **arguments))

    async def rows(self, name: str, **arguments: Any) -> list[dict[str, str]]:
        return list(csv.DictReader((await self.text(name, **arguments)).splitlines()))

    async def act(self, name: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.value(name, **arguments)
        assert answer["error"] is False, (name, answer)
        return answer


async def look(tools: Tools) -> float:
    """Read the account and the market; return the balance."""
    account = await tools.value("get_account_info")
    assert account["currency"] == "USD", account
    names = (await tools.text("get_all_symbols")).split()
    assert {"EURUSD", "XAUUSD"} <= set(names), names
    price = await tools.value("get_symbol_price", symbol_name=SYMBOL)
    assert 0 < price["bid"] < price["ask"], price
    candles = await tools.rows("get_candles_latest", symbol_name=SYMBOL, timeframe="M15", count=20)
    assert len(candles) == 20, candles
    assert float(candles[0]["high"]) >= float(candles[0]["low"]), candles
    return float(account["balance"])


async def trade(tools: Tools) -> list[int]:
    """Buy, protect, place, move and cancel a pending order, close; return the order tickets."""
    bought = await tools.act("place_market_order", symbol=SYMBOL, volume=0.1, type="BUY")
    price = await tools.value("get_symbol_price", symbol_name=SYMBOL)
    (position,) = await tools.rows("get_positions_by_symbol", symbol=SYMBOL)
    ticket = position["id"]
    levels = {"stop_loss": round(price["bid"] - 3, 3), "take_profit": round(price["bid"] + 3, 3)}
    await tools.act("modify_position", id=ticket, **levels)
    (position,) = await tools.rows("get_positions_by_id", id=ticket)
    assert {name: float(position[name]) for name in levels} == levels, position
    limit = round(price["ask"] - 1, 3)
    placed = await tools.act("place_pending_order", symbol=SYMBOL, volume=0.2, type="BUY", price=limit)
    order = int(placed["message"].split("Order ID: ")[1].rstrip(")"))
    await tools.act("modify_pending_order", id=order, price=limit - 1, stop_loss=0, take_profit=0)
    (pending,) = await tools.rows("get_all_pending_orders")
    assert float(pending["open"]) == limit - 1, pending
    await tools.act("cancel_pending_order", id=order)
    assert await tools.rows("get_all_pending_orders") == []
    closed = await tools.act("close_position", id=ticket)
    assert await tools.rows("get_all_positions") == []
    return [order_of(bought), order, order_of(closed)]


def order_of(answer: dict[str, Any]) -> int:
    """Return the order ticket of an ``OrderSendResult`` that the server has passed through JSON as a list."""
    return int(answer["data"][2])


async def look_back(tools: Tools, tickets: list[int]) -> float:
    """Find the orders and deals in the history; return the profit of the closed position."""
    today = datetime.now(UTC)
    window = {"from_date": f"{today - timedelta(days=1):%Y-%m-%d}", "to_date": f"{today + timedelta(days=2):%Y-%m-%d}"}
    orders = await tools.rows("get_orders", **window)
    assert set(tickets) <= {int(row["ticket"]) for row in orders}, orders
    deals = [row for row in await tools.rows("get_deals", **window) if int(row["order"]) in tickets]
    assert len(deals) == 2, deals
    return round(sum(float(row[part]) for row in deals for part in ("profit", "commission", "swap", "fee")), 2)


async def session(command: list[str]) -> dict[str, Any]:
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as client:
        await client.initialize()
        tools = Tools(client)
        before = await look(tools)
        tickets = await trade(tools)
        profit = await look_back(tools, tickets)
        after = float((await tools.value("get_account_info"))["balance"])
    assert round(after - before, 2) == profit, (before, after, profit)
    return {"balance": after, "orders": tickets}


sys.stdout.write(json.dumps(asyncio.run(asyncio.wait_for(session(sys.argv[1:]), PATIENCE_S))) + "\n")
