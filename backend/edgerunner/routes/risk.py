"""Limits, states, the kill switch, and the arming of live accounts."""

from typing import Annotated

from fastapi import APIRouter, Body
from starlette.responses import Response

from edgerunner.risk.limits import RiskLimits, TradingState
from edgerunner.risk.scopes import Scope, parse_scope
from edgerunner.routes import examples
from edgerunner.routes.answers import answer
from edgerunner.routes.context import PrincipalOf, Services, ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.rendering_risk import arming_answer, halt_answer, risk_answer, scope_answer
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.risk import (
    ArmingAnswer,
    ArmRequest,
    DisarmRequest,
    HaltAnswer,
    HaltRequest,
    PutLimitsRequest,
    ResumeRequest,
    RiskAnswer,
    ScopeAnswer,
)

router = APIRouter(prefix="/risk", tags=["risk"], route_class=StrictRoute)

Halt = Annotated[HaltRequest | None, Body(openapi_examples=examples.RISK_HALT)]
Resume = Annotated[ResumeRequest | None, Body(openapi_examples=examples.RISK_RESUME)]


@router.get("", response_model=RiskAnswer, responses=error_responses())
async def risk(services: ServicesOf) -> Response:
    """Return states and limits by scope, and how much of the limits each account uses."""
    return answer(_everything(services))


@router.put(
    "/limits",
    response_model=ScopeAnswer,
    responses=error_responses("not_found", "payload_too_large", "journal_unavailable"),
)
async def put_limits(
    body: Annotated[PutLimitsRequest, Body(openapi_examples=examples.RISK_LIMITS)],
    services: ServicesOf,
    who: PrincipalOf,
) -> Response:
    """Replace the limits of one scope. Of all scopes that cover an order the strictest limit holds."""
    scope = _scope(body.scope, services)
    view = await services.risk.set_limits(scope, RiskLimits(**dict(body.limits)), actor=who.actor)
    return answer(scope_answer(view))


@router.post("/halt", response_model=HaltAnswer, responses=error_responses("not_found", "payload_too_large"))
async def halt(services: ServicesOf, who: PrincipalOf, body: Halt = None) -> Response:
    """Stop a scope: no new orders; cancel what works, and flatten when asked. Holds over restarts.

    Every step is tried whatever became of the one before; a step that failed says why.
    """
    wanted = body or HaltRequest()
    scope = _scope(wanted.scope, services)
    steps = await services.kill_switch.halt(
        scope, cancel_orders=wanted.cancel_orders, flatten=wanted.flatten, actor=who.actor, reason=wanted.reason
    )
    return answer(halt_answer(str(scope), TradingState.HALTED.value, steps))


@router.post(
    "/resume",
    response_model=ScopeAnswer,
    responses=error_responses("not_found", "payload_too_large", "journal_unavailable"),
)
async def resume(services: ServicesOf, who: PrincipalOf, body: Resume = None) -> Response:
    """Let one scope trade again. Scopes that were halted by themselves stay halted; GET /risk shows them."""
    scope = _scope((body or ResumeRequest()).scope, services)
    view = await services.risk.set_state(scope, TradingState.ACTIVE, actor=who.actor, reason=None)
    return answer(scope_answer(view))


@router.post(
    "/arm", response_model=ArmingAnswer, responses=error_responses("not_found", "not_connected", "payload_too_large")
)
async def arm(
    body: Annotated[ArmRequest, Body(openapi_examples=examples.RISK_ARM)], services: ServicesOf, who: PrincipalOf
) -> Response:
    """Let a live account trade for some minutes; every start of the program begins disarmed."""
    account = services.connections.session(body.connection_id).account(body.account_id)
    arming = services.arming.arm(
        body.connection_id, account, confirm=body.confirm, minutes=body.minutes, actor=who.actor
    )
    return answer(arming_answer(arming))


@router.post("/disarm", response_model=RiskAnswer, responses=error_responses("payload_too_large"))
async def disarm(
    body: Annotated[DisarmRequest, Body(openapi_examples=examples.RISK_DISARM)],
    services: ServicesOf,
    who: PrincipalOf,
) -> Response:
    """End an arming at once; one that is not armed is no error."""
    services.arming.disarm(body.connection_id, body.account_id, actor=who.actor)
    return answer(_everything(services))


def _everything(services: Services) -> RiskAnswer:
    return risk_answer(services.risk.scopes(), services.risk.accounts(), services.arming.armings())


def _scope(text: str, services: Services) -> Scope:
    """Return a scope that exists; raises ``InvalidRequest`` or ``NotFound``."""
    scope = parse_scope(text)
    if scope.connection_id is not None:
        services.connections.view(scope.connection_id)
    return scope
