"""Does the API tell what the broker's ledger tells? Differences in words, none when they agree."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import httpx

Json = dict[str, Any]

_MARK = re.compile(r"[0-9]+-(sl|tp)-(buy|sell)")
"""How MT5's exits of a position are called here."""

_CLOSED = {"filled", "canceled", "rejected"}


async def pages(api: httpx.AsyncClient, path: str, member: str, **query: str) -> list[Json]:
    """Return all items of a paged call."""
    items: list[Json] = []
    cursor: str | None = None
    while True:
        parameters = {**query, "limit": "500", **({"cursor": cursor} if cursor else {})}
        answer = await api.get(path, params=parameters)
        answer.raise_for_status()
        items.extend(answer.json()[member])
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return items


async def differences(
    api: httpx.AsyncClient,
    control: httpx.AsyncClient,
    connection_id: str,
    broker: str,
    *,
    instrument_ids: Mapping[str, str] | None = None,
) -> list[str]:
    """Compare orders, fills, positions, cash and fees of one connection with the simulator's ledger.

    ``instrument_ids``: of the ledger's symbols; those that are not named are Bybit's linear contracts.
    """
    ledger = (await control.get("/sim/ledger", params={"broker": broker})).json()
    orders = await pages(api, "/orders/status", "orders", connection_id=connection_id, status="all")
    fills = await pages(api, "/fills", "fills", connection_id=connection_id)
    commissions = await pages(api, "/ledger", "movements", connection_id=connection_id)
    positions = (await api.get("/positions", params={"connection_id": connection_id})).json()["positions"]
    summary = (await api.get("/account/summary", params={"connection_id": connection_id})).json()["accounts"]
    ledger = _of_accounts(ledger, {account["account_id"] for account in summary})
    marks = [order for order in orders if _MARK.fullmatch(order["venue_order_id"] or "")]
    orders = [order for order in orders if order not in marks]
    return [
        *_order_differences(orders, [order for order in ledger["orders"] if not _is_of_mark(order, broker)]),
        *_mark_differences(marks, ledger["accounts"]),
        *_fill_differences(fills, ledger["fills"]),
        *_commission_differences(commissions, ledger["fills"]),
        *_position_differences(positions, ledger["accounts"], instrument_ids or {}),
        *_balance_differences(summary, ledger["accounts"]),
    ]


def _of_accounts(ledger: Json, account_ids: set[str]) -> Json:
    """Return the ledger of these accounts alone, where its rows say whose they are."""
    rows = {
        name: [row for row in ledger[name] if row.get("account_id", None) in {None, *account_ids}]
        for name in ("accounts", "orders", "fills")
    }
    return {**ledger, **rows}


def _is_of_mark(order: Json, broker: str) -> bool:
    """Tell whether a ledger's order is the trade of a mark: only its fills are told here, under the mark's name."""
    return broker == "mt5" and order["exit_kind"] in {"stop_loss", "take_profit"}


def _mark_differences(marks: list[Json], accounts: list[Json]) -> Iterable[str]:
    """Compare exits that are marks on a position (MT5): they have no order at the broker until they have fired."""
    theirs = {
        f"{position['identifier']}-{kind}": position[name]
        for account in accounts
        for position in account["positions"]
        for kind, name in (("sl", "stop_loss"), ("tp", "take_profit"))
        if position.get(name) is not None
    }
    for mark in marks:
        price = theirs.pop(mark["venue_order_id"].rpartition("-")[0], None)
        is_open = mark["status"] not in {"filled", "canceled", "rejected", "expired"}
        if is_open and price != mark["trigger_price"]:
            yield f"exit {mark['venue_order_id']} waits at {mark['trigger_price']} in the API, at {price} in the ledger"
        if not is_open and price is not None:
            yield f"exit {mark['venue_order_id']} is {mark['status']} in the API and stands in the ledger"
    for name, price in theirs.items():
        yield f"exit {name} at {price} is not in the API"


def _order_differences(ours: list[Json], theirs: list[Json]) -> Iterable[str]:
    by_venue_id = {order["venue_order_id"]: order for order in ours if order["venue_order_id"]}
    for order in theirs:
        if order["placements"] > 1:
            yield f"order {order['client_key']} was placed {order['placements']} times"
        own = by_venue_id.pop(order["venue_order_id"], None)
        if own is None:
            yield f"order {order['venue_order_id']} ({order['client_key']}) is not known to the API"
            continue
        yield from _one_order(own, order)
    for own in by_venue_id.values():
        if own["status"] not in {"rejected", "denied"}:
            yield f"order {own['client_order_id']} is {own['status']} in the API and not in the ledger"
    for own in ours:
        if own["venue_order_id"] is None and own["status"] not in {"rejected", "denied"}:
            yield f"order {own['client_order_id']} is {own['status']} and never got a broker's id"


def _one_order(own: Json, order: Json) -> Iterable[str]:
    name = f"order {own['client_order_id']}"
    key = order["client_key"]
    is_ours = key is not None and "/" not in key  # with a slash: an attached exit at TWS, an order without a key there
    if is_ours and own["client_order_id"] != key:
        yield f"{name} is {key} in the ledger"
    is_open = own["status"] not in {"filled", "canceled", "rejected", "expired", "denied"}
    if is_open != order["live"]:
        yield f"{name} is {own['status']} in the API, live={order['live']} in the ledger"
    if order["status"] in _CLOSED and own["status"] != order["status"]:
        yield f"{name} is {own['status']} in the API, {order['status']} in the ledger"
    if Decimal(own["filled_quantity"]) != Decimal(order["filled_quantity"]):
        yield f"{name} filled {own['filled_quantity']} in the API, {order['filled_quantity']} in the ledger"
    if not _same_price(own["average_price"], order["average_price"]):
        yield f"{name} averages {own['average_price']} in the API, {order['average_price']} in the ledger"


def _fill_differences(ours: list[Json], theirs: list[Json]) -> Iterable[str]:
    own = {fill["trade_id"]: fill for fill in ours}
    if len(own) != len(ours):
        yield "a trade id stands twice in the API's fills"
    for fill in theirs:
        mine = own.pop(fill["trade_id"], None)
        if mine is None:
            yield f"fill {fill['trade_id']} is not known to the API"
            continue
        for name in ("side", "quantity", "price"):
            if mine[name] != fill[name]:
                yield f"fill {fill['trade_id']}: {name} {mine[name]} in the API, {fill[name]} in the ledger"
        same_fee = Decimal(mine["fee"]["amount"]) == Decimal(fill["fee"]["amount"])
        if not same_fee or mine["fee"]["currency"] != fill["fee"]["currency"]:
            yield f"fill {fill['trade_id']}: fee {mine['fee']} in the API, {fill['fee']} in the ledger"
        if (
            fill.get("product", "spot") == "spot"
        ):  # inventory closes nothing, and a paper account's book tells no profit
            continue
        if not _same_price(mine["realized_pnl"], fill["realized_pnl"], is_money="entry" in fill):
            closed, theirs_closed = mine["realized_pnl"], fill["realized_pnl"]
            yield f"fill {fill['trade_id']} closed {closed} in the API, {theirs_closed} in the ledger"
    for trade_id in own:
        yield f"fill {trade_id} is not in the ledger"


def _commission_differences(movements: list[Json], fills: list[Json]) -> Iterable[str]:
    ours: dict[str, Decimal] = {}
    theirs: dict[str, Decimal] = {}
    for movement in movements:
        if movement["kind"] == "commission":
            ours[movement["currency"]] = ours.get(movement["currency"], Decimal(0)) - Decimal(movement["amount"])
    for fill in fills:
        fee = fill["fee"]
        theirs[fee["currency"]] = theirs.get(fee["currency"], Decimal(0)) + Decimal(fee["amount"])
    theirs = {currency: amount for currency, amount in theirs.items() if amount}
    if ours != theirs:
        yield f"commissions are {ours} in the API, {theirs} in the ledger"


def _position_differences(ours: list[Json], accounts: list[Json], instrument_ids: Mapping[str, str]) -> Iterable[str]:
    """Compare derivative positions; coins are compared with the balances."""
    own = {
        (position["instrument_id"], position["position_id"]): position
        for position in ours
        if position["side"] != "flat" and "-SPOT." not in position["instrument_id"]
    }
    for account in accounts:
        for position in account["positions"]:
            if position["side"] in {"none", "flat", ""} or Decimal(position["quantity"]) == 0:
                continue
            symbol = position["symbol"]
            instrument_id = instrument_ids.get(symbol, f"{symbol}-LINEAR.BYBIT")
            legs = (position.get("identifier"), position.get("leg"), "net")
            mine = next((own.pop((instrument_id, leg)) for leg in legs if (instrument_id, leg) in own), None)
            if mine is None:
                yield f"position {position['symbol']} {position['quantity']} is not in the API"
                continue
            side = {"buy": "long", "sell": "short"}.get(position["side"], position["side"])
            if mine["side"] != side or Decimal(mine["quantity"]) != Decimal(position["quantity"]):
                yield f"position {position}: {mine['side']} {mine['quantity']} in the API"
            if not _same_price(mine["average_price"], position["average_price"]):
                yield f"position {position}: average {mine['average_price']} in the API"
            if "realized_pnl" in position and not _same_price(mine["realized_pnl"], position["realized_pnl"]):
                yield f"position {position}: realized {mine['realized_pnl']} in the API"
    for (instrument_id, _), position in own.items():
        yield f"position {instrument_id} {position['side']} {position['quantity']} is not in the ledger"


def _balance_differences(summary: list[Json], accounts: list[Json]) -> Iterable[str]:
    ours = {
        balance["currency"]: Decimal(balance["total"])
        for account in summary
        for balance in account["balances"]
        if Decimal(balance["total"])
    }
    theirs = {
        balance["currency"]: Decimal(balance["total"])
        for account in accounts
        for balance in account["balances"]
        if Decimal(balance["total"])
    }
    if ours != theirs:
        yield f"balances are {ours} in the API, {theirs} in the ledger"


def _same_price(ours: str | None, theirs: str | None, *, is_money: bool = False) -> bool:
    """Quotients are rounded, by the broker's wire to eight decimals: they agree to the last of these.

    ``is_money``: the broker rounds to cents.
    """
    if ours is None or theirs is None:
        return (ours is None or Decimal(ours) == 0) and (theirs is None or Decimal(theirs) == 0)
    return abs(Decimal(ours) - Decimal(theirs)) <= Decimal("0.0051" if is_money else "1e-8")
