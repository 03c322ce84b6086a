"""Our TWS answers recorded clients in the order and the words in which a real gateway answered them."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.simulators.tws.market.rights import DataRights, MarketDataSettings
from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.tws.wire.values import Contract
from tests.wire.tws.kit import NOW_NS, Client, running_tws
from tests.wire.tws.replay import Replay, until_gone
from tests.wire.tws.transcripts import Words, names


async def cancel_by_the_system(tws: TwsServer) -> None:
    """Leave an order behind that the broker itself has cancelled."""
    terms = OrderTerms(
        action="SELL",
        total_quantity=Decimal(1),
        order_type="LMT",
        limit_price=Decimal(500),
        time_in_force="GTC",
    )
    async with Client(tws.port) as client:
        await client.log_on(1)
        client.send(PlaceOrder(order_id=1, contract=AAPL, order=terms))
        await client.message()
    (order,) = tws.gateway.desk.live_orders()
    tws.gateway.venue.cancel(order.account_id, order.order_id, reason="expired")
    await until_gone(tws, 1)


AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
PREPARATIONS = {"completed_orders_cancelled_system_live": cancel_by_the_system}
SETTINGS = {
    "realtime_bars_api_error": TwsSettings(market_data=MarketDataSettings(rights=DataRights.NONE)),
}
SUNDAY_NS = NOW_NS - 18 * 3600 * 10**9
WALLS = {"grounded_historical_bars": lambda: SUNDAY_NS}
"""The bars were recorded on a Sunday: the last session is over."""
ROOT = Path(__file__).resolve().parents[4]
Compare = Callable[[tuple[Words, ...], list[Words]], bool]


def is_part(recorded: tuple[Words, ...], told: list[Words]) -> bool:
    remaining = iter(told)
    return all(words in remaining for words in recorded)


def is_420(_: tuple[Words, ...], told: list[Words]) -> bool:
    return told == [("api_error", "420")]


EXCEPTIONS: Mapping[tuple[str, int], tuple[str, Compare]] = {
    ("api_completed_orders_variants_aapl", 2): ("the recording keeps one of two completed orders", is_part),
    ("api_completed_orders_variants_aapl", 3): ("the recording keeps one of two completed orders", is_part),
    ("realtime_bars_api_error", 0): ("10089 here; other gateways were recorded with 420, which we say", is_420),
}
"""Steps whose answers are not compared word by word, with the reason."""


@pytest.mark.parametrize("name", names() or ["none"])
async def test_a_recorded_client_is_answered_as_it_was(name: str) -> None:
    async with running_tws(SETTINGS.get(name), wall=WALLS.get(name, lambda: NOW_NS)) as tws:
        if name in PREPARATIONS:
            await PREPARATIONS[name](tws)
        outcome = await Replay(tws).run(name)
    for number, (step, told) in enumerate(outcome):
        _, compare = EXCEPTIONS.get((name, number), ("", lambda recorded, ours: list(recorded) == ours))
        assert compare(step.answers, told), json.dumps(
            {"step": step.name, "recorded": step.answers, "ours": told}, indent=1
        )


def test_every_transcript_is_in_the_table_of_the_docs() -> None:
    page = (ROOT / "docs" / "simulators" / "ibkr.md").read_text(encoding="utf-8")
    assert [name for name in names() if f"| {name} |" not in page] == []
