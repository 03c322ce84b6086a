"""What a strategy can do wrong while it runs."""

from edgerunner.domain.errors import EdgerunnerError


class LookAheadError(EdgerunnerError, IndexError):
    """A strategy asked for a bar that has not closed yet, or that is no longer kept."""

    code = "look_ahead"


class StrategyMisuse(EdgerunnerError):
    """A strategy asked its host for something that makes no sense there; ``detail`` gives the remedy."""

    code = "strategy_misuse"
