"""What a strategy is told when its process begins. Pure."""

import hashlib

from edgerunner.services.strategies.book import StrategyBook
from edgerunner.services.strategies.conversion import order_state, position_state
from edgerunner.services.strategies.desk import Trader
from edgerunner.services.strategies.limits import Limits
from edgerunner.storage.strategy_store import StoredStrategy
from edgerunner.strategy_worker.messages import ClassSource, Money, Start


def start_message(
    strategy: StoredStrategy,
    source: ClassSource,
    trader: Trader,
    *,
    book: StrategyBook,
    money: Money | None,
    limits: Limits,
    now_ns: int,
) -> Start:
    """Return the first turn: what the strategy is, what it kept, what it holds and what it has open."""
    return Start(
        turn=0,
        strategy_id=strategy.strategy_id,
        source=source,
        parameters=dict(strategy.parameters),
        markets=list(trader.markets.values()),
        timeframe=strategy.timeframe.value,
        state=dict(strategy.kept),
        positions=[
            position_state(position, key)
            for position in book.positions()
            if (key := trader.key_at(position.key.connection_id, position.key.instrument_id)) is not None
        ],
        orders=[order_state(order, trader.key_of(order)) for order in book.open_orders()],
        money=money,
        order_salt=order_salt(strategy),
        memory_bytes=limits.memory_bytes,
        now_ns=now_ns,
    )


def order_salt(strategy: StoredStrategy) -> str:
    """Return what the ids of a run's orders are made of: a resumption after a crash is the same run."""
    text = f"{strategy.strategy_id}\x00{strategy.created_at_ns}\x00{strategy.run_no}"
    return hashlib.sha256(text.encode()).hexdigest()
