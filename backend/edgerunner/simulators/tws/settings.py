"""What a user of the TWS simulator may change."""

from dataclasses import dataclass, field
from typing import Final

from edgerunner.simulators.tws.delivery.profiles import DEFAULT_PROFILE
from edgerunner.simulators.tws.market.rights import MarketDataSettings
from edgerunner.simulators.tws.pacing import PacingMode
from edgerunner.simulators.tws.wire.codec import HIGHEST_VERSION, LOWEST_VERSION
from edgerunner.simulators.tws.wire.frames import MAXIMUM_FRAME_BYTES

PAPER_ACCOUNT: Final = "DU1000001"
LIVE_ACCOUNT: Final = "U1000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Bounds of one connection.

    Attributes:
        start_s: Longest wait for the greeting and for startApi together.
        frame_bytes: Longest frame taken.
        waiting_bytes: Bytes that may wait for a slow reader; with more the connection is cut.
        close_s: Longest wait for the last bytes to leave when the server closes a connection.
    """

    start_s: float = 10.0
    frame_bytes: int = MAXIMUM_FRAME_BYTES
    waiting_bytes: int = 16 << 20
    close_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TwsSettings:
    """How the simulated TWS is set up.

    Attributes:
        accounts: Ids of the venue's accounts that are shown; DU... is a paper account, U... a live one.
        server_version: Highest version answered, 157 to 178; a client that offers less gets less.
        is_read_only: The API shows data but takes no orders.
        is_api_enabled: Whether the port is open at all.
        maximum_clients: Connections at once; further ones are closed (32 at TWS).
        keeps_hours: Whether orders wait for the trading hours of their contract; else everything trades all day.
        profile: Order, doubles, delays and omissions of the messages about orders: a name of ``delivery.profiles``.
        market_data: What the user may see, and how much of it at once.
        pacing: How strictly the limits on requests are kept.
        farms: Names of the market data, historical data and contract farms in the notices at log-on.
    """

    accounts: tuple[str, ...] = (PAPER_ACCOUNT,)
    server_version: int = HIGHEST_VERSION
    is_read_only: bool = False
    is_api_enabled: bool = True
    maximum_clients: int = 32
    farms: tuple[str, str, str] = ("usfarm", "ushmds", "secdefnj")
    keeps_hours: bool = False
    profile: str = DEFAULT_PROFILE
    market_data: MarketDataSettings = field(default_factory=MarketDataSettings)
    pacing: PacingMode = PacingMode.TWS
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)

    def __post_init__(self) -> None:
        if not LOWEST_VERSION <= self.server_version <= HIGHEST_VERSION:
            raise ValueError(
                f"server version {self.server_version} is outside of {LOWEST_VERSION} to {HIGHEST_VERSION}"
            )
        if not self.accounts:
            raise ValueError("a TWS without accounts never lets a client become ready")
