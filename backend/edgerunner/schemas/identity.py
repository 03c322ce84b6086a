"""Identity on the wire: signing in, users, API keys, the audit log."""

import ipaddress
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from edgerunner.domain.access import Right, Role
from edgerunner.schemas.base import AnswerModel, Flag, RequestModel, one_of
from edgerunner.schemas.scalars import RequestTime, TimeText

UserName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$", examples=["anna"])]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$", examples=["5f2a9c0b7e41"])]
Password = Annotated[str, Field(max_length=1024, json_schema_extra={"format": "password"})]
Secret = Annotated[str, Field(max_length=4096, json_schema_extra={"format": "password"})]
Code = Annotated[str, Field(max_length=32, description="Of the authenticator, or a recovery code.")]
KeyName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,64}$", examples=["grafana"])]
RoleText = Annotated[str, one_of(*Role)]
RightText = Annotated[str, one_of(*Right)]


def _require_network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise PydanticCustomError("invalid_network", "{reason}", {"reason": str(error)}) from None
    return text


NetworkText = Annotated[
    str, Field(max_length=64, examples=["192.0.2.7", "10.0.0.0/8"]), AfterValidator(_require_network)
]


class LoginRequest(RequestModel):
    """Name and password, and a code when the user has a second factor."""

    user: Annotated[str, Field(max_length=64)]
    password: Password
    code: Code | None = None


class RefreshRequest(RequestModel):
    """A refresh token, which is used up by this."""

    refresh_token: Secret


class PasswordRequest(RequestModel):
    """A new password for oneself."""

    current: Password
    new: Password


class CodeRequest(RequestModel):
    """A code of the authenticator to be confirmed."""

    code: Code


class RemoveTotpRequest(RequestModel):
    """One's password, to take the second factor away."""

    password: Password


class AddUserRequest(RequestModel):
    """A new user."""

    user: UserName
    password: Password
    role: Role


class ChangeUserRequest(RequestModel):
    """What changes of a user; every change ends all sessions of it."""

    role: Role | None = None
    disabled: Flag | None = None
    password: Password | None = None
    reset_totp: Flag = False


class AddKeyRequest(RequestModel):
    """A new API key; ``user`` is for admins who make one for somebody else."""

    name: KeyName
    scopes: Annotated[list[Right], Field(min_length=1, max_length=len(Right))]
    expires_at: RequestTime | None = None
    allowed_ips: Annotated[list[NetworkText], Field(max_length=50, default_factory=list)]
    user: UserName | None = None


class UserAnswer(AnswerModel):
    """A user."""

    user: str
    role: RoleText
    disabled: bool
    totp_enabled: bool
    created_at: TimeText


class UserList(AnswerModel):
    """All users by name."""

    users: list[UserAnswer]


class TokensAnswer(AnswerModel):
    """Tokens, shown this once; ``expires_at`` is the access token's."""

    access_token: str
    refresh_token: str
    token_type: Annotated[str, one_of("bearer")]
    expires_at: TimeText
    user: UserAnswer


class MeAnswer(AnswerModel):
    """Who the caller is, and what its credential may do."""

    actor: str
    user: str | None
    role: RoleText
    rights: list[RightText]
    credential: Annotated[str, one_of("owner", "key", "token")]
    expires_at: TimeText | None
    totp_enabled: bool


class EndedAnswer(AnswerModel):
    """What was ended."""

    ended: Annotated[str, one_of("session", "all_sessions", "second_factor")]


class EnrolmentAnswer(AnswerModel):
    """What an authenticator needs, shown this once; it counts after POST /auth/totp/confirm."""

    secret: str
    uri: str
    qr_svg: str


class RecoveryAnswer(AnswerModel):
    """Codes for the day the phone is lost, each good once, shown this once."""

    recovery_codes: list[str]


class TicketAnswer(AnswerModel):
    """A stream ticket: the ``token`` of one stream, within 30 seconds."""

    ticket: str
    expires_at: TimeText


class KeyAnswer(AnswerModel):
    """An API key without its secret; ``user`` null = made with the installation's own key."""

    key_id: str
    user: str | None
    name: str
    prefix: str
    scopes: list[RightText]
    allowed_ips: list[str]
    created_at: TimeText
    expires_at: TimeText | None
    last_used_at: TimeText | None


class MadeKeyAnswer(KeyAnswer):
    """A new API key with its text, which nothing shows again."""

    key: str


class KeyList(AnswerModel):
    """API keys, newest first."""

    api_keys: list[KeyAnswer]


class AuditEntryAnswer(AnswerModel):
    """Something that was done, or tried."""

    audit_id: str
    time: TimeText
    actor: str
    address: str
    action: str
    target: str
    result: str
    detail: dict[str, Any]


class AuditPage(AnswerModel):
    """A page of the audit log, newest first."""

    entries: list[AuditEntryAnswer]
    next_cursor: str | None
