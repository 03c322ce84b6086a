"""What the API answers about users, credentials and the audit log."""

from typing import TypedDict


class User(TypedDict):
    """A user."""

    user: str
    role: str
    disabled: bool
    totp_enabled: bool
    created_at: str


class Tokens(TypedDict):
    """Tokens of a session; ``expires_at`` is the access token's."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_at: str
    user: User


class Me(TypedDict):
    """Who the caller is."""

    actor: str
    user: str | None
    role: str
    rights: list[str]
    credential: str
    expires_at: str | None
    totp_enabled: bool


class Enrolment(TypedDict):
    """What an authenticator needs."""

    secret: str
    uri: str
    qr_svg: str


class Ticket(TypedDict):
    """A stream ticket: the token of one stream."""

    ticket: str
    expires_at: str


class ApiKey(TypedDict):
    """An API key without its secret."""

    key_id: str
    user: str | None
    name: str
    prefix: str
    scopes: list[str]
    allowed_ips: list[str]
    created_at: str
    expires_at: str | None
    last_used_at: str | None


class MadeApiKey(ApiKey):
    """A new API key with its text, which nothing shows again."""

    key: str


class AuditEntry(TypedDict):
    """Something that was done, or tried."""

    audit_id: str
    time: str
    actor: str
    address: str
    action: str
    target: str
    result: str
    detail: dict[str, object]


class AuditPage(TypedDict):
    """A page of the audit log, newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None
