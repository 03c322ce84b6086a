"""Traps that users of the live service reported, by the numbers of the table in docs/simulators/bybit.md."""

import time
from decimal import Decimal

import aiohttp
import pytest

from edgerunner.simulators.bybit.klines import parse_interval
from edgerunner.simulators.bybit.topics.kline import KlineSource
from edgerunner.simulators.faults import FaultMatch
from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, limit_order, market_order, now_ms, until
from tests.wire.bybit.test_conditional_orders import go_to, moved

CREATE, AMEND, CANCEL = "/v5/order/create", "/v5/order/amend", "/v5/order/cancel"
BTC: Frame = {"category": "linear", "symbol": "BTCUSDT"}


def trap(simulator: Simulator, name: str, match: FaultMatch | None = None, **params: object) -> None:
    simulator.faults.add("bybit", f"bybit.trap_{name}", match=match, params=params)


async def last(simulator: Simulator, category: str = "linear") -> Frame:
    row: Frame = (await simulator.read("/v5/order/history", category=category, limit=1)).result["list"][0]
    return row


async def test_2_a_restart_drops_every_connection_and_the_order_exists(simulator: Simulator) -> None:
    stream = await simulator.open_private("order")
    simulator.faults.add("bybit", "restart", match=FaultMatch(op="place"))
    with pytest.raises(aiohttp.ClientError):
        await simulator.post(CREATE, limit_order(simulator, "cut"))
    await stream.wait_closed()
    assert [order.client_key for order in simulator.venue.open_orders(ACCOUNT)] == ["cut"]


async def test_3_a_request_that_waited_too_long_is_10002_although_the_clock_is_right(simulator: Simulator) -> None:
    trap(simulator, "request_waited", FaultMatch(op="place"), waited_s=6)
    assert (await simulator.read("/v5/account/info")).code == 0
    refused = await simulator.post(CREATE, limit_order(simulator))
    assert (refused.code, "server_timestamp" in refused.body["retMsg"]) == (10002, True)
    assert (await simulator.post(CREATE, limit_order(simulator))).code == 0
    trap(simulator, "request_waited")
    socket = await simulator.open_trade()
    frame = {"op": "order.create", "header": {"X-BAPI-TIMESTAMP": now_ms()}, "args": [limit_order(simulator)]}
    assert (await socket.ask(frame))["retCode"] == 10002


async def test_4_a_blank_market_unit_still_means_quote_for_a_buy(simulator: Simulator) -> None:
    body = market_order(category="spot", qty="500", marketUnit="quoteCoin")
    trap(simulator, "market_unit_blank")
    assert (await simulator.post(CREATE, body)).code == 0
    order = await last(simulator, "spot")
    assert (order["marketUnit"], order["qty"]) == ("", "500")
    assert Decimal(490) < Decimal(order["cumExecValue"]) <= 500
    assert (await simulator.post(CREATE, body)).code == 0
    assert (await last(simulator, "spot"))["marketUnit"] == "quoteCoin"


async def test_5_a_quote_buy_that_spent_everything_may_still_end_partially_filled_canceled(
    simulator: Simulator,
) -> None:
    simulator.pin("spot:BTCUSDT")
    trap(simulator, "quote_buy_dust")
    body = market_order(category="spot", qty="0.01", marketUnit="baseCoin")
    assert (await simulator.post(CREATE, body)).code == 0
    order = await last(simulator, "spot")
    assert (order["orderStatus"], order["cumExecQty"]) == ("PartiallyFilledCanceled", "0.010000")


async def test_6_and_7_numbers_may_be_empty(simulator: Simulator) -> None:
    simulator.faults.add("bybit", "bybit.empty_string_numbers", params={"fields": "totalEquity,cumRealisedPnl"})
    wallet = (await simulator.read("/v5/account/wallet-balance", accountType="UNIFIED")).result["list"][0]
    assert (wallet["totalEquity"], wallet["coin"][0]["cumRealisedPnl"]) == ("", "")
    assert wallet["coin"][0]["availableToWithdraw"] == ""
    again = (await simulator.read("/v5/account/wallet-balance", accountType="UNIFIED")).result["list"][0]
    assert Decimal(again["totalEquity"]) > 0


async def test_8_fees_may_be_charged_in_another_coin(simulator: Simulator) -> None:
    stream = await simulator.open_private("order", "execution")
    trap(simulator, "fee_in_other_coin", coin="MNT", price="0.5")
    assert (await simulator.post(CREATE, market_order("odd"))).code == 0
    order = (await stream.wait_for(lambda frame: frame.get("topic") == "order"))["data"][0]
    execution = (await stream.wait_for(lambda frame: frame.get("topic") == "execution"))["data"][0]
    assert (list(order["cumFeeDetail"]), execution["feeCurrency"]) == (["MNT"], "MNT")
    usual = Decimal(execution["execValue"]) * Decimal("0.00055")
    assert Decimal(execution["execFee"]) == usual * 2
    assert (await simulator.post(CREATE, market_order("usual"))).code == 0
    assert list((await last(simulator))["cumFeeDetail"]) == ["USDT"]


async def test_9_an_index_that_does_not_fit_the_position_mode(simulator: Simulator) -> None:
    trap(simulator, "position_idx", FaultMatch(client_key="wrong"))
    refused = await simulator.post(CREATE, limit_order(simulator, "wrong"))
    assert (refused.code, refused.body["retMsg"]) == (10001, "position idx not match position mode")
    assert (await simulator.post(CREATE, limit_order(simulator, "right"))).code == 0


async def test_10_children_may_lack_even_the_parents_link_id(simulator: Simulator) -> None:
    simulator.pin()
    assert (await simulator.post(CREATE, market_order("parent", stopLoss=moved(simulator, "0.9")))).code == 0
    simulator.faults.add("bybit", "bybit.empty_string_numbers", params={"fields": "parentOrderLinkId"})
    rows = [(await simulator.read("/v5/order/realtime", **BTC)).result["list"][0] for _ in range(2)]
    assert [(row["orderLinkId"], row["parentOrderLinkId"]) for row in rows] == [("", ""), ("", "parent")]


async def test_12_a_restart_empties_the_recent_closed_list_but_not_the_history(simulator: Simulator) -> None:
    await simulator.post(CREATE, market_order("done"))
    simulator.faults.add("bybit", "restart")
    with pytest.raises(aiohttp.ClientError):
        await simulator.post(CREATE, limit_order(simulator))

    async def rows(path: str, **params: object) -> list[Frame]:
        found: list[Frame] = (await simulator.read(path, **BTC, orderLinkId="done", **params)).result["list"]
        return found

    await simulator.restarted()
    assert await rows("/v5/order/realtime", openOnly=1) == []
    assert len(await rows("/v5/order/history")) == 1


async def test_13_an_order_whose_trigger_fired_is_not_found_for_a_while(simulator: Simulator) -> None:
    simulator.pin()
    body = limit_order(simulator, "stop", triggerPrice=moved(simulator, "1.01"), triggerDirection=1)
    placed = (await simulator.post(CREATE, body)).result
    trap(simulator, "triggered_order_not_found")
    query = {**BTC, "orderId": placed["orderId"]}
    assert len((await simulator.read("/v5/order/realtime", **query)).result["list"]) == 1
    go_to(simulator, moved(simulator, "1.02"))
    await until(lambda: not simulator.venue.open_orders(ACCOUNT)[0].is_waiting, "the trigger")
    found = [len((await simulator.read("/v5/order/realtime", **query)).result["list"]) for _ in range(2)]
    assert found == [0, 1]


async def test_14_the_documented_length_of_link_ids_may_be_enforced(simulator: Simulator) -> None:
    trap(simulator, "link_id_length")
    refused = await simulator.post(CREATE, limit_order(simulator, "x" * 40))
    assert (refused.code, refused.body["retMsg"]) == (10001, "OrderLinkId length is longer than 36")
    assert (await simulator.post(CREATE, limit_order(simulator, "x" * 40))).code == 0


async def test_15_both_ids_may_find_nothing(simulator: Simulator) -> None:
    placed = (await simulator.post(CREATE, limit_order(simulator, "both"))).result
    ids = {**BTC, "orderId": placed["orderId"], "orderLinkId": "both"}
    trap(simulator, "both_ids")
    assert (await simulator.post(AMEND, ids | {"qty": "0.02"})).code == 110001
    assert (await simulator.post(AMEND, ids | {"qty": "0.02"})).code == 0


async def test_16_a_cancel_that_a_fill_beats_is_refused(simulator: Simulator) -> None:
    await simulator.post(CREATE, limit_order(simulator, "beaten"))
    trap(simulator, "fill_beats_cancel", FaultMatch(client_key="beaten"))
    assert (await simulator.post(CANCEL, **BTC, orderLinkId="beaten")).code == 110001
    order = await last(simulator)
    assert (order["orderStatus"], order["cumExecQty"]) == ("Filled", "0.010")


async def test_17_a_key_of_another_environment_is_10003(simulator: Simulator) -> None:
    trap(simulator, "wrong_environment")
    assert (await simulator.read("/v5/account/info")).code == 10003
    assert (await simulator.read("/v5/account/info")).code == 0


async def test_18_not_modified_may_answer_a_change_that_was_made(simulator: Simulator) -> None:
    trap(simulator, "not_modified")
    leverage = {**BTC, "buyLeverage": "3", "sellLeverage": "3"}
    assert (await simulator.post("/v5/position/set-leverage", leverage)).code == 110043
    assert simulator.venue.position(ACCOUNT, "linear:BTCUSDT").leverage == 3
    trap(simulator, "not_modified")
    assert (await simulator.post("/v5/position/switch-mode", **BTC, mode=3)).code == 110025
    assert len(simulator.venue.legs(ACCOUNT, "linear:BTCUSDT")) == 2


@pytest.mark.parametrize("path", ["instruments-info", "risk-limit"])
async def test_19_short_pages_must_be_followed_to_their_end(simulator: Simulator, path: str) -> None:
    simulator.faults.add("bybit", "bybit.trap_short_page", count=None, params={"rows": 2})
    names: list[str] = []
    cursor = ""
    while True:
        page = (await simulator.get(f"/v5/market/{path}", category="linear", cursor=cursor)).result
        assert len(page["list"]) <= 2
        names.extend(row["symbol"] for row in page["list"])
        cursor = page["nextPageCursor"]
        if not cursor:
            break
    listed = [name for name, each in simulator.venue.instruments.items() if each.product == "linear"]
    assert sorted(names) == sorted(name.partition(":")[2] for name in listed)


async def test_20_a_closed_bar_may_come_twice(simulator: Simulator) -> None:
    class Clock:
        """The venue at chosen times."""

        name = simulator.venue.name
        clock = simulator.venue.clock
        bar = staticmethod(simulator.venue.bar)
        time_ns = time.time_ns() // 60_000_000_000 * 60_000_000_000 - 150_000_000_000

        def now_ns(self) -> int:
            return self.time_ns

    clock = Clock()
    instrument = simulator.venue.instruments["linear:BTCUSDT"]
    source = KlineSource(
        "kline.1.BTCUSDT",
        parse_interval("1"),
        instrument,
        clock,  # type: ignore[arg-type]
        faults=simulator.faults,
    )
    trap(simulator, "bar_confirmed_twice")
    counts = []
    for _ in range(2):
        clock.time_ns += 60_000_000_000
        bars = [frame["data"][0] for frame in source.due()]
        assert {bar["confirm"] for bar in bars} == {True}
        assert len({bar["start"] for bar in bars}) == 1
        counts.append(len(bars))
    assert counts == [2, 1]


async def test_21_a_creation_answers_with_ids_alone(simulator: Simulator) -> None:
    assert (await simulator.post(CREATE, limit_order(simulator, "ids"))).result.keys() == {"orderId", "orderLinkId"}


async def test_22_locked_may_exceed_the_total(simulator: Simulator) -> None:
    trap(simulator, "locked_exceeds_total")
    wallet = (await simulator.read("/v5/account/wallet-balance", accountType="UNIFIED", coin="USDT")).result["list"][0]
    assert Decimal(wallet["coin"][0]["locked"]) > Decimal(wallet["coin"][0]["walletBalance"])


async def test_23_history_may_show_an_order_twice(simulator: Simulator) -> None:
    await simulator.post(CREATE, market_order("twice"))
    trap(simulator, "duplicate_history_row")
    rows = (await simulator.read("/v5/order/history", **BTC)).result["list"]
    assert [row["orderLinkId"] for row in rows] == ["twice", "twice"]
    assert len((await simulator.read("/v5/order/history", **BTC)).result["list"]) == 1


async def test_24_an_order_may_be_rejected_with_fills(simulator: Simulator) -> None:
    stream = await simulator.open_private("order")
    trap(simulator, "rejected_with_fills")
    simulator.faults.add("bybit", "partial_fill", params={"quantity": "0.004"})
    body = limit_order(simulator, price=simulator.crossing_price(), timeInForce="IOC")
    assert (await simulator.post(CREATE, body)).code == 0
    told = (await stream.wait_for(lambda frame: frame.get("topic") == "order"))["data"][0]
    listed = await last(simulator)
    assert (told["orderStatus"], told["cumExecQty"]) == (listed["orderStatus"], listed["cumExecQty"])
    assert (listed["orderStatus"], listed["cumExecQty"]) == ("Rejected", "0.004")


async def test_25_the_option_socket_pongs_in_its_own_way(simulator: Simulator) -> None:
    option, linear = await simulator.open("/v5/public/option"), await simulator.open("/v5/public/linear")
    assert (await option.ask({"op": "ping"})).keys() == {"args", "op"}
    assert (await linear.ask({"op": "ping"}))["ret_msg"] == "pong"


async def test_26_a_second_subscribe_sends_no_second_snapshot_of_the_first(simulator: Simulator) -> None:
    socket = await simulator.open("/v5/public/linear")
    await socket.ask({"op": "subscribe", "args": ["orderbook.50.BTCUSDT"]})
    await socket.wait_for(lambda frame: frame.get("type") == "snapshot")
    await socket.send({"op": "subscribe", "args": ["orderbook.50.ETHUSDT"]})
    await socket.wait_for(
        lambda frame: frame.get("topic") == "orderbook.50.ETHUSDT" and frame.get("type") == "snapshot"
    )
    snapshots = [frame for frame in socket.topic("orderbook.50.BTCUSDT") if frame["type"] == "snapshot"]
    assert len(snapshots) == 1


async def test_27_borrowed_coins_stay_borrowed(simulator: Simulator) -> None:
    simulator.faults.add("bybit", "bybit.trap_borrowed_coin", count=None, params={"coin": "BTC", "amount": "0.5"})
    wallet = (await simulator.read("/v5/account/wallet-balance", accountType="UNIFIED")).result["list"][0]
    borrowed = {coin["coin"]: (coin["borrowAmount"], coin["spotBorrow"]) for coin in wallet["coin"]}
    assert borrowed == {"USDT": ("0", "0"), "BTC": ("0.5", "0.5")}
    assert (await simulator.post("/v5/account/repay")).status == 404
    assert (await simulator.post(CREATE, limit_order(simulator, category="spot", isLeverage=1))).code == 170036


async def test_28_a_retry_after_a_lost_answer_is_a_second_order_without_a_link_id(simulator: Simulator) -> None:
    for link_id, count in ((None, 2), ("once", 1)):
        simulator.faults.add("bybit", "reset_after_accept", match=FaultMatch(op="place"))
        body = limit_order(simulator, link_id)
        with pytest.raises(aiohttp.ClientError):
            await simulator.post(CREATE, body)
        again = await simulator.post(CREATE, body)
        assert again.code == (0 if link_id is None else 110072)
        named = [order for order in simulator.venue.open_orders(ACCOUNT) if order.client_key == link_id]
        assert len(named) == count
