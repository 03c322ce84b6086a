"""The channels of the book: orders, fills, positions, accounts, PnL, connections, alerts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pydantic import BaseModel

from edgerunner.domain.fills import Fill
from edgerunner.domain.orders import Order
from edgerunner.routes.channels import BookChannel
from edgerunner.routes.context import Services
from edgerunner.routes.rendering import alert_answer, connection_answer
from edgerunner.routes.rendering_accounts import account_answer, pnl_answer, position_answer
from edgerunner.routes.rendering_risk import scope_answer
from edgerunner.routes.rendering_strategies import strategy_answer
from edgerunner.schemas.accounts import PnlAnswer, PositionAnswer
from edgerunner.schemas.ledger import FillAnswer
from edgerunner.schemas.orders import OrderAnswer
from edgerunner.services.alert_service import Alert
from edgerunner.services.channel_state import Entry, Keep, ListState
from edgerunner.services.connection_service import ConnectionView
from edgerunner.services.hub import Channel
from edgerunner.services.portfolio import SummaryView
from edgerunner.services.risk_service import ScopeView
from edgerunner.services.strategies.views import StrategyView
from edgerunner.storage.journal import Commit

RECENT = 500
"""Closed orders, fills and alerts of a snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How a channel behaves: the name of its list, and whether a slow reader may skip."""

    list_name: str
    is_conflated: bool


_KINDS: Mapping[str, _Kind] = {
    "orders": _Kind(list_name="orders", is_conflated=False),
    "fills": _Kind(list_name="fills", is_conflated=False),
    "alerts": _Kind(list_name="alerts", is_conflated=False),
    "risk": _Kind(list_name="scopes", is_conflated=False),
    "connections": _Kind(list_name="connections", is_conflated=True),
    "strategies": _Kind(list_name="strategies", is_conflated=True),
    "positions": _Kind(list_name="positions", is_conflated=True),
    "account": _Kind(list_name="accounts", is_conflated=True),
    "pnl": _Kind(list_name="pnl", is_conflated=True),
}
_SAMPLED = ("positions", "account", "pnl")


class BookTopics:
    """Publishes the book after each commit; figures that follow prices are sampled while somebody reads them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._hub = services.hub
        self._states: dict[str, ListState] = {}
        self._unfollow: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Open the channels over all connections and follow the services."""
        for base in _KINDS:
            self._open(base, base, ())
        self._unfollow = [
            self._services.journal.add_listener(self._on_commit),
            self._services.connections.add_listener(self._on_connection),
            self._services.alerts.add_listener(self._on_alert),
            self._services.risk.add_listener(self._on_risk),
            self._services.strategies.add_listener(self._on_strategy),
        ]
        self._states["connections"].reset([_connection_entry(view) for view in self._services.connections.views()])
        self._states["strategies"].reset([_strategy_entry(view) for view in self._services.strategies.views()])
        self._states["risk"].reset([_risk_entry(view) for view in self._services.risk.scopes()])
        self._states["alerts"].reset([_alert_entry(alert) for alert in reversed(self._services.alerts.recent())])
        for base in ("orders", "fills"):
            self._put_under(self._states[base], await self._recorded(base, None))

    def stop(self) -> None:
        """Follow nothing any more."""
        for unfollow in self._unfollow:
            unfollow()
        self._unfollow = []

    async def open(self, name: str, target: BookChannel) -> Channel:
        """Return a channel with its state up to date; raises ``NotFound`` for no such connection."""
        if target.connection_id is not None:
            self._services.connections.view(target.connection_id)
        if target.base in _SAMPLED:
            await self._sample(target.base)
        channel = self._hub.channel(name)
        if channel is not None:
            return channel
        recorded = await self._recorded(target.base, target.connection_id)
        newer = self._states[target.base].entries(target.connection_id)
        channel = self._open(name, target.base, ())
        self._states[name].reset(newer)
        self._put_under(self._states[name], recorded)
        return channel

    async def sample(self) -> None:
        """Publish what changed of the figures that somebody reads."""
        for base in _SAMPLED:
            names = (name for name in self._states if name.partition(":")[0] == base)
            if any((channel := self._hub.channel(name)) and channel.clients for name in names):
                await self._sample(base)

    async def _sample(self, base: str) -> None:
        entries = await self._present(base)
        changed, gone = self._states[base].changes_to(entries)
        if gone:
            self._publish(base, [*changed, *gone], restates=True)
        else:
            self._publish(base, changed)

    async def _present(self, base: str) -> list[Entry]:
        accounts = self._services.accounts
        match base:
            case "account":
                return [_account_entry(view) for view in await accounts.summary()]
            case "positions":
                return [_position_entry(position_answer(view)) for view in accounts.positions()]
            case _:
                return [_position_entry(pnl_answer(view)) for view in accounts.positions()]

    async def _recorded(self, base: str, connection_id: str | None) -> list[Entry]:
        """Return what the journal has for the beginning of a channel, oldest first."""
        journal = self._services.journal
        match base:
            case "orders":
                page = await journal.orders(connection_id=connection_id, limit=RECENT, status="closed")
                entries = [_order_entry(order) for order in reversed(page.items)]
                return [*entries, *(_order_entry(order) for order in journal.open_orders(connection_id))]
            case "fills":
                fills = await journal.fills(connection_id=connection_id, limit=RECENT)
                return [_fill_entry(fill) for fill in reversed(fills.items)]
            case _:
                return []

    def _open(self, name: str, base: str, entries: Sequence[Entry]) -> Channel:
        kind = _KINDS[base]
        state = ListState(kind.list_name, recent=RECENT)
        state.reset(entries)
        self._states[name] = state
        return self._hub.open(name, state, is_conflated=kind.is_conflated)

    def _put_under(self, state: ListState, recorded: Sequence[Entry]) -> None:
        """Put what was read under what has been published since the reading began."""
        newer = state.entries()
        names = {entry.key for entry in newer}
        state.reset([*(entry for entry in recorded if entry.key not in names), *newer])

    def _on_commit(self, commit: Commit) -> None:
        self._publish("orders", [_order_entry(order) for order in commit.orders])
        self._publish("fills", [_fill_entry(fill) for fill in (*commit.restated_fills, *commit.fills)])
        views = [self._services.accounts.position_view(position) for position in commit.positions]
        self._publish("positions", [_position_entry(position_answer(view)) for view in views])

    def _on_connection(self, view: ConnectionView) -> None:
        is_known = any(known.connection_id == view.connection_id for known in self._services.connections.views())
        if is_known:
            self._publish("connections", [_connection_entry(view)])
        else:
            self._publish("connections", [_connection_entry(view, Keep.NOT)], restates=True)

    def _on_alert(self, alert: Alert) -> None:
        self._publish("alerts", [_alert_entry(alert)])

    def _on_strategy(self, view: StrategyView) -> None:
        self._publish("strategies", [_strategy_entry(view)])

    def _on_risk(self, view: ScopeView) -> None:
        self._publish("risk", [_risk_entry(view)])

    def _publish(self, base: str, entries: Sequence[Entry], *, restates: bool = False) -> None:
        """Publish on the channel over all connections and on each connection's own."""
        self._hub.publish(base, entries, restates=restates)
        by_connection = sorted(entries, key=lambda entry: entry.connection_id or "")
        for connection_id, group in groupby(by_connection, key=lambda entry: entry.connection_id):
            if connection_id is not None:
                self._hub.publish(f"{base}:{connection_id}", list(group), restates=restates)


def _json(model: BaseModel) -> bytes:
    return model.__pydantic_serializer__.to_json(model)


def _order_entry(order: Order) -> Entry:
    return Entry(
        key=order.client_order_id,
        body=_json(OrderAnswer.of(order)),
        connection_id=order.connection_id,
        keep=Keep.ALWAYS if order.is_open else Keep.RECENT,
    )


def _fill_entry(fill: Fill) -> Entry:
    return Entry(
        key=f"{fill.connection_id}/{fill.account_id}/{fill.trade_id}",
        body=_json(FillAnswer.of(fill)),
        connection_id=fill.connection_id,
        keep=Keep.RECENT,
    )


def _connection_entry(view: ConnectionView, keep: Keep = Keep.ALWAYS) -> Entry:
    return Entry(
        key=view.connection_id, body=_json(connection_answer(view)), connection_id=view.connection_id, keep=keep
    )


def _account_entry(view: SummaryView) -> Entry:
    rendered = account_answer(view)
    return Entry(
        key=f"{rendered.connection_id}/{rendered.account_id}",
        body=_json(rendered),
        connection_id=rendered.connection_id,
    )


def _position_entry(rendered: PositionAnswer | PnlAnswer) -> Entry:
    names = (rendered.connection_id, rendered.account_id, rendered.instrument_id, rendered.position_id)
    is_flat = isinstance(rendered, PositionAnswer) and rendered.side == "flat"
    return Entry(
        key="/".join(names),
        body=_json(rendered),
        connection_id=rendered.connection_id,
        keep=Keep.NOT if is_flat else Keep.ALWAYS,
    )


def _alert_entry(alert: Alert) -> Entry:
    return Entry(
        key=alert.alert_id, body=_json(alert_answer(alert)), connection_id=alert.connection_id, keep=Keep.RECENT
    )


def _strategy_entry(view: StrategyView) -> Entry:
    return Entry(
        key=view.stored.strategy_id, body=_json(strategy_answer(view)), connection_id=view.stored.connection_id
    )


def _risk_entry(view: ScopeView) -> Entry:
    return Entry(key=str(view.scope), body=_json(scope_answer(view)), connection_id=view.scope.connection_id)
