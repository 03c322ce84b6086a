"""Queries are signed, repeated within bounds, paged to the end, and never answer "none" by mistake."""

import hashlib
import hmac
import itertools
import time

import pytest

from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerError,
    BrokerRejected,
    BrokerTimeout,
    BrokerUnreachable,
    Unsupported,
)
from edgerunner.domain.market import Timeframe
from tests.wire.bybit_adapter.conftest import LINEAR_ID, SPOT_ID, Connect
from tests.wire.bybit_adapter.scripted import (
    KEY,
    SECRET,
    Behaviour,
    Json,
    ScriptedBybit,
    answer,
    garbage,
    refusal,
    reset,
    silence,
    status,
)

WALLET = "/v5/account/wallet-balance"
MINUTE_MS = 60_000


@pytest.mark.parametrize(
    "fault",
    [silence, reset, garbage(), status(502), refusal(10006), refusal(10016), refusal(10002)],
    ids=["silence", "reset", "garbage", "502", "10006", "10016", "10002"],
)
async def test_passing_fault_is_repeated(server: ScriptedBybit, connect: Connect, fault: Behaviour) -> None:
    client = await connect()
    server.then(WALLET, fault)
    (summary,) = await client.adapter.get_account_summary()
    assert summary.equity == 1


async def test_refused_time_stamp_measures_the_clock_before_the_next_attempt(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await connect()
    before = len(server.sent("/v5/market/time"))
    server.then(WALLET, refusal(10002))
    await client.adapter.get_account_summary()
    assert len(server.sent("/v5/market/time")) == before + 1


async def test_wrong_clock_of_this_machine_is_no_problem(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    client.clock.wall_wrong_ns = 3_600 * 10**9
    await client.adapter.get_account_summary()
    stamp = int(server.sent(WALLET)[-1].headers["X-BAPI-TIMESTAMP"])
    assert abs(stamp - time.time_ns() // 10**6) < 1000


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (silence, BrokerTimeout),
        (garbage(), BrokerTimeout),
        (refusal(10006), BrokerRejected),
        (status(503), BrokerTimeout),
    ],
    ids=["silence", "garbage", "10006", "503"],
)
async def test_lasting_fault_is_an_error_after_a_bounded_number_of_attempts(
    server: ScriptedBybit, connect: Connect, fault: Behaviour, error: type[BrokerError]
) -> None:
    client = await connect()
    before = len(server.sent("/v5/order/realtime"))
    server.then("/v5/order/realtime", *[fault] * 10)
    with pytest.raises(error):
        await client.adapter.get_open_orders()
    assert len(server.sent("/v5/order/realtime")) - before == 4


@pytest.mark.parametrize("code", [10003, 10004, 33004])
async def test_refused_key_is_not_tried_again(server: ScriptedBybit, connect: Connect, code: int) -> None:
    client = await connect()
    before = len(server.sent(WALLET))
    server.then(WALLET, refusal(code, "API key is invalid."))
    with pytest.raises(BrokerAuthFailed):
        await client.adapter.get_account_summary()
    assert len(server.sent(WALLET)) == before + 1


async def test_queries_are_signed_over_the_raw_query(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    await client.adapter.get_open_orders()
    request = server.sent("/v5/order/realtime")[0]
    text = request.headers["X-BAPI-TIMESTAMP"] + KEY + request.headers["X-BAPI-RECV-WINDOW"] + request.query
    assert request.headers["X-BAPI-SIGN"] == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


async def test_secrets_never_leave(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    await client.adapter.get_open_orders()
    assert SECRET not in repr(server.requests) + repr(client.adapter) + repr(server.received)


def wire_order(number: int) -> Json:
    return {
        "orderId": f"o{number}",
        "orderLinkId": "",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Limit",
        "orderStatus": "New",
        "timeInForce": "GTC",
        "price": "60000",
        "qty": "0.01",
        "cumExecQty": "0",
        "createdTime": str(1700000000000 + number),
        "updatedTime": str(1700000000000 + number),
    }


async def test_open_orders_of_every_page_with_the_cursor_sent_back_as_it_came(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await connect()
    cursor = "page_args%3Dfd4300ae%26symbol%3D6%26"

    def page(parameters: Json) -> Json:
        if parameters["category"] == "spot":
            return {"list": []}
        if "cursor" not in parameters:
            return {"list": [wire_order(number) for number in range(2)], "nextPageCursor": cursor}
        return {"list": [wire_order(2)], "nextPageCursor": ""}

    server.baseline["/v5/order/realtime"] = page
    orders = await client.adapter.get_open_orders()
    assert [order.venue_order_id for order in orders] == ["o0", "o1", "o2"]
    assert server.sent("/v5/order/realtime")[-1].query.endswith(f"cursor={cursor}")


async def test_broken_page_is_an_error_and_not_a_shorter_list(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    server.then(
        "/v5/order/realtime", answer({"list": [wire_order(0)], "nextPageCursor": "next"}), *[refusal(110001)] * 4
    )
    with pytest.raises(BrokerRejected):
        await client.adapter.get_open_orders()


async def test_unreadable_row_is_an_error_and_not_a_shorter_list(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    server.then("/v5/order/realtime", answer({"list": [wire_order(0) | {"qty": ""}]}))
    with pytest.raises(BrokerUnreachable, match="qty"):
        await client.adapter.get_open_orders()


def wire_execution(number: int, time_ms: int, kind: str = "Trade") -> Json:
    return {
        "symbol": "BTCUSDT",
        "orderId": "o1",
        "orderLinkId": "KEY1",
        "side": "Buy",
        "execId": f"e{number}",
        "execType": kind,
        "execPrice": "60000",
        "execQty": "0.01",
        "execFee": "0.3",
        "feeCurrency": "USDT",
        "execTime": str(time_ms),
        "isMaker": False,
    }


async def test_fills_of_a_month_are_read_in_windows_of_a_week_each_once(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await connect()
    now_ms = time.time_ns() // 10**6
    week = 7 * 86_400_000
    history = [wire_execution(n, now_ms - n * 86_400_000) for n in range(30)] + [wire_execution(99, now_ms, "Funding")]

    def window(parameters: Json) -> Json:
        if parameters["category"] == "spot":
            return {"list": []}
        first = int(parameters["startTime"])
        return {"list": [row for row in history if first <= int(row["execTime"]) <= first + week]}

    server.baseline["/v5/execution/list"] = window
    fills = await client.adapter.get_fills((now_ms - 25 * 86_400_000 - 5) * 10**6)
    assert [fill.fill.trade_id for fill in fills] == [f"e{n}" for n in range(25, -1, -1)]
    starts = sorted(int(r.parameters["startTime"]) for r in server.sent("/v5/execution/list") if "linear" in r.query)
    assert all(later - earlier == week for earlier, later in itertools.pairwise(starts))


async def test_failed_window_fails_the_whole_answer(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    server.then("/v5/execution/list", *[refusal(10005)] * 8)
    with pytest.raises(BrokerAuthFailed):
        await client.adapter.get_fills(time.time_ns() - 20 * 86_400 * 10**9)


def serve_klines(server: ScriptedBybit, *, listed_minutes: int) -> None:
    """Minute candles since a listing, newest first, at most 1000, the last one growing."""
    newest = time.time_ns() // 10**6 // MINUTE_MS * MINUTE_MS
    opens = [newest - n * MINUTE_MS for n in range(listed_minutes)]

    def klines(parameters: Json) -> Json:
        chosen = [o for o in opens if int(parameters.get("start", 0)) <= o <= int(parameters.get("end", 2**62))]
        rows = [[str(o), "1", "3", "1", "2", "5", "10"] for o in chosen[: int(parameters["limit"])]]
        return {"symbol": "BTCUSDT", "category": "linear", "list": rows}

    server.baseline["/v5/market/kline"] = klines


async def test_chart_pages_backward_and_the_newest_candle_still_grows(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    serve_klines(server, listed_minutes=5000)
    bars = await client.adapter.get_chart_data(LINEAR_ID, Timeframe.M1, limit=2500)
    assert len(bars) == 2500
    assert all(later.open_ns - earlier.open_ns == 60 * 10**9 for earlier, later in itertools.pairwise(bars))
    assert [bar.is_complete for bar in bars[-2:]] == [True, False]
    assert len(server.sent("/v5/market/kline")) == 3


@pytest.mark.parametrize(("ended_ms_ago", "is_complete"), [(5, False), (60_000, True)])
async def test_a_candle_that_ended_a_moment_ago_may_be_unfinished(
    server: ScriptedBybit, connect: Connect, ended_ms_ago: int, is_complete: bool
) -> None:
    client = await connect()
    opened = time.time_ns() // 10**6 - MINUTE_MS - ended_ms_ago
    row = [str(opened), "1", "3", "1", "2", "5", "10"]
    server.baseline["/v5/market/kline"] = lambda _: {"symbol": "BTCUSDT", "category": "linear", "list": [row]}
    (bar,) = await client.adapter.get_chart_data(LINEAR_ID, Timeframe.M1, limit=1)
    assert bar.is_complete is is_complete


async def test_chart_ends_at_the_listing(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    serve_klines(server, listed_minutes=1200)
    assert len(await client.adapter.get_chart_data(LINEAR_ID, Timeframe.M1, limit=2500)) == 1200


async def test_chart_of_an_interval_is_half_open(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    serve_klines(server, listed_minutes=5000)
    all_bars = await client.adapter.get_chart_data(LINEAR_ID, Timeframe.M1, limit=100)
    start, end = all_bars[10].open_ns, all_bars[20].open_ns
    bars = await client.adapter.get_chart_data(LINEAR_ID, Timeframe.M1, start_ns=start, end_ns=end)
    assert bars == all_bars[10:20]


@pytest.mark.parametrize("timeframe", [Timeframe.S1, Timeframe.S5])
async def test_bars_below_a_minute_are_unsupported(
    server: ScriptedBybit, connect: Connect, timeframe: Timeframe
) -> None:
    client = await connect()
    with pytest.raises(Unsupported, match="1m"):
        await client.adapter.get_chart_data(LINEAR_ID, timeframe)


async def test_spot_has_no_funding(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    with pytest.raises(Unsupported, match="funding"):
        await client.adapter.get_funding(SPOT_ID, 10)


async def test_funding_pages_backward(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    stamps = [1_700_000_000_000 + n * 28_800_000 for n in range(450)]

    def page(parameters: Json) -> Json:
        before = int(parameters.get("endTime", 2**62))
        chosen = [stamp for stamp in reversed(stamps) if stamp <= before][: int(parameters["limit"])]
        return {"list": [{"fundingRate": "0.0001", "fundingRateTimestamp": str(stamp)} for stamp in chosen]}

    server.baseline["/v5/market/funding/history"] = page
    ticker = {"symbol": "BTCUSDT", "fundingRate": "0.0002", "nextFundingTime": "1800000000000"}
    server.baseline["/v5/market/tickers"] = lambda _: {"list": [ticker]}
    funding = await client.adapter.get_funding(LINEAR_ID, 420)
    assert [rate.ts_ns for rate in funding.rates] == [stamp * 10**6 for stamp in stamps[-420:]]
    assert funding.next is not None
    assert str(funding.next.rate) == "0.0002"
