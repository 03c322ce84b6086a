"""The switches of a terminal and its account, as the active faults set them."""

from dataclasses import replace

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import BROKER
from edgerunner.simulators.mt5.terminal import definitions
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import Account
from edgerunner.simulators.mt5.trade_server.words import AccountTradeMode


class Switches:
    """Reads the states among the faults; nothing is used up."""

    def __init__(self, faults: FaultBox) -> None:
        self._faults = faults

    def _is_on(self, name: str) -> bool:
        return self._faults.peek(BROKER, name) is not None

    @property
    def is_autotrading_on(self) -> bool:
        """Tell whether the AutoTrading button is pressed."""
        return not self._is_on(definitions.AUTOTRADING_OFF)

    @property
    def is_api_disabled(self) -> bool:
        """Tell whether trading through the Python API is switched off in the options."""
        return self._is_on(definitions.API_DISABLED)

    @property
    def is_connected(self) -> bool:
        """Tell whether the terminal has its broker."""
        return not self._is_on(definitions.DISCONNECTED)

    @property
    def is_hanging(self) -> bool:
        """Tell whether the terminal answers nobody."""
        return self._is_on(definitions.HANG)

    def shown_account(self, account: Account, *, is_investor: bool) -> Account:
        """Return an account as the switches make it look."""
        shown = account
        if is_investor or self._is_on(definitions.INVESTOR):
            shown = replace(shown, trade_allowed=False)
        if self._is_on(definitions.EXPERTS_OFF):
            shown = replace(shown, trade_expert=False)
        if self._is_on(definitions.LIVE_ACCOUNT):
            shown = replace(shown, trade_mode=AccountTradeMode.REAL)
        return shown

    def trade_refusal(self, account: Account) -> Retcode | None:
        """Return why a program may not trade on a shown account, None when it may."""
        if not self.is_autotrading_on:
            return Retcode.CLIENT_DISABLES_AT
        if not self.is_connected:
            return Retcode.CONNECTION
        if not account.trade_allowed:
            return Retcode.TRADE_DISABLED
        return None if account.trade_expert else Retcode.SERVER_DISABLES_AT
