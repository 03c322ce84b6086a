"""Users: made, changed, removed; and the API keys that act for them."""

from dataclasses import dataclass, field
from typing import Final

from edgerunner.domain.access import RIGHTS_OF_ROLE, Principal, Right, Role
from edgerunner.domain.errors import Conflict, Forbidden, InvalidRequest, NotFound
from edgerunner.services.clock import Clock
from edgerunner.services.identity.directory import networks_of
from edgerunner.services.identity.gate import CredentialGate
from edgerunner.services.identity.passwords import PasswordHasher, require_good
from edgerunner.services.identity.secret_words import new_key
from edgerunner.storage.identity import IdentityStore
from edgerunner.storage.identity_keys import KeyStore
from edgerunner.storage.identity_values import StoredKey, StoredUser

USER_NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,31}$"
MOST_USERS: Final = 1_000
MOST_KEYS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """An API key to be made; ``user`` None = for whoever asks."""

    name: str
    scopes: frozenset[Right]
    user: str | None = None
    expires_at_ns: int | None = None
    allowed_ips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    """A new API key with its text, which nothing shows again."""

    stored: StoredKey
    text: str = field(repr=False)


class People:
    """Users by name. The installation's own key is always an admin, so nobody can lock the installation."""

    def __init__(self, *, store: IdentityStore, gate: CredentialGate, hasher: PasswordHasher, clock: Clock) -> None:
        self._store = store
        self._gate = gate
        self._hasher = hasher
        self._clock = clock

    def all(self) -> list[StoredUser]:
        """Return every user by name."""
        return sorted(self._gate.directory.users.values(), key=lambda user: user.name)

    def get(self, name: str) -> StoredUser:
        """Return a user; raises ``NotFound``."""
        user = self._gate.directory.users.get(name)
        if user is None:
            raise NotFound(f"there is no user {name!r}")
        return user

    async def add(self, name: str, password: str, role: Role) -> StoredUser:
        """Make a user. Raises ``InvalidRequest`` for a weak password, ``Conflict`` for a name that is taken."""
        require_good(password, name)
        if len(self._gate.directory.users) >= MOST_USERS:
            raise Conflict(f"there are {MOST_USERS} users already: remove some")
        user = StoredUser(
            name=name,
            role=role,
            password_hash=await self._hasher.hash(password),
            created_at_ns=self._clock.now_ns(),
        )
        await self._store.add_user(user)
        await self._gate.refresh()
        return self.get(name)

    async def change(
        self,
        name: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password: str | None = None,
        forgets_second_factor: bool = False,
        by_owner: bool,
    ) -> StoredUser:
        """Change a user and end all sessions and streams of it at once.

        ``by_owner``: asked by the holder of the installation's own key, who may leave no other admin. Raises
        ``NotFound``, ``Conflict``, ``InvalidRequest``.
        """
        if password is not None:
            require_good(password, name)
        changed = await self._store.change_user(
            name,
            role=role,
            disabled=disabled,
            password_hash=None if password is None else await self._hasher.hash(password),
            forgets_second_factor=forgets_second_factor,
            keeps_an_admin=not by_owner,
        )
        await self._gate.refresh()
        return changed

    async def remove(self, name: str, *, by_owner: bool) -> StoredUser:
        """Forget a user with sessions, streams and API keys. Raises ``NotFound``, ``Conflict``."""
        removed = await self._store.remove_user(name, keeps_an_admin=not by_owner)
        await self._gate.refresh()
        return removed


class ApiKeys:
    """API keys: each acts with some of the rights of its owner, never with more."""

    def __init__(self, *, store: KeyStore, gate: CredentialGate, clock: Clock) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock

    def visible_to(self, principal: Principal) -> list[StoredKey]:
        """Return one's own keys, and an admin everybody's; newest first."""
        keys = self._gate.directory.stored_keys.values()
        mine = [key for key in keys if principal.may(Right.ADMIN) or key.user_name == principal.user]
        return sorted(mine, key=lambda key: (-key.created_at_ns, key.key_id))

    async def create(self, wish: KeyWish, *, principal: Principal) -> MadeKey:
        """Make a key.

        Raises ``InvalidRequest``, ``NotFound`` for an unknown user, ``Forbidden`` for scopes beyond the owner's
        rights, or for somebody else's key without being an admin.
        """
        owner = principal.user if wish.user is None else self._other(wish.user, principal)
        rights = principal.rights if owner == principal.user else self._rights_of(owner)
        self._require_valid(wish)
        if beyond := wish.scopes - rights:
            words = ", ".join(sorted(beyond))
            raise Forbidden(f"a key holds no more than its owner's rights; {words} is not among them")
        made = new_key()
        key = StoredKey(
            key_id=made.key_id,
            user_name=owner,
            name=wish.name,
            secret_hash=made.secret_hash,
            scopes=wish.scopes,
            allowed_ips=wish.allowed_ips,
            created_at_ns=self._clock.now_ns(),
            expires_at_ns=wish.expires_at_ns,
        )
        await self._store.add(key)
        await self._gate.refresh()
        return MadeKey(stored=key, text=made.text)

    async def revoke(self, key_id: str, *, principal: Principal) -> StoredKey:
        """End a key and its streams at once. Raises ``NotFound``, also for other people's keys."""
        key = next((key for key in self.visible_to(principal) if key.key_id == key_id), None)
        if key is None:
            raise NotFound(f"there is no API key {key_id!r}")
        await self._store.revoke(key_id)
        await self._gate.refresh()
        return key

    def _other(self, name: str, principal: Principal) -> str:
        if name != principal.user and not principal.may(Right.ADMIN):
            raise Forbidden("only admins make keys for others")
        return name

    def _rights_of(self, name: str | None) -> frozenset[Right]:
        user = None if name is None else self._gate.directory.users.get(name)
        if user is None:
            raise NotFound(f"there is no user {name!r}")
        return RIGHTS_OF_ROLE[user.role]

    def _require_valid(self, wish: KeyWish) -> None:
        if wish.expires_at_ns is not None and wish.expires_at_ns <= self._clock.now_ns():
            raise InvalidRequest.of("expires_at", "in_the_past", "must lie in the future")
        try:
            networks_of(wish.allowed_ips)
        except ValueError as error:
            raise InvalidRequest.of("allowed_ips", "invalid_network", f"{error}") from None
        if len(self._gate.directory.stored_keys) >= MOST_KEYS:
            raise Conflict(f"there are {MOST_KEYS} API keys already: revoke some")
