"""Create, amend, cancel, cancel-all and their batches: the same for REST and the trade socket."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from edgerunner.simulators.bybit import codes, conditions, formats, order_request, order_words, traps
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.categories import Category, venue_key
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.legs import LEGS
from edgerunner.simulators.bybit.pipeline import Target
from edgerunner.simulators.bybit.selection import select_symbols
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import (
    Exits,
    OrderRequest,
    RejectReason,
    TriggerRule,
    VenueInstrument,
    VenueOrder,
    VenueReject,
)

BATCH_LIMITS: Final = {Category.SPOT: 10}
DEFAULT_BATCH_LIMIT: Final = 20
MOST_WAITING_SPOT: Final = 30


class _Act(Protocol):
    def __call__(
        self, account_id: str, category: Category, body: Mapping[str, Any], /, *, is_granted: bool
    ) -> VenueOrder: ...


_Shape = Callable[[Category, Mapping[str, Any], VenueOrder | None], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCall:
    """One order request after its category was read.

    ``granted`` says how many items of a batch the rate limit let through.
    """

    account_id: str
    category: Category
    body: Mapping[str, Any]
    granted: int = 1


class OrderOperations:
    """The order entry of one venue in Bybit's words."""

    def __init__(self, venue: Venue, faults: FaultBox) -> None:
        self._venue = venue
        self._faults = faults

    def create(self, call: OrderCall) -> Answer:
        """Place one order; returns its ids."""
        order = self._place(call.account_id, call.category, call.body)
        return Answer(result=_ids(order))

    def amend(self, call: OrderCall) -> Answer:
        """Change quantity (the new total) or price of one order."""
        return Answer(result=_ids(self._change(call.account_id, call.category, call.body)))

    def cancel(self, call: OrderCall) -> Answer:
        """Cancel one order."""
        return Answer(result=_ids(self._cancel(call.account_id, call.category, call.body)))

    def cancel_all(self, call: OrderCall) -> Answer:
        """Cancel the open orders of a symbol, base coin, settle coin or (spot, inverse) category."""
        symbols = select_symbols(self._venue.instruments, call.category, call.body)
        is_meant = order_words.cancel_selection(call.category, call.body)
        chosen = [order for order in self._venue.open_orders(call.account_id) if order.symbol in symbols]
        orders = [self._venue.cancel(order.account_id, order.order_id) for order in chosen[::-1] if is_meant(order)]
        return Answer(result={"list": [_ids(order) for order in orders], "success": "1"})

    def wish(self, caller: ApiKey, body: Mapping[str, Any]) -> OrderRequest:
        """Return the order that a body asks for without placing it; raise what is wrong with its form."""
        category = order_request.parse_category(body)
        request = order_request.parse_create(category, body)
        return self._wish(caller.account_id, request, self._instrument(category, request.symbol))

    def create_batch(self, call: OrderCall) -> Answer:
        """Place several orders; the answer succeeds even when every item fails."""
        return self._batch(call, self._place, _created_item)

    def amend_batch(self, call: OrderCall) -> Answer:
        """Change several orders."""
        return self._batch(call, self._change, _batch_item)

    def cancel_batch(self, call: OrderCall) -> Answer:
        """Cancel several orders."""
        return self._batch(call, self._cancel, _batch_item)

    def _place(
        self, account_id: str, category: Category, body: Mapping[str, Any], *, is_granted: bool = True
    ) -> VenueOrder:
        target = target_of(body)
        try:
            _check_granted(is_granted=is_granted)
            self._refuse_forced("place", category, target)
            traps.check_placement(self._faults, self._venue.name, target)
            request = order_request.parse_create(category, body)
            instrument = self._instrument(category, request.symbol)
            wish = self._wish(account_id, request, instrument)
            self._check_waiting(wish, instrument)
        except codes.WireError as error:
            self._venue.count_refused_placement(
                account_id, target.client_key, venue_key(category, target.symbol or ""), error.text
            )
            raise
        try:
            with self._fees_of(account_id, target):
                return self._venue.place(wish)
        except VenueReject as refused:
            raise _wire_error(refused, category, wish, wish.trigger.rule if wish.trigger else None) from refused

    def _check_waiting(self, wish: OrderRequest, instrument: VenueInstrument) -> None:
        """Raise 170810 for one conditional spot order too many of its kind: StopOrder and tpslOrder count apart."""
        if wish.trigger is None or not instrument.is_spot:
            return
        kind = wish.attributes["orderFilter"]
        alike = sum(
            order.symbol == wish.symbol and order.is_waiting and order.attributes.get("orderFilter") == kind
            for order in self._venue.open_orders(wish.account_id)
        )
        if alike >= MOST_WAITING_SPOT:
            raise codes.WireError(codes.refusal_of(RejectReason.TOO_MANY_WAITING, Category.SPOT))

    def _change(
        self, account_id: str, category: Category, body: Mapping[str, Any], *, is_granted: bool = True
    ) -> VenueOrder:
        _check_granted(is_granted=is_granted)
        request = order_request.parse_amend(category, body)
        self._refuse_both_ids("amend", category, body)
        order = self._find(account_id, request, "order not exists or too late to replace")
        self._refuse_forced("amend", category, Target(client_key=order.client_key, symbol=request.symbol))
        instrument = self._venue.instruments[order.symbol]
        try:
            return self._venue.amend(
                account_id,
                order.order_id,
                quantity_lots=instrument.to_lots(request.quantity) if request.quantity is not None else None,
                price_ticks=instrument.to_ticks(request.price) if request.price is not None else None,
                trigger_ticks=instrument.to_ticks(request.trigger_price) if request.trigger_price else None,
                exits=_changed_exits(order, request, instrument),
            )
        except VenueReject as refused:
            raise _wire_error(refused, category, rule=order.trigger.rule if order.trigger else None) from refused

    def _cancel(
        self, account_id: str, category: Category, body: Mapping[str, Any], *, is_granted: bool = True
    ) -> VenueOrder:
        _check_granted(is_granted=is_granted)
        request = order_request.parse_cancel(category, body)
        self._refuse_both_ids("cancel", category, body)
        order = self._find(account_id, request, None)
        if request.order_filter and order_words.filter_word(order, category) != request.order_filter:
            raise codes.WireError(codes.refusal_of(RejectReason.UNKNOWN_ORDER, category))
        self._refuse_forced("cancel", category, Target(client_key=order.client_key, symbol=request.symbol))
        target = Target(client_key=order.client_key, symbol=request.symbol)
        if not order.is_waiting and self._takes("fill_beats_cancel", "cancel", target):
            self._venue.operator.fill(order)
        try:
            return self._venue.cancel(account_id, order.order_id)
        except VenueReject as refused:
            raise _wire_error(refused, category) from refused

    def _find(
        self,
        account_id: str,
        request: order_request.AmendRequest | order_request.CancelRequest,
        derivatives_text: str | None,
    ) -> VenueOrder:
        order = self._venue.find_order(account_id, order_id=request.order_id, client_key=request.link_id)
        if order is None or not order.live or order.symbol != venue_key(request.category, request.symbol):
            refusal = codes.refusal_of(RejectReason.UNKNOWN_ORDER, request.category)
            raise codes.WireError(refusal, None if request.category.is_spot else derivatives_text)
        return order

    def _wish(self, account_id: str, request: order_request.CreateRequest, instrument: VenueInstrument) -> OrderRequest:
        if request.counts_quote and request.side == "Sell":
            raise codes.WireError(
                codes.SPOT_UNSUPPORTED,
                f"{codes.SPOT_UNSUPPORTED.text} marketUnit quoteCoin of a Sell is not supported by this simulator yet",
            )
        try:
            return OrderRequest(
                account_id=account_id,
                symbol=instrument.symbol,
                side="buy" if request.side == "Buy" else "sell",
                order_type="market" if request.order_type == "Market" else "limit",
                quantity_lots=_lots(request, instrument),
                price_ticks=instrument.to_ticks(request.price) if request.price is not None else None,
                time_in_force=order_request.TIMES_IN_FORCE[request.time_in_force],
                reduce_only=request.reduce_only or request.close_on_trigger,
                client_key=request.link_id,
                quote_amount=_positive(request) if request.counts_quote else None,
                self_match=request.self_match,
                attributes={
                    "marketUnit": request.market_unit,
                    "orderFilter": request.order_filter,
                    **traps.order_attributes(
                        self._faults, self._venue.name, Target(client_key=request.link_id, symbol=request.symbol)
                    ),
                },
                trigger=conditions.venue_trigger(
                    instrument, request.trigger, self._venue.last_price(instrument.symbol)
                ),
                leg=LEGS[request.position_index],
                exits=conditions.new_exits(instrument, request.exits),
                close_on_trigger=request.close_on_trigger,
            )
        except VenueReject as refused:
            is_market = request.order_type == "Market"
            if is_market and request.category.is_spot and refused.reason is RejectReason.QUANTITY_OFF_STEP:
                raise codes.WireError(codes.SPOT_MARKET_QUANTITY_OFF_STEP) from refused
            raise _wire_error(refused, request.category) from refused

    def _instrument(self, category: Category, symbol: str) -> VenueInstrument:
        instrument = self._venue.instruments.get(venue_key(category, symbol))
        if instrument is None:
            raise codes.WireError(codes.refusal_of(RejectReason.UNKNOWN_SYMBOL, category))
        return instrument

    def _refuse_forced(self, op: str, category: Category, target: Target) -> None:
        params = self._faults.take(
            self._venue.name, "reject", op=op, client_key=target.client_key, symbol=target.symbol
        )
        if params is None:
            return
        usual = codes.refusal_of(RejectReason.FORCED, category)
        code = params.get("code", usual.code)
        raise codes.WireError(codes.Refusal(int(str(code)), str(params.get("text", usual.text))))

    @contextmanager
    def _fees_of(self, account_id: str, target: Target) -> Iterator[None]:
        """Charge fees in another coin within this block when the trap is set."""
        params = traps.take(self._faults, self._venue.name, "bybit.trap_fee_in_other_coin", op="place", target=target)
        if params is None:
            yield
            return
        coin, price = str(params.get("coin", "MNT")), Decimal(str(params.get("price", 1)))
        self._venue.operator.set_fee_currency(account_id, coin, price)
        try:
            yield
        finally:
            self._venue.operator.set_fee_currency(account_id, None)

    def _refuse_both_ids(self, op: str, category: Category, body: Mapping[str, Any]) -> None:
        if body.get("orderId") and body.get("orderLinkId") and self._takes("both_ids", op, target_of(body)):
            raise codes.WireError(codes.refusal_of(RejectReason.UNKNOWN_ORDER, category))

    def _takes(self, trap: str, op: str, target: Target) -> bool:
        return traps.take(self._faults, self._venue.name, f"bybit.trap_{trap}", op=op, target=target) is not None

    def _batch(
        self,
        call: OrderCall,
        act: _Act,
        shape: _Shape,
    ) -> Answer:
        rows, outcomes = [], []
        for position, item in enumerate(batch_items(call.category, call.body)):
            order = None
            try:
                order = act(call.account_id, call.category, item, is_granted=position < call.granted)
                outcomes.append({"code": 0, "msg": "OK"})
            except codes.WireError as error:
                outcomes.append({"code": error.code, "msg": error.text})
            rows.append(shape(call.category, item, order))
        return Answer(result={"list": rows}, extra={"list": outcomes})


def batch_items(category: Category, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the orders of a batch; raise 10001 when there are none, too many, or no objects."""
    items = body.get("request")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise codes.parameter_error("params error: request must be a list of orders")
    limit = BATCH_LIMITS.get(category, DEFAULT_BATCH_LIMIT)
    if len(items) > limit:
        raise codes.parameter_error(f"params error: request holds more than {limit} orders")
    return items


def target_of(body: Mapping[str, Any]) -> Target:
    """Return what a fault can be aimed at: the link id and the symbol, as far as they are text."""
    link_id, symbol = body.get("orderLinkId"), body.get("symbol")
    return Target(
        client_key=link_id if isinstance(link_id, str) and link_id else None,
        symbol=symbol if isinstance(symbol, str) and symbol else None,
    )


def _ids(order: VenueOrder) -> dict[str, str]:
    return {"orderId": order.order_id, "orderLinkId": order.client_key or ""}


def _batch_item(category: Category, item: Mapping[str, Any], order: VenueOrder | None) -> dict[str, Any]:
    link_id, symbol = item.get("orderLinkId"), item.get("symbol")
    return {
        "category": category.value,
        "symbol": symbol if isinstance(symbol, str) else "",
        "orderId": order.order_id if order is not None else "",
        "orderLinkId": link_id if isinstance(link_id, str) else "",
    }


def _created_item(category: Category, item: Mapping[str, Any], order: VenueOrder | None) -> dict[str, Any]:
    created = formats.milliseconds_text(order.created_ns) if order is not None else ""
    return {**_batch_item(category, item, order), "createAt": created}


def _lots(request: order_request.CreateRequest, instrument: VenueInstrument) -> int:
    """Return the lots wanted: 0 for an amount to spend, and for all of a position."""
    closes_all = not request.quantity and request.reduce_only and request.close_on_trigger
    return 0 if request.counts_quote or closes_all else instrument.to_lots(request.quantity)


def _changed_exits(order: VenueOrder, request: order_request.AmendRequest, instrument: VenueInstrument) -> Exits | None:
    if request.exits is None:
        return None
    if order.filled_lots:
        raise codes.WireError(codes.EXITS_OF_PARTLY_FILLED)
    return conditions.changed_exits(instrument, order.exits, request.exits)


def _check_granted(*, is_granted: bool) -> None:
    if not is_granted:
        raise codes.WireError(codes.TOO_MANY_VISITS)


def _positive(request: order_request.CreateRequest) -> Decimal:
    if request.quantity <= 0:
        raise VenueReject(RejectReason.INVALID_QUANTITY, "the amount to spend must be above 0")
    return request.quantity


def _wire_error(
    refused: VenueReject, category: Category, wish: OrderRequest | None = None, rule: TriggerRule | None = None
) -> codes.WireError:
    refusal = codes.refusal_of(refused.reason, category)
    if refused.reason is RejectReason.TRIGGER_SIDE and rule is TriggerRule.FALL and not category.is_spot:
        refusal = codes.TRIGGER_NOT_BELOW
    if category.is_spot and wish is not None and refused.reason is RejectReason.PRICE_OUT_OF_RANGE:
        refusal = codes.SPOT_BUY_PRICE_TOO_HIGH if wish.side == "buy" else codes.SPOT_SELL_PRICE_TOO_LOW
    return codes.WireError(refusal)
