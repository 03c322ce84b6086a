"""Random trading, recomputed in plain decimals from fills and cash entries alone.

Nothing of the venue's own arithmetic is used here: average cost, profit and funding are worked out again from prices
and quantities. ``EDGERUNNER_RANDOM_TRADES`` makes the session longer.
"""

import os
import random
import sys
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from edgerunner.simulators.venue_types import (
    ExitOrder,
    Exits,
    ExitScope,
    Leg,
    MarginMode,
    Trigger,
    TriggerRule,
    VenueFill,
    VenueInstrument,
    VenueReject,
)
from tests.unit.simulators.venues import DATED, INVERSE, LINEAR, SPOT, Bench

TRADES = int(os.environ.get("EDGERUNNER_RANDOM_TRADES", "2000"))
HEDGED = "linear:ETHUSDT"
SYMBOLS = (LINEAR, SPOT, INVERSE, DATED, HEDGED)
ALLOWED = Decimal("1e-9")
"""Averages are quotients: two ways to round them differ far behind the last decimal that anybody pays."""


@dataclass
class Plain:
    """A position by its own figures: signed quantity, average price, profit."""

    quantity: Decimal = Decimal(0)
    average: Decimal = Decimal(0)
    profit: Decimal = Decimal(0)


def book(position: Plain, side: str, quantity: Decimal, price: Decimal, *, inverse: bool) -> None:
    signed = quantity if side == "buy" else -quantity
    if position.quantity * signed >= 0:
        held, added = abs(position.quantity), quantity
        if inverse:
            worth = (held / position.average if held else Decimal(0)) + added / price
            position.average = (held + added) / worth
        else:
            position.average = (held * position.average + added * price) / (held + added)
        position.quantity += signed
        return
    closed = min(quantity, abs(position.quantity))
    direction = 1 if position.quantity > 0 else -1
    if inverse:
        position.profit += direction * closed * (1 / position.average - 1 / price)
    else:
        position.profit += direction * closed * (price - position.average)
    position.quantity += direction * -closed
    if quantity > closed:
        position.average = Decimal(0)
        book(position, side, quantity - closed, price, inverse=inverse)


def act(bench: Bench, dice: random.Random) -> None:
    """One random deed of a trader, a broker or the market."""
    symbol = dice.choice(SYMBOLS)
    instrument = bench.venue.instruments[symbol]
    mark = bench.venue.mark_price(symbol)
    deed = dice.random()
    if deed < 0.06:
        prices = {each: bench.venue.mark_price(each) for each in SYMBOLS}
        factor = Decimal(dice.randint(995, 1005)) / 1000
        for each, price in prices.items():
            tick = bench.venue.instruments[each].instrument.tick_size
            bench.venue.operator.set_price(each, price * factor // tick * tick)
    elif deed < 0.08:
        bench.venue.operator.settle_funding(symbol, Decimal(dice.randint(-300, 300)) / 1_000_000)
    elif deed < 0.09:
        bench.wall.time_ns += 3_600_000_000_000
    elif deed < 0.10:
        broker_deed(bench, dice, symbol)
    elif deed < 0.11:
        bench.venue.operator.move_cash("sim", dice.choice(["USDT", "BTC"]), Decimal(dice.randint(1, 90)) / 7000)
    else:
        place(bench, dice, instrument, mark)
    bench.steps(1, symbol)


def broker_deed(bench: Bench, dice: random.Random, symbol: str) -> None:
    legs = bench.venue.legs("sim", symbol)
    match dice.randrange(3):
        case 0:
            bench.venue.operator.set_fee_currency("sim", dice.choice([None, "ETH"]))
        case 1:
            bench.venue.operator.adl("sim", symbol, dice.randint(1, 30), dice.choice(legs))
        case _:
            mode = MarginMode.CROSS if bench.venue.margin_mode("sim") is MarginMode.ISOLATED else MarginMode.ISOLATED
            bench.venue.set_margin_mode("sim", mode)


def place(bench: Bench, dice: random.Random, instrument: VenueInstrument, mark: Decimal) -> None:
    symbol, side = instrument.symbol, dice.choice(["buy", "sell"])
    legs = bench.venue.legs("sim", symbol)
    usual = {LINEAR: 40, SPOT: 9_000, INVERSE: 3_000, DATED: 20, HEDGED: 80}[symbol]
    tick = instrument.instrument.tick_size
    price = mark * Decimal(dice.randint(9990, 10010)) / 10_000 // tick * tick if dice.random() < 0.4 else None
    words: dict[str, Any] = {"leg": dice.choice(legs)}
    if price is not None:
        words["time_in_force"] = dice.choice(["gtc", "gtc", "ioc"])
    if dice.random() < 0.1:
        up = dice.random() < 0.5
        at = instrument.to_ticks(mark * (Decimal("1.002") if up else Decimal("0.998")) // tick * tick)
        words["trigger"] = Trigger(price_ticks=at, rule=TriggerRule.RISE if up else TriggerRule.FALL)
    if dice.random() < 0.1:
        ticks = instrument.to_ticks(mark)
        near, far = ticks * 1003 // 1000, ticks * 997 // 1000
        profit, loss = (near, far) if side == "buy" else (far, near)
        words["exits"] = Exits(
            scope=dice.choice(list(ExitScope)),
            take_profit=ExitOrder(trigger_ticks=profit),
            stop_loss=ExitOrder(trigger_ticks=loss),
        )
    quantity = instrument.quantity(dice.randint(1, usual) + usual // 5)
    bench.place(side, quantity, price, symbol=symbol, **words)


def test_random_trading_equals_plain_decimals() -> None:
    seed = random.randrange(1 << 30)
    sys.stdout.write(f"seed {seed}, {TRADES} trades\n")
    dice, bench = random.Random(seed), Bench()
    bench.venue.operator.set_price(HEDGED, Decimal(3_500))
    bench.venue.set_position_mode("sim", True, symbol=HEDGED)
    fills, number = list[VenueFill](), 0
    while len(fills) < TRADES:
        number += 1
        try:
            act(bench, dice)
        except VenueReject:
            continue
        if number % 50 == 0:
            bench.venue.cancel_all("sim")
            fills = bench.venue.fills("sim")
    bench.venue.cancel_all("sim")
    with localcontext() as context:
        context.prec = 120  # entries have up to 60 decimals: their sum is to be exact
        check(bench)
    kinds = {fill.kind for fill in bench.venue.fills("sim")}
    assert kinds >= {"trade", "funding", "adl"}
    bench.venue.close()


def check(bench: Bench) -> None:
    positions: dict[tuple[str, Leg], Plain] = defaultdict(Plain)
    wallet: dict[str, Decimal] = defaultdict(Decimal)
    for entry in bench.venue.cash_entries("sim"):
        if entry.kind in {"start", "transfer"}:
            wallet[entry.currency] += entry.amount
    for fill in bench.venue.fills("sim")[::-1]:
        replay(bench.venue.instruments[fill.symbol], fill, positions[fill.symbol, fill.leg], wallet)
    for (symbol, leg), plain in positions.items():
        instrument, settle = bench.venue.instruments[symbol], bench.venue.instruments[symbol].instrument.settle
        if instrument.is_spot:
            continue
        wallet[settle] += plain.profit
        found = bench.venue.position("sim", symbol, leg)
        signed = instrument.quantity(found.quantity_lots) * (-1 if found.side == "sell" else 1)
        assert signed == plain.quantity
        assert abs(found.cumulative_realized_pnl - plain.profit) < ALLOWED
        if plain.quantity:
            assert found.entry_price is not None
            assert abs(found.entry_price - plain.average) < ALLOWED
    entries: dict[str, Decimal] = defaultdict(Decimal)
    for entry in bench.venue.cash_entries("sim"):
        entries[entry.currency] += entry.amount
    for balance in bench.venue.balances("sim"):
        assert balance.total == entries[balance.currency]
        assert abs(balance.total - wallet[balance.currency]) < ALLOWED


def replay(instrument: VenueInstrument, fill: VenueFill, position: Plain, wallet: dict[str, Decimal]) -> None:
    terms, price = instrument.instrument, instrument.price(fill.price_ticks)
    quantity = instrument.quantity(fill.quantity_lots)
    worth = quantity / price if instrument.is_inverse else quantity * price
    sign = 1 if fill.side == "buy" else -1
    if fill.kind == "funding":
        wallet[terms.settle] -= sign * worth * fill.fee_rate
        return
    rate = instrument.fees.maker if fill.is_maker else instrument.fees.taker
    if instrument.is_spot:
        wallet[terms.base] += sign * quantity
        wallet[terms.quote] -= sign * worth
        usual = (terms.base, quantity * rate) if fill.side == "buy" else (terms.quote, worth * rate)
        pay_fee(fill, usual, wallet)
        return
    assert position.quantity == 0 or fill.closed_lots <= abs(position.quantity) / terms.lot_step
    pay_fee(fill, (terms.settle, worth * (0 if fill.kind == "delivery" else rate)), wallet)
    book(position, fill.side, quantity, price, inverse=instrument.is_inverse)


def pay_fee(fill: VenueFill, usual: tuple[str, Decimal], wallet: dict[str, Decimal]) -> None:
    """Take the fee: worked out, or as told where the account pays in another coin at a price of that moment."""
    currency, fee = usual if fill.fee_currency == usual[0] else (fill.fee_currency, fill.fee)
    wallet[currency] -= fee
