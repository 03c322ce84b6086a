"""Position and account settings: trading-stop, position mode, leverage.

Pages "Set Trading Stop", "Switch Position Mode", "Set Leverage" of the Bybit V5 documentation.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.bybit import codes, conditions, fields
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.categories import Category, venue_key
from edgerunner.simulators.bybit.conditions import ExitsWish
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.legs import LEGS
from edgerunner.simulators.bybit.order_request import parse_category
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import (
    ExitScope,
    Leg,
    RejectReason,
    VenueInstrument,
    VenueReject,
)

MOST_PARTIAL_EXITS: Final = 20


class PositionSettings:
    """Sets what belongs to the positions of one account."""

    def __init__(self, venue: Venue, faults: FaultBox) -> None:
        self._venue = venue
        self._faults = faults

    def set_leverage(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Set the leverage of a symbol; both sides must be equal unless it is in hedge mode."""
        instrument = self._instrument(body)
        buy, sell = _leverage(body, "buyLeverage"), _leverage(body, "sellLeverage")
        if buy != sell and self._venue.legs(caller.account_id, instrument.symbol) == (Leg.NET,):
            raise codes.parameter_error("buy leverage not equal sell leverage")
        try:
            self._venue.set_leverage(caller.account_id, instrument.symbol, buy, sell)
        except VenueReject as refused:
            raise _refusal(refused, codes.LEVERAGE_NOT_MODIFIED) from refused
        return self._done(codes.LEVERAGE_NOT_MODIFIED)

    def switch_mode(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Switch one symbol, or all perpetuals of a coin, between one-way (0) and hedge mode (3)."""
        if parse_category(body) not in {Category.LINEAR, Category.INVERSE}:
            raise codes.parameter_error("params error: category invalid")
        coin = fields.text(body, "coin")
        if not body.get("symbol") and not coin:
            raise codes.parameter_error("params error: symbol or coin is required")
        mode = body.get("mode")
        if isinstance(mode, bool) or mode not in (0, 3):
            raise codes.parameter_error("params error: mode invalid")
        symbol = self._instrument(body).symbol if body.get("symbol") else None
        try:
            self._venue.set_position_mode(
                caller.account_id, mode == 3, symbol=symbol, settle=None if symbol is not None else coin
            )
        except VenueReject as refused:
            if refused.reason is RejectReason.UNSUPPORTED and mode == 0:
                raise codes.WireError(codes.POSITION_MODE_NOT_MODIFIED) from refused
            if refused.reason is RejectReason.UNSUPPORTED:
                raise codes.WireError(codes.HEDGE_MODE_UNAVAILABLE) from refused
            raise _refusal(refused, codes.POSITION_MODE_NOT_MODIFIED) from refused
        return self._done(codes.POSITION_MODE_NOT_MODIFIED)

    def trading_stop(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Set, change or ("0") take away take-profit, stop-loss and trailing stop of a position."""
        category, instrument = parse_category(body), self._instrument(body)
        wish = conditions.parse_exits(category, body)
        scope = conditions.parse_scope(body) or ExitScope.POSITION
        trailing = fields.optional_number(category, body, "trailingStop")
        active = fields.optional_number(category, body, "activePrice")
        if wish is None and trailing is None:
            raise codes.parameter_error("params error: takeProfit, stopLoss or trailingStop is required")
        if scope is ExitScope.QUANTITY:
            self._check_partial_exits(caller.account_id, instrument.symbol)
        try:
            self._venue.set_exits(
                caller.account_id,
                instrument.symbol,
                LEGS[fields.position_index(body)],
                scope=scope,
                take_profit=conditions.venue_exit(instrument, scope, wish.take_profit if wish else None),
                stop_loss=conditions.venue_exit(instrument, scope, wish.stop_loss if wish else None),
                trailing_ticks=_ticks(instrument, trailing),
                activation_ticks=_ticks(instrument, active),
                quantity_lots=_lots(instrument, category, body, wish) if scope is ExitScope.QUANTITY else None,
            )
        except VenueReject as refused:
            raise _refusal(refused, codes.POSITION_EXITS_NOT_MODIFIED) from refused
        return Answer()

    def _check_partial_exits(self, account_id: str, symbol: str) -> None:
        waiting = (order for order in self._venue.open_orders(account_id) if order.symbol == symbol)
        if sum((order.exit_kind or "").startswith("partial_") for order in waiting) >= MOST_PARTIAL_EXITS:
            raise codes.WireError(codes.TOO_MANY_PARTIAL_EXITS)

    def _done(self, not_modified: codes.Refusal) -> Answer:
        if self._faults.take(self._venue.name, "bybit.trap_not_modified", op="query") is not None:
            raise codes.WireError(not_modified)
        return Answer()

    def _instrument(self, body: Mapping[str, Any]) -> VenueInstrument:
        category, name = parse_category(body), fields.text(body, "symbol")
        if category.is_spot:
            raise codes.parameter_error("params error: category invalid")
        instrument = self._venue.instruments.get(venue_key(category, name or ""))
        if instrument is None:
            raise codes.WireError(codes.refusal_of(RejectReason.UNKNOWN_SYMBOL, category))
        return instrument


def _lots(
    instrument: VenueInstrument, category: Category, body: Mapping[str, Any], wish: ExitsWish | None
) -> int | None:
    """Return the quantity of a Partial pair: tpSize and slSize must be equal when both are given."""
    sizes = {
        size
        for name, side in (("tpSize", "take_profit"), ("slSize", "stop_loss"))
        if (size := fields.optional_number(category, body, name)) is not None and getattr(wish, side, None) is not None
    }
    if len(sizes) > 1:
        raise codes.parameter_error("params error: tpSize must be equal to slSize")
    return instrument.to_lots(sizes.pop()) if sizes else None


def _ticks(instrument: VenueInstrument, price: Decimal | None) -> int | None:
    if price is None:
        return None
    return instrument.to_ticks(price) if price else 0


def _leverage(body: Mapping[str, Any], name: str) -> Decimal:
    leverage = fields.optional_number(Category.LINEAR, body, name)
    if not leverage:
        raise codes.parameter_error(f"params error: {name} invalid")
    return leverage


def _refusal(refused: VenueReject, not_modified: codes.Refusal) -> codes.WireError:
    if refused.reason is RejectReason.NOT_MODIFIED:
        return codes.WireError(not_modified)
    return codes.WireError(codes.refusal_of(refused.reason, Category.LINEAR))
