"""What one strategy did in a backtest and on a host that traded a replay of the same bars: compared, and explained.

Pure. Times are nanoseconds since the replay's first bar, so that a replay may run at any time of day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

BAR_NS = 60_000_000_000
STEP_NS = 100_000_000
"""The simulated market moves every 100 ms of its own time."""

_PARTS = (Decimal(0), Decimal("0.33"), Decimal("0.66"), Decimal("0.99"), Decimal(1))
"""When in a bar a replay is at its open, nearer extreme, other extreme and close; there it stays to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedBar:
    """One bar of the file, prices as printed in it."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal

    def price_at(self, part: Decimal) -> Decimal:
        """Return the replayed price after a part (0 to 1) of the bar."""
        is_high_first = self.high - self.open < self.open - self.low
        extremes = (self.high, self.low) if is_high_first else (self.low, self.high)
        knots = zip(_PARTS, (self.open, *extremes, self.close, self.close), strict=True)
        for (start, before), (end, after) in pairwise(knots):
            if part < end:
                return before + (part - start) / (end - start) * (after - before)
        return self.close


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBar:
    """A live bar as the strategy saw it; ``index`` counts the bars of the file from 0."""

    index: int
    prices: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What the strategy decided at the close of a bar."""

    index: int
    side: str
    quantity: Decimal
    order_id: str

    @property
    def decision(self) -> tuple[int, str, Decimal]:
        """Return what has to be the same on every host."""
        return self.index, self.side, self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The fill of one order. ``time_ns`` counts from the replay's first bar."""

    price: Decimal
    fee: Decimal
    time_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """What is known about a host's market beforehand.

    Attributes:
        tick: Price step; prices of the replay are rounded to it.
        spread: Ask minus bid of its quotes; the last price is one of the two.
        fee_rate: Its taker fee, a fraction of notional.
        fee_step: What its fees are rounded to.
        data_age_ns: How old, of the market's own time, the quote may be that fills an order.
    """

    tick: Decimal
    spread: Decimal
    fee_rate: Decimal
    fee_step: Decimal
    data_age_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Why one fill is not that of the backtest; the parts of price and fee add up, ``unexplained`` apart.

    Attributes:
        delay_ns: From the close of the deciding bar to the quote that filled it, in the market's time.
        latency: What the price did meanwhile.
        spread: What the quote's side adds to the price: nothing or the whole spread.
        rounding: From the price to its tick.
        fee_rate, fee_price, fee_rounding: Money by another schedule, by the other price, by rounding.
    """

    signal: Signal
    expected: Execution
    found: Execution
    delay_ns: int
    latency: Decimal
    spread: Decimal
    rounding: Decimal
    unexplained: Decimal
    fee_rate: Decimal
    fee_price: Decimal
    fee_rounding: Decimal
    fee_unexplained: Decimal

    @property
    def money(self) -> Decimal:
        """Return what the host gained over the backtest by this fill, negative = lost."""
        sign = 1 if self.signal.side == "buy" else -1
        return (
            -sign * self.signal.quantity * (self.found.price - self.expected.price) - self.found.fee + self.expected.fee
        )

    @property
    def is_explained(self) -> bool:
        """Tell whether nothing is left over."""
        return not self.unexplained and not self.fee_unexplained


def log_of(lines: Iterable[str], *, origin_ns: int) -> tuple[list[SeenBar], list[Signal]]:
    """Return what a ``Witness`` logged; ``origin_ns`` = when the file's first bar opened on that host."""
    bars: list[SeenBar] = []
    signals: list[Signal] = []
    for line in lines:
        match line.split():
            case ["bar", time_ns, *prices]:
                index = (int(time_ns) - origin_ns) // BAR_NS
                bars.append(SeenBar(index=index, prices=tuple(map(Decimal, prices))))
            case ["signal", time_ns, side, quantity, order_id]:
                index = (int(time_ns) - origin_ns) // BAR_NS
                signals.append(Signal(index=index, side=side, quantity=Decimal(quantity), order_id=order_id))
    return bars, signals


def wrong_bars(seen: Sequence[SeenBar], recorded: Sequence[RecordedBar]) -> list[str]:
    """Return what is wrong with the bars that a host delivered: missing, repeated, out of order, other prices."""
    wrong = [
        f"bar {later.index} after bar {earlier.index}"
        for earlier, later in pairwise(seen)
        if later.index != earlier.index + 1
    ]
    for bar in seen:
        own = recorded[bar.index]
        if bar.prices != (own.open, own.high, own.low, own.close):
            wrong.append(f"bar {bar.index} is {[str(price) for price in bar.prices]}, recorded is {own}")
    return wrong


def difference(
    signal: Signal,
    expected: Execution,
    found: Execution,
    *,
    recorded: Sequence[RecordedBar],
    venue: Venue,
    expected_rate: Decimal,
) -> Difference:
    """Explain a fill by the newest quote of the replay at which it could happen.

    The backtest fills at the next open. Without such a quote all of the difference is unexplained.
    """
    decided_ns = (signal.index + 1) * BAR_NS
    sign = 1 if signal.side == "buy" else -1
    is_possible = found.time_ns >= decided_ns
    quoted = next(_quotes(found, sign=sign, recorded=recorded, venue=venue), None) if is_possible else None
    quote_ns, price, spread = quoted or (found.time_ns, expected.price, Decimal(0))
    rounding = found.price - price - spread if quoted else Decimal(0)
    latency = price - expected.price
    fee_rate = (venue.fee_rate - expected_rate) * found.price * signal.quantity
    fee_price = expected_rate * (found.price - expected.price) * signal.quantity
    fee_rest = found.fee - expected.fee - fee_rate - fee_price
    is_rounding = abs(fee_rest) <= venue.fee_step
    return Difference(
        signal=signal,
        expected=expected,
        found=found,
        delay_ns=quote_ns - decided_ns,
        latency=latency,
        spread=spread,
        rounding=rounding,
        unexplained=found.price - expected.price - latency - spread - rounding,
        fee_rate=fee_rate,
        fee_price=fee_price,
        fee_rounding=fee_rest if is_rounding else Decimal(0),
        fee_unexplained=Decimal(0) if is_rounding else fee_rest,
    )


def _quotes(
    found: Execution, *, sign: int, recorded: Sequence[RecordedBar], venue: Venue
) -> Iterator[tuple[int, Decimal, Decimal]]:
    """Yield (time, price, signed spread) of the quotes that give the fill's price, newest first."""
    oldest_ns = max(found.time_ns - venue.data_age_ns, 0)
    for step in range(found.time_ns // STEP_NS, -(-oldest_ns // STEP_NS) - 1, -1):
        index, rest_ns = divmod(step * STEP_NS, BAR_NS)
        price = recorded[index].price_at(Decimal(rest_ns) / BAR_NS)
        for spread in (Decimal(0), sign * venue.spread):
            if abs(found.price - spread - price) <= venue.tick / 2:
                yield step * STEP_NS, price, spread


_COLUMNS = (
    "bar side  backtest      host  delay s  latency  spread  rounding  unexplained"
    "      fee  by rate  by price  unexplained"
)


def table(differences: Sequence[Difference]) -> str:
    """Return the differences as lines of text: prices in quote currency, fees in money, sums in money."""
    return "\n".join([_COLUMNS, *map(_row, differences), _sums(differences)])


def _row(each: Difference) -> str:
    signal = each.signal
    return (
        f"{signal.index:3} {signal.side:4} {each.expected.price:9.1f} {each.found.price:9.1f} "
        f"{Decimal(each.delay_ns) / 10**9:8.1f} {each.latency:+8.3f} {each.spread:+7.3f} {each.rounding:+9.3f} "
        f"{each.unexplained:+12.3f} {each.found.fee:8.5f} {each.fee_rate:+8.5f} {each.fee_price:+9.5f} "
        f"{each.fee_unexplained:+12.5f}"
    )


def _sums(differences: Sequence[Difference]) -> str:
    def cost(part: str) -> Decimal:
        signs = {"buy": 1, "sell": -1}
        return -sum(
            (signs[each.signal.side] * each.signal.quantity * getattr(each, part) for each in differences), Decimal(0)
        )

    fees = -sum((each.found.fee - each.expected.fee for each in differences), Decimal(0))
    parts = " ".join(f"{name} {cost(name):+.5f}" for name in ("latency", "spread", "rounding", "unexplained"))
    total = sum((each.money for each in differences), Decimal(0))
    return f"gained over the backtest: {total:+.5f} = {parts} fees {fees:+.5f}"
