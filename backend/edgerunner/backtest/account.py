"""Cash and positions of a run, exact: integers of 1e-18 of a currency."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from edgerunner.backtest.config import BacktestConfig, TimedRate
from edgerunner.backtest.grid import MONEY_UNIT, half_even, to_money
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import NEVER, SimulatedOrder
from edgerunner.backtest.records import FillRow
from edgerunner.domain.numbers import to_plain
from edgerunner.matching.margin import price_of_ruin


class Conversion:
    """Worth of one unit of a currency in the base currency over time."""

    def __init__(self, rates: Sequence[TimedRate]) -> None:
        self._times = [time_ns for time_ns, _ in rates]
        self._ratios = [rate.as_integer_ratio() for _, rate in rates]

    def to_base(self, units: int, now_ns: int) -> int:
        """Return an amount in the base currency; before the first known rate that one holds."""
        numerator, denominator = self._ratios[max(0, bisect_right(self._times, now_ns) - 1)]
        return half_even(units * numerator, denominator)


class Account:
    """Cash in the base currency and the positions of all markets.

    Spot coins are paid for and received; of every other product only profit, loss and fees touch the cash.

    Attributes:
        cash: Money units of the base currency; ``steps`` are (index on the time line, cash) after each change.
        index: Place on the time line of the event being handled.
        now_ns: Its time.
        held: Markets with an open position.
    """

    def __init__(self, config: BacktestConfig, markets: Mapping[str, Market]) -> None:
        self.cash = to_money(config.initial_cash)
        self.steps: list[tuple[int, int]] = []
        self.index = 0
        self.now_ns = 0
        self.held: dict[str, Market] = {}
        self._maker = config.fees.maker.as_integer_ratio()
        self._taker = config.fees.taker.as_integer_ratio()
        self._leverage = config.leverage.as_integer_ratio()
        self._maintenance = config.maintenance_rate.as_integer_ratio()
        self._rates = {currency: Conversion(rates) for currency, rates in config.rates.items()}
        base = config.base_currency
        self._conversions = {
            key: None if market.instrument.settle == base else self._rates[market.instrument.settle]
            for key, market in markets.items()
        }

    def to_base(self, market: Market, units: int) -> int:
        """Return money units of a market's settle currency in the base currency, now."""
        conversion = self._conversions[market.key]
        return units if conversion is None else conversion.to_base(units, self.now_ns)

    def fee(self, worth: int, *, is_taker: bool) -> int:
        """Return the fee on a fill of that worth, rounded half to even."""
        numerator, denominator = self._taker if is_taker else self._maker
        fee, rest = divmod(worth * numerator, denominator)
        return half_even(worth * numerator, denominator) if rest else fee

    def book(self, market: Market, order: SimulatedOrder, *, signed_lots: int, ticks: int, is_taker: bool) -> FillRow:
        """Book a fill of ``signed_lots`` (negative = sold) at a price in ticks and return its record."""
        worth = market.grid.worth(abs(signed_lots), ticks)
        fee = fee_base = self.fee(worth, is_taker=is_taker)
        realized = realized_base = _trade(market, signed_lots, worth)
        if market.lots:
            self.held[market.key] = market
        else:
            self.held.pop(market.key, None)
        market.position = None
        received = realized if market.is_margined else worth if signed_lots < 0 else -worth
        if self._conversions[market.key] is not None:
            fee_base, realized_base = self.to_base(market, fee), self.to_base(market, realized)
            received = self.to_base(market, received)
        self.cash += received - fee_base
        self.steps.append((self.index, self.cash))
        self.set_ruin(market)
        return FillRow(
            order,
            market,
            signed_lots,
            ticks,
            fee,
            fee_base,
            realized_base,
            market.lots,
            market.cost,
            is_taker,
            self.now_ns,
            self.index,
            market.row,
        )

    def add_cash(self, units: int) -> None:
        """Add money units of the base currency."""
        self.cash += units
        self.steps.append((self.index, self.cash))

    def refusal(self, market: Market, *, signed_lots: int, ticks: int, is_taker: bool) -> str | None:
        """Return why a fill cannot be paid for, or None. What only reduces a position always can."""
        held = market.lots
        after = held + signed_lots
        if held and abs(after) <= abs(held) and after * held >= 0:
            return None
        worth = market.grid.worth(abs(signed_lots), ticks)
        fee = self.fee(worth, is_taker=is_taker)
        if market.is_margined:
            return self._margin_refusal(market, after=after, ticks=ticks, fee=fee)
        if after < 0:
            owned = to_plain(market.grid.exact_quantity(held))
            return f"insufficient_funds: spot cannot be sold short ({owned} held)"
        missing = self.to_base(market, worth + fee) - self.cash
        return f"insufficient_funds: {_text(missing)} missing" if missing > 0 else None

    def _margin_refusal(self, market: Market, *, after: int, ticks: int, fee: int) -> str | None:
        numerator, denominator = self._leverage
        value, worth = self._others(market) if self.held else (0, 0)
        own = profit(market, ticks) - fee if market.lots else -fee
        equity = self.cash + value + self.to_base(market, own)
        needed = worth + self.to_base(market, market.grid.worth(abs(after), ticks))
        missing = needed * denominator - equity * numerator
        return f"insufficient_margin: {_text(half_even(missing, numerator))} missing" if missing > 0 else None

    def _others(self, market: Market) -> tuple[int, int]:
        """Return (what all other positions add to the cash, worth of the margined ones), base currency."""
        value = worth = 0
        for other in self.held.values():
            if other is not market:
                value += self.value(other)
                if other.is_margined:
                    worth += self.worth_of(other)
        return value, worth

    def value(self, market: Market) -> int:
        """Return what a position adds to the cash to make equity, base currency, at its market's mark."""
        if market.is_margined:
            return self.to_base(market, profit(market, market.mark))
        return self.to_base(market, market.grid.worth(market.lots, market.mark))

    def worth_of(self, market: Market) -> int:
        """Return the worth of a position without sign, base currency, at its market's mark."""
        return self.to_base(market, market.grid.worth(abs(market.lots), market.mark))

    def equity(self) -> int:
        """Return cash and positions at their marks, base currency."""
        return self.cash + sum(self.value(market) for market in self.held.values())

    def set_ruin(self, market: Market) -> None:
        """Set the price at which the account is closed by force for the sake of a market's position.

        ``matching.margin.price_of_ruin`` in integers (cash - cost + worth = rate * worth for a long position); other
        positions stand at their newest prices. The price is rounded to the tick that is reached first.
        """
        market.ruin_low, market.ruin_high = -NEVER, NEVER
        if not market.lots or not market.is_margined:
            return
        numerator, denominator = self._maintenance
        free = self.cash
        if len(self.held) > 1:
            value, worth = self._others(market)
            free += value - half_even(worth * numerator, denominator)
        if market.grid.is_inverse:
            self._set_inverse_ruin(market, free)
            return
        cost, per_tick = market.cost, abs(market.lots) * market.grid.unit
        if self._conversions[market.key] is not None:
            cost, per_tick = self.to_base(market, cost), self.to_base(market, per_tick)
        if market.lots < 0:
            market.ruin_high = (cost + free) * denominator // (per_tick * (denominator + numerator))
        elif cost > free:
            market.ruin_low = -((free - cost) * denominator // (per_tick * (denominator - numerator)))

    def is_ruined(self) -> bool:
        """Tell whether equity is below what the margined positions have to keep, at the newest prices."""
        numerator, denominator = self._maintenance
        worth = sum(self.worth_of(market) for market in self.held.values() if market.is_margined)
        return worth > 0 and self.equity() * denominator <= worth * numerator

    def _set_inverse_ruin(self, market: Market, free: int) -> None:
        grid = market.grid
        rate = Decimal(self.to_base(market, MONEY_UNIT)) / MONEY_UNIT
        ruin = price_of_ruin(
            grid.exact_quantity(market.lots) * market.instrument.multiplier,
            grid.exact_price(market.mark),
            Decimal(free + self.value(market)) / MONEY_UNIT / rate,
            Decimal(self._maintenance[0]) / self._maintenance[1],
            inverse=True,
        )
        if ruin is None:
            return
        ticks = Fraction(ruin) / Fraction(grid.tick)
        if market.lots > 0:
            market.ruin_low = -(-ticks.numerator // ticks.denominator)
        else:
            market.ruin_high = ticks.numerator // ticks.denominator


def profit(market: Market, ticks: int) -> int:
    """Return the open profit of a position at a price, settle currency, before fees."""
    worth = market.grid.worth(abs(market.lots), ticks)
    earned = worth - market.cost if market.lots >= 0 else market.cost - worth
    return -earned if market.grid.is_inverse else earned


def _trade(market: Market, signed_lots: int, worth: int) -> int:
    """Change a position by average cost and return the realized profit: ``matching.position.trade`` in integers."""
    held, lots = market.lots, abs(signed_lots)
    market.lots = held + signed_lots
    if held == 0 or (held > 0) == (signed_lots > 0):
        market.cost += worth
        return 0
    closed = min(lots, abs(held))
    released = market.cost if closed == abs(held) else half_even(market.cost * closed, abs(held))
    proceeds = worth if closed == lots else half_even(worth * closed, lots)
    market.cost += worth - proceeds - released
    earned = proceeds - released if held > 0 else released - proceeds
    return -earned if market.grid.is_inverse else earned


def _text(units: int) -> str:
    return to_plain((Decimal(units) / MONEY_UNIT).quantize(Decimal("0.01")))
