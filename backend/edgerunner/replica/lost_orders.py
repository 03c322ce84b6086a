"""What the journal proves about a placement whose answer was lost between the owner and this process."""

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from edgerunner.domain.access import Principal
from edgerunner.domain.errors import InvalidRequest, JournalUnavailable
from edgerunner.domain.orders import Order
from edgerunner.routes.answers import answer
from edgerunner.routes.errors import problem_response
from edgerunner.routes.rights import PRINCIPAL
from edgerunner.routes.strict import parse_json
from edgerunner.schemas.orders import ChildAnswer, OrderAnswer, PlacedAnswer, TradeRequest
from edgerunner.schemas.problems import denied_problem
from edgerunner.storage.journal_reads import JournalReads

_MOST_CHILDREN = 1_000


class LostOrders:
    """Looks placements up by what only they can have left behind."""

    def __init__(self, journal: JournalReads) -> None:
        self._journal = journal

    async def answer_of(self, request: Request, body: bytes, started_ns: int) -> Response | None:
        """Return the answer to a placement as its order stands in the journal, None when it proves nothing.

        ``started_ns``: UTC nanoseconds from before the call was passed on.
        """
        if (request.method, request.url.path) != ("POST", "/trade"):
            return None
        try:
            trade = TradeRequest.model_validate(parse_json(body))
            order = await self._order(request, trade, started_ns)
            return None if order is None else await self._rendered(order)
        except (InvalidRequest, ValidationError, JournalUnavailable):
            return None

    async def _order(self, request: Request, trade: TradeRequest, started_ns: int) -> Order | None:
        key = request.headers.get("idempotency-key")
        principal: Principal | None = request.scope.get(PRINCIPAL)
        if key is not None and principal is not None:
            record = await self._journal.idempotency(principal.actor, key)
            is_this_one = record is not None and record.fingerprint == trade.fingerprint()
            return await self._journal.order(record.client_order_id) if record is not None and is_this_one else None
        if trade.client_order_id is None:
            return None
        order = await self._journal.order(trade.client_order_id)
        # An older order of that name is another one: the owner would have answered with a conflict.
        return order if order is not None and order.created_at_ns >= started_ns else None

    async def _rendered(self, order: Order) -> Response:
        rendered = OrderAnswer.of(order)
        if rendered.denied is not None:
            return problem_response(denied_problem(rendered))
        working = await self._journal.orders(connection_id=order.connection_id, status="open", limit=_MOST_CHILDREN)
        children = [ChildAnswer.of(child) for child in working.items if child.parent_id == order.client_order_id]
        return answer(PlacedAnswer(order=rendered, children=children), 201)
