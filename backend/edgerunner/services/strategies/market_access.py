"""Which connections, accounts and instruments a strategy may use, and whether they can be used now."""

from collections.abc import Sequence
from contextlib import suppress

from edgerunner.adapters.instrument_lookup import look_up
from edgerunner.domain.errors import InvalidRequest, NotConnected, NotFound
from edgerunner.domain.instruments import Instrument
from edgerunner.services.market_service import Sessions
from edgerunner.services.session import Session
from edgerunner.services.strategies.views import split_key
from edgerunner.strategy_worker.messages import Market, Money


class MarketAccess:
    """Answers from the running sessions."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def account_id(self, connection_id: str, account_id: str | None) -> str:
        """Return the account to trade on; raises ``InvalidRequest``, ``NotConnected``."""
        return self._session("connection_id", connection_id).account(account_id).account_id

    async def look_up(self, connection_id: str, keys: Sequence[str]) -> None:
        """Ask the connections' brokers for instruments that are not in memory; what does not exist is told later."""
        for key in keys:
            owner, instrument_id = split_key(key, connection_id)
            with suppress(NotFound, NotConnected):
                await look_up(self._sessions.session(owner).adapter, instrument_id)

    def checked_markets(self, connection_id: str, keys: Sequence[str]) -> list[Market]:
        """Return the instruments behind ``keys``; ``InvalidRequest`` names the first that does not exist."""
        return [self._market(f"instrument_ids.{number}", connection_id, key) for number, key in enumerate(keys)]

    def ready_markets(self, connection_id: str, keys: Sequence[str]) -> list[Market]:
        """Return the instruments when their connections take orders; raises ``NotConnected`` otherwise."""
        markets = self.checked_markets(connection_id, keys)
        for market in markets:
            self._sessions.session(market.connection_id).require_ready()
        return markets

    def markets_if_ready(self, connection_id: str, keys: Sequence[str]) -> list[Market] | None:
        """Return the instruments, or None while a connection is away; ``InvalidRequest`` when one is gone."""
        try:
            return self.ready_markets(connection_id, keys)
        except NotConnected:
            return None

    def money(self, connection_id: str, account_id: str | None) -> Money | None:
        """Return the account's money as the broker last said it, None while it has not."""
        try:
            session = self._sessions.session(connection_id)
        except (NotFound, NotConnected):
            return None
        summary = session.summaries.get(account_id or "")
        if summary is None or summary.equity is None:
            return None
        return Money(cash=summary.equity if summary.balance is None else summary.balance, equity=summary.equity)

    def _market(self, field: str, default_connection_id: str, key: str) -> Market:
        connection_id, instrument_id = split_key(key, default_connection_id)
        session = self._session(field, connection_id)
        return Market(key=key, connection_id=connection_id, instrument=_instrument(session, field, instrument_id))

    def _session(self, field: str, connection_id: str) -> Session:
        try:
            return self._sessions.session(connection_id)
        except NotFound as error:
            raise InvalidRequest.of(field, "unknown_connection", error.detail) from error


def _instrument(session: Session, field: str, instrument_id: str) -> Instrument:
    try:
        return session.adapter.get_instrument(instrument_id)
    except NotFound as error:
        raise InvalidRequest.of(field, "unknown_instrument", error.detail) from error
