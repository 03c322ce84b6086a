"""API keys: for programs that act with some of a person's rights."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from edgerunner.routes.answers import answer
from edgerunner.routes.context import PrincipalOf, ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.rendering_identity import key_answer
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.identity import AddKeyRequest, KeyAnswer, KeyId, KeyList, MadeKeyAnswer
from edgerunner.services.identity.people import KeyWish

router = APIRouter(prefix="/api-keys", tags=["identity"], route_class=StrictRoute)

_ADD: Final[dict[str, Any]] = {
    "reader": {
        "summary": "Reads, from one network alone",
        "value": {"name": "grafana", "scopes": ["read"], "allowed_ips": ["10.0.0.0/8"]},
    },
    "trader": {
        "summary": "Trades until a day",
        "value": {"name": "bot", "scopes": ["read", "trade"], "expires_at": "2030-01-01T00:00:00Z"},
    },
}


@router.get("", response_model=KeyList, responses=error_responses())
async def list_keys(services: ServicesOf, who: PrincipalOf) -> Response:
    """Return one's own keys, and an admin everybody's, without their secrets; newest first."""
    return answer(KeyList(api_keys=[key_answer(key) for key in services.identity.keys.visible_to(who)]))


@router.post(
    "",
    status_code=201,
    response_model=MadeKeyAnswer,
    responses=error_responses("not_found", "conflict", "payload_too_large", "journal_unavailable"),
)
async def add_key(
    body: Annotated[AddKeyRequest, Body(openapi_examples=_ADD)], services: ServicesOf, who: PrincipalOf
) -> Response:
    """Make a key within one's own rights; its text is in this answer and nowhere again."""
    wish = KeyWish(
        name=body.name,
        scopes=frozenset(body.scopes),
        user=body.user,
        expires_at_ns=body.expires_at,
        allowed_ips=tuple(body.allowed_ips),
    )
    made = await services.identity.keys.create(wish, principal=who)
    return answer(MadeKeyAnswer(**dict(key_answer(made.stored)), key=made.text), 201)


@router.delete("/{key_id}", response_model=KeyAnswer, responses=error_responses("not_found", "journal_unavailable"))
async def revoke_key(key_id: Annotated[KeyId, Path()], services: ServicesOf, who: PrincipalOf) -> Response:
    """End a key and its streams at once."""
    return answer(key_answer(await services.identity.keys.revoke(key_id, principal=who)))
