"""``publicTrade.{symbol}``: the public tape, ascending, at most 1024 trades per message."""

from collections.abc import Iterable
from typing import Any, Final

from edgerunner.simulators.bybit import formats, order_objects
from edgerunner.simulators.bybit.topics.base import Message
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import TradePrinted, VenueInstrument

LONGEST_MESSAGE: Final = 1024
FLUSH_INTERVAL_S: Final = 0.010


class TradeSource:
    """The public trades of one symbol."""

    interval_s = FLUSH_INTERVAL_S

    def __init__(self, name: str, instrument: VenueInstrument, venue: Venue) -> None:
        self._name = name
        self._instrument = instrument
        self._venue = venue
        self._waiting: list[TradePrinted] = []
        self._last_ticks: int | None = None
        self._direction = "ZeroPlusTick"

    def first(self) -> Iterable[Message]:
        """Return nothing: the tape has no snapshot."""
        return []

    def due(self) -> Iterable[Message]:
        """Return the trades since the last time."""
        if not self._waiting:
            return []
        trades, self._waiting = self._waiting, []
        rows = [self._row(trade) for trade in trades]
        now_ms = formats.milliseconds(self._venue.now_ns())
        return [
            {"topic": self._name, "type": "snapshot", "ts": now_ms, "data": rows[start : start + LONGEST_MESSAGE]}
            for start in range(0, len(rows), LONGEST_MESSAGE)
        ]

    def on_trade(self, trade: TradePrinted) -> None:
        """Keep a trade for the next message."""
        self._waiting.append(trade)

    def _row(self, trade: TradePrinted) -> dict[str, Any]:
        direction = self._turn(trade.price_ticks)
        return {
            "T": formats.milliseconds(trade.time_ns),
            "s": self._instrument.name,
            "S": order_objects.SIDES[trade.taker_side],
            "v": formats.quantity_text(self._instrument, trade.quantity_lots),
            "p": formats.price_text(self._instrument, trade.price_ticks),
            **({} if self._instrument.is_spot else {"L": direction}),
            "i": trade.trade_id,
            "BT": False,
            "RPI": False,
            "seq": trade.sequence,
        }

    def _turn(self, ticks: int) -> str:
        before, self._last_ticks = self._last_ticks, ticks
        if before is None or before == ticks:
            self._direction = f"Zero{self._direction.removeprefix('Zero')}"
        else:
            self._direction = "PlusTick" if ticks > before else "MinusTick"
        return self._direction
