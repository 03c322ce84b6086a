"""Users, for admins."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from edgerunner.domain.access import Credential
from edgerunner.routes.answers import answer
from edgerunner.routes.context import PrincipalOf, ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.rendering_identity import user_answer
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.identity import AddUserRequest, ChangeUserRequest, UserAnswer, UserList, UserName

router = APIRouter(prefix="/users", tags=["identity"], route_class=StrictRoute)

UserPath = Annotated[UserName, Path()]

_ADD: Final[dict[str, Any]] = {
    "trader": {
        "summary": "A person who may trade",
        "value": {"user": "anna", "password": "a long pass phrase", "role": "trader"},
    }
}
_CHANGE: Final[dict[str, Any]] = {
    "role": {"summary": "Another role", "value": {"role": "viewer"}},
    "disable": {"summary": "May not sign in any more", "value": {"disabled": True}},
    "phone_lost": {"summary": "Take the second factor away", "value": {"reset_totp": True}},
}
_ERRORS = ("conflict", "payload_too_large", "overloaded", "journal_unavailable")


@router.get("", response_model=UserList, responses=error_responses())
async def list_users(services: ServicesOf) -> Response:
    """Return all users by name."""
    return answer(UserList(users=[user_answer(user) for user in services.identity.people.all()]))


@router.post("", status_code=201, response_model=UserAnswer, responses=error_responses(*_ERRORS))
async def add_user(body: Annotated[AddUserRequest, Body(openapi_examples=_ADD)], services: ServicesOf) -> Response:
    """Make a user. Passwords have 12 characters or more and are no well-known word."""
    return answer(user_answer(await services.identity.people.add(body.user, body.password, body.role)), 201)


@router.patch("/{user}", response_model=UserAnswer, responses=error_responses("not_found", *_ERRORS))
async def change_user(
    user: UserPath,
    body: Annotated[ChangeUserRequest, Body(openapi_examples=_CHANGE)],
    services: ServicesOf,
    who: PrincipalOf,
) -> Response:
    """Change role, password, second factor, or whether a user may sign in; ends all its sessions and streams.

    The last admin who may sign in stays one, unless the holder of the installation's own key asks.
    """
    changed = await services.identity.people.change(
        user,
        role=body.role,
        disabled=body.disabled,
        password=body.password,
        forgets_second_factor=body.reset_totp,
        by_owner=who.credential is Credential.OWNER,
    )
    return answer(user_answer(changed))


@router.delete("/{user}", response_model=UserAnswer, responses=error_responses("not_found", *_ERRORS))
async def remove_user(user: UserPath, services: ServicesOf, who: PrincipalOf) -> Response:
    """Remove a user with sessions, streams and API keys; what it did stays in journal and audit log."""
    removed = await services.identity.people.remove(user, by_owner=who.credential is Credential.OWNER)
    return answer(user_answer(removed))
