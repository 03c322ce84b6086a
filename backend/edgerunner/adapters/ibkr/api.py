"""One logged-on connection to TWS or IB Gateway: ib_async with time-outs, one question at a time, and clear errors."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from ib_async.client import Client
from ib_async.ib import IB
from ib_async.wrapper import RequestError

from edgerunner.adapters.ibkr.ears import Ears, ErrorListener, Sink
from edgerunner.adapters.reach import permitted_address
from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerError,
    BrokerRejected,
    BrokerTimeout,
    BrokerUnreachable,
    Conflict,
    NotConnected,
)

FIRST_REQUEST_ID: Final = 1_500_000_000
"""Requests are counted from here, orders from TWS's next valid id, so that an error tells which of them it means."""

MESSAGES_A_SECOND: Final = 40
"""ib_async's own brake stands at 45. TWS drops what comes beyond 50, a command too, and a busy machine lets messages
that were sent in time arrive in bunches."""

_CLIENT_ID_IN_USE: Final = 326

T = TypeVar("T")

for _name in ("ib_async.client", "ib_async.wrapper", "ib_async.ib"):  # what they say comes to us as errors and events
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Api(IB):
    """A connection that lives once: made, logged on, lost or dropped, thrown away.

    ``lost`` is done, with the reason, as soon as the connection is gone.
    """

    RaiseRequestErrors = True

    def __init__(self, on_error: ErrorListener, make_ears: Callable[["Api", ErrorListener], Ears] = Ears) -> None:
        super().__init__()
        self.errorEvent.clear()  # ib_async's own listener takes another account summary at each 1102, until TWS refuses
        self.ears = make_ears(self, self._hear_error)
        self.wrapper = self.ears
        self.client = Client(self.ears)
        self.client.MaxRequests = MESSAGES_A_SECOND
        self.client.apiEnd += self.disconnectedEvent
        self.client.apiError += self._hear_end
        self.client.conn.disconnected += self._hear_end  # the only word of an end before the handshake
        self._listener = on_error
        self._refusal: str | None = None
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def log_on(self, host: str, port: int, client_id: int, timeout_s: float) -> list[str]:
        """Connect and wait until TWS has told its accounts and the next order id; return the accounts.

        Raises ``BrokerUnreachable``, ``BrokerTimeout``, ``Conflict`` (the client id is in use) and
        ``BrokerAuthFailed`` (no account), all within ``timeout_s``.
        """
        self.ears.clientId = client_id
        place = f"{host}:{port}"
        dialling: asyncio.Future[Any] = asyncio.ensure_future(self._dial(host, port, client_id))
        try:
            await asyncio.wait({dialling, self.lost}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if self._refusal is not None:
                raise Conflict(f"client id {client_id} is in use at {place}: {self._refusal}")
            if not dialling.done():
                raise self._why_not(place, timeout_s)
            dialling.result()
        except OSError as error:
            raise self._why_no_connection(place, error) from error
        finally:
            dialling.cancel()
            await asyncio.gather(dialling, return_exceptions=True)
        self.client.updateReqId(FIRST_REQUEST_ID)
        return list(self.ears.accounts)

    async def _dial(self, host: str, port: int, client_id: int) -> None:
        await self.client.connectAsync(await permitted_address(host, port), port, client_id, None)

    async def ask(self, what: str, start: Callable[[], Awaitable[T]], *, timeout_s: float, key: str | None = None) -> T:
        """Send a request and return its answer.

        ``key`` names requests that TWS answers without an id: ib_async lets a second one take the first one's answer
        away, so they wait for each other. Raises ``BrokerTimeout``, ``BrokerRejected`` with TWS's code,
        ``NotConnected``.
        """
        if key is None:
            return await self._ask(what, start, timeout_s)
        async with self._locks[key]:
            return await self._ask(what, start, timeout_s)

    async def _ask(self, what: str, start: Callable[[], Awaitable[T]], timeout_s: float) -> T:
        try:
            async with asyncio.timeout(timeout_s):
                return await start()
        except TimeoutError:
            raise BrokerTimeout(f"TWS did not answer {what} within {timeout_s:g} s") from None
        except RequestError as error:
            raise BrokerRejected(str(error.code), error.message) from error
        except ConnectionError as error:
            raise NotConnected(f"the connection to TWS was lost while {what} was asked for") from error

    def start(self, key: int | str, send: Callable[[], None]) -> "asyncio.Future[Any]":
        """Send a request whose answer ib_async files under ``key``; for ``ask``, without ib_async's own time-outs.

        Those end in None or an empty list, as if TWS had said that there is nothing.
        """
        answer: asyncio.Future[Any] = self.ears.startReq(key)  # type: ignore[no-untyped-call]
        send()
        return answer

    def new_request_id(self) -> int:
        """Return a request id; raises ``NotConnected``."""
        try:
            return int(self.client.getReqId())
        except ConnectionError as error:
            raise NotConnected("TWS is not connected") from error

    def listen(self, sink: Sink) -> int:
        """Return a new request id whose messages go to ``sink``; raises ``NotConnected``."""
        request_id = self.new_request_id()
        self.ears.sinks[request_id] = sink
        return request_id

    def unlisten(self, request_id: int) -> None:
        """Hear a request no more."""
        self.ears.sinks.pop(request_id, None)

    def take_order_id(self, *, above: int = 0) -> int:
        """Return an order id that neither TWS nor this connection has used, and that is greater than ``above``."""
        order_id = max(self.ears.next_order_id, above + 1)
        self.ears.next_order_id = order_id + 1
        return order_id

    def drop(self, reason: str) -> None:
        """Close the connection at once; whoever waits for an answer gets ``NotConnected``. Idempotent."""
        self._hear_end(reason)
        self.ears.fail_pending(ConnectionError(reason))
        self.ears.sinks.clear()
        transport, self.client.conn.transport = self.client.conn.transport, None
        if transport is not None:
            transport.abort()
        self.client.disconnect()

    def _hear_error(self, request_id: int, code: int, text: str) -> None:
        if code == _CLIENT_ID_IN_USE:
            self._refusal = text
            self._hear_end(text)
        self._listener(request_id, code, text)

    def _hear_end(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason or "TWS closed the connection")

    def _why_not(self, place: str, timeout_s: float) -> BrokerError:
        """Return why the log-on did not come to its end in time, or at all."""
        if self.lost.done():
            reason = self.lost.result()
            return BrokerUnreachable(
                f"{place} closed the connection at the log-on ({reason}); in TWS's API settings, see whether socket "
                "clients are enabled and this address is a trusted one"
            )
        if self.ears.is_told_accounts and not self.ears.accounts:
            return BrokerAuthFailed(f"the gateway at {place} reports no account: log it on to Interactive Brokers")
        if self.ears.has_shaken_hands:
            return BrokerTimeout(
                f"the gateway at {place} did not let us in within {timeout_s:g} s: it is still starting, or it asks "
                "on its screen whether to accept the connection"
            )
        return BrokerTimeout(f"{place} does not answer as TWS or IB Gateway within {timeout_s:g} s")

    def _why_no_connection(self, place: str, error: OSError) -> BrokerError:
        text = f"no TWS or IB Gateway listens at {place} ({error.strerror or error})"
        return BrokerUnreachable(f"{text}; start it and enable socket clients in its API settings")
