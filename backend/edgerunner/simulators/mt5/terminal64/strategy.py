"""The tester's stand-in strategy: two moving averages, always in the market after the first cross, one position."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.simulators.mt5.terminal64.desk import RateBar, SymbolTerms

Profit = Callable[[bool, Decimal, Decimal, Decimal], Decimal]
"""is_buy, volume, opened, closed -> profit in the deposit's currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """One row of the report's table; ``time_s`` is server time."""

    time_s: int
    ticket: int
    symbol: str
    kind: str
    direction: str
    volume: Decimal | None
    price: Decimal | None
    order: int | None
    profit: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a test did: deals with the deposit first, one (balance, equity) per bar."""

    deposit: Decimal
    deals: tuple[Deal, ...]
    curve: tuple[tuple[Decimal, Decimal], ...]
    bars: int


class BadInputs(ValueError):
    """The EA would return INIT_PARAMETERS_INCORRECT."""


@dataclass(slots=True)
class _Held:
    is_buy: bool
    price: Decimal


class _Book:
    def __init__(self, terms: SymbolTerms, *, deposit: Decimal, lots: Decimal, profit: Profit, start_s: int) -> None:
        self._terms, self._lots, self._profit = terms, lots, profit
        self.balance = deposit
        self.deals = [
            Deal(
                time_s=start_s,
                ticket=1,
                symbol="",
                kind="balance",
                direction="",
                volume=None,
                price=None,
                order=None,
                profit=deposit,
                balance=deposit,
            )
        ]
        self._held: _Held | None = None

    def turn(self, bar: RateBar, *, is_buy: bool) -> None:
        """Be long or short from this bar's open on."""
        if self._held is not None and self._held.is_buy == is_buy:
            return
        self.close(bar)
        price = self._price(bar, is_buy=is_buy)
        self._held = _Held(is_buy, price)
        self._deal(bar.time_s, is_buy=is_buy, direction="in", price=price, profit=Decimal(0))

    def close(self, bar: RateBar) -> None:
        """Close what is held at this bar's open."""
        if (held := self._held) is None:
            return
        price = self._price(bar, is_buy=not held.is_buy)
        self._held = None
        profit = self._profit(held.is_buy, self._lots, held.price, price)
        self._deal(bar.time_s, is_buy=not held.is_buy, direction="out", price=price, profit=profit)

    def equity(self, bar: RateBar) -> Decimal:
        """Return balance and floating profit at the bar's close."""
        if (held := self._held) is None:
            return self.balance
        spread = Decimal(0) if held.is_buy else bar.spread * self._terms.point
        return self.balance + self._profit(held.is_buy, self._lots, held.price, bar.close + spread)

    def _price(self, bar: RateBar, *, is_buy: bool) -> Decimal:
        return bar.open + (bar.spread * self._terms.point if is_buy else 0)

    def _deal(self, time_s: int, *, is_buy: bool, direction: str, price: Decimal, profit: Decimal) -> None:
        self.balance += profit
        ticket = len(self.deals) + 1
        self.deals.append(
            Deal(
                time_s=time_s,
                ticket=ticket,
                symbol=self._terms.name,
                kind="buy" if is_buy else "sell",
                direction=direction,
                volume=self._lots,
                price=price,
                order=ticket,
                profit=profit,
                balance=self.balance,
            )
        )


def run_crossing(
    bars: Sequence[RateBar], inputs: Mapping[str, str], terms: SymbolTerms, *, deposit: Decimal, profit: Profit
) -> Run:
    """Trade the cross of two moving averages of closes, seen at a bar's end and traded at the next one's open.

    Raises ``BadInputs``.
    """
    fast, slow, lots = int(inputs["InpFastPeriod"]), int(inputs["InpSlowPeriod"]), Decimal(inputs["InpLots"])
    if not 0 < fast < slow or lots <= 0:
        raise BadInputs("InpFastPeriod must be below InpSlowPeriod, and InpLots above 0")
    book = _Book(terms, deposit=deposit, lots=lots, profit=profit, start_s=bars[0].time_s if bars else 0)
    closes: list[Decimal] = []
    curve = []
    for bar in bars:
        if len(closes) >= slow:
            difference = sum(closes[-fast:]) * slow - sum(closes[-slow:]) * fast
            if difference:
                book.turn(bar, is_buy=difference > 0)
        closes.append(bar.close)
        curve.append((book.balance, book.equity(bar)))
    if bars:
        book.close(bars[-1])
        curve.append((book.balance, book.balance))
    return Run(deposit=deposit, deals=tuple(book.deals), curve=tuple(curve), bars=len(bars))
