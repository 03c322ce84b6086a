"""The terminal through the bridge: calls over HTTP, changes over its stream. The protocol is docs/mt5-bridge.md."""

from collections.abc import Mapping
from typing import Any

import structlog

from edgerunner.adapters.mt5.bridge_answers import LEASE_CODES, order_error, problem_of, query_error
from edgerunner.adapters.mt5.bridge_http import Address, BridgeHttp, NoAnswer, NotSent
from edgerunner.adapters.mt5.bridge_lease import Lease, ReadOnly
from edgerunner.adapters.mt5.bridge_stream import BridgeStream
from edgerunner.adapters.mt5.bridge_wire import Malformed, named_arguments, value_of
from edgerunner.adapters.mt5.terminal import (
    NO_NAMES,
    Argument,
    CallFailed,
    Named,
    Pace,
    Request,
    TerminalListener,
    Urgency,
    as_broker_error,
)
from edgerunner.adapters.wire_mark import handed_over
from edgerunner.domain.errors import (
    BrokerError,
    BrokerTimeout,
    BrokerUnreachable,
    Conflict,
    NotConnected,
    OutcomeUnknown,
    Unsupported,
)
from edgerunner.mt5_surface.structs import OrderSendResult

_log = structlog.get_logger(__name__)


class BridgeTerminal:
    """Implements ``Terminal`` with a bridge beside the terminal."""

    def __init__(self, address: Address, pace: Pace, *, take_over: bool) -> None:
        self._http = BridgeHttp(address)
        self._pace = pace
        self._listener: TerminalListener | None = None
        self._lease = Lease(self._http, take_over=take_over, timeout_s=pace.call_s)
        self._stream = BridgeStream(self._http, lambda: self._listener)
        self.refusal: str | None = None

    def listen(self, listener: TerminalListener) -> None:
        """Tell ``listener`` from now on."""
        self._listener = listener

    async def open(self) -> None:
        """Reach the bridge, have it connect its terminal, take the lease, follow the stream."""
        self._http.open()
        login = self._http.address.login
        try:
            await self._call("initialize", {} if login is None else {"login": login}, self._pace.history_s)
        except CallFailed as failed:
            raise as_broker_error(failed) from failed
        except NotSent as error:
            raise BrokerUnreachable(error.detail) from error
        try:
            await self._lease.verify()
            self.refusal = None
        except ReadOnly as error:
            self.refusal = f"the bridge lets this token read only: {error}"
        if not self._stream.is_open:
            await self._stream.start(self._pace.call_s)

    async def close(self) -> None:
        """Give the lease back and leave the bridge. Idempotent."""
        await self._stream.stop()
        await self._lease.stop()
        await self._http.close()

    async def watch(self, symbols: frozenset[str]) -> None:
        """Subscribe to the ticks of exactly these symbols."""
        await self._stream.watch(symbols)

    async def call(
        self, function: str, *arguments: Argument, named: Named = NO_NAMES, urgency: Urgency = Urgency.QUERY
    ) -> Any:
        """Return what a query answers."""
        timeout_s = self._pace.history_s if urgency is Urgency.HISTORY else self._pace.call_s
        return await self._call(function, named_arguments(function, arguments, named), timeout_s)

    async def send(self, request: Request, *, key: str, urgency: Urgency) -> OrderSendResult:  # noqa: ARG002 - it sorts calls itself
        """Send under an idempotency key; after a lost answer the bridge is asked for the one it keeps, once."""
        try:
            return await self._send(request, key)
        except OutcomeUnknown as error:
            told = await self._kept_answer(key)
            if told is None:
                raise
            _log.info("bridge_answer_recovered", key=key, reason=error.detail)
            return _result(told)

    async def _send(self, request: Request, key: str) -> OrderSendResult:
        """Send; a lease that is gone is proof that nothing was sent, so that a new one may be taken and used once."""
        status, told = await self._post_order(request, key)
        if status != 200 and problem_of(status, told).code in LEASE_CODES:
            self._lease.lost()
            status, told = await self._post_order(request, key)
        if status == 200:
            return _result(told)
        raise order_error(problem_of(status, told))

    async def _post_order(self, request: Request, key: str) -> tuple[int, Any]:
        headers = {"Idempotency-Key": key, "Bridge-Lease": await self._held_lease()}
        body = {"request": dict(request)}
        handed_over()
        try:
            return await self._http.exchange(
                "POST", "/v1/calls/order_send", body, headers=headers, timeout_s=self._pace.order_s
            )
        except NotSent as error:
            raise BrokerUnreachable(f"not sent: {error.detail}") from error
        except (NoAnswer, BrokerTimeout) as error:
            raise OutcomeUnknown(f"the order was handed to the bridge: {error.detail}") from error

    async def _held_lease(self) -> str:
        try:
            return await self._lease.held()
        except ReadOnly as error:
            raise Unsupported(f"the bridge lets this token read only: {error}") from error
        except (Conflict, BrokerError) as error:
            raise NotConnected(f"not sent: {error.detail}") from error

    async def _kept_answer(self, key: str) -> object | None:
        """Return what the bridge keeps under a key; None when it has no answer or cannot be asked."""
        try:
            status, told = await self._http.exchange(
                "GET", "/v1/orders", parameters={"idempotency_key": key}, timeout_s=self._pace.call_s
            )
        except BrokerError:
            return None
        order = told.get("order") if status == 200 and isinstance(told, dict) else None
        return order if isinstance(order, dict) and order.get("state") == "answered" else None

    async def _call(self, function: str, arguments: Mapping[str, object], timeout_s: float) -> Any:
        status, told = await self._http.exchange("POST", f"/v1/calls/{function}", arguments, timeout_s=timeout_s)
        if status != 200:
            raise query_error(problem_of(status, told))
        try:
            return _value(function, told)
        except Malformed as error:
            raise BrokerUnreachable(f"the bridge's answer to {function} is not readable: {error}") from error


def _value(function: str, told: object) -> Any:
    """Return what a call answered; raises ``CallFailed`` when the terminal said no."""
    if not isinstance(told, dict) or "result" not in told or not isinstance(told.get("last_error"), list):
        raise Malformed("no result and last_error")
    result = told["result"]
    if result is None or result is False:
        code, text = (*told["last_error"], -1, "")[:2]
        if not isinstance(code, int):
            raise Malformed("last_error has no code")
        raise CallFailed(function, code, str(text))
    return value_of(function, result)


def _result(told: object) -> OrderSendResult:
    """Return the answer of an order; what cannot be read leaves its outcome unknown."""
    try:
        result = _value("order_send", told)
    except Malformed as error:
        raise OutcomeUnknown(f"the bridge's answer about the order is not readable: {error}") from error
    if not isinstance(result, OrderSendResult):
        raise OutcomeUnknown("the bridge's answer about the order is no result")
    return result
