"""The state that faults put a TWS in as long as they are active."""

from typing import Final

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.delivery.definitions import (
    API_DISABLED,
    BROKER,
    CLIENT_ID_IN_USE,
    COMPETING_SESSION,
    CONNECTION_LOST,
    FARM_BROKEN,
    LIVE_ACCOUNT,
    READ_ONLY,
    TRADING_HOURS,
)

_SILENCING: Final = (CONNECTION_LOST, FARM_BROKEN, COMPETING_SESSION)


class Conditions:
    """Reads from the faults what state TWS is in."""

    def __init__(self, faults: FaultBox) -> None:
        self._faults = faults

    @property
    def is_data_silent(self) -> bool:
        """Tell whether market data stands still for everyone."""
        return any(self._is_active(name) for name in _SILENCING)

    @property
    def has_competing_session(self) -> bool:
        """Tell whether somebody else takes the market data."""
        return self._is_active(COMPETING_SESSION)

    @property
    def is_cut_off(self) -> bool:
        """Tell whether TWS has lost its own servers."""
        return self._is_active(CONNECTION_LOST)

    @property
    def is_farm_broken(self) -> bool:
        """Tell whether the market data farm cannot be reached."""
        return self._is_active(FARM_BROKEN)

    @property
    def is_read_only(self) -> bool:
        """Tell whether the API takes no orders."""
        return self._is_active(READ_ONLY)

    @property
    def keeps_trading_hours(self) -> bool:
        """Tell whether orders wait for the trading hours of their contracts."""
        return self._is_active(TRADING_HOURS)

    @property
    def shows_live_account(self) -> bool:
        """Tell whether a live-looking account takes the place of the paper ones."""
        return self._is_active(LIVE_ACCOUNT)

    @property
    def is_api_disabled(self) -> bool:
        """Tell whether the port is closed."""
        return self._is_active(API_DISABLED)

    def is_client_id_taken(self, client_id: int) -> bool:
        """Tell whether a connection that died unnoticed holds a client id."""
        params = self._faults.peek(BROKER, CLIENT_ID_IN_USE)
        return params is not None and int(float(str(params.get("client_id", client_id)))) == client_id

    def _is_active(self, name: str) -> bool:
        return self._faults.peek(BROKER, name) is not None
