"""Signals as they came in and what became of them, and the secrets of those who may send them."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from edgerunner.domain.errors import IdempotencyConflict
from edgerunner.domain.fills import Fill
from edgerunner.domain.numbers import parse_plain, to_plain
from edgerunner.storage.books import decode_fill
from edgerunner.storage.database import Database
from edgerunner.storage.reader import parse_cursor
from edgerunner.storage.secrets import Vault
from edgerunner.storage.store import transact
from edgerunner.storage.tables import fills, signal_secrets, signals
from edgerunner.storage.values import Page


class SignalAction(StrEnum):
    """What a signal asks for."""

    BUY = "buy"
    SELL = "sell"
    CLOSE = "close"


class SignalState(StrEnum):
    """``accepted``: durable, not acted on yet. The others are final."""

    ACCEPTED = "accepted"
    ACTED = "acted"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSignal:
    """One signal.

    Attributes:
        dedup_key: Two signals of a strategy with the same key are the same signal.
        fingerprint: Hash of what was asked for, without the secret.
        client_order_id: The order it led to, None while there is none.
        reason: Why it led to no order, or to none that works.
        received_at_ns: UTC nanoseconds.
    """

    signal_id: str
    strategy_id: str
    dedup_key: str
    fingerprint: str
    action: SignalAction
    instrument_id: str
    quantity: Decimal | None
    price: Decimal | None
    received_at_ns: int
    state: SignalState = SignalState.ACCEPTED
    client_order_id: str | None = None
    reason: str | None = None
    finished_at_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSecrets:
    """What proves that a signal comes from the strategy's own alert; never shown by ``repr``.

    Attributes:
        current: ``whsec_`` and base64 of random bytes.
        previous: The one before the last change, good until ``previous_until_ns``.
    """

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)
    previous_until_ns: int = 0

    def valid_at(self, now_ns: int) -> tuple[str, ...]:
        """Return the secrets that are good now."""
        if self.previous is not None and now_ns < self.previous_until_ns:
            return (self.current, self.previous)
        return (self.current,)


class SignalStore:
    """The table of signals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, signal: StoredSignal, *, same_since_ns: int) -> StoredSignal | None:
        """Make a signal durable, or return the one of the same key since ``same_since_ns``.

        Look-up and insertion are one transaction that takes the write lock first, so of several
        at once one is stored. Raises ``IdempotencyConflict`` when the known one asked for something
        else, ``JournalUnavailable`` when nothing could be stored.
        """

        def work(connection: Connection) -> StoredSignal | None:
            known = connection.execute(
                select(signals)
                .where(signals.c.strategy_id == signal.strategy_id, signals.c.dedup_key == signal.dedup_key)
                .where(signals.c.received_at_ns >= same_since_ns)
                .limit(1)
            ).first()
            if known is None:
                connection.execute(insert(signals).values(_to_values(signal)))
                return None
            return _to_signal(known)

        known = await transact(self._database, work, immediate=True)
        if known is not None and known.fingerprint != signal.fingerprint:
            raise IdempotencyConflict(
                f"signal {known.signal_id} has this id and asks for something else; give every new signal a new id"
            )
        return known

    async def finish(
        self, signal_id: str, state: SignalState, *, client_order_id: str | None, reason: str | None, at_ns: int
    ) -> None:
        """Note what became of a signal."""
        statement = (
            update(signals)
            .where(signals.c.signal_id == signal_id)
            .values(state=state.value, client_order_id=client_order_id, reason=reason, finished_at_ns=at_ns)
        )
        await transact(self._database, lambda connection: connection.execute(statement))

    async def waiting(self) -> list[StoredSignal]:
        """Return what was accepted and not acted on, oldest first."""
        query = select(signals).where(signals.c.state == SignalState.ACCEPTED.value).order_by(signals.c.signal_no)
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        return [_to_signal(row) for row in rows]

    async def page(self, strategy_id: str, *, limit: int, cursor: str | None) -> Page[StoredSignal]:
        """Return a page of a strategy's signals, newest first."""
        query = select(signals).where(signals.c.strategy_id == strategy_id)
        if cursor is not None:
            query = query.where(signals.c.signal_no < parse_cursor(cursor))
        query = query.order_by(signals.c.signal_no.desc()).limit(limit + 1)
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        return Page(
            items=[_to_signal(row) for row in rows[:limit]],
            next_cursor=str(rows[limit - 1].signal_no) if len(rows) > limit else None,
        )

    async def fills(self, strategy_id: str, instrument_id: str) -> list[Fill]:
        """Return every execution that a strategy's signals led to in one instrument."""
        query = (
            select(fills.c.state)
            .join(signals, signals.c.signal_id == fills.c.client_order_id)
            .where(signals.c.strategy_id == strategy_id, signals.c.instrument_id == instrument_id)
        )
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        return [decode_fill(row.state) for row in rows]


class SignalSecretStore:
    """Secrets per strategy, encrypted by the vault."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def save(self, strategy_id: str, secrets: SignalSecrets, at_ns: int) -> None:
        """Store a strategy's secrets in place of older ones."""
        clear = {"current": secrets.current, "previous_until_ns": str(secrets.previous_until_ns)}
        if secrets.previous is not None:
            clear["previous"] = secrets.previous
        values = {"strategy_id": strategy_id, "secrets": self._vault.encrypt(clear), "changed_at_ns": at_ns}
        statement = upsert(signal_secrets).values(values).on_conflict_do_update(["strategy_id"], set_=values)
        await transact(self._database, lambda connection: connection.execute(statement))

    async def delete(self, strategy_id: str) -> None:
        """Forget a strategy's secrets; an unknown strategy is no error."""
        statement = delete(signal_secrets).where(signal_secrets.c.strategy_id == strategy_id)
        await transact(self._database, lambda connection: connection.execute(statement))

    async def all(self) -> dict[str, SignalSecrets]:
        """Return every strategy's secrets; ``MasterKeyUnusable`` when they cannot be decrypted."""
        rows = await transact(self._database, lambda connection: connection.execute(select(signal_secrets)).all())
        return {row.strategy_id: _to_secrets(self._vault.decrypt(row.secrets)) for row in rows}


def _to_secrets(clear: dict[str, str]) -> SignalSecrets:
    return SignalSecrets(
        current=clear["current"],
        previous=clear.get("previous"),
        previous_until_ns=int(clear["previous_until_ns"]),
    )


def _to_values(signal: StoredSignal) -> dict[str, object]:
    return {
        "signal_id": signal.signal_id,
        "strategy_id": signal.strategy_id,
        "dedup_key": signal.dedup_key,
        "fingerprint": signal.fingerprint,
        "action": signal.action.value,
        "instrument_id": signal.instrument_id,
        "quantity": None if signal.quantity is None else to_plain(signal.quantity),
        "price": None if signal.price is None else to_plain(signal.price),
        "received_at_ns": signal.received_at_ns,
        "state": signal.state.value,
    }


def _to_signal(row: Row[Any]) -> StoredSignal:
    return StoredSignal(
        signal_id=row.signal_id,
        strategy_id=row.strategy_id,
        dedup_key=row.dedup_key,
        fingerprint=row.fingerprint,
        action=SignalAction(row.action),
        instrument_id=row.instrument_id,
        quantity=None if row.quantity is None else parse_plain(row.quantity),
        price=None if row.price is None else parse_plain(row.price),
        received_at_ns=row.received_at_ns,
        state=SignalState(row.state),
        client_order_id=row.client_order_id,
        reason=row.reason,
        finished_at_ns=row.finished_at_ns,
    )
