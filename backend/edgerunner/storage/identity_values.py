"""What is stored of users, their sessions and keys, and of what was done. Secrets stand as hashes alone."""

from dataclasses import dataclass, field

from edgerunner.domain.access import Credential, Right, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUser:
    """A person.

    Attributes:
        password_hash: Argon2id in PHC form; never shown by ``repr``.
        totp_confirmed: A second factor counts.
        totp_last_step: The newest time step (30 s) whose code was used; no code of it or before counts again.
        recovery_codes: SHA-256 of those that were not used yet.
    """

    name: str
    role: Role
    disabled: bool = False
    password_hash: str = field(repr=False)
    totp_confirmed: bool = False
    totp_last_step: int | None = None
    recovery_codes: tuple[str, ...] = field(default=(), repr=False)
    created_at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A sign-in until it ends: one family of refresh tokens."""

    session_id: str
    user_name: str
    address: str
    created_at_ns: int
    expires_at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """An API key.

    Attributes:
        user_name: Whose rights bound it; None = made with the installation's own key.
        secret_hash: SHA-256 of the secret in hex; the secret has 256 random bits, so no slow hash is needed.
        allowed_ips: Addresses or networks (CIDR) it is taken from; none = from everywhere.
        expires_at_ns: None = never.
    """

    key_id: str
    user_name: str | None
    name: str
    secret_hash: str = field(repr=False)
    scopes: frozenset[Right]
    allowed_ips: tuple[str, ...] = ()
    created_at_ns: int
    expires_at_ns: int | None = None
    last_used_at_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTicket:
    """What a single-use stream ticket stands for: the credential it was made with, until that ends."""

    credential: Credential
    credential_id: str | None
    credential_ends_ns: int | None
    expires_at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeys:
    """The keys of access tokens by ``kid``; the current one signs, all verify. Never shown by ``repr``."""

    current: str
    secrets: dict[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySnapshot:
    """Everything that decides who a credential is, as of one revision."""

    revision: int
    users: tuple[StoredUser, ...]
    sessions: tuple[StoredSession, ...]
    keys: tuple[StoredKey, ...]
    signing: SigningKeys | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that was done, or tried.

    Attributes:
        address: Of the caller; ``local`` for commands on the data folder.
        action: ``sign_in``, ... or method and path template of a call.
        target: On what, in words; empty = nothing in particular.
        result: ``ok`` or the stable code of the refusal.
        detail: Values of the request that are no secrets, as JSON; ``{}`` = none.
        audit_no: Its number in the log; 0 = not in it yet.
    """

    ts_ns: int
    actor: str
    address: str
    action: str
    target: str = ""
    result: str = "ok"
    detail: str = "{}"
    audit_no: int = 0
