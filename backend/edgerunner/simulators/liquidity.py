"""The generated order book around a price: deterministic sizes that change level by level."""

import math
from collections.abc import Iterator

from edgerunner.matching.words import Side
from edgerunner.simulators.noise import MASK, mix, normal, seed_key
from edgerunner.simulators.sources import MarketProfile
from edgerunner.simulators.venue_types import Level

MAX_LEVELS = 1000
_SPREAD_STEPS = 20
_SIZES = tuple(math.exp(0.8 * normal(index) - 0.32) for index in range(4096))
"""Log-normal factors of mean 1."""


class Liquidity:
    """Levels of one instrument. Every level keeps its size for 1 to 7 seconds, so a step changes few of them."""

    def __init__(self, seed: int, profile: MarketProfile) -> None:
        self._profile = profile
        self._key = seed_key(seed, "liquidity", profile.symbol)
        self._spread = (-1, 0)
        """The latest turn of a dealer's spread, which lasts some steps, and the spread."""

    def taker_side(self, step: int) -> Side:
        """Return who trades in a step: buyers lift the ask, sellers hit the bid."""
        return "buy" if mix(self._key ^ step) & 1 else "sell"

    def quote(self, step: int, price: int) -> tuple[int, int]:
        """Return bid and ask in ticks around the traded price, never crossed."""
        spread = self._profile.spread_ticks
        if self._profile.is_dealt:
            return price, price + self.dealt_spread(step)
        if self.taker_side(step) == "buy" and price > spread:
            return price - spread, price
        return price, price + spread

    def dealt_spread(self, step: int) -> int:
        """Return a dealer's ask minus bid: 70 % to 140 % of the usual one, three times it for 2 s now and then."""
        turn = step // _SPREAD_STEPS
        if turn != self._spread[0]:
            self._spread = turn, self._draw_spread(turn)
        return self._spread[1]

    def _draw_spread(self, turn: int) -> int:
        bits = mix(self._key ^ turn)
        usual = self._profile.spread_ticks
        if bits & 255 == 0:
            return 3 * usual
        return max(1, usual * (70 + (bits >> 8) % 71) // 100)

    def levels(self, side: Side, best: int, step: int) -> Iterator[Level]:
        """Yield (ticks, lots) from the best price outwards, at most 1000 levels.

        Behind the best one the levels lie on a fixed grid of prices, so that they stay when the price moves.
        """
        spacing = self._profile.level_spacing
        yield best, self._lots(side, best, step)
        if side == "sell":
            first = (best // spacing + 1) * spacing
            prices = range(first, first + (MAX_LEVELS - 1) * spacing, spacing)
        else:
            first = ((best - 1) // spacing) * spacing
            prices = range(first, max(0, first - (MAX_LEVELS - 1) * spacing), -spacing)
        for price in prices:
            yield price, self._lots(side, price, step)

    def _lots(self, side: Side, price: int, step: int) -> int:
        spot = ((self._key ^ (price << 1 | (side == "buy"))) * 0x9E3779B97F4A7C15) & MASK
        spot ^= spot >> 29
        turn = (step + (spot & 63)) // (10 + ((spot >> 8) & 63))
        draw = ((spot ^ turn) * 0xBF58476D1CE4E5B9) & MASK
        return max(1, round(self._profile.level_lots * _SIZES[draw >> 52]))
