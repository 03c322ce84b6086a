"""Where a strategy's wishes become orders: one after the other, through the one path of every order."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from edgerunner.domain.errors import Conflict, EdgerunnerError, InvalidRequest, NotFound
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import Order, Source
from edgerunner.services.clock import Clock
from edgerunner.services.order_checks import Changes, PlaceRequest
from edgerunner.services.order_drafts import Placed
from edgerunner.services.strategies.conversion import order_state, place_request, refused_state
from edgerunner.strategy_worker.messages import Cancel, Market, Modify, OrderState, Submit, Wish

_log = structlog.get_logger(__name__)


WAITING = 200


class Orders(Protocol):
    """The one path of every order."""

    async def place(
        self, request: PlaceRequest, *, actor: str, source: Source, strategy_id: str | None, wait_ms: int
    ) -> Placed:
        """Check, journal and send one order."""
        ...

    async def modify(self, client_order_id: str, changes: Changes, *, actor: str, wait_ms: int) -> Order:
        """Change a working order."""
        ...

    async def cancel(self, client_order_id: str, *, actor: str, wait_ms: int) -> Order:
        """Cancel a working order."""
        ...


class OrderBook(Protocol):
    """Where orders are found that exist already."""

    async def order(self, client_order_id: str) -> Order | None:
        """Return an order, open or closed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """For whom orders are placed."""

    strategy_id: str
    connection_id: str
    account_id: str | None
    markets: Mapping[str, Market]

    def account_at(self, connection_id: str) -> str | None:
        """Return the account to use; of another connection than the strategy's own the only one there is."""
        return self.account_id if connection_id == self.connection_id else None

    @property
    def actor(self) -> str:
        """The journal's name of who acts."""
        return f"strategy:{self.strategy_id}"

    def key_of(self, order: Order) -> str:
        """Return what the strategy calls the order's instrument."""
        return self.key_at(order.connection_id, order.terms.instrument_id) or order.terms.instrument_id

    def key_at(self, connection_id: str, instrument_id: str) -> str | None:
        """Return what the strategy calls an instrument, None for one that it was not given."""
        wanted = (connection_id, instrument_id)
        keys = (
            key
            for key, market in self.markets.items()
            if (market.connection_id, market.instrument.instrument_id) == wanted
        )
        return next(keys, None)


class Desk:
    """Carries out wishes in the order they come; ``stop`` drops what was not begun and ends what was.

    Only its own orders can be changed or canceled. What is refused before an order exists is told to
    ``on_refusal`` as a ``denied`` order. Beyond ``WAITING`` wishes the next one is refused.
    """

    def __init__(
        self,
        trader: Trader,
        *,
        orders: Orders,
        journal: OrderBook,
        clock: Clock,
        on_refusal: Callable[[OrderState], None],
        log: Callable[[str], None],
    ) -> None:
        self._trader = trader
        self._orders = orders
        self._journal = journal
        self._clock = clock
        self._on_refusal = on_refusal
        self._log = log
        self._wishes: deque[Wish] = deque()
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to carry out wishes."""
        self._task = asyncio.create_task(self._work(), name=f"desk-{self._trader.strategy_id}")

    async def stop(self) -> None:
        """Finish the wish under way, drop the others."""
        self.drop_all()
        self._is_stopping = True
        self._wake.set()
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await asyncio.shield(self._task)

    async def finish(self) -> None:
        """Carry out what waits, then stop."""
        self._is_stopping = True
        self._wake.set()
        if self._task is not None:
            await asyncio.shield(self._task)

    def put(self, wish: Wish) -> None:
        """Take a wish in."""
        if len(self._wishes) >= WAITING:
            self._refused(wish, f"{WAITING} orders wait for the broker already")
            return
        self._wishes.append(wish)
        self._wake.set()

    def drop_all(self) -> None:
        """Forget what was not begun."""
        self._wishes.clear()

    async def _work(self) -> None:
        while True:
            while self._wishes:
                await self._carry_out(self._wishes.popleft())
            if self._is_stopping:
                return
            self._wake.clear()
            await self._wake.wait()

    async def _carry_out(self, wish: Wish) -> None:
        try:
            match wish:
                case Submit():
                    await self._submit(wish)
                case Cancel():
                    await self._own(wish.order_id)
                    await self._orders.cancel(wish.order_id, actor=self._trader.actor, wait_ms=0)
                case Modify():
                    await self._own(wish.order_id)
                    changes = Changes(quantity=wish.quantity, price=wish.price, trigger_price=wish.trigger_price)
                    await self._orders.modify(wish.order_id, changes, actor=self._trader.actor, wait_ms=0)
        except EdgerunnerError as error:
            self._refused(wish, error.detail)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not end the desk without a word
            _log.exception("wish_failed", strategy_id=self._trader.strategy_id)
            self._refused(wish, f"internal error: {type(error).__name__}")

    async def _submit(self, wish: Submit) -> None:
        market = self._trader.markets.get(wish.key)
        if market is None:
            raise InvalidRequest.of("instrument_id", "unknown_instrument", f"{wish.key!r} is none of the strategy's")
        try:
            request = place_request(wish, market, self._trader.account_at(market.connection_id))
        except ValueError as error:
            raise InvalidRequest.of("order", "unknown_word", str(error)) from error
        try:
            await self._orders.place(
                request,
                actor=self._trader.actor,
                source=Source.STRATEGY,
                strategy_id=self._trader.strategy_id,
                wait_ms=0,
            )
        except Conflict:
            await self._repeated(wish)

    async def _repeated(self, wish: Submit) -> None:
        """The same event asked for the same order before, in a process that ended: it exists, once."""
        order = await self._own(wish.order_id)
        self._log(f"order {wish.order_id} exists already: not sent again")
        self._on_refusal(order_state(order, self._trader.key_of(order)))

    async def _own(self, order_id: str) -> Order:
        order = await self._journal.order(order_id)
        if order is None or order.strategy_id != self._trader.strategy_id:
            raise NotFound(f"{order_id!r} is no order of this strategy")
        return order

    def _refused(self, wish: Wish, reason: str) -> None:
        match wish:
            case Submit():
                what = f"{wish.side} {to_plain(wish.quantity)} {wish.key}"
                self._log(f"refused: {what}: {reason}")
                self._on_refusal(refused_state(wish, reason, self._clock.now_ns()))
            case Cancel():
                self._log(f"not canceled: {wish.order_id}: {reason}")
            case Modify():
                self._log(f"not changed: {wish.order_id}: {reason}")
