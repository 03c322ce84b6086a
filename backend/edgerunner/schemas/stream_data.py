"""What ``data`` of a stream message holds, by channel; the same shape in snapshots and deltas."""

from collections.abc import Mapping

from edgerunner.schemas.accounts import AccountList, PnlList, PositionList
from edgerunner.schemas.alerts import AlertList
from edgerunner.schemas.base import AnswerModel
from edgerunner.schemas.broker import ConnectionList
from edgerunner.schemas.ledger import FillAnswer
from edgerunner.schemas.market import BarList, DepthAnswer, MarketTradeAnswer, TickerAnswer
from edgerunner.schemas.orders import OrderAnswer
from edgerunner.schemas.risk import ScopeAnswer
from edgerunner.schemas.strategies import StrategyList


class OrderList(AnswerModel):
    """Orders: open ones and the newest 500 closed ones in a snapshot, changed ones in a delta."""

    orders: list[OrderAnswer]


class FillList(AnswerModel):
    """Fills: the newest 500 in a snapshot, new and restated ones in a delta."""

    fills: list[FillAnswer]


class ScopeList(AnswerModel):
    """Scopes of the risk layer: all in a snapshot, changed ones in a delta."""

    scopes: list[ScopeAnswer]


class MarketTradeList(AnswerModel):
    """Trades of a market: the newest 100 in a snapshot, new ones in a delta."""

    trades: list[MarketTradeAnswer]


CHANNEL_DATA: Mapping[str, type[AnswerModel]] = {
    "orders": OrderList,
    "fills": FillList,
    "positions": PositionList,
    "account": AccountList,
    "pnl": PnlList,
    "connections": ConnectionList,
    "strategies": StrategyList,
    "alerts": AlertList,
    "risk": ScopeList,
    "quotes": TickerAnswer,
    "depth": DepthAnswer,
    "trades": MarketTradeList,
    "bars": BarList,
}
"""By the first word of the channel's name. Null in heartbeats, and before the first quote or book."""
