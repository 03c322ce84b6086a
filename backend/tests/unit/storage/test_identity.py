"""Identity in the file: used once means once, the audit log keeps what it has, secrets are sealed."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from edgerunner.domain.access import Credential, Role
from edgerunner.domain.errors import Conflict
from edgerunner.storage.database import Database
from edgerunner.storage.identity import IdentityStore
from edgerunner.storage.identity_audit import AuditStore
from edgerunner.storage.identity_sessions import SESSIONS_PER_USER, Reused, Rotated, SessionStore
from edgerunner.storage.identity_values import AuditEntry, SigningKeys, StoredSession, StoredTicket, StoredUser
from edgerunner.storage.secrets import Vault

NOW, LATER = 1_000, 2_000
ANNA = StoredUser(name="anna", role=Role.ADMIN, password_hash="$argon2id$", created_at_ns=NOW)


@pytest.fixture
def store(database: Database, tmp_path: Path) -> IdentityStore:
    database.busy_timeout_s = 5
    return IdentityStore(database, Vault.open(tmp_path))


@pytest.fixture
def sessions(database: Database, tmp_path: Path) -> SessionStore:
    database.busy_timeout_s = 5
    return SessionStore(database, Vault.open(tmp_path))


def session(number: int = 1, created_at_ns: int = NOW) -> StoredSession:
    return StoredSession(
        session_id=f"s{number}", user_name="anna", address="", created_at_ns=created_at_ns, expires_at_ns=LATER
    )


async def test_every_change_counts_and_a_read_does_not(store: IdentityStore) -> None:
    assert await store.revision() == 0
    await store.add_user(ANNA)
    await store.change_user("anna", disabled=True, keeps_an_admin=False)
    assert await store.revision() == (await store.snapshot()).revision == 2


async def test_a_refused_change_leaves_everything_as_it_was(store: IdentityStore, sessions: SessionStore) -> None:
    await store.add_user(ANNA)
    await sessions.begin(session(), "r1")
    before = await store.snapshot()
    for refused in (store.change_user("anna", role=Role.VIEWER), store.remove_user("anna"), store.add_user(ANNA)):
        with pytest.raises(Conflict):
            await refused
    assert await store.snapshot() == before


async def test_of_two_who_bring_the_same_refresh_token_one_is_served_and_then_nobody(
    store: IdentityStore, sessions: SessionStore
) -> None:
    await store.add_user(ANNA)
    await sessions.begin(session(), "r1")
    found = await asyncio.gather(sessions.rotate("r1", "r2", NOW), sessions.rotate("r1", "r3", NOW))
    assert {type(each) for each in found} == {Rotated, Reused}
    assert await sessions.rotate("r2", "r4", NOW) is None
    assert await sessions.rotate("r3", "r4", NOW) is None
    assert (await store.snapshot()).sessions == ()


async def test_a_code_and_a_ticket_are_used_up_by_one_of_many(store: IdentityStore, sessions: SessionStore) -> None:
    await store.add_user(ANNA)
    used = await asyncio.gather(*(sessions.use_step("anna", 7) for _ in range(5)))
    assert sorted(used) == [False, False, False, False, True]
    assert not await sessions.use_step("anna", 6)
    ticket = StoredTicket(credential=Credential.OWNER, credential_id=None, credential_ends_ns=None, expires_at_ns=LATER)
    await sessions.add_ticket("t", ticket, NOW)
    taken = await asyncio.gather(*(sessions.take_ticket("t", NOW) for _ in range(5)))
    assert [each for each in taken if each] == [ticket]


async def test_one_session_too_many_ends_the_oldest(store: IdentityStore, sessions: SessionStore) -> None:
    await store.add_user(ANNA)
    for number in range(SESSIONS_PER_USER + 1):
        await sessions.begin(session(number, NOW + number), f"r{number}")
    names = {each.session_id for each in (await store.snapshot()).sessions}
    assert len(names) == SESSIONS_PER_USER
    assert "s0" not in names


async def test_of_two_processes_that_make_signing_keys_one_wins(store: IdentityStore) -> None:
    first, second = (SigningKeys(current=name, secrets={name: name.encode()}) for name in ("a", "b"))
    await store.keep_signing_keys(first, replaces=None)
    await store.keep_signing_keys(second, replaces=None)
    assert (await store.snapshot()).signing == first


async def test_neither_signing_keys_nor_authenticator_secrets_stand_in_the_file(
    store: IdentityStore, sessions: SessionStore, database: Database
) -> None:
    await store.add_user(ANNA)
    await sessions.begin_totp("anna", "JBSWY3DPEHPK3PXP")
    await store.keep_signing_keys(SigningKeys(current="a", secrets={"a": b"signing-secret"}), replaces=None)
    stored = b"".join(path.read_bytes() for path in database.path.parent.glob("edgerunner.db*"))
    for hidden in (b"JBSWY3DPEHPK3PXP", b"signing-secret", b"c2lnbmluZy1zZWNyZXQ"):
        assert hidden not in stored
    assert await sessions.totp_secret("anna") == "JBSWY3DPEHPK3PXP"


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'me'", "DELETE FROM audit"])
async def test_the_audit_log_refuses_to_change(database: Database, statement: str) -> None:
    await AuditStore(database).append(AuditEntry(ts_ns=NOW, actor="user:anna", address="", action="sign_in"))
    connection = database.connect()
    with pytest.raises(sqlite3.DatabaseError, match="the audit log is append-only"):
        connection.execute(statement)
    connection.close()
