"""What TWS remembers independently of sockets: who is logged on, and the next order id of every client id."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws.contracts.directory import Directory
from edgerunner.simulators.tws.history.prices import Prices
from edgerunner.simulators.tws.settings import TwsSettings

FIRST_ORDER_ID: Final = 1
_ZONE: Final = ZoneInfo("America/New_York")


class Gateway:
    """The state of one simulated TWS; it outlives every connection. ``now_ns`` is its clock, UTC nanoseconds."""

    def __init__(self, settings: TwsSettings, now_ns: Callable[[], int]) -> None:
        self.settings = settings
        self.is_read_only = settings.is_read_only
        self.directory = Directory(self.local_time)
        self.prices = Prices(settings.seed)
        self._now_ns = now_ns
        self._clients: set[int] = set()
        self._next_ids: dict[int, int] = {}

    @property
    def clients(self) -> frozenset[int]:
        """Return the client ids that are logged on."""
        return frozenset(self._clients)

    def log_on(self, client_id: int) -> bool:
        """Reserve a client id; False when somebody uses it."""
        if client_id in self._clients:
            return False
        self._clients.add(client_id)
        return True

    def log_off(self, client_id: int) -> None:
        """Free a client id."""
        self._clients.discard(client_id)

    def next_order_id(self, client_id: int) -> int:
        """Return the smallest order id that a client may use; every client id has a number line of its own."""
        return self._next_ids.get(client_id, FIRST_ORDER_ID)

    def knows_account(self, account: str) -> bool:
        """Tell whether an account exists; no name means the only one."""
        return account in self.settings.accounts or (not account and len(self.settings.accounts) == 1)

    def time_s(self) -> int:
        """Return its time in seconds since 1970."""
        return self._now_ns() // NANOSECONDS

    def local_time(self) -> datetime:
        """Return its time on the wall of the exchange (New York)."""
        return datetime.fromtimestamp(self.time_s(), UTC).astimezone(_ZONE)
