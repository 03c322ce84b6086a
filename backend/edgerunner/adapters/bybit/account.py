"""Money and positions: wallet, coin inventory, contracts."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from edgerunner.adapters.broker import PositionReport
from edgerunner.adapters.bybit.instruments import Catalogue, Listing
from edgerunner.adapters.bybit.legs import leg_of
from edgerunner.adapters.bybit.orders import side_of
from edgerunner.adapters.bybit.values import Malformed, nanoseconds, number, price, required_number, text
from edgerunner.adapters.bybit.wire import Coin, Position, Wallet
from edgerunner.domain.accounts import AccountSummary, Balance
from edgerunner.domain.numbers import round_money

ACCOUNT_CURRENCY: Final = "USD"
"""Bybit counts a unified account's totals in US dollars."""

_ISOLATED: Final = "ISOLATED_MARGIN"


class WalletBook:
    """The newest wallet; the stream sends only coins that changed, so they are merged here."""

    def __init__(self, account_id: str, catalogue: Catalogue, *, margin_mode: str | None) -> None:
        self._account_id = account_id
        self._catalogue = catalogue
        self.margin_mode = margin_mode
        self._coins: dict[str, Coin] = {}

    def replace(self, wallet: Wallet, ts_ns: int) -> AccountSummary:
        """Take in a complete wallet (REST); return the account's money."""
        self._coins.clear()
        return self.merge(wallet, ts_ns)

    def merge(self, wallet: Wallet, ts_ns: int) -> AccountSummary:
        """Take in the coins of a push; return the account's money, all coins included."""
        for coin in wallet.coin:
            name = text(coin.coin)
            if name is not None:
                self._coins[name] = coin
        return AccountSummary(
            account_id=self._account_id,
            currency=ACCOUNT_CURRENCY,
            balance=number(wallet.total_wallet_balance),
            equity=number(wallet.total_equity),
            margin_initial=number(wallet.total_initial_margin),
            margin_maintenance=number(wallet.total_maintenance_margin),
            margin_available=number(wallet.total_available_balance),
            unrealized_pnl=number(wallet.total_perp_upl),
            realized_pnl=None,
            balances=tuple(self._balance(name, coin) for name, coin in sorted(self._coins.items())),
            as_of_ns=ts_ns,
        )

    def _balance(self, name: str, coin: Coin) -> Balance:
        total = number(coin.wallet_balance) or Decimal(0)
        return Balance(
            currency=name,
            total=total,
            available=self._available(coin, total),
            locked=number(coin.locked),
            value=_value_of_balance(coin, total),
        )

    def _available(self, coin: Coin, total: Decimal) -> Decimal | None:
        """Return the free amount where Bybit tells it, or its rule for isolated margin gives it.

        In cross margin only the account's total in USD is defined (``margin_available``).
        """
        told = number(coin.available_to_withdraw)
        if told is not None:
            return told
        if self.margin_mode != _ISOLATED:
            return None
        taken = (coin.total_position_im, coin.total_order_im, coin.locked, coin.bonus)
        return total - sum((number(part) or Decimal(0) for part in taken), Decimal(0))

    def inventory(self, coins: Iterable[Coin], ts_ns: int) -> list[PositionReport]:
        """Return the coins held (minus borrowed ones) as positions on their main spot markets."""
        found: list[PositionReport] = []
        for coin in coins:
            market = self._catalogue.main_market(text(coin.coin) or "")
            if market is not None:
                held = (number(coin.wallet_balance) or Decimal(0)) - (number(coin.spot_borrow) or Decimal(0))
                found.append(_inventory_report(self._account_id, market, held, ts_ns))
        return found


def _value_of_balance(coin: Coin, total: Decimal) -> Decimal | None:
    """Return what the balance is worth in USD, or None where Bybit's figures do not tell.

    ``usdValue`` counts the coin's equity, open profit of contracts included, not its balance.
    """
    usd_value, equity = number(coin.usd_value), number(coin.equity)
    if usd_value is None or not equity:
        return None
    return round_money(usd_value * total / equity)


def _inventory_report(account_id: str, market: Listing, quantity: Decimal, ts_ns: int) -> PositionReport:
    return PositionReport(
        account_id=account_id,
        instrument_id=market.instrument.instrument_id,
        leg="net",
        quantity=quantity,
        average_price=None,
        mark_price=None,
        unrealized_pnl=None,
        leverage=None,
        take_profit=None,
        stop_loss=None,
        ts_event_ns=ts_ns,
    )


def position_report(
    account_id: str, position: Position, listing: Listing, *, ts_ns: int | None = None
) -> PositionReport:
    """Return the report of a contract position; flat is side ``""`` with size 0.

    ``ts_ns`` stands in for an unset ``updatedTime``, which contracts never traded have. Raises
    ``Malformed`` without a size.
    """
    size = required_number(position.size, "size")
    side = side_of(position.side) if size else None
    average = price(position.avg_price) or price(position.entry_price)
    stamp_ns = nanoseconds(position.updated_time) or ts_ns
    if stamp_ns is None:
        raise Malformed("updatedTime is missing")
    return PositionReport(
        account_id=account_id,
        instrument_id=listing.instrument.instrument_id,
        leg=leg_of(position.position_idx),
        quantity=size * side.sign if side else Decimal(0),
        average_price=average if side else None,
        mark_price=price(position.mark_price),
        unrealized_pnl=number(position.unrealised_pnl),
        leverage=price(position.leverage),
        take_profit=price(position.take_profit),
        stop_loss=price(position.stop_loss),
        ts_event_ns=stamp_ns,
    )
