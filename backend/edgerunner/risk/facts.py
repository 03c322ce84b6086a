"""What a pre-trade check looks at, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.orders import OrderTerms, Side
from edgerunner.risk.limits import RiskLimits, TradingState


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskQuote:
    """The market as the order's own connection shows it; ``age_s`` since it was heard."""

    bid: Decimal | None
    ask: Decimal | None
    mark: Decimal | None
    age_s: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingOrder:
    """An order of the same account that works, or is on its way; ``left`` = its unfilled quantity."""

    terms: OrderTerms
    left: Decimal
    created_at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityFacts:
    """An account's equity now, at 00:00 UTC and at its peak, in its own currency; None = not known.

    Deposits and withdrawals since then are in ``day_start`` and ``peak`` already.
    """

    now: Decimal | None
    day_start: Decimal | None
    peak: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything one check knows.

    Attributes:
        position: Signed quantity of the leg that the order belongs to.
        working: The account's working orders in the same instrument.
        open_orders: How many orders of the account work, all instruments.
        recent_ns: When the account's newest orders were made, any order.
        other_exposure: Worth of all other instruments if their orders filled, account currency; None = not known.
        rate: What one unit of the instrument's quote currency is worth in the account's; None = not known.
        is_session_open: None = the instrument has no trading hours here.
        is_exit: The operator closes a position; that passes a halt.
    """

    now_ns: int
    state: TradingState
    limits: RiskLimits
    quote: RiskQuote | None
    equity: EquityFacts
    position: Decimal = Decimal(0)
    working: Sequence[WorkingOrder] = ()
    open_orders: int = 0
    recent_ns: Sequence[int] = ()
    other_exposure: Decimal | None = None
    rate: Decimal | None = None
    is_session_open: bool | None = None
    is_exit: bool = False


def is_reducing(terms: OrderTerms, facts: Facts) -> bool:
    """Tell whether an order can only make the position smaller, whatever else fills first.

    A flag says it to the broker, too. Without the flag the order must fit into what the position
    leaves after the orders of the same side that work already.
    """
    if terms.reduce_only:
        return True
    opens = Side.BUY if facts.position < 0 else Side.SELL
    if facts.position == 0 or terms.side is not opens:
        return False
    taken = sum((order.left for order in facts.working if order.terms.side is terms.side), Decimal(0))
    return taken + terms.quantity <= abs(facts.position)


def expected_price(terms: OrderTerms, quote: RiskQuote | None) -> Decimal | None:
    """Return the price that an order is valued at: its own, else what the market asks for; None = not known."""
    if terms.price is not None:
        return terms.price
    if terms.trigger_price is not None:
        return terms.trigger_price
    if quote is None:
        return None
    return (quote.ask if terms.side is Side.BUY else quote.bid) or quote.mark
