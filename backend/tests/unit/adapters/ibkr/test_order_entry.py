"""What an order looks like on its way to TWS: one transmission for an entry and its exits, plain decimals, our key."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ib_async.contract import Contract
from ib_async.order import Order

from edgerunner.adapters.broker import PlaceOrder
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.orders import OrderEntry
from edgerunner.adapters.ibkr.placement import OrderStyle
from edgerunner.domain.errors import BrokerRejected, InvalidRequest, OutcomeUnknown, Unsupported
from edgerunner.domain.orders import OrderTerms, OrderType, Side, StopLoss, TakeProfit, TimeInForce
from tests.unit.adapters.ibkr.orders_kit import AAPL, ACCOUNT, APPLE, KEY, Heard


class SentOrders:
    """Stands where ib_async would send; answers each order by the desk's ears."""

    def __init__(self, heard: Heard, *, refuses: int | None = None) -> None:
        self.heard = heard
        self.sent: list[Order] = []
        self.canceled: list[int] = []
        self.refuses = refuses
        self.next_id = 5
        self.client = SimpleNamespace(
            placeOrder=self._place, cancelOrder=lambda order_id, _: self.canceled.append(order_id)
        )

    def take_order_id(self, *, above: int = 0) -> int:
        self.next_id = max(self.next_id, above + 1)
        self.next_id += 1
        return self.next_id - 1

    def _place(self, order_id: int, contract: Contract, order: Order) -> None:
        assert (order_id, contract) == (order.orderId, AAPL)
        self.sent.append(order)
        if len(self.sent) - 1 == self.refuses:
            self.heard.desk.error(order_id, 201, "no")
        elif order.transmit:
            for each in self.sent:
                fields: dict[str, Any] = {
                    "orderId": each.orderId,
                    "permId": 900 + each.orderId,
                    "orderRef": each.orderRef,
                }
                self.heard.open_order("Submitted", **fields)


def entry(sent: SentOrders) -> OrderEntry:
    return OrderEntry(lambda: cast("Api", sent), sent.heard.desk, ready=lambda: None, style=OrderStyle(), timeout_s=5.0)


def terms(**changes: Any) -> OrderTerms:
    known: dict[str, Any] = {
        "instrument_id": APPLE.instrument_id,
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "quantity": Decimal(100),
        "quantity_unit": APPLE.quantity_unit,
        "price": Decimal("101.50"),
    }
    return OrderTerms(**{**known, **changes})


def command(**changes: Any) -> PlaceOrder:
    return PlaceOrder(client_order_id=KEY, account_id=ACCOUNT, terms=terms(**changes))


async def test_an_entry_and_its_exits_are_transmitted_by_the_last_of_them() -> None:
    sent = SentOrders(Heard())
    exits = {"take_profit": TakeProfit(price=Decimal(110)), "stop_loss": StopLoss(trigger_price=Decimal(95))}
    ack = await entry(sent).place(command(**exits), AAPL, APPLE)
    parent, target, stop = sent.sent
    assert ack.venue_order_id == str(900 + parent.orderId)
    assert [each.transmit for each in sent.sent] == [False, False, True]
    assert [each.parentId for each in sent.sent] == [0, parent.orderId, parent.orderId]
    assert [each.orderRef for each in sent.sent] == [KEY, f"{KEY}/tp", f"{KEY}/sl"]
    assert (target.ocaGroup, target.ocaType) == (stop.ocaGroup, stop.ocaType) == (KEY, 1)
    assert [(each.action, each.orderType, each.tif) for each in (target, stop)] == [
        ("SELL", "LMT", "GTC"), ("SELL", "STP", "GTC"),
    ]  # fmt: skip
    assert [str(each) for each in (parent.lmtPrice, target.lmtPrice, stop.auxPrice)] == ["101.5", "110", "95"]


async def test_an_exit_that_is_refused_takes_the_entry_with_it() -> None:
    sent = SentOrders(Heard(), refuses=1)
    exits = {"take_profit": TakeProfit(price=Decimal(110)), "stop_loss": StopLoss(trigger_price=Decimal(95))}
    await entry(sent).place(command(**exits), AAPL, APPLE)
    assert sent.canceled == [sent.sent[0].orderId]


async def test_an_exit_that_is_refused_behind_the_entrys_sign_takes_it_too() -> None:
    sent = SentOrders(Heard())
    show = sent.heard.open_order

    def show_the_entry_alone(status: str, **fields: Any) -> None:
        if fields["orderRef"] == KEY:
            show(status, **fields)
        else:
            asyncio.get_running_loop().call_later(0.05, sent.heard.desk.error, fields["orderId"], 201, "no")

    sent.heard.open_order = show_the_entry_alone  # type: ignore[method-assign] # the gateway's late answer
    exits = {"take_profit": TakeProfit(price=Decimal(110)), "stop_loss": StopLoss(trigger_price=Decimal(95))}
    await entry(sent).place(command(**exits), AAPL, APPLE)
    assert sent.canceled == [sent.sent[0].orderId]


async def test_a_refused_order_is_refused_and_a_used_id_makes_room_for_the_next() -> None:
    sent = SentOrders(Heard(), refuses=0)
    with pytest.raises(BrokerRejected):
        await entry(sent).place(command(), AAPL, APPLE)
    assert sent.sent[0].account == ACCOUNT


async def test_a_key_is_sent_once() -> None:
    sent = SentOrders(Heard())
    desk = entry(sent)
    await desk.place(command(), AAPL, APPLE)
    with pytest.raises(OutcomeUnknown, match="not sent again"):
        await desk.place(command(), AAPL, APPLE)
    assert len(sent.sent) == 1


async def test_an_id_is_above_every_id_that_tws_has_shown() -> None:
    heard = Heard()
    heard.open_order("Submitted", orderId=41, orderRef="EARLIER", permId=7)
    sent = SentOrders(heard)
    await entry(sent).place(command(), AAPL, APPLE)
    assert sent.sent[0].orderId == 42


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"order_type": OrderType.MARKET, "price": None}, ("MKT", None, None)),
        ({"order_type": OrderType.STOP_MARKET, "price": None, "trigger_price": Decimal(105)}, ("STP", None, "105")),
        ({"order_type": OrderType.STOP_LIMIT, "trigger_price": Decimal(105)}, ("STP LMT", "101.5", "105")),
        ({"order_type": OrderType.MARKET_IF_TOUCHED, "price": None, "trigger_price": Decimal(99)}, ("MIT", None, "99")),
        ({"order_type": OrderType.LIMIT_IF_TOUCHED, "trigger_price": Decimal(99)}, ("LIT", "101.5", "99")),
        (
            {"order_type": OrderType.TRAILING_STOP_MARKET, "price": None, "trailing_offset": Decimal("1.5")},
            ("TRAIL", None, "1.5"),
        ),
    ],
)
async def test_every_type_has_its_word_and_its_two_prices(
    changes: dict[str, Any], words: tuple[str, str | None, str | None]
) -> None:
    sent = SentOrders(Heard())
    await entry(sent).place(command(**changes), AAPL, APPLE)
    (order,) = sent.sent
    prices = [None if isinstance(each, float) else str(each) for each in (order.lmtPrice, order.auxPrice)]
    assert (order.orderType, *prices) == words


async def test_good_till_date_is_written_in_utc() -> None:
    sent = SentOrders(Heard())
    until_ns = 1_795_453_200 * 10**9
    await entry(sent).place(command(time_in_force=TimeInForce.GTD, expires_at_ns=until_ns), AAPL, APPLE)
    assert (sent.sent[0].tif, sent.sent[0].goodTillDate) == ("GTD", "20261123-17:00:00")


@pytest.mark.parametrize("changes", [{"post_only": True}, {"reduce_only": True}])
async def test_what_tws_has_no_words_for_is_unsupported(changes: dict[str, Any]) -> None:
    sent = SentOrders(Heard())
    with pytest.raises(Unsupported):
        await entry(sent).place(command(**changes), AAPL, APPLE)
    assert not sent.sent


async def test_an_exit_off_the_price_step_is_refused_before_anything_is_sent() -> None:
    sent = SentOrders(Heard())
    with pytest.raises(InvalidRequest) as refused:
        await entry(sent).place(command(stop_loss=StopLoss(trigger_price=Decimal("95.005"))), AAPL, APPLE)
    assert [error.field for error in refused.value.errors] == ["stop_loss.trigger_price"]
    assert not sent.sent


async def test_silence_ends_in_an_unknown_outcome() -> None:
    sent = SentOrders(Heard())
    sent.client.placeOrder = lambda *_: None
    desk = OrderEntry(lambda: cast("Api", sent), sent.heard.desk, ready=lambda: None, style=OrderStyle(), timeout_s=0.0)
    with pytest.raises(OutcomeUnknown, match="did not answer"):
        await asyncio.wait_for(desk.place(command(), AAPL, APPLE), 5)
