"""Settings of accounts and positions: leverage, modes, trailing stops."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

from edgerunner.domain.access import Principal
from edgerunner.routes.answers import answer
from edgerunner.routes.context import PrincipalOf, Services, ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.account_settings import (
    LeverageAnswer,
    LeverageRequest,
    PositionQuery,
    SettingsAnswer,
    SettingsQuery,
    SettingsRequest,
    TrailingStopAnswer,
    TrailingStopRequest,
)
from edgerunner.services.account_settings import Target, TrailingStop

router = APIRouter(tags=["accounts"], route_class=StrictRoute)

_ADDRESS: Final = {"connection_id": "bybit-sim", "instrument_id": "BTCUSDT-LINEAR.BYBIT"}
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "settings": {
        "hedging": {
            "summary": "Long and short legs side by side",
            "value": {"connection_id": "bybit-sim", "position_mode": "hedging"},
        },
        "isolated": {
            "summary": "A margin of its own for each position",
            "value": {"connection_id": "bybit-sim", "margin_mode": "isolated"},
        },
    },
    "leverage": {"five": {"summary": "Leverage 5", "value": {**_ADDRESS, "leverage": "5"}}},
    "trailing_stop": {
        "now": {"summary": "Follow the price 500 behind", "value": {**_ADDRESS, "trailing_offset": "500"}},
        "later": {
            "summary": "Begin to follow once 70000 is reached",
            "value": {**_ADDRESS, "trailing_offset": "500", "trigger_price": "70000"},
        },
    },
}

_QUERY_ERRORS = (
    *("not_found", "unsupported", "not_connected"),
    *("broker_unreachable", "broker_error", "broker_timeout", "outcome_unknown"),
)
_CHANGE_ERRORS = ("live_not_allowed", "broker_rejected", *_QUERY_ERRORS)


@router.get("/account/settings", response_model=SettingsAnswer, responses=error_responses(*_QUERY_ERRORS))
async def settings(query: Annotated[SettingsQuery, Query()], services: ServicesOf) -> Response:
    """Return an account's position mode and margin mode as the broker shows them now."""
    target = Target(connection_id=query.connection_id, account_id=query.account_id)
    return answer(SettingsAnswer.of(query.connection_id, await services.account_settings.settings(target)))


@router.post("/account/settings", response_model=SettingsAnswer, responses=error_responses(*_CHANGE_ERRORS))
async def change(
    body: Annotated[SettingsRequest, Body(openapi_examples=_EXAMPLES["settings"])],
    services: ServicesOf,
    who: PrincipalOf,
) -> Response:
    """Switch position mode or margin mode; what is so already is success. Brokers refuse it with open positions."""
    after = await services.account_settings.change(
        Target(connection_id=body.connection_id, account_id=body.account_id),
        position_mode=body.position_mode,
        margin_mode=body.margin_mode,
        actor=who.actor,
    )
    return answer(SettingsAnswer.of(body.connection_id, after))


@router.post("/positions/leverage", response_model=LeverageAnswer, responses=error_responses(*_CHANGE_ERRORS))
async def leverage(
    body: Annotated[LeverageRequest, Body(openapi_examples=_EXAMPLES["leverage"])],
    services: ServicesOf,
    who: PrincipalOf,
) -> Response:
    """Set the leverage of an instrument; repeating it does no harm."""
    target = Target(connection_id=body.connection_id, account_id=body.account_id)
    account_id = await services.account_settings.set_leverage(
        target, body.instrument_id, body.leverage, actor=who.actor
    )
    return answer(
        LeverageAnswer(
            connection_id=body.connection_id,
            account_id=account_id,
            instrument_id=body.instrument_id,
            leverage=body.leverage,
        )
    )


@router.post("/positions/trailing-stop", response_model=TrailingStopAnswer, responses=error_responses(*_CHANGE_ERRORS))
async def trailing_stop(
    body: Annotated[TrailingStopRequest, Body(openapi_examples=_EXAMPLES["trailing_stop"])],
    services: ServicesOf,
    who: PrincipalOf,
) -> Response:
    """Set the trailing stop of a whole position, in place of the one it has.

    It begins to follow at ``trigger_price``, or at once; its order is the broker's and shows among the orders.
    """
    wanted = TrailingStop(
        instrument_id=body.instrument_id,
        position_id=body.position_id,
        offset=body.trailing_offset,
        activation_price=body.trigger_price,
    )
    return await _set_trailing_stop(body, wanted, services, who)


@router.delete(
    "/positions/trailing-stop", response_model=TrailingStopAnswer, responses=error_responses(*_CHANGE_ERRORS)
)
async def remove_trailing_stop(
    query: Annotated[PositionQuery, Query()], services: ServicesOf, who: PrincipalOf
) -> Response:
    """Take a position's trailing stop away; success also when it has none."""
    wanted = TrailingStop(
        instrument_id=query.instrument_id, position_id=query.position_id, offset=None, activation_price=None
    )
    return await _set_trailing_stop(query, wanted, services, who)


async def _set_trailing_stop(
    whose: PositionQuery, wanted: TrailingStop, services: Services, who: Principal
) -> Response:
    target = Target(connection_id=whose.connection_id, account_id=whose.account_id)
    account_id = await services.account_settings.set_trailing_stop(target, wanted, actor=who.actor)
    return answer(
        TrailingStopAnswer(
            connection_id=target.connection_id,
            account_id=account_id,
            instrument_id=wanted.instrument_id,
            position_id=wanted.position_id,
            trailing_offset=wanted.offset,
            trigger_price=wanted.activation_price,
        )
    )
