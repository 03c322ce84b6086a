"""The books of an account counted again from its deals, the quotes of their moments and the nights between them.

Nothing here comes from the trade server: its symbols are told again as plain numbers, and the arithmetic is the
plainest that the documented rules allow.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext

BUY, SELL = 0, 1
IN, OUT, INOUT, OUT_BY = 0, 1, 2, 3
LEVERAGE = 100
CONTRACTS = {"EURUSD": 100000, "USDJPY": 100000, "EURJPY": 100000, "GER40": 1}
COMMISSIONS = {"EURUSD": Decimal("2.75"), "USDJPY": Decimal(0), "EURJPY": Decimal("3.1"), "GER40": Decimal("3.5")}
NIGHTLY = {"EURUSD": (Decimal("-6.13"), Decimal("2.37"))}
"""Dollars per lot and night of a long and of a short position."""

Prices = dict[str, tuple[Decimal, Decimal]]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def fine(quotient: Decimal) -> Decimal:
    return quotient.quantize(Decimal("1e-18"), rounding=ROUND_HALF_EVEN)


def dollars(symbol: str, amount: Decimal, close: Decimal, prices: Prices) -> Decimal:
    """Turn a profit in the symbol's profit currency into dollars, not rounded."""
    if symbol == "EURUSD":
        return amount
    if symbol == "USDJPY":
        return amount / close
    euro_bid, euro_ask = prices["EURUSD"]
    yen_bid, yen_ask = prices["USDJPY"]
    if symbol == "EURJPY":
        return amount / (yen_ask if amount > 0 else yen_bid)
    return amount * (euro_bid if amount > 0 else euro_ask)


def rate_of_opening(symbol: str, price: Decimal, prices: Prices) -> Decimal:
    """Tell the dollars for a unit of margin currency when a position is opened."""
    if symbol == "EURUSD":
        return price
    return Decimal(1) if symbol == "USDJPY" else prices["EURUSD"][1]


def gain(side: int, opened: Decimal, closed: Decimal) -> Decimal:
    return closed - opened if side == BUY else opened - closed


@dataclass
class Held:
    symbol: str
    side: int
    volume: Decimal
    price: Decimal
    rate: Decimal
    swap: Decimal = Decimal(0)


@dataclass(frozen=True)
class Event:
    """A deal as the history shows it, or a night (`kind` "night")."""

    kind: str
    prices: Prices
    symbol: str = ""
    side: int = 0
    entry: int = 0
    volume: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    position_id: int = 0
    profit: Decimal = Decimal(0)
    swap: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)


class Recount:
    """Counts event by event; raises AssertionError when a deal books other money than it should."""

    def __init__(self) -> None:
        self.balance = Decimal(0)
        self.held: dict[int, Held] = {}

    def take(self, event: Event) -> None:
        with localcontext(prec=60):
            if event.kind == "balance":
                self.balance += event.profit
            elif event.kind == "night":
                self._night()
            else:
                self._deal(event)

    def _night(self) -> None:
        for held in self.held.values():
            long, short = NIGHTLY.get(held.symbol, (Decimal(0), Decimal(0)))
            held.swap += cents((long if held.side == BUY else short) * held.volume)

    def _deal(self, deal: Event) -> None:
        profit = swap = closed = Decimal(0)
        if deal.entry in {OUT, OUT_BY, INOUT}:
            held = self.held[deal.position_id]
            closed = held.volume if deal.entry == INOUT else deal.volume
            assert deal.side != held.side
            assert closed <= held.volume
            money = gain(held.side, held.price, deal.price) * CONTRACTS[deal.symbol] * closed
            profit = cents(dollars(deal.symbol, money, deal.price, deal.prices))
            swap = held.swap if closed == held.volume else cents(held.swap * closed / held.volume)
            held.swap -= swap
            held.volume -= closed
            if not held.volume:
                del self.held[deal.position_id]
        if deal.entry in {IN, INOUT}:
            self._add(deal, deal.volume - closed)
        commission = Decimal(0) if deal.entry == OUT_BY else -cents(COMMISSIONS[deal.symbol] * deal.volume)
        assert (deal.profit, deal.swap, deal.commission) == (profit, swap, commission), deal
        self.balance += profit + swap + commission

    def _add(self, deal: Event, volume: Decimal) -> None:
        rate = rate_of_opening(deal.symbol, deal.price, deal.prices)
        held = self.held.get(deal.position_id)
        if held is None:
            self.held[deal.position_id] = Held(deal.symbol, deal.side, volume, deal.price, rate)
            return
        assert held.side == deal.side
        total = held.volume + volume
        held.price = fine((held.price * held.volume + deal.price * volume) / total)
        held.rate = fine((held.rate * held.volume + rate * volume) / total)
        held.volume = total

    def floating(self, prices: Prices) -> Decimal:
        """Sum the profits of all positions, each in cents, and their swaps."""
        total = Decimal(0)
        with localcontext(prec=60):
            for held in self.held.values():
                close = prices[held.symbol][0 if held.side == BUY else 1]
                money = gain(held.side, held.price, close) * CONTRACTS[held.symbol] * held.volume
                total += cents(dollars(held.symbol, money, close, prices)) + held.swap
        return total

    def margin(self) -> Decimal:
        """Margin at 1:100; what is covered counts once, at the average of both sides."""
        with localcontext(prec=60):
            return cents(sum((self._margin_of(symbol) for symbol in CONTRACTS), Decimal(0)).quantize(Decimal("1e-30")))

    def _margin_of(self, symbol: str) -> Decimal:
        mine = [held for held in self.held.values() if held.symbol == symbol]
        sides = [[held for held in mine if held.side == side] for side in (BUY, SELL)]
        volumes = [sum((held.volume for held in side), Decimal(0)) for side in sides]
        covered = min(volumes)
        larger = sides[0] if volumes[0] >= volumes[1] else sides[1]
        total = self._money(symbol, larger, max(volumes) - covered)
        return total + self._money(symbol, mine, covered)

    @staticmethod
    def _money(symbol: str, positions: list[Held], volume: Decimal) -> Decimal:
        if not volume:
            return Decimal(0)
        lots = sum((held.volume for held in positions), Decimal(0))
        rate = sum((held.rate * held.volume for held in positions), Decimal(0)) / lots
        price = sum((held.price * held.volume for held in positions), Decimal(0)) / lots
        return volume * CONTRACTS[symbol] * (price if symbol == "GER40" else 1) * rate / LEVERAGE
