"""Quotes that orders are checked against: of the order's own connection, and fresh."""

import asyncio
from decimal import Decimal
from typing import Protocol

import structlog

from edgerunner.adapters.broker import BrokerAdapter
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.market import Ticker
from edgerunner.risk.facts import RiskQuote
from edgerunner.services.clock import Clock
from edgerunner.services.market_service import Quote
from edgerunner.services.session import Session

ASK_TIMEOUT_S = 2.0
KEPT_NS = 200_000_000
"""How long an answer serves further orders, so that a burst asks once."""

_log = structlog.get_logger(__name__)


class StreamedQuotes(Protocol):
    """Where quotes are that somebody has subscribed."""

    def quote(self, connection_id: str, instrument_id: str) -> Quote | None:
        """Return the streamed quote without asking anybody; None while it is not subscribed."""
        ...


class RiskQuotes:
    """Returns the streamed quote while it moves, else the broker's own answer."""

    def __init__(self, *, markets: StreamedQuotes, clock: Clock) -> None:
        self._markets = markets
        self._clock = clock
        self._asked: dict[tuple[str, str], tuple[Ticker, int]] = {}

    async def quote(self, session: Session, instrument_id: str) -> RiskQuote | None:
        """Return a quote with its age, None when the broker shows none in time.

        A silent stream does not prove that a price is old: a market may be quiet. So the broker is
        asked then, and only what it does not answer is stale or missing.
        """
        streamed = self._markets.quote(session.connection_id, instrument_id)
        if streamed is not None and not streamed.is_stale:
            return self._aged(streamed.ticker, max(self._clock.now_ns() - streamed.ticker.ts_arrival_ns, 0))
        asked = await self._ask(session, instrument_id)
        if asked is not None:
            return asked
        if streamed is None:
            return None
        return self._aged(streamed.ticker, max(self._clock.now_ns() - streamed.ticker.ts_arrival_ns, 0))

    async def _ask(self, session: Session, instrument_id: str) -> RiskQuote | None:
        key, now_ns = (session.connection_id, instrument_id), self._clock.monotonic_ns()
        known = self._asked.get(key)
        if known is not None and now_ns - known[1] <= KEPT_NS:
            return self._aged(known[0], now_ns - known[1])
        ticker = await _ticker(session.adapter, instrument_id)
        if ticker is None:
            return None
        self._asked[key] = (ticker, now_ns)
        return self._aged(ticker, 0)

    def _aged(self, ticker: Ticker, age_ns: int) -> RiskQuote:
        return RiskQuote(
            bid=ticker.bid,
            ask=ticker.ask,
            mark=ticker.mark or ticker.index or ticker.last,
            age_s=Decimal(age_ns) / 10**9,
        )


async def _ticker(adapter: BrokerAdapter, instrument_id: str) -> Ticker | None:
    try:
        async with asyncio.timeout(ASK_TIMEOUT_S):
            return await adapter.get_ticker(instrument_id)
    except (EdgerunnerError, TimeoutError) as error:
        _log.info("risk_quote_unavailable", instrument_id=instrument_id, reason=str(error))
        return None
