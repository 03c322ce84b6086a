"""Public REST endpoints: limits, errors, and values that agree with each other."""

import pytest

from tests.wire.bybit.kit import Simulator

M = "/v5/market"


async def test_instruments_of_the_three_coins_in_the_steps_of_the_catalogue(simulator: Simulator) -> None:
    rows = {
        row["symbol"]: row for row in (await simulator.get(f"{M}/instruments-info", category="linear")).result["list"]
    }
    assert sorted(rows) == ["BTCUSDT", "BTCUSDT-24DEC27", "BTCUSDT-25DEC26", "ETHUSDT", "SOLUSDT"]
    bitcoin = rows["BTCUSDT"]
    assert bitcoin["lotSizeFilter"]["maxMktOrderQty"] == "500.000"
    assert (bitcoin["fundingInterval"], bitcoin["deliveryTime"], bitcoin["settleCoin"]) == (480, "0", "USDT")
    spot = (await simulator.get(f"{M}/instruments-info", category="spot", symbol="BTCUSDT")).result
    assert "nextPageCursor" not in spot
    assert spot["list"][0]["lotSizeFilter"]["basePrecision"] == "0.000001"
    assert "qtyStep" not in spot["list"][0]["lotSizeFilter"]


async def test_instruments_are_paged_by_cursor(simulator: Simulator) -> None:
    first = (await simulator.get(f"{M}/instruments-info", category="linear", limit=3)).result
    assert len(first["list"]) == 3
    second = (
        await simulator.get(f"{M}/instruments-info", category="linear", limit=3, cursor=first["nextPageCursor"])
    ).result
    assert (len(second["list"]), second["nextPageCursor"]) == (2, "")


async def test_a_category_without_instruments_is_an_empty_list(simulator: Simulator) -> None:
    assert (await simulator.get(f"{M}/instruments-info", category="option")).result["list"] == []
    assert (await simulator.get(f"{M}/tickers", category="option")).result["list"] == []


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("tickers", {"category": "linear", "symbol": "NOPE"}),
        ("tickers", {"category": "nope"}),
        ("orderbook", {"category": "linear"}),
        ("orderbook", {"category": "linear", "symbol": "BTCUSDT", "limit": 1001}),
        ("orderbook", {"category": "linear", "symbol": "BTCUSDT", "limit": "many"}),
        ("kline", {"symbol": "BTCUSDT", "interval": "7"}),
        ("kline", {"symbol": "BTCUSDT"}),
        ("mark-price-kline", {"category": "spot", "symbol": "BTCUSDT", "interval": "1"}),
        ("recent-trade", {"category": "spot", "symbol": "BTCUSDT", "limit": 61}),
        ("funding/history", {"symbol": "BTCUSDT", "startTime": 1}),
        ("funding/history", {"category": "spot", "symbol": "BTCUSDT"}),
        ("open-interest", {"symbol": "BTCUSDT", "intervalTime": "2h"}),
        ("risk-limit", {"category": "spot"}),
    ],
)
async def test_wrong_parameters_are_10001(simulator: Simulator, path: str, params: dict[str, object]) -> None:
    reply = await simulator.get(f"{M}/{path}", **params)
    assert (reply.status, reply.code) == (200, 10001)


async def test_bars_are_newest_first_the_open_one_included_and_history_is_stable(simulator: Simulator) -> None:
    rows = (await simulator.get(f"{M}/kline", symbol="BTCUSDT", interval="15", limit=4)).result["list"]
    now = simulator.venue.now_ns() // 1_000_000
    assert int(rows[0][0]) <= now < int(rows[0][0]) + 900_000
    assert [len(row) for row in rows] == [7] * 4
    again = (
        await simulator.get(f"{M}/kline", symbol="BTCUSDT", interval="15", start=rows[3][0], end=rows[1][0])
    ).result["list"]
    assert again == rows[1:]
    weeks = (await simulator.get(f"{M}/kline", symbol="BTCUSDT", interval="W", limit=2)).result["list"]
    assert int(weeks[0][0]) // 86_400_000 % 7 == 4  # days since Thursday 1970-01-01: Mondays


async def test_book_ticker_and_trades_agree(simulator: Simulator) -> None:
    book = (await simulator.get(f"{M}/orderbook", category="linear", symbol="BTCUSDT", limit=1000)).result
    assert len(book["b"]) == len(book["a"]) == 1000
    bids, asks = [float(level[0]) for level in book["b"]], [float(level[0]) for level in book["a"]]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert len((await simulator.get(f"{M}/orderbook", category="spot", symbol="BTCUSDT")).result["b"]) == 1
    limits = (await simulator.get(f"{M}/price-limit", symbol="BTCUSDT")).result
    assert float(limits["sellLmt"]) < bids[0] < float(limits["buyLmt"])
    trades = (await simulator.get(f"{M}/recent-trade", category="linear", symbol="BTCUSDT", limit=5)).result["list"]
    stamps = [int(trade["time"]) for trade in trades]
    assert stamps == sorted(stamps, reverse=True)
    spot = (await simulator.get(f"{M}/tickers", category="spot", symbol="BTCUSDT")).result["list"][0]
    assert "fundingRate" not in spot
    interest = (await simulator.get(f"{M}/open-interest", symbol="BTCUSDT", intervalTime="1h", limit=2)).result
    older = (
        await simulator.get(
            f"{M}/open-interest", symbol="BTCUSDT", intervalTime="1h", limit=1, cursor=interest["nextPageCursor"]
        )
    ).result["list"]
    assert int(interest["list"][1]["timestamp"]) - int(older[0]["timestamp"]) == 3_600_000
