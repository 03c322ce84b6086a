"""What a contract card needs of a broker: a connected adapter, a market, and the broker's own hand.

A card is a test that knows ``BrokerAdapter`` and this page, and no broker. Each broker brings a
``Broker`` whose hands (fill an order, cut the streams, pay money in) belong to its simulator.
"""

import asyncio
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import pytest

from edgerunner.adapters.broker import (
    BrokerAdapter,
    BrokerUpdate,
    CancelOrder,
    FillReport,
    LinkHealth,
    MarketUpdate,
    ModifyOrder,
    OrderReport,
    PlaceOrder,
    ProductCapabilities,
    product_label,
)
from edgerunner.domain.accounts import Account, AccountMode
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import floor_to_step
from edgerunner.domain.orders import OrderStatus, OrderTerms, OrderType, Side, TimeInForce

PATIENCE_S = 15.0

T = TypeVar("T")


class Broker(ABC):
    """One connected adapter and the account it trades, on one market.

    ``book_levels``: as many levels of a book are told at least. ``has_order_wire``: orders travel over a connection
    that can break. ``exits_follow_position``: market exits are marks on the whole position (but for inventory), not
    orders of their own size.
    ``limit_target``: what a target with a limit works as.
    ``limits_behind_triggers``: a stop-limit's limit waits for the price to come back, and cannot be through it.
    ``charges_fees``: trades cost a commission (else the spread is all that they cost).
    """

    book_levels = 10
    has_order_wire = True
    exits_follow_position = True
    limit_target = OrderType.LIMIT_IF_TOUCHED
    charges_fees = True
    limits_behind_triggers = False

    def __init__(self, adapter: BrokerAdapter, instrument_id: str) -> None:
        self.adapter = adapter
        self.instrument_id = instrument_id
        self.updates: list[BrokerUpdate] = []
        self.market: list[MarketUpdate] = []
        self.accounts: tuple[Account, ...] = ()
        self._keys = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []

    # the broker's own hand

    @property
    @abstractmethod
    def quantity(self) -> Decimal:
        """A small tradable quantity, at least 10 lot steps."""

    @abstractmethod
    async def fill_by_hand(self, client_order_id: str, quantity: Decimal) -> None:
        """Let the broker trade a part of a resting order."""

    @abstractmethod
    async def cut_streams(self) -> None:
        """Break every connection; the broker answers again at once."""

    @abstractmethod
    async def place_by_hand(self, count: int) -> None:
        """Enter resting orders of the account outside of the adapter."""

    @abstractmethod
    async def pay_in(self, amount: Decimal) -> str:
        """Pay money in; return its currency."""

    @abstractmethod
    async def move_price(self, share: str) -> None:
        """Take the market to a share of its last price and hold it there."""

    @abstractmethod
    async def settle_funding(self, rate: str) -> None:
        """Let the positions pay or receive funding now; skips what has none."""

    @abstractmethod
    async def exceed_rate(self) -> None:
        """Let the next placement count as one too many."""

    @abstractmethod
    async def placements_of(self, client_order_id: str) -> int:
        """How many placements with this key reached the broker, by its own ledger."""

    # what every broker shares

    def now_ns(self) -> int:
        """The broker's time, UTC nanoseconds."""
        return time.time_ns()

    async def start(self) -> None:
        """Connect and read both streams."""
        self.accounts = tuple(await self.adapter.connect())
        self._tasks = [
            asyncio.create_task(_collect(self.adapter.stream_updates(), self.updates)),
            asyncio.create_task(_collect(self.adapter.stream_market_data(), self.market)),
        ]

    async def stop(self) -> None:
        """Disconnect; the streams end."""
        await self.adapter.disconnect()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self._tasks)

    @property
    def account_id(self) -> str:
        return self.accounts[0].account_id

    @property
    def instrument(self) -> Instrument:
        return self.adapter.get_instrument(self.instrument_id)

    @property
    def capabilities(self) -> ProductCapabilities:
        return self.adapter.capabilities.products[product_label(self.instrument)]

    def needs(self, capability: bool, name: str) -> None:
        """Skip the card when the adapter declares that it lacks a capability."""
        if not capability:
            pytest.skip(f"declared unsupported: {self.capabilities.unsupported[name]}")

    @property
    def is_hedged(self) -> bool:
        """Whether this market is held in a long and a short leg."""
        return self.capabilities.hedging and self.accounts[0].mode is AccountMode.HEDGING

    def opened_leg(self, side: Side) -> str:
        """The leg that an order of this side opens."""
        if not self.is_hedged:
            return "net"
        return "long" if side is Side.BUY else "short"

    async def held(self) -> dict[str, Decimal]:
        """What the broker shows as held on this market, by leg."""
        reports = await self.adapter.get_positions()
        return {each.leg: each.quantity for each in reports if each.instrument_id == self.instrument_id}

    @property
    def has_funding(self) -> bool:
        """Whether this market pays funding: of a kind that does, and without an expiry."""
        return self.capabilities.funding and self.instrument.expires_at_ns is None

    def needs_legs(self) -> None:
        """Skip the card where legs are declared unsupported, or the account says that it nets."""
        self.needs(self.capabilities.hedging, "hedging")
        if self.accounts[0].mode is AccountMode.NETTING:
            pytest.skip("declared mode of the account: netting; the hedged account runs this card")

    def new_key(self) -> str:
        return f"CARD-{time.time_ns():x}-{next(self._keys)}"

    async def price(self, share: str) -> Decimal:
        """A price on the tick, a share of the present bid."""
        ticker = await self.adapter.get_ticker(self.instrument_id)
        assert ticker.bid is not None
        return floor_to_step(ticker.bid * Decimal(share), self.instrument.tick_size)

    def market_terms(self, side: Side = Side.BUY, **changes: object) -> OrderTerms:
        terms = OrderTerms(
            instrument_id=self.instrument_id,
            side=side,
            order_type=OrderType.MARKET,
            quantity=self.quantity,
            quantity_unit=self.instrument.quantity_unit,
        )
        return replace(terms, **changes)  # type: ignore[arg-type]

    async def limit_terms(self, share: str = "0.97", **changes: object) -> OrderTerms:
        """A buy that rests below the market, unless ``share`` is above 1."""
        price = await self.price(share)
        return replace(self.market_terms(), order_type=OrderType.LIMIT, price=price, **changes)  # type: ignore[arg-type]

    async def entry_terms(self) -> OrderTerms:
        """A buy that fills at once."""
        return await self.limit_terms("1.005")

    async def place(self, terms: OrderTerms, key: str | None = None) -> str:
        """Place an order; return its key."""
        key = key or self.new_key()
        await self.adapter.place_order(PlaceOrder(client_order_id=key, account_id=self.account_id, terms=terms))
        return key

    async def cancel(self, key: str) -> None:
        await self.adapter.cancel_order(
            CancelOrder(
                client_order_id=key,
                venue_order_id=self.order(key).venue_order_id,
                account_id=self.account_id,
                instrument_id=self.instrument_id,
            )
        )

    async def modify(
        self,
        key: str,
        *,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
        trigger_price: Decimal | None = None,
    ) -> None:
        await self.adapter.modify_order(
            ModifyOrder(
                client_order_id=key,
                venue_order_id=self.order(key).venue_order_id,
                account_id=self.account_id,
                instrument_id=self.instrument_id,
                quantity=quantity,
                price=price,
                trigger_price=trigger_price,
            )
        )

    def orders(self, key: str) -> list[OrderReport]:
        return [u for u in self.updates if isinstance(u, OrderReport) and u.client_order_id == key]

    def order(self, key: str) -> OrderReport:
        return self.orders(key)[-1]

    def fills(self, key: str) -> list[FillReport]:
        """The order's fills as the stream told them, repeats left out."""
        told = [u for u in self.updates if isinstance(u, FillReport) and u.client_order_id == key]
        return list({report.fill.trade_id: report for report in told}.values())

    def health(self, link: str) -> list[str]:
        """The statuses a link went through, repeats left out."""
        told = [u.status.value for u in self.updates if isinstance(u, LinkHealth) and u.link == link]
        return [status for status, _ in itertools.groupby(told)]

    async def until_status(self, key: str, *wanted: OrderStatus) -> OrderReport:
        await until(
            lambda: any(report.status in wanted for report in self.orders(key)),
            lambda: f"{key} to be {' or '.join(wanted)}; told: {[str(r.status) for r in self.orders(key)]}",
        )
        return next(report for report in reversed(self.orders(key)) if report.status in wanted)

    async def until_filled(self, key: str, quantity: Decimal) -> list[FillReport]:
        await until(
            lambda: sum((r.fill.quantity for r in self.fills(key)), Decimal(0)) >= quantity,
            lambda: f"fills of {quantity} for {key}; told: {self.fills(key)}",
        )
        return self.fills(key)


async def _collect(stream: AsyncIterator[T], into: list[T]) -> None:
    async for update in stream:
        into.append(update)  # noqa: PERF401 - one by one, so that a test sees each as it comes


async def until(condition: Callable[[], object], what: Callable[[], str]) -> None:
    """Wait for a condition that another task brings about; fail loudly when it never holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain for {what()}"
        await asyncio.get_running_loop().run_in_executor(None, time.monotonic)


IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
