"""The MetaTrader 5 adapter on the simulated terminal: in process, or through a real bridge; hedging or netting."""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgerunner.adapters.broker import Environment, FillReport
from edgerunner.adapters.mt5_adapter import MT5Adapter, create_mt5_adapter
from edgerunner.domain.orders import OrderTerms, Side
from edgerunner.mt5_bridge.server import BridgeServer
from edgerunner.mt5_bridge.settings import AccountSettings, BridgeSettings, Scope, Token, TradeLimits
from edgerunner.simulators.faults import FaultBox, FaultMatch
from edgerunner.simulators.mt5.server import TerminalServer, create_server
from edgerunner.simulators.mt5.settings import PASSWORD, SERVER_NAME, TERMINAL_VARIABLE, Mt5Settings
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.simulated_broker import ManualOrder
from edgerunner.simulators.venue_state import VenueSettings
from tests.contract.harness import Broker

MODULE = "edgerunner.simulators.mt5.module"
TOKEN = "a-token-of-the-contract-suite-and-of-nothing-else"
MONDAY_NS = int(datetime(2026, 11, 23, 15, 30, tzinfo=UTC).timestamp()) * 10**9
"""Winter in New York and in Athens, whose clock the simulated trade server shows."""

HEDGING, NETTING = 1_000_001, 1_000_002
QUICK: Mapping[str, object] = {"poll_ms": 40, "tick_poll_ms": 40, "account_every_s": 0.3}


class Mt5OnSimulator(Broker):
    """Its hands are the venue's operator and the fault box."""

    charges_fees = False
    limits_behind_triggers = True
    adapter: MT5Adapter

    def __init__(
        self,
        venue: Mt5Venue,
        faults: FaultBox,
        cut: Callable[[], Awaitable[None]],
        adapter: MT5Adapter,
        instrument_id: str,
    ) -> None:
        super().__init__(adapter, instrument_id)
        self.venue = venue
        self.faults = faults
        self._cut = cut
        self._symbol = instrument_id.removesuffix(".MT5")

    async def start(self) -> None:
        await super().start()
        await self.adapter.load_instrument(self.instrument_id)

    def now_ns(self) -> int:
        return self.venue.now_ns()

    @property
    def quantity(self) -> Decimal:
        return 10 * self.instrument.lot_step

    def needs_legs(self) -> None:
        """MT5's legs are tickets: see the cards about tickets."""
        super().needs_legs()
        pytest.skip("declared legs: one per ticket, not one per side; the ticket cards run this")

    def opened_leg(self, side: Side) -> str:
        """The ticket that the newest fill of this side opened; before there is one, none."""
        if not self.is_hedged:
            return "net"
        told = [u.fill.leg for u in self.updates if isinstance(u, FillReport) and u.fill.side is side]
        return told[-1] if told else "net"

    async def entry_terms(self) -> OrderTerms:
        """MT5's limit orders never trade at once."""
        return self.market_terms()

    async def move_price(self, share: str) -> None:
        tick = self.venue.tick(self._symbol)
        step = self.instrument.tick_size
        self.venue.operator.set_price(self._symbol, tick.bid * Decimal(share) // step * step)

    async def settle_funding(self, rate: str) -> None:
        pytest.skip(f"nothing at MetaTrader 5 has funding ({rate})")

    async def fill_by_hand(self, client_order_id: str, quantity: Decimal) -> None:
        self.venue.hand.fill(order_id=None, client_key=client_order_id, quantity=quantity)

    async def cut_streams(self) -> None:
        await self._cut()

    async def place_by_hand(self, count: int) -> None:
        price = await self.price("0.96")
        for _ in range(count):
            self.venue.hand.place(
                ManualOrder(
                    account_id=self.account_id,
                    symbol=self._symbol,
                    side="buy",
                    order_type="limit",
                    quantity=self.instrument.min_quantity,
                    price=price,
                    time_in_force="gtc",
                    reduce_only=False,
                    leg=None,
                )
            )

    async def pay_in(self, amount: Decimal) -> str:
        self.venue.operator.move_cash(self.account_id, "USD", amount)
        return "USD"

    async def exceed_rate(self) -> None:
        self.faults.add("mt5", "rate_limit", match=FaultMatch(op="place"))

    async def placements_of(self, client_order_id: str) -> int:
        import json

        orders = json.loads(self.venue.snapshot().to_json())["orders"]
        return sum(int(order["placements"]) for order in orders if order["client_key"] == client_order_id)


def trading_clock(venue: Mt5Venue) -> SimpleNamespace:
    """The machine's clocks, with the wall at the simulator's time."""
    return SimpleNamespace(time_ns=venue.now_ns, monotonic_ns=time.monotonic_ns)


def in_process_adapter(venue: Mt5Venue, login: int, **options: object) -> MT5Adapter:
    """An adapter that is not connected yet and loads the simulated package."""
    return create_mt5_adapter(
        connection_id="mt5-contract",
        environment=Environment.SIMULATED,
        credentials={"login": str(login), "password": PASSWORD, "server": SERVER_NAME},
        options={"module": MODULE, **QUICK, **options},
        clock=trading_clock(venue),
        random=random.Random(11),
    )


def bridge_adapter(venue: Mt5Venue, login: int, url: str, **options: object) -> MT5Adapter:
    """An adapter that is not connected yet and speaks to a bridge."""
    return create_mt5_adapter(
        connection_id="mt5-contract",
        environment=Environment.SIMULATED,
        credentials={"login": str(login), "server": SERVER_NAME, "bridge_token": TOKEN},
        options={"bridge_url": url, **QUICK, **options},
        clock=trading_clock(venue),
        random=random.Random(11),
    )


@asynccontextmanager
async def simulated_terminal(
    settings: Mt5Settings | None = None,
) -> AsyncIterator[tuple[Mt5Venue, FaultBox, TerminalServer]]:
    """A broker, its listening terminal, and the variable that leads the simulated package there."""
    settings, faults = settings or Mt5Settings(call_timeout_s=5), FaultBox(["mt5"])
    started_ns = time.monotonic_ns()
    venue = Mt5Venue(
        faults,
        VenueSettings(ledger_path=None, wall=lambda: MONDAY_NS + time.monotonic_ns() - started_ns, seed=3),
        settings,
    )
    server = create_server(venue, faults, host="127.0.0.1", port=0, settings=settings)
    await server.start()
    steps = asyncio.create_task(venue.run())
    before = os.environ.get(TERMINAL_VARIABLE)
    os.environ[TERMINAL_VARIABLE] = f"127.0.0.1:{server.port}"
    try:
        yield venue, faults, server
    finally:
        if before is None:
            del os.environ[TERMINAL_VARIABLE]
        else:
            os.environ[TERMINAL_VARIABLE] = before
        await server.stop()
        steps.cancel()
        await asyncio.gather(steps, return_exceptions=True)
        venue.close()


class BridgeBeside:
    """A bridge that loads the simulated package, for one account; started again it listens on the same port."""

    def __init__(self, login: int, folder: Path) -> None:
        self._settings = BridgeSettings(
            tokens=(Token(name="contract", scopes=frozenset(Scope), secret=TOKEN),),
            data_dir=folder,
            module=MODULE,
            port=0,
            accounts={login: AccountSettings(login=login, server=SERVER_NAME, password=PASSWORD)},
            login=login,
            limits=TradeLimits(max_orders_per_minute=10_000),
        )
        self._server = BridgeServer(self._settings)

    @property
    def url(self) -> str:
        return self._server.url

    async def start(self) -> None:
        await self._server.start()
        self._settings = replace(self._settings, port=self._server.port)

    async def stop(self) -> None:
        await self._server.stop()

    async def restart(self, terminal: TerminalServer) -> None:
        """Break every connection, the terminal's too: a quick restart of the terminal alone stays behind the bridge."""
        await self.stop()
        await terminal.restart()
        self._server = BridgeServer(self._settings)
        await self.start()


@asynccontextmanager
async def bridge_beside(login: int, folder: Path) -> AsyncIterator[BridgeBeside]:
    bridge = BridgeBeside(login, folder)
    await bridge.start()
    try:
        yield bridge
    finally:
        await bridge.stop()


@asynccontextmanager
async def mt5_on_simulator(
    instrument_id: str, *, login: int, has_bridge: bool, settings: Mt5Settings | None = None, **options: object
) -> AsyncIterator[Mt5OnSimulator]:
    """A terminal of its own, an adapter connected to it, and both gone afterwards."""
    async with AsyncExitStack() as stack:
        venue, faults, server = await stack.enter_async_context(simulated_terminal(settings))
        cut: Callable[[], Awaitable[None]]
        if has_bridge:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            bridge = await stack.enter_async_context(bridge_beside(login, folder))
            adapter = bridge_adapter(venue, login, bridge.url, **options)
            cut = partial(bridge.restart, server)
        else:
            adapter = in_process_adapter(venue, login, **options)
            cut = server.restart
        broker = Mt5OnSimulator(venue, faults, cut, adapter, instrument_id)
        await broker.start()
        stack.push_async_callback(broker.stop)
        yield broker
