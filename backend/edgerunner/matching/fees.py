"""Fees as fractions of notional, exact."""

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
