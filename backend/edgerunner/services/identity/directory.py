"""Who a proven credential is, decided on one snapshot of users, sessions and keys. Pure."""

import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from edgerunner.domain.access import OWNER, RIGHTS_OF_ROLE, Credential, Principal, Role
from edgerunner.storage.identity_values import IdentitySnapshot, StoredKey, StoredUser

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class _KnownKey:
    secret_hash: str
    principal: Principal
    networks: tuple[Network, ...]


class Directory:
    """Answers in microseconds: everything is worked out once per snapshot."""

    def __init__(self, snapshot: IdentitySnapshot) -> None:
        self.revision = snapshot.revision
        self.signing = snapshot.signing
        self.users = {user.name: user for user in snapshot.users}
        self.stored_keys = {key.key_id: key for key in snapshot.keys}
        self._sessions = {session.session_id: session for session in snapshot.sessions}
        self._keys = {key.key_id: known for key in snapshot.keys if (known := self._known(key)) is not None}

    def of_key(self, key_id: str, secret_hash: str, address: str, now_ns: int) -> Principal | None:
        """Return who an API key is, when its secret fits, it has not expired, and comes from where it may."""
        known = self._keys.get(key_id)
        if known is None or not hmac.compare_digest(known.secret_hash, secret_hash):
            return None
        if not _is_open(known.principal, now_ns) or not is_within(address, known.networks):
            return None
        return known.principal

    def of_session(self, session_id: str, user_name: str, expires_at_ns: int, now_ns: int) -> Principal | None:
        """Return who a genuine access token is, when it has not expired and its session stands."""
        session = self._sessions.get(session_id)
        user = self.users.get(user_name)
        if session is None or user is None or session.user_name != user_name or user.disabled:
            return None
        if now_ns >= min(expires_at_ns, session.expires_at_ns):
            return None
        return Principal(
            actor=f"user:{user.name}",
            user=user.name,
            role=user.role,
            rights=RIGHTS_OF_ROLE[user.role],
            credential=Credential.TOKEN,
            credential_id=session_id,
            expires_at_ns=expires_at_ns,
        )

    def of_credential(
        self, credential: Credential, credential_id: str | None, ends_ns: int | None, now_ns: int
    ) -> Principal | None:
        """Return who a credential is that was proven before, if it still stands."""
        match credential:
            case Credential.OWNER:
                return OWNER
            case Credential.KEY:
                known = self._keys.get(credential_id or "")
                return known.principal if known is not None and _is_open(known.principal, now_ns) else None
            case Credential.TOKEN:
                session = self._sessions.get(credential_id or "")
                if session is None or ends_ns is None:
                    return None
                return self.of_session(session.session_id, session.user_name, ends_ns, now_ns)

    def knows_session(self, session_id: str) -> bool:
        """Tell whether a session was there when the snapshot was taken."""
        return session_id in self._sessions

    def still_stands(self, principal: Principal, now_ns: int) -> bool:
        """Tell whether a credential that was proven before has neither ended nor lost a right."""
        now = self.of_credential(principal.credential, principal.credential_id, principal.expires_at_ns, now_ns)
        return now is not None and now.rights >= principal.rights

    def _known(self, key: StoredKey) -> _KnownKey | None:
        owner = None if key.user_name is None else self.users.get(key.user_name)
        if key.user_name is not None and (owner is None or owner.disabled):
            return None
        role = Role.ADMIN if owner is None else owner.role
        principal = Principal(
            actor=f"key:{key.key_id}",
            user=key.user_name,
            role=role,
            rights=key.scopes & RIGHTS_OF_ROLE[role],
            credential=Credential.KEY,
            credential_id=key.key_id,
            expires_at_ns=key.expires_at_ns,
        )
        return _KnownKey(secret_hash=key.secret_hash, principal=principal, networks=networks_of(key.allowed_ips))

    def acting_user(self, name: str) -> StoredUser | None:
        """Return a user who may sign in."""
        user = self.users.get(name)
        return None if user is None or user.disabled else user


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return addresses and networks; raises ``ValueError`` for anything else, host bits set included."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Tell whether an address lies in one of the networks, if there are any; IPv4 in IPv6 counts as IPv4."""
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain.version == network.version and plain in network for network in networks)


def _is_open(principal: Principal, now_ns: int) -> bool:
    return principal.expires_at_ns is None or now_ns < principal.expires_at_ns
