"""Users, keys and audit entries as the wire shows them: no secret, no hash."""

import orjson

from edgerunner.schemas.identity import AuditEntryAnswer, KeyAnswer, UserAnswer
from edgerunner.services.identity.secret_words import KEY_PREFIX
from edgerunner.storage.identity_values import AuditEntry, StoredKey, StoredUser


def user_answer(user: StoredUser) -> UserAnswer:
    """Render a user."""
    return UserAnswer(
        user=user.name,
        role=user.role,
        disabled=user.disabled,
        totp_enabled=user.totp_confirmed,
        created_at=user.created_at_ns,
    )


def key_answer(key: StoredKey) -> KeyAnswer:
    """Render an API key without its secret."""
    return KeyAnswer(
        key_id=key.key_id,
        user=key.user_name,
        name=key.name,
        prefix=f"{KEY_PREFIX}{key.key_id}",
        scopes=sorted(key.scopes),
        allowed_ips=list(key.allowed_ips),
        created_at=key.created_at_ns,
        expires_at=key.expires_at_ns,
        last_used_at=key.last_used_at_ns,
    )


def audit_answer(entry: AuditEntry) -> AuditEntryAnswer:
    """Render an entry of the audit log."""
    return AuditEntryAnswer(
        audit_id=str(entry.audit_no),
        time=entry.ts_ns,
        actor=entry.actor,
        address=entry.address,
        action=entry.action,
        target=entry.target,
        result=entry.result,
        detail=orjson.loads(entry.detail),
    )
