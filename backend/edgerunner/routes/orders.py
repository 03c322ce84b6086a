"""Orders: placed, changed, canceled, read."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Header, Path, Query
from starlette.responses import Response

from edgerunner.domain.errors import NotFound
from edgerunner.domain.orders import Source, StopLoss, TakeProfit
from edgerunner.routes import examples
from edgerunner.routes.answers import answer
from edgerunner.routes.context import PrincipalOf, ServicesOf
from edgerunner.routes.errors import error_responses, problem_response, require
from edgerunner.routes.rendering import item_results
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.ledger import EventAnswer, EventList
from edgerunner.schemas.order_preview import PreviewAnswer
from edgerunner.schemas.orders import (
    CancelAllRequest,
    ChildAnswer,
    CloseByRequest,
    ClosePositionsRequest,
    ItemResults,
    ModifyRequest,
    OrderAnswer,
    OrderEnvelope,
    OrderPage,
    OrdersQuery,
    PlacedAnswer,
    TradeRequest,
    WaitQuery,
)
from edgerunner.schemas.problems import denied_problem
from edgerunner.schemas.scalars import ClientOrderId
from edgerunner.services.close_by import PositionPair
from edgerunner.services.order_checks import Changes, PlaceRequest
from edgerunner.services.order_drafts import IdempotencyKey

router = APIRouter(tags=["orders"], route_class=StrictRoute)

OrderPath = Annotated[ClientOrderId, Path()]
Wait = Annotated[WaitQuery, Query()]
Modify = Annotated[ModifyRequest, Body(openapi_examples=examples.MODIFY)]
CancelAll = Annotated[CancelAllRequest | None, Body(openapi_examples=examples.CANCEL_ALL)]
SourceHeader = Annotated[
    Literal["api", "ui"] | None,
    Header(alias="X-Edgerunner-Source", description="`ui` marks orders that a person sent from a screen."),
]
KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="The same key and body is the same order, however often it is sent. Scoped per user or API key.",
    ),
]

_COMMAND_ERRORS = ("not_found", "payload_too_large", "not_connected", "journal_unavailable")
_CHANGE_ERRORS = (*_COMMAND_ERRORS, "order_closed", "conflict", "broker_rejected", "outcome_unknown", "unsupported")


@router.post(
    "/trade",
    status_code=201,
    response_model=PlacedAnswer,
    responses=error_responses("denied_by_risk", "idempotency_conflict", "conflict", "unsupported", *_COMMAND_ERRORS),
)
async def trade(
    body: Annotated[TradeRequest, Body(openapi_examples=examples.TRADE)],
    wait: Wait,
    services: ServicesOf,
    *,
    who: PrincipalOf,
    idempotency_key: KeyHeader = None,
    source: SourceHeader = None,
) -> Response:
    """Place one order.

    Answers as soon as the broker's word is known, the outcome is known to be unknown, or ``wait_ms``
    has passed. An order that the broker refused is a 201 with ``status`` rejected.
    """
    key = None
    if idempotency_key is not None:
        key = IdempotencyKey(scope=who.actor, key=idempotency_key, fingerprint=body.fingerprint())
    placed = await services.orders.place(
        place_request(body),
        actor=who.actor,
        source=Source(source or "api"),
        idempotency=key,
        wait_ms=wait.wait_ms,
    )
    order = OrderAnswer.of(placed.order)
    if order.denied is not None:
        return problem_response(denied_problem(order))
    return answer(PlacedAnswer(order=order, children=[ChildAnswer.of(child) for child in placed.children]), 201)


@router.post(
    "/trade/preview",
    response_model=PreviewAnswer,
    responses=error_responses(
        "conflict",
        "unsupported",
        "not_found",
        "payload_too_large",
        "not_connected",
        "broker_timeout",
        "broker_unreachable",
    ),
)
async def preview(
    body: Annotated[TradeRequest, Body(openapi_examples=examples.TRADE)], services: ServicesOf
) -> Response:
    """Tell what an order would meet and cost, without placing it.

    Takes the body of `POST /trade`. A wrong field is a 422 as there; what the risk checks or the broker would
    refuse is told in the answer. Nothing is recorded.
    """
    request = place_request(body)
    found = await services.order_previews.preview(request)
    return answer(PreviewAnswer.of(request.connection_id, found))


def place_request(body: TradeRequest) -> PlaceRequest:
    """Return what the order service understands."""
    target, stop = body.take_profit, body.stop_loss
    return PlaceRequest(
        connection_id=body.connection_id,
        account_id=body.account_id,
        instrument_id=body.instrument_id,
        side=body.side,
        order_type=body.order_type,
        quantity=body.quantity,
        price=body.price,
        trigger_price=body.trigger_price,
        trailing_offset=body.trailing_offset,
        time_in_force=body.time_in_force,
        expires_at_ns=body.expires_at,
        post_only=body.post_only or False,
        reduce_only=body.reduce_only or False,
        position_id=body.position_id,
        oca_group=body.oca_group,
        take_profit=None if target is None else TakeProfit(price=target.price),
        stop_loss=None if stop is None else StopLoss(trigger_price=stop.trigger_price, price=stop.price),
        client_order_id=body.client_order_id,
    )


@router.get("/orders/status", response_model=OrderPage, responses=error_responses("not_found"))
async def order_status(query: Annotated[OrdersQuery, Query()], services: ServicesOf) -> Response:
    """Return one order by ``client_order_id``, or a page of orders, newest first."""
    require(query.rule_errors())
    if query.client_order_id is not None:
        order = await services.journal.order(query.client_order_id)
        if order is None or query.connection_id not in {None, order.connection_id}:
            raise NotFound(f"no order has the client_order_id {query.client_order_id!r}")
        return answer(OrderPage(orders=[OrderAnswer.of(order)], next_cursor=None))
    page = await services.journal.orders(
        connection_id=query.connection_id, status=query.status, limit=query.limit, cursor=query.cursor
    )
    return answer(OrderPage(orders=[OrderAnswer.of(order) for order in page.items], next_cursor=page.next_cursor))


@router.post("/orders/cancel-all", response_model=ItemResults, responses=error_responses(*_COMMAND_ERRORS))
async def cancel_all(wait: Wait, services: ServicesOf, who: PrincipalOf, body: CancelAll = None) -> Response:
    """Cancel every working order of a selection; each has its own result."""
    wanted = body or CancelAllRequest()
    results = await services.orders.cancel_all(
        connection_id=wanted.connection_id,
        account_id=wanted.account_id,
        instrument_id=wanted.instrument_id,
        actor=who.actor,
        wait_ms=wait.wait_ms,
    )
    return answer(item_results(results))


@router.post("/positions/close", response_model=ItemResults, responses=error_responses(*_COMMAND_ERRORS))
async def close_positions(
    body: Annotated[ClosePositionsRequest, Body(openapi_examples=examples.CLOSE_POSITIONS)],
    wait: Wait,
    services: ServicesOf,
    *,
    who: PrincipalOf,
    source: SourceHeader = None,
) -> Response:
    """Close the positions of a selection with market orders; each has its own result."""
    results = await services.orders.close_positions(
        connection_id=body.connection_id,
        account_id=body.account_id,
        instrument_id=body.instrument_id,
        position_id=body.position_id,
        actor=who.actor,
        source=Source(source or "api"),
        wait_ms=wait.wait_ms,
    )
    return answer(item_results(results))


@router.post(
    "/positions/close-by",
    response_model=OrderEnvelope,
    responses=error_responses("denied_by_risk", "unsupported", *_COMMAND_ERRORS),
)
async def close_by(
    body: Annotated[CloseByRequest, Body(openapi_examples=examples.CLOSE_BY)],
    wait: Wait,
    services: ServicesOf,
    *,
    who: PrincipalOf,
    source: SourceHeader = None,
) -> Response:
    """Close a position by an opposite one of the same instrument; the larger one's rest stays.

    One order at the broker, which costs one spread less than two. 501 where the broker has no such thing.
    """
    order = await services.orders.close_by(
        PositionPair(
            connection_id=body.connection_id,
            account_id=body.account_id,
            position_id=body.position_id,
            opposite_position_id=body.opposite_position_id,
        ),
        actor=who.actor,
        source=Source(source or "api"),
        wait_ms=wait.wait_ms,
    )
    shown = OrderAnswer.of(order)
    return answer(OrderEnvelope(order=shown)) if shown.denied is None else problem_response(denied_problem(shown))


@router.delete("/orders/{client_order_id}", response_model=OrderEnvelope, responses=error_responses(*_CHANGE_ERRORS))
async def cancel(client_order_id: OrderPath, wait: Wait, services: ServicesOf, who: PrincipalOf) -> Response:
    """Cancel a working order."""
    order = await services.orders.cancel(client_order_id, actor=who.actor, wait_ms=wait.wait_ms)
    return answer(OrderEnvelope(order=OrderAnswer.of(order)))


@router.patch("/orders/{client_order_id}", response_model=OrderEnvelope, responses=error_responses(*_CHANGE_ERRORS))
async def modify(
    client_order_id: OrderPath, body: Modify, wait: Wait, services: ServicesOf, *, who: PrincipalOf
) -> Response:
    """Change quantity, price or trigger price of a working order."""
    order = await services.orders.modify(
        client_order_id,
        Changes(quantity=body.quantity, price=body.price, trigger_price=body.trigger_price),
        actor=who.actor,
        wait_ms=wait.wait_ms,
    )
    return answer(OrderEnvelope(order=OrderAnswer.of(order)))


@router.get("/orders/{client_order_id}/events", response_model=EventList, responses=error_responses("not_found"))
async def order_events(client_order_id: OrderPath, services: ServicesOf) -> Response:
    """Return one order's time line, each event with our time, the broker's and that of its arrival."""
    events = await services.journal.events(client_order_id)
    if not events:
        raise NotFound(f"no order has the client_order_id {client_order_id!r}")
    return answer(EventList(events=[EventAnswer.of(event) for event in events]))
