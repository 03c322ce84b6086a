"""The optional part of the adapter contract: what a broker lets a program set about an account and its positions.

An adapter declares in its ``Capabilities`` what it offers (``leverage`` and ``trailing_stop`` by product,
``position_modes`` and ``margin_modes`` of the account). One that offers any of it has all of these methods; those
that it does not offer raise ``Unsupported`` with the reason.

What is set here is a state, no order: setting it twice is the same as once, the broker's "not modified" is success,
and a command whose outcome is unknown may be repeated.
"""

from decimal import Decimal
from typing import Protocol, runtime_checkable

from edgerunner.domain.accounts import AccountMode, AccountSettings, MarginMode


@runtime_checkable
class AccountControls(Protocol):
    """Settings of one session's accounts.

    Every method raises ``NotFound`` for an unknown account or instrument, ``Unsupported``, ``InvalidRequest`` for what
    contradicts the account's mode, ``BrokerRejected`` (nothing changed), ``OutcomeUnknown`` (read it back or repeat),
    ``NotConnected`` or another ``BrokerError``.
    """

    async def get_settings(self, account_id: str) -> AccountSettings:
        """Return the account's modes as the broker shows them now."""
        ...

    async def change_settings(
        self, account_id: str, *, position_mode: AccountMode | None, margin_mode: MarginMode | None
    ) -> AccountSettings:
        """Change the modes that are not None, one after the other; return all of them afterwards.

        The broker refuses modes that contradict open positions or orders. When the second change is refused, the
        first one stays.
        """
        ...

    async def set_leverage(self, account_id: str, instrument_id: str, leverage: Decimal) -> None:
        """Set the leverage of an instrument, in hedging mode of both legs."""
        ...

    async def set_trailing_stop(
        self,
        account_id: str,
        instrument_id: str,
        *,
        position_id: str | None,
        offset: Decimal | None,
        activation_price: Decimal | None,
    ) -> None:
        """Let a market stop of the whole position follow the price; ``offset`` None takes it away.

        ``offset`` is the distance in quote currency behind the best price since ``activation_price`` was reached
        (None = from now on). The position's earlier trailing stop is replaced.
        """
        ...
