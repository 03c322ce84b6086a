"""What we hear of the socket before ib_async keeps it: market data by request id, errors, the log-on.

ib_async's own market data objects lose what we need: a row inserted into a book overwrites the row that was there,
trades lose their time, an unknown tick type ends in an exception, two requests for one contract share an object and
only one can be given back, updates of bars that began empty are dropped. So what carries a request id of ours goes to
its sink as it arrives, and ib_async's objects are not used for it. Codes that ib_async takes for warnings (321 and
others) end the request that they belong to.
"""
# ruff: noqa: N802, N803 - the names are those of ib_async's Wrapper

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ib_async.contract import Contract
from ib_async.objects import BarData
from ib_async.order import Order, OrderState
from ib_async.wrapper import RequestError, Wrapper

_ENDS_REQUEST: Final = frozenset({105, 321, 329, 434, 492})
"""Codes among ib_async's warnings after which a request is never answered."""

ErrorListener = Callable[[int, int, str], None]
"""Hears (request or order id, code, text) of everything that TWS reports."""


class RowChange(NamedTuple):
    """What happens to one row of a book: operation 0 insert, 1 update, 2 delete; side 0 ask, 1 bid."""

    row: int
    operation: int
    side: int
    value: float
    size: float


class Sink:
    """Takes in one market data request's messages; each does nothing unless a feed overrides it.

    Numbers are ib_async's floats. Called inside of the socket's callback: short, and never awaiting.
    """

    def on_price(self, tick_type: int, value: float, size: float) -> None:
        """Take a price with its size."""

    def on_size(self, tick_type: int, size: float) -> None:
        """Take a size alone."""

    def on_text(self, tick_type: int, text: str) -> None:
        """Take a tick that is a text, such as the time of the last trade."""

    def on_data_type(self, data_type: int) -> None:
        """Take the kind of data that flows: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""

    def on_trade(self, time_s: int, value: float, size: float) -> None:
        """Take a trade of the tape."""

    def on_middle(self, time_s: int, value: float) -> None:
        """Take a mid price."""

    def on_depth(self, change: RowChange) -> None:
        """Take a change of a book."""

    def on_bar(self, bar: BarData) -> None:
        """Take a past bar; ``bar.date`` is the wire's text."""

    def on_bars_end(self) -> None:
        """Note that the past bars are complete."""

    def on_bar_update(self, bar: BarData) -> None:
        """Take the newest state of the growing bar, or the next one."""

    def on_error(self, code: int, text: str) -> None:
        """Take what TWS says about the request."""


class Ears(Wrapper):
    """ib_async's wrapper with ears of our own.

    Attributes:
        sinks: Who hears a request, by its id.
        next_order_id: Smallest order id that was not used yet, as far as TWS told; a restart can turn it back.
    """

    def __init__(self, ib: Any, on_error: ErrorListener) -> None:
        self.sinks: dict[int, Sink] = {}
        self.next_order_id = 0
        self.has_shaken_hands = False
        self.is_told_accounts = False
        self._on_error = on_error
        super().__init__(ib)

    def fail_pending(self, error: Exception) -> None:
        """End every request that waits; ib_async leaves them waiting for ever when we disconnect."""
        pending, self._futures = self._futures, {}
        for future in pending.values():
            if not future.done():
                future.set_exception(error)
                future.exception()  # nobody may be waiting any more

    def forget(self, key: int | str) -> None:
        """Drop a request whose answer is no longer waited for."""
        self._futures.pop(key, None)
        self._results.pop(key, None)

    # the log-on

    def connectAck(self) -> None:
        """Note that a TWS answered the handshake."""
        self.has_shaken_hands = True

    def nextValidId(self, reqId: int) -> None:
        """Take the smallest order id that this client may use."""
        self.next_order_id = reqId

    def managedAccounts(self, accountsList: str) -> None:
        """Note that the accounts were told, even when there are none."""
        super().managedAccounts(accountsList)
        self.is_told_accounts = True

    def openOrder(self, orderId: int, contract: Contract, order: Order, orderState: OrderState) -> None:
        """Never use an order id of ours again that TWS knows."""
        if order.clientId == self.clientId:
            self.next_order_id = max(self.next_order_id, orderId + 1)
        super().openOrder(orderId, contract, order, orderState)

    # errors

    def error(self, reqId: int, errorCode: int, errorString: str, advancedOrderRejectJson: str) -> None:
        """Hand an error to the request it belongs to, and to whoever watches the link."""
        sink = self.sinks.get(reqId)
        if sink is not None:
            sink.on_error(errorCode, errorString)
        elif errorCode in _ENDS_REQUEST and reqId in self._futures:
            refusal = RequestError(reqId, errorCode, errorString)
            self._endReq(reqId, refusal, success=False)  # type: ignore[no-untyped-call]
        else:
            super().error(reqId, errorCode, errorString, advancedOrderRejectJson)
        self._on_error(reqId, errorCode, errorString)

    # market data

    def priceSizeTick(self, reqId: int, tickType: int, value: float, size: float) -> None:
        """Hand a price to its sink."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_price(tickType, value, size)

    def tickSize(self, reqId: int, tickType: int, size: float) -> None:
        """Hand a size to its sink."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_size(tickType, size)

    def tickString(self, reqId: int, tickType: int, value: str) -> None:
        """Hand a text tick to its sink."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_text(tickType, value)

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        """Drop a number without a use here (halted, shortable...); ib_async would fail on unknown ones."""

    def tickReqParams(self, reqId: int, minTick: float, bboExchange: str, snapshotPermissions: int) -> None:
        """Drop: steps come from the market rule."""

    def marketDataType(self, reqId: int, marketDataId: int) -> None:
        """Hand the kind of data to its sink."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_data_type(marketDataId)

    def tickByTickAllLast(self, reqId: int, *told: Any) -> None:
        """Hand a trade to its sink; told are tick type, time, price, size, and attributes without a use here."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_trade(*told[1:4])

    def tickByTickMidPoint(self, reqId: int, time: int, midPoint: float) -> None:
        """Hand a mid price to its sink."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_middle(time, midPoint)

    def updateMktDepth(self, reqId: int, *told: Any) -> None:
        """Hand a change of a book to its sink."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_depth(RowChange(*told))

    def updateMktDepthL2(self, reqId: int, *told: Any) -> None:
        """Hand a change of a book of several exchanges to its sink; the second place is the exchange's name."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_depth(RowChange(told[0], *told[2:6]))

    def historicalData(self, reqId: int, bar: BarData) -> None:
        """Hand a past bar to its sink."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_bar(bar)

    def historicalDataEnd(self, reqId: int, _start: str, _end: str) -> None:
        """Tell the sink that its past bars are complete."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_bars_end()

    def historicalDataUpdate(self, reqId: int, bar: BarData) -> None:
        """Hand the growing bar to its sink."""
        if (sink := self.sinks.get(reqId)) is not None:
            sink.on_bar_update(bar)
