"""Strategies of class ``SignalStrategy`` as the targets of signals."""

from collections.abc import Callable
from decimal import Decimal

from edgerunner.services.signal_desk import SignalTarget
from edgerunner.services.strategies.views import split_key
from edgerunner.storage.strategy_store import RunState, StoredStrategy

SIGNAL_CLASS = "SignalStrategy"


class StrategyTargets:
    """Looks a strategy up where it is kept, so that a change of its state counts for the next signal."""

    def __init__(self, find: Callable[[str], StoredStrategy | None]) -> None:
        self._find = find

    def signal_target(self, strategy_id: str) -> SignalTarget | None:
        """Return what a signal strategy trades: instruments of its own connection; None when it has none."""
        strategy = self._find(strategy_id)
        if strategy is None or strategy.class_name != SIGNAL_CLASS:
            return None
        keys = [split_key(key, strategy.connection_id) for key in strategy.instrument_ids]
        own = tuple(instrument_id for connection_id, instrument_id in keys if connection_id == strategy.connection_id)
        if not own:
            return None
        return SignalTarget(
            strategy_id=strategy.strategy_id,
            connection_id=strategy.connection_id,
            account_id=strategy.account_id,
            instrument_ids=own,
            quantity=_number(strategy.parameters.get("quantity")),
            maximum_quantity=_number(strategy.parameters.get("maximum_quantity")),
            is_running=strategy.run_state is RunState.RUNNING,
            state=strategy.run_state.value,
        )


def _number(parameter: object) -> Decimal | None:
    """Return a parameter's number as it was written (the shortest text of a float); 0 = not set."""
    if not isinstance(parameter, int | float) or not parameter:
        return None
    return Decimal(str(parameter))
