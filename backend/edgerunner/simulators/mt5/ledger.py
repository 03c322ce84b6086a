"""Durable state of the simulated MetaTrader 5 broker: an SQLite file, written in one transaction per change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from edgerunner.simulators.ledger_file import LedgerFile, Placement
from edgerunner.simulators.mt5.trade_server.server import Tickets
from edgerunner.simulators.mt5.trade_server.values import Account, AccountState, Changes, Deal, Order, Position

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS accounts(login INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS orders(ticket INTEGER PRIMARY KEY, login INTEGER NOT NULL, active INTEGER NOT NULL,
    hidden INTEGER NOT NULL, time_ns INTEGER NOT NULL, position_id INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS orders_time ON orders(login, time_ns);
CREATE INDEX IF NOT EXISTS orders_position ON orders(login, position_id);
CREATE INDEX IF NOT EXISTS orders_active ON orders(login) WHERE active = 1;
CREATE TABLE IF NOT EXISTS deals(ticket INTEGER PRIMARY KEY, login INTEGER NOT NULL, order_ticket INTEGER NOT NULL,
    hidden INTEGER NOT NULL, time_ns INTEGER NOT NULL, position_id INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS deals_time ON deals(login, time_ns);
CREATE INDEX IF NOT EXISTS deals_order ON deals(login, order_ticket);
CREATE INDEX IF NOT EXISTS deals_position ON deals(login, position_id);
CREATE TABLE IF NOT EXISTS positions(login INTEGER NOT NULL, ticket INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY(login, ticket));
"""
_TABLES: Final = ("accounts", "orders", "deals", "positions")

_encode = msgspec.json.Encoder().encode
_accounts = msgspec.json.Decoder(Account)
_orders = msgspec.json.Decoder(Order)
_deals = msgspec.json.Decoder(Deal)
_positions = msgspec.json.Decoder(Position)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryWish:
    """Which rows of an account's history are wanted; None = any.

    Attributes:
        from_ns, to_ns: Both ends included; of orders the time they were done.
        order: Ticket of the order (of deals: whose they are).
        position: Identifier of the position.
    """

    login: int
    from_ns: int | None = None
    to_ns: int | None = None
    order: int | None = None
    position: int | None = None


class Mt5Ledger(LedgerFile):
    """The file of the broker. ``None`` as path keeps it in memory (tests)."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, schema=_SCHEMA, tables=_TABLES, version=_VERSION)

    def commit(self, changes: Changes, placements: Iterable[Placement], words: Mapping[str, str]) -> None:
        """Write one change as a whole, with words to remember."""
        with self.transaction():
            many = self._db.executemany
            accounts = [(each.login, _encode(each)) for each in changes.accounts]
            many("INSERT OR REPLACE INTO accounts VALUES(?,?)", accounts)
            many("INSERT OR REPLACE INTO orders VALUES(?,?,?,0,?,?,?)", map(_order_row, changes.orders))
            many("INSERT INTO deals VALUES(?,?,?,0,?,?,?)", map(_deal_row, changes.deals))
            many("DELETE FROM positions WHERE login = ? AND ticket = ?", changes.closed)
            rows = [(each.login, each.ticket, _encode(each)) for each in changes.positions]
            many("INSERT OR REPLACE INTO positions VALUES(?,?,?)", rows)
            for placement in placements:
                self.count_placement(placement)
            for key, value in words.items():
                self.put(key, value)

    def states(self) -> list[AccountState]:
        """Return the accounts with all that is active, oldest first."""
        rows = self._db.execute("SELECT body FROM accounts ORDER BY login")
        return [self._state(_accounts.decode(body)) for (body,) in rows]

    def tickets(self) -> Tickets:
        """Return the number lines as they go on."""
        start = Tickets()
        return Tickets(
            order=max(start.order, self._highest("orders") + 1), deal=max(start.deal, self._highest("deals") + 1)
        )

    def history_orders(self, wish: HistoryWish) -> list[Order]:
        """Return orders that are done, the oldest ticket first."""
        return [_orders.decode(body) for body in self._history("orders", "active = 0", "ticket", wish)]

    def history_deals(self, wish: HistoryWish) -> list[Deal]:
        """Return deals, the oldest ticket first."""
        return [_deals.decode(body) for body in self._history("deals", "1", "order_ticket", wish)]

    def hide_history(self) -> None:
        """Show nothing of what is done by now in histories any more."""
        with self.transaction():
            self._db.execute("UPDATE orders SET hidden = 1 WHERE active = 0")
            self._db.execute("UPDATE deals SET hidden = 1")

    def find_order(self, ticket: int) -> Order | None:
        """Return an order, however old."""
        row = self._db.execute("SELECT body FROM orders WHERE ticket = ?", (ticket,)).fetchone()
        return _orders.decode(row[0]) if row else None

    def raw_orders(self) -> list[bytes]:
        """Return every order as it is stored, oldest first: see ``decode_order``."""
        return [body for (body,) in self._db.execute("SELECT body FROM orders ORDER BY ticket")]

    def raw_deals(self) -> list[bytes]:
        """Return every deal as it is stored, oldest first: see ``decode_deal``."""
        return [body for (body,) in self._db.execute("SELECT body FROM deals ORDER BY ticket")]

    def _state(self, account: Account) -> AccountState:
        login = (account.login,)
        active = self._db.execute("SELECT body FROM orders WHERE login = ? AND active = 1 ORDER BY ticket", login)
        held = self._db.execute("SELECT body FROM positions WHERE login = ? ORDER BY ticket", login)
        done = self._db.execute("SELECT ticket FROM orders WHERE login = ? AND active = 0 AND hidden = 0", login)
        return AccountState(
            account=account,
            orders=tuple(_orders.decode(body) for (body,) in active),
            positions=tuple(_positions.decode(body) for (body,) in held),
            done_orders=frozenset(ticket for (ticket,) in done),
        )

    def _history(self, table: str, condition: str, order_column: str, wish: HistoryWish) -> list[bytes]:
        wheres, values = [f"login = ? AND hidden = 0 AND {condition}"], [wish.login]
        bounds = (
            (f"{order_column} = ?", wish.order),
            ("position_id = ?", wish.position),
            ("time_ns >= ?", wish.from_ns),
            ("time_ns <= ?", wish.to_ns),
        )
        for where, value in bounds:
            if value is not None:
                wheres.append(where)
                values.append(value)
        text = f"SELECT body FROM {table} WHERE {' AND '.join(wheres)} ORDER BY ticket"  # noqa: S608 - values are bound
        return [body for (body,) in self._db.execute(text, values)]

    def _highest(self, table: str) -> int:
        [(highest,)] = self._db.execute(f"SELECT coalesce(max(ticket), 0) FROM {table}")  # noqa: S608 - our own tables
        return int(highest)


def decode_order(body: bytes) -> Order:
    """Return a stored order."""
    return _orders.decode(body)


def decode_deal(body: bytes) -> Deal:
    """Return a stored deal."""
    return _deals.decode(body)


def _order_row(order: Order) -> tuple[object, ...]:
    time_ns = order.time_done_ns or order.time_setup_ns
    return order.ticket, order.login, order.is_active, time_ns, order.position_id, _encode(order)


def _deal_row(deal: Deal) -> tuple[object, ...]:
    return deal.ticket, deal.login, deal.order, deal.time_ns, deal.position_id, _encode(deal)
