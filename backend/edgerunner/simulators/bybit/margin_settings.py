"""Margin settings: cross or isolated, and the money set apart for isolated positions.

Pages "Set Margin Mode", "Add Or Reduce Margin", "Set Auto Add Margin" of the Bybit V5 documentation.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.bybit import codes, fields, position_objects
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.categories import Category, venue_key
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.legs import LEGS
from edgerunner.simulators.bybit.order_request import parse_category
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import MarginMode, RejectReason, VenueReject

MODES: Final = {
    "REGULAR_MARGIN": MarginMode.CROSS,
    "ISOLATED_MARGIN": MarginMode.ISOLATED,
    "PORTFOLIO_MARGIN": MarginMode.PORTFOLIO,
}
MODE_WORDS: Final = {mode: word for word, mode in MODES.items()}
_AMOUNT: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,18})?")


class MarginSettings:
    """Sets what backs the positions of one account."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def set_mode(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Switch the account between cross and isolated margin; portfolio margin is refused (3400045)."""
        word = fields.text(body, "setMarginMode")
        if word not in MODES:
            raise codes.parameter_error("params error: setMarginMode invalid")
        try:
            self._venue.set_margin_mode(caller.account_id, MODES[word])
        except VenueReject as refused:
            if refused.reason is RejectReason.NOT_MODIFIED:
                raise codes.WireError(codes.MARGIN_MODE_NOT_MODIFIED) from refused
            failed = codes.SET_MARGIN_MODE_FAILED
            raise codes.WireError(failed, f"{failed.text}: {refused.detail}") from refused
        return Answer(result={"reasons": []})

    def add_margin(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Add margin to an isolated position, or take added margin back (negative)."""
        category, symbol = self._symbol(body)
        text = fields.text(body, "margin") or ""
        if not _AMOUNT.fullmatch(text):
            raise codes.parameter_error("params error: margin invalid")
        leg = LEGS[fields.position_index(body)]
        try:
            position = self._venue.add_margin(caller.account_id, symbol, leg, Decimal(text))
        except VenueReject as refused:
            raise codes.WireError(codes.refusal_of(refused.reason, category)) from refused
        return Answer(result={"category": category.value, **position_objects.position_object(self._venue, position)})

    def set_auto_add_margin(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Turn automatic adding off, as it is; turning it on is refused: it is not simulated."""
        category, symbol = self._symbol(body)
        wanted = body.get("autoAddMargin")
        if isinstance(wanted, bool) or wanted not in (0, 1):
            raise codes.parameter_error("params error: autoAddMargin invalid")
        leg = LEGS[fields.position_index(body)]
        try:
            self._venue.set_auto_add_margin(caller.account_id, symbol, leg, wanted == 1)
        except VenueReject as refused:
            if refused.reason is RejectReason.NOT_MODIFIED:
                raise codes.WireError(codes.MARGIN_NOT_MODIFIED) from refused
            raise codes.WireError(codes.refusal_of(refused.reason, category)) from refused
        return Answer()

    def _symbol(self, body: Mapping[str, Any]) -> tuple[Category, str]:
        category = parse_category(body)
        symbol = venue_key(category, fields.text(body, "symbol") or "")
        if category.is_spot:
            raise codes.parameter_error("params error: category invalid")
        if symbol not in self._venue.instruments:
            raise codes.WireError(codes.refusal_of(RejectReason.UNKNOWN_SYMBOL, category))
        return category, symbol
