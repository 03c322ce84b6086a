"""Gates that let everything through, for tests of what lies behind them."""

from collections.abc import Iterator
from contextlib import contextmanager

from edgerunner.domain.accounts import Account
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import Denial, Order, OrderTerms
from edgerunner.services.order_checks import Changes
from edgerunner.services.session import Session


class OpenGate:
    """No limits."""

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
        return None

    @contextmanager
    def reserve(self, session: Session, account_id: str, terms: OrderTerms) -> Iterator[None]:
        yield

    async def decide_change(
        self, session: Session, order: Order, changes: Changes, instrument: Instrument
    ) -> Denial | None:
        return None


class OpenInterlock:
    """Every account may trade."""

    def require(self, connection_id: str, account: Account) -> None:
        return
