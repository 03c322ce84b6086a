"""The wallet of an account: totals in USD and one object per coin.

Field lists and formulas of the pages "Get Wallet Balance" and "Wallet" of the Bybit V5
documentation, for a unified account.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.bybit import formats, position_objects, risk_tiers
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import AccountSummary, MarginMode

_CROSS_ONLY: Final = (
    "accountIMRate",
    "accountMMRate",
    "accountIMRateByMp",
    "accountMMRateByMp",
    "totalMarginBalance",
    "totalAvailableBalance",
    "totalInitialMargin",
    "totalMaintenanceMargin",
    "totalInitialMarginByMp",
    "totalMaintenanceMarginByMp",
)
"""Account-wide figures that do not exist in isolated margin: they are empty there."""
DOLLAR_COINS: Final = frozenset({"USD", "USDT", "USDC"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinFigures:
    """What one coin contributes to the account, in the coin, and its price in USD."""

    summary: AccountSummary
    maintenance_margin: Decimal
    cumulative_realized_pnl: Decimal
    dollar_price: Decimal


def wallet_object(venue: Venue, account_id: str, coins: Collection[str] | None) -> dict[str, Any]:
    """Return the account object; ``coins`` None = every coin that is not empty."""
    figures = [_coin_figures(venue, account_id, balance.currency) for balance in venue.balances(account_id)]
    return {
        "accountType": "UNIFIED",
        **_account_totals(figures),
        **(dict.fromkeys(_CROSS_ONLY, "") if venue.margin_mode(account_id) is MarginMode.ISOLATED else {}),
        "coin": [_coin_object(coin) for coin in figures if _is_listed(coin, coins)],
    }


def dollar_price(venue: Venue, coin: str) -> Decimal:
    """Return the price of a coin in USD: 1 for dollar coins, else its index price, 0 when unknown."""
    if coin in DOLLAR_COINS:
        return Decimal(1)
    for symbol, instrument in venue.instruments.items():
        if instrument.instrument.base == coin and instrument.instrument.quote in DOLLAR_COINS:
            return venue.index_price(symbol)
    return Decimal(0)


def _is_listed(coin: CoinFigures, coins: Collection[str] | None) -> bool:
    return bool(coin.summary.equity) if coins is None else coin.summary.currency in coins


def _coin_figures(venue: Venue, account_id: str, currency: str) -> CoinFigures:
    maintenance = realized = Decimal(0)
    for symbol, instrument in venue.instruments.items():
        if instrument.is_spot or instrument.instrument.settle != currency:
            continue
        for leg in venue.legs(account_id, symbol):
            position = venue.position(account_id, symbol, leg)
            value = position_objects.position_value(instrument, position)
            maintenance += risk_tiers.maintenance_margin(value)
            realized += position.cumulative_realized_pnl
    return CoinFigures(
        summary=venue.summary(account_id, currency),
        maintenance_margin=maintenance,
        cumulative_realized_pnl=realized,
        dollar_price=dollar_price(venue, currency),
    )


def _account_totals(figures: list[CoinFigures]) -> dict[str, str]:
    wallet = sum((coin.summary.balance * coin.dollar_price for coin in figures), Decimal(0))
    unrealized = sum((coin.summary.unrealized_pnl * coin.dollar_price for coin in figures), Decimal(0))
    initial = sum((_initial_margin(coin) * coin.dollar_price for coin in figures), Decimal(0))
    maintenance = sum((coin.maintenance_margin * coin.dollar_price for coin in figures), Decimal(0))
    locked = sum((coin.summary.locked * coin.dollar_price for coin in figures), Decimal(0))
    margin_balance = wallet + unrealized
    return {
        "accountIMRate": _ratio_text(initial, margin_balance),
        "accountMMRate": _ratio_text(maintenance, margin_balance),
        "accountIMRateByMp": _ratio_text(initial, margin_balance),
        "accountMMRateByMp": _ratio_text(maintenance, margin_balance),
        "accountLTV": "0",
        "totalEquity": formats.money_text(margin_balance),
        "totalWalletBalance": formats.money_text(wallet),
        "totalMarginBalance": formats.money_text(margin_balance),
        "totalAvailableBalance": formats.money_text(margin_balance - initial - locked),
        "totalPerpUPL": formats.money_text(unrealized),
        "totalInitialMargin": formats.money_text(initial),
        "totalMaintenanceMargin": formats.money_text(maintenance),
        "totalInitialMarginByMp": formats.money_text(initial),
        "totalMaintenanceMarginByMp": formats.money_text(maintenance),
    }


def _initial_margin(coin: CoinFigures) -> Decimal:
    return coin.summary.position_margin + coin.summary.order_margin


def _ratio_text(part: Decimal, whole: Decimal) -> str:
    return formats.rate_text(part / whole) if whole else "0"


def _coin_object(coin: CoinFigures) -> dict[str, Any]:
    summary = coin.summary
    return {
        "coin": summary.currency,
        "equity": formats.exact_text(summary.equity),
        "usdValue": formats.money_text(summary.equity * coin.dollar_price),
        "walletBalance": formats.exact_text(summary.balance),
        "locked": formats.exact_text(summary.locked),
        "spotHedgingQty": "0",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": formats.money_text(summary.order_margin),
        "totalPositionIM": formats.money_text(summary.position_margin),
        "totalPositionMM": formats.money_text(coin.maintenance_margin),
        "unrealisedPnl": formats.money_text(summary.unrealized_pnl),
        "cumRealisedPnl": formats.money_text(coin.cumulative_realized_pnl),
        "bonus": "0",
        "marginCollateral": True,
        "collateralSwitch": True,
        "spotBorrow": "0",
        "colRes": "0",
        "availableToWithdraw": "",
        "availableToBorrow": "",
    }
