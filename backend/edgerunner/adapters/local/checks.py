"""What the paper broker refuses about an order before money is asked. Pure decisions.

``InvalidRequest`` and ``Unsupported`` for what can be told before anything is recorded, ``BrokerRejected`` with a
code for the instrument's own rules, as a broker would.
"""

from dataclasses import replace
from decimal import Decimal

from edgerunner.adapters.broker import ModifyOrder
from edgerunner.adapters.local.records import ACCOUNT_ID, LocalOrder
from edgerunner.adapters.local.units import Units
from edgerunner.domain.errors import BrokerRejected, FieldError, InvalidRequest, NotFound, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.order_rules import changed_quantity_error, price_error, quantity_error, worth_error
from edgerunner.domain.orders import OrderTerms, OrderType, Side
from edgerunner.matching.working_order import WorkingOrder

NETTING = "the paper account nets: it has one position per instrument"
NO_GROUPS = "local execution joins the exits of one order, no other orders"
COINS = "spot has no positions, only coins"


def check_scope(account_id: str, terms: OrderTerms, instrument: Instrument, currency: str) -> None:
    """Raise for an order that this paper account does not take at all."""
    if account_id != ACCOUNT_ID:
        raise NotFound(f"this connection has no account {account_id}; its paper account is called {ACCOUNT_ID}")
    if terms.position_id is not None:
        raise Unsupported(f"position_id: {NETTING}")
    if terms.oca_group is not None:
        raise Unsupported(f"oca_group: {NO_GROUPS}")
    if instrument.settle != currency:
        raise Unsupported(
            f"{instrument.instrument_id} settles in {instrument.settle} and this paper account is in {currency}: "
            f'make another local connection with options {{"local": {{"currency": "{instrument.settle}"}}}}'
        )
    if terms.reduce_only and instrument.contract.is_inventory:
        raise Unsupported(f"reduce_only is not supported for {instrument.instrument_id}: {COINS}")
    if terms.order_type is OrderType.TRAILING_STOP_MARKET and terms.trigger_price is not None:
        raise Unsupported("a trailing stop of the paper account follows from the start: leave trigger_price out")


def check_sides(terms: OrderTerms, working: WorkingOrder, *, seen: int | None, units: Units) -> None:
    """Raise ``InvalidRequest`` for a trigger that the market has passed, or exits on the wrong side.

    ``seen``: the price in ticks that the trigger watches, or None when none was seen yet.
    """
    if working.trigger is not None and seen is not None and working.trigger.is_met(seen):
        way = "above" if working.trigger.is_rise else "below"
        raise InvalidRequest.of("trigger_price", "passed", f"must be {way} the present {to_plain(units.price(seen))}")
    basis = terms.price or terms.trigger_price or (None if seen is None else units.price(seen))
    if basis is None:
        return
    is_buy = terms.side is Side.BUY
    target, stop = terms.take_profit, terms.stop_loss
    if target is not None and (target.price <= basis if is_buy else target.price >= basis):
        raise InvalidRequest.of("take_profit.price", "wrong_side", f"must lie beyond {to_plain(basis)} in profit")
    if stop is not None and (stop.trigger_price >= basis if is_buy else stop.trigger_price <= basis):
        raise InvalidRequest.of("stop_loss.trigger_price", "wrong_side", f"must lie beyond {to_plain(basis)} in loss")


def check_rules(terms: OrderTerms, instrument: Instrument, reference: Decimal | None, now_ns: int) -> None:
    """Raise ``BrokerRejected`` for numbers that the instrument does not trade, and after its expiry."""
    if instrument.expires_at_ns is not None and now_ns >= instrument.expires_at_ns:
        raise BrokerRejected("expired", f"{instrument.instrument_id} is not traded any more")
    _refuse(quantity_error(terms.quantity, instrument, is_market=terms.order_type is OrderType.MARKET))
    _check_prices(terms, instrument)
    basis = terms.price or terms.trigger_price or reference
    if basis is not None and not terms.reduce_only:
        _refuse(worth_error(basis, terms.quantity, instrument))


def _check_prices(terms: OrderTerms, instrument: Instrument) -> None:
    for field, price in (("price", terms.price), ("trigger_price", terms.trigger_price)):
        if price is not None:
            _refuse(price_error(field, price, instrument))


def _refuse(error: FieldError | None) -> None:
    if error is not None:
        raise BrokerRejected(error.code, f"{error.field} {error.message}")


def wanted_terms(order: LocalOrder, command: ModifyOrder) -> OrderTerms:
    """Return the terms after a change; raises ``BrokerRejected`` for a price that the order has not."""
    terms = order.terms
    if (command.price is not None and terms.price is None) or (
        command.trigger_price is not None and terms.trigger_price is None
    ):
        raise BrokerRejected("no_such_price", f"a {terms.order_type} order has no such price")
    return replace(
        terms,
        quantity=terms.quantity if command.quantity is None else command.quantity,
        price=terms.price if command.price is None else command.price,
        trigger_price=terms.trigger_price if command.trigger_price is None else command.trigger_price,
    )


def check_change(order: LocalOrder, wanted: OrderTerms, units: Units, *, seen: int | None) -> None:
    """Raise ``BrokerRejected`` when a working order cannot become ``wanted``; ``seen`` as in ``check_sides``."""
    instrument, trigger = units.instrument, order.working.trigger
    _check_prices(wanted, instrument)
    _refuse(changed_quantity_error(wanted.quantity, units.quantity(order.working.filled), instrument))
    if wanted.trigger_price == order.terms.trigger_price:
        return
    if trigger is None or not order.working.is_waiting or wanted.trigger_price is None:
        raise BrokerRejected("no_trigger", "the order waits for no trigger price that can be changed")
    if seen is not None and replace(trigger, price=units.ticks(wanted.trigger_price)).is_met(seen):
        raise BrokerRejected("trigger_passed", "the market has passed the new trigger price")


def check_reduces(working: WorkingOrder, held: int) -> None:
    """Raise ``BrokerRejected`` for a reduce-only order that finds nothing to reduce now; ``held``: signed lots."""
    if working.reduce_only and working.trigger is None and (-held if working.side == "buy" else held) <= 0:
        raise BrokerRejected("reduce_only", "there is no position that the order could reduce")
