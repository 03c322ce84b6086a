"""What only the broker itself can do: manual orders and fills, money in and out, liquidation, control of the market."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.simulators.market import MarketControl
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.replay import Recording
from edgerunner.simulators.timed import has_funding
from edgerunner.simulators.venue_state import VenueState
from edgerunner.simulators.venue_types import (
    Leg,
    RejectReason,
    VenueInstrument,
    VenueOrder,
    VenueReject,
)
from edgerunner.simulators.work import Work


class Operator:
    """The broker's own hand. Symbols are the venue's keys."""

    def __init__(self, state: VenueState) -> None:
        self._state = state

    @property
    def seed(self) -> int:
        """Return the seed of the market."""
        return self._state.market.seed

    def default_account(self) -> str:
        """Return the first account of the venue."""
        return next(iter(self._state.accounts))

    def instruments_named(self, name: str, product: str | None = None) -> list[VenueInstrument]:
        """Return the instruments meant by a key, an instrument id or a broker's name (which products may share)."""
        self._state.list(name)
        listed = self._state.instruments.values()
        exact = [each for each in listed if name in {each.symbol, each.instrument.instrument_id}]
        named = exact or [each for each in listed if each.name == name]
        return [each for each in named if product is None or each.product == product]

    def find_live(self, *, order_id: str | None, client_key: str | None) -> VenueOrder:
        """Return a live order of any account; raises ``VenueReject`` (unknown_order, order_closed)."""
        for account in self._state.accounts.values():
            found = account.orders.find(order_id, client_key)
            if found is not None and found.live:
                return found
            if found is not None:
                raise VenueReject(RejectReason.ORDER_CLOSED, f"order {found.order_id} is closed")
        raise VenueReject(RejectReason.UNKNOWN_ORDER, "there is no such order")

    def fill(self, order: VenueOrder, lots: int | None = None) -> VenueOrder:
        """Trade lots (None = all) of a resting order at its own price; raises ``VenueReject``."""
        if order.is_waiting:
            raise VenueReject(RejectReason.INVALID_TRIGGER, "the order waits for its trigger and cannot be filled")
        lots = order.leaves_lots if lots is None else lots
        if not 0 < lots <= order.leaves_lots:
            left = self._state.instruments[order.symbol].quantity(order.leaves_lots)
            raise VenueReject(RejectReason.INVALID_QUANTITY, f"the order has {left:f} left to trade")
        work = Work()
        with exact_arithmetic():
            after = self._state.engine.fill_by_hand(work, order, lots)
        self._state.commit(work)
        return after

    def open_account(self, account_id: str) -> None:
        """Open another account with the money that the first one started with; one that exists stays as it is."""
        self._state.open_account(account_id)

    def move_cash(self, account_id: str, currency: str, amount: Decimal, kind: str = "transfer") -> Decimal:
        """Pay money in or out and return the new total; an account may go below zero.

        Raises ``VenueReject`` for a currency that nothing prices, where accounts count in a base currency.
        """
        account = self._state.account(account_id)
        self._state.exchange_rate(currency)
        work = Work()
        with exact_arithmetic():
            self._state.settlement.move(work, account_id, currency, amount, kind=kind)
        self._state.commit(work)
        return account.balances.get(currency, Decimal(0))

    def liquidate(self, account_id: str, symbol: str, leg: Leg | None = None) -> VenueOrder:
        """Cancel the symbol's orders and close its position at the mark price by an order of the broker's.

        ``leg`` None = the one that is open, the first of two.

        Raises ``VenueReject`` (reduce_only_rejected) when there is no position.
        """
        instrument, account = self._state.instrument(symbol), self._state.account(account_id)
        legs = account.legs(symbol) if leg is None else (leg,)
        held = [(each, account.position(instrument, each).net.lots) for each in legs]
        leg, lots = next(((each, lots) for each, lots in held if lots), (Leg.NET, 0))
        if not lots:
            raise VenueReject(RejectReason.REDUCE_ONLY_REJECTED, f"there is no position in {instrument.name}")
        work = Work()
        with exact_arithmetic():
            order = self._state.risk.close(work, account, instrument, leg, origin="liquidation")
        self._state.commit(work)
        return order

    def adl(self, account_id: str, symbol: str, lots: int, leg: Leg = Leg.NET) -> VenueOrder:
        """Take lots of a position away at the mark price, as automatic deleveraging does; raises ``VenueReject``.

        Its orders are canceled, its exits stay with what is left.
        """
        instrument, account = self._state.instrument(symbol), self._state.account(account_id)
        held = abs(account.position(instrument, leg).net.lots)
        if not 0 < lots <= held:
            most = instrument.quantity(held)
            raise VenueReject(RejectReason.REDUCE_ONLY_REJECTED, f"the position is {most:f}")
        work = Work()
        with exact_arithmetic():
            order = self._state.risk.close(work, account, instrument, leg, origin="adl", lots=lots)
        self._state.commit(work)
        return order

    def set_fee_currency(self, account_id: str, currency: str | None, price: Decimal | None = None) -> None:
        """Charge an account's fees in another coin from now on (None = as usual); raises ``VenueReject``.

        ``price`` = of the coin in dollars, None = what it costs on the spot market now. A coin that the account does
        not hold goes below zero.
        """
        account, choice = self._state.account(account_id), ""
        if currency is not None:
            known = self._state.dollar_price(currency) if price is None else price
            if not known.is_finite() or known <= 0:
                raise VenueReject(RejectReason.INVALID_PRICE, "the price of a fee coin must be above 0")
            choice = f"{currency} {known:f}"
        account.choose("fee_coin", choice)
        work = Work()
        work.transaction.settings[account_id, "fee_coin"] = choice
        self._state.commit(work)

    def settle_funding(self, symbol: str, rate: Decimal | None = None) -> None:
        """Let positions in a symbol pay funding now, at ``rate`` (None = that of the interval that runs).

        Raises ``VenueReject`` (unsupported) for what has no funding.
        """
        instrument = self._state.instrument(symbol)
        if not has_funding(instrument):
            raise VenueReject(RejectReason.UNSUPPORTED, f"{instrument.name} has no funding")
        if rate is None:
            rate = self._state.market.funding_rate(symbol, self._state.clock.market_ns())
        work = Work()
        with exact_arithmetic():
            self._state.timed.pay_funding(
                work,
                instrument,
                rate=rate,
                ticks=self._state.mark_ticks(symbol),
                time_ns=self._state.clock.now_ns(),
            )
        self._state.commit(work)

    def set_price(self, symbol: str, price: Decimal | None) -> None:
        """Pin a symbol's price, or let it go back to the generated one; raises ``VenueReject``."""
        ticks = None if price is None else self._state.instrument(symbol).to_ticks(price)
        step = self._state.step()
        if ticks is None:
            self._state.control(MarketControl(step=step, symbol=symbol, kind="release"))
        else:
            self._state.control(MarketControl(step=step, symbol=symbol, kind="pin", ticks=ticks))

    def set_halt(self, symbol: str, *, halted: bool) -> None:
        """Halt trading in a symbol, or resume it."""
        step = self._state.step()
        self._state.control(MarketControl(step=step, symbol=symbol, kind="halt" if halted else "resume"))

    def show_bad_tick(self, symbol: str, value: Decimal) -> None:
        """Show an absurd quote for a second."""
        self._state.market.set_bad_tick(symbol, self._state.step(), value)
        self._state.feed.advance(symbol).changed()

    def replay(
        self, symbol: str, file: Path, recording: Recording, speed: float, *, start_ns: int | None = None
    ) -> None:
        """Play a recording as a symbol's price; ``file`` = where a restart finds it again.

        ``start_ns``: market time of its first row, to 100 ms; None = now. An earlier time than now rewrites history.
        """
        step = self._state.step() if start_ns is None else start_ns // STEP_NS
        control = MarketControl(step=step, symbol=symbol, kind="replay", file=str(file.resolve()), speed=speed)
        self._state.control(control, recording)

    def forget_history(self) -> None:
        """Empty the recent closed views; the full history stays."""
        self._state.forget_closed()

    def forget_recent(self) -> None:
        """Forget what a restart of the broker's server loses: the recent closed views."""
        self._state.forget_closed()

    def reset(self, seed: int | None = None) -> None:
        """Start over with start balances and another seed (None = the same)."""
        self._state.reset(self.seed if seed is None else seed)

    def account_ids(self) -> Sequence[str]:
        """Return the ids of all accounts."""
        return list(self._state.accounts)
