"""What ``watch`` knows: the newest state of each channel. No IO."""

from typing import Any, Final, cast

from edgerunner.client import LinkChange, StreamMessage, SubscriptionRefused
from edgerunner.client.account_types import AccountSummary, Position
from edgerunner.client.market_types import Ticker
from edgerunner.client.stream import StreamEvent
from edgerunner.client.types import Connection, Order

BOOK_CHANNELS: Final = ("connections", "account", "positions", "pnl", "orders")
_KEYS: Final = {
    "connections": ("connection_id",),
    "account": ("connection_id", "account_id"),
    "positions": ("connection_id", "account_id", "instrument_id", "position_id"),
    "pnl": ("connection_id", "account_id", "instrument_id", "position_id"),
    "orders": ("client_order_id",),
}

Key = tuple[str, ...]


class Board:
    """Rows by channel, put together from snapshots and deltas.

    ``quotes`` names the channels of the chosen instruments: ``quotes:<connection>:<instrument>``.
    """

    def __init__(self, quotes: tuple[str, ...]) -> None:
        self.is_up = False
        self.trouble: str | None = None
        self.refused: dict[str, str] = {}
        self.quotes: dict[str, Ticker | None] = dict.fromkeys(quotes)
        self._rows: dict[str, dict[Key, Any]] = {channel: {} for channel in BOOK_CHANNELS}
        self._missing = {*BOOK_CHANNELS, *quotes}

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the channels to subscribe to."""
        return (*BOOK_CHANNELS, *self.quotes)

    @property
    def is_complete(self) -> bool:
        """Tell whether every channel has shown its state, or was refused."""
        return not self._missing

    @property
    def has_book(self) -> bool:
        """Tell whether all that is missing are quotes."""
        return self._missing <= self.quotes.keys()

    @property
    def connections(self) -> list[Connection]:
        """Return the connections, oldest first."""
        return cast("list[Connection]", list(self._rows["connections"].values()))

    @property
    def accounts(self) -> list[AccountSummary]:
        """Return each account's money."""
        return cast("list[AccountSummary]", list(self._rows["account"].values()))

    @property
    def positions(self) -> list[Position]:
        """Return the positions that are not flat, at their newest marks."""
        pnl = self._rows["pnl"]
        rows = [{**row, **pnl.get(key, {})} for key, row in self._rows["positions"].items() if row["side"] != "flat"]
        return cast("list[Position]", rows)

    @property
    def orders(self) -> list[Order]:
        """Return the known orders, newest first."""
        rows = cast("list[Order]", list(self._rows["orders"].values()))
        return sorted(rows, key=lambda order: order["created_at"], reverse=True)

    def apply(self, event: StreamEvent) -> None:
        """Take one event of the stream in."""
        match event:
            case LinkChange(is_up=is_up, reason=reason):
                self.is_up, self.trouble = is_up, reason
            case SubscriptionRefused(channel=channel, detail=detail):
                self.refused[channel] = detail
                self._missing.discard(channel)
            case StreamMessage(kind="heartbeat"):
                pass
            case StreamMessage():
                self._take(event)

    def _take(self, message: StreamMessage) -> None:
        if message.channel in self.quotes:
            self.quotes[message.channel] = message.data
            if message.data is not None:
                self._missing.discard(message.channel)
            return
        rows = self._rows[message.channel]
        if message.kind == "snapshot":
            rows.clear()
        self._missing.discard(message.channel)
        for row in _listed(message.data):
            rows[tuple(row[name] for name in _KEYS[message.channel])] = row


def _listed(data: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the rows of ``{"orders": [...]}``: a list channel says one list under its own name."""
    (rows,) = data.values()
    return rows
