"""Values of derivative positions: how they stand, what closing them earned, what funding they paid."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from edgerunner.simulators.trigger_types import Leg


class MarginMode(StrEnum):
    """What backs a position: all money of its settle currency, or an amount set apart for it."""

    CROSS = "cross"
    ISOLATED = "isolated"
    PORTFOLIO = "portfolio"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenuePosition:
    """One derivative position (leg); flat ones are kept once they have traded.

    Attributes:
        side: ``buy`` long, ``sell`` short, ``none`` flat.
        cost: What it cost, settle currency, never negative; ``open_fees`` = what was paid for opening it.
        realized_pnl: Before fees, since the position last opened.
        cumulative_realized_pnl: Before fees, since the account started.
        created_ns: When it was first opened (0 = never traded).
        sequence: Number of the last change, -1 = never traded.
        take_profit_ticks: Trigger of the exit of the whole position, None = none; so ``stop_loss_ticks``.
        trailing_distance_ticks: Distance of its trailing stop, None = none.
        trailing_active_ticks: Price at which the trailing stop starts to follow, None = from the start.
        liquidation_price: Mark price at which the broker closes it, None when no price does.
        bankruptcy_price: Mark price at which the money behind it is gone, None when no price does.
        adl_rank: 0 flat, else 1 (last) to 5 (first) in the queue for automatic deleveraging.
    """

    account_id: str
    symbol: str
    leg: Leg = Leg.NET
    side: str
    quantity_lots: int
    entry_price: Decimal | None
    cost: Decimal = Decimal(0)
    open_fees: Decimal = Decimal(0)
    realized_pnl: Decimal
    cumulative_realized_pnl: Decimal
    leverage: Decimal
    created_ns: int
    updated_ns: int
    sequence: int
    take_profit_ticks: int | None = None
    stop_loss_ticks: int | None = None
    trailing_distance_ticks: int | None = None
    trailing_active_ticks: int | None = None
    liquidation_price: Decimal | None = None
    bankruptcy_price: Decimal | None = None
    margin_mode: MarginMode = MarginMode.CROSS
    auto_add_margin: bool = False
    adl_rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPnl:
    """What one closing fill earned.

    Attributes:
        number: Number of the fill; pages go on from it.
        side: Side of the closing order.
        entry_value: What the closed part cost, settle currency; ``exit_value`` what it was closed for.
        pnl: Profit before fees, settle currency.
        open_fee: Share of the opening fills' fees, in the currency they were charged in; 0 when that is another one.
        close_fee: Fee of the closing fill, in ``fee_currency``.
        kind: ``trade liquidation adl delivery``.
    """

    number: int
    trade_id: str
    order_id: str
    account_id: str
    symbol: str
    leg: Leg
    side: str
    closed_lots: int
    entry_price: Decimal
    exit_price: Decimal
    entry_value: Decimal
    exit_value: Decimal
    pnl: Decimal
    open_fee: Decimal
    close_fee: Decimal
    fee_currency: str
    leverage: Decimal
    kind: str
    time_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRate:
    """One settlement of the past: longs pay ``rate`` of their value at ``mark_price`` to shorts when it is positive."""

    symbol: str
    rate: Decimal
    mark_price: Decimal
    time_ns: int
