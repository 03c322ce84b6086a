"""Strategies as callers see them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.identifiers import CONNECTION_ID
from edgerunner.domain.market import Timeframe
from edgerunner.domain.positions import Position, unrealized
from edgerunner.services.strategies.book import MarkOf, Performance, StrategyBook
from edgerunner.storage.strategy_store import OnStop, StoredStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequest:
    """A strategy as a caller wants it; None = not given."""

    strategy_id: str | None = None
    class_name: str
    parameters: Mapping[str, object]
    connection_id: str
    account_id: str | None = None
    instrument_ids: tuple[str, ...]
    timeframe: Timeframe
    on_stop: OnStop = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionShare:
    """A strategy's own position beside the account's whole one.

    Attributes:
        quantity: Signed; what the strategy's own fills add up to.
        account_quantity: Signed net of all legs of the account, by all its owners.
    """

    position: Position
    unrealized: Decimal | None
    account_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyView:
    """One strategy as it stands."""

    stored: StoredStrategy
    is_live: bool
    open_orders: int
    positions: tuple[PositionShare, ...]
    performance: Performance


def strategy_view(
    stored: StoredStrategy, book: StrategyBook, *, is_live: bool, mark_of: MarkOf, account: list[Position]
) -> StrategyView:
    """Join an instance with its book; ``account`` are the account's positions that are not flat."""
    return StrategyView(
        stored=stored,
        is_live=is_live,
        open_orders=len(book.open_orders()),
        positions=tuple(_share(position, mark_of, account) for position in book.positions()),
        performance=book.performance(mark_of),
    )


def split_key(key: str, connection_id: str) -> tuple[str, str]:
    """Return (connection, instrument) of a key; a key without a connection means ``connection_id``."""
    prefix, colon, instrument_id = key.partition(":")
    if colon and CONNECTION_ID.fullmatch(prefix):
        return prefix, instrument_id
    return connection_id, key


def _share(position: Position, mark_of: MarkOf, account: list[Position]) -> PositionShare:
    mark = mark_of(position)
    same = (
        other.quantity
        for other in account
        if (other.key.connection_id, other.key.account_id, other.key.instrument_id)
        == (position.key.connection_id, position.key.account_id, position.key.instrument_id)
    )
    return PositionShare(
        position=position,
        unrealized=None if mark is None else unrealized(position, mark),
        account_quantity=sum(same, Decimal(0)),
    )
