"""What a venue refuses about an order by itself, before money and the book are asked."""

from decimal import Decimal

from edgerunner.simulators.venue_types import OrderRequest, RejectReason, VenueInstrument, VenueReject


def check_shape(instrument: VenueInstrument, request: OrderRequest) -> None:
    """Raise ``VenueReject`` when the parts of a request do not fit together."""
    if request.order_type == "limit" and request.price_ticks is None:
        raise VenueReject(RejectReason.INVALID_PRICE, "a limit order needs a price")
    if request.order_type == "market" and request.time_in_force == "post_only":
        raise VenueReject(RejectReason.WOULD_CROSS, "a market order cannot be post-only")
    if request.quote_amount is not None and not (
        instrument.is_spot and request.side == "buy" and request.order_type == "market" and request.quote_amount > 0
    ):
        raise VenueReject(
            RejectReason.INVALID_QUANTITY, "only a spot market buy can be given a (positive) amount to spend"
        )
    if request.reduce_only and instrument.is_spot:
        raise VenueReject(RejectReason.REDUCE_ONLY_REJECTED, "spot has no position to reduce")


def check_quantity(instrument: VenueInstrument, lots: int, *, is_market: bool) -> None:
    """Raise ``VenueReject`` for a quantity outside the instrument's limits."""
    if lots <= 0:
        raise VenueReject(RejectReason.INVALID_QUANTITY, "the quantity must be above 0")
    if lots < instrument.min_lots:
        least = instrument.quantity(instrument.min_lots)
        raise VenueReject(RejectReason.QUANTITY_BELOW_MINIMUM, f"the quantity is below the minimum of {least:f}")
    most_lots = instrument.max_market_lots if is_market else instrument.max_lots
    if lots > most_lots:
        most = instrument.quantity(most_lots)
        raise VenueReject(RejectReason.QUANTITY_ABOVE_MAXIMUM, f"the quantity is above the maximum of {most:f}")


def check_price(instrument: VenueInstrument, side: str, ticks: int, mark_ticks: int) -> None:
    """Raise ``VenueReject`` for a price outside the instrument's range or too far through the mark."""
    if ticks <= 0:
        raise VenueReject(RejectReason.INVALID_PRICE, "the price must be above 0")
    if not instrument.min_price_ticks <= ticks <= instrument.max_price_ticks:
        low, high = instrument.price(instrument.min_price_ticks), instrument.price(instrument.max_price_ticks)
        raise VenueReject(RejectReason.PRICE_OUT_OF_RANGE, f"the price must lie between {low:f} and {high:f}")
    if instrument.price_limit is None:
        return
    if side == "buy" and ticks > mark_ticks * (1 + instrument.price_limit):
        raise VenueReject(RejectReason.PRICE_OUT_OF_RANGE, "the buy price is too far above the mark price")
    if side == "sell" and ticks < mark_ticks * (1 - instrument.price_limit):
        raise VenueReject(RejectReason.PRICE_OUT_OF_RANGE, "the sell price is too far below the mark price")


def check_notional(
    instrument: VenueInstrument, price_ticks: int = 0, lots: int = 0, *, quote_amount: Decimal | None = None
) -> None:
    """Raise ``VenueReject`` for an order worth less than the instrument's minimum in quote currency."""
    least = instrument.instrument.min_notional
    if quote_amount is not None:
        worth = quote_amount
    elif instrument.is_inverse:
        worth = instrument.quantity(lots) * instrument.instrument.multiplier
    else:
        worth = instrument.value(price_ticks, lots)
    if least is not None and worth < least:
        raise VenueReject(RejectReason.NOTIONAL_BELOW_MINIMUM, f"the order is worth less than {least:f}")


def market_limit(instrument: VenueInstrument, side: str, mark_ticks: int) -> int:
    """Return the worst price in ticks at which a market order may trade."""
    band = instrument.slippage_limit if side == "buy" else -instrument.slippage_limit
    return max(1, int(mark_ticks * (1 + band)))
