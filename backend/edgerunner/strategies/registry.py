"""The shipped strategies by name."""

from importlib import import_module

from edgerunner.domain.errors import NotFound
from edgerunner.strategies.strategy import Strategy

SHIPPED: dict[str, str] = {
    "SmaCross": "sma_cross",
    "RsiReversion": "rsi_reversion",
    "DonchianBreakout": "donchian_breakout",
    "BollingerReversion": "bollinger_bands",
    "PairsSpread": "pairs_spread",
    "DepthGrid": "depth_grid",
    "BracketEntry": "bracket_entry",
    "WeeklyRebalance": "weekly_rebalance",
    "SignalStrategy": "signal_strategy",
}
"""Class name -> module below ``strategies.shipped``."""


def shipped_class(name: str) -> type[Strategy]:
    """Return a shipped strategy class; raises ``NotFound`` that lists the known ones."""
    module = SHIPPED.get(name)
    if module is None:
        raise NotFound(f"no strategy class {name}; known are {', '.join(SHIPPED)}")
    found = getattr(import_module(f"edgerunner.strategies.shipped.{module}"), name)
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        raise TypeError(f"{name} in {module} is no strategy class")
    return found


def shipped_classes() -> tuple[type[Strategy], ...]:
    """Return all shipped strategy classes."""
    return tuple(shipped_class(name) for name in SHIPPED)
