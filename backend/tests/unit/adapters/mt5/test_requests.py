"""Trade requests: only what is set, in the package's kinds of numbers, with what tells later whose they are."""

from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.mt5.filling import lifetime, market_filling, time_in_force_of
from edgerunner.adapters.mt5.listings import Listing, listing_of
from edgerunner.adapters.mt5.placement import (
    change_request,
    check,
    check_side,
    exits_request,
    market_request,
    pending_request,
    signed,
)
from edgerunner.adapters.mt5.server_clock import ServerClock, parse_zone
from edgerunner.domain.errors import InvalidRequest, Unsupported
from edgerunner.domain.identifiers import magic_number
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.orders import OrderTerms, OrderType, Side, StopLoss, TakeProfit, TimeInForce
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.structs import Tick
from tests.unit.adapters.mt5.rows import order, position, row, symbol

TICK = row(Tick, bid=1.08, ask=1.0801)
CLOCK = ServerClock(parse_zone("EET"))


def listed(**values: object) -> Listing:
    return listing_of("EURUSD.MT5", symbol(**values), "USD")


def terms(**changes: object) -> OrderTerms:
    market = OrderTerms(
        instrument_id="EURUSD.MT5",
        side=Side.BUY,
        order_type=OrderType.MARKET,
        quantity=Decimal("0.3"),
        quantity_unit=QuantityUnit.LOTS,
        time_in_force=TimeInForce.IOC,
    )
    return replace(market, **changes)  # type: ignore[arg-type]


def limit(**changes: object) -> OrderTerms:
    return terms(
        **{"order_type": OrderType.LIMIT, "price": Decimal("1.07"), "time_in_force": TimeInForce.GTC, **changes}
    )


@pytest.mark.parametrize(
    ("mask", "wanted", "filling"),
    [
        (1, TimeInForce.IOC, mt5.ORDER_FILLING_FOK),
        (2, TimeInForce.IOC, mt5.ORDER_FILLING_IOC),
        (3, TimeInForce.IOC, mt5.ORDER_FILLING_IOC),
        (0, TimeInForce.IOC, mt5.ORDER_FILLING_RETURN),
        (3, TimeInForce.FOK, mt5.ORDER_FILLING_FOK),
    ],
)
def test_trap_1_filling_is_chosen_by_the_mask_and_is_not_the_mask(mask: int, wanted: TimeInForce, filling: int) -> None:
    assert market_filling(symbol(filling_mode=mask), wanted) == filling


def test_trap_1_fill_or_kill_is_never_weakened() -> None:
    with pytest.raises(Unsupported):
        market_filling(symbol(filling_mode=2), TimeInForce.FOK)


def test_trap_1_pending_orders_take_return() -> None:
    assert pending_request(limit(), listed(filling_mode=1), CLOCK)["type_filling"] == mt5.ORDER_FILLING_RETURN


@pytest.mark.parametrize("length", [1, 26, 27])
def test_trap_2_key_travels_whole_in_the_comment_and_as_magic(length: int) -> None:
    key = "K" * length
    request = signed({}, key=key, magic=magic_number(key))
    assert request == {"comment": key, "magic": magic_number(key)}
    assert 0 < magic_number(key) < 2**52


def test_trap_3_fields_that_are_not_set_are_absent_and_numbers_have_their_kind() -> None:
    requests = [
        market_request(terms(), listed(), TICK, position=None, deviation=20),
        pending_request(limit(), listed(), CLOCK),
        change_request(order(), price=None, trigger_price=None),
        exits_request(position(), stop=Decimal("1.07"), target=0),
    ]
    whole = {"action", "type", "deviation", "type_filling", "type_time", "order", "position", "magic", "expiration"}
    for request in requests:
        assert None not in request.values()
        assert {name for name, value in request.items() if type(value) is int} <= whole
        assert {name for name, value in request.items() if type(value) is float} <= {
            *("volume", "price", "stoplimit", "sl", "tp"),
        }
    assert "sl" not in requests[0]
    assert "position" not in requests[0]


def test_trap_5_market_order_carries_the_price_of_its_side() -> None:
    buy = market_request(terms(), listed(), TICK, position=None, deviation=20)
    sell = market_request(terms(side=Side.SELL), listed(), TICK, position=None, deviation=20)
    assert (buy["price"], sell["price"]) == (1.0801, 1.08)


def test_trap_10_times_are_whole_seconds_of_the_server_and_never_naive_dates() -> None:
    request = pending_request(
        limit(time_in_force=TimeInForce.GTD, expires_at_ns=1_795_435_200 * 10**9), listed(), CLOCK
    )
    assert request["expiration"] == 1_795_435_200 + 7200
    assert request["type_time"] == mt5.ORDER_TIME_SPECIFIED


def test_trap_15_change_of_an_order_sends_its_exits_again() -> None:
    request = change_request(order(sl=1.05, tp=1.2, time_expiration=9), price=Decimal("1.06"), trigger_price=None)
    assert (request["price"], request["sl"], request["tp"], request["expiration"]) == (1.06, 1.05, 1.2, 9)


def test_stop_limit_has_its_trigger_in_price_and_its_limit_in_stoplimit() -> None:
    wanted = limit(order_type=OrderType.STOP_LIMIT, price=Decimal("1.09"), trigger_price=Decimal("1.1"))
    request = pending_request(wanted, listed(), CLOCK)
    assert (request["type"], request["price"], request["stoplimit"]) == (mt5.ORDER_TYPE_BUY_STOP_LIMIT, 1.1, 1.09)
    changed = change_request(
        order(type=mt5.ORDER_TYPE_BUY_STOP_LIMIT, price_open=1.1, price_stoplimit=1.09),
        price=Decimal("1.08"),
        trigger_price=None,
    )
    assert (changed["price"], changed["stoplimit"]) == (1.1, 1.08)


def test_trap_16_volume_is_the_float_that_was_meant() -> None:
    quantity = Decimal("0.1") * 3
    assert market_request(terms(quantity=quantity), listed(), TICK, position=None, deviation=0)["volume"] == 0.3


def test_position_is_named_by_its_ticket_not_by_its_identifier() -> None:
    held = position(ticket=12, identifier=7)
    request = market_request(terms(side=Side.SELL), listed(), TICK, position=held, deviation=20)
    assert request["position"] == 12


@pytest.mark.parametrize(
    ("changes", "is_hedged", "error"),
    [
        ({"order_type": OrderType.TRAILING_STOP_MARKET}, False, Unsupported),
        ({"order_type": OrderType.MARKET_IF_TOUCHED, "trigger_price": Decimal(1)}, False, Unsupported),
        ({"post_only": True}, False, Unsupported),
        ({"oca_group": "group"}, False, Unsupported),
        ({"reduce_only": True}, False, Unsupported),
        ({"position_id": "7"}, False, Unsupported),
        ({"position_id": "seven"}, True, InvalidRequest),
        ({"stop_loss": StopLoss(trigger_price=Decimal(1), price=Decimal(1))}, False, Unsupported),
        ({"quantity": Decimal(0)}, False, InvalidRequest),
        ({"price": Decimal(1)}, False, InvalidRequest),
    ],
)
def test_what_metatrader_cannot_do_is_refused(
    changes: dict[str, object], is_hedged: bool, error: type[Exception]
) -> None:
    with pytest.raises(error):
        check(terms(**changes), listed(), is_hedged=is_hedged)


def test_kinds_of_orders_and_lifetimes_are_the_symbols() -> None:
    stop = terms(order_type=OrderType.STOP_MARKET, trigger_price=Decimal(2), time_in_force=TimeInForce.GTC)
    with pytest.raises(Unsupported, match="stop_market"):
        check(stop, listed(order_mode=3), is_hedged=False)
    with pytest.raises(Unsupported, match="day"):
        lifetime(symbol(expiration_mode=1), TimeInForce.DAY)
    with pytest.raises(Unsupported, match="rest"):
        lifetime(symbol(), TimeInForce.IOC)


@pytest.mark.parametrize(
    ("wanted", "is_right"),
    [
        (limit(price=Decimal("1.2")), True),
        (terms(order_type=OrderType.STOP_MARKET, trigger_price=Decimal("1.09")), True),
        (terms(order_type=OrderType.STOP_MARKET, trigger_price=Decimal("1.08")), False),
        (terms(order_type=OrderType.STOP_MARKET, side=Side.SELL, trigger_price=Decimal("1.09")), False),
    ],
)
def test_trigger_that_the_market_has_passed_is_refused(wanted: OrderTerms, is_right: bool) -> None:
    if is_right:
        check_side(wanted, TICK)
    else:
        with pytest.raises(InvalidRequest):
            check_side(wanted, TICK)


@pytest.mark.parametrize(("side", "price", "is_behind"), [(Side.BUY, "1.09", True), (Side.BUY, "1.11", False)])
def test_limit_behind_its_trigger_is_the_only_one_there_is(side: Side, price: str, is_behind: bool) -> None:
    wanted = limit(order_type=OrderType.STOP_LIMIT, side=side, price=Decimal(price), trigger_price=Decimal("1.1"))
    if is_behind:
        check(wanted, listed(), is_hedged=False)
    else:
        with pytest.raises(InvalidRequest, match="behind"):
            check(wanted, listed(), is_hedged=False)


def test_exits_travel_with_the_order() -> None:
    wanted = terms(take_profit=TakeProfit(price=Decimal("1.1")), stop_loss=StopLoss(trigger_price=Decimal("1.05")))
    request = market_request(wanted, listed(), TICK, position=None, deviation=20)
    assert (request["sl"], request["tp"]) == (1.05, 1.1)


def test_market_orders_read_back_have_their_filling_as_time_in_force() -> None:
    assert time_in_force_of(type_time=0, type_filling=mt5.ORDER_FILLING_FOK, is_market=True) is TimeInForce.FOK
    assert time_in_force_of(type_time=1, type_filling=mt5.ORDER_FILLING_RETURN, is_market=False) is TimeInForce.DAY
