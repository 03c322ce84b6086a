"""A grid of resting limit orders around the middle of the book."""

from math import floor

from edgerunner.domain.orders import OrderStatus, Side
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.intents import OrderHandle
from edgerunner.strategies.market_data import Book, OrderUpdate
from edgerunner.strategies.parameters import parameter
from edgerunner.strategies.strategy import Strategy

FLOAT_NOISE = 1e-9
SECOND_NS = 1_000_000_000
REFUSED = frozenset({OrderStatus.DENIED, OrderStatus.REJECTED})


class DepthGrid(Strategy):
    """Rests buy orders below and sell orders above the middle of the book, one lot per level, and earns the swings.

    Levels lie ``spacing`` apart on a lattice around a centre. Every lot of inventory moves the middle of the grid one
    level, so that what was bought at one level is offered one level higher, and the other way round. When the market
    leaves the grid it is laid out afresh around the market. Inventory never passes ``inventory_limit`` lots.

    Which levels are due follows from the host's position alone, which levels are taken from its open orders; ``state``
    keeps the centre and the level of every order. An order of unknown level (sent, but its record lost in a crash) is
    canceled. Orders are post-only; after a refusal nothing is placed for ``retry_s`` seconds.
    """

    levels: int = parameter(5, minimum=1, maximum=50, description="orders on either side")
    spacing: float = parameter(10.0, exclusive_minimum=0, description="distance between levels, in price")
    quantity: float = parameter(1.0, exclusive_minimum=0, description="size of one lot of the grid")
    inventory_limit: int = parameter(5, minimum=1, maximum=500, description="most lots held, long or short")
    allow_short: bool = parameter(default=True, description="let the inventory become negative")
    retry_s: float = parameter(10.0, exclusive_minimum=0, maximum=3600, description="wait after a refused order")

    def on_start(self) -> None:
        """Ask for the book."""
        self.tick = float(self.instrument().tick_size)
        if self.spacing < self.tick:
            raise StrategyMisuse(f"spacing must be at least one tick, {self.tick:g}")
        self.quiet_until_ns = 0
        self.withdrawn: set[str] = set()
        self.subscribe_book()

    def on_book(self, book: Book) -> None:
        """Cancel what is not due; once that is gone, fill the due levels that are free."""
        if self.is_warming_up or not book.bids or not book.asks:
            return
        bid, ask = book.bids[0][0], book.asks[0][0]
        self._follow((bid + ask) / 2)
        due = self._due_levels()
        if self._withdraw_all_but(due):
            return  # two grids at once could pass the inventory limit
        taken = set(self.state["orders"].values())
        for level, side in due.items():
            price = self._price(level)
            is_passive = price < ask if side is Side.BUY else price > bid
            if level not in taken and is_passive and self.now_ns >= self.quiet_until_ns:
                self._place(level, side, price)

    def on_order(self, update: OrderUpdate) -> None:
        """Pause after a refusal; ask again for a cancel that came to nothing."""
        if update.status in REFUSED:
            self._pause(update.reason)
        if update.status is not OrderStatus.PENDING_CANCEL:
            self.withdrawn.discard(update.order_id)

    def on_stop(self) -> None:
        """Take the grid out of the book; the inventory stays."""
        self.cancel_all(self.instrument_id)

    @property
    def inventory(self) -> int:
        """Whole lots held, signed."""
        return int(self.position.quantity / self.quantity * (1 + FLOAT_NOISE))

    def _follow(self, middle: float) -> None:
        """Move the centre when there is none or the market has left the grid, so that its middle is the market's."""
        centre = self.state.get("centre")
        reach = (self.levels + 1) * self.spacing
        if centre is None or abs(middle - self._price(-self.inventory)) > reach:
            self.state["centre"] = round(middle / self.tick) * self.tick + self.inventory * self.spacing
            self.state["orders"] = {}  # levels of the old lattice mean nothing now

    def _due_levels(self) -> dict[int, Side]:
        """Return level -> side, the innermost first."""
        inventory, lots_held = self.inventory, self.position.quantity / self.quantity
        lowest = -self.inventory_limit if self.allow_short else 0
        buys = floor(self.inventory_limit - lots_held + FLOAT_NOISE)
        sells = floor(lots_held - lowest + FLOAT_NOISE)
        due: dict[int, Side] = {}
        for distance in range(1, self.levels + 1):
            if distance <= buys:
                due[-inventory - distance] = Side.BUY
            if distance <= sells:
                due[-inventory + distance] = Side.SELL
        return due

    def _withdraw_all_but(self, due: dict[int, Side]) -> bool:
        """Cancel the orders that are not due; tell whether any still works. Levels of ended orders are forgotten."""
        known: dict[str, int] = self.state["orders"]
        is_withdrawing = False
        working: dict[str, int] = {}
        for order in self.open_orders:
            level = known.get(order.order_id)
            if level is not None and due.get(level) is order.side:
                working[order.order_id] = level
                continue
            is_withdrawing = True
            self._withdraw(order)
        if working != known:
            self.state["orders"] = working
        return is_withdrawing

    def _withdraw(self, order: OrderHandle) -> None:
        """Ask once for a cancel: books come faster than its confirmation."""
        if order.order_id not in self.withdrawn:
            self.withdrawn.add(order.order_id)
            self.cancel(order)

    def _place(self, level: int, side: Side, price: float) -> None:
        send = self.buy if side is Side.BUY else self.sell
        order = send(self.quantity, limit=price, post_only=True)
        if order.status in REFUSED:
            self._pause(order.reason)
        else:
            self.state["orders"] = {**self.state["orders"], order.order_id: level}

    def _pause(self, reason: str | None) -> None:
        self.quiet_until_ns = self.now_ns + int(self.retry_s * SECOND_NS)
        self.log(f"an order was refused ({reason}); placing none for {self.retry_s:g} s")

    def _price(self, level: int) -> float:
        return float(self.state["centre"] + level * self.spacing)
