"""What a fill does to orders, positions and money."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from edgerunner.domain.numbers import round_money
from edgerunner.matching.position import share, trade, unrealized
from edgerunner.simulators.accounts import ZERO, Account
from edgerunner.simulators.clock import VirtualClock
from edgerunner.simulators.venue_types import (
    CashEntry,
    FillHappened,
    Leg,
    OrderState,
    PositionSettled,
    VenueFill,
    VenueInstrument,
    VenueOrder,
)
from edgerunner.simulators.work import Numbers, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One side of a trade; ``fee_rate`` None = as the instrument's schedule says."""

    price_ticks: int
    lots: int
    is_maker: bool
    kind: str = "trade"
    fee_rate: Decimal | None = None


class Settlement:
    """Books fills and cash movements on accounts."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        clock: VirtualClock,
        numbers: Numbers,
        dollar_price: Callable[[str], Decimal],
    ) -> None:
        self._accounts = accounts
        self._dollar_price = dollar_price
        self._clock = clock
        self.numbers = numbers

    def fill(self, work: Work, instrument: VenueInstrument, order: VenueOrder, done: Execution) -> VenueOrder:
        """Book one fill and return the order after it; the account's listing of the order is the caller's."""
        value = instrument.value(done.price_ticks, done.lots)
        number = self.numbers.next_fill()
        trade_id = self.numbers.trade_id(number)
        rate = instrument.fees.rate(is_maker=done.is_maker) if done.fee_rate is None else done.fee_rate
        fee_currency, fee = _fee(instrument, order, done, rate)
        leverage = self._accounts[order.account_id].position(instrument, order.leg).leverage
        booked = self._book(work, instrument, order, done, trade_id=trade_id, fee=fee)
        fee_currency, fee = self._in_fee_coin(order.account_id, fee_currency, fee)
        self.move(work, order.account_id, fee_currency, -fee, kind="fee", symbol=order.symbol, trade_id=trade_id)
        after = _after_fill(order, done.lots, value, fee_currency=fee_currency, fee=fee)
        after = replace(after, updated_ns=self._clock.now_ns(), sequence=self.numbers.next_sequence())
        fill = VenueFill(
            number=number,
            trade_id=trade_id,
            order_id=order.order_id,
            client_key=order.client_key,
            account_id=order.account_id,
            symbol=order.symbol,
            side=order.side,
            price_ticks=done.price_ticks,
            quantity_lots=done.lots,
            value=value,
            fee=fee,
            fee_currency=fee_currency,
            fee_rate=rate,
            is_maker=done.is_maker,
            time_ns=after.updated_ns,
            leaves_lots=max(0, after.quantity_lots - after.filled_lots),
            sequence=after.sequence,
            closed_lots=booked.closed_lots,
            realized_pnl=booked.realized_pnl,
            kind=done.kind,
            leg=order.leg,
            open_fee=booked.open_fee,
            leverage=leverage,
        )
        work.transaction.fills.append(fill)
        work.events.append(FillHappened(fill=fill, order=after))
        return after

    def funding(
        self,
        work: Work,
        instrument: VenueInstrument,
        *,
        account_id: str,
        leg: Leg,
        lots: int,
        paid: Decimal,
        value: Decimal,
        rate: Decimal,
        price_ticks: int,
        time_ns: int,
    ) -> None:
        """Book one payment (negative = received) on a position of signed lots."""
        number = self.numbers.next_fill()
        currency, symbol = instrument.instrument.settle, instrument.symbol
        fill = VenueFill(
            number=number,
            trade_id=self.numbers.trade_id(number),
            order_id="",
            client_key=None,
            account_id=account_id,
            symbol=symbol,
            side="buy" if lots > 0 else "sell",
            price_ticks=price_ticks,
            quantity_lots=abs(lots),
            value=value,
            fee=paid,
            fee_currency=currency,
            fee_rate=rate,
            is_maker=False,
            time_ns=time_ns,
            leaves_lots=0,
            sequence=self.numbers.next_sequence(),
            closed_lots=0,
            realized_pnl=ZERO,
            kind="funding",
            leg=leg,
            leverage=self._accounts[account_id].position(instrument, leg).leverage,
        )
        work.transaction.fills.append(fill)
        work.events.append(PositionSettled(fill=fill))
        work.positions[account_id, symbol, leg] = None
        self.move(
            work, account_id, currency, -paid, kind="funding", symbol=symbol, trade_id=fill.trade_id, time_ns=time_ns
        )

    def pay_profit(
        self, work: Work, instrument: VenueInstrument, *, account_id: str, leg: Leg, lot_value: Decimal
    ) -> None:
        """Pay what a position has gained (or lost) at a mark price since it was paid last."""
        account = self._accounts[account_id]
        state = account.position(instrument, leg)
        profit = unrealized(state.net, lot_value, inverse=instrument.is_inverse)
        account.positions[instrument.symbol, leg] = replace(
            state, settled=profit, updated_ns=self._clock.now_ns(), sequence=self.numbers.next_sequence()
        )
        work.positions[account_id, instrument.symbol, leg] = None
        paid = profit - state.settled
        self.move(work, account_id, instrument.instrument.settle, paid, kind="variation", symbol=instrument.symbol)

    def move(
        self,
        work: Work,
        account_id: str,
        currency: str,
        amount: Decimal,
        *,
        kind: str,
        symbol: str | None = None,
        trade_id: str | None = None,
        time_ns: int | None = None,
    ) -> None:
        """Book a cash movement (of now, unless ``time_ns`` says when); nothing happens for an amount of 0."""
        if not amount:
            return
        account = self._accounts[account_id]
        total = account.balances.get(currency, ZERO) + amount
        account.balances[currency] = total
        number = self.numbers.next_cash()
        entry = CashEntry(
            number=number,
            entry_id=self.numbers.entry_id(number),
            account_id=account_id,
            kind=kind,
            currency=currency,
            amount=amount,
            balance_after=total,
            symbol=symbol,
            trade_id=trade_id,
            time_ns=self._clock.now_ns() if time_ns is None else time_ns,
        )
        work.transaction.cash.append(entry)
        work.transaction.balances[account_id, currency] = total
        work.accounts[account_id] = None

    def _in_fee_coin(self, account_id: str, currency: str, fee: Decimal) -> tuple[str, Decimal]:
        """Return currency and fee after an account's choice to pay fees in a coin of its own."""
        chosen = self._accounts[account_id].fee_coin
        if chosen is None or chosen[0] == currency:
            return currency, fee
        coin, price = chosen
        return coin, round_money(fee * self._dollar_price(currency) / price)

    def _book(
        self,
        work: Work,
        instrument: VenueInstrument,
        order: VenueOrder,
        done: Execution,
        *,
        trade_id: str,
        fee: Decimal,
    ) -> "_Booked":
        """Exchange coins or currencies, change the position, pay its price or its profit."""
        terms = instrument.instrument
        account_id, symbol = order.account_id, order.symbol
        value = instrument.value(done.price_ticks, done.lots)
        if instrument.is_spot or instrument.exchanges_money:
            sign = 1 if order.side == "buy" else -1
            coins = sign * instrument.quantity(done.lots)
            self.move(work, account_id, terms.base, coins, kind="trade", symbol=symbol, trade_id=trade_id)
            self.move(work, account_id, terms.quote, -sign * value, kind="trade", symbol=symbol, trade_id=trade_id)
        if instrument.is_spot:
            return _Booked()
        own_fee = ZERO if instrument.exchanges_money else fee
        booked = self._change_position(work, instrument, order, lots=done.lots, value=value, fee=own_fee)
        if instrument.exchanges_money:
            return booked
        paid = booked.realized_pnl - booked.settled
        if instrument.pays_in_full:
            paid = -value if order.side == "buy" else value
        self.move(work, account_id, terms.settle, paid, kind="trade", symbol=symbol, trade_id=trade_id)
        return booked

    def _change_position(
        self, work: Work, instrument: VenueInstrument, order: VenueOrder, *, lots: int, value: Decimal, fee: Decimal
    ) -> "_Booked":
        account = self._accounts[order.account_id]
        state = account.position(instrument, order.leg)
        change = trade(state.net, order.side, lots, value, inverse=instrument.is_inverse)
        opened = lots - change.closed_lots
        released = share(state.open_fees, change.closed_lots, abs(state.net.lots))
        settled = share(state.settled, change.closed_lots, abs(state.net.lots))
        now = self._clock.now_ns()
        opened_anew = opened > 0 and state.net.lots * change.position.lots <= 0
        account.positions[order.symbol, order.leg] = replace(
            state,
            net=change.position,
            realized_pnl=ZERO if opened_anew else state.realized_pnl + change.realized_pnl,
            cumulative_realized_pnl=state.cumulative_realized_pnl + change.realized_pnl,
            open_fees=state.open_fees - released + share(fee, opened, lots),
            settled=state.settled - settled,
            added_margin=state.added_margin - share(state.added_margin, change.closed_lots, abs(state.net.lots)),
            created_ns=state.created_ns or now,
            updated_ns=now,
            sequence=self.numbers.next_sequence(),
        )
        work.positions[order.account_id, order.symbol, order.leg] = None
        return _Booked(
            closed_lots=change.closed_lots, realized_pnl=change.realized_pnl, open_fee=released, settled=settled
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Booked:
    closed_lots: int = 0
    realized_pnl: Decimal = ZERO
    open_fee: Decimal = ZERO
    settled: Decimal = ZERO


def _fee(instrument: VenueInstrument, order: VenueOrder, done: Execution, rate: Decimal) -> tuple[str, Decimal]:
    """Return currency and fee: by the order's commission, else what is received pays on spot, else settle currency."""
    terms, commission = instrument.instrument, instrument.commission
    if commission is not None and done.fee_rate is None:
        value = order.filled_value + instrument.value(done.price_ticks, done.lots)
        total = commission.total(instrument.quantity(order.filled_lots + done.lots), value)
        return commission.currency, total - order.fees.get(commission.currency, ZERO)
    if instrument.is_spot and order.side == "buy":
        return terms.base, instrument.quantity(done.lots) * rate
    fee = instrument.value(done.price_ticks, done.lots) * rate
    return terms.quote if instrument.is_spot else terms.settle, fee


def _after_fill(order: VenueOrder, lots: int, value: Decimal, *, fee_currency: str, fee: Decimal) -> VenueOrder:
    filled = order.filled_lots + lots
    is_done = order.quote_amount is None and filled == order.quantity_lots
    return replace(
        order,
        filled_lots=filled,
        filled_value=order.filled_value + value,
        fees={**order.fees, fee_currency: order.fees.get(fee_currency, ZERO) + fee},
        state=OrderState.FILLED if is_done else OrderState.PARTIALLY_FILLED,
        live=not is_done,
    )
