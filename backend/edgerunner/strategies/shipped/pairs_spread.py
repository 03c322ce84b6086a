"""Statistical arbitrage of two instruments that belong together."""

from collections.abc import Mapping
from math import log

from edgerunner.domain.orders import OrderStatus
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.indicators import SpreadScore
from edgerunner.strategies.intents import OrderHandle
from edgerunner.strategies.market_data import Bar, Fill, OrderUpdate
from edgerunner.strategies.parameters import ParameterValue, parameter
from edgerunner.strategies.strategy import Strategy

FAILED = frozenset({OrderStatus.DENIED, OrderStatus.REJECTED, OrderStatus.CANCELED, OrderStatus.EXPIRED})


class PairsSpread(Strategy):
    """Sells the dear leg of a pair and buys the cheap one, and closes both when their spread is back.

    The spread is log(first) - beta * log(second) with the beta of the newest ``period`` bars, measured in its own
    standard deviations (``SpreadScore``). Beyond ``entry_score`` both legs are opened, beta-weighted by value; within
    ``exit_score``, or beyond ``stop_score``, both are closed. After a stop nothing is opened before the spread has been
    back. The legs may live on two connections: give their keys as the two instruments.

    Both legs or neither: whatever ends an entry order short of its quantity unwinds the other leg, and a single leg
    found with no order on its way (after a restart, or a refusal that came late) is closed. Legs and orders are the
    host's; ``state`` keeps the entry orders' ids and the wait after a stop.
    """

    period: int = parameter(120, minimum=10, maximum=5000, description="bars that beta and score look back on")
    entry_score: float = parameter(2.0, exclusive_minimum=0, maximum=20, description="open beyond this score")
    exit_score: float = parameter(0.5, minimum=0, maximum=20, description="close within this score")
    stop_score: float = parameter(4.0, exclusive_minimum=0, maximum=50, description="give up beyond this score")
    quantity: float = parameter(1.0, exclusive_minimum=0, description="size of the first leg")

    @classmethod
    def check_parameters(cls, values: Mapping[str, ParameterValue]) -> dict[str, str]:
        """Demand exit_score < entry_score < stop_score."""
        if not values["exit_score"] < values["entry_score"] < values["stop_score"]:  # type: ignore[operator]
            return {"entry_score": "must lie between exit_score and stop_score"}
        return {}

    def on_start(self) -> None:
        """Begin with an empty score; the host replays history."""
        if len(self.instrument_ids) != 2:
            raise StrategyMisuse(f"a pair has two instruments, not {len(self.instrument_ids)}")
        self.first, self.second = self.instrument_ids
        for leg in self.instrument_ids:
            if self.instrument(leg).contract.is_inverse:
                raise StrategyMisuse(f"{leg} is an inverse contract: its value is not price times quantity")
        self.score = SpreadScore(self.period)
        self.newest: dict[str, Bar] = {}

    def on_bar(self, bar: Bar) -> None:
        """Trade once the bars of both legs for the same time are there; a bar without its twin is passed over."""
        self.newest[bar.instrument_id] = bar
        first, second = self.newest.get(self.first), self.newest.get(self.second)
        if first is None or second is None or first.time_ns != second.time_ns:
            return
        score = self.score.update(log(first.close), log(second.close))
        if score is None or self.is_warming_up or self.open_orders:
            return
        if abs(score) <= self.exit_score:
            self.state.pop("waits", None)
        if self._held(self.first) and self._held(self.second):
            self._consider_exit(score)
        elif not self._close_lone_leg() and abs(score) >= self.entry_score and not self.state.get("waits"):
            self._enter(score, first.close, second.close)

    def on_fill(self, fill: Fill) -> None:  # noqa: ARG002 - whatever filled, the legs tell
        """Close a leg whose entry filled although the pair was given up, as a cancel can come too late."""
        if not self.state.get("entries"):
            self._close_lone_leg()

    def on_order(self, update: OrderUpdate) -> None:
        """Unwind the pair when one of its entry orders ends without being filled whole."""
        entries = self.state.get("entries", ())
        if update.status in FAILED and update.order_id in entries:
            self._unwind(f"{update.instrument_id} ended {update.status}: {update.reason}")
        elif update.status.is_closed and not entries:
            self._close_lone_leg()

    def _consider_exit(self, score: float) -> None:
        if abs(score) >= self.stop_score:
            self.state["waits"] = True
            self._unwind(f"stop at a score of {score:.2f}")
        elif abs(score) <= self.exit_score or (score > 0) == (self._held(self.first) > 0):
            self._unwind(f"the spread is back at {score:.2f}")

    def _enter(self, score: float, first_price: float, second_price: float) -> None:
        hedge = self._hedge(first_price, second_price)
        if hedge <= 0 or abs(score) >= self.stop_score:
            return
        dear, cheap = (self.first, self.second) if score > 0 else (self.second, self.first)
        sizes = {self.first: self.quantity, self.second: hedge}
        self.state["entries"] = []
        if self._open(self.sell(sizes[dear], instrument_id=dear)):
            self._open(self.buy(sizes[cheap], instrument_id=cheap))

    def _hedge(self, first_price: float, second_price: float) -> float:
        """Return the second leg's quantity: beta times the first leg's value, in whole lots (0 without a hedge)."""
        if self.score.beta is None or self.score.beta <= 0:
            return 0.0
        first, second = self.instrument(self.first), self.instrument(self.second)
        value = self.quantity * first_price * float(first.multiplier) * self.score.beta
        step = float(second.lot_step)
        return int(value / (second_price * float(second.multiplier)) / step) * step

    def _open(self, order: OrderHandle) -> bool:
        """Remember an entry order; False, and the pair unwound, when it was refused on the spot."""
        self.state["entries"] = [*self.state["entries"], order.order_id]
        if order.status in FAILED:
            self._unwind(f"{order.instrument_id} was refused: {order.reason}")
            return False
        return True

    def _close_lone_leg(self) -> bool:
        """Close a leg that is held without its twin; tell whether there was one. Waits while an order is on its way."""
        is_lone = bool(self._held(self.first)) != bool(self._held(self.second))
        if is_lone and not self.open_orders:
            self._unwind("one leg stands alone")
        return is_lone

    def _unwind(self, why: str) -> None:
        self.log(f"closing both legs: {why}")
        self.state["entries"] = []
        for leg in (self.first, self.second):
            self.cancel_all(leg)
            self.close_position(leg)

    def _held(self, leg: str) -> float:
        return self.position_of(leg).quantity
