"""What a user of the MetaTrader 5 simulator may change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner.mt5_surface import constants

BROKER: Final = "mt5"
HEDGING_LOGIN: Final = 1_000_001
NETTING_LOGIN: Final = 1_000_002
SERVER_NAME: Final = "Edgerunner-Sim"
PASSWORD: Final = "sim-password"
INVESTOR_PASSWORD: Final = "sim-investor"
TERMINAL_VARIABLE: Final = "EDGERUNNER_SIM_MT5_TERMINAL"
"""Environment variable that tells the module where the simulated terminal listens, ``host:port``."""
TERMINAL_PORT: Final = 8104


def _no_changes() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mt5Settings:
    """How the simulated broker and its terminal are set up.

    Attributes:
        server_zone: IANA zone of the trade server's wall clock, which every time on the wire is of.
        keeps_hours: Whether the symbols trade in their sessions only; else they trade around the clock.
        execution: Symbol -> ``SYMBOL_TRADE_EXECUTION_*`` instead of its own.
        filling: Symbol -> mask of filling modes (1 FOK, 2 IOC) instead of its own.
        comment_limit: Longest comment that `order_send` takes; longer ones are error -2.
        maxbars: "Max bars in chart": no bars beyond this many are shown.
        unknown_symbol_code: ``RES_*`` of a call with an unknown symbol.
        symbols_shown: Symbols in the Market Watch of a fresh terminal.
        default_login: Account that a terminal is logged in to when it starts; None = none.
        position_lag_s: How long `positions_get` and `orders_get` show the state before a trade.
        call_timeout_s: How long the module waits for the answer to a call before error -10005.
        build: The terminal's build number.
        maximum_clients: Modules connected at once; further ones are closed.
    """

    server_zone: str = "EET"
    keeps_hours: bool = False
    execution: Mapping[str, int] = field(default_factory=_no_changes)
    filling: Mapping[str, int] = field(default_factory=_no_changes)
    comment_limit: int = 29
    maxbars: int = 100_000
    unknown_symbol_code: int = constants.RES_E_NOT_FOUND
    symbols_shown: tuple[str, ...] = ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD")
    default_login: int | None = HEDGING_LOGIN
    position_lag_s: float = 0.0
    call_timeout_s: float = 20.0
    build: int = 5836
    maximum_clients: int = 32

    def __post_init__(self) -> None:
        ZoneInfo(self.server_zone)
        if self.comment_limit < 0 or self.maxbars < 1 or self.call_timeout_s <= 0:
            raise ValueError("comment_limit, maxbars and call_timeout_s cannot be that small")
        if self.unknown_symbol_code not in {constants.RES_E_NOT_FOUND, constants.RES_E_FAIL}:
            raise ValueError(f"an unknown symbol is error -4 or -1, not {self.unknown_symbol_code}")
