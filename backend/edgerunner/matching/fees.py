"""Fees as fractions of notional, or per order with a minimum; all exact."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """Maker and taker rates as fractions of notional; a negative rate is a rebate."""

    maker: Decimal
    taker: Decimal

    def rate(self, *, is_maker: bool) -> Decimal:
        """Return the fraction that one side of a trade pays."""
        return self.maker if is_maker else self.taker

    def fee(self, notional: Decimal, *, is_maker: bool) -> Decimal:
        """Return the fee of ``notional`` in the notional's own currency, without rounding."""
        return notional * self.rate(is_maker=is_maker)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCommission:
    """What a whole order costs, whatever the number of its fills.

    Attributes:
        currency: What it is charged in.
        per_unit: For every unit of quantity.
        rate: Fraction of the value, which must be of the same currency.
        minimum: Least for an order.
        maximum_rate: Most, as a fraction of the value; it wins over the minimum.
    """

    currency: str
    per_unit: Decimal = Decimal(0)
    rate: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    maximum_rate: Decimal | None = None

    def total(self, quantity: Decimal, value: Decimal) -> Decimal:
        """Return what an order costs that has traded ``quantity`` worth ``value`` so far; it never falls."""
        wanted = max(self.minimum, self.per_unit * quantity + self.rate * value)
        return wanted if self.maximum_rate is None else min(wanted, self.maximum_rate * value)
