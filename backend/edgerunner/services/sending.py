"""Sends one command and says what the answer proves."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from edgerunner.adapters.broker import OrderAck
from edgerunner.domain.errors import BrokerError, BrokerRejected, BrokerUnreachable, EdgerunnerError, NotConnected
from edgerunner.domain.events import OrderAcknowledged, OrderEvent, OrderOutcomeUnknown
from edgerunner.domain.orders import BrokerWords

_log = structlog.get_logger(__name__)

SEND_TIMEOUT_S = 20.0
"""Bound on one command of an adapter; adapters have shorter ones of their own."""

CANCEL_TIMEOUT_S = 600.0
"""The same for a cancel: with thousands of others it waits for its turn under the broker's rate limit."""

Send = Callable[[], Awaitable[OrderAck]]
Refused = Callable[[BrokerWords], OrderEvent | None]


async def outcome(send: Send, refused: Refused, *, timeout_s: float = SEND_TIMEOUT_S) -> OrderEvent | None:
    """Send and return the event that the answer proves; None when it proves nothing new.

    ``refused`` makes the event of a proven refusal from the broker's words.
    """
    try:
        async with asyncio.timeout(timeout_s):
            ack = await send()
    except BrokerRejected as error:
        return refused(BrokerWords(code=error.broker_code, text=error.text))
    except (NotConnected, BrokerUnreachable) as error:  # before the first byte: proof that it was not sent
        return refused(BrokerWords(code="not_sent", text=error.detail))
    except (BrokerError, TimeoutError) as error:
        return OrderOutcomeUnknown(reason=str(error) or "the broker did not answer in time")
    except EdgerunnerError as error:  # refused by the adapter itself before sending
        return refused(BrokerWords(code=error.code, text=error.detail))
    except Exception as error:  # noqa: BLE001 - a defect of ours after an unknown number of bytes
        _log.exception("send_failed")
        return OrderOutcomeUnknown(reason=f"internal error while sending: {type(error).__name__}")
    return OrderAcknowledged(venue_order_id=ack.venue_order_id) if ack.venue_order_id else None
