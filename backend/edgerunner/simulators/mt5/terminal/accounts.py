"""Which account a terminal is logged in to: one for everybody who uses the terminal."""

from typing import Final

from edgerunner.mt5_surface import constants
from edgerunner.simulators.mt5.settings import INVESTOR_PASSWORD, PASSWORD, SERVER_NAME, Mt5Settings
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.failures import refused

_PASSWORDS: Final = {PASSWORD: False, INVESTOR_PASSWORD: True}
"""Password -> whether it only lets look."""


class Accounts:
    """The log-in of one terminal, with the passwords it has saved."""

    def __init__(self, broker: Broker, settings: Mt5Settings) -> None:
        self._broker = broker
        self._saved: dict[int, str] = {}
        self._login = settings.default_login
        if self._login is not None:
            self._saved[self._login] = PASSWORD

    @property
    def login(self) -> int:
        """Return the account in use; raises ``CallRefused`` (-6) when there is none."""
        if self._login is None:
            raise refused(constants.RES_E_AUTH_FAILED)
        return self._login

    @property
    def is_investor(self) -> bool:
        """Tell whether the account was logged in with its investor password."""
        return _PASSWORDS[self._saved[self.login]]

    def log_in(self, login: int | None, password: str | None, server: str | None) -> None:
        """Change the account: without a login (or 0) the last one, without a password the one saved for it.

        Raises ``CallRefused`` (-6), and the terminal stays with the account it had (a guess).
        """
        wanted = login or self._login
        known = None if wanted is None else self._saved.get(wanted)
        chosen = password or known
        if wanted is None or chosen not in _PASSWORDS or server not in {None, "", SERVER_NAME}:
            raise refused(constants.RES_E_AUTH_FAILED)
        try:
            self._broker.account(wanted)
        except KeyError:
            raise refused(constants.RES_E_AUTH_FAILED) from None
        self._login, self._saved[wanted] = wanted, chosen
