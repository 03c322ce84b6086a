"""Signals through the API: their secrets, what became of them, and sending one as an alert does."""

from typing import TypedDict, cast

from edgerunner.client.transport import ApiTransport
from edgerunner.client.types import Number, plain_number


class SignalSecret(TypedDict):
    """A new secret; no call shows it again."""

    strategy_id: str
    secret: str
    path: str


class SignalAccepted(TypedDict):
    """The signal will be acted on once; a ``duplicate`` was already."""

    signal_id: str
    duplicate: bool


class Signal(TypedDict):
    """A signal and what became of it."""

    signal_id: str
    strategy_id: str
    action: str
    instrument_id: str
    quantity: str | None
    price: str | None
    state: str
    client_order_id: str | None
    reason: str | None
    received_at: str
    finished_at: str | None


class SignalPage(TypedDict):
    """Signals, newest first."""

    signals: list[Signal]
    next_cursor: str | None


class SignalsApi:
    """Signals of strategies of class ``SignalStrategy``."""

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def new_secret(self, strategy_id: str, *, keep_old_s: int = 0) -> SignalSecret:
        """Make a new secret; the old one stays good for ``keep_old_s`` seconds."""
        body = {"keep_old_s": keep_old_s}
        answer = await self._transport.command("POST", f"/strategies/{strategy_id}/signal-secret", body)
        return cast("SignalSecret", answer)

    async def list(self, strategy_id: str, *, limit: int | None = None, cursor: str | None = None) -> SignalPage:
        """Return a strategy's signals, newest first."""
        answer = await self._transport.get(f"/strategies/{strategy_id}/signals", limit=limit, cursor=cursor)
        return cast("SignalPage", answer)

    async def send(
        self,
        strategy_id: str,
        secret: str,
        action: str,
        *,
        instrument_id: str | None = None,
        quantity: Number | None = None,
        price: Number | None = None,
        signal_id: str | None = None,
    ) -> SignalAccepted:
        """Send a signal (``buy``, ``sell`` or ``close``); the same ``signal_id`` is acted on once."""
        body = {
            "secret": secret,
            "action": action,
            "instrument_id": instrument_id,
            "quantity": None if quantity is None else plain_number(quantity),
            "price": None if price is None else plain_number(price),
            "id": signal_id,
        }
        return cast("SignalAccepted", await self._transport.command("POST", f"/signals/{strategy_id}", body))
