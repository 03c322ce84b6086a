"""Currency conversion through known rates; a rate that is not known stays unknown."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One unit of ``base`` is worth ``price`` units of ``quote``.

    ``source`` says where it was read (``BTCUSDT-SPOT.BYBIT on bybit-sim``), ``ts_ns`` when.
    """

    base: str
    quote: str
    price: Decimal
    source: str
    ts_ns: int

    @property
    def inverted(self) -> "Rate":
        """Return the same rate read the other way (28 significant digits)."""
        return Rate(base=self.quote, quote=self.base, price=1 / self.price, source=self.source, ts_ns=self.ts_ns)


class Rates:
    """Rates between currencies, used in both directions and in chains.

    The shortest chain is taken. Nothing is assumed: two coins that should be worth the same are
    two currencies. Prices that are not positive are left out.
    """

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._from: dict[str, dict[str, Rate]] = {}
        for rate in rates:
            if rate.price > 0 and rate.base != rate.quote:
                self._keep_newest(rate)
                self._keep_newest(rate.inverted)

    def _keep_newest(self, rate: Rate) -> None:
        known = self._from.setdefault(rate.base, {})
        if rate.quote not in known or known[rate.quote].ts_ns < rate.ts_ns:
            known[rate.quote] = rate

    def rate(self, base: str, quote: str) -> Rate | None:
        """Return what one ``base`` is worth in ``quote``, or None when no chain of rates tells.

        Of a chain, ``source`` names every link and ``ts_ns`` is the oldest one's. None is also
        the answer for a currency and itself: there is nothing to convert.
        """
        chain = self._chain(base, quote)
        if not chain:
            return None
        price = Decimal(1)
        for link in chain:
            price *= link.price
        return Rate(
            base=base,
            quote=quote,
            price=price,
            source=", ".join(link.source for link in chain),
            ts_ns=min(link.ts_ns for link in chain),
        )

    def convert(self, amount: Decimal, base: str, quote: str) -> Decimal | None:
        """Return ``amount`` of ``base`` in ``quote``, unrounded; None when no rate is known."""
        if base == quote:
            return amount
        rate = self.rate(base, quote)
        return None if rate is None else amount * rate.price

    def _chain(self, base: str, quote: str) -> list[Rate]:
        reached: dict[str, list[Rate]] = {base: []}
        waiting = deque([base])
        while waiting and quote not in reached:
            here = waiting.popleft()
            for there, rate in self._from.get(here, {}).items():
                if there not in reached:
                    reached[there] = [*reached[here], rate]
                    waiting.append(there)
        return reached.get(quote, [])
