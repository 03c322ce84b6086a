"""Identity as one thing: the gate, sign-in, people, keys and the audit log over one data folder."""

from edgerunner.services.alert_service import AlertService
from edgerunner.services.clock import Clock
from edgerunner.services.identity import tokens
from edgerunner.services.identity.audit import AuditLog
from edgerunner.services.identity.gate import CredentialGate
from edgerunner.services.identity.passwords import PasswordHasher
from edgerunner.services.identity.people import ApiKeys, People
from edgerunner.services.identity.second_factor import SecondFactor
from edgerunner.services.identity.sign_in import SignIn
from edgerunner.services.identity.throttle import SignInThrottle
from edgerunner.storage.database import Database
from edgerunner.storage.identity import IdentityStore
from edgerunner.storage.identity_audit import AuditStore
from edgerunner.storage.identity_keys import KeyStore
from edgerunner.storage.identity_sessions import SessionStore
from edgerunner.storage.secrets import Vault


class Identity:
    """What the routes and the command line call; ``start`` and ``stop`` bound what follows changes."""

    def __init__(self, database: Database, vault: Vault, *, alerts: AlertService, clock: Clock) -> None:
        self._store = IdentityStore(database, vault)
        sessions, keys = SessionStore(database, vault), KeyStore(database)
        hasher = PasswordHasher()
        self.audit = AuditLog(store=AuditStore(database), clock=clock)
        self.gate = CredentialGate(store=self._store, sessions=sessions, keys=keys, clock=clock)
        self.second_factor = SecondFactor(store=sessions, clock=clock)
        self.people = People(store=self._store, gate=self.gate, hasher=hasher, clock=clock)
        self.keys = ApiKeys(store=keys, gate=self.gate, clock=clock)
        self.sign_in = SignIn(
            gate=self.gate,
            sessions=sessions,
            hasher=hasher,
            second_factor=self.second_factor,
            throttle=SignInThrottle(),
            audit=self.audit,
            alerts=alerts,
            clock=clock,
        )

    async def start(self) -> None:
        """Load who is known and follow changes, other processes' included."""
        await self.gate.start()

    async def stop(self) -> None:
        """Stop to follow."""
        await self.gate.stop()

    async def renew_signing_key(self) -> None:
        """Sign access tokens with a new key; tokens of the one before are good until they expire."""
        await self.gate.refresh()
        before = self.gate.directory.signing
        replaces = None if before is None else before.current
        await self._store.keep_signing_keys(tokens.new_signing_keys(before), replaces=replaces)
        await self.gate.refresh()
