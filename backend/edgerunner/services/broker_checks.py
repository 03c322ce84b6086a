"""What an adapter is asked before an order is taken in."""

import asyncio

from edgerunner.adapters.instrument_lookup import look_up
from edgerunner.domain.errors import BrokerTimeout, InvalidRequest, NotFound
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import OrderTerms
from edgerunner.services.session import Session

CHECK_TIMEOUT_S = 5.0
"""Bound on what an adapter asks its broker before an order is taken in."""


async def known_instrument(session: Session, instrument_id: str) -> Instrument:
    """Return the instrument; raises ``InvalidRequest`` when there is none."""
    try:
        return await look_up(session.adapter, instrument_id)
    except NotFound as error:
        raise InvalidRequest.of("instrument_id", "unknown_instrument", error.detail) from error


async def checked_by_adapter(session: Session, account_id: str, terms: OrderTerms) -> None:
    """Have the adapter refuse what it would not send, while nothing is recorded yet."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await session.adapter.check_order(account_id, terms)
    except TimeoutError as error:
        text = f"{session.connection_id} did not answer what the order must be checked against; nothing was sent"
        raise BrokerTimeout(text) from error
