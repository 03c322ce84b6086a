"""Signing in and out, one's own password and second factor, tickets for the stream."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from edgerunner.domain.access import Principal
from edgerunner.routes.addresses import ADDRESS
from edgerunner.routes.answers import answer
from edgerunner.routes.context import PrincipalOf, Services, ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.rendering_identity import user_answer
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.identity import (
    CodeRequest,
    EndedAnswer,
    EnrolmentAnswer,
    LoginRequest,
    MeAnswer,
    PasswordRequest,
    RecoveryAnswer,
    RefreshRequest,
    RemoveTotpRequest,
    TicketAnswer,
    TokensAnswer,
)
from edgerunner.services.identity.sign_in import SignedIn

router = APIRouter(prefix="/auth", tags=["identity"], route_class=StrictRoute)

_PUBLIC: Final[dict[str, Any]] = {"security": []}
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "login": {
        "password": {"summary": "With a password", "value": {"user": "anna", "password": "a long pass phrase"}},
        "second_factor": {
            "summary": "With a second factor",
            "value": {"user": "anna", "password": "a long pass phrase", "code": "123456"},
        },
    },
    "refresh": {"one": {"summary": "The newest one", "value": {"refresh_token": "errefresh_..."}}},
    "password": {
        "new": {"summary": "A new one", "value": {"current": "a long pass phrase", "new": "a longer pass phrase"}}
    },
    "code": {"now": {"summary": "The code of this half minute", "value": {"code": "123456"}}},
    "remove": {"one": {"summary": "With one's password", "value": {"password": "a long pass phrase"}}},
}
_COMMON = ("rate_limited", "payload_too_large", "overloaded", "journal_unavailable")


@router.post(
    "/login",
    response_model=TokensAnswer,
    responses=error_responses("second_factor_required", *_COMMON),
    openapi_extra=_PUBLIC,
)
async def login(
    body: Annotated[LoginRequest, Body(openapi_examples=_EXAMPLES["login"])], request: Request, services: ServicesOf
) -> Response:
    """Sign in as a user. With a second factor and no code: 401 with the code `second_factor_required`."""
    address = request.scope[ADDRESS]
    return _tokens(await services.identity.sign_in.login(body.user, body.password, body.code, address=address))


@router.post("/refresh", response_model=TokensAnswer, responses=error_responses(*_COMMON), openapi_extra=_PUBLIC)
async def refresh(
    body: Annotated[RefreshRequest, Body(openapi_examples=_EXAMPLES["refresh"])],
    request: Request,
    services: ServicesOf,
) -> Response:
    """Return new tokens for a refresh token, which is used up; one used twice ends its whole session."""
    return _tokens(await services.identity.sign_in.refresh(body.refresh_token, address=request.scope[ADDRESS]))


@router.post("/logout", response_model=EndedAnswer, responses=error_responses("journal_unavailable"))
async def logout(services: ServicesOf, who: PrincipalOf) -> Response:
    """End the session of the access token, with its refresh tokens and streams."""
    await services.identity.sign_in.logout(who)
    return answer(EndedAnswer(ended="session"))


@router.get("/me", response_model=MeAnswer, responses=error_responses())
async def me(services: ServicesOf, who: PrincipalOf) -> Response:
    """Return who the caller is, and what its credential may do."""
    return answer(
        MeAnswer(
            actor=who.actor,
            user=who.user,
            role=who.role,
            rights=sorted(who.rights),
            credential=who.credential,
            expires_at=who.expires_at_ns,
            totp_enabled=_has_second_factor(services, who),
        )
    )


@router.post("/password", response_model=EndedAnswer, responses=error_responses(*_COMMON))
async def change_password(
    body: Annotated[PasswordRequest, Body(openapi_examples=_EXAMPLES["password"])],
    request: Request,
    services: ServicesOf,
    who: PrincipalOf,
) -> Response:
    """Give oneself a new password; ends every session, this one included."""
    identity = services.identity
    user = await identity.sign_in.require_password(who, body.current, address=request.scope[ADDRESS])
    await identity.people.change(user.name, password=body.new, by_owner=False)
    return answer(EndedAnswer(ended="all_sessions"))


@router.post("/totp", response_model=EnrolmentAnswer, responses=error_responses("conflict", "journal_unavailable"))
async def begin_totp(services: ServicesOf, who: PrincipalOf) -> Response:
    """Begin a second factor: a secret for an authenticator, shown this once; it counts when confirmed."""
    begun = await services.identity.second_factor.begin(services.identity.sign_in.person_of(who))
    return answer(EnrolmentAnswer(secret=begun.secret, uri=begun.uri, qr_svg=begun.qr_svg))


@router.post("/totp/confirm", response_model=RecoveryAnswer, responses=error_responses("conflict", *_COMMON))
async def confirm_totp(
    body: Annotated[CodeRequest, Body(openapi_examples=_EXAMPLES["code"])], services: ServicesOf, who: PrincipalOf
) -> Response:
    """Make the second factor count; answers recovery codes, each good once."""
    identity = services.identity
    codes = await identity.second_factor.confirm(identity.sign_in.person_of(who), body.code)
    await identity.gate.refresh()
    return answer(RecoveryAnswer(recovery_codes=codes))


@router.post("/totp/remove", response_model=EndedAnswer, responses=error_responses(*_COMMON))
async def remove_totp(
    body: Annotated[RemoveTotpRequest, Body(openapi_examples=_EXAMPLES["remove"])],
    request: Request,
    services: ServicesOf,
    who: PrincipalOf,
) -> Response:
    """Take one's second factor away; ends every session, this one included."""
    identity = services.identity
    user = await identity.sign_in.require_password(who, body.password, address=request.scope[ADDRESS])
    await identity.people.change(user.name, forgets_second_factor=True, by_owner=False)
    return answer(EndedAnswer(ended="second_factor"))


@router.post("/stream-ticket", status_code=201, response_model=TicketAnswer, responses=error_responses())
async def stream_ticket(services: ServicesOf, who: PrincipalOf) -> Response:
    """Return a ticket that opens one stream with the rights of this credential, within 30 seconds."""
    ticket = await services.identity.sign_in.stream_ticket(who)
    return answer(TicketAnswer(ticket=ticket.text, expires_at=ticket.expires_at_ns), 201)


def _tokens(signed_in: SignedIn) -> Response:
    return answer(
        TokensAnswer(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            token_type="bearer",  # noqa: S106 - the word of RFC 6750
            expires_at=signed_in.expires_at_ns,
            user=user_answer(signed_in.user),
        )
    )


def _has_second_factor(services: Services, who: Principal) -> bool:
    user = None if who.user is None else services.identity.gate.directory.users.get(who.user)
    return user is not None and user.totp_confirmed
