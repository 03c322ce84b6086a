"""Who acts, and what they may do: rights, the roles that bundle them, and the principal of a request."""

from dataclasses import dataclass
from enum import StrEnum


class Right(StrEnum):
    """What a route or a channel asks for; also the scopes of an API key."""

    READ = "read"
    TRADE = "trade"
    """Orders, positions, halting."""

    STRATEGIES = "strategies"
    """Start, pause and stop strategies and signals."""

    RESEARCH = "research"
    """Backtests and datasets."""

    ADMIN = "admin"
    """Brokers, secrets, users, limits, arming, resuming."""


class Role(StrEnum):
    """What a person is; each role holds the rights of those before it."""

    VIEWER = "viewer"
    TRADER = "trader"
    ADMIN = "admin"


RIGHTS_OF_ROLE: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.TRADER: frozenset({Right.READ, Right.TRADE, Right.STRATEGIES, Right.RESEARCH}),
    Role.ADMIN: frozenset(Right),
}


class Credential(StrEnum):
    """How a caller proved who it is."""

    OWNER = "owner"
    """The installation's own key."""

    KEY = "key"
    TOKEN = "token"  # noqa: S105 - a word, no secret
    """An access token of a person who signed in, or a stream ticket made with one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who sent a request, as proven by its credential.

    Attributes:
        actor: Stands in the journal and in the audit log, and scopes idempotency keys:
            ``api-key`` for the installation's own key, ``key:<key_id>``, ``user:<name>``.
        user: Name of the person behind it; None = the installation's own key, or an API key made with it.
        role: The person's role.
        rights: What this credential may do: the role's rights, cut down to an API key's scopes.
        credential_id: Names the credential, not its secret: the API key's id or the session's; None = the own key.
        expires_at_ns: When the credential ends, UTC nanoseconds; None = never.
    """

    actor: str
    user: str | None
    role: Role
    rights: frozenset[Right]
    credential: Credential
    credential_id: str | None = None
    expires_at_ns: int | None = None

    def may(self, right: Right) -> bool:
        """Tell whether this credential holds a right."""
        return right in self.rights


OWNER = Principal(
    actor="api-key", user=None, role=Role.ADMIN, rights=RIGHTS_OF_ROLE[Role.ADMIN], credential=Credential.OWNER
)
"""The installation's own key, made on the first start: the single user's default."""
