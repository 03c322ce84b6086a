"""Requests about positions: leverage, netting or hedging, exits."""

from dataclasses import replace
from decimal import Decimal

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.simulators.accounts import Account
from edgerunner.simulators.checks import Checks
from edgerunner.simulators.order_factory import closing_side
from edgerunner.simulators.venue_state import VenueState
from edgerunner.simulators.venue_types import (
    ExitOrder,
    Exits,
    ExitScope,
    Leg,
    MarginMode,
    OrderRequest,
    RejectReason,
    Trailing,
    VenueInstrument,
    VenuePosition,
    VenueReject,
)
from edgerunner.simulators.work import Work


class PositionRequests:
    """Checks and carries out what a client asks about its positions."""

    def __init__(self, state: VenueState) -> None:
        self._state = state
        self._checks = Checks(state)

    def set_leverage(self, account_id: str, symbol: str, buy: Decimal, sell: Decimal | None = None) -> VenuePosition:
        """Set the leverage; raises ``VenueReject`` (invalid_leverage, not_modified, funds).

        ``sell`` = of the short leg, None = the same; in netting mode both must be the same.
        """
        instrument, account = self._derivative(symbol, RejectReason.INVALID_LEVERAGE), self._state.account(account_id)
        sell = buy if sell is None else sell
        if not all(each.is_finite() and 1 <= each <= instrument.max_leverage for each in (buy, sell)):
            most = f"{instrument.max_leverage:f}"
            raise VenueReject(RejectReason.INVALID_LEVERAGE, f"leverage must lie between 1 and {most}")
        legs = account.legs(symbol)
        if legs == (Leg.NET,) and buy != sell:
            raise VenueReject(RejectReason.INVALID_LEVERAGE, "one net position has one leverage")
        wanted = {leg: sell if leg is Leg.SHORT else buy for leg in legs}
        if all(account.position(instrument, leg).leverage == each for leg, each in wanted.items()):
            raise VenueReject(RejectReason.NOT_MODIFIED, "the leverage is as wanted already")
        self._state.funds.check_leverage(account, instrument, wanted)
        work = Work()
        for leg, leverage in wanted.items():
            account.positions[symbol, leg] = replace(account.position(instrument, leg), leverage=leverage)
            work.positions[account_id, symbol, leg] = None
        self._state.commit(work)
        return self._state.risk.view(account, instrument, legs[0])

    def set_position_mode(
        self,
        account_id: str,
        hedging: bool,  # noqa: FBT001 - a yes or no that wire layers pass on
        *,
        symbol: str | None = None,
        settle: str | None = None,
    ) -> None:
        """Let one symbol, or all of a settle currency, have two legs or one; raises ``VenueReject``.

        Refused with open positions or orders, where it is so already (not_modified), and for instruments that have
        no legs (unsupported).
        """
        account = self._state.account(account_id)
        chosen = [self._derivative(symbol, RejectReason.POSITION_MODE)] if symbol is not None else self._of(settle)
        if not chosen or not all(instrument.is_hedgeable for instrument in chosen):
            raise VenueReject(RejectReason.UNSUPPORTED, "these instruments have one net position only")
        changed = [each for each in chosen if (each.symbol in account.hedging) != hedging]
        if not changed:
            raise VenueReject(RejectReason.NOT_MODIFIED, "the position mode is as wanted already")
        for instrument in changed:
            self._check_is_idle(account, instrument)
        work = Work()
        for instrument in changed:
            self._switch(work, account, instrument, hedging=hedging)
        self._state.commit(work)

    def set_exits(
        self,
        account_id: str,
        symbol: str,
        leg: Leg = Leg.NET,
        *,
        scope: ExitScope = ExitScope.POSITION,
        take_profit: ExitOrder | None = None,
        stop_loss: ExitOrder | None = None,
        trailing_ticks: int | None = None,
        activation_ticks: int | None = None,
        quantity_lots: int | None = None,
    ) -> VenuePosition:
        """Set, change or remove the exits of a position; raises ``VenueReject``.

        None leaves an exit as it is; one with a trigger price of 0, or a trailing distance of 0, takes it away. Exits
        of a quantity (``quantity_lots``, None = all of the position) are added to those there are.
        """
        instrument, account = self._derivative(symbol, RejectReason.NO_POSITION), self._state.account(account_id)
        lots = self._open_lots(account, instrument, leg)
        exits = Exits(scope=scope, take_profit=take_profit, stop_loss=stop_loss)
        self._checks.exits_of_position(instrument, lots, exits)
        part = abs(lots) if quantity_lots is None else quantity_lots
        if scope is ExitScope.QUANTITY:
            _check_pair(exits, part, abs(lots))
        _check_trailing(trailing_ticks, activation_ticks)
        work = Work(positions={(account_id, symbol, leg): None})
        request = OrderRequest(
            account_id=account_id,
            symbol=symbol,
            side=closing_side(lots),
            order_type="market",
            quantity_lots=abs(lots),
            leg=leg,
            close_on_trigger=True,
        )
        with exact_arithmetic():
            if scope is ExitScope.QUANTITY:
                pair = replace(request, quantity_lots=part, close_on_trigger=False, reduce_only=True)
                self._state.exits.add_pair(work, pair, exits)
            else:
                self._state.exits.set_whole(work, account_id, symbol, leg, exits=exits)
            if trailing_ticks is not None:
                self._set_trailing(work, request, trailing_ticks, activation_ticks or None)
        if not work.transaction.orders:
            raise VenueReject(RejectReason.NOT_MODIFIED, "the exits are as wanted already")
        self._state.commit(work)
        self._state.feed.wake()
        return self._state.risk.view(account, instrument, leg)

    def set_margin_mode(self, account_id: str, mode: MarginMode) -> None:
        """Let positions share the account's money or keep to their own margin; raises ``VenueReject``."""
        account = self._state.account(account_id)
        if mode is MarginMode.PORTFOLIO:
            raise VenueReject(RejectReason.UNSUPPORTED, "portfolio margin is not simulated")
        if account.margin_mode is mode:
            raise VenueReject(RejectReason.NOT_MODIFIED, "the margin mode is as wanted already")
        before = account.margin_mode
        account.choose("margin_mode", mode.value)
        currencies = {self._state.instruments[symbol].instrument.settle for symbol in account.margined_symbols()}
        if any(self._state.funds.summary(account, currency).available < 0 for currency in currencies):
            account.choose("margin_mode", before.value)
            raise VenueReject(RejectReason.INSUFFICIENT_FUNDS, "the positions need more margin than is available")
        work = Work()
        work.transaction.settings[account_id, "margin_mode"] = mode.value
        self._state.commit(work)

    def add_margin(self, account_id: str, symbol: str, leg: Leg, amount: Decimal) -> VenuePosition:
        """Set more money apart for an isolated position (negative takes added money back); raises ``VenueReject``."""
        instrument, account = self._derivative(symbol, RejectReason.NO_POSITION), self._state.account(account_id)
        state = account.position(instrument, leg)
        if account.margin_mode is not MarginMode.ISOLATED:
            raise VenueReject(RejectReason.INVALID_MARGIN, "only an isolated position has a margin of its own")
        if not state.net.lots:
            raise VenueReject(RejectReason.NO_POSITION, f"there is no position in {instrument.name}")
        if not amount.is_finite() or not amount or state.added_margin + amount < 0:
            raise VenueReject(RejectReason.INVALID_MARGIN, "only what was added can be taken back")
        if amount > self._state.funds.summary(account, instrument.instrument.settle).available:
            raise VenueReject(RejectReason.INSUFFICIENT_FUNDS, "there is less money available than that")
        account.positions[symbol, leg] = replace(state, added_margin=state.added_margin + amount)
        self._state.commit(Work(positions={(account_id, symbol, leg): None}))
        return self._state.risk.view(account, instrument, leg)

    def set_auto_add_margin(self, account_id: str, symbol: str, leg: Leg, on: bool) -> None:  # noqa: FBT001 - as above
        """Raise ``VenueReject``: margin is not added by itself here; turning it off is what it is already."""
        self._state.account(account_id).position(self._state.instrument(symbol), leg)
        if on:
            raise VenueReject(RejectReason.UNSUPPORTED, "margin is not added by itself here")
        raise VenueReject(RejectReason.NOT_MODIFIED, "margin is not added by itself")

    def _open_lots(self, account: Account, instrument: VenueInstrument, leg: Leg) -> int:
        """Return the signed lots of a position as the market stands; raises ``VenueReject`` for none."""
        if leg not in account.legs(instrument.symbol):
            raise VenueReject(RejectReason.POSITION_MODE, f"there is no leg {leg} in this position mode")
        self._state.feed.advance(instrument.symbol)
        lots = account.position(instrument, leg).net.lots
        if not lots:
            raise VenueReject(RejectReason.NO_POSITION, f"there is no position in {instrument.name}")
        return lots

    def _set_trailing(
        self, work: Work, request: OrderRequest, distance_ticks: int, activation_ticks: int | None
    ) -> None:
        trailing = Trailing(distance_ticks=distance_ticks, activation_ticks=activation_ticks)
        mark = self._state.mark_ticks(request.symbol)
        known = self._state.exits.trailing_of(request.account_id, request.symbol, request.leg)
        if known is not None:
            if known.trailing is not None and replace(known.trailing, best_ticks=None) == trailing:
                return
            self._state.engine.close(work, known, "replaced")
        if distance_ticks:
            self._state.exits.add_trailing(work, request, trailing, mark)

    def _switch(self, work: Work, account: Account, instrument: VenueInstrument, *, hedging: bool) -> None:
        """Change the mode; the new legs keep the leverage."""
        symbol = instrument.symbol
        leverages = [account.position(instrument, leg).leverage for leg in account.legs(symbol)]
        account.choose(f"hedging:{symbol}", "yes" if hedging else "no")
        work.transaction.settings[account.account_id, f"hedging:{symbol}"] = "yes" if hedging else "no"
        for leg in account.legs(symbol):
            account.positions[symbol, leg] = replace(account.position(instrument, leg), leverage=leverages[0])
            work.positions[account.account_id, symbol, leg] = None

    def _check_is_idle(self, account: Account, instrument: VenueInstrument) -> None:
        if any(account.position(instrument, leg).net.lots for leg in account.legs(instrument.symbol)):
            raise VenueReject(RejectReason.POSITION_EXISTS, f"there is a position in {instrument.name}")
        if any(order.symbol == instrument.symbol for order in account.orders.live()):
            raise VenueReject(RejectReason.ORDERS_EXIST, f"there are orders in {instrument.name}")

    def _derivative(self, symbol: str, reason: RejectReason) -> VenueInstrument:
        instrument = self._state.instrument(symbol)
        if instrument.is_spot:
            raise VenueReject(reason, f"{instrument.name} is no derivative")
        return instrument

    def _of(self, settle: str | None) -> list[VenueInstrument]:
        listed = self._state.instruments.values()
        return [each for each in listed if each.is_hedgeable and each.instrument.settle == settle]


def _check_pair(exits: Exits, lots: int, position_lots: int) -> None:
    if not 0 < lots <= position_lots:
        raise VenueReject(RejectReason.INVALID_EXIT, "an exit closes part of the position, or all of it")
    if any(wish is not None and not wish.trigger_ticks for wish in (exits.take_profit, exits.stop_loss)):
        raise VenueReject(RejectReason.INVALID_EXIT, "cancel the order of an exit that has its own quantity")


def _check_trailing(distance_ticks: int | None, activation_ticks: int | None) -> None:
    if (distance_ticks or 0) < 0 or (activation_ticks or 0) < 0:
        raise VenueReject(RejectReason.INVALID_EXIT, "a trailing stop needs positive prices")
