"""What fills lead to within the same change: exits made or canceled, triggers fired, and what these lead to."""

from edgerunner.simulators.exits import ExitKeeper
from edgerunner.simulators.triggers import Triggers
from edgerunner.simulators.work import Work


class Aftermath:
    """Follows the fills of a ``Work`` until nothing follows any more: a trigger fires once, so that this ends."""

    def __init__(self, exits: ExitKeeper, triggers: Triggers) -> None:
        self._exits = exits
        self._triggers = triggers

    def follow(self, work: Work) -> None:
        """Carry out what the fills lead to that have not been followed yet."""
        fills, prints = work.transaction.fills, work.prints
        while work.followed_fills < len(fills) or work.followed_prints < len(prints):
            if work.followed_fills < len(fills):
                fill = fills[work.followed_fills]
                work.followed_fills += 1
                self._exits.after_fill(work, fill)
                if (fill.account_id, fill.symbol, fill.leg) in work.positions:
                    self._exits.fit(work, fill.account_id, fill.symbol, fill.leg)
                continue
            trade = prints[work.followed_prints]
            work.followed_prints += 1
            self._triggers.on_trade(work, trade.symbol, trade.price_ticks)
