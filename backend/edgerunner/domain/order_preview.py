"""What an order would cost and meet, before it is placed."""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.orders import BrokerWords, Denial, Money, OrderTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEstimate:
    """A broker's own estimate for one order, sums in ``currency``; None = it says nothing about that.

    Attributes:
        margin_initial: Initial margin of the account after the order; ``margin_initial_change`` is its part in it.
        margin_maintenance: The same for maintenance margin.
        equity: Equity with loan value after the order.
        fee: The commission; a range when only its bounds are known.
        warning: What the broker would warn of.
    """

    currency: str
    margin_initial: Decimal | None = None
    margin_initial_change: Decimal | None = None
    margin_maintenance: Decimal | None = None
    margin_maintenance_change: Decimal | None = None
    equity: Decimal | None = None
    fee: Money | None = None
    fee_least: Money | None = None
    fee_most: Money | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPreview:
    """What an order would meet now.

    Attributes:
        notional: Limit or trigger price times quantity, settlement currency; None for an order at the market.
        denied: Why our risk checks or the live interlock would refuse it.
        estimate: The broker's own figures, or None.
        refused: The broker's words when it would refuse the order.
        unsupported: Why there is no estimate, or None.
    """

    account_id: str
    terms: OrderTerms
    notional: Money | None
    denied: Denial | None
    estimate: OrderEstimate | None
    refused: BrokerWords | None
    unsupported: str | None
