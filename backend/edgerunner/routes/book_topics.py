"""The channels of the book: orders, fills, positions, accounts, PnL, connections, alerts."""

from collections.abc import Callable, Sequence

from edgerunner.routes.book_entries import (
    KINDS,
    RECENT,
    account_entry,
    alert_entry,
    connection_entry,
    fill_entry,
    order_entry,
    position_entry,
    risk_entry,
    strategy_entry,
)
from edgerunner.routes.channels import BookChannel
from edgerunner.routes.context import Services
from edgerunner.routes.rendering_accounts import pnl_answer, position_answer
from edgerunner.services.alert_service import Alert
from edgerunner.services.channel_state import Entry, Keep, ListState
from edgerunner.services.connection_service import ConnectionView
from edgerunner.services.hub import Channel
from edgerunner.services.risk_service import ScopeView
from edgerunner.services.strategies.views import StrategyView
from edgerunner.storage.journal import Commit

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
        for base in KINDS:
            self._open(base, base, ())
        self._unfollow = [
            self._services.journal.add_listener(self._on_commit),
            self._services.connections.add_listener(self._on_connection),
            self._services.alerts.add_listener(self._on_alert),
            self._services.risk.add_listener(self._on_risk),
            self._services.strategies.add_listener(self._on_strategy),
        ]
        self._states["connections"].reset([connection_entry(view) for view in self._services.connections.views()])
        self._states["strategies"].reset([strategy_entry(view) for view in self._services.strategies.views()])
        self._states["risk"].reset([risk_entry(view) for view in self._services.risk.scopes()])
        self._states["alerts"].reset([alert_entry(alert) for alert in reversed(self._services.alerts.recent())])
        for base in ("orders", "fills"):
            self._put_under(self._states[base], await self._recorded(base, None))

    async def stop(self) -> None:
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
            self._hub.publish_book(base, [*changed, *gone], restates=True)
        else:
            self._hub.publish_book(base, changed)

    async def _present(self, base: str) -> list[Entry]:
        accounts = self._services.accounts
        match base:
            case "account":
                return [account_entry(view) for view in await accounts.summary()]
            case "positions":
                return [position_entry(position_answer(view)) for view in accounts.positions()]
            case _:
                return [position_entry(pnl_answer(view)) for view in accounts.positions()]

    async def _recorded(self, base: str, connection_id: str | None) -> list[Entry]:
        """Return what the journal has for the beginning of a channel, oldest first."""
        journal = self._services.journal
        match base:
            case "orders":
                page = await journal.orders(connection_id=connection_id, limit=RECENT, status="closed")
                entries = [order_entry(order) for order in reversed(page.items)]
                return [*entries, *(order_entry(order) for order in journal.open_orders(connection_id))]
            case "fills":
                fills = await journal.fills(connection_id=connection_id, limit=RECENT)
                return [fill_entry(fill) for fill in reversed(fills.items)]
            case _:
                return []

    def _open(self, name: str, base: str, entries: Sequence[Entry]) -> Channel:
        kind = KINDS[base]
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
        self._hub.publish_book("orders", [order_entry(order) for order in commit.orders])
        self._hub.publish_book("fills", [fill_entry(fill) for fill in (*commit.restated_fills, *commit.fills)])
        views = [self._services.accounts.position_view(position) for position in commit.positions]
        self._hub.publish_book("positions", [position_entry(position_answer(view)) for view in views])

    def _on_connection(self, view: ConnectionView) -> None:
        is_known = any(known.connection_id == view.connection_id for known in self._services.connections.views())
        if is_known:
            self._hub.publish_book("connections", [connection_entry(view)])
        else:
            self._hub.publish_book("connections", [connection_entry(view, Keep.NOT)], restates=True)

    def _on_alert(self, alert: Alert) -> None:
        self._hub.publish_book("alerts", [alert_entry(alert)])

    def _on_strategy(self, view: StrategyView) -> None:
        self._hub.publish_book("strategies", [strategy_entry(view)])

    def _on_risk(self, view: ScopeView) -> None:
        self._hub.publish_book("risk", [risk_entry(view)])
