"""Random trading through the adapter: its stream, its records, the broker's ledger and plain decimals tell one story.

Linear contracts (one of them hedged, one dated), an inverse one and spot are traded side by side, with funding, fees in
another coin, moving prices, resting and conditional orders. The figures are worked out again from the fills that the
adapter streamed, with nothing of the venue's or the product's own arithmetic. ``EDGERUNNER_ADAPTER_TRADES`` (1,000)
makes the session longer; its summary goes to stdout.
"""

import asyncio
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

import pytest

from edgerunner.adapters.broker import CancelOrder, CashReport, FillReport, PlaceOrder
from edgerunner.domain.errors import BrokerRejected, InvalidRequest, OutcomeUnknown
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import floor_to_step
from edgerunner.domain.orders import Liquidity, OrderTerms, OrderType, Side, TimeInForce
from edgerunner.simulators.venue_types import VenueFill, VenueInstrument, VenuePosition
from tests.contract.bybit_harness import ACCOUNT, BybitOnSimulator, bybit_on_simulator
from tests.contract.harness import until
from tests.unit.simulators.test_recomputation import Plain, book

TRADES = int(os.environ.get("EDGERUNNER_ADAPTER_TRADES", "1000"))
ALLOWED = Decimal("1e-9")
"""Averages are quotients: two ways to round them differ far behind the last decimal that anybody pays."""

SHOWN = Decimal("1e-7")
"""Bybit's lists show averages rounded."""

HEDGED, SPOT, INVERSE = "linear:ETHUSDT", "spot:BTCUSDT", "inverse:BTCUSD"
DESKS = {
    "linear": ("linear:BTCUSDT", HEDGED, "linear:BTCUSDT-24DEC27"),
    "spot": (SPOT, "spot:ETHUSDT"),
    "inverse": (INVERSE,),
}
SYMBOLS = tuple(symbol for desk in DESKS.values() for symbol in desk)
SIZES = {"linear:BTCUSDT": 10_000, HEDGED: 15_000, "linear:BTCUSDT-24DEC27": 600, INVERSE: 200_000}
SIZES |= {SPOT: 900_000, "spot:ETHUSDT": 900_000}
"""Largest order in lots: enough to take several levels of the book."""

STARTED = {"USDT": Decimal(100_000), "BTC": Decimal(1)}
PAID_IN = {"USDT": Decimal(50_000_000), "BTC": Decimal(500), "ETH": Decimal(5_000)}

SETTLEMENTS = 12
"""Of funding, spread over the session."""

SLOWEST_TRADE_S = 0.2

Fills = dict[str, FillReport]


def id_of(symbol: str) -> str:
    category, _, name = symbol.partition(":")
    return f"{name}-{category.upper()}.BYBIT"


@dataclass
class Session:
    """What is traded, and what was expected of it at the moment of trading."""

    broker: BybitOnSimulator
    dice: random.Random
    since_ns: int
    funding: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    refused: int = 0
    unanswered: int = 0
    orders: int = 0

    def instrument(self, symbol: str) -> Instrument:
        return self.broker.adapter.get_instrument(id_of(symbol))

    def streamed(self) -> Fills:
        """Every fill the stream told, once, in the order of its first telling."""
        found: Fills = {}
        for update in self.broker.updates:
            if isinstance(update, FillReport):
                found.setdefault(update.fill.trade_id, update)
        return found


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    seed = random.randrange(1 << 30)
    sys.stdout.write(f"seed {seed}\n")
    since_ns = time.time_ns() - 10**9
    async with bybit_on_simulator("linear:BTCUSDT", queue_timeout_s=60) as broker:
        broker.venue.set_position_mode(ACCOUNT, True, symbol=HEDGED)
        for currency, amount in PAID_IN.items():
            broker.venue.operator.move_cash(ACCOUNT, currency, amount)
        yield Session(broker=broker, dice=random.Random(seed), since_ns=since_ns)


async def trade(session: Session, symbols: Sequence[str], done: asyncio.Event) -> None:
    """One desk: places random orders, and cancels those that rest for long."""
    resting: list[CancelOrder] = []
    while not done.is_set():
        symbol = session.dice.choice(symbols)
        key = session.broker.new_key()
        try:
            terms = await random_terms(session, symbol)
            account_id = session.broker.account_id
            await session.broker.adapter.place_order(
                PlaceOrder(client_order_id=key, account_id=account_id, terms=terms)
            )
        except (BrokerRejected, InvalidRequest):
            session.refused += 1
            continue
        except OutcomeUnknown:  # a machine that is overloaded or was asleep: the ledger tells what became of it
            session.unanswered += 1
            continue
        session.orders += 1
        if terms.order_type is not OrderType.MARKET and terms.time_in_force is TimeInForce.GTC:
            instrument_id = terms.instrument_id
            resting.append(
                CancelOrder(
                    client_order_id=key, venue_order_id=None, account_id=account_id, instrument_id=instrument_id
                )
            )
        if len(resting) > 4:
            await cancel(session, resting.pop(0))
    for command in resting:
        await cancel(session, command)


async def cancel(session: Session, command: CancelOrder) -> None:
    try:
        await session.broker.adapter.cancel_order(command)
    except BrokerRejected:
        session.refused += 1  # filled meanwhile
    except OutcomeUnknown:
        session.unanswered += 1


async def random_terms(session: Session, symbol: str) -> OrderTerms:
    dice, instrument = session.dice, session.instrument(symbol)
    price = session.broker.venue.mark_price(symbol)
    kind = dice.choices(
        [OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_MARKET, OrderType.LIMIT_IF_TOUCHED], [60, 30, 5, 5]
    )[0]
    side = dice.choice(list(Side))
    lots = max(dice.randint(1, SIZES[symbol]), SIZES[symbol] // 50)

    def near(share_of_ten_thousand: int) -> Decimal:
        return floor_to_step(price * (10_000 + share_of_ten_thousand) / 10_000, instrument.tick_size)

    away = side.sign * (1 if kind is OrderType.STOP_MARKET else -1)
    return OrderTerms(
        instrument_id=instrument.instrument_id,
        side=side,
        order_type=kind,
        quantity=lots * instrument.lot_step,
        quantity_unit=instrument.quantity_unit,
        price=near(dice.randint(-8, 8)) if kind.has_price else None,
        trigger_price=near(away * dice.randint(3, 20)) if kind.has_trigger else None,
        time_in_force=dice.choice([TimeInForce.GTC, TimeInForce.IOC]) if kind is OrderType.LIMIT else TimeInForce.GTC,
        position_id=dice.choice(["long", "short"]) if symbol == HEDGED else None,
    )


async def be_the_market(session: Session, done: asyncio.Event) -> None:
    """Move prices, settle funding, charge fees in another coin now and then; decide when it is enough."""
    venue, dice, start = session.broker.venue, session.dice, {}
    for symbol in SYMBOLS:
        start[symbol] = venue.mark_price(symbol)
    settled = 0
    while (traded := len(session.streamed())) < TRADES:
        share = Decimal(dice.randint(9_900, 10_100)) / 10_000
        for symbol in SYMBOLS:
            tick = session.instrument(symbol).tick_size
            venue.operator.set_price(symbol, floor_to_step(start[symbol] * share, tick))
        if traded * SETTLEMENTS >= TRADES * settled:
            settle_funding(session, (HEDGED, "linear:BTCUSDT", INVERSE)[settled % 3])
            settled += 1
        if dice.random() < 0.1:
            venue.operator.set_fee_currency(ACCOUNT, dice.choice([None, "ETH"]))
        waiting = asyncio.get_running_loop().create_future()
        await asyncio.wait([waiting], timeout=0.2)
    done.set()


def settle_funding(session: Session, symbol: str) -> None:
    """Let positions pay, and note what they have to by the rule: the long side pays rate * value."""
    venue = session.broker.venue
    rate = Decimal(session.dice.randint(-300, 300)) / 1_000_000
    for leg in venue.legs(ACCOUNT, symbol):
        position = venue.position(ACCOUNT, symbol, leg)
        worth = value_of(venue.instruments[symbol], position, venue.mark_price(symbol))
        session.funding[session.instrument(symbol).settle] -= rate * worth
    venue.operator.settle_funding(symbol, rate)


def value_of(instrument: VenueInstrument, position: VenuePosition, price: Decimal) -> Decimal:
    quantity = instrument.quantity(position.quantity_lots) * (1 if position.side == "buy" else -1)
    return quantity / price if instrument.is_inverse else quantity * price


@dataclass
class Recomputed:
    """Positions and money from nothing but fills."""

    positions: defaultdict[tuple[str, str], Plain] = field(default_factory=lambda: defaultdict(Plain))
    wallet: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    wrong_fees: list[str] = field(default_factory=list)

    def add(self, report: FillReport, instrument: VenueInstrument) -> None:
        fill, terms = report.fill, instrument.instrument
        sign = 1 if fill.side is Side.BUY else -1
        worth = fill.quantity / fill.price if instrument.is_inverse else fill.quantity * fill.price
        rate = instrument.fees.maker if fill.liquidity is Liquidity.MAKER else instrument.fees.taker
        usual, fee = terms.settle, worth * rate
        if instrument.is_spot:
            self.wallet[terms.base] += sign * fill.quantity
            self.wallet[terms.quote] -= sign * worth
            usual, fee = (terms.base, fill.quantity * rate) if fill.side is Side.BUY else (terms.quote, fee)
        else:
            position = self.positions[terms.instrument_id, fill.leg]
            before = position.profit
            book(position, str(fill.side), fill.quantity, fill.price, inverse=instrument.is_inverse)
            self.wallet[terms.settle] += position.profit - before
        if fill.fee.currency == usual and abs(fill.fee.amount - fee) > ALLOWED:
            self.wrong_fees.append(f"{fill.trade_id}: {fill.fee.amount} instead of {fee}")
        self.wallet[fill.fee.currency] -= fill.fee.amount


def plain_fill(instruments: dict[str, VenueInstrument], fill: VenueFill) -> tuple[object, ...]:
    instrument = instruments[fill.symbol]
    return (
        id_of(fill.symbol),
        fill.order_id,
        fill.side,
        instrument.quantity(fill.quantity_lots),
        instrument.price(fill.price_ticks),
        (fill.fee_currency, fill.fee),
        fill.leg.value,
        fill.is_maker,
    )


def plain_report(report: FillReport) -> tuple[object, ...]:
    fill = report.fill
    is_maker = fill.liquidity is Liquidity.MAKER
    fee = (fill.fee.currency, fill.fee.amount)
    return (fill.instrument_id, fill.venue_order_id, str(fill.side), fill.quantity, fill.price, fee, fill.leg, is_maker)


async def test_stream_records_ledger_and_plain_decimals_agree(session: Session) -> None:
    done, started = asyncio.Event(), time.monotonic()
    async with asyncio.timeout(60 + TRADES * SLOWEST_TRADE_S), asyncio.TaskGroup() as group:
        for symbols in DESKS.values():
            group.create_task(trade(session, symbols, done))
        group.create_task(be_the_market(session, done))
    venue = session.broker.venue
    venue.cancel_all(ACCOUNT)
    traded_s = time.monotonic() - started
    oldest_first = sorted(venue.fills(ACCOUNT), key=lambda fill: fill.number)
    ledger = {fill.trade_id: fill for fill in oldest_first if fill.kind != "funding"}
    await until(lambda: len(session.streamed()) >= len(ledger), lambda: "the stream to tell every fill")
    streamed = session.streamed()
    await agree_on_fills(session, streamed, ledger)
    with localcontext() as context:
        context.prec = 60
        recomputed = Recomputed()
        for report in streamed.values():
            recomputed.add(report, venue.instruments[symbol_of(report)])
        assert recomputed.wrong_fees == []
        await agree_on_positions(session, recomputed)
        await agree_on_money(session, recomputed)
    summarise(session, streamed.values(), traded_s)


def symbol_of(report: FillReport) -> str:
    return next(symbol for symbol in SYMBOLS if id_of(symbol) == report.fill.instrument_id)


async def agree_on_fills(session: Session, streamed: Fills, ledger: dict[str, VenueFill]) -> None:
    instruments = dict(session.broker.venue.instruments)
    expected = {trade_id: plain_fill(instruments, fill) for trade_id, fill in ledger.items()}
    assert {trade_id: plain_report(report) for trade_id, report in streamed.items()} == expected
    listed = await session.broker.adapter.get_fills(session.since_ns)
    assert len(listed) == len(ledger)
    assert {report.fill.trade_id: plain_report(report) for report in listed} == expected
    for symbol in SYMBOLS:  # an average cost depends on the order of the fills
        told = [each.fill.trade_id for each in streamed.values() if each.fill.instrument_id == id_of(symbol)]
        read = [each.fill.trade_id for each in listed if each.fill.instrument_id == id_of(symbol)]
        booked = [trade_id for trade_id, fill in ledger.items() if fill.symbol == symbol]
        assert told == booked
        assert read == booked


async def agree_on_positions(session: Session, recomputed: Recomputed) -> None:
    venue, adapter = session.broker.venue, session.broker.adapter
    reports = {(each.instrument_id, each.leg): each for each in await adapter.get_positions()}
    for symbol in SYMBOLS:
        instrument = venue.instruments[symbol]
        if instrument.is_spot:
            continue
        for leg in venue.legs(ACCOUNT, symbol):
            plain = recomputed.positions[id_of(symbol), leg.value]
            found = venue.position(ACCOUNT, symbol, leg)
            sign = 1 if found.side == "buy" else -1
            assert plain.quantity == sign * instrument.quantity(found.quantity_lots)
            assert abs(found.cumulative_realized_pnl - plain.profit) < ALLOWED, (symbol, leg)
            report = reports.pop((id_of(symbol), leg.value), None)
            assert (Decimal(0) if report is None else report.quantity) == plain.quantity
            if plain.quantity:
                assert found.entry_price is not None
                assert report is not None
                assert report.average_price is not None
                assert abs(found.entry_price - plain.average) < ALLOWED
                assert abs(report.average_price - plain.average) < SHOWN
    balances = {balance.currency: balance.total for balance in venue.balances(ACCOUNT)}
    assert {key[0]: report.quantity for key, report in reports.items()} == {
        id_of(f"spot:{coin}USDT"): total for coin, total in balances.items() if coin != "USDT" and total
    }


async def agree_on_money(session: Session, recomputed: Recomputed) -> None:
    venue, adapter = session.broker.venue, session.broker.adapter
    movements = await adapter.get_cash_movements(session.since_ns)
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    funding: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in movements:
        bucket = funding if each.movement.kind == "funding" else paid
        bucket[each.movement.currency] += each.movement.amount
    assert {currency: paid[currency] for currency in PAID_IN} == {
        currency: amount + STARTED.get(currency, 0) for currency, amount in PAID_IN.items()
    }
    for currency in ("USDT", "BTC"):
        assert abs(funding[currency] - session.funding[currency]) < ALLOWED
    told = {u.movement.movement_id: u.movement for u in session.broker.updates if isinstance(u, CashReport)}
    assert {key: value for key, value in told.items() if value != movement_named(movements, key)} == {}
    [summary] = await adapter.get_account_summary()
    shown = {balance.currency: balance.total for balance in summary.balances}
    for balance in venue.balances(ACCOUNT):
        currency = balance.currency
        plain = paid[currency] + recomputed.wallet[currency] + funding[currency]
        assert abs(balance.total - plain) < ALLOWED * 1000, currency
        assert shown[currency] == balance.total


def movement_named(movements: Iterable[CashReport], movement_id: str) -> object:
    return next((each.movement for each in movements if each.movement.movement_id == movement_id), None)


def summarise(session: Session, fills: Iterable[FillReport], traded_s: float) -> None:
    counts: defaultdict[str, int] = defaultdict(int)
    for report in fills:
        counts[symbol_of(report)] += 1
    parts = ", ".join(f"{count} {symbol}" for symbol, count in sorted(counts.items()))
    total = {currency: str(amount) for currency, amount in session.funding.items()}
    sys.stdout.write(
        f"{sum(counts.values())} trades of {session.orders} orders in {traded_s:.1f} s ({parts}); "
        f"{session.refused} refused, {session.unanswered} without an answer; funding {total}: all equal\n"
    )
