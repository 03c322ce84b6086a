"""Money, coins held and contract positions."""

from decimal import Decimal

import msgspec
import pytest

from edgerunner.adapters.bybit.account import WalletBook, position_report
from edgerunner.adapters.bybit.values import Malformed
from edgerunner.adapters.bybit.wire import Position, Wallet
from tests.unit.adapters.bybit.samples import ACCOUNT, START_NS, catalogue, linear

WALLET = {
    "totalEquity": "10262.91",
    "totalWalletBalance": "9684.46",
    "totalAvailableBalance": "9556.60",
    "totalInitialMargin": "127.85",
    "totalMaintenanceMargin": "12.78",
    "totalPerpUPL": "-1.5",
    "coin": [
        {
            "coin": "BTC",
            "walletBalance": "0.5",
            "equity": "0.5",
            "locked": "0.1",
            "spotBorrow": "0",
            "usdValue": "33000",
        },
        {"coin": "USDT", "walletBalance": "1000.50", "locked": "0", "totalPositionIM": "100", "totalOrderIM": "50.5"},
    ],
}


def wallet(**changes: object) -> Wallet:
    return msgspec.convert(WALLET | changes, Wallet)


def book(margin_mode: str = "REGULAR_MARGIN") -> WalletBook:
    return WalletBook(ACCOUNT, catalogue(), margin_mode=margin_mode)


def test_totals_in_dollars() -> None:
    summary = book().replace(wallet(), START_NS)
    assert summary.currency == "USD"
    assert (summary.equity, summary.balance) == (Decimal("10262.91"), Decimal("9684.46"))
    assert summary.margin_available == Decimal("9556.60")
    assert summary.unrealized_pnl == Decimal("-1.5")
    assert [balance.currency for balance in summary.balances] == ["BTC", "USDT"]
    assert summary.balances[0].value == 33000


@pytest.mark.parametrize(
    ("equity", "value"), [("1200", Decimal("1000.5")), ("0", None), ("", None)], ids=["open profit", "none", "untold"]
)
def test_balance_is_worth_its_share_of_the_equity(equity: str, value: Decimal | None) -> None:
    usdt = {"coin": "USDT", "walletBalance": "1000.5", "equity": equity, "usdValue": "1200"}
    summary = book().replace(wallet(coin=[usdt]), START_NS)
    assert summary.balances[0].value == value


def test_totals_that_bybit_leaves_empty_are_unknown_not_zero() -> None:
    summary = book("ISOLATED_MARGIN").replace(wallet(totalEquity="", totalAvailableBalance=""), START_NS)
    assert summary.equity is None
    assert summary.margin_available is None


def test_free_coins_follow_from_the_rule_of_isolated_margin() -> None:
    summary = book("ISOLATED_MARGIN").replace(wallet(), START_NS)
    assert [balance.available for balance in summary.balances] == [Decimal("0.4"), Decimal("850.00")]


def test_free_coins_are_not_invented_in_cross_margin() -> None:
    assert [balance.available for balance in book().replace(wallet(), START_NS).balances] == [None, None]


def test_push_of_one_coin_keeps_the_others() -> None:
    wallets = book()
    wallets.replace(wallet(), START_NS)
    summary = wallets.merge(wallet(coin=[{"coin": "USDT", "walletBalance": "900"}]), START_NS)
    totals = {balance.currency: balance.total for balance in summary.balances}
    assert totals == {"BTC": Decimal("0.5"), "USDT": Decimal(900)}


def test_coins_are_positions_on_their_main_market_and_cash_is_not() -> None:
    found = book().inventory(wallet().coin, START_NS)
    assert [(report.instrument_id, report.quantity) for report in found] == [("BTCUSDT-SPOT.BYBIT", Decimal("0.5"))]
    assert found[0].average_price is None


def test_borrowed_coins_are_a_short_position() -> None:
    coins = wallet(coin=[{"coin": "BTC", "walletBalance": "0", "spotBorrow": "0.06142"}]).coin
    assert book().inventory(coins, START_NS)[0].quantity == Decimal("-0.06142")


def position(**changes: object) -> Position:
    row = {
        "positionIdx": 0,
        "symbol": "BTCUSDT",
        "side": "Sell",
        "size": "0.01",
        "entryPrice": "3641.075",
        "markPrice": "3641.33",
        "leverage": "30",
        "takeProfit": "0",
        "stopLoss": "",
        "unrealisedPnl": "-0.00255",
        "updatedTime": "1762199125472",
        "category": "linear",
    }
    return msgspec.convert(row | changes, Position)


def test_short_position_is_negative_with_either_name_of_its_price() -> None:
    streamed = position_report(ACCOUNT, position(), linear())
    queried = position_report(ACCOUNT, position(entryPrice=None, avgPrice="3641.075"), linear())
    assert streamed == queried
    assert streamed.quantity == Decimal("-0.01")
    assert streamed.average_price == Decimal("3641.075")
    assert (streamed.take_profit, streamed.stop_loss) == (None, None)
    assert streamed.leg == "net"


def test_flat_position_has_no_side() -> None:
    flat = position_report(ACCOUNT, position(side="", size="0", entryPrice="0"), linear())
    assert flat.quantity == 0
    assert flat.average_price is None


@pytest.mark.parametrize(("index", "leg"), [(1, "long"), (2, "short")])
def test_hedge_mode_shows_its_legs(index: int, leg: str) -> None:
    assert position_report(ACCOUNT, position(positionIdx=index), linear()).leg == leg


def test_position_without_a_size_is_refused() -> None:
    with pytest.raises(Malformed, match="size"):
        position_report(ACCOUNT, position(size=""), linear())


@pytest.mark.parametrize("unset", ["", "0", None])
def test_contract_never_traded_is_dated_by_its_message(unset: str | None) -> None:
    report = position_report(ACCOUNT, position(updatedTime=unset), linear(), ts_ns=START_NS)
    assert report.ts_event_ns == START_NS
