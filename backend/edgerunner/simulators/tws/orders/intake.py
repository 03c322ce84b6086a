"""Turns what a client writes in an order into what the venue understands, or refuses it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Final

from edgerunner.matching.words import OrderType, Side, TimeInForce
from edgerunner.simulators.catalogue_ibkr import symbol_of
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.contracts.directory import Directory, NoContract
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.orders import refusal
from edgerunner.simulators.tws.orders.hours import session_of
from edgerunner.simulators.tws.orders.identity import Owner, attributes_of, key_of
from edgerunner.simulators.tws.orders.prices import to_ticks
from edgerunner.simulators.tws.orders.refusal import OrderRefused, invalid, not_simulated
from edgerunner.simulators.tws.orders.times import parse_time
from edgerunner.simulators.tws.orders.triggers import TRAIL, stop_of
from edgerunner.simulators.tws.orders.unsupported import check_supported
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import (
    GroupRule,
    OrderGroup,
    OrderRequest,
    VenueInstrument,
    VenueOrder,
    VenueReject,
)

_SIDES: Final[Mapping[str, Side]] = {"BUY": "buy", "SELL": "sell"}
TYPES: Final[Mapping[str, str]] = {
    "MKT": "MKT",
    "LMT": "LMT",
    "STP": "STP",
    "STP LMT": "STP LMT",
    "STPLMT": "STP LMT",
    "TRAIL": "TRAIL",
    "MIT": "MIT",
    "LIT": "LIT",
}
"""Order types that are simulated, as they are written and as TWS tells them."""
_LIMITED: Final = frozenset({"LMT", "STP LMT", "LIT"})
_OTHER_TYPES: Final = frozenset(
    {"TRAIL LIMIT", "MOC", "LOC", "MOO", "LOO", "MTL", "MKT PRT", "STP PRT", "REL", "PEG MKT", "PEG MID", "PEG PRIM"}
    | {"PEG BEST", "PEG BENCH", "PEG STK", "MIDPRICE", "SNAP MKT", "SNAP MID", "SNAP PRIM", "VOL", "BOX TOP", "VWAP"}
    | {"PASSV REL", "LIT TRAIL", "MIT TRAIL", "LMT + MKT", "REL + LMT", "REL + MKT", "RPI", "AUC", "IBALGO"}
)
"""Types that TWS has and that are refused with 387, as it does where an exchange has not got them."""
_TIMES_IN_FORCE: Final[Mapping[str, TimeInForce]] = {
    "": "gtc",
    "DAY": "gtc",
    "GTC": "gtc",
    "GTD": "gtc",
    "IOC": "ioc",
    "FOK": "fok",
}
_OTHER_TIMES_IN_FORCE: Final = frozenset({"OPG", "DTC", "AUC", "MINUTES", "GTX", "OVERNIGHT", "OND"})
_CANCEL_WITH_BLOCK: Final = 1
_GROUP_TYPES: Final = frozenset({0, 1, 2, 3})
_TIME_TEXT: Final = (
    "The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xxx where yyyymmdd and "
    "xxx are optional. E.g.: 20031126 15:59:00 EST"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """An order that can be placed: what it is about, and the venue's request."""

    listing: Listing
    request: OrderRequest


class OrderIntake:
    """Judges orders by themselves; money and the book are the venue's. ``home`` is TWS's own time zone."""

    def __init__(self, venue: Venue, directory: Directory, accounts: Sequence[str], home: tzinfo) -> None:
        self._venue = venue
        self._directory = directory
        self._accounts = accounts
        self._home = home

    def take(
        self, request: PlaceOrder, owner: Owner, *, known: VenueOrder | None = None, parent_id: str | None = None
    ) -> Intake:
        """Return an order in the venue's terms; raises ``OrderRefused``.

        ``known`` is the order that is changed, ``parent_id`` the venue's id of its parent.
        """
        check_supported(request)
        terms, listing = request.order, self._listing(request)
        instrument = self._venue.instrument(symbol_of(listing))
        side, kind = _side(terms), order_type(terms)
        stop = stop_of(
            terms, kind, instrument=instrument, market_ticks=self._market_ticks(instrument, kind), known=known
        )
        if stop is not None and parent_id is not None and known is None and not terms.trail_stop_price:
            stop = stop.anchored_later()
        return Intake(
            listing=listing,
            request=OrderRequest(
                account_id=self._account(terms),
                symbol=instrument.symbol,
                side=side,
                order_type=_venue_type(kind),
                quantity_lots=_lots(instrument, terms.total_quantity),
                price_ticks=_limit(instrument, terms, kind),
                time_in_force=_time_in_force(terms),
                client_key=key_of(request, owner),
                attributes=attributes_of(request, owner),
                trigger=stop.trigger if stop else None,
                trailing=stop.trailing if stop else None,
                group=_group(terms, owner),
                parent_id=parent_id,
                is_extended=terms.outside_rth and not ignores_outside_hours(terms),
                expires_ns=self._expiry(terms, listing),
                starts_ns=self._time(terms.good_after_time) if terms.good_after_time else None,
            ),
        )

    def _listing(self, request: PlaceOrder) -> Listing:
        if not request.contract.exchange:
            raise invalid("Missing order exchange")
        try:
            return self._directory.resolve(request.contract)
        except NoContract as error:
            raise OrderRefused(codes.NO_CONTRACT, str(error)) from None

    def _account(self, terms: OrderTerms) -> str:
        if not terms.account and len(self._accounts) > 1:
            raise OrderRefused(refusal.ACCOUNT_MISSING, "You must specify an account.")
        account = terms.account or self._accounts[0]
        if account not in self._accounts:
            raise invalid(f"Invalid account code '{account}'.")
        return account

    def _market_ticks(self, instrument: VenueInstrument, kind: str) -> int:
        return instrument.to_ticks(self._venue.last_price(instrument.symbol)) if kind == TRAIL else 0

    def _expiry(self, terms: OrderTerms, listing: Listing) -> int | None:
        now = self._venue.clock.market_ns()
        match terms.time_in_force:
            case "" | "DAY":
                extended = terms.outside_rth and not ignores_outside_hours(terms)
                return session_of(listing, now, is_extended=extended).closes_ns
            case "GTD":
                return self._good_till(terms.good_till_date, now)
            case _:
                return None

    def _good_till(self, text: str, now_ns: int) -> int:
        if not text:
            raise OrderRefused(refusal.INVALID_GOOD_TILL, "Invalid Good Till Date order")
        found = self._time(text)
        if found <= now_ns:
            raise OrderRefused(refusal.INVALID_GOOD_TILL, "Invalid Good Till Date order")
        return found

    def _time(self, text: str) -> int:
        try:
            return parse_time(text, self._home)
        except ValueError:
            raise OrderRefused(refusal.INVALID_TIME, _TIME_TEXT) from None


def order_type(terms: OrderTerms) -> str:
    """Return an order type as TWS tells it; raises ``OrderRefused`` (387 not simulated, 321 unknown)."""
    kind = TYPES.get(terms.order_type.upper())
    if kind is not None:
        return kind
    if terms.order_type.upper() in _OTHER_TYPES:
        raise OrderRefused(refusal.UNSUPPORTED_TYPE, "Unsupported order type for this exchange and security type.")
    raise invalid(f"Invalid order type was entered: {terms.order_type}")


def ignores_outside_hours(terms: OrderTerms) -> bool:
    """Tell whether an order trades in regular hours whatever it says: market orders do (warning 2109)."""
    return TYPES.get(terms.order_type.upper()) == "MKT"


def _side(terms: OrderTerms) -> Side:
    side = _SIDES.get(terms.action)
    if side is None:
        raise invalid(f"Invalid action '{terms.action}'.")
    return side


def _venue_type(kind: str) -> OrderType:
    return "limit" if kind in _LIMITED else "market"


def _limit(instrument: VenueInstrument, terms: OrderTerms, kind: str) -> int | None:
    if kind not in _LIMITED:
        return None
    if terms.limit_price is None:
        raise invalid("Missing limit price.")
    return to_ticks(instrument, terms.limit_price)


def _group(terms: OrderTerms, owner: Owner) -> OrderGroup | None:
    """Orders of one parent without a group of their own reduce each other, as attached orders do."""
    if terms.oca_type not in _GROUP_TYPES:
        raise invalid(f"Invalid OCA type {terms.oca_type}.")
    if terms.oca_group:
        rule = GroupRule.CANCEL if terms.oca_type == _CANCEL_WITH_BLOCK else GroupRule.REDUCE
        return OrderGroup(group_id=terms.oca_group, rule=rule)
    if terms.parent_id:
        return OrderGroup(group_id=f"{owner.client_id}/{terms.parent_id}", rule=GroupRule.REDUCE)
    return None


def _lots(instrument: VenueInstrument, quantity: Decimal | None) -> int:
    if not quantity:
        raise OrderRefused(refusal.SIZE_ZERO, "The order size cannot be zero.")
    if not quantity.is_finite() or quantity < 0:
        raise invalid("The order size must be above 0.")
    if quantity % 1 and not instrument.instrument.lot_step % 1:
        text = "Fractional-sized order cannot be placed via API. Please use desktop version to place this order."
        raise OrderRefused(refusal.FRACTION, text)
    try:
        lots = instrument.to_lots(quantity)
    except VenueReject:
        raise OrderRefused(refusal.SIZE_RULE, "Order size does not conform to market rule.") from None
    if lots > instrument.max_lots:
        text = "The size specified violates the size constraint specified in the default order settings."
        raise OrderRefused(refusal.SIZE_LIMIT, text)
    return lots


def _time_in_force(terms: OrderTerms) -> TimeInForce:
    found = _TIMES_IN_FORCE.get(terms.time_in_force)
    if found is not None:
        return found
    if terms.time_in_force.upper() in _OTHER_TIMES_IN_FORCE:
        raise not_simulated(f"the time in force {terms.time_in_force}")
    raise invalid(f"Invalid time in force '{terms.time_in_force}'.")
