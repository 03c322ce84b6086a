"""The table of REST endpoints: path, who may call, which rate limit counts, who answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from edgerunner.simulators.bybit.account_queries import AccountQueries
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.closed_profits import ClosedProfits
from edgerunner.simulators.bybit.dead_man import DeadMan
from edgerunner.simulators.bybit.demo import DemoMoney
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.margin_settings import MarginSettings
from edgerunner.simulators.bybit.market_queries import MarketQueries
from edgerunner.simulators.bybit.operations import OrderCall, OrderOperations
from edgerunner.simulators.bybit.order_lists import OrderLists
from edgerunner.simulators.bybit.position_settings import PositionSettings
from edgerunner.simulators.bybit.pre_check import PreCheck
from edgerunner.simulators.bybit.transaction_log import TransactionLog


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEndpoint:
    """A market-data endpoint: no key, no per-UID limit."""

    answer: Callable[[Mapping[str, str]], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEndpoint:
    """An endpoint of one account; ``limit`` names its rate limit, ``writes`` needs a full key.

    ``op`` is the neutral word that faults are aimed at: ``amend`` for what changes orders.
    """

    answer: Callable[[ApiKey, Mapping[str, Any]], Answer]
    limit: str
    writes: bool = False
    op: str = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEndpoint:
    """Order entry. ``op`` is the neutral word that faults are aimed at, ``limit`` the rate limit's name."""

    answer: Callable[[OrderCall], Answer]
    limit: str
    op: str

    @property
    def is_batch(self) -> bool:
        """Tell whether the body holds several orders."""
        return self.limit.endswith("-batch")


Endpoint = PublicEndpoint | AccountEndpoint | OrderEndpoint
SOCKET_OPERATIONS: Final = {
    "order.create": "/v5/order/create",
    "order.amend": "/v5/order/amend",
    "order.cancel": "/v5/order/cancel",
    "order.create-batch": "/v5/order/create-batch",
    "order.amend-batch": "/v5/order/amend-batch",
    "order.cancel-batch": "/v5/order/cancel-batch",
}


def market_endpoints(market: MarketQueries) -> dict[tuple[str, str], Endpoint]:
    """Return the public endpoints by method and path."""
    answers = {
        "time": market.server_time,
        "kline": market.kline,
        "mark-price-kline": market.price_kline,
        "index-price-kline": market.price_kline,
        "premium-index-price-kline": market.premium_kline,
        "tickers": market.tickers,
        "orderbook": market.order_book,
        "recent-trade": market.recent_trades,
        "instruments-info": market.instruments_info,
        "funding/history": market.funding_history,
        "open-interest": market.open_interest,
        "risk-limit": market.risk_limit,
        "price-limit": market.price_limit,
    }
    return {("GET", f"/v5/market/{name}"): PublicEndpoint(answer=answer) for name, answer in answers.items()}


def order_endpoints(operations: OrderOperations) -> dict[tuple[str, str], OrderEndpoint]:
    """Return order entry by method and path."""
    rows = {
        "create": (operations.create, "place"),
        "amend": (operations.amend, "amend"),
        "cancel": (operations.cancel, "cancel"),
        "cancel-all": (operations.cancel_all, "cancel"),
        "create-batch": (operations.create_batch, "place"),
        "amend-batch": (operations.amend_batch, "amend"),
        "cancel-batch": (operations.cancel_batch, "cancel"),
    }
    return {
        ("POST", f"/v5/order/{name}"): OrderEndpoint(answer=answer, limit=name, op=op)
        for name, (answer, op) in rows.items()
    }


def account_endpoints(
    *,
    account: AccountQueries,
    settings: PositionSettings,
    lists: OrderLists,
    log: TransactionLog,
    profits: ClosedProfits,
    margin: MarginSettings,
    pre_check: PreCheck,
    dead_man: DeadMan,
    demo: DemoMoney,
) -> dict[tuple[str, str], Endpoint]:
    """Return the endpoints of one account by method and path."""
    return {
        ("GET", "/v5/order/realtime"): AccountEndpoint(answer=lists.realtime, limit="order-realtime"),
        ("GET", "/v5/order/history"): AccountEndpoint(answer=lists.history, limit="order-history"),
        ("GET", "/v5/execution/list"): AccountEndpoint(answer=lists.executions, limit="execution-list"),
        ("POST", "/v5/order/pre-check"): AccountEndpoint(answer=pre_check.answer, limit="pre-check", writes=True),
        ("POST", "/v5/order/disconnected-cancel-all"): AccountEndpoint(
            answer=dead_man.set_window, limit="disconnected-cancel-all", writes=True
        ),
        ("GET", "/v5/account/query-dcp-info"): AccountEndpoint(answer=dead_man.info, limit="account-info"),
        ("POST", "/v5/account/demo-apply-money"): AccountEndpoint(
            answer=demo.apply, limit="demo-apply-money", writes=True
        ),
        ("GET", "/v5/position/list"): AccountEndpoint(answer=account.position_list, limit="position-list"),
        ("GET", "/v5/position/closed-pnl"): AccountEndpoint(answer=profits.page, limit="closed-pnl"),
        ("POST", "/v5/position/set-leverage"): AccountEndpoint(
            answer=settings.set_leverage, limit="set-leverage", writes=True
        ),
        ("POST", "/v5/position/switch-mode"): AccountEndpoint(
            answer=settings.switch_mode, limit="switch-mode", writes=True
        ),
        ("POST", "/v5/position/trading-stop"): AccountEndpoint(
            answer=settings.trading_stop, limit="trading-stop", writes=True, op="amend"
        ),
        ("POST", "/v5/position/add-margin"): AccountEndpoint(answer=margin.add_margin, limit="add-margin", writes=True),
        ("POST", "/v5/position/set-auto-add-margin"): AccountEndpoint(
            answer=margin.set_auto_add_margin, limit="set-auto-add-margin", writes=True
        ),
        ("POST", "/v5/account/set-margin-mode"): AccountEndpoint(
            answer=margin.set_mode, limit="set-margin-mode", writes=True
        ),
        ("GET", "/v5/account/wallet-balance"): AccountEndpoint(answer=account.wallet_balance, limit="wallet-balance"),
        ("GET", "/v5/account/info"): AccountEndpoint(answer=account.account_info, limit="account-info"),
        ("GET", "/v5/account/fee-rate"): AccountEndpoint(answer=account.fee_rate, limit="fee-rate"),
        ("GET", "/v5/account/transaction-log"): AccountEndpoint(answer=log.page, limit="transaction-log"),
        ("GET", "/v5/user/query-api"): AccountEndpoint(answer=account.key_info, limit="query-api"),
        ("GET", "/v5/asset/coin/query-info"): AccountEndpoint(answer=account.coin_info, limit="asset"),
    }
