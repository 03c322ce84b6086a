"""A client that trades: short words for orders, and what TWS says about them in short words."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.pacing import PacingMode
from edgerunner.simulators.tws.server import TwsServer, create_server
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire import executions, orders, session
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.values import Contract
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.wire.tws.kit import HOST, NOW_NS, Client

AAPL = Contract(con_id=265598, symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
MES = Contract(symbol="MES", sec_type="FUT", exchange="CME", currency="USD", expiry="202612")
STEPPED = TwsSettings(profile="stepped", pacing=PacingMode.LENIENT)
HOURS = TwsSettings(profile="stepped", pacing=PacingMode.LENIENT, keeps_hours=True)
HOUR_NS = 3_600_000_000_000


@dataclass
class Site:
    """A TWS over a venue whose clock and prices a test moves."""

    settings: TwsSettings
    ledger: Path | None = None
    time_ns: int = NOW_NS
    server: TwsServer = field(init=False)
    venue: Venue = field(init=False)

    async def open(self) -> None:
        faults = FaultBox(["ibkr"])
        settings = VenueSettings(ledger_path=self.ledger, wall=lambda: self.time_ns, seed=1)
        self.venue = Venue(ibkr_catalogue(self.settings.accounts), faults, settings)
        self.server = create_server(self.venue, faults, host=HOST, port=0, settings=self.settings)
        await self.server.start()

    async def close(self) -> None:
        await self.server.stop()
        self.venue.close()

    async def reopen(self) -> None:
        await self.close()
        await self.open()

    def pin(self, price: str, symbol: str = "STK:AAPL") -> None:
        self.venue.operator.set_price(symbol, Decimal(price))

    def pass_hours(self, hours: float, symbol: str = "STK:AAPL") -> None:
        self.time_ns += round(hours * HOUR_NS)
        self.venue.step(symbol)


@asynccontextmanager
async def site(
    settings: TwsSettings = STEPPED, *, ledger: Path | None = None, time_ns: int = NOW_NS
) -> AsyncIterator[Site]:
    """AAPL stands at 265 until a test moves it."""
    found = Site(settings, ledger, time_ns)
    await found.open()
    found.pin("265")
    try:
        yield found
    finally:
        await found.close()


class Trader(Client):
    """A client whose every request is answered with all that it has caused."""

    async def start(self, client_id: int = 1) -> int:
        """Log on and return the next order id."""
        greeting = await self.log_on(client_id)
        return next(each.order_id for each in greeting if isinstance(each, session.NextValidId))

    async def place(self, order_id: int, action: str, quantity: object, kind: str = "MKT", **rest: Any) -> list[str]:
        return words(await self.place_raw(order_id, action, quantity, kind, **rest))

    async def place_raw(
        self, order_id: int, action: str, quantity: object, kind: str = "MKT", *, of: Contract = AAPL, **rest: Any
    ) -> list[Any]:
        self.send(placing(order_id, action, quantity, kind, of=of, **rest))
        return await self.news()

    async def cancel(self, order_id: int) -> list[str]:
        self.send(orders.CancelOrder(order_id=order_id))
        return words(await self.news())

    async def open_orders(self, request: object | None = None) -> list[str]:
        self.send(request or orders.RequestOpenOrders())
        return words(await self.news())

    async def executions(self, **wanted: Any) -> list[Any]:
        self.send(executions.RequestExecutions(request_id=9, **wanted))
        return await self.news()

    async def completed(self, *, only_api: bool = False) -> list[Any]:
        self.send(orders.RequestCompletedOrders(only_api=only_api))
        return await self.news()

    async def news(self) -> list[Any]:
        """Return everything that has been said up to now."""
        self.send(session.RequestCurrentTime())
        found = []
        while not isinstance(message := await self.message(), session.CurrentTime):
            found.append(message)
        return found

    async def heard(self) -> list[str]:
        return words(await self.news())


def placing(
    order_id: int, action: str, quantity: object, kind: str = "MKT", *, of: Contract = AAPL, **rest: Any
) -> orders.PlaceOrder:
    prices = {"limit_price", "aux_price", "trail_stop_price", "trailing_percent"}
    terms: dict[str, Any] = {name: Decimal(value) if name in prices else value for name, value in rest.items()}
    order = OrderTerms(action=action, total_quantity=Decimal(str(quantity)), order_type=kind, **terms)
    return orders.PlaceOrder(order_id=order_id, contract=of, order=order)


def words(messages: Iterable[Any]) -> list[str]:
    """Messages as short texts."""
    return [_word(message) for message in messages]


_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    orders.OpenOrder: lambda m: f"{m.order_id} open {m.margin.status}",
    orders.OrderStatus: lambda m: (
        f"{m.order_id} {m.status} {m.filled.normalize():f}/{m.remaining.normalize():f} {m.why_held}".strip()
    ),
    executions.ExecutionDetails: lambda m: f"{m.order_id} {m.side} {m.shares.normalize():f}",
    executions.CommissionReport: lambda _: "commission",
    session.ErrorMessage: lambda m: f"{m.request_id} error {m.code}",
}


def _word(message: Any) -> str:
    return _WRITERS.get(type(message), lambda m: type(m).__name__)(message)
