"""When a margined position must be closed."""

from decimal import Decimal

from edgerunner.domain.numbers import exact_arithmetic, round_money


def price_of_ruin(
    quantity: Decimal, mark: Decimal, backing: Decimal, rate: Decimal, *, inverse: bool = False
) -> Decimal | None:
    """Return the price at which what backs a position falls to ``rate`` of its worth; None when no price does.

    ``quantity``: signed (positive long), multiplier included. ``backing``: money behind the position at the price
    ``mark``, its unrealized profit included, settle currency. Solved from backing + quantity * (price - mark) =
    rate * |quantity| * price; for an inverse contract (worth = quantity / price) in 1 / price. Rounded to 18 decimals.
    """
    with exact_arithmetic():
        if inverse:
            reciprocal = (backing + quantity / mark) / (quantity + rate * abs(quantity))
            return round_money(1 / reciprocal) if reciprocal > 0 else None
        price = (quantity * mark - backing) / (quantity - rate * abs(quantity))
        return round_money(price) if price > 0 else None
