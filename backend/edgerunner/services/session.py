"""One connection as it runs: its adapter, its accounts, its health and what the broker last said."""

import asyncio
from dataclasses import dataclass, field, replace

from edgerunner.adapters.broker import (
    BrokerAdapter,
    CancelOrder,
    Environment,
    LinkHealth,
    LinkStatus,
    OrderAck,
    PositionReport,
)
from edgerunner.domain.accounts import Account, AccountSummary
from edgerunner.domain.errors import InvalidRequest, NotConnected
from edgerunner.domain.orders import BrokerWords

PositionAddress = tuple[str, str, str]
"""Account, instrument and leg of a position."""


@dataclass(kw_only=True)
class Session:
    """A running connection.

    Attributes:
        is_reconciled: False whenever events may have been missed; no new risk is taken then.
        data: The market data link; ``ts_ns`` is since when it has this status.
        orders: The same of the order link.
        positions: The broker's newest report per position, flat ones included until re-read.
        sent_at_ns: When a placement was last handed to the adapter, for proofs of absence.
        started_at_ns: When this process opened the session.
        canceling: Orders whose cancel waits for its turn or for its answer.
        refused_cancels: Cancels that the broker refused: the order's record is looked up at once.
        wake: Set when the keeper has something to do before its next step.
    """

    connection_id: str
    broker: str
    environment: Environment
    execution: str
    adapter: BrokerAdapter
    accounts: tuple[Account, ...]
    started_at_ns: int
    data: LinkHealth
    orders: LinkHealth
    is_reconciled: bool = False
    positions: dict[PositionAddress, PositionReport] = field(default_factory=dict)
    summaries: dict[str, AccountSummary] = field(default_factory=dict)
    sent_at_ns: dict[str, int] = field(default_factory=dict)
    canceling: set[str] = field(default_factory=set)
    refused_cancels: dict[str, BrokerWords] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_ready(self) -> bool:
        """Tell whether new orders may be sent."""
        return self.is_reconciled and self.orders.status is LinkStatus.UP

    def require_ready(self) -> None:
        """Raise ``NotConnected`` unless new orders may be sent."""
        self.require_link()
        if not self.is_reconciled:
            raise NotConnected(
                f"{self.connection_id} is being reconciled with the broker's records; try again in a moment"
            )

    def require_link(self) -> None:
        """Raise ``NotConnected`` unless the order link is up."""
        if self.orders.status is not LinkStatus.UP:
            reason = f": {self.orders.reason}" if self.orders.reason else ""
            raise NotConnected(f"{self.connection_id} has no order link to the broker{reason}; it reconnects by itself")

    async def cancel(self, command: CancelOrder) -> OrderAck:
        """Send a cancel; its order is among ``canceling`` until the answer. Raises what the adapter raises."""
        self.canceling.add(command.client_order_id)
        try:
            return await self.adapter.cancel_order(command)
        finally:
            self.canceling.discard(command.client_order_id)

    def cancel_refused(self, client_order_id: str, broker: BrokerWords) -> None:
        """Have the order looked up now; the refusal stands only if it still works."""
        self.refused_cancels[client_order_id] = broker
        self.wake.set()

    def account(self, account_id: str | None) -> Account:
        """Return the named account, or the only one; raises ``InvalidRequest``."""
        if account_id is None:
            if len(self.accounts) == 1:
                return self.accounts[0]
            names = ", ".join(account.account_id for account in self.accounts)
            raise InvalidRequest.of("account_id", "required", f"this connection has several accounts: {names}")
        for account in self.accounts:
            if account.account_id == account_id:
                return account
        raise InvalidRequest.of("account_id", "unknown_account", f"{self.connection_id} has no account {account_id!r}")


def initial_health(link: str, now_ns: int) -> LinkHealth:
    """Return the health of a link before its adapter said anything."""
    return LinkHealth(link=link, status=LinkStatus.CONNECTING, latency_ms=None, reason=None, ts_ns=now_ns)


def newer_health(known: LinkHealth, told: LinkHealth) -> LinkHealth:
    """Return what was told, dated from when the status became what it is: a new latency or reason moves nothing."""
    return told if told.status is not known.status else replace(told, ts_ns=known.ts_ns)
