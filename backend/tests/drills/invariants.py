"""The invariants of a trading book, checked from outside against the simulator's ledger.

I1 at most one placement per order; I2 API == ledger; I3 nothing that has ended here lives there;
I4 an accepted request is never lost; I5 a replay of the journal gives the stored book; I6 fills once each.
"""

import sqlite3
from pathlib import Path

import httpx

from edgerunner.storage.codec import EventCodec
from edgerunner.storage.replay import verify
from tests.drills.broker import Broker
from tests.system.agreement import Json, differences, pages

_ENDED = frozenset({"filled", "canceled", "rejected", "expired", "denied"})


async def book_violations(
    api: httpx.AsyncClient, control: httpx.AsyncClient, connection_id: str, broker: Broker
) -> list[str]:
    """Return what contradicts I1, I2, I3 and I6, and orders whose outcome is still open."""
    found = await differences(api, control, connection_id, broker.name, instrument_ids=broker.instrument_ids())
    orders = await pages(api, "/orders/status", "orders", connection_id=connection_id, status="all")
    found += [
        f"order {order['client_order_id']} is {order['status']} with an open question: {order['outcome_unknown']}"
        for order in orders
        if order["outcome_unknown"] is not None or order["status"] in {"submitted", "pending_cancel", "pending_update"}
    ]
    return found


async def dead_here_alive_there(
    api: httpx.AsyncClient, control: httpx.AsyncClient, connection_id: str, broker: str
) -> list[str]:
    """Return orders that the API calls ended and the broker still works (I3); true at every moment.

    The API is read first: what it calls ended then must be ended in the later ledger.
    """
    orders = await pages(api, "/orders/status", "orders", connection_id=connection_id, status="closed")
    ledger: Json = (await control.get("/sim/ledger", params={"broker": broker})).json()
    live = {order["client_key"] for order in ledger["orders"] if order["live"]}
    return [
        f"order {order['client_order_id']} is {order['status']} here and alive at the broker"
        for order in orders
        if order["status"] in _ENDED and order["client_order_id"] in live
    ]


def replay_violations(data_dir: Path) -> list[str]:
    """Return how the stored book differs from a replay of its events (I5); reads beside a running product."""
    connection = sqlite3.connect(f"file:{data_dir / 'edgerunner.db'}?mode=ro", uri=True, isolation_level=None)
    try:
        report = verify(connection, EventCodec())
    finally:
        connection.close()
    return [] if report.first_difference is None else [f"replay of {report.events} events: {report.first_difference}"]
