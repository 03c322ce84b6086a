"""Who a credential is, on one snapshot; and tokens that are genuine or not."""

from dataclasses import replace

import pytest

from edgerunner.domain.access import OWNER, Credential, Right, Role
from edgerunner.services.identity import tokens
from edgerunner.services.identity.directory import Directory, is_within, networks_of
from edgerunner.services.identity.secret_words import hash_of, new_key, parse_key
from edgerunner.storage.identity_values import IdentitySnapshot, StoredKey, StoredSession, StoredUser

NOW = 1_800_000_000 * 10**9
LATER = NOW + 10**9
ANNA = StoredUser(name="anna", role=Role.TRADER, password_hash="x", created_at_ns=0)
SESSION = StoredSession(session_id="s1", user_name="anna", address="", created_at_ns=0, expires_at_ns=LATER)
KEY = StoredKey(
    key_id="k1", user_name="anna", name="", secret_hash=hash_of("secret"), scopes=frozenset(Right), created_at_ns=0
)


def directory(user: StoredUser = ANNA, session: StoredSession = SESSION, key: StoredKey = KEY) -> Directory:
    return Directory(IdentitySnapshot(revision=1, users=(user,), sessions=(session,), keys=(key,), signing=None))


def test_a_key_holds_no_more_than_its_owner_whatever_its_scopes_say() -> None:
    found = directory().of_key("k1", hash_of("secret"), "127.0.0.1", NOW)
    assert found is not None
    assert found.rights == {Right.READ, Right.TRADE, Right.STRATEGIES, Right.RESEARCH}


def test_a_key_made_with_the_installations_own_key_holds_its_scopes() -> None:
    found = directory(key=replace(KEY, user_name=None, scopes=frozenset({Right.ADMIN}))).of_key(
        "k1", hash_of("secret"), "127.0.0.1", NOW
    )
    assert found is not None
    assert found.rights == {Right.ADMIN}


@pytest.mark.parametrize(
    "changed",
    [
        {"user": replace(ANNA, disabled=True)},
        {"user": replace(ANNA, name="bo")},
        {"key": replace(KEY, expires_at_ns=NOW)},
        {"key": replace(KEY, secret_hash=hash_of("another"))},
        {"key": replace(KEY, allowed_ips=("192.0.2.0/24",))},
        {"key": replace(KEY, key_id="k2")},
    ],
)
def test_a_key_that_does_not_stand_is_nobody(changed: dict[str, StoredUser | StoredKey]) -> None:
    assert directory(**changed).of_key("k1", hash_of("secret"), "127.0.0.1", NOW) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("session_id", "name", "ends", "now"),
    [("s2", "anna", LATER, NOW), ("s1", "bo", LATER, NOW), ("s1", "anna", NOW, NOW), ("s1", "anna", 2 * LATER, LATER)],
)
def test_a_token_without_a_standing_session_is_nobody(session_id: str, name: str, ends: int, now: int) -> None:
    assert directory().of_session(session_id, name, ends, now) is None


def test_what_stands_ends_with_its_time_its_owner_or_a_right_of_it() -> None:
    before = directory()
    key = before.of_key("k1", hash_of("secret"), "127.0.0.1", NOW)
    token = before.of_session("s1", "anna", LATER, NOW)
    assert key is not None
    assert token is not None
    demoted = directory(user=replace(ANNA, role=Role.VIEWER))
    assert before.still_stands(key, NOW)
    assert before.still_stands(token, NOW)
    assert not before.still_stands(token, LATER)
    assert not demoted.still_stands(key, NOW)
    assert not demoted.still_stands(token, NOW)
    assert demoted.still_stands(OWNER, 2 * LATER)
    assert demoted.of_credential(Credential.KEY, None, None, NOW) is None


def test_networks_are_exact_and_an_unknown_address_is_in_none() -> None:
    networks = networks_of(["192.0.2.0/24", "2001:db8::1"])
    assert is_within("192.0.2.255", networks)
    assert is_within("::ffff:192.0.2.1", networks)
    assert not is_within("192.0.3.0", networks)
    assert not is_within("unknown", networks)
    assert is_within("unknown", ())
    with pytest.raises(ValueError, match="host bits"):
        networks_of(["192.0.2.1/24"])


def test_an_api_key_is_known_by_the_hash_of_its_secret() -> None:
    made = new_key()
    parsed = parse_key(made.text)
    assert parsed is not None
    assert (parsed.key_id, parsed.secret_hash) == (made.key_id, made.secret_hash)
    assert made.text not in repr(made)
    assert parse_key(made.text + "\n") is None
    assert parse_key("er_" + made.text) is None


def test_a_token_is_read_by_the_key_it_names_and_ends_with_its_session() -> None:
    keys = tokens.new_signing_keys()
    token, ends = tokens.sign(keys, user_name="anna", session_id="s1", now_ns=NOW, ends_at_ns=LATER)
    assert ends == LATER
    claims = tokens.read(keys, token)
    assert claims == tokens.Claims(user_name="anna", session_id="s1", expires_at_ns=LATER)
    renewed = tokens.new_signing_keys(keys)
    assert tokens.read(renewed, token) == claims
    assert tokens.read(tokens.new_signing_keys(renewed), token) is None
    assert tokens.read(tokens.new_signing_keys(), token) is None
    assert tokens.read(keys, token[:-2]) is None
    assert tokens.read(keys, "") is None
