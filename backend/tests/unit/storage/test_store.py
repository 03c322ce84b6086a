"""Connections and equity over restarts."""

from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.domain.errors import InvalidRequest, JournalUnavailable
from edgerunner.storage.database import Database
from edgerunner.storage.secrets import MasterKeyUnusable, Vault
from edgerunner.storage.store import ConnectionStore, EquityPoint, EquityStore
from tests.unit.storage.test_secrets import connection


async def test_a_connection_is_stored_whole_and_replaced_by_its_id(database: Database, tmp_path: Path) -> None:
    store = ConnectionStore(database, Vault.open(tmp_path))
    await store.save(connection())
    await store.save(connection(desired="disconnected", credentials={"api_key": "new"}))
    await store.save(connection(connection_id="older", created_at_ns=1))

    assert await store.list() == [
        connection(connection_id="older", created_at_ns=1),
        connection(desired="disconnected", credentials={"api_key": "new"}),
    ]
    database.close()


async def test_a_mark_of_reconciliation_survives_a_later_save(database: Database, tmp_path: Path) -> None:
    store = ConnectionStore(database, Vault.open(tmp_path))
    await store.save(connection())
    assert await store.reconciled_until("bybit-main") is None

    await store.mark_reconciled("bybit-main", 99)
    await store.save(connection(desired="disconnected"))

    assert await store.reconciled_until("bybit-main") == 99
    assert await store.reconciled_until("nobody") is None
    database.close()


async def test_a_deleted_connection_is_gone(database: Database, tmp_path: Path) -> None:
    store = ConnectionStore(database, Vault.open(tmp_path))
    await store.save(connection())
    await store.delete("bybit-main")
    await store.delete("never-there")
    assert await store.get("bybit-main") is None
    database.close()


async def test_credentials_of_another_key_are_an_error_not_an_empty_answer(database: Database, tmp_path: Path) -> None:
    await ConnectionStore(database, Vault.open(tmp_path)).save(connection())
    stranger = ConnectionStore(database, Vault.open(tmp_path / "other"))
    with pytest.raises(MasterKeyUnusable, match=r"other.master\.key"):
        await stranger.list()
    database.close()


async def test_a_locked_file_is_an_outage(database: Database, tmp_path: Path) -> None:
    store = ConnectionStore(database, Vault.open(tmp_path))
    other = database.connect()
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnavailable, match="write lock"):
        await store.save(connection())
    assert await store.list() == []
    other.close()
    database.close()


def point(ts_ns: int, *, account_id: str = "1", equity: str | None = "100000.50") -> EquityPoint:
    return EquityPoint(
        connection_id="bybit-main",
        account_id=account_id,
        currency="USDT",
        equity=None if equity is None else Decimal(equity),
        balance=Decimal("1E+5"),
        ts_ns=ts_ns,
    )


async def test_equity_comes_newest_first_in_pages(database: Database) -> None:
    store = EquityStore(database)
    await store.append(point(1), point(2, equity=None))
    await store.append(point(3), point(3, account_id="2"))
    await store.append()

    first = await store.page(connection_id="bybit-main", account_id="1", limit=2)
    rest = await store.page(connection_id="bybit-main", account_id="1", limit=2, cursor=first.next_cursor)

    assert first.items == [point(3), point(2, equity=None)]
    assert rest.items == [point(1)]
    assert rest.next_cursor is None
    assert len((await store.page(limit=10)).items) == 4
    database.close()


async def test_a_foreign_cursor_of_equity_is_refused(database: Database) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        await EquityStore(database).page(limit=1, cursor="yesterday")
    database.close()
