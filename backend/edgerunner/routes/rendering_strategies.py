"""Strategies as models of the wire. Pure functions."""

from collections.abc import Mapping
from typing import Any

from edgerunner.schemas.orders import MoneyAnswer
from edgerunner.schemas.strategies import (
    BadStrategyFileAnswer,
    LogLineAnswer,
    PerformanceAnswer,
    StrategyAnswer,
    StrategyClassAnswer,
    StrategyClassList,
    StrategyLogPage,
    StrategyPositionAnswer,
)
from edgerunner.services.strategies.class_catalogue import Classes
from edgerunner.services.strategies.views import PositionShare, StrategyView
from edgerunner.storage.strategy_store import LogEntry
from edgerunner.storage.values import Page


def strategy_answer(view: StrategyView) -> StrategyAnswer:
    """Render a strategy."""
    stored = view.stored
    return StrategyAnswer(
        strategy_id=stored.strategy_id,
        class_name=stored.class_name,
        parameters=_json(stored.parameters),
        connection_id=stored.connection_id,
        account_id=stored.account_id,
        instrument_ids=list(stored.instrument_ids),
        timeframe=stored.timeframe,
        on_stop=stored.on_stop,
        state=stored.run_state.value,
        live=view.is_live,
        reason=stored.reason,
        created_at=stored.created_at_ns,
        started_at=stored.started_at_ns,
        positions=[_position(share) for share in view.positions],
        performance=_performance(view),
    )


def classes_answer(classes: Classes) -> StrategyClassList:
    """Render the classes."""
    return StrategyClassList(
        classes=[
            StrategyClassAnswer(
                name=known.name, file=known.file, summary=known.summary, parameters=_json(known.parameters)
            )
            for known in classes.classes
        ],
        bad_files=[BadStrategyFileAnswer(file=bad.file, error=bad.error) for bad in classes.bad_files],
    )


def log_page(page: Page[LogEntry]) -> StrategyLogPage:
    """Render a page of a log."""
    lines = [LogLineAnswer(time=entry.ts_ns, level=entry.level.value, text=entry.text) for entry in page.items]
    return StrategyLogPage(lines=lines, next_cursor=page.next_cursor)


def _position(share: PositionShare) -> StrategyPositionAnswer:
    position = share.position
    return StrategyPositionAnswer(
        connection_id=position.key.connection_id,
        account_id=position.key.account_id,
        instrument_id=position.key.instrument_id,
        side="long" if position.quantity > 0 else "short",
        quantity=abs(position.quantity),
        quantity_unit=position.contract.quantity_unit,
        average_price=position.average_price,
        currency=position.contract.settle,
        unrealized_pnl=share.unrealized,
        realized_pnl=position.realized_pnl,
        account_quantity=share.account_quantity,
    )


def _performance(view: StrategyView) -> PerformanceAnswer:
    totals = view.performance
    unrealized = totals.unrealized
    return PerformanceAnswer(
        orders=totals.orders,
        open_orders=view.open_orders,
        fills=totals.fills,
        trades=totals.trades,
        winning_trades=totals.winning_trades,
        realized_pnl=[MoneyAnswer.of(money) for money in totals.realized],
        unrealized_pnl=None if unrealized is None else [MoneyAnswer.of(money) for money in unrealized],
        fees=[MoneyAnswer.of(money) for money in totals.fees],
    )


def _json(values: Mapping[str, object]) -> dict[str, Any]:
    return dict(values)
