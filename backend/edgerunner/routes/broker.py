"""Connections to brokers."""

from typing import Annotated

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from edgerunner.adapters.broker import Environment
from edgerunner.routes import examples
from edgerunner.routes.answers import answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses, require
from edgerunner.routes.rendering import connection_answer
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.broker import ConnectionAnswer, ConnectionList, ConnectRequest
from edgerunner.schemas.scalars import ConnectionId
from edgerunner.services import connection_service

router = APIRouter(prefix="/broker", tags=["connections"], route_class=StrictRoute)


@router.post(
    "/connect",
    status_code=201,
    response_model=ConnectionAnswer,
    responses=error_responses(
        "broker_auth_failed", "live_not_allowed", "conflict", "payload_too_large", "broker_unreachable",
        "not_connected", "broker_timeout", "unsupported",
    ),
)  # fmt: skip
async def connect(
    body: Annotated[ConnectRequest, Body(openapi_examples=examples.CONNECT)], services: ServicesOf
) -> Response:
    """Open a session with a broker, verify it, store it encrypted, and reconcile it once."""
    require(body.rule_errors())
    credentials = body.credentials or {}
    view = await services.connections.connect(
        connection_service.ConnectRequest(
            broker=body.broker,
            environment=Environment(body.environment),
            execution=body.execution or "broker",
            connection_id=body.connection_id,
            credentials={name: secret.get_secret_value() for name, secret in credentials.items()},
            options=body.options or {},
        )
    )
    return answer(connection_answer(view), 201)


@router.get("/connections", response_model=ConnectionList, responses=error_responses())
async def list_connections(services: ServicesOf) -> Response:
    """List all connections with their health and what they can do."""
    views = services.connections.views()
    return answer(ConnectionList(connections=[connection_answer(view) for view in views]))


@router.delete(
    "/connections/{connection_id}",
    response_model=ConnectionAnswer,
    responses=error_responses("not_found"),
)
async def delete_connection(connection_id: Annotated[ConnectionId, Path()], services: ServicesOf) -> Response:
    """Close a connection and forget its credentials; its orders and fills stay in the journal."""
    return answer(connection_answer(await services.connections.delete(connection_id)))
