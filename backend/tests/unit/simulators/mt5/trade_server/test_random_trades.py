"""Thousands of random trades: positions, averages, profits, swaps, commissions, balance and margin, counted twice."""

import random
from collections import Counter
from decimal import Decimal

import pytest

from edgerunner.simulators.mt5.trade_server.values import Deal, Position
from edgerunner.simulators.mt5.trade_server.words import (
    DealEntry,
    DealType,
    MarginMode,
    OrderFilling,
    OrderType,
    SwapMode,
    TradeAction,
)
from tests.unit.simulators.mt5.trade_server.desk import EURJPY, EURUSD, GER40, SYMBOLS, Desk
from tests.unit.simulators.mt5.trade_server.recount import COMMISSIONS, Event, Prices, Recount

TRADES = 5000
ORDERS = 200
"""The account's most pending orders."""
SEED = 20261123
START = {"EURUSD": (110000, 10, 5), "USDJPY": (150000, 20, 3), "EURJPY": (165000, 30, 3), "GER40": (48000, 4, None)}
"""Ticks of the bid, widest spread in ticks, digits (GER40 goes by half points)."""


class Trader:
    """Trades at random on one account and has every deal counted again."""

    def __init__(self, mode: MarginMode, rng: random.Random) -> None:
        self.rng = rng
        self.is_netting = mode == MarginMode.RETAIL_NETTING
        self.desk = Desk(mode, deposit="10000000")
        self.desk.terms(
            EURUSD,
            commission=COMMISSIONS["EURUSD"],
            swap_mode=SwapMode.POINTS,
            swap_long=Decimal("-6.13"),
            swap_short=Decimal("2.37"),
        )
        self.desk.terms(EURJPY, commission=COMMISSIONS["EURJPY"])
        self.desk.terms(GER40, swap_mode=SwapMode.DISABLED)
        self.ticks = {name: bid for name, (bid, _, _) in START.items()}
        self.recount = Recount()
        self.counted = 0
        self.entries: Counter[DealEntry] = Counter()

    @property
    def prices(self) -> Prices:
        return {name: (quote.bid, quote.ask) for name, quote in self.desk.quotes.items()}

    def step(self, number: int) -> None:
        self.move()
        self.trade()
        self.count()
        if number % 97 == 96:
            self.night()
        if number % 501 == 500:
            self.desk.restart()
        self.compare()
        if number % 5 == 0:
            self.compare_money()

    def move(self) -> None:
        for name, (_, spread, digits) in START.items():
            self.ticks[name] += self.rng.randint(-40, 40)
            bid, ask = self.ticks[name], self.ticks[name] + self.rng.randint(1, spread)
            scale = Decimal("0.5") if digits is None else Decimal(1).scaleb(-digits)
            self.desk.price(name, str(bid * scale), str(ask * scale))
        self.desk.keep(self.desk.server.on_quotes(self.desk.quotes, self.desk.now))

    def trade(self) -> None:
        held = self.desk.positions
        position = self.rng.choice(held) if held else None
        chance = self.rng.random()
        if position is not None and self.is_netting and chance < 0.3:
            self.turn_round(position)
        elif position is None or self.is_netting or (chance < 0.5 and len(held) < 12):
            self.open()
        elif chance < 0.85:
            self.close(position)
        else:
            self.close_by(position, held)

    def open(self) -> None:
        symbol = self.rng.choice(list(START))
        step = Decimal("0.1") if symbol == "GER40" else Decimal("0.01")
        type_ = self.rng.choice([OrderType.BUY, OrderType.SELL])
        volume = step * self.rng.randint(1, 60)
        if self.rng.random() < 0.25:
            self.place(symbol, type_, str(volume))
            return
        limit = self.rng.choice([None, None, None, str(step * self.rng.randint(1, 30))])
        self.desk.deal(type_, str(volume), symbol=symbol, type_filling=OrderFilling.IOC, fill_limit=limit)  # type: ignore[arg-type]

    def place(self, symbol: str, type_: OrderType, volume: str) -> None:
        """Place a limit order that the market is likely to come to, with stops that it may hit afterwards."""
        step, up = SYMBOLS[symbol].tick_size, 1 if type_ == OrderType.BUY else -1
        quote = self.desk.quotes[symbol]
        price = (quote.ask if up == 1 else quote.bid) - up * step * self.rng.randint(2, 60)
        stops = {"sl": str(price - up * step * 90), "tp": str(price + up * step * 70)}
        answer = self.desk.pending(OrderType(type_ + 2), volume, str(price), symbol=symbol, **stops)
        assert answer.order or len(self.desk.orders) == ORDERS

    def turn_round(self, position: Position) -> None:
        step = Decimal("0.1") if position.symbol == "GER40" else Decimal("0.01")
        volume = position.volume + step * self.rng.randint(0, 40)
        type_ = OrderType.SELL if position.type == 0 else OrderType.BUY
        assert self.desk.deal(type_, str(volume), symbol=position.symbol).deal

    def close(self, position: Position) -> None:
        step = Decimal("0.1") if position.symbol == "GER40" else Decimal("0.01")
        volume = step * self.rng.randint(1, int(position.volume / step))
        type_ = OrderType.SELL if position.type == 0 else OrderType.BUY
        assert self.desk.deal(type_, str(volume), symbol=position.symbol, position=position.ticket).deal

    def close_by(self, position: Position, held: tuple[Position, ...]) -> None:
        others = [other for other in held if other.symbol == position.symbol and other.type != position.type]
        if others:
            other = self.rng.choice(others)
            answer = self.desk.send(
                TradeAction.CLOSE_BY, symbol=position.symbol, position=position.ticket, position_by=other.ticket
            )
            assert answer.deal

    def night(self) -> None:
        self.desk.end_day(weekday=1)
        self.recount.take(Event("night", self.prices))

    def count(self) -> None:
        for deal in self.desk.deals[self.counted :]:
            self.entries[deal.entry] += 1
            self.recount.take(event_of(deal, self.prices))
        self.counted = len(self.desk.deals)

    def compare(self) -> None:
        desk, recount = self.desk, self.recount
        shown = {
            each.identifier: (each.symbol, int(each.type), each.volume, each.price_open, each.swap)
            for each in desk.positions
        }
        counted = {
            key: (held.symbol, held.side, held.volume, held.price, held.swap) for key, held in recount.held.items()
        }
        assert shown == counted
        assert desk.balance == recount.balance

    def compare_money(self) -> None:
        recount, value = self.recount, self.desk.value
        assert value.profit == recount.floating(self.prices)
        assert value.equity == recount.balance + value.profit
        assert value.margin == recount.margin()


def event_of(deal: Deal, prices: Prices) -> Event:
    if deal.type == DealType.BALANCE:
        return Event("balance", prices, profit=deal.profit)
    return Event(
        "deal",
        prices,
        symbol=deal.symbol,
        side=int(deal.type),
        entry=int(deal.entry),
        volume=deal.volume,
        price=deal.price,
        position_id=deal.position_id,
        profit=deal.profit,
        swap=deal.swap,
        commission=deal.commission,
    )


@pytest.mark.parametrize("mode", [MarginMode.RETAIL_NETTING, MarginMode.RETAIL_HEDGING])
def test_random_trades_leave_the_books_that_their_deals_add_up_to(mode: MarginMode) -> None:
    trader = Trader(mode, random.Random(SEED))
    for number in range(TRADES):
        try:
            trader.step(number)
        except AssertionError as wrong:
            raise AssertionError(f"seed {SEED}, {mode.name}, trade {number}: {wrong}") from wrong

    kinds = {DealEntry.IN, DealEntry.OUT}
    kinds |= {DealEntry.INOUT} if mode == MarginMode.RETAIL_NETTING else {DealEntry.OUT_BY}
    assert set(trader.entries) == kinds, trader.entries
    assert sum(trader.entries.values()) >= TRADES
    assert min(trader.entries.values()) > TRADES // 25, trader.entries
