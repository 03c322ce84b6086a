"""What would become of an order: our checks, the risk checks, and the broker's own estimate, without placing it."""

import asyncio

from edgerunner.adapters.instrument_lookup import look_up
from edgerunner.adapters.order_preview import OrderPreviews
from edgerunner.domain.errors import BrokerRejected, BrokerTimeout, LiveNotAllowed
from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.domain.order_preview import OrderPreview
from edgerunner.domain.orders import BrokerWords, Denial, Money
from edgerunner.services.clock import Clock
from edgerunner.services.order_checks import PlaceRequest, checked_terms
from edgerunner.services.order_gates import Gate, Interlock, Sessions

PREVIEW_TIMEOUT_S = 15.0
"""Bound on what the broker is asked; adapters have shorter ones of their own."""

NOT_OFFERED = "this broker estimates no orders before they are placed"


class OrderPreviewService:
    """Previews orders; it writes nothing and sends no order."""

    def __init__(self, sessions: Sessions, risk: Gate, interlock: Interlock, clock: Clock) -> None:
        self._sessions = sessions
        self._risk = risk
        self._interlock = interlock
        self._clock = clock

    async def preview(self, request: PlaceRequest) -> OrderPreview:
        """Return what a placement would meet; raises what ``OrderService.place`` raises for a wrong field."""
        session = self._sessions.session(request.connection_id)
        account = session.account(request.account_id)
        instrument = await look_up(session.adapter, request.instrument_id)
        terms = checked_terms(request, instrument, session.adapter.capabilities, self._clock.now_ns())
        session.require_ready()
        denied = await self._risk.decide(session, account.account_id, terms, instrument)
        try:
            self._interlock.require(session.connection_id, account)
        except LiveNotAllowed as error:
            denied = denied or Denial(code=error.code, text=error.detail)
        estimate, refused = None, None
        previews = session.adapter if isinstance(session.adapter, OrderPreviews) else None
        if previews is not None:
            try:
                async with asyncio.timeout(PREVIEW_TIMEOUT_S):
                    estimate = await previews.preview_order(account.account_id, terms)
            except BrokerRejected as error:
                refused = BrokerWords(code=error.broker_code, text=error.text)
            except TimeoutError:
                raise BrokerTimeout(f"the broker gave no estimate within {PREVIEW_TIMEOUT_S:g} s") from None
        price = terms.price if terms.price is not None else terms.trigger_price
        with exact_arithmetic():
            worth = None if price is None else instrument.contract.notional(price, terms.quantity)
        return OrderPreview(
            account_id=account.account_id,
            terms=terms,
            notional=None if worth is None else Money(currency=instrument.settle, amount=worth),
            denied=denied,
            estimate=estimate,
            refused=refused,
            unsupported=NOT_OFFERED if previews is None else None,
        )
