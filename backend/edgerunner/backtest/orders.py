"""Orders of a run in whole ticks and lots."""

from edgerunner.domain.orders import OrderType, TimeInForce
from edgerunner.strategies.intents import ChangeIntent, OrderHandle

Request = tuple[int, ChangeIntent | None]
"""(arrival, UTC nanoseconds; the change, or None for a cancel)."""

NEVER = 1 << 62
"""A row or time that is not reached."""


class SimulatedOrder(OrderHandle, eq=False, gc=False):
    """One order: what the strategy sees of it (the handle), and what the engine needs.

    The collector of reference cycles does not look at orders (``gc=False``: a run makes very many), so
    ``Journal.untie`` takes the cycles of ``sibling`` and ``exits`` apart when the run is over.

    Prices are in ticks as a buyer's rules see them (``matching.bar_fill``): negated for a sell order.

    Attributes:
        lots: What was asked for, ``filled_lots`` what was done of it.
        limit, trigger, trail, take_profit, stop_loss: Ticks, None = not given.
        is_awake: Its trigger was met and it is a limit order from then on.
        number: Place among all orders of the run, from 1.
        is_forced: It closes a position for lack of margin.
        is_exit: It is an attached exit: its quantity follows its parent's fills.
        first_row: Row of the first bar that it can meet; what it trades at that open makes it a taker.
        first_look: It has to be looked at in that bar whatever its prices.
        has_met: It was looked at.
        active_ns: When it arrives; it meets nothing before.
        expiry_row: Last row of bars that it may see.
        sibling: The other exit of the same position; what one fills, the other loses.
        exits: Its own attached exits, made by its first fill.
        filled_value: Sum of ticks times lots of its fills, ticks not negated.
        refusal: Why what is left of it ends after its first bar.
        requests: Changes and cancels on their way, (arrival, change or None).
    """

    number: int = 0
    order_type: OrderType = OrderType.MARKET
    time_in_force: TimeInForce = TimeInForce.GTC
    is_buy: bool = True
    lots: int = 0
    filled_lots: int = 0
    filled_value: int = 0
    limit: int | None = None
    trigger: int | None = None
    trail: int | None = None
    take_profit: int | None = None
    stop_loss: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    is_exit: bool = False
    is_forced: bool = False
    is_awake: bool = False
    first_row: int = 0
    first_look: bool = False
    has_met: bool = False
    placed_ns: int = 0
    active_ns: int = 0
    closed_ns: int | None = None
    expiry_row: int = NEVER
    parent: "SimulatedOrder | None" = None
    sibling: "SimulatedOrder | None" = None
    exits: "tuple[SimulatedOrder, ...]" = ()
    refusal: str | None = None
    requests: list[Request] | None = None

    @property
    def left(self) -> int:
        """Return the lots still to be filled."""
        return self.lots - self.filled_lots
