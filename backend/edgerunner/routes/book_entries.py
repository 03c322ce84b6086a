"""What the channels of the book are, and how each thing is said on them."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from edgerunner.domain.fills import Fill
from edgerunner.domain.orders import Order
from edgerunner.routes.rendering import alert_answer, connection_answer
from edgerunner.routes.rendering_accounts import account_answer
from edgerunner.routes.rendering_risk import scope_answer
from edgerunner.routes.rendering_strategies import strategy_answer
from edgerunner.schemas.accounts import PnlAnswer, PositionAnswer
from edgerunner.schemas.ledger import FillAnswer
from edgerunner.schemas.orders import OrderAnswer
from edgerunner.services.alert_service import Alert
from edgerunner.services.channel_state import Entry, Keep
from edgerunner.services.connection_service import ConnectionView
from edgerunner.services.portfolio import SummaryView
from edgerunner.services.risk_service import ScopeView
from edgerunner.services.strategies.views import StrategyView

RECENT = 500
"""Closed orders, fills and alerts of a snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a channel behaves: the name of its list, and whether a slow reader may skip."""

    list_name: str
    is_conflated: bool


KINDS: Mapping[str, Kind] = {
    "orders": Kind(list_name="orders", is_conflated=False),
    "fills": Kind(list_name="fills", is_conflated=False),
    "alerts": Kind(list_name="alerts", is_conflated=False),
    "risk": Kind(list_name="scopes", is_conflated=False),
    "connections": Kind(list_name="connections", is_conflated=True),
    "strategies": Kind(list_name="strategies", is_conflated=True),
    "positions": Kind(list_name="positions", is_conflated=True),
    "account": Kind(list_name="accounts", is_conflated=True),
    "pnl": Kind(list_name="pnl", is_conflated=True),
}


def _json(model: BaseModel) -> bytes:
    return model.__pydantic_serializer__.to_json(model)


def order_entry(order: Order) -> Entry:
    """Say an order; open ones stay, closed ones until enough newer ones came."""
    return Entry(
        key=order.client_order_id,
        body=_json(OrderAnswer.of(order)),
        connection_id=order.connection_id,
        keep=Keep.ALWAYS if order.is_open else Keep.RECENT,
    )


def fill_entry(fill: Fill) -> Entry:
    """Say a fill."""
    return Entry(
        key=f"{fill.connection_id}/{fill.account_id}/{fill.trade_id}",
        body=_json(FillAnswer.of(fill)),
        connection_id=fill.connection_id,
        keep=Keep.RECENT,
    )


def connection_entry(view: ConnectionView, keep: Keep = Keep.ALWAYS) -> Entry:
    """Say a connection; ``keep`` says whether it is still there."""
    return Entry(
        key=view.connection_id, body=_json(connection_answer(view)), connection_id=view.connection_id, keep=keep
    )


def account_entry(view: SummaryView) -> Entry:
    """Say one account's money."""
    rendered = account_answer(view)
    return Entry(
        key=f"{rendered.connection_id}/{rendered.account_id}",
        body=_json(rendered),
        connection_id=rendered.connection_id,
    )


def position_entry(rendered: PositionAnswer | PnlAnswer) -> Entry:
    """Say a position or its profit; a flat one goes."""
    names = (rendered.connection_id, rendered.account_id, rendered.instrument_id, rendered.position_id)
    is_flat = isinstance(rendered, PositionAnswer) and rendered.side == "flat"
    return Entry(
        key="/".join(names),
        body=_json(rendered),
        connection_id=rendered.connection_id,
        keep=Keep.NOT if is_flat else Keep.ALWAYS,
    )


def alert_entry(alert: Alert) -> Entry:
    """Say an alert."""
    return Entry(
        key=alert.alert_id, body=_json(alert_answer(alert)), connection_id=alert.connection_id, keep=Keep.RECENT
    )


def strategy_entry(view: StrategyView) -> Entry:
    """Say a strategy."""
    return Entry(
        key=view.stored.strategy_id, body=_json(strategy_answer(view)), connection_id=view.stored.connection_id
    )


def risk_entry(view: ScopeView) -> Entry:
    """Say the trading state of a scope."""
    return Entry(key=str(view.scope), body=_json(scope_answer(view)), connection_id=view.scope.connection_id)
