"""What the order path asks before it sends anything: running connections, risk checks, the live interlock."""

from contextlib import AbstractContextManager
from typing import Protocol

from edgerunner.domain.accounts import Account
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import Denial, Order, OrderTerms
from edgerunner.services.order_checks import Changes
from edgerunner.services.session import Session


class Gate(Protocol):
    """The risk checks that every order and change passes."""

    async def decide(
        self,
        session: Session,
        account_id: str,
        terms: OrderTerms,
        instrument: Instrument,
        *,
        strategy_id: str | None = None,
        is_exit: bool = False,
    ) -> Denial | None:
        """Return why an order may not be sent, or None."""
        ...

    def reserve(self, session: Session, account_id: str, terms: OrderTerms) -> AbstractContextManager[None]:
        """Count an order that was let through until the journal has it."""
        ...

    async def decide_change(
        self, session: Session, order: Order, changes: Changes, instrument: Instrument
    ) -> Denial | None:
        """Return why a working order may not be changed, or None."""
        ...


class Interlock(Protocol):
    """Who may trade real money."""

    def require(self, connection_id: str, account: Account) -> None:
        """Raise ``LiveNotAllowed`` for a live account that is not armed."""
        ...


class Sessions(Protocol):
    """Where the service finds running connections."""

    def session(self, connection_id: str) -> Session:
        """Return the session; raises ``NotFound`` or ``NotConnected``."""
        ...
